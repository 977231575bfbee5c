//! RKE2 and K3s clusters: bring-up, change, loss and return.

pub mod actions;
pub mod api;
mod channel;
mod client;
mod config;
pub mod data_sources;
mod distribution;
pub mod drain;
pub mod drill;
pub mod ephemeral;
mod errors;
mod gate;
mod host;
mod import;
mod install;
mod journal;
mod link;
mod member;
mod quorum;
pub mod resources;
pub mod restore;
pub mod rotation;
pub mod snapshots;
pub mod spec;
mod token;
mod upgrade;
mod version;
mod yaml;

pub use client::Kubernetes;
pub use distribution::Distribution;

use tf_framework::{Provider, Registry, SelectClient};

/// Registers everything of this domain. `client` finds what the provider configured.
pub fn register<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Kubernetes>) {
    registry.resource::<resources::KubernetesAddon>(client);
    registry.ephemeral_resource::<ephemeral::KubeconfigAccess>(client);
    registry.resource::<resources::Rke2Cluster>(client);
    registry.resource::<resources::K3sCluster>(client);
    registry.resource::<resources::Rke2Node>(client);
    registry.resource::<resources::K3sNode>(client);
    registry.data_source::<data_sources::Rke2Channel>(client);
    registry.data_source::<data_sources::K3sChannel>(client);
    registry.resource::<resources::Rke2EtcdSnapshot>(client);
    registry.resource::<resources::K3sEtcdSnapshot>(client);
    registry.resource::<resources::Rke2RestoreDrill>(client);
    registry.resource::<resources::K3sRestoreDrill>(client);
    registry.data_source::<data_sources::Rke2Snapshots>(client);
    registry.data_source::<data_sources::K3sSnapshots>(client);
    registry.action::<actions::Rke2SnapshotPrune>(client);
    registry.action::<actions::K3sSnapshotPrune>(client);
}
