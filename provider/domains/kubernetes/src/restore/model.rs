//! What a restore looks like in configuration and state.

use std::collections::BTreeMap;

use hosts::Connection;
use tf_framework::{Computed, Model, WriteOnly};

use crate::spec::SnapshotS3;

/// Which snapshot is restored. It is proven before anything is stopped for it: that it is whole, that the token opens it,
/// that it is of the right cluster and of no newer version. All of it is brought to the machine on which Terraform runs for
/// that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct SnapshotSource {
    /// Name of its file, such as `etcd-snapshot-a-1763778000`, or `latest` for the newest one that is whole.
    #[attr(validate(matches("^[A-Za-z0-9][A-Za-z0-9._-]*$", "the name of a file")))]
    pub name: String,
    /// The server on whose disk it is. It is in the object store unless set.
    pub server: Option<String>,
    /// Directory of snapshots on that server. The cluster's own unless set.
    #[attr(validate(matches("^/.+$", "an absolute path")))]
    pub directory: Option<String>,
    /// The object store. That of the cluster's `etcd_snapshots` unless set.
    pub s3: Option<SnapshotS3>,
    /// Id of the cluster that it must be of: the uid of its namespace `kube-system`. That which the servers of the cluster
    /// noted when it was alive unless set; where nothing is known, any.
    #[attr(validate(length(1..)))]
    pub cluster_id: Option<String>,
}

/// Restores the cluster from a snapshot when `epoch` rises.
///
/// Where its servers have data all of them are stopped, one is set back to the snapshot, and the others join it one after
/// the other with empty databases; what they had is kept aside until all of them are there. Where none of them has data yet
/// the cluster is born from the snapshot by its first node, which takes the `token` of its time from that node. Nodes whose
/// machines were lost and are replaced in the same apply leave without the cluster. Agents stay, and come back by themselves.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Restore {
    /// Any number above the last one: the restore is run once for each.
    #[attr(validate(range(1..)))]
    pub epoch: u64,
    /// The snapshot.
    pub snapshot: SnapshotSource,
    /// Server token of the time of the snapshot. That of the servers unless set: it must be set for a birth from a
    /// snapshot, and for one that was taken before the token was rotated.
    pub token: WriteOnly<String>,
    /// The server that is set back to the snapshot. The first by name unless set.
    pub server: Option<String>,
    /// Agents that are restarted at the end, by the names of their nodes. Without it they are left alone: they find the
    /// servers again by themselves within minutes.
    pub agents: Option<BTreeMap<String, Connection>>,
    /// Whether nodes that the snapshot knows and that do not come back within `settle_seconds` are taken out of the cluster.
    #[attr(default = true)]
    pub remove_stale_nodes: bool,
    /// How long nodes have to come back, in seconds.
    #[attr(default = 120, validate(range(0..=3600)))]
    pub settle_seconds: u64,
}

/// A restore as the nodes of a cluster need to know it: for the first one, if it is born from a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct RestoreSpec {
    /// Number of the restore.
    pub epoch: u64,
    /// The snapshot.
    pub snapshot: SnapshotSource,
}

/// What a restore came to.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Restored {
    /// Number of the restore.
    pub epoch: Computed<u64>,
    /// Name of the snapshot's file.
    pub snapshot: Computed<String>,
    /// When the snapshot was taken. Null until a birth from it is over, as all that follows.
    pub snapshot_at: Computed<Option<String>>,
    /// When the restore began.
    pub at: Computed<Option<String>>,
    /// The server that was set back to it. Null where no server had data: the first node that is created is born from the
    /// snapshot.
    pub server: Computed<Option<String>>,
    /// Id of the cluster in the snapshot.
    pub cluster_id: Computed<Option<String>>,
    /// Version of Kubernetes it was taken of.
    pub version: Computed<Option<String>>,
    /// Objects in the snapshot.
    pub objects: Computed<Option<u64>>,
    /// Recovery point: seconds between the snapshot and the beginning of the restore. What was written in them is lost.
    pub rpo_seconds: Computed<Option<u64>>,
    /// Recovery time: milliseconds from the beginning of the restore until the Kubernetes API answered again.
    pub rto_milliseconds: Computed<Option<u64>>,
    /// Milliseconds until all servers were back.
    pub total_milliseconds: Computed<Option<u64>>,
    /// Nodes that were taken out of the cluster because they did not come back.
    pub removed_nodes: Computed<Vec<String>>,
    /// The snapshot that was taken afterwards.
    pub fresh_snapshot: Computed<Option<String>>,
    /// What could not be proven of the snapshot.
    pub unproven: Computed<Vec<String>>,
}

impl Restored {
    /// One that waits for the first node.
    pub(crate) fn waits(restore: &Restore) -> Self {
        Self {
            epoch: restore.epoch.into(),
            snapshot: restore.snapshot.name.clone().into(),
            snapshot_at: None.into(),
            at: None.into(),
            server: None.into(),
            cluster_id: None.into(),
            version: None.into(),
            objects: None.into(),
            rpo_seconds: None.into(),
            rto_milliseconds: None.into(),
            total_milliseconds: None.into(),
            removed_nodes: Vec::new().into(),
            fresh_snapshot: None.into(),
            unproven: Vec::new().into(),
        }
    }

    /// What it came to, as the user reads it: a summary and the rest.
    pub(crate) fn told(&self, cluster: &str) -> (String, String) {
        let seconds = |time: &Computed<Option<u64>>| {
            let time = time.known().copied().flatten();
            time.map(|time| format!("{}.{} s", time / 1000, time % 1000 / 100))
        };
        let lost = self.rpo_seconds.known().copied().flatten().unwrap_or_default();
        let snapshot = self.snapshot.known().map_or("the snapshot", String::as_str);
        let rto = seconds(&self.rto_milliseconds).unwrap_or_else(|| "an unknown time".to_owned());
        let all = seconds(&self.total_milliseconds)
            .map_or_else(String::new, |all| format!(", and all servers were back after {all}"));
        let detail = format!(
            "It is as it was in {snapshot}, {lost} s before the restore began (RPO). Its API answered again after {rto} (RTO){all}."
        );
        (format!("The cluster {cluster} was restored"), detail)
    }
}
