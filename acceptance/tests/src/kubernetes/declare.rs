//! Clusters and nodes as these scenes have them.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::{Distribution, Machine, Scene};
use crate::real::Declared;

/// What a container cannot have and a preflight finds: accepted by every cluster of these scenes, by code.
pub const ACCEPTED: [&str; 6] = ["cpu", "memory", "kernel-modules", "kmsg", "swap", "fsync"];

impl Scene {
    /// The cluster `platform` with these servers, labelled `it`.
    #[must_use]
    pub fn cluster(&self, distribution: Distribution, kubernetes: &str, servers: &[&Machine]) -> Declared {
        let name = distribution.name();
        let mut listed = String::from("{\n");
        for server in servers {
            let _ = writeln!(listed, "    {} = {}", server.name, server.block());
        }
        let accepted = ACCEPTED.map(|code| format!("\"{code}\"")).join(", ");
        let declared = Declared::new(&format!("hybridops_{name}_cluster"), "it")
            .text("name", "platform")
            .text("version", &distribution.version(kubernetes))
            .set("servers", listed + "  }")
            .text("artefacts.source", &self.releases.source(name))
            .text("artefacts.ca_certificate", self.releases.ca())
            .text("channel_server", &self.releases.channel_server(name))
            .set("preflight.accept", format!("[{accepted}]"));
        match distribution {
            Distribution::Rke2 => declared.text("config.cni", "canal"),
            Distribution::K3s => declared,
        }
    }

    /// A server of that cluster, labelled with its name.
    #[must_use]
    pub fn server(&self, distribution: Distribution, machine: &Machine) -> Declared {
        node(distribution, "server", machine)
    }

    /// An agent of that cluster, labelled with its name; it comes after these servers.
    #[must_use]
    pub fn agent(&self, distribution: Distribution, machine: &Machine, servers: &[&Declared]) -> Declared {
        let after = servers.iter().map(|server| server.address()).collect::<Vec<_>>().join(", ");
        node(distribution, "agent", machine).set("depends_on", format!("[{after}]"))
    }

    /// The cluster with its servers and agents, the cluster first.
    #[must_use]
    pub fn whole(
        &self,
        distribution: Distribution,
        kubernetes: &str,
        servers: &[&Machine],
        agents: &[&Machine],
    ) -> Vec<Declared> {
        let mut whole = vec![self.cluster(distribution, kubernetes, servers)];
        whole.extend(servers.iter().map(|machine| self.server(distribution, machine)));
        let joined: Vec<Declared> = whole.iter().skip(1).cloned().collect();
        let joined: Vec<&Declared> = joined.iter().collect();
        whole.extend(agents.iter().map(|machine| self.agent(distribution, machine, &joined)));
        whole
    }

    /// The block `s3` of `etcd_snapshots`, below this folder.
    ///
    /// # Errors
    /// There is no store.
    pub fn s3_block(&self, folder: &str) -> Result<String> {
        let endpoint = self.store()?.s3().endpoint();
        let endpoint = endpoint.strip_prefix("http://").context("the store speaks plain HTTP")?;
        Ok(format!(
            "{{ bucket = \"{}\", folder = \"{folder}\", endpoint = \"{endpoint}\", region = \"us-east-1\", insecure = true }}",
            crate::real::BUCKET
        ))
    }
}

fn node(distribution: Distribution, role: &str, machine: &Machine) -> Declared {
    let name = distribution.name();
    Declared::new(&format!("hybridops_{name}_node"), &machine.name)
        .set("cluster", format!("hybridops_{name}_cluster.it.spec"))
        .text("name", &machine.name)
        .text("role", role)
        .set("machine", machine.block())
        .text("machine_id", &machine.vmid.to_string())
}
