//! The cluster's index: one shared read for a whole run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use transport_rest::Budget;

use super::Vmid;
use super::client::Client;
use super::codec::{VolumeId, lenient};
use super::error::ApiError;

/// The two kinds of guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestKind {
    /// A virtual machine.
    Qemu,
    /// A container.
    Lxc,
}

impl GuestKind {
    /// The name in API paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Lxc => "lxc",
        }
    }
}

impl std::fmt::Display for GuestKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A guest in the index. Status and use of resources are up to ten seconds old; the rest is current.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Guest {
    /// Virtual machine or container.
    #[serde(rename = "type")]
    pub kind: GuestKind,
    /// Its number.
    #[serde(deserialize_with = "vmid")]
    pub vmid: Vmid,
    /// The node it is on now.
    pub node: String,
    /// Its name; empty when the server does not know it yet.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    /// `running`, `stopped`, or `unknown` when its node does not answer.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// Whether it is a template.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub template: bool,
    /// Its tags.
    #[serde(default, deserialize_with = "lenient::set")]
    pub tags: BTreeSet<String>,
    /// Its pool; absent also where Pool.Audit is lacking.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub pool: Option<String>,
    /// `backup`, `migrate` and so on.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub lock: Option<String>,
    /// The state high availability wants or sees.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub hastate: Option<String>,
    /// Processors.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub maxcpu: u64,
    /// Memory in bytes.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub maxmem: u64,
    /// Size of the first disk in bytes.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub maxdisk: u64,
    /// Seconds since start.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub uptime: u64,
}

/// A node in the index.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct NodeEntry {
    /// Its name.
    pub node: String,
    /// `online`, `offline` or `unknown`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// Use of its processors, 0 to 1.
    #[serde(default, deserialize_with = "lenient::f64")]
    pub cpu: f64,
    /// Processors.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub maxcpu: u64,
    /// Memory in use, bytes.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub mem: u64,
    /// Memory, bytes; 0 where Sys.Audit is lacking.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub maxmem: u64,
}

impl NodeEntry {
    /// Whether it answers.
    pub fn is_online(&self) -> bool {
        self.status == "online"
    }
}

/// A storage on a node, in the index.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct StorageEntry {
    /// Its name.
    pub storage: String,
    /// The node this line is about.
    pub node: String,
    /// `available` or `unknown`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// `dir`, `lvmthin`, `zfspool` and so on.
    #[serde(default, deserialize_with = "lenient::text")]
    pub plugintype: String,
    /// Content kinds it takes.
    #[serde(default, deserialize_with = "lenient::set")]
    pub content: BTreeSet<String>,
    /// Whether all nodes see the same files.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub shared: bool,
    /// Bytes in use.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub disk: u64,
    /// Bytes in all.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub maxdisk: u64,
}

/// The index, sorted. What the account may not see is missing without a word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    guests: BTreeMap<Vmid, Guest>,
    nodes: BTreeMap<String, NodeEntry>,
    storages: Vec<StorageEntry>,
}

impl Inventory {
    /// Guests by number.
    pub fn guests(&self) -> impl Iterator<Item = &Guest> {
        self.guests.values()
    }

    /// A guest, wherever it is.
    pub fn guest(&self, vmid: Vmid) -> Option<&Guest> {
        self.guests.get(&vmid)
    }

    /// Nodes by name.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeEntry> {
        self.nodes.values()
    }

    /// A node.
    pub fn node(&self, name: &str) -> Option<&NodeEntry> {
        self.nodes.get(name)
    }

    /// Storages, one line for each node that has them.
    pub fn storages(&self) -> impl Iterator<Item = &StorageEntry> {
        self.storages.iter()
    }

    /// A storage on a node.
    pub fn storage(&self, node: &str, storage: &str) -> Option<&StorageEntry> {
        self.storages.iter().find(|entry| entry.node == node && entry.storage == storage)
    }

    /// Whether a volume's storage is shared by several nodes.
    pub fn is_shared(&self, volume: &VolumeId) -> bool {
        self.storages.iter().any(|entry| entry.storage == volume.storage() && entry.shared)
    }
}

impl<'de> Deserialize<'de> for Inventory {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut inventory = Self::default();
        for line in Vec::<Value>::deserialize(from)? {
            let kind = line.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
            match kind.as_str() {
                "qemu" | "lxc" => {
                    let guest: Guest = serde_json::from_value(line).map_err(serde::de::Error::custom)?;
                    inventory.guests.insert(guest.vmid, guest);
                }
                "node" => {
                    let node: NodeEntry = serde_json::from_value(line).map_err(serde::de::Error::custom)?;
                    inventory.nodes.insert(node.node.clone(), node);
                }
                "storage" => {
                    inventory.storages.push(serde_json::from_value(line).map_err(serde::de::Error::custom)?);
                }
                // Pools, networks and what later versions add.
                _ => {}
            }
        }
        Ok(inventory)
    }
}

/// A guest number that must be there.
fn vmid<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vmid, D::Error> {
    lenient::opt_vmid(from)?.ok_or_else(|| serde::de::Error::custom("a guest without a number"))
}

impl Client {
    /// The index: one request serves all readers until something is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn inventory(&self, budget: &Budget) -> Result<Arc<Inventory>, ApiError> {
        let client = self.clone();
        let shared = self.core.inventory.get(|| async move {
            // No budget of its own: it is shared by many, and stops with the last of them.
            client.read(["cluster", "resources"], &Budget::unlimited()).await
        });
        budget.run(|| "the cluster's index of resources".to_owned(), shared).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_are_sorted_by_kind_and_unknown_kinds_pass() {
        let inventory: Inventory = serde_json::from_value(json!([
            {"type": "qemu", "vmid": "300", "node": "pve", "name": 7, "template": 1, "tags": "b;a", "status": "stopped"},
            {"type": "node", "node": "pve", "status": "online", "maxmem": "25276502016"},
            {"type": "storage", "node": "pve", "storage": "local", "content": "iso,images", "shared": 0},
            {"type": "sdn", "sdn": "localnetwork"},
            {"type": "network", "network": "new in 9"},
        ]))
        .unwrap();
        let guest = inventory.guest(300).unwrap();
        assert!(guest.template && guest.name == "7" && guest.tags.contains("a"));
        assert!(inventory.node("pve").unwrap().is_online());
        assert!(inventory.storage("pve", "local").unwrap().content.contains("iso"));
        assert_eq!(inventory.guests().count(), 1);
    }
}
