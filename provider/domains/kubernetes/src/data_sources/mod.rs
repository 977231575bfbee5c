//! The data sources of this domain.

mod channel;
mod snapshots;

pub use channel::{K3sChannel, Rke2Channel};
pub use snapshots::{K3sSnapshots, Retention, Rke2Snapshots, SnapshotInfo};
pub(crate) use snapshots::{Question, list};
