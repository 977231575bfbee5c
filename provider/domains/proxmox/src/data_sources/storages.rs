//! `hybridops_proxmox_storages`.

use std::collections::BTreeSet;

use futures::future::join_all;
use tf_framework::{Computed, DataContext, DataSource, Diagnostic, Model, Result};

use crate::api::{Inventory, Storage, StorageEntry};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Storages, one entry for each node that has them: a local storage of the same name is another storage on each node.
/// Costs the shared index and one request for each node that is online, because only the node knows how much is
/// available. Storages on nodes that are offline are listed as not active, from the index. What the account may not
/// audit is missing.
#[derive(Debug, Clone, Model)]
pub struct Storages {
    /// Only storages of this node.
    pub node: Option<String>,
    /// Only storages that take this content: `images`, `rootdir`, `iso`, `vztmpl`, `import`, `backup`, `snippets`.
    #[attr(validate(one_of("images", "rootdir", "iso", "vztmpl", "import", "backup", "snippets")))]
    pub content: Option<String>,
    /// The storages, in order of name and node.
    pub storages: Computed<Vec<StorageInfo>>,
}

/// A storage on a node.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct StorageInfo {
    /// Its name.
    #[attr(computed)]
    pub name: String,
    /// The node.
    #[attr(computed)]
    pub node: String,
    /// `dir`, `lvmthin`, `zfspool`, `nfs`, `rbd` and so on.
    #[attr(computed)]
    pub r#type: String,
    /// Content it takes.
    #[attr(computed)]
    pub content: BTreeSet<String>,
    /// Whether all nodes see the same files.
    #[attr(computed)]
    pub shared: bool,
    /// Whether it can be used now.
    #[attr(computed)]
    pub active: bool,
    /// Bytes in all.
    #[attr(computed)]
    pub total: u64,
    /// Bytes in use.
    #[attr(computed)]
    pub used: u64,
    /// Bytes that can still be stored: less than the rest where a file system keeps a reserve. 0 where it is not active.
    #[attr(computed)]
    pub available: u64,
}

impl StorageInfo {
    fn told_by_node(node: &str, storage: Storage) -> Self {
        Self {
            name: storage.storage,
            node: node.to_owned(),
            r#type: storage.kind,
            content: storage.content,
            shared: storage.shared,
            active: storage.active,
            total: storage.total,
            used: storage.used,
            available: if storage.active { storage.avail } else { 0 },
        }
    }

    fn told_by_index(entry: &StorageEntry) -> Self {
        Self {
            name: entry.storage.clone(),
            node: entry.node.clone(),
            r#type: entry.plugintype.clone(),
            content: entry.content.clone(),
            shared: entry.shared,
            active: false,
            total: entry.maxdisk,
            used: entry.disk,
            available: 0,
        }
    }
}

/// The nodes to ask: those that are online, or the one that is meant.
fn asked<'a>(inventory: &'a Inventory, node: Option<&str>) -> Vec<&'a str> {
    let meant = |name: &str| node.is_none_or(|only| only == name);
    inventory
        .nodes()
        .filter(|entry| entry.is_online() && meant(&entry.node))
        .map(|entry| entry.node.as_str())
        .collect()
}

impl DataSource for Storages {
    const NAME: &'static str = "proxmox_storages";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let px = cx.client()?;
        let budget = budget(cx);
        let inventory = px.api.inventory(&budget).await;
        let inventory = inventory.map_err(|error| failure("Reading the storages failed", &error))?;
        let nodes = asked(&inventory, config.node.as_deref());
        let answers = join_all(nodes.iter().map(|node| px.api.storages(node, &budget))).await;
        let mut storages: Vec<StorageInfo> = Vec::new();
        let mut silent: BTreeSet<&str> =
            inventory.nodes().filter(|entry| !entry.is_online()).map(|entry| entry.node.as_str()).collect();
        for (node, answer) in nodes.iter().zip(answers) {
            match answer {
                Ok(found) => {
                    storages
                        .extend(found.into_iter().map(|storage| StorageInfo::told_by_node(node, storage)));
                }
                Err(error) => {
                    cx.warn(Diagnostic::warning(
                        format!("The storages of node {node} could not be read"),
                        format!("{error}. They are listed as not active."),
                    ));
                    silent.insert(node);
                }
            }
        }
        let meant = |entry: &&StorageEntry| config.node.as_ref().is_none_or(|node| *node == entry.node);
        let known = inventory.storages().filter(meant).filter(|entry| silent.contains(entry.node.as_str()));
        storages.extend(known.map(StorageInfo::told_by_index));
        storages.retain(|storage| {
            config.content.as_ref().is_none_or(|content| storage.content.contains(content))
        });
        storages.sort_by(|one, other| (&one.name, &one.node).cmp(&(&other.name, &other.node)));
        Ok(Self { storages: storages.into(), ..config })
    }
}
