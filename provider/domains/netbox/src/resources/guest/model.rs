//! What a guest looks like in configuration and state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tf_framework::{Choice, Computed, Model, Number, Resource, Timeouts, Value};

use super::steps::Ledger;
use crate::resources::references::Referents;

/// The records of one guest in NetBox: the virtual machine with its interfaces, MAC addresses, IP addresses, disks
/// and primary addresses, kept in step by one resource and one apply. The guest may be a virtual machine or a
/// container of Proxmox VE; nothing here depends on it.
///
/// What others put on the machine (interfaces, addresses, disks that the configuration does not name) is left alone
/// and not shown, unless `exclusive` is set. An address that existed before is assigned, not made anew, and is released
/// when it leaves the guest; only addresses that this resource made are deleted. Deleting the guest releases the
/// addresses of others too, which NetBox would delete with their interface.
///
/// A run that was interrupted is taken up by the next one: the machine is known by its name and place and, from NetBox
/// 4.4 on, by the stamp of its creation in the changelog.
#[derive(Debug, Clone, PartialEq, Resource)]
#[resource(name = "netbox_guest", subcategory = "NetBox", version = 0, identity(id))]
pub struct Guest {
    /// Id of the virtual machine.
    #[attr(stable)]
    pub id: Computed<u64>,
    /// Address of the virtual machine in the API.
    #[attr(stable)]
    pub url: Computed<String>,
    /// Name of the virtual machine.
    #[attr(validate(length(1..=64)))]
    pub name: String,
    /// Cluster that the guest is part of: an id, a name, or an object of attributes. One of `cluster`, `site` and
    /// `device` must be set.
    pub cluster: Option<Value>,
    /// Site that the guest is at. That of its cluster where it is not set; removing the argument leaves it.
    pub site: Option<Value>,
    /// Device that the guest runs on, one of the cluster's hosts.
    pub device: Option<Value>,
    /// Role of the guest.
    pub role: Option<Value>,
    /// Platform that the guest runs.
    pub platform: Option<Value>,
    /// Tenant that the guest belongs to. That of the provider's `defaults` where it is not set.
    pub tenant: Option<Value>,
    /// Owner of the record, from NetBox 4.5 on. Left as it is where it is not set.
    pub owner: Option<Value>,
    /// Where in its life the guest is: `active`, `offline`, `planned`, `staged`, `failed`, `decommissioning`, `paused`, or
    /// a status of the administrator's own.
    #[attr(default = "active", validate(length(1..)))]
    pub status: String,
    /// Whether the guest starts with its host, from NetBox 4.5 on: `on`, `off` or `laststate`. Left as it is where it is
    /// not set.
    #[attr(validate(length(1..)))]
    pub start_on_boot: Option<String>,
    /// Virtual processors, with at most two decimals.
    #[attr(validate(range(0.01..=9999.99)))]
    pub vcpus: Option<Number>,
    /// Memory in MB.
    #[attr(validate(range(0..=2_147_483_647)))]
    pub memory: Option<u32>,
    /// Disk in MB, as NetBox adds it up from the disks.
    pub disk: Computed<Option<u64>>,
    /// Serial number; the UUID of the firmware, for example.
    #[attr(eq(same_text, "without white space at either end"), validate(length(..=50)))]
    pub serial: Option<String>,
    /// A short text about the guest.
    #[attr(eq(same_text, "without white space at either end"), validate(length(..=200)))]
    pub description: Option<String>,
    /// Comments in Markdown.
    #[attr(eq(same_text, "without white space at either end"))]
    pub comments: Option<String>,
    /// Slugs of all tags of the machine. Those of the provider's `defaults` are added; tags that the provider ignores
    /// stay. Left as they are where this is not set.
    pub tags: Option<BTreeSet<String>>,
    /// Slugs of tags that the machine carries for the provider's `cost_tags`, beside `tags`. One whose fact `tags` or the
    /// provider's `defaults` state is left out. Null when there are none. Interfaces, addresses and disks do not carry
    /// them.
    #[attr(stable)]
    pub cost_tags: Computed<Option<BTreeSet<String>>>,
    /// Custom fields of the machine, each owned by being named here. `null` clears one.
    pub custom_fields: Option<Value>,
    /// Interfaces by name.
    #[attr(validate(keys(length(1..=64))))]
    pub interfaces: Option<BTreeMap<String, Interface>>,
    /// Disks by name.
    #[attr(validate(keys(length(1..=64))))]
    pub disks: Option<BTreeMap<String, Disk>>,
    /// The primary IPv4 address, one of the addresses of the interfaces, with or without its mask. The first one where
    /// it is not set.
    #[attr(optional, eq(same_host, "by host"))]
    pub primary_ip4: Computed<Option<String>>,
    /// The primary IPv6 address, likewise.
    #[attr(optional, eq(same_host, "by host"))]
    pub primary_ip6: Computed<Option<String>>,
    /// Whether interfaces, addresses, MAC addresses and disks that the configuration does not name are deleted.
    #[attr(default = false)]
    pub exclusive: bool,
    /// What to do with a machine of the same name in the same place that exists already.
    #[attr(default = Adopt::Never)]
    pub adopt: Adopt,
    /// Ids of the interfaces by name.
    pub interface_ids: Ids,
    /// Ids of the MAC address objects by the interface's name. Empty before NetBox 4.2, which has none.
    pub mac_address_ids: Ids,
    /// Ids of the addresses by address with mask.
    pub address_ids: Ids,
    /// Ids of the disks by name.
    pub disk_ids: Ids,
    /// Ids of those addresses that were there before, and that are released, not deleted, in the end. Null after an
    /// import until something is applied: what the configuration then does not name is let go, not deleted.
    pub adopted_address_ids: Computed<Option<BTreeSet<u64>>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// An interface of a guest.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Interface {
    /// Whether the interface is enabled.
    #[attr(default = true)]
    pub enabled: bool,
    /// Largest packet, in bytes.
    #[attr(validate(range(1..=65_536)))]
    pub mtu: Option<u32>,
    /// MAC address, in any spelling. From NetBox 4.2 on an object of its own, made and made primary with the interface.
    #[attr(eq = mac, validate(matches(r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}$|^[0-9A-Fa-f]{12}$", "a MAC address such as `02:00:00:AA:BB:CC`")))]
    pub mac_address: Option<String>,
    /// A short text about the interface.
    #[attr(eq(same_text, "without white space at either end"), validate(length(..=200)))]
    pub description: Option<String>,
    /// How VLANs are handled: `access`, `tagged`, `tagged-all` or `q-in-q`.
    #[attr(validate(length(1..)))]
    pub mode: Option<String>,
    /// VLAN without a tag: its id or its name. Needs `mode`.
    #[attr(validate(length(1..), required_with(mode)))]
    pub untagged_vlan: Option<String>,
    /// VLANs with tags: their ids or names. Needs `mode = "tagged"`.
    pub tagged_vlans: Option<BTreeSet<String>>,
    /// VRF of the interface: its id or its name.
    #[attr(validate(length(1..)))]
    pub vrf: Option<String>,
    /// Addresses, the first of each family being the primary one unless the guest says otherwise.
    pub addresses: Option<Vec<Address>>,
}

/// An address on an interface: one by text, which is made unless it lies there unassigned, or one that something else
/// made, by id.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Address {
    /// The address with its mask, `10.0.0.5/24`.
    #[attr(eq = cidr, validate(custom(check_address, "an IP address such as `10.0.0.5/24`"), exactly_one_of(id)))]
    pub address: Option<String>,
    /// Id of an address that exists, such as one of `hybridops_netbox_available_ip_address`. It is assigned here, its
    /// other fields are left as they are unless they are set here, and it is released in the end.
    #[attr(validate(range(1..)))]
    pub id: Option<u64>,
    /// DNS name.
    #[attr(eq = case_insensitive, validate(length(..=255)))]
    pub dns_name: Option<String>,
    /// A short text about the address.
    #[attr(eq(same_text, "without white space at either end"), validate(length(..=200)))]
    pub description: Option<String>,
    /// Status: `active` where it is not set, `reserved`, `deprecated`, `dhcp`, `slaac`, or one of the administrator's own.
    #[attr(validate(length(1..)))]
    pub status: Option<String>,
    /// Role: `loopback`, `secondary`, `anycast`, `vip`, `vrrp`, `hsrp`, `glbp` or `carp`.
    #[attr(validate(length(1..)))]
    pub role: Option<String>,
    /// Tenant: its id or slug. That of the provider's `defaults` where it is not set.
    #[attr(validate(length(1..)))]
    pub tenant: Option<String>,
    /// VRF of the address: its id or its name. That of the interface where it is not set.
    #[attr(validate(length(1..)))]
    pub vrf: Option<String>,
}

/// A disk of a guest.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Disk {
    /// Size in MB.
    #[attr(validate(range(1..=2_147_483_647)))]
    pub size: u64,
    /// A short text about the disk.
    #[attr(eq(same_text, "without white space at either end"), validate(length(..=200)))]
    pub description: Option<String>,
}

/// What to do with a machine that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Adopt {
    /// It is an error.
    Never,
    /// It is taken over, and what differs is changed.
    IfExists,
    /// It is taken over; that there is none is an error.
    Required,
}

/// Ids by name, each known when its object is.
pub(super) type Ids = Computed<BTreeMap<String, Computed<u64>>>;

/// What is kept beside the state of a guest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keeping {
    /// What the references of the machine pointed to.
    pub(super) references: Referents,
}

impl Guest {
    /// Whether nothing was applied since the guest was imported: what the configuration does not name was never ours.
    pub(super) fn is_imported(&self) -> bool {
        self.adopted_address_ids.known() == Some(&None)
    }

    /// What of the guest in the state is ours. The state tells it, and not what is kept beside it: Terraform loses that
    /// when a provider is killed in an update.
    pub(super) fn ledger(&self) -> Ledger {
        let ids = |ids: &Ids| -> BTreeSet<u64> {
            ids.known().into_iter().flatten().filter_map(|(_, id)| id.known().copied()).collect()
        };
        let adopted = self.adopted_address_ids.known().cloned().flatten().unwrap_or_default();
        Ledger {
            interfaces: ids(&self.interface_ids),
            macs: ids(&self.mac_address_ids),
            addresses: ids(&self.address_ids).difference(&adopted).copied().collect(),
            adopted,
            disks: ids(&self.disk_ids),
        }
    }

    /// Custom fields that the configuration owned so far.
    pub(super) fn owned(&self) -> BTreeSet<String> {
        let fields = self.custom_fields.as_ref().filter(|_| !self.is_imported()).and_then(Value::as_map);
        fields.into_iter().flatten().map(|(key, _)| key.clone()).collect()
    }
}

fn same_text(left: &str, right: &str) -> bool {
    left.trim() == right.trim()
}

/// Whether two addresses are of the same host, whatever their masks.
pub(super) fn same_host(left: &str, right: &str) -> bool {
    let host = |text: &str| super::facts::Ip::parse(text).map(|ip| ip.host);
    host(left).is_some() && host(left) == host(right)
}

fn check_address(value: &Value) -> Result<(), String> {
    match value.as_str() {
        Some(text) if super::facts::Ip::parse(text).is_none() => {
            Err(format!("must be an IP address such as 10.0.0.5/24, not {text:?}"))
        }
        _ => Ok(()),
    }
}
