//! Snapshots of etcd: the files themselves, where they are kept, which of them stay.

pub(crate) mod disk;
pub(crate) mod error;
pub mod file;
pub(crate) mod listing;
pub(crate) mod living;
mod name;
pub mod retention;
pub(crate) mod store;

pub use name::{BadName, SnapshotName};
