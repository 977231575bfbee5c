//! What one member is started with (k3s pkg/daemons/executor/etcd.go, pkg/etcd/etcd.go).

use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::json;

use crate::distribution::Layout;
use crate::files::{random_hex, read_if_there, write_private};
use crate::settings::Settings;

/// How a member listens and to whom it belongs.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    /// Bound to one address only: several members on one machine.
    pub(crate) only: Option<IpAddr>,
    /// `name=url,…`; empty for a member that knows its cluster.
    pub(crate) initial_cluster: String,
    pub(crate) joins: bool,
    pub(crate) force_new: bool,
}

impl Launch {
    /// The URL peers reach it by.
    pub(crate) fn peer_url(&self) -> String {
        format!("https://{}:2380", self.address)
    }

    /// The URL clients reach it by on this machine.
    pub(crate) fn client_url(&self) -> String {
        format!("https://{}:2379", self.only.unwrap_or(IpAddr::from([127, 0, 0, 1])))
    }

    /// Writes the member's file; its path.
    pub(crate) fn write(&self, layout: &Layout, settings: &Settings) -> anyhow::Result<PathBuf> {
        let tls = |file: &str| layout.tls(format!("etcd/{file}")).display().to_string();
        let local = self.only.unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let both = |port: u16| {
            if local == self.address {
                format!("https://{local}:{port}")
            } else {
                format!("https://{local}:{port},https://{}:{port}", self.address)
            }
        };
        let transport = |certificate: &str, ca: &str| {
            json!({
                "cert-file": tls(&format!("{certificate}.crt")), "key-file": tls(&format!("{certificate}.key")),
                "client-cert-auth": true, "trusted-ca-file": tls(&format!("{ca}.crt")),
            })
        };
        let mut file = json!({
            "name": self.name,
            "data-dir": layout.etcd(),
            "listen-client-urls": both(2379),
            "listen-peer-urls": both(2380),
            "listen-metrics-urls": format!("http://{local}:2381"),
            "advertise-client-urls": format!("https://{}:2379", self.address),
            "initial-advertise-peer-urls": self.peer_url(),
            "initial-cluster": self.initial_cluster,
            "initial-cluster-state": if self.joins { "existing" } else { "new" },
            "client-transport-security": transport("server-client", "server-ca"),
            "peer-transport-security": transport("peer-server-client", "peer-ca"),
            "heartbeat-interval": settings.etcd_heartbeat_ms,
            "election-timeout": settings.etcd_election_ms,
            "snapshot-count": 10_000,
            // A file without this switches the gateway off, other than a command line without it.
            "enable-grpc-gateway": true,
            "logger": "zap",
            "log-outputs": ["stderr"],
        });
        if self.force_new {
            file["force-new-cluster"] = json!(true);
        }
        let path = layout.etcd().join("config");
        write_private(&path, serde_norway::to_string(&file)?)?;
        Ok(path)
    }
}

/// The member's name: the node's with eight digits that stay.
pub(crate) fn member_name(layout: &Layout, node: &str) -> anyhow::Result<String> {
    let path = layout.etcd().join("name");
    if let Some(known) = read_if_there(&path)? {
        return Ok(known.trim().to_owned());
    }
    let name = format!("{node}-{}", random_hex(4)?);
    write_private(&path, &name)?;
    Ok(name)
}
