//! The actions of this domain.

mod snapshot_prune;

pub use snapshot_prune::{K3sSnapshotPrune, Rke2SnapshotPrune};
