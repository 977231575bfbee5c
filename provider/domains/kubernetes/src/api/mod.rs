//! The ways to a cluster: its Kubernetes API and the supervisor of a server.
//!
//! Both are reached through the SSH connection to a server ([`Access`]), or directly with a kubeconfig ([`Kube::direct`]).

mod access;
mod error;
mod http;
mod kube;
mod kubeconfig;
mod supervisor;
#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod tests;

pub use access::{Access, Credentials};
pub use error::{ApiError, Cause, Details, Status};
pub(crate) use kube::MANAGER;
pub use kube::{
    Apply, Condition, Delete, Kind, Kube, MirrorPod, Node, Object, Selector, Taint, Version, conflicts, kinds,
};
pub use kubeconfig::{Kubeconfig, KubeconfigError};
pub use supervisor::{Member, S3Target, SnapshotDone, SnapshotRequest, Supervisor};
