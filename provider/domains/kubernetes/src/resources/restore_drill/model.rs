//! What the resource looks like in configuration and state.

use hosts::Connection;
use hosts::drill::{WhenOld, is_age};
use tf_framework::{Computed, Resource, ResourceModel, Timeouts, WriteOnly};

use crate::distribution::Distribution;
use crate::drill::{ClusterDrillChecks, ClusterDrillResult, ClusterObjectives};
use crate::restore::SnapshotSource;
use crate::spec::ClusterSpec;

/// What is known of a drill.
#[derive(Debug, Clone)]
pub(crate) struct Drilled {
    pub(crate) name: String,
    pub(crate) cluster: ClusterSpec,
    pub(crate) machine: Connection,
    pub(crate) snapshot: Option<SnapshotSource>,
    pub(crate) token: WriteOnly<String>,
    pub(crate) checks: Option<ClusterDrillChecks>,
    pub(crate) objectives: Option<ClusterObjectives>,
    pub(crate) max_age: Option<String>,
    pub(crate) when_old: WhenOld,
    pub(crate) run: Option<String>,
    pub(crate) result: Computed<ClusterDrillResult>,
    pub(crate) timeouts: Option<Timeouts>,
}

/// A resource of a drill.
pub(crate) trait DrillResource: ResourceModel {
    const DISTRIBUTION: Distribution;
    fn drilled(self) -> Drilled;
    fn of(drilled: Drilled) -> Self;
}

macro_rules! drill {
    ($name:ident, $type:tt, $distribution:ident, #[doc = $title:literal]) => {
        #[doc = $title]
        ///
        /// An apply proves the snapshot, installs the cluster's version on a throw-away machine, restores the snapshot there,
        /// starts it, and compares: the id of the cluster, its nodes, the number of objects. It measures how long that took
        /// and how old the snapshot was, and takes everything away again. What it found stays in the state. A drill that
        /// fails is an error of the apply.
        ///
        /// What is restored runs in a network of its own that leads nowhere: it never reaches the real cluster, nor anything
        /// that its workload would act on. The real cluster is only read, for its token and its id.
        #[derive(Debug, Clone, Resource)]
        #[resource(name = $type, subcategory = "Kubernetes", version = 0)]
        pub struct $name {
            /// Name of the drill.
            #[attr(
                replace,
                validate(matches(
                    r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
                    "a name of at most 40 lower-case letters, digits and `-`"
                ))
            )]
            pub name: String,
            /// The cluster: `spec` of its resource. What runs on RKE2 comes from images, and in a network of its own nothing
            /// can be pulled: its `artefacts.images` must name the sets that a server needs, such as `core` and that of the
            /// CNI.
            pub cluster: ClusterSpec,
            /// The machine on which it is restored. Nothing else may be on it: everything of a cluster is taken off it.
            pub machine: Connection,
            /// The snapshot. The newest in the object store of the cluster's `etcd_snapshots` unless set.
            pub snapshot: Option<SnapshotSource>,
            /// Server token of the time of the snapshot. That of the servers unless set, read from the first one that is
            /// reached.
            pub token: WriteOnly<String>,
            /// What is looked at in addition.
            pub checks: Option<ClusterDrillChecks>,
            /// What a disaster may cost. The plan warns where the drill found more.
            pub objectives: Option<ClusterObjectives>,
            /// How old the last drill may become, such as `7d`, `36h` or `2w`. Any age unless set.
            #[attr(validate(custom(is_age, "an age such as `7d`, `36h` or `2w`")))]
            pub max_age: Option<String>,
            /// What happens when it is older.
            #[attr(default = WhenOld::Warn)]
            pub when_old: WhenOld,
            /// Any text: the drill is run again when it changes.
            pub run: Option<String>,
            /// What the drill found.
            #[attr(stable)]
            pub result: Computed<ClusterDrillResult>,
            /// How long operations may take.
            pub timeouts: Option<Timeouts>,
        }

        drill!(@convert $name $distribution: name, cluster, machine, snapshot, token, checks, objectives, max_age, when_old,
            run, result, timeouts);
    };
    (@convert $name:ident $distribution:ident: $($field:ident),*) => {
        impl DrillResource for $name {
            const DISTRIBUTION: Distribution = Distribution::$distribution;

            fn drilled(self) -> Drilled {
                Drilled { $($field: self.$field,)* }
            }

            fn of(drilled: Drilled) -> Self {
                Self { $($field: drilled.$field,)* }
            }
        }
    };
}

drill!(
    Rke2RestoreDrill,
    "rke2_restore_drill",
    Rke2,
    #[doc = "A restore of an RKE2 cluster that is tried: a snapshot is worth what can be restored from it."]
);
drill!(
    K3sRestoreDrill,
    "k3s_restore_drill",
    K3s,
    #[doc = "A restore of a K3s cluster that is tried: a snapshot is worth what can be restored from it."]
);
