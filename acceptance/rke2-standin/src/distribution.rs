//! What differs between the two distributions, and where their files lie.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Which of the two this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Distribution {
    /// RKE2: static pods, own port for the supervisor.
    Rke2,
    /// K3s: everything in one process, one port.
    K3s,
}

impl Distribution {
    /// The name of the program.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2",
            Self::K3s => "k3s",
        }
    }

    /// Where the supervisor listens unless told otherwise.
    pub(crate) fn supervisor_port(self) -> u16 {
        match self {
            Self::Rke2 => 9345,
            Self::K3s => 6443,
        }
    }

    /// The path of the supervisor's API, `/v1-rke2`.
    pub(crate) fn supervisor_path(self) -> String {
        format!("/v1-{}", self.name())
    }

    /// What annotations of etcd begin with.
    pub(crate) fn etcd_prefix(self) -> String {
        format!("etcd.{}.cattle.io", self.name())
    }

    /// Whether etcd and the API live as static pods beside the process.
    pub(crate) fn has_static_pods(self) -> bool {
        self == Self::Rke2
    }
}

/// Where everything lies on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Which distribution.
    pub(crate) distribution: Distribution,
    /// `/`, or a folder that plays the machine where several servers share one.
    pub(crate) root: PathBuf,
    /// The data directory: `/var/lib/rancher/rke2`.
    pub(crate) data: PathBuf,
}

impl Layout {
    /// The places as the environment and the data directory say.
    pub(crate) fn new(distribution: Distribution, data_dir: Option<&str>) -> Self {
        let root = std::env::var_os("RKE2_STANDIN_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let data = match data_dir {
            Some(given) => PathBuf::from(given),
            None => root.join("var/lib/rancher").join(distribution.name()),
        };
        Self { distribution, root, data }
    }

    /// `/etc/rancher/<name>`.
    pub(crate) fn etc(&self) -> PathBuf {
        self.root.join("etc/rancher").join(self.distribution.name())
    }

    /// The password by which this machine proves to be the node it was.
    pub(crate) fn node_password(&self) -> PathBuf {
        self.root.join("etc/rancher/node/password")
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.etc().join(format!("{}.yaml", self.distribution.name()))
    }

    /// The stand-in's own switches.
    pub(crate) fn standin(&self) -> PathBuf {
        self.root.join("etc/rke2-standin")
    }

    /// A file below the data directory.
    pub(crate) fn data(&self, path: impl AsRef<Path>) -> PathBuf {
        self.data.join(path)
    }

    /// A file below `server/`.
    pub(crate) fn server(&self, path: impl AsRef<Path>) -> PathBuf {
        self.data.join("server").join(path)
    }

    /// A file below `server/tls/`.
    pub(crate) fn tls(&self, path: impl AsRef<Path>) -> PathBuf {
        self.server("tls").join(path)
    }

    /// A file below `agent/`.
    pub(crate) fn agent(&self, path: impl AsRef<Path>) -> PathBuf {
        self.data.join("agent").join(path)
    }

    /// The database's folder.
    pub(crate) fn etcd(&self) -> PathBuf {
        self.server("db/etcd")
    }

    /// Where snapshots go unless told otherwise.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.server("db/snapshots")
    }

    /// What tells that a reset was done and the flag has to go.
    pub(crate) fn reset_flag(&self) -> PathBuf {
        self.server("db/reset-flag")
    }
}
