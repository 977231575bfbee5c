//! What the real ones have built in and tests want shorter. Read once at start from `/etc/rke2-standin/settings.yaml`,
//! whose keys are the fields below; all are optional.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

/// Intervals and helpers of the stand-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How often a leader looks for learners to promote, in milliseconds (upstream: 15 000).
    pub(crate) learner_tick_ms: u64,
    /// After how many milliseconds without progress a learner is dropped (upstream: 300 000).
    pub(crate) learner_stall_ms: u64,
    /// How often the kubelet renews its lease, in milliseconds (upstream: 10 000).
    pub(crate) lease_ms: u64,
    /// How often controllers look at Nodes, in milliseconds (upstream: they watch).
    pub(crate) controller_ms: u64,
    /// How often `server/manifests` is scanned, in milliseconds (upstream: 15 000).
    pub(crate) manifests_ms: u64,
    /// etcd's heartbeat, in milliseconds (upstream: 500).
    pub(crate) etcd_heartbeat_ms: u64,
    /// etcd's election timeout, in milliseconds (upstream: 5 000).
    pub(crate) etcd_election_ms: u64,
    /// Packaged charts that a server of RKE2 lays down as manifests, such as `rke2-coredns` (upstream: a dozen).
    pub(crate) charts: Vec<String>,
    /// Where etcd is; unset: `/usr/bin/etcd`.
    pub(crate) etcd: PathBuf,
    /// Where etcdctl is, for restores; unset: `/usr/bin/etcdctl`.
    pub(crate) etcdctl: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            learner_tick_ms: 300,
            learner_stall_ms: 300_000,
            lease_ms: 10_000,
            controller_ms: 1_000,
            manifests_ms: 2_000,
            etcd_heartbeat_ms: 200,
            etcd_election_ms: 2_000,
            charts: Vec::new(),
            etcd: "/usr/bin/etcd".into(),
            etcdctl: "/usr/bin/etcdctl".into(),
        }
    }
}

impl Settings {
    /// The settings of this machine, or why its file is not one.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("settings.yaml");
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_norway::from_str(&text)
                .map_err(|error| anyhow::anyhow!("{} is not understood: {error}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(anyhow::anyhow!("{} is not readable: {error}", path.display())),
        }
    }

    /// A number of milliseconds as a duration, never zero.
    pub(crate) fn milliseconds(number: u64) -> Duration {
        Duration::from_millis(number.max(10))
    }
}
