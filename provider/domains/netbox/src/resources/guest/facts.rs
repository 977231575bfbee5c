//! What NetBox has of a guest.

use std::net::IpAddr;

use serde_json::{Map, Value as Json};

use super::steps::Step;
use crate::api::Object;

/// The type by which addresses and MAC addresses name an interface of a virtual machine.
pub(super) const INTERFACE: &str = "virtualization.vminterface";

/// A virtual machine with everything that hangs on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// The machine; nothing else is there without it.
    pub(super) vm: Option<Object>,
    /// Its interfaces. They tell their MAC addresses.
    pub(super) interfaces: Vec<Object>,
    /// The addresses on its interfaces.
    pub(super) addresses: Vec<Object>,
    /// Addresses that are wished for and are elsewhere, or nowhere.
    pub(super) loose: Vec<Object>,
    /// Its disks.
    pub(super) disks: Vec<Object>,
}

/// A MAC address object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mac {
    pub(super) id: u64,
    pub(super) text: String,
}

/// An address with its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ip {
    pub(super) host: IpAddr,
    pub(super) mask: u8,
}

pub(super) fn text<'o>(object: &'o Object, key: &str) -> &'o str {
    object.fields.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// The id of an object that is nested in another, or named by its id.
pub(super) fn nested_id(value: Option<&Json>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.get("id")?.as_u64())
}

impl Ip {
    /// Reads an address; one without a mask is a single host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, mask) = text.trim().split_once('/').map_or((text.trim(), None), |(h, m)| (h, Some(m)));
        let host: IpAddr = host.parse().ok()?;
        let most = if host.is_ipv4() { 32 } else { 128 };
        let mask = mask.map_or(Some(most), |mask| mask.parse().ok().filter(|mask| *mask <= most))?;
        Some(Self { host, mask })
    }

    /// The address of an address object.
    pub(super) fn of(object: &Object) -> Option<Self> {
        Self::parse(text(object, "address"))
    }

    /// 4 or 6.
    pub(super) fn family(self) -> Family {
        if self.host.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

impl std::fmt::Display for Ip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.host, self.mask)
    }
}

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The field of the machine that holds the primary address.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::V4 => "primary_ip4",
            Self::V6 => "primary_ip6",
        }
    }
}

impl Facts {
    pub(super) fn vm_id(&self) -> Option<u64> {
        self.vm.as_ref().map(|vm| vm.id)
    }

    pub(super) fn interface(&self, name: &str) -> Option<&Object> {
        self.interfaces.iter().find(|interface| text(interface, "name") == name)
    }

    pub(super) fn disk(&self, name: &str) -> Option<&Object> {
        self.disks.iter().find(|disk| text(disk, "name") == name)
    }

    /// An address on the machine, or a loose one.
    pub(super) fn address(&self, id: u64) -> Option<&Object> {
        self.addresses.iter().chain(&self.loose).find(|address| address.id == id)
    }

    pub(super) fn addresses_of(&self, interface: u64) -> impl Iterator<Item = &Object> {
        self.addresses.iter().filter(move |address| assigned_to(address) == Some(interface))
    }

    /// The primary address of a family.
    pub(super) fn primary(&self, family: Family) -> Option<u64> {
        nested_id(self.vm.as_ref()?.fields.get(family.field()))
    }

    /// How much disk the machine has: what its disks add up to, where it has any.
    pub(super) fn disk_size(&self) -> Option<u64> {
        let size = |object: &Object, key: &str| object.fields.get(key).and_then(Json::as_u64);
        if self.disks.is_empty() {
            return size(self.vm.as_ref()?, "disk");
        }
        Some(self.disks.iter().filter_map(|disk| size(disk, "size")).sum())
    }

    /// Notes what a step has done, by the server's answer.
    pub(super) fn absorb(&mut self, step: &Step, answer: Option<Object>) {
        match (step, answer) {
            (Step::CreateVm { .. } | Step::UpdateVm { .. } | Step::SetPrimary { .. }, Some(vm)) => {
                self.vm = Some(vm);
            }
            (Step::DeleteVm, _) => *self = Self::default(),
            (
                Step::CreateInterface { .. } | Step::UpdateInterface { .. } | Step::SetPrimaryMac { .. },
                Some(interface),
            ) => put(&mut self.interfaces, interface),
            (Step::DeleteInterface { id, .. }, _) => {
                self.interfaces.retain(|interface| interface.id != *id);
                let gone: Vec<u64> =
                    self.addresses.iter().filter(|a| assigned_to(a) == Some(*id)).map(|a| a.id).collect();
                gone.into_iter().for_each(|id| self.lose_address(id));
            }
            (Step::CreateMac { interface, .. }, Some(mac)) => {
                if let Some(found) = self.interfaces.iter_mut().find(|i| text(i, "name") == interface) {
                    let brief = serde_json::json!({"id": mac.id, "mac_address": text(&mac, "mac_address")});
                    let macs = found.fields.entry("mac_addresses").or_insert_with(|| Json::Array(Vec::new()));
                    if let Json::Array(macs) = macs {
                        macs.push(brief);
                    }
                }
            }
            (Step::DeleteMac { id, .. }, _) => self.interfaces.iter_mut().for_each(|i| forget_mac(i, *id)),
            (Step::CreateAddress { .. } | Step::UpdateAddress { .. }, Some(address)) => {
                self.loose.retain(|loose| loose.id != address.id);
                put(&mut self.addresses, address);
            }
            (Step::ReleaseAddress { id, .. }, answer) => {
                self.lose_address(*id);
                self.loose.extend(answer);
            }
            (Step::DeleteAddress { id, .. }, _) => self.lose_address(*id),
            (Step::CreateDisk { .. } | Step::UpdateDisk { .. }, Some(disk)) => put(&mut self.disks, disk),
            (Step::DeleteDisk { id, .. }, _) => self.disks.retain(|disk| disk.id != *id),
            (_, None) => {}
        }
    }

    /// An address is gone: the server takes it from the machine's primary addresses too.
    fn lose_address(&mut self, id: u64) {
        self.addresses.retain(|address| address.id != id);
        let lost: Vec<Family> =
            Family::BOTH.into_iter().filter(|family| self.primary(*family) == Some(id)).collect();
        for family in lost {
            if let Some(vm) = &mut self.vm {
                vm.fields.insert(family.field().to_owned(), Json::Null);
            }
        }
    }
}

/// The interface that an address is assigned to, where it is one of a virtual machine.
pub(super) fn assigned_to(address: &Object) -> Option<u64> {
    if text(address, "assigned_object_type") != INTERFACE {
        return None;
    }
    address.fields.get("assigned_object_id").and_then(Json::as_u64)
}

/// Whether an address is assigned to anything.
pub(super) fn is_assigned(address: &Object) -> bool {
    address.fields.get("assigned_object_id").is_some_and(|id| !id.is_null())
}

/// The MAC address objects of an interface.
pub(super) fn macs(interface: &Object) -> Vec<Mac> {
    let list = interface.fields.get("mac_addresses").and_then(Json::as_array);
    list.into_iter().flatten().filter_map(mac).collect()
}

/// The primary MAC address object of an interface.
pub(super) fn primary_mac(interface: &Object) -> Option<u64> {
    nested_id(interface.fields.get("primary_mac_address"))
}

fn mac(value: &Json) -> Option<Mac> {
    let text = value.get("mac_address").or_else(|| value.get("display"))?.as_str()?;
    Some(Mac { id: value.get("id")?.as_u64()?, text: normal_mac(text) })
}

/// A MAC address as the server writes it.
pub(super) fn normal_mac(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_uppercase());
    pairs.collect::<Vec<_>>().join(":")
}

fn forget_mac(interface: &mut Object, id: u64) {
    if let Some(Json::Array(macs)) = interface.fields.get_mut("mac_addresses") {
        macs.retain(|mac| nested_id(Some(mac)) != Some(id));
    }
    if primary_mac(interface) == Some(id) {
        interface.fields.insert("primary_mac_address".to_owned(), Json::Null);
        interface.fields.insert("mac_address".to_owned(), Json::Null);
    }
}

fn put(objects: &mut Vec<Object>, object: Object) {
    match objects.iter_mut().find(|known| known.id == object.id) {
        Some(known) => *known = object,
        None => objects.push(object),
    }
}

/// The fields of a JSON object.
pub(super) fn fields(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_with_masks() {
        let ip = |text| Ip::parse(text).map(|ip| ip.to_string());
        assert_eq!(ip("10.0.0.5/24").as_deref(), Some("10.0.0.5/24"));
        assert_eq!(ip(" 10.0.0.5 ").as_deref(), Some("10.0.0.5/32"));
        assert_eq!(ip("2001:DB8:0::1/64").as_deref(), Some("2001:db8::1/64"));
        assert_eq!(ip("10.0.0.5/33"), None);
        assert_eq!(ip("x"), None);
    }

    #[test]
    fn mac_addresses_have_one_spelling() {
        for text in ["02:00:00:aa:bb:01", "0200.00AA.BB01", "02-00-00-aa-bb-01"] {
            assert_eq!(normal_mac(text), "02:00:00:AA:BB:01");
        }
    }
}
