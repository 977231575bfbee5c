//! Faults that tests switch on by a file: `/etc/rke2-standin/faults/<name>`. The file's content is the fault's argument.

use std::path::PathBuf;

use crate::distribution::Layout;

/// The folder of switches.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    folder: PathBuf,
}

/// The fault names, for the README's table and against typing errors.
pub(crate) mod name {
    /// The first server stays "not ready" for as many seconds as the file says.
    pub(crate) const SLOW_READY: &str = "slow-ready";
    /// The process ends with the line in the file, again and again.
    pub(crate) const CRASH_LOOP: &str = "crash-loop";
    /// A new version's static pods are not taken over (rke2#4221).
    pub(crate) const STALE_STATIC_POD: &str = "stale-static-pod";
    /// Learners of this server are never promoted.
    pub(crate) const STALLED_LEARNER: &str = "stalled-learner";
    /// A start stops at the reconciliation of bootstrap data (rke2#9785).
    pub(crate) const HANG_RECONCILE: &str = "hang-reconcile";
    /// `/v1-rke2/readyz` never becomes ready.
    pub(crate) const READYZ_FAIL: &str = "readyz-fail";
    /// Leaf certificates are made as if they had run out.
    pub(crate) const EXPIRED_CERTS: &str = "expired-certs";
    /// Leaf certificates are good for as many days as the file says.
    pub(crate) const SHORT_CERTS: &str = "short-certs";
    /// The packaged chart of this name cannot be installed.
    pub(crate) const BROKEN_CHART: &str = "broken-chart";
    /// Manifests on disk are not looked at.
    pub(crate) const MANIFESTS_LEFT: &str = "manifests-left";
    /// Uploads of snapshots leave an empty object (rke2#4964).
    pub(crate) const S3_EMPTY_OBJECT: &str = "s3-empty-object";
    /// A snapshot's file loses its last bytes.
    pub(crate) const TRUNCATED_SNAPSHOT: &str = "truncated-snapshot";
    /// A snapshot cannot be written: no space.
    pub(crate) const SNAPSHOT_NO_SPACE: &str = "snapshot-no-space";
    /// The kubelet ends with the text in the file as its log.
    pub(crate) const KUBELET_EXITED: &str = "kubelet-exited";
    /// The Node stays NotReady.
    pub(crate) const NODE_NOT_READY: &str = "node-not-ready";
    /// A reset prints its fatal line in the file instead of doing its work.
    pub(crate) const RESET_FAIL: &str = "reset-fail";
}

impl Faults {
    /// The switches of this machine.
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { folder: layout.standin().join("faults") }
    }

    /// The argument of a fault that is switched on.
    pub(crate) fn active(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok().map(|text| text.trim().to_owned())
    }

    /// Switches a fault off: for those that happen once.
    pub(crate) fn spend(&self, name: &str) {
        let _ = std::fs::remove_file(self.folder.join(name));
    }
}
