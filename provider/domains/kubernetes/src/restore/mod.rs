//! Restores: a cluster set back to a snapshot, in place or onto new machines.

pub(crate) mod birth;
pub(crate) mod cluster;
pub(crate) mod in_place;
mod model;
mod plan;
pub(crate) mod remembered;
mod server;
pub(crate) mod source;

pub use model::{Restore, RestorePartial, RestoreSpec, RestoreSpecPartial, Restored, SnapshotSource};

pub(crate) use cluster::{Voters, up};
pub(crate) use server::{Server, UnitState};
