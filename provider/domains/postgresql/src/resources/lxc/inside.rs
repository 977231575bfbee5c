//! The ways to the node and into the container.

use std::time::Duration;

use hosts::containers::Containers;
use hosts::{Connection, Machine};
use tf_framework::{Path, Result};
use transport_ssh::{Budget, Input, Wrap};

use super::model::*;
use crate::client::Postgresql;
use crate::errors::{Error, Refusal};

/// How long a container may take to come up.
const BOOT: Duration = Duration::from_secs(120);

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// The shell of a node.
///
/// # Errors
/// A host key cannot be read, or the cluster could not be asked for the address.
pub(super) async fn node_machine(
    client: &Postgresql,
    containers: &dyn Containers,
    lxc: &PostgresqlLxc,
    node: &str,
    budget: &Budget,
) -> Result<Machine> {
    let path = at("container").attribute("node_machines").key(node);
    if let Some(connection) = lxc.container.node_machines.get(node) {
        return client.hosts.machine(connection, &path);
    }
    let address = containers.node_address(node, budget).await?;
    client.hosts.machine(&Connection::new(address.unwrap_or_else(|| node.to_owned())), &path)
}

/// What a container tells of itself once it has come up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inner {
    /// First number of the node's users that its users are mapped to.
    pub(super) idmap_base: Option<u32>,
    /// Its host key.
    pub(super) host_key: Option<String>,
    /// Whether systemd runs it.
    pub(super) systemd: bool,
}

impl Inner {
    /// Waits until the container has come up, and asks it through its node.
    ///
    /// # Errors
    /// It is not reached.
    pub(super) async fn wait(node: &Machine, vmid: u32, budget: &Budget) -> Result<Self, Error> {
        let machine = node.clone().within(Wrap::Container(vmid));
        let patience = BOOT.as_secs().to_string();
        let what = "waiting for the container to come up";
        let said =
            machine.check(what, include_str!("inside.sh"), &[&patience], Input::Nothing, budget).await?;
        Self::parse(&said).ok_or_else(|| Error::Answer {
            machine: machine.name().to_owned(),
            problem: "it was cut off".to_owned(),
        })
    }

    fn parse(said: &str) -> Option<Self> {
        let mut inner = Self::default();
        let mut ended = false;
        for line in said.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("uid_map", map) => {
                    inner.idmap_base = map.split_whitespace().nth(1).and_then(|base| base.parse().ok());
                }
                ("host_key", key) => inner.host_key = Some(key.to_owned()),
                ("systemd", _) => inner.systemd = true,
                ("end", _) => ended = true,
                _ => {}
            }
        }
        ended.then_some(inner)
    }

    /// Whether the container is one that an instance can stand in.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn judge(&self, lxc: &PostgresqlLxc) -> Result<(), Refusal> {
        if !self.systemd {
            return Err(Refusal::new(
                "The container has no systemd",
                "PostgreSQL, its backups and its guards are units of systemd. Make the container from a template of Debian or Ubuntu \
                 with systemd.",
            )
            .at(at("container").attribute("template")));
        }
        let base = lxc.data.idmap_base;
        match self.idmap_base {
            Some(is) if lxc.data.host_path.is_some() && is != base => Err(Refusal::new(
                "The container's users are mapped elsewhere",
                format!(
                    "User 0 of the container is user {is} of the node, and the data was given to users from {base} on. Set \
                     `idmap_base = {is}`; what was made of the directory so far is empty and is given away anew."
                ),
            )
            .at(at("data").attribute("idmap_base"))),
            _ => Ok(()),
        }
    }
}

/// The inside of the container.
///
/// # Errors
/// A host key cannot be read, or there is no way.
pub(super) fn machine(
    client: &Postgresql,
    node: &Machine,
    lxc: &PostgresqlLxc,
    vmid: u32,
    host_key: Option<&str>,
) -> Result<Machine, Error> {
    let Some(inside) = lxc.inside.as_ref().filter(|inside| inside.via == Via::Ssh) else {
        return Ok(node.clone().within(Wrap::Container(vmid)));
    };
    let path = at("inside").attribute("ssh");
    let mut connection = match (&inside.ssh, address(&lxc.container.network)) {
        (Some(connection), _) => connection.clone(),
        (None, Some(address)) => Connection::new(address),
        (None, None) => {
            let detail = "The container's address is not fixed. Set `inside.ssh = { host = … }`, a fixed `container.network.address`, \
                          or `inside = { via = \"node\" }`.";
            return Err(Refusal::new("There is no address to reach the container at", detail)
                .at(path)
                .into());
        }
    };
    // Read through the node, whose own key is proven: nobody has to be trusted at first sight.
    if connection.host_keys.is_none() && connection.trust_on_first_use != Some(true) {
        connection.host_keys = host_key.map(|key| vec![key.to_owned()]);
    }
    Ok(client.hosts.machine_starting(&connection, &path, BOOT)?)
}

/// The address the configuration fixes.
pub(super) fn address(network: &Network) -> Option<String> {
    let fixed = |text: &Option<String>| Some(text.as_ref()?.split_once('/')?.0.to_owned());
    fixed(&network.address).or_else(|| fixed(&network.address6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_tells() {
        let said = "uid_map 0 100000 65536\nhost_key ssh-ed25519 AAAA\nsystemd\nend\n";
        let inner =
            Inner { idmap_base: Some(100_000), host_key: Some("ssh-ed25519 AAAA".to_owned()), systemd: true };
        assert_eq!(Inner::parse(said), Some(inner));
        assert_eq!(Inner::parse("uid_map 0 100000 65536\n"), None);
    }
}
