//! The endpoints that hand out what is free: prefixes, addresses, VLANs, AS numbers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::access::Grant;
use super::bodies::object_of;
use super::net::{Net, free_blocks};
use super::refusal::Refusal;
use super::render::Render;
use super::store::{Object, Store};
use super::table::TypeId;
use super::write::Writer;

/// What an endpoint below an object hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    Prefixes,
    Addresses,
    RangeAddresses,
    Vlans,
    AutonomousSystems,
}

/// Which pool a path below an object is.
pub(crate) fn pool(path: &str, action: &str) -> Option<Pool> {
    Some(match (path, action) {
        ("ipam/prefixes", "available-prefixes") => Pool::Prefixes,
        ("ipam/prefixes", "available-ips") => Pool::Addresses,
        ("ipam/ip-ranges", "available-ips") => Pool::RangeAddresses,
        ("ipam/vlan-groups", "available-vlans") => Pool::Vlans,
        ("ipam/asn-ranges", "available-asns") => Pool::AutonomousSystems,
        _ => return None,
    })
}

impl Pool {
    /// Type of what is made.
    pub(crate) fn makes(self, store: &Store) -> Option<TypeId> {
        store.table.by_path(match self {
            Self::Prefixes => "ipam/prefixes",
            Self::Addresses | Self::RangeAddresses => "ipam/ip-addresses",
            Self::Vlans => "ipam/vlans",
            Self::AutonomousSystems => "ipam/asns",
        })
    }
}

fn same_vrf<'a>(store: &'a Store, kind: TypeId, parent: &Object) -> impl Iterator<Item = &'a Object> {
    let vrf = parent.key("vrf");
    store.all(kind).map(AsRef::as_ref).filter(move |o: &&Object| o.key("vrf") == vrf)
}

/// Free networks in a prefix.
fn free_prefixes(store: &Store, kind: TypeId, parent: &Object) -> Vec<Net> {
    let Some(within) = Net::parse(parent.text("prefix")) else { return Vec::new() };
    // A container holds prefixes of every VRF; others those of their own.
    let global = parent.text("status") == "container" && parent.key("vrf").is_none();
    let all =
        store.all(kind).map(AsRef::as_ref).filter(|o: &&Object| global || o.key("vrf") == parent.key("vrf"));
    let taken: Vec<Net> = all
        .filter(|o| o.id != parent.id)
        .filter_map(|o| Net::parse(o.text("prefix")))
        .filter(|n| within.contains(*n))
        .collect();
    free_blocks(within, &taken)
}

/// The first free addresses of a prefix or range, at most so many; the mask is the parent's.
fn free_addresses(store: &Store, pool: Pool, parent: &Object, most: usize) -> Vec<Net> {
    let Some(addresses) = store.table.by_path("ipam/ip-addresses") else { return Vec::new() };
    let (net, first, last) = if pool == Pool::RangeAddresses {
        let ends = Net::parse(parent.text("start_address")).zip(Net::parse(parent.text("end_address")));
        let Some((start, end)) = ends else { return Vec::new() };
        (start, start.address, end.address)
    } else {
        let Some(net) = Net::parse(parent.text("prefix")) else { return Vec::new() };
        let hosts = net.bits() - net.length;
        let whole = hosts <= 1 || parent.get("is_pool") == true;
        match (whole, net.v6) {
            (true, _) => (net, net.first(), net.last()),
            // The address of an IPv6 network is the routers' own.
            (false, true) => (net, net.first() + 1, net.last()),
            (false, false) => (net, net.first() + 1, net.last() - 1),
        }
    };
    let taken: BTreeSet<u128> = same_vrf(store, addresses, parent)
        .filter_map(|o| Net::parse(o.text("address")))
        .filter(|n| n.v6 == net.v6)
        .map(|n| n.address)
        .collect();
    let ranges = if pool == Pool::Addresses { populated(store, parent, net) } else { Vec::new() };
    let mut free = Vec::new();
    let mut at = first;
    while at <= last && free.len() < most {
        if let Some((_, end)) = ranges.iter().find(|(from, to)| *from <= at && at <= *to) {
            at = *end;
        } else if !taken.contains(&at) {
            free.push(Net { address: at, ..net });
        }
        let Some(next) = at.checked_add(1) else { break };
        at = next;
    }
    free
}

/// Ranges whose addresses count as used.
fn populated(store: &Store, parent: &Object, net: Net) -> Vec<(u128, u128)> {
    let Some(ranges) = store.table.by_path("ipam/ip-ranges") else { return Vec::new() };
    let used = same_vrf(store, ranges, parent).filter(|r| r.get("mark_populated") == true);
    let ends =
        used.filter_map(|r| Net::parse(r.text("start_address")).zip(Net::parse(r.text("end_address"))));
    ends.filter(|(s, _)| s.v6 == net.v6).map(|(s, e)| (s.address, e.address)).collect()
}

fn free_vlans(store: &Store, kind: TypeId, parent: &Object) -> Vec<i64> {
    let Some(vlans) = store.table.by_path("ipam/vlans") else { return Vec::new() };
    let ids = store.by_field(kind, parent.id, vlans, "group");
    let taken: BTreeSet<i64> = ids.filter_map(|id| store.get(vlans, id)?.get("vid").as_i64()).collect();
    let ranges = super::clean::vid_ranges(parent);
    ranges.iter().flat_map(|(from, to)| *from..=*to).filter(|v| !taken.contains(v)).collect()
}

fn free_numbers(store: &Store, parent: &Object) -> Vec<u64> {
    let Some(asns) = store.table.by_path("ipam/asns") else { return Vec::new() };
    let taken: BTreeSet<u64> = store.all(asns).filter_map(|o| o.key("asn")).collect();
    let ends = parent.key("start").zip(parent.key("end"));
    ends.map(|(from, to)| (from..=to).filter(|n| !taken.contains(n)).collect()).unwrap_or_default()
}

/// What is free, as a GET shows it.
pub(crate) fn show(render: &Render<'_>, kind: TypeId, parent: &Object, pool: Pool, most: usize) -> String {
    let store = render.store;
    let nested = |field: &str| {
        let target = store.kind(kind).field(field).and_then(|f| f.target).zip(parent.key(field));
        target.map_or_else(
            || "null".to_owned(),
            |(t, id)| render.nested(t, id, render.brief_form(t).as_deref()).to_string(),
        )
    };
    let parts: Vec<String> = match pool {
        Pool::Prefixes => {
            let vrf = nested("vrf");
            let free = free_prefixes(store, kind, parent).into_iter();
            free.map(|n| format!("{{\"family\":{},\"prefix\":\"{n}\",\"vrf\":{vrf}}}", n.family())).collect()
        }
        Pool::Addresses | Pool::RangeAddresses => {
            let vrf = nested("vrf");
            let free = free_addresses(store, pool, parent, most).into_iter();
            free.map(|n| format!("{{\"family\":{},\"address\":\"{n}\",\"vrf\":{vrf}}}", n.family())).collect()
        }
        Pool::Vlans => {
            let group = render.nested(kind, parent.id, render.brief_form(kind).as_deref());
            let free = free_vlans(store, kind, parent).into_iter().take(most);
            free.map(|v| format!("{{\"vid\":{v},\"group\":{group}}}")).collect()
        }
        Pool::AutonomousSystems => {
            let rir = nested("rir");
            let free = free_numbers(store, parent).into_iter().take(most);
            free.map(|n| format!("{{\"rir\":{rir},\"asn\":{n}}}")).collect()
        }
    };
    format!("[{}]", parts.join(","))
}

/// Hands out: one for an object, several for a list.
pub(crate) fn take(
    writer: &mut Writer<'_>,
    kind: TypeId,
    parent: &Object,
    pool: Pool,
    body: &Value,
    grant: &Grant,
) -> Result<Vec<u64>, Refusal> {
    let one = [body.clone()];
    let asked: Vec<Map<String, Value>> = match body {
        Value::Array(items) => items.as_slice(),
        _ => one.as_slice(),
    }
    .iter()
    .map(|item| object_of(item).cloned())
    .collect::<Result<_, _>>()?;
    let made = pool.makes(writer.store).ok_or_else(|| Refusal::not_served("this allocation"))?;
    let filled = fill(writer.store, kind, parent, pool, asked)?;
    let bodies: Vec<Value> = filled.into_iter().map(Value::Object).collect();
    match (body, bodies.as_slice()) {
        (Value::Array(_), _) => writer.create_all(made, &bodies, grant),
        // A single VLAN is checked as a list of one.
        (_, [one]) if pool == Pool::Vlans && one.get("name").is_none() => {
            writer.create_all(made, &bodies, grant)
        }
        (_, [one]) => writer.create(made, one, grant).map(|id| vec![id]),
        _ => Ok(Vec::new()),
    }
}

/// Gives every asked-for object its share.
fn fill(
    store: &Store,
    kind: TypeId,
    parent: &Object,
    pool: Pool,
    mut asked: Vec<Map<String, Value>>,
) -> Result<Vec<Map<String, Value>>, Refusal> {
    match pool {
        Pool::Prefixes => {
            let mut free = free_prefixes(store, kind, parent);
            for (at, item) in asked.iter_mut().enumerate() {
                let net = block(&mut free, parent, item).map_err(|error| match error {
                    Some(body) => Refusal::new(400, if at == 0 { body } else { json!([body]) }),
                    None => Refusal::exhausted(),
                })?;
                item.insert("prefix".to_owned(), json!(net.to_string()));
                item.insert("vrf".to_owned(), parent.get("vrf").clone());
            }
        }
        Pool::Addresses | Pool::RangeAddresses => {
            let free = free_addresses(store, pool, parent, asked.len());
            share(&mut asked, &free, |item, net| {
                item.insert("address".to_owned(), json!(net.to_string()));
                item.insert("vrf".to_owned(), parent.get("vrf").clone());
            })?;
        }
        Pool::Vlans => {
            if asked.iter().all(|item| item.contains_key("name")) {
                let free = free_vlans(store, kind, parent);
                share(&mut asked, &free, |item, vid| {
                    item.insert("vid".to_owned(), json!(vid));
                    item.insert("group".to_owned(), json!(parent.id));
                })?;
            } else {
                for item in &mut asked {
                    item.insert("vid".to_owned(), json!(1));
                }
            }
        }
        Pool::AutonomousSystems => {
            let free = free_numbers(store, parent);
            share(&mut asked, &free, |item, number| {
                item.insert("asn".to_owned(), json!(number));
                item.insert("rir".to_owned(), parent.get("rir").clone());
            })?;
        }
    }
    Ok(asked)
}

fn share<T>(
    asked: &mut [Map<String, Value>],
    free: &[T],
    give: impl Fn(&mut Map<String, Value>, &T),
) -> Result<(), Refusal> {
    if free.len() < asked.len() {
        return Err(Refusal::exhausted());
    }
    for (item, one) in asked.iter_mut().zip(free) {
        give(item, one);
    }
    Ok(())
}

/// The first block with room for the length asked for; `None` in the error where there is none.
fn block(free: &mut Vec<Net>, parent: &Object, item: &Map<String, Value>) -> Result<Net, Option<Value>> {
    let field = |text: &str| Some(json!({ "prefix_length": [text] }));
    let length = item.get("prefix_length").ok_or_else(|| field("This field is required."))?;
    let length = length.as_u64().or_else(|| length.as_str()?.parse().ok());
    let length = length.ok_or_else(|| field("A valid integer is required."))?;
    let within = Net::parse(parent.text("prefix")).ok_or(None)?;
    let length = u8::try_from(length).ok().filter(|l| *l <= within.bits());
    let length = length.ok_or_else(|| field(&format!("Invalid prefix length for IPv{}", within.family())))?;
    let at = free.iter().position(|b| b.length <= length).ok_or(None)?;
    let found = free.remove(at);
    let taken = Net { length, ..found };
    // What is left of the block stays free.
    free.splice(at..at, free_blocks(found, &[taken]));
    Ok(taken)
}
