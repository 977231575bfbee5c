//! What a cluster is to be: said once, by its resource, and carried to its nodes by `spec`.

pub(crate) mod check;
mod config;
mod parts;

use std::collections::BTreeMap;
use std::time::Duration;

use hosts::Connection;
use tf_framework::Model;

pub use config::{
    ClusterConfig, ClusterConfigPartial, K3sConfig, K3sConfigPartial, Rke2Config, Rke2ConfigPartial,
};
pub use parts::*;

use crate::distribution::Distribution;

/// What a cluster is to be. `spec` of the cluster's resource.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ClusterSpec {
    /// The cluster's name.
    pub id: String,
    /// The cluster's name.
    pub name: String,
    /// `rke2` or `k3s`.
    #[attr(validate(one_of("rke2", "k3s")))]
    pub distribution: String,
    /// The version that nodes are to run.
    pub version: String,
    /// The servers by name, and how they are reached.
    pub servers: BTreeMap<String, Connection>,
    /// The address by which nodes stay with the cluster.
    pub registration_address: Option<String>,
    /// What all nodes are configured with.
    pub config: Option<ClusterConfig>,
    /// Where images come from.
    pub registries: Option<Registries>,
    /// The proxy of the nodes.
    pub proxy: Option<Proxy>,
    /// Variables of the service.
    pub environment: Option<BTreeMap<String, String>>,
    /// What the service gets beside what the distribution's own unit says.
    pub systemd: Option<Systemd>,
    /// Where the programs and images come from.
    pub artefacts: Option<Artefacts>,
    /// Snapshots that servers take by themselves.
    pub etcd_snapshots: Option<EtcdSnapshots>,
    /// How nodes are changed while the cluster works.
    pub upgrade: Option<Upgrade>,
    /// What is looked at before a machine becomes a node.
    pub preflight: Option<Preflight>,
    /// The snapshot that the cluster is born from where none of its servers has data.
    pub restore: Option<crate::restore::RestoreSpec>,
    /// What was rotated last, for the nodes to take.
    pub rotation: Option<crate::rotation::RotationSpec>,
    /// Whether the last server is kept from being destroyed.
    pub deletion_protection: bool,
}

impl ClusterSpec {
    /// The distribution.
    pub fn distribution(&self) -> Distribution {
        if self.distribution == "k3s" { Distribution::K3s } else { Distribution::Rke2 }
    }

    /// What was rotated last.
    pub(crate) fn rotated(&self) -> crate::rotation::RotationSpec {
        self.rotation.clone().unwrap_or_default()
    }

    /// What all nodes are configured with.
    pub fn config(&self) -> ClusterConfig {
        self.config.clone().unwrap_or_default()
    }

    /// Whether pods are moved away before a node is stopped for another version.
    pub fn drains(&self) -> bool {
        self.upgrade.as_ref().and_then(|upgrade| upgrade.drain).unwrap_or(true)
    }

    /// How long that may take.
    pub fn drain_timeout(&self) -> Duration {
        let given = self.upgrade.as_ref().and_then(|upgrade| upgrade.drain_timeout.as_ref());
        given.map_or(Duration::from_secs(600), tf_framework::GoDuration::length)
    }

    /// How many agents are changed at the same time.
    pub fn agents_at_once(&self) -> usize {
        let given = self.upgrade.as_ref().and_then(|upgrade| upgrade.agents_at_once);
        given.map_or(5, |given| given as usize)
    }

    /// Whether a snapshot is taken before servers are changed or leave.
    pub fn snapshots_first(&self) -> bool {
        self.upgrade.as_ref().and_then(|upgrade| upgrade.snapshot).unwrap_or(true)
    }

    /// How long a write to the disk of the database may take on average.
    pub fn fsync_limit(&self) -> Duration {
        let given = self.preflight.as_ref().and_then(|preflight| preflight.fsync_limit.as_ref());
        given.map_or(Duration::from_millis(10), tf_framework::GoDuration::length)
    }

    /// Whether a finding of the preflight is accepted.
    pub fn accepts(&self, code: &str) -> bool {
        let accepted = self.preflight.as_ref().and_then(|preflight| preflight.accept.as_ref());
        accepted.is_some_and(|accepted| accepted.contains(code))
    }
}

macro_rules! widen {
    ($from:ident: $($own:ident),*) => {
        impl From<$from> for ClusterConfig {
            fn from(config: $from) -> Self {
                Self {
                    cluster_cidr: config.cluster_cidr,
                    service_cidr: config.service_cidr,
                    cluster_dns: config.cluster_dns,
                    cluster_domain: config.cluster_domain,
                    tls_san: config.tls_san,
                    disable: config.disable,
                    disable_kube_proxy: config.disable_kube_proxy,
                    disable_cloud_controller: config.disable_cloud_controller,
                    egress_selector_mode: config.egress_selector_mode,
                    secrets_encryption: config.secrets_encryption,
                    secrets_encryption_provider: config.secrets_encryption_provider,
                    system_default_registry: config.system_default_registry,
                    write_kubeconfig_mode: config.write_kubeconfig_mode,
                    extra: config.extra,
                    $($own: config.$own,)*
                    ..Self::default()
                }
            }
        }
    };
}
widen!(Rke2Config: cni, ingress_controller, profile);
widen!(K3sConfig: flannel_backend, disable_network_policy, disable_helm_controller);
