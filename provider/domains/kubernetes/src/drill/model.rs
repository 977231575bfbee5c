//! What a drill is, and what it found.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, GoDuration, Model};

/// What is looked at, besides that the restored cluster is the one it should be and has all nodes and objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct ClusterDrillChecks {
    /// How many objects there must be at least, by kind as the database names it: `deployments = 3`,
    /// `argoproj.io/applications = 1`.
    #[attr(default = [])]
    pub objects: BTreeMap<String, u64>,
}

/// What a disaster may cost.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ClusterObjectives {
    /// Recovery point: the newest snapshot may be this old, such as `6h`.
    pub rpo: Option<GoDuration>,
    /// Recovery time: a restore may take this long until the API answers, such as `15m`.
    pub rto: Option<GoDuration>,
}

/// What a drill found.
#[derive(Debug, Clone, Default, PartialEq, Model)]
pub struct ClusterDrillResult {
    /// When it began, RFC 3339.
    #[attr(stable)]
    pub at: Computed<String>,
    /// Name of the snapshot's file.
    #[attr(stable)]
    pub snapshot: Computed<String>,
    /// When the snapshot was taken, RFC 3339.
    #[attr(stable)]
    pub snapshot_at: Computed<String>,
    /// Id of the cluster: the uid of its namespace `kube-system`, in the snapshot and in the restored cluster.
    #[attr(stable)]
    pub cluster_id: Computed<Option<String>>,
    /// Version of Kubernetes the snapshot was taken of.
    #[attr(stable)]
    pub version: Computed<Option<String>>,
    /// Nodes of the cluster. All of them are in the restored one.
    #[attr(stable)]
    pub nodes: Computed<BTreeSet<String>>,
    /// Objects in the snapshot.
    #[attr(stable)]
    pub objects: Computed<u64>,
    /// Objects that the restored API told, of the kinds that were counted. Of none there were fewer than in the snapshot.
    #[attr(stable)]
    pub counted: Computed<BTreeMap<String, u64>>,
    /// Bytes of the snapshot.
    #[attr(stable)]
    pub bytes: Computed<u64>,
    /// Recovery time: milliseconds from the beginning, with the installation of the program, until the API of the restored
    /// cluster answered.
    #[attr(stable)]
    pub rto_milliseconds: Computed<u64>,
    /// Recovery point: how old the snapshot was when the drill began, in seconds. What was written since would have been
    /// lost.
    #[attr(stable)]
    pub rpo_seconds: Computed<u64>,
    /// Milliseconds the whole drill took.
    #[attr(stable)]
    pub milliseconds: Computed<u64>,
    /// What could not be proven of the snapshot.
    #[attr(stable)]
    pub unproven: Computed<Vec<String>>,
}
