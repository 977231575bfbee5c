//! What the resource looks like in configuration and state.

use std::collections::BTreeMap;

use hosts::Connection;
use tf_framework::{Computed, Field, Resource, Timeouts};

use crate::distribution::Distribution;
use crate::restore::{Restore, Restored};
use crate::rotation::Rotation;
use crate::spec::{
    Artefacts, ClusterSpec, EtcdSnapshots, K3sConfig, Preflight, Proxy, Registries, Rke2Config, Systemd,
    Upgrade,
};

macro_rules! cluster {
    ($name:ident, $type:tt, $subcategory:tt, $config:ident, $distribution:ident, $channel_server:tt, #[doc = $title:literal], #[doc = $versions:literal]) => {
        #[doc = $title]
        ///
        /// It says what the cluster is to be, checks it, and pins what it depends on: the version of a channel, the sums of the
        /// programs. It touches no machine until there are nodes: those are resources of their own, which take `spec`.
        /// Destroying it destroys nothing either: its nodes do, each for itself.
        #[derive(Debug, Clone, Resource)]
        #[resource(name = $type, subcategory = $subcategory, version = 0)]
        pub struct $name {
            /// The cluster's name.
            #[attr(stable)]
            pub id: Computed<String>,
            /// Name of the cluster. It stands in the journals of its nodes, so that no machine changes clusters by accident.
            #[attr(
                replace,
                validate(matches(
                    r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$",
                    "a name of at most 50 lower-case letters, digits and `-`"
                ))
            )]
            pub name: String,
            #[doc = $versions]
            /// Give it, or `channel`. Servers go first and one by one, then agents; one minor version at a time, and never
            /// backwards.
            #[attr(optional, stable)]
            pub version: Computed<String>,
            /// Channel whose version is taken, such as `stable` or `v1.33`. It is asked when the resource is planned for the
            /// first time, and again when this or `keepers` change, not else.
            #[attr(validate(matches("^[A-Za-z0-9.+-]+$", "the name of a channel")))]
            pub channel: Option<String>,
            /// Any texts: the channel is asked again when they change.
            pub keepers: Option<BTreeMap<String, String>>,
            /// URL of the server of channels. Upstream's unless set.
            #[attr(default = $channel_server, validate(matches("^https?://.+$", "a URL")))]
            pub channel_server: String,
            /// Name or address by which nodes stay with the cluster when servers come and go: a record of DNS, a load
            /// balancer or a virtual address. Without it each node stays with the servers it was told.
            #[attr(validate(matches("^[A-Za-z0-9][A-Za-z0-9.:-]*$", "a host name or an address")))]
            pub registration_address: Option<String>,
            /// The servers by the names of their nodes, and how they are reached: one, three, five or seven.
            #[attr(validate(items(1..=7), keys(matches(
                                                r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
                                                "a name of at most 63 lower-case letters, digits and `-`"
                                            ))))]
            pub servers: BTreeMap<String, Connection>,
            /// What all nodes are configured with.
            pub config: Option<$config>,
            /// Where images come from.
            pub registries: Option<Registries>,
            /// The proxy of the nodes.
            pub proxy: Option<Proxy>,
            /// Variables of the service on all nodes, such as `CONTAINERD_LOG_LEVEL`. Everybody may read them.
            #[attr(validate(keys(matches("^[A-Za-z_][A-Za-z0-9_]*$", "the name of a variable"))))]
            pub environment: Option<BTreeMap<String, String>>,
            /// What the service gets beside what the distribution's own unit says: a drop-in of systemd. A change restarts
            /// the nodes, one server at a time.
            pub systemd: Option<Systemd>,
            /// Where the programs and images come from.
            pub artefacts: Option<Artefacts>,
            /// Snapshots of the database that servers take by themselves.
            pub etcd_snapshots: Option<EtcdSnapshots>,
            /// How nodes are changed while the cluster works.
            pub upgrade: Option<Upgrade>,
            /// What is looked at before a machine becomes a node.
            pub preflight: Option<Preflight>,
            /// Whether the last server is kept from being destroyed, and all data of the cluster with it.
            #[attr(default = true)]
            pub deletion_protection: bool,
            /// Sets the cluster back to a snapshot.
            pub restore: Option<Restore>,
            /// What the last restore came to.
            #[attr(stable)]
            pub restored: Computed<Option<Restored>>,
            /// Rotates what ages.
            pub rotation: Option<Rotation>,
            /// The whole of it, for the nodes.
            #[attr(stable)]
            pub spec: Computed<ClusterSpec>,
            /// How long operations may take.
            pub timeouts: Option<Timeouts>,
        }

        impl super::Cluster for $name {
            const DISTRIBUTION: Distribution = Distribution::$distribution;

            fn configured_version(config: &Self::Partial) -> Field<String> {
                config.version.clone()
            }

            fn parts(&mut self) -> super::Parts<'_> {
                super::Parts {
                    id: &mut self.id,
                    name: &self.name,
                    version: &mut self.version,
                    spec: &mut self.spec,
                    restore: self.restore.as_ref(),
                    restored: &mut self.restored,
                    rotation: self.rotation.as_ref(),
                }
            }
        }
    };
}

cluster!(
    Rke2Cluster,
    "rke2_cluster",
    "Kubernetes",
    Rke2Config,
    Rke2,
    "https://update.rke2.io/v1-release/channels",
    #[doc = "An RKE2 cluster: one version and one configuration for all its nodes."],
    #[doc = "Version of all nodes, such as `v1.33.4+rke2r1`."]
);
cluster!(
    K3sCluster,
    "k3s_cluster",
    "Kubernetes",
    K3sConfig,
    K3s,
    "https://update.k3s.io/v1-release/channels",
    #[doc = "A K3s cluster on etcd: one version and one configuration for all its nodes."],
    #[doc = "Version of all nodes, such as `v1.33.4+k3s1`."]
);
