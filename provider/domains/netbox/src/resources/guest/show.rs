//! From facts to state.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::codec::decode_owned;
use catalogue::json;
use catalogue::store::Defaults;
use serde_json::Value as Json;
use tf_framework::{Computed, Number, Value};

use super::facts::{Facts, Family, Ip, assigned_to, macs, nested_id, normal_mac, primary_mac, text};
use super::model::{Address, Adopt, Disk, Guest, Interface, same_host};
use super::steps::Ledger;
use super::wishing::{REFERENCES, TENANTS, VLANS, VRFS, tenant};
use crate::api::{Object, agrees};
use crate::resources::references::{Referents, referent, shown, shown_text};

/// What is known of a guest before it is looked at: the configuration or the state, or nothing where all is taken over.
#[derive(Clone, Copy)]
pub(super) struct Hint<'a> {
    pub(super) guest: Option<&'a Guest>,
    pub(super) ledger: &'a Ledger,
    pub(super) references: &'a Referents,
    pub(super) defaults: &'a Defaults,
}

/// The guest as it is; `None` without a machine.
pub(super) fn guest(facts: &Facts, hint: Hint<'_>) -> Option<Guest> {
    let vm = facts.vm.as_ref()?;
    let known = hint.guest;
    let reference = |name: &str, hinted: Option<&Value>| {
        let target = REFERENCES.iter().find(|(known, _)| *known == name)?.1;
        shown(vm.fields.get(name), target, hinted, hint.references.get(name))
    };
    let mine = |name: &str, of: fn(&Guest) -> &Option<Value>| match known {
        Some(guest) => reference(name, of(guest).as_ref()),
        None => reference(name, None),
    };
    // What was never said is not ours to show.
    let said = |name: &str, of: fn(&Guest) -> &Option<Value>| match known {
        Some(guest) => of(guest).as_ref().and_then(|hinted| reference(name, Some(hinted))),
        None => None,
    };
    let words =
        |key: &str, of: fn(&Guest) -> &Option<String>| words(vm, key, known.and_then(|g| of(g).as_ref()));
    let shown_tenant = match known {
        Some(Guest { tenant: None, .. }) if is_default_tenant(vm, hint.defaults) => None,
        _ => mine("tenant", |g| &g.tenant),
    };
    Some(Guest {
        id: Computed::Known(vm.id),
        url: Computed::Known(text(vm, "url").to_owned()),
        name: text(vm, "name").to_owned(),
        cluster: mine("cluster", |g| &g.cluster),
        site: said("site", |g| &g.site),
        device: mine("device", |g| &g.device),
        role: mine("role", |g| &g.role),
        platform: mine("platform", |g| &g.platform),
        tenant: shown_tenant,
        owner: said("owner", |g| &g.owner),
        status: choice(vm, "status").unwrap_or_default(),
        start_on_boot: known.and_then(|g| g.start_on_boot.as_ref()).and_then(|_| choice(vm, "start_on_boot")),
        vcpus: vm.fields.get("vcpus").and_then(json::lenient_number),
        memory: number(vm, "memory"),
        disk: Computed::Known(facts.disk_size()),
        serial: words("serial", |g| &g.serial),
        description: words("description", |g| &g.description),
        comments: words("comments", |g| &g.comments),
        tags: tags(vm, hint),
        cost_tags: Computed::Known(cost_tags(vm, hint)),
        custom_fields: custom_fields(vm, known),
        interfaces: interfaces(facts, hint),
        disks: disks(facts, known),
        primary_ip4: Computed::Known(primary(facts, Family::V4, known.map(|g| &g.primary_ip4))),
        primary_ip6: Computed::Known(primary(facts, Family::V6, known.map(|g| &g.primary_ip6))),
        exclusive: known.is_some_and(|g| g.exclusive),
        adopt: known.map_or(Adopt::Never, |g| g.adopt),
        timeouts: known.and_then(|g| g.timeouts.clone()),
        ..ids(facts, hint)
    })
}

/// The ids of everything that is ours; the rest is to be filled in.
fn ids(facts: &Facts, hint: Hint<'_>) -> Guest {
    let ledger = hint.ledger;
    let named = |objects: &[Object], ours: &BTreeSet<u64>| {
        let ours = objects.iter().filter(|object| ours.contains(&object.id));
        Computed::Known(ours.map(|object| (text(object, "name").to_owned(), object.id.into())).collect())
    };
    let mac = |interface: &Object| {
        let primary = primary_mac(interface).filter(|id| ledger.macs.contains(id))?;
        Some((text(interface, "name").to_owned(), primary.into()))
    };
    let address = |address: &Object| {
        let ours = ledger.addresses.contains(&address.id) || ledger.adopted.contains(&address.id);
        Some((Ip::of(address).filter(|_| ours)?.to_string(), address.id.into()))
    };
    Guest {
        interface_ids: named(&facts.interfaces, &ledger.interfaces),
        disk_ids: named(&facts.disks, &ledger.disks),
        mac_address_ids: Computed::Known(facts.interfaces.iter().filter_map(mac).collect()),
        address_ids: Computed::Known(facts.addresses.iter().filter_map(address).collect()),
        adopted_address_ids: Computed::Known(hint.guest.map(|_| ledger.adopted.clone())),
        ..Guest::blank()
    }
}

impl Guest {
    /// A guest of which nothing is known.
    pub(super) fn blank() -> Self {
        Self {
            id: Computed::Unknown,
            url: Computed::Unknown,
            name: String::new(),
            cluster: None,
            site: None,
            device: None,
            role: None,
            platform: None,
            tenant: None,
            owner: None,
            status: String::new(),
            start_on_boot: None,
            vcpus: None,
            memory: None,
            disk: Computed::Unknown,
            serial: None,
            description: None,
            comments: None,
            tags: None,
            cost_tags: Computed::Unknown,
            custom_fields: None,
            interfaces: None,
            disks: None,
            primary_ip4: Computed::Unknown,
            primary_ip6: Computed::Unknown,
            exclusive: false,
            adopt: Adopt::Never,
            interface_ids: Computed::Unknown,
            mac_address_ids: Computed::Unknown,
            address_ids: Computed::Unknown,
            disk_ids: Computed::Unknown,
            adopted_address_ids: Computed::Unknown,
            timeouts: None,
        }
    }
}

/// What the references of the machine point to, to know them again.
pub(super) fn referents(vm: &Object) -> Referents {
    let seen = |(name, target): (&str, &str)| Some((name.to_owned(), referent(vm.fields.get(name), target)?));
    REFERENCES.into_iter().filter_map(seen).collect()
}

fn number<T: TryFrom<u64>>(object: &Object, key: &str) -> Option<T> {
    let number: Number = json::lenient_number(object.fields.get(key)?)?;
    T::try_from(number.as_u64()?).ok()
}

fn choice(object: &Object, key: &str) -> Option<String> {
    let value = object.fields.get(key)?;
    let bare = value.get("value").unwrap_or(value);
    bare.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A text; an empty one is none unless it is meant to be empty.
fn words(object: &Object, key: &str, hint: Option<&String>) -> Option<String> {
    let is = text(object, key);
    match hint {
        Some(hint) if hint.trim() == is => Some(hint.clone()),
        _ => Some(is.to_owned()).filter(|text| !text.is_empty()),
    }
}

fn is_default_tenant(object: &Object, defaults: &Defaults) -> bool {
    let default = tenant(None, defaults);
    !default.is_null() && agrees(&default, object.fields.get("tenant").unwrap_or(&Json::Null))
}

/// Slugs of all tags of a machine.
pub(super) fn slugs(vm: &Object) -> impl Iterator<Item = String> {
    let all = vm.fields.get("tags").and_then(Json::as_array).into_iter().flatten();
    all.filter_map(|tag| tag.get("slug")?.as_str().map(str::to_owned))
}

impl Guest {
    /// The provider's tags that the plan or the state holds.
    pub(super) fn cost_tags_held(&self) -> BTreeSet<String> {
        self.cost_tags.known().cloned().flatten().unwrap_or_default()
    }
}

/// Tags that are there because the provider puts them, or put them earlier.
fn cost_tags(vm: &Object, hint: Hint<'_>) -> Option<BTreeSet<String>> {
    let had = hint.guest.map(Guest::cost_tags_held).unwrap_or_default();
    let own = hint.guest.and_then(|guest| guest.tags.clone()).unwrap_or_default();
    let put = |slug: &String| {
        !own.contains(slug) && (had.contains(slug) || hint.defaults.fact_tags.values().any(|tag| tag == slug))
    };
    Some(slugs(vm).filter(put).collect()).filter(|found: &BTreeSet<String>| !found.is_empty())
}

fn tags(vm: &Object, hint: Hint<'_>) -> Option<BTreeSet<String>> {
    let slugs = slugs(vm);
    let had = hint.guest.map(Guest::cost_tags_held).unwrap_or_default();
    let hinted = match hint.guest {
        Some(guest) => Some(guest.tags.as_ref()?),
        None => None,
    };
    let defaults = hint.defaults;
    let ours = |slug: &String| {
        let named = hinted.is_some_and(|hinted| hinted.contains(slug));
        named || !(defaults.puts(slug) || had.contains(slug) || defaults.ignored_tags.contains(slug))
    };
    let found: BTreeSet<String> = slugs.filter(ours).collect();
    (hinted.is_some() || !found.is_empty()).then_some(found)
}

fn custom_fields(vm: &Object, known: Option<&Guest>) -> Option<Value> {
    let values = vm.fields.get("custom_fields").unwrap_or(&Json::Null);
    let shown = match known {
        Some(guest) => decode_owned(values, Some(guest.custom_fields.as_ref()?)),
        None => decode_owned(values, None),
    };
    Some(shown).filter(|value| !value.is_null())
}

fn interfaces(facts: &Facts, hint: Hint<'_>) -> Option<BTreeMap<String, Interface>> {
    let Some(guest) = hint.guest else {
        let all =
            facts.interfaces.iter().map(|i| (text(i, "name").to_owned(), interface(facts, i, None, hint)));
        return Some(all.collect::<BTreeMap<_, _>>()).filter(|all| !all.is_empty());
    };
    let named = guest.interfaces.as_ref();
    let known = |name: &str| named.and_then(|named| named.get(name));
    // What others made is seen only where it is to go.
    let seen = facts.interfaces.iter().filter(|i| guest.exclusive || known(text(i, "name")).is_some());
    let shown = seen.map(|there| {
        let name = text(there, "name");
        (name.to_owned(), interface(facts, there, known(name), hint))
    });
    let shown: BTreeMap<String, Interface> = shown.collect();
    (named.is_some() || !shown.is_empty()).then_some(shown)
}

fn interface(facts: &Facts, there: &Object, known: Option<&Interface>, hint: Hint<'_>) -> Interface {
    let field = |key: &str| there.fields.get(key);
    let hinted = |of: fn(&Interface) -> &Option<String>| known.and_then(|known| of(known).as_ref());
    Interface {
        enabled: field("enabled").and_then(Json::as_bool).unwrap_or(true),
        mtu: number(there, "mtu"),
        mac_address: mac_address(there, known, hint),
        description: words(there, "description", hinted(|i| &i.description)),
        mode: choice(there, "mode"),
        untagged_vlan: shown_text(field("untagged_vlan"), VLANS, hinted(|i| &i.untagged_vlan)),
        tagged_vlans: tagged(there, known),
        vrf: shown_text(field("vrf"), VRFS, hinted(|i| &i.vrf)),
        addresses: addresses(facts, there, known, hint),
    }
}

/// The primary MAC address, where it is ours or is said to be.
fn mac_address(there: &Object, known: Option<&Interface>, hint: Hint<'_>) -> Option<String> {
    let primary = primary_mac(there);
    let object = macs(there).into_iter().find(|mac| Some(mac.id) == primary).map(|mac| mac.text);
    // Before there were objects it was a field.
    let is = object.or_else(|| Some(normal_mac(there.fields.get("mac_address")?.as_str()?)))?;
    let ours = primary.is_none_or(|id| hint.ledger.macs.contains(&id));
    match known {
        Some(Interface { mac_address: Some(said), .. }) if normal_mac(said) == is => Some(said.clone()),
        Some(Interface { mac_address: None, .. }) if !ours => None,
        _ => Some(is),
    }
}

fn tagged(there: &Object, known: Option<&Interface>) -> Option<BTreeSet<String>> {
    let known = known.and_then(|known| known.tagged_vlans.as_ref());
    let list = there.fields.get("tagged_vlans").and_then(Json::as_array).into_iter().flatten();
    let shown = |vlan: &Json| {
        let fits = |hint: &&String| shown_text(Some(vlan), VLANS, Some(hint)).as_ref() == Some(*hint);
        let hint = known.into_iter().flatten().find(fits);
        hint.cloned().or_else(|| nested_id(Some(vlan)).map(|id| id.to_string()))
    };
    let found: BTreeSet<String> = list.filter_map(shown).collect();
    (known.is_some() || !found.is_empty()).then_some(found)
}

fn addresses(
    facts: &Facts,
    interface: &Object,
    known: Option<&Interface>,
    hint: Hint<'_>,
) -> Option<Vec<Address>> {
    let there: Vec<&Object> = facts.addresses_of(interface.id).collect();
    let Some(known) = known else {
        let all: Vec<Address> = there.iter().map(|object| address(object, None, interface, hint)).collect();
        return Some(all).filter(|all| !all.is_empty());
    };
    let exclusive = hint.guest.is_some_and(|guest| guest.exclusive);
    let mut claimed = BTreeSet::new();
    let shown = known.addresses.iter().flatten().filter_map(|said| {
        let wanted = said.address.as_deref().and_then(Ip::parse);
        let fits = |object: &&&Object, exactly: bool| {
            let ip = Ip::of(object);
            let same = if exactly { ip == wanted } else { ip.map(|i| i.host) == wanted.map(|w| w.host) };
            !claimed.contains(&object.id) && (said.id == Some(object.id) || (wanted.is_some() && same))
        };
        let found = there.iter().find(|o| fits(o, true)).or_else(|| there.iter().find(|o| fits(o, false)))?;
        claimed.insert(found.id);
        Some(address(found, Some(said), interface, hint))
    });
    let mut shown: Vec<Address> = shown.collect();
    if exclusive {
        let others = there.iter().filter(|object| !claimed.contains(&object.id));
        shown.extend(others.map(|object| address(object, None, interface, hint)));
    }
    (known.addresses.is_some() || !shown.is_empty()).then_some(shown)
}

fn address(there: &Object, said: Option<&Address>, interface: &Object, hint: Hint<'_>) -> Address {
    let by_id = said.is_some_and(|said| said.id.is_some());
    let hinted = |of: fn(&Address) -> &Option<String>| said.and_then(|said| of(said).as_ref());
    // Of an address that something else made only what is said here is ours to show.
    let ours = |of: fn(&Address) -> &Option<String>| !by_id || hinted(of).is_some();
    let only = |value: Option<String>, ours: bool| value.filter(|_| ours);
    let spelt = |value: Option<String>, hint: Option<&String>| match (value, hint) {
        (Some(value), Some(hint)) if value.eq_ignore_ascii_case(hint) => Some(hint.clone()),
        (value, _) => value,
    };
    let is = Ip::of(there);
    let said_text = hinted(|a| &a.address).filter(|text| Ip::parse(text) == is);
    let text = said_text.cloned().or_else(|| is.map(|ip| ip.to_string()));
    let status =
        choice(there, "status").filter(|status| hinted(|a| &a.status).is_some() || status != "active");
    let inherited_vrf = nested_id(there.fields.get("vrf")) == nested_id(interface.fields.get("vrf"));
    let has_vrf = hinted(|a| &a.vrf).is_some() || !inherited_vrf;
    let default_tenant = hinted(|a| &a.tenant).is_none() && is_default_tenant(there, hint.defaults);
    let tenant = shown_text(there.fields.get("tenant"), TENANTS, hinted(|a| &a.tenant));
    let dns_name = words(there, "dns_name", hinted(|a| &a.dns_name));
    Address {
        address: only(text, !by_id),
        id: said.and_then(|said| said.id),
        dns_name: only(spelt(dns_name, hinted(|a| &a.dns_name)), ours(|a| &a.dns_name)),
        description: only(words(there, "description", hinted(|a| &a.description)), ours(|a| &a.description)),
        status: only(status, ours(|a| &a.status)),
        role: only(choice(there, "role"), ours(|a| &a.role)),
        tenant: only(tenant, ours(|a| &a.tenant) && !default_tenant),
        vrf: only(shown_text(there.fields.get("vrf"), VRFS, hinted(|a| &a.vrf)), ours(|a| &a.vrf) && has_vrf),
    }
}

fn disks(facts: &Facts, known: Option<&Guest>) -> Option<BTreeMap<String, Disk>> {
    let disk = |there: &Object, known: Option<&Disk>| Disk {
        size: number(there, "size").unwrap_or_default(),
        description: words(there, "description", known.and_then(|known| known.description.as_ref())),
    };
    let Some(guest) = known else {
        let all = facts.disks.iter().map(|there| (text(there, "name").to_owned(), disk(there, None)));
        return Some(all.collect::<BTreeMap<_, _>>()).filter(|all| !all.is_empty());
    };
    let named = guest.disks.as_ref();
    let known = |name: &str| named.and_then(|named| named.get(name));
    let seen = facts.disks.iter().filter(|there| guest.exclusive || known(text(there, "name")).is_some());
    let shown = seen.map(|there| (text(there, "name").to_owned(), disk(there, known(text(there, "name")))));
    let shown: BTreeMap<String, Disk> = shown.collect();
    (named.is_some() || !shown.is_empty()).then_some(shown)
}

fn primary(facts: &Facts, family: Family, hint: Option<&Computed<Option<String>>>) -> Option<String> {
    let id = facts.primary(family)?;
    let on_machine =
        facts.addresses.iter().find(|address| address.id == id && assigned_to(address).is_some());
    let nested = || {
        let vm = facts.vm.as_ref()?;
        Some(vm.fields.get(family.field())?.get("address")?.as_str()?.to_owned())
    };
    let is = on_machine.map(|address| text(address, "address").to_owned()).or_else(nested)?;
    match hint {
        Some(Computed::Known(Some(hint))) if same_host(hint, &is) => Some(hint.clone()),
        _ => Some(Ip::parse(&is).map_or(is, |ip| ip.to_string())),
    }
}
