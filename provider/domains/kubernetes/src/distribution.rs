//! What RKE2 and K3s do differently: one table.

use serde::{Deserialize, Serialize};

use crate::resources::Role;
use crate::spec::ClusterConfig;

/// Which of the two distributions a cluster runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// RKE2.
    Rke2,
    /// K3s.
    K3s,
}

/// One row of the table.
struct Row {
    name: &'static str,
    title: &'static str,
    supervisor_port: u16,
    supervisor_path: &'static str,
    etcd_annotations: &'static str,
    server_unit: &'static str,
    agent_unit: &'static str,
    binary: &'static str,
    releases: &'static str,
    channel_server: &'static str,
    static_pods: bool,
    member_only_by_word: bool,
    node_password_secret: &'static str,
}

const RKE2: Row = Row {
    name: "rke2",
    title: "RKE2",
    supervisor_port: 9345,
    supervisor_path: "/v1-rke2",
    etcd_annotations: "etcd.rke2.cattle.io",
    server_unit: "rke2-server",
    agent_unit: "rke2-agent",
    binary: "/usr/local/bin/rke2",
    releases: "https://github.com/rancher/rke2/releases/download",
    channel_server: "https://update.rke2.io/v1-release/channels",
    static_pods: true,
    member_only_by_word: false,
    node_password_secret: ".node-password.rke2",
};

const K3S: Row = Row {
    name: "k3s",
    title: "K3s",
    supervisor_port: 6443,
    supervisor_path: "/v1-k3s",
    etcd_annotations: "etcd.k3s.cattle.io",
    server_unit: "k3s",
    agent_unit: "k3s-agent",
    binary: "/usr/local/bin/k3s",
    releases: "https://github.com/k3s-io/k3s/releases/download",
    channel_server: "https://update.k3s.io/v1-release/channels",
    static_pods: false,
    member_only_by_word: true,
    node_password_secret: ".node-password.k3s",
};

impl Distribution {
    fn row(self) -> &'static Row {
        match self {
            Self::Rke2 => &RKE2,
            Self::K3s => &K3S,
        }
    }

    /// As it is called in paths and in names of units.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// As it calls itself.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// Where it keeps its configuration.
    pub fn config_dir(self) -> &'static str {
        match self {
            Self::Rke2 => "/etc/rancher/rke2",
            Self::K3s => "/etc/rancher/k3s",
        }
    }

    /// Where it keeps everything else, unless `data-dir` says otherwise.
    pub fn data_dir(self) -> &'static str {
        match self {
            Self::Rke2 => "/var/lib/rancher/rke2",
            Self::K3s => "/var/lib/rancher/k3s",
        }
    }

    /// Where we keep our journal of a node.
    pub fn journal_dir(self) -> &'static str {
        match self {
            Self::Rke2 => "/var/lib/hybridops/rke2",
            Self::K3s => "/var/lib/hybridops/k3s",
        }
    }

    /// The administrator's kubeconfig on a server.
    pub fn kubeconfig(self) -> &'static str {
        match self {
            Self::Rke2 => "/etc/rancher/rke2/rke2.yaml",
            Self::K3s => "/etc/rancher/k3s/k3s.yaml",
        }
    }

    /// Port of the supervisor.
    pub fn supervisor_port(self) -> u16 {
        self.row().supervisor_port
    }

    /// First part of the supervisor's paths, `/v1-rke2`.
    pub fn supervisor_path(self) -> &'static str {
        self.row().supervisor_path
    }

    /// Prefix of the annotations by which members of etcd are told and removed.
    pub fn etcd_annotations(self) -> &'static str {
        self.row().etcd_annotations
    }

    /// The service of a node.
    pub fn unit(self, role: Role) -> &'static str {
        match role {
            Role::Server => self.row().server_unit,
            Role::Agent => self.row().agent_unit,
        }
    }

    /// The program.
    pub fn binary(self) -> &'static str {
        self.row().binary
    }

    /// Where upstream publishes its releases.
    pub fn releases(self) -> &'static str {
        self.row().releases
    }

    /// Upstream's server of channels.
    pub fn channel_server(self) -> &'static str {
        self.row().channel_server
    }

    /// Whether the control plane runs as pods of the kubelet, with images of their own.
    pub fn has_static_pods(self) -> bool {
        self.row().static_pods
    }

    /// Whether a server without `server:` keeps its data in SQLite unless it is told `cluster-init`.
    pub fn needs_cluster_init(self) -> bool {
        self.row().member_only_by_word
    }

    /// What comes behind a node's name in the name of the Secret with its password, in `kube-system`.
    pub fn node_password_secret(self) -> &'static str {
        self.row().node_password_secret
    }

    /// The artefact with the program, as upstream names it.
    pub fn artefact(self, architecture: &str) -> String {
        match (self, architecture) {
            (Self::Rke2, architecture) => format!("rke2.linux-{architecture}.tar.gz"),
            (Self::K3s, "amd64") => "k3s".to_owned(),
            (Self::K3s, architecture) => format!("k3s-{architecture}"),
        }
    }

    /// The artefact with a set of images.
    pub fn images(self, set: &str, architecture: &str) -> String {
        match (self, set) {
            (Self::Rke2, "all") => format!("rke2-images.linux-{architecture}.tar.zst"),
            (Self::Rke2, set) => format!("rke2-images-{set}.linux-{architecture}.tar.zst"),
            (Self::K3s, _) => format!("k3s-airgap-images-{architecture}.tar.zst"),
        }
    }

    /// How the names of all sets of images begin.
    pub fn images_begin(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2-images",
            Self::K3s => "k3s-airgap-images-",
        }
    }

    /// Upstream's list of sums of an architecture.
    pub fn sums(self, architecture: &str) -> String {
        format!("sha256sum-{architecture}.txt")
    }

    /// Ports a node of this role needs to itself.
    pub fn ports(self, role: Role) -> &'static [u16] {
        match (self, role) {
            (Self::Rke2, Role::Server) => &[9345, 6443, 10250, 2379, 2380, 2381],
            (Self::K3s, Role::Server) => &[6443, 10250, 2379, 2380],
            (_, Role::Agent) => &[10250],
        }
    }

    /// Ports of a server that nodes of this role must reach.
    pub fn joins_at(self, role: Role) -> &'static [u16] {
        match (self, role) {
            (Self::Rke2, Role::Server) => &[9345, 6443, 2379, 2380],
            (Self::Rke2, Role::Agent) => &[9345, 6443],
            (Self::K3s, Role::Server) => &[6443, 2379, 2380],
            (Self::K3s, Role::Agent) => &[6443],
        }
    }

    /// The UDP port of the network of pods; nothing where it has none, or is not ours to know.
    pub fn overlay_port(self, config: &ClusterConfig) -> Option<u16> {
        match self {
            Self::Rke2 => {
                match config.cni.as_deref().unwrap_or("canal").rsplit(',').next().unwrap_or_default() {
                    "canal" | "cilium" => Some(8472),
                    "calico" | "flannel" => Some(4789),
                    _ => None,
                }
            }
            Self::K3s => match config.flannel_backend.as_deref().unwrap_or("vxlan") {
                "vxlan" => Some(8472),
                "wireguard-native" => Some(51820),
                _ => None,
            },
        }
    }

    /// Whether a key is one of the other distribution only: this one does not know it.
    pub fn is_of_the_other(self, key: &str) -> bool {
        const RKE2: [&str; 18] = [
            "cni",
            "ingress-controller",
            "profile",
            "audit-policy-file",
            "pod-security-admission-config-file",
            "kubelet-path",
            "runtime-image",
            "cloud-provider-name",
            "cloud-provider-config",
            "kube-apiserver-image",
            "kube-controller-manager-image",
            "kube-scheduler-image",
            "kube-proxy-image",
            "etcd-image",
            "cloud-controller-manager-image",
            "control-plane-resource-requests",
            "control-plane-resource-limits",
            "control-plane-probe-configuration",
        ];
        const K3S: [&str; 16] = [
            "cluster-init",
            "flannel-backend",
            "flannel-iface",
            "flannel-conf",
            "flannel-cni-conf",
            "flannel-ipv6-masq",
            "flannel-external-ip",
            "disable-network-policy",
            "disable-helm-controller",
            "default-local-storage-path",
            "docker",
            "rootless",
            "prefer-bundled-bin",
            "no-deploy",
            "vpn-auth",
            "vpn-auth-file",
        ];
        match self {
            Self::Rke2 => K3S.contains(&key),
            Self::K3s => RKE2.contains(&key),
        }
    }

    /// Attributes of `config` and the keys they become, of this distribution only.
    pub fn owns_key(self, key: &str) -> bool {
        const BOTH: [&str; 14] = [
            "cluster-cidr",
            "service-cidr",
            "cluster-dns",
            "cluster-domain",
            "tls-san",
            "disable",
            "disable-kube-proxy",
            "disable-cloud-controller",
            "egress-selector-mode",
            "secrets-encryption",
            "secrets-encryption-provider",
            "system-default-registry",
            "write-kubeconfig-mode",
            "data-dir",
        ];
        const OWN: [&str; 15] = [
            "server",
            "token",
            "agent-token",
            "cluster-init",
            "node-name",
            "node-ip",
            "node-external-ip",
            "node-label",
            "node-taint",
            "etcd-snapshot-schedule-cron",
            "etcd-snapshot-retention",
            "etcd-snapshot-dir",
            "etcd-s3",
            "etcd-s3-config-secret",
            "config",
        ];
        let own: &[&str] = match self {
            Self::Rke2 => &["cni", "ingress-controller", "profile"],
            Self::K3s => &["flannel-backend", "disable-network-policy", "disable-helm-controller"],
        };
        BOTH.contains(&key) || OWN.contains(&key) || own.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artefacts_are_named_as_upstream_names_them() {
        use Distribution::{K3s, Rke2};
        assert_eq!(Rke2.artefact("amd64"), "rke2.linux-amd64.tar.gz");
        assert_eq!((K3s.artefact("amd64").as_str(), K3s.artefact("arm64").as_str()), ("k3s", "k3s-arm64"));
        assert_eq!(Rke2.images("canal", "arm64"), "rke2-images-canal.linux-arm64.tar.zst");
        assert_eq!(Rke2.images("all", "amd64"), "rke2-images.linux-amd64.tar.zst");
        assert_eq!(K3s.images("all", "amd64"), "k3s-airgap-images-amd64.tar.zst");
    }

    #[test]
    fn ports_of_the_network_of_pods() {
        use Distribution::{K3s, Rke2};
        let cni = |cni: &str| ClusterConfig { cni: Some(cni.to_owned()), ..ClusterConfig::default() };
        for (config, port) in [
            (ClusterConfig::default(), Some(8472)),
            (cni("multus,cilium"), Some(8472)),
            (cni("calico"), Some(4789)),
            (cni("none"), None),
        ] {
            assert_eq!(Rke2.overlay_port(&config), port);
        }
        let backend = ClusterConfig { flannel_backend: Some("host-gw".into()), ..ClusterConfig::default() };
        assert_eq!(
            (K3s.overlay_port(&ClusterConfig::default()), K3s.overlay_port(&backend)),
            (Some(8472), None)
        );
    }

    #[test]
    fn a_key_belongs_to_one_of_the_two_or_to_both() {
        for key in ["cni", "profile"] {
            assert!(Distribution::K3s.is_of_the_other(key) && !Distribution::Rke2.is_of_the_other(key));
        }
        assert!(Distribution::Rke2.is_of_the_other("flannel-backend"));
        assert!(!Distribution::Rke2.is_of_the_other("kubelet-arg"));
    }
}
