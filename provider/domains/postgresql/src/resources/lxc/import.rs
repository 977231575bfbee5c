//! Import: the container, the version and the cluster are named; the marker beside the data tells the rest.

use std::sync::Arc;

use hosts::Connection;
use hosts::containers::{ContainerState, MountSource};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tf_framework::{Computed, Context, Diagnostics, ImportId, Result};
use transport_ssh::Wrap;

use super::inside::{Inner, node_machine};
use super::model::PostgresqlLxc;
use super::spec::{self, DATA};
use super::state;
use crate::client::budget;
use crate::errors::failure;
use crate::instance::Run;
use crate::instance::facts::{Content, Facts, gather};
use crate::resources::face::{Face as _, archived, decoded, observed};

/// What an import names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    vmid: u32,
    version: u32,
    #[serde(default = "main")]
    cluster: String,
    /// The shell of the container's node, where it is not the address that the cluster tells.
    #[serde(default)]
    node_machine: Option<NodeMachine>,
}

/// A node's shell, as far as an import needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeMachine {
    host: String,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    host_keys: Option<Vec<String>>,
}

fn main() -> String {
    "main".to_owned()
}

const FORMS: &str = "Import `105/15/main`: the container's number, the major version and the cluster. Where the node's shell is not \
                     at the address the cluster tells, or its key stands in no `known_hosts`, import a JSON object with `vmid`, \
                     `version`, `cluster` and `node_machine`, which has `host`, `port`, `user`, `host_keys`.";

/// Reads the name of an import.
fn place(id: &str) -> Option<Place> {
    if id.trim_start().starts_with('{') {
        return serde_json::from_str(id).ok();
    }
    let mut parts = id.splitn(3, '/');
    let (vmid, version) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let cluster = parts.next().unwrap_or("main").to_owned();
    (!cluster.is_empty() && !cluster.contains('/')).then_some(Place {
        vmid,
        version,
        cluster,
        node_machine: None,
    })
}

/// Imports an instance in a container.
pub(super) async fn import(cx: &mut Context<PostgresqlLxc>, id: ImportId) -> Result<PostgresqlLxc> {
    let ImportId::Id(id) = id else {
        return Err(Diagnostics::error("The instance to import is not named", FORMS));
    };
    let Place { vmid, version, cluster, node_machine: shell } =
        place(&id).ok_or_else(|| Diagnostics::error(format!("{id:?} names no instance"), FORMS))?;
    let what = format!("Importing PostgreSQL from container {vmid} failed");
    let wrong = |detail: String| Diagnostics::error(&what, detail);
    let (client, budget) = (cx.client()?, budget(cx));
    let containers = client.containers()?;
    let is = containers.adopt(vmid, &budget).await?;
    if !is.running {
        return Err(wrong("It does not run. Start it first: what it holds is asked inside.".to_owned()));
    }
    let blank = seen_as(&is, version, &cluster);
    let mut bare: PostgresqlLxc = decoded(blank.clone(), &Json::Null).map_err(&wrong)?;
    if let Some(NodeMachine { host, port, user, host_keys }) = shell {
        let shell = Connection { port, user, host_keys, ..Connection::new(host) };
        bare.container.node_machines.insert(is.node.clone(), shell);
    }
    let node = node_machine(&client, &*containers, &bare, &is.node, &budget).await?;
    let inner = Inner::wait(&node, vmid, &budget).await.map_err(|error| failure(&what, error))?;
    let run = Run::new(node.within(Wrap::Container(vmid)), budget, Arc::clone(&client));
    let facts = gather(&run, &bare.spec(None)).await.map_err(|error| failure(&what, error))?;
    if !matches!(facts.data.content, Content::Cluster(_)) {
        return Err(wrong(format!("{} in it holds no cluster. {FORMS}", bare.spec(None).data_directory())));
    }
    let mut lxc = remembered(blank, &facts).map_err(&wrong)?;
    if lxc.container.node_machines.is_empty() {
        lxc.container.node_machines = bare.container.node_machines;
    }
    spec::observe(&mut lxc, &is);
    lxc.id = Computed::Known(state::id(&lxc));
    lxc.host_key = Computed::Known(inner.host_key);
    let asked = lxc.spec(None);
    let mut seen = observed(&lxc, &facts, &asked);
    archived(&mut seen, &facts);
    client.note(&seen.key(), &Arc::new(facts));
    cx.private.container = Some(is.id);
    Ok(seen)
}

/// What the marker remembers, over what is seen.
fn remembered(mut blank: Json, facts: &Facts) -> Result<PostgresqlLxc, String> {
    let Some(marker) = &facts.data.marker else { return decoded(blank, &Json::Null) };
    if let Some(name) = blank.get_mut("name") {
        *name = marker.member.clone().into();
    }
    decoded(blank, &Json::Object(marker.configuration.clone()))
}

/// An instance that nobody declared, in a container that is there.
fn seen_as(is: &ContainerState, version: u32, cluster: &str) -> Json {
    let spec = &is.is;
    let disk = spec.root_disk.as_ref();
    let nic = spec.network.clone().unwrap_or_default();
    let data = match spec.mounts.get(DATA).map(|mount| &mount.source) {
        Some(MountSource::Directory { path, shared }) => {
            json!({ "host_path": path.strip_suffix("/data").unwrap_or(path), "shared": shared })
        }
        Some(MountSource::Volume { storage, size }) => {
            json!({ "storage": storage, "size": size, "shared": false })
        }
        None => json!({ "shared": false }),
    };
    let mut object = json!({
        "name": is.name,
        "container": {
            "node": is.node,
            "node_machines": {},
            "template": spec.template,
            "cores": spec.cores,
            "memory": spec.memory,
            "swap": spec.swap,
            "root_disk": { "storage": disk.map(|disk| &disk.storage), "size": disk.map(|disk| &disk.size) },
            "network": {
                "bridge": nic.bridge, "address": nic.address, "gateway": nic.gateway, "address6": nic.address6,
                "gateway6": nic.gateway6, "vlan": nic.vlan, "mtu": nic.mtu, "firewall": nic.firewall,
            },
            "on_boot": spec.on_boot.unwrap_or_default(),
            "ssh_keys": [],
            "apply_mode": "stage",
            "shutdown_timeout": 120,
        },
        "data": { "backup": false, "mount_options": [], "idmap_base": 100_000 },
        "postgresql": crate::resources::face::blank_postgresql(version, cluster),
        "role": "primary",
        "deletion_protection": true,
        "on_destroy": "keep_data",
    });
    if let (Some(Json::Object(members)), Json::Object(seen)) = (object.get_mut("data"), data) {
        members.extend(seen);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_import() {
        let named =
            |node_machine| Some(Place { vmid: 105, version: 15, cluster: "main".to_owned(), node_machine });
        assert_eq!(place("105/15/main"), named(None));
        assert_eq!(place("105/15"), named(None));
        let shell = NodeMachine {
            host: "10.0.0.1".to_owned(),
            port: Some(2222),
            user: None,
            host_keys: Some(vec!["ssh-ed25519 AAAA".to_owned()]),
        };
        let id = r#"{"vmid": 105, "version": 15, "node_machine": {"host": "10.0.0.1", "port": 2222, "host_keys": ["ssh-ed25519 AAAA"]}}"#;
        assert_eq!(place(id), named(Some(shell)));
        for wrong in [
            "",
            "105",
            "db/15/main",
            "105/x/main",
            "105/15/",
            "105/15/a/b",
            "{}",
            r#"{"vmid": 1, "version": 15, "vmdi": 2}"#,
        ] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
