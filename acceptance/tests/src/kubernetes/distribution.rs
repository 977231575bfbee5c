//! What the two distributions are called and where they keep things.

/// RKE2 or K3s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distribution {
    /// RKE2: etcd and control plane are static pods.
    Rke2,
    /// K3s: everything is one process.
    K3s,
}

impl Distribution {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rke2, Self::K3s];

    /// `rke2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2",
            Self::K3s => "k3s",
        }
    }

    /// The version of this distribution for a version of Kubernetes, `v1.33.4`.
    #[must_use]
    pub fn version(self, kubernetes: &str) -> String {
        match self {
            Self::Rke2 => format!("{kubernetes}+rke2r1"),
            Self::K3s => format!("{kubernetes}+k3s1"),
        }
    }

    /// The unit of a server.
    #[must_use]
    pub fn server_unit(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2-server",
            Self::K3s => "k3s",
        }
    }

    /// The unit of an agent.
    #[must_use]
    pub fn agent_unit(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2-agent",
            Self::K3s => "k3s-agent",
        }
    }

    /// The directory of configuration, `/etc/rancher/rke2`.
    #[must_use]
    pub fn etc(self) -> String {
        format!("/etc/rancher/{}", self.name())
    }

    /// The directory of data, `/var/lib/rancher/rke2`.
    #[must_use]
    pub fn data(self) -> String {
        format!("/var/lib/rancher/{}", self.name())
    }

    /// The kubeconfig of the administrator.
    #[must_use]
    pub fn kubeconfig(self) -> String {
        format!("{}/{}.yaml", self.etc(), self.name())
    }

    /// The port that nodes join at.
    #[must_use]
    pub fn supervisor_port(self) -> u16 {
        match self {
            Self::Rke2 => 9345,
            Self::K3s => 6443,
        }
    }
}
