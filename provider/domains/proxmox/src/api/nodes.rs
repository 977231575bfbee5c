//! Nodes and their networks.

use serde::Deserialize;

use transport_rest::Budget;

use super::client::Client;
use super::codec::lenient;
use super::error::ApiError;

/// A node.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Node {
    /// Its name.
    pub node: String,
    /// `online`, `offline` or `unknown`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// SHA-256 of its certificate.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub ssl_fingerprint: Option<String>,
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
    /// Seconds since start.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub uptime: u64,
}

/// A network interface of a node.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct NetworkInterface {
    /// Its name, `vmbr0` for instance.
    pub iface: String,
    /// `bridge`, `bond`, `eth`, `vlan`, `OVSBridge` and so on.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: String,
    /// Whether it is up.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub active: bool,
    /// Its address with prefix length.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub cidr: Option<String>,
    /// Whether a bridge passes VLAN tags.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub bridge_vlan_aware: bool,
}

impl NetworkInterface {
    /// Whether guests can be attached to it.
    pub fn is_bridge(&self) -> bool {
        matches!(self.kind.as_str(), "bridge" | "OVSBridge")
    }
}

impl Client {
    /// The cluster's nodes.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn nodes(&self, budget: &Budget) -> Result<Vec<Node>, ApiError> {
        self.read(["nodes"], budget).await
    }

    /// A node's network interfaces.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn network(&self, node: &str, budget: &Budget) -> Result<Vec<NetworkInterface>, ApiError> {
        self.read(["nodes", node, "network"], budget).await
    }
}
