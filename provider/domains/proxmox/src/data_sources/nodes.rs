//! `hybridops_proxmox_nodes`.

use tf_framework::{Computed, DataContext, DataSource, Model, Result};

use crate::api::NodeEntry;
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Nodes of the cluster, from the index that all reads of a run share: one request. Use of processors and memory is up
/// to ten seconds old, and 0 where the account lacks Sys.Audit on the node.
#[derive(Debug, Clone, Model)]
pub struct Nodes {
    /// Names of all nodes, in order.
    pub names: Computed<Vec<String>>,
    /// Names of the nodes that are online, in order.
    pub online: Computed<Vec<String>>,
    /// All nodes, in order of their names.
    pub nodes: Computed<Vec<NodeInfo>>,
}

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct NodeInfo {
    /// Its name.
    #[attr(computed)]
    pub name: String,
    /// `online`, `offline` or `unknown`.
    #[attr(computed)]
    pub status: String,
    /// Whether it answers.
    #[attr(computed)]
    pub online: bool,
    /// Processors.
    #[attr(computed)]
    pub cpus: u64,
    /// Use of its processors, from 0 to 1.
    #[attr(computed)]
    pub cpu_usage: f64,
    /// Memory in bytes.
    #[attr(computed)]
    pub memory_total: u64,
    /// Memory in use, in bytes.
    #[attr(computed)]
    pub memory_used: u64,
}

impl From<&NodeEntry> for NodeInfo {
    fn from(entry: &NodeEntry) -> Self {
        Self {
            name: entry.node.clone(),
            status: entry.status.clone(),
            online: entry.is_online(),
            cpus: entry.maxcpu,
            cpu_usage: entry.cpu,
            memory_total: entry.maxmem,
            memory_used: entry.mem,
        }
    }
}

impl DataSource for Nodes {
    const NAME: &'static str = "proxmox_nodes";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn read(cx: &mut DataContext<Self>, _: Self) -> Result<Self> {
        let px = cx.client()?;
        let inventory = px.api.inventory(&budget(cx)).await;
        let inventory = inventory.map_err(|error| failure("Reading the nodes failed", &error))?;
        let nodes: Vec<NodeInfo> = inventory.nodes().map(NodeInfo::from).collect();
        Ok(Self {
            names: nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>().into(),
            online: nodes
                .iter()
                .filter(|node| node.online)
                .map(|node| node.name.clone())
                .collect::<Vec<_>>()
                .into(),
            nodes: nodes.into(),
        })
    }
}
