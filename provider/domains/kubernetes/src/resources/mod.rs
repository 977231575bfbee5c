//! The resources of this domain, one directory for each kind; both distributions share what they do.

mod addon;
mod cluster;
pub(crate) mod etcd_snapshot;
mod node;
mod restore_drill;

pub use addon::{KubernetesAddon, Preset};
pub use cluster::{K3sCluster, Rke2Cluster};
pub use etcd_snapshot::{K3sEtcdSnapshot, Rke2EtcdSnapshot};
pub use node::{K3sNode, Rke2Node, Role};
pub(crate) use node::{Node, remembered};
pub use restore_drill::{K3sRestoreDrill, Rke2RestoreDrill};
