//! What the resource looks like in configuration and state.

use std::collections::BTreeMap;

use hosts::Connection;
use tf_framework::{Computed, Resource, ResourceModel, Timeouts};

use crate::distribution::Distribution;

/// What is known of a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) id: Computed<String>,
    pub(crate) servers: BTreeMap<String, Connection>,
    pub(crate) name: String,
    pub(crate) server: Computed<String>,
    pub(crate) keepers: Option<BTreeMap<String, String>>,
    pub(crate) file: Computed<String>,
    pub(crate) locations: Computed<Vec<String>>,
    pub(crate) taken_at: Computed<String>,
    pub(crate) size: Computed<u64>,
    pub(crate) token_hash: Computed<Option<String>>,
    pub(crate) timeouts: Option<Timeouts>,
}

/// A resource of a snapshot.
pub(crate) trait SnapshotResource: ResourceModel {
    const DISTRIBUTION: Distribution;
    fn taken(self) -> Taken;
    fn of(taken: Taken) -> Self;
}

macro_rules! snapshot {
    ($name:ident, $type:tt, $distribution:ident, #[doc = $title:literal]) => {
        #[doc = $title]
        ///
        /// It is taken when the resource is created, by a server of the living cluster: let it depend on the nodes. Where the
        /// cluster copies its snapshots to an object store it goes there too. Schedules never delete it. Destroying the
        /// resource deletes the file and the object.
        #[derive(Debug, Clone, Resource)]
        #[resource(name = $type, subcategory = "Kubernetes", version = 0)]
        pub struct $name {
            /// Name of the snapshot's file.
            #[attr(stable)]
            pub id: Computed<String>,
            /// The servers of the cluster by the names of their nodes: `servers` of its resource. The first one that answers
            /// is asked.
            #[attr(validate(items(1..=7)))]
            pub servers: BTreeMap<String, Connection>,
            /// What the file is called to begin with; the server adds its own name and the time. No two resources of a
            /// cluster should have the same.
            #[attr(
                replace,
                validate(matches(
                    r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$",
                    "a name of at most 50 lower-case letters, digits and `-`"
                ))
            )]
            pub name: String,
            /// The server that takes it, and keeps it on its disk. The first one that answers unless set.
            #[attr(optional, replace_if_configured)]
            pub server: Computed<String>,
            /// Any texts: another snapshot is taken when they change, and this one deleted.
            #[attr(replace)]
            pub keepers: Option<BTreeMap<String, String>>,
            /// Name of the snapshot's file, such as `before-upgrade-a-1763778000`.
            #[attr(stable)]
            pub file: Computed<String>,
            /// Where it is: `file://…` of the server, and `s3://…` where the cluster copies its snapshots there.
            #[attr(stable)]
            pub locations: Computed<Vec<String>>,
            /// When it was taken.
            #[attr(stable)]
            pub taken_at: Computed<String>,
            /// Its bytes.
            #[attr(stable)]
            pub size: Computed<u64>,
            /// Hash of the token without which it cannot be restored.
            #[attr(stable)]
            pub token_hash: Computed<Option<String>>,
            /// How long operations may take.
            pub timeouts: Option<Timeouts>,
        }

        snapshot!(@convert $name $distribution: id, servers, name, server, keepers, file, locations, taken_at, size,
            token_hash, timeouts);
    };
    (@convert $name:ident $distribution:ident: $($field:ident),*) => {
        impl SnapshotResource for $name {
            const DISTRIBUTION: Distribution = Distribution::$distribution;

            fn taken(self) -> Taken {
                Taken { $($field: self.$field,)* }
            }

            fn of(taken: Taken) -> Self {
                Self { $($field: taken.$field,)* }
            }
        }
    };
}

snapshot!(
    Rke2EtcdSnapshot,
    "rke2_etcd_snapshot",
    Rke2,
    #[doc = "A snapshot of the database of an RKE2 cluster, taken on demand."]
);
snapshot!(
    K3sEtcdSnapshot,
    "k3s_etcd_snapshot",
    K3s,
    #[doc = "A snapshot of the database of a K3s cluster, taken on demand. The cluster must be on etcd."]
);
