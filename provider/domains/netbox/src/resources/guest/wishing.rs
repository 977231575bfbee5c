//! From configuration to wish.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::description::Version;
use catalogue::json;
use catalogue::reference::Reference;
use catalogue::store::Defaults;
use serde_json::{Value as Json, json};
use tf_framework::{Computed, Path, Value};

use super::facts::{Facts, Family, Ip, normal_mac};
use super::model::{Address, Guest, Interface};
use super::show::slugs;
use super::wish::{AddressWish, Body, BornWith, InterfaceWish, Place, Which, Wish};
use crate::api::Object;
use crate::resources::references::{Ids, Referring, wire, wire_text};

/// References of the machine: the argument, which is the field too, and what it points to.
pub(super) const REFERENCES: [(&str, &str); 7] = [
    ("cluster", "virtualization/clusters"),
    ("site", "dcim/sites"),
    ("device", "dcim/devices"),
    ("role", "dcim/device-roles"),
    ("platform", "dcim/platforms"),
    ("tenant", "tenancy/tenants"),
    ("owner", "users/owners"),
];
pub(super) const VLANS: &str = "ipam/vlans";
pub(super) const VRFS: &str = "ipam/vrfs";
pub(super) const TENANTS: &str = "tenancy/tenants";
/// The first version with owners.
pub(super) const OWNERS: Version = Version::new(4, 5);

/// What a wish is made from beside the configuration.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) defaults: &'a Defaults,
    pub(super) version: Version,
    /// Ids of VLANs by name: the wire takes ids only.
    pub(super) ids: &'a Ids,
    /// Custom fields that the configuration owned so far.
    pub(super) owned: &'a BTreeSet<String>,
    /// Cost tags that the provider put on the machine earlier.
    pub(super) put: &'a BTreeSet<String>,
}

/// All references of a guest that are known texts or attributes, with where they are written.
pub(super) fn referring(guest: &Value) -> Vec<Referring> {
    let mut found = Vec::new();
    let mut add = |at: Path, target: &'static str, value: Option<&Value>| {
        let known = value.filter(|value| value.is_wholly_known() && !value.is_null());
        if let Some(reference) = known.and_then(|value| Reference::of(value).ok()) {
            found.push(Referring { at, target, reference });
        }
    };
    for (name, target) in REFERENCES {
        add(Path::root().attribute(name), target, guest.get(name));
    }
    for (name, interface) in guest.get("interfaces").and_then(Value::as_map).into_iter().flatten() {
        let at = Path::root().attribute("interfaces").key(name.clone());
        add(at.clone().attribute("vrf"), VRFS, interface.get("vrf"));
        add(at.clone().attribute("untagged_vlan"), VLANS, interface.get("untagged_vlan"));
        for vlan in interface.get("tagged_vlans").and_then(Value::as_list).into_iter().flatten() {
            add(at.clone().attribute("tagged_vlans"), VLANS, Some(vlan));
        }
        let addresses = interface.get("addresses").and_then(Value::as_list).into_iter().flatten();
        for (index, address) in addresses.enumerate() {
            let at = at.clone().attribute("addresses").index(index);
            add(at.clone().attribute("vrf"), VRFS, address.get("vrf"));
            add(at.attribute("tenant"), TENANTS, address.get("tenant"));
        }
    }
    found
}

fn text(value: Option<&String>) -> Json {
    value.map_or("", |text| text.trim()).into()
}

/// The tenant of the machine: as configured, else that of the provider.
pub(super) fn tenant(guest: Option<&Value>, defaults: &Defaults) -> Json {
    let configured = guest.filter(|value| !value.is_null());
    wire(configured.or_else(|| defaults.fields.get("tenant")), TENANTS)
}

/// What the guest shall be. What addresses by id are, and whether there is a machine, the facts tell.
pub(super) fn wish(guest: &Guest, facts: &Facts, terms: Terms<'_>) -> Wish {
    let interfaces: BTreeMap<String, InterfaceWish> = guest
        .interfaces
        .iter()
        .flatten()
        .map(|(name, interface)| (name.clone(), interface_wish(interface, terms)))
        .collect();
    let disk = |disk: &super::model::Disk| {
        let mut body = Body::new();
        body.insert("size".into(), disk.size.into());
        body.insert("description".into(), text(disk.description.as_ref()));
        body
    };
    let mut wish = Wish {
        vm: machine(guest, facts.vm.as_ref(), terms),
        ignored_tags: terms.defaults.ignored_tags.iter().cloned().collect(),
        interfaces,
        disks: guest.disks.iter().flatten().map(|(name, it)| (name.clone(), disk(it))).collect(),
        primary: BTreeMap::new(),
        born_with: born_with(terms.defaults),
    };
    wish.primary = primary(guest, facts, &wish);
    wish
}

fn born_with(defaults: &Defaults) -> BornWith {
    let mut born = BornWith::default();
    if !defaults.tags.is_empty() {
        born.all.insert("tags".into(), tag_list(defaults.tags.iter()));
    }
    let tenant = tenant(None, defaults);
    if !tenant.is_null() {
        born.addresses.insert("tenant".into(), tenant);
    }
    born
}

fn tag_list<'t>(tags: impl Iterator<Item = &'t String>) -> Json {
    tags.map(|slug| json!({ "slug": slug })).collect()
}

fn machine(guest: &Guest, there: Option<&Object>, terms: Terms<'_>) -> Body {
    let creating = there.is_none();
    let mut body = Body::new();
    let mut put = |key: &str, value: Json| drop(body.insert(key.to_owned(), value));
    put("name", guest.name.clone().into());
    put("status", guest.status.clone().into());
    put("cluster", wire(guest.cluster.as_ref(), REFERENCES[0].1));
    put("device", wire(guest.device.as_ref(), REFERENCES[2].1));
    put("role", wire(guest.role.as_ref(), REFERENCES[3].1));
    put("platform", wire(guest.platform.as_ref(), REFERENCES[4].1));
    put("tenant", tenant(guest.tenant.as_ref(), terms.defaults));
    if guest.site.is_some() {
        put("site", wire(guest.site.as_ref(), REFERENCES[1].1));
    }
    let default_owner = terms.defaults.fields.get("owner").filter(|_| creating && terms.version >= OWNERS);
    if let Some(owner) = guest.owner.as_ref().or(default_owner) {
        put("owner", wire(Some(owner), REFERENCES[6].1));
    }
    if let Some(start) = &guest.start_on_boot {
        put("start_on_boot", start.clone().into());
    }
    put("vcpus", guest.vcpus.as_ref().map_or(Json::Null, json::from_number));
    put("memory", guest.memory.map_or(Json::Null, Json::from));
    put("serial", text(guest.serial.as_ref()));
    put("description", text(guest.description.as_ref()));
    put("comments", text(guest.comments.as_ref()));
    if let Some(tags) = tags(guest, there, terms) {
        put("tags", tag_list(tags.iter()));
    }
    let fields = custom_fields(guest.custom_fields.as_ref(), creating, terms);
    if !fields.is_empty() {
        put("custom_fields", Json::Object(fields));
    }
    body
}

/// The tags of the machine; `None` where they are left as they are.
fn tags(guest: &Guest, there: Option<&Object>, terms: Terms<'_>) -> Option<BTreeSet<String>> {
    let defaults = terms.defaults;
    let own = guest.tags.clone().unwrap_or_default();
    let mut all: BTreeSet<String> = match (&guest.tags, there) {
        (Some(tags), _) => tags.iter().chain(&defaults.tags).cloned().collect(),
        (None, None) => defaults.tags.iter().cloned().collect(),
        (None, Some(_)) if defaults.fact_tags.is_empty() && terms.put.is_empty() => return None,
        (None, Some(vm)) => {
            let stays = |slug: &String| !terms.put.contains(slug) && !defaults.ignored_tags.contains(slug);
            slugs(vm).filter(stays).collect()
        }
    };
    defaults.lay_facts_over(&mut all, &own);
    Some(all).filter(|all| guest.tags.is_some() || there.is_some() || !all.is_empty())
}

fn custom_fields(configured: Option<&Value>, creating: bool, terms: Terms<'_>) -> Body {
    let defaults = &terms.defaults.custom_fields;
    let mut fields = if creating { defaults.clone() } else { Body::new() };
    for key in terms.owned {
        fields.insert(key.clone(), defaults.get(key).cloned().unwrap_or(Json::Null));
    }
    for (key, value) in configured.and_then(Value::as_map).into_iter().flatten() {
        fields.insert(key.clone(), json::from_value(value));
    }
    if creating {
        fields.retain(|_, value| !value.is_null());
    }
    fields
}

fn interface_wish(interface: &Interface, terms: Terms<'_>) -> InterfaceWish {
    let mut fields = Body::new();
    let mut put = |key: &str, value: Json| drop(fields.insert(key.to_owned(), value));
    put("enabled", interface.enabled.into());
    put("mtu", interface.mtu.map_or(Json::Null, Json::from));
    put("description", text(interface.description.as_ref()));
    put("mode", text(interface.mode.as_ref()));
    put("untagged_vlan", wire_text(interface.untagged_vlan.as_ref(), VLANS));
    put("tagged_vlans", tagged(interface, terms.ids));
    put("vrf", wire_text(interface.vrf.as_ref(), VRFS));
    let address = |address: &Address| address_wish(address, interface.vrf.as_ref(), terms.defaults);
    InterfaceWish {
        fields,
        mac: interface.mac_address.as_deref().map(normal_mac),
        addresses: interface.addresses.iter().flatten().filter_map(address).collect(),
    }
}

fn tagged(interface: &Interface, ids: &Ids) -> Json {
    let id = |text: &String| match Reference::of(&Value::from(text.as_str())).ok()? {
        Reference::Id(id) => Some(id),
        _ => ids.get(&(VLANS, text.clone())).copied(),
    };
    interface.tagged_vlans.iter().flatten().filter_map(id).collect()
}

fn address_wish(address: &Address, vrf: Option<&String>, defaults: &Defaults) -> Option<AddressWish> {
    let mut fields = Body::new();
    let by_id = address.id.is_some();
    // What something else has made is its business, but for what is said here.
    let mut put = |key: &str, given: bool, value: Json| {
        if given || !by_id {
            fields.insert(key.to_owned(), value);
        }
    };
    let dns_name = address.dns_name.as_ref().map(|name| name.to_lowercase());
    put("dns_name", dns_name.is_some(), text(dns_name.as_ref()));
    put("description", address.description.is_some(), text(address.description.as_ref()));
    let status = address.status.as_deref().unwrap_or("active");
    put("status", address.status.is_some(), status.into());
    put("role", address.role.is_some(), text(address.role.as_ref()));
    let own_tenant = address.tenant.as_ref().map(|text| Value::from(text.as_str()));
    put("tenant", address.tenant.is_some(), tenant(own_tenant.as_ref(), defaults));
    put("vrf", address.vrf.is_some(), wire_text(address.vrf.as_ref().or(vrf), VRFS));
    let which = match address.id {
        Some(id) => Which::Id(id),
        None => Which::Ip(Ip::parse(address.address.as_deref()?)?),
    };
    Some(AddressWish { which, fields })
}

/// The primary address of each family: the one that is named, else the first.
fn primary(guest: &Guest, facts: &Facts, wish: &Wish) -> BTreeMap<Family, Place> {
    let ip = |address: &AddressWish| match address.which {
        Which::Ip(ip) => Some(ip),
        Which::Id(id) => facts.address(id).and_then(Ip::of),
    };
    let chosen = |family: Family| {
        let named = match family {
            Family::V4 => &guest.primary_ip4,
            Family::V6 => &guest.primary_ip6,
        };
        let named = match named {
            Computed::Known(Some(text)) => Some(Ip::parse(text)?.host),
            Computed::Known(None) | Computed::Unknown => None,
        };
        let fits = |address: &AddressWish| {
            ip(address).is_some_and(|ip| ip.family() == family && named.is_none_or(|host| host == ip.host))
        };
        wish.addresses().find(|(_, address)| fits(address)).map(|(place, _)| (family, place))
    };
    Family::BOTH.into_iter().filter_map(chosen).collect()
}
