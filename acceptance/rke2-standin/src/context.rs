//! What every part of a run needs.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::config::Config;
use crate::distribution::Layout;
use crate::faults::Faults;
use crate::host::Node;
use crate::settings::Settings;

/// One run of a server or an agent.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) layout: Layout,
    pub(crate) config: Config,
    pub(crate) version: String,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) node: Node,
}

impl Context {
    /// The address everything is bound to, if it is one only.
    pub(crate) fn only(&self) -> Option<IpAddr> {
        self.config
            .text("bind-address")
            .and_then(|text| text.parse().ok())
            .filter(|ip: &IpAddr| !ip.is_unspecified())
    }

    /// Where this machine speaks to itself.
    pub(crate) fn local(&self) -> IpAddr {
        self.only().unwrap_or(IpAddr::from([127, 0, 0, 1]))
    }

    /// The API of this machine.
    pub(crate) fn local_api(&self) -> String {
        format!("https://{}:6443", self.local())
    }

    /// The supervisor of this machine.
    pub(crate) fn local_supervisor(&self) -> String {
        format!("https://{}:{}", self.local(), self.layout.distribution.supervisor_port())
    }

    /// The URL of a server to join by, without a slash at its end; an empty one is none.
    pub(crate) fn server_url(&self) -> Option<&str> {
        self.config.text("server").map(|url| url.trim_end_matches('/'))
    }

    /// A file that holds a token, or the token itself.
    pub(crate) fn secret(&self, key: &str) -> anyhow::Result<Option<String>> {
        if let Some(text) = self.config.text(key) {
            return Ok(Some(text.trim().to_owned()));
        }
        match self.config.text(&format!("{key}-file")) {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("open {path}: {error}"))?;
                Ok(Some(text.trim().to_owned()))
            }
            None => Ok(None),
        }
    }

    /// The program that runs; a binary that was swapped since is another one.
    pub(crate) fn program() -> anyhow::Result<PathBuf> {
        Ok(std::env::current_exe()?)
    }

    /// The names a server's certificate carries.
    pub(crate) fn alternatives(&self) -> Vec<String> {
        let mut names: Vec<String> =
            ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", "127.0.0.1"]
                .map(str::to_owned)
                .to_vec();
        let domain = self.config.text("cluster-domain").unwrap_or("cluster.local");
        names.push(format!("kubernetes.default.svc.{domain}"));
        names.extend([self.node.name.clone(), self.node.address.to_string(), self.local().to_string()]);
        names.extend(self.node.external.clone());
        names.extend(self.config.list("tls-san"));
        names.sort();
        names.dedup();
        names
    }
}

/// The values every server of a cluster has to share (k3s pkg/daemons/config: CriticalControlArgs).
pub(crate) fn critical(config: &Config, rke2: bool) -> Vec<(&'static str, String)> {
    let or = |key: &str, usual: &str| {
        let values = config.list(key);
        if values.is_empty() { usual.to_owned() } else { values.join(",") }
    };
    let switch = |key: &str| config.on(key).to_string();
    let secrets =
        if rke2 { config.on_unless_off("secrets-encryption") } else { config.on("secrets-encryption") };
    vec![
        ("cluster-cidr", or("cluster-cidr", "10.42.0.0/16")),
        ("service-cidr", or("service-cidr", "10.43.0.0/16")),
        ("cluster-dns", or("cluster-dns", "10.43.0.10")),
        ("cluster-domain", or("cluster-domain", "cluster.local")),
        ("disable-cloud-controller", switch("disable-cloud-controller")),
        ("disable-kube-proxy", switch("disable-kube-proxy")),
        ("disable-helm-controller", switch("disable-helm-controller")),
        ("disable-network-policy", switch("disable-network-policy")),
        ("egress-selector-mode", or("egress-selector-mode", "agent")),
        ("flannel-backend", or("flannel-backend", "vxlan")),
        ("secrets-encryption", secrets.to_string()),
    ]
}
