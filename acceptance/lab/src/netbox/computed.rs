//! Values NetBox makes itself: counts, families, depths, the other ends of references.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::cables;
use super::context;
use super::net::Net;
use super::ports;
use super::render::Render;
use super::store::{BY_TAG, Object, Store};
use super::table::{Kind, TypeId};

/// Depth and children of prefixes, made once an answer.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    prefixes: RefCell<Option<HashMap<u64, (usize, usize)>>>,
}

/// The value of a field NetBox computes, as JSON; `None` where it is stored.
pub(crate) fn value(
    render: &Render<'_>,
    kind: TypeId,
    object: &Object,
    name: &str,
    nested: bool,
) -> Option<String> {
    let store = render.store;
    let t = store.kind(kind);
    if let Some((how, of, field)) = t.facts.counts.get(name) {
        let Some(of) = store.table.by_path(of) else { return Some("0".to_owned()) };
        return Some(count(store, kind, object.id, how, of, field, nested).to_string());
    }
    if let Some(generic) = t.generics.iter().find(|g| g.object == name) {
        let target = store.table.by_model(object.text(&generic.kind)).zip(object.key(&generic.id));
        return Some(target.map_or_else(|| "null".to_owned(), |(t, id)| nest(render, t, id)));
    }
    if let Some(mirror) = t.facts.mirror.get(name) {
        let (path, field) = mirror.split_once('.')?;
        let of = store.table.by_path(path)?;
        let ids: Vec<u64> = store.by_field(kind, object.id, of, field).collect();
        if t.facts.whole.iter().any(|w| w == name) {
            let mut out = String::new();
            render.whole(&mut out, of, ids);
            return Some(out);
        }
        return Some(list(render, of, ids));
    }
    if name == "_depth" && t.facts.tree.is_some() {
        return Some(ancestors(store, kind, object).len().to_string());
    }
    if let Some(found) = cables::value(render, kind, object, name) {
        return Some(found);
    }
    if let Some(found) = ports::value(store, kind, object, name) {
        return Some(found);
    }
    match name {
        "family" => family(object),
        "primary_ip" => Some(reference(render, kind, object, &["primary_ip4", "primary_ip6"])),
        "config_context" => Some(context::of(store, kind, object).to_string()),
        "mac_addresses" => Some(back(render, kind, object, "dcim/mac-addresses", "assigned_object")),
        "count_ipaddresses" => Some(back_count(store, kind, object, "ipam/ip-addresses", "assigned_object")),
        "count_fhrp_groups" => {
            Some(back_count(store, kind, object, "ipam/fhrp-group-assignments", "interface"))
        }
        "bridge_interfaces" => Some(back(render, kind, object, &t.path, "bridge")),
        "l2vpn_termination" => {
            Some(first_back(render, kind, object, "vpn/l2vpn-terminations", "assigned_object"))
        }
        _ => by_type(render, kind, object, name),
    }
}

fn by_type(render: &Render<'_>, kind: TypeId, object: &Object, name: &str) -> Option<String> {
    let store = render.store;
    let path = store.kind(kind).path.as_str();
    match (path, name) {
        ("dcim/interfaces" | "virtualization/interfaces", "mac_address") => {
            store.kind(kind).field("mac_addresses")?;
            let macs = store.table.by_path("dcim/mac-addresses")?;
            let primary = object.key("primary_mac_address").and_then(|id| store.get(macs, id));
            Some(primary.map_or(Value::Null, |m| m.get("mac_address").clone()).to_string())
        }
        ("ipam/prefixes", "children" | "_depth") => {
            let mut known = render.trees.prefixes.borrow_mut();
            let known = known.get_or_insert_with(|| hierarchy(store, kind));
            let (depth, children) = known.get(&object.id).copied().unwrap_or_default();
            let depth = if render.several { 0 } else { depth };
            Some((if name == "children" { children } else { depth }).to_string())
        }
        ("ipam/ip-ranges", "size") => {
            let ends = Net::parse(object.text("start_address")).zip(Net::parse(object.text("end_address")));
            Some(ends.map_or(0, |(a, b)| b.address.saturating_sub(a.address).saturating_add(1)).to_string())
        }
        ("ipam/ip-addresses", "nat_outside") => Some(back(render, kind, object, path, "nat_inside")),
        ("ipam/vlan-groups", "utilization") => {
            let vlans = store.table.by_path("ipam/vlans")?;
            let used = store.by_field(kind, object.id, vlans, "group").count();
            let percent = (used as f64 * 10000.0 / vlan_ids(object).max(1) as f64).round() / 100.0;
            Some(format!("\"{percent:?}\""))
        }
        ("ipam/vlan-groups", "total_vlan_ids") => Some(vlan_ids(object).to_string()),
        ("ipam/vlan-groups", "vid_ranges")
            if render.created && store.table.version.shows_exclusive_ranges() =>
        {
            // Before 4.4 the answer to a POST showed the upper ends as they stood in memory.
            let ranges = object.get(name).as_array().into_iter().flatten();
            let lower = |v: &Value| v.as_i64().unwrap_or_default() - 1;
            Some(ranges.map(|r| json!([r[0], lower(&r[1])])).collect::<Value>().to_string())
        }
        // Shown for services of the old form, too; kept as sent for those of the new.
        ("ipam/services" | "ipam/service-templates", "port_mappings")
            if !object.text("protocol").is_empty() =>
        {
            let ports = object.get("ports").as_array().into_iter().flatten();
            Some(
                ports
                    .map(|p| json!(format!("{}/{p}", object.text("protocol"))))
                    .collect::<Value>()
                    .to_string(),
            )
        }
        ("extras/tags", "tagged_items") => {
            Some(store.back(kind, object.id).filter(|b| b.1 == BY_TAG).count().to_string())
        }
        ("extras/custom-field-choice-sets", "choices_count") => {
            Some(object.get("extra_choices").as_array().map_or(0, Vec::len).to_string())
        }
        ("extras/custom-fields", "data_type") => Some(json!(data_type(object.text("type"))).to_string()),
        ("extras/config-contexts" | "extras/config-context-profiles", "tags")
            if object.get("tags").is_array() =>
        {
            slugs(render, kind, object)
        }
        ("dcim/devices", "parent_device") => {
            let bays = store.table.by_path("dcim/device-bays")?;
            let bay = store.by_field(kind, object.id, bays, "installed_device").next();
            let parent = bay.and_then(|id| store.get(bays, id)?.key("device"));
            Some(parent.map_or_else(|| "null".to_owned(), |id| nest(render, kind, id)))
        }
        ("dcim/module-bays", "installed_module") => {
            Some(first_back(render, kind, object, "dcim/modules", "module_bay"))
        }
        ("dcim/virtual-chassis", "members") => {
            Some(back(render, kind, object, "dcim/devices", "virtual_chassis"))
        }
        ("dcim/rack-reservations", "unit_count") => {
            Some(object.get("units").as_array().map_or(0, Vec::len).to_string())
        }
        ("virtualization/clusters", "allocated_vcpus" | "allocated_memory" | "allocated_disk") => {
            Some(allocated(store, kind, object, name.trim_start_matches("allocated_")))
        }
        ("circuits/circuits", "termination_a" | "termination_z") => {
            let of = store.table.by_path("circuits/circuit-terminations")?;
            let side = name.trim_start_matches("termination_").to_uppercase();
            let ends = store.by_field(kind, object.id, of, "circuit");
            let end = ends.filter_map(|id| store.get(of, id)).find(|o| o.text("term_side") == side);
            let form = store.kind(kind).field(name).and_then(|f| f.form.clone());
            Some(
                end.map_or_else(
                    || "null".to_owned(),
                    |o| render.nested(of, o.id, form.as_deref()).to_string(),
                ),
            )
        }
        ("core/object-changes", "changed_object") => {
            let target =
                store.table.by_model(object.text("changed_object_type")).zip(object.key("changed_object_id"));
            let there = target.filter(|(t, id)| store.get(*t, *id).is_some());
            Some(there.map_or_else(|| "null".to_owned(), |(t, id)| nest(render, t, id)))
        }
        ("users/tokens", "token") => Some(object.get("token").to_string()),
        _ => None,
    }
}

/// An object in its brief form.
fn nest(render: &Render<'_>, kind: TypeId, id: u64) -> String {
    render.nested(kind, id, render.brief_form(kind).as_deref()).to_string()
}

fn list(render: &Render<'_>, kind: TypeId, ids: Vec<u64>) -> String {
    let mut out = String::new();
    render.list(&mut out, kind, ids, render.brief_form(kind).as_deref());
    out
}

/// Objects that refer to this one.
fn back(render: &Render<'_>, kind: TypeId, object: &Object, path: &str, field: &str) -> String {
    let Some(of) = render.store.table.by_path(path) else { return "[]".to_owned() };
    list(render, of, render.store.by_field(kind, object.id, of, field).collect())
}

fn back_count(store: &Store, kind: TypeId, object: &Object, path: &str, field: &str) -> String {
    let of = store.table.by_path(path);
    of.map_or(0, |of| store.by_field(kind, object.id, of, field).count()).to_string()
}

fn first_back(render: &Render<'_>, kind: TypeId, object: &Object, path: &str, field: &str) -> String {
    let of = render.store.table.by_path(path);
    let found = of.and_then(|of| Some((of, render.store.by_field(kind, object.id, of, field).next()?)));
    found.map_or_else(|| "null".to_owned(), |(of, id)| nest(render, of, id))
}

/// The first of several references that is set.
fn reference(render: &Render<'_>, kind: TypeId, object: &Object, fields: &[&str]) -> String {
    let t = render.store.kind(kind);
    for field in fields {
        let Some(spec) = t.field(field) else { continue };
        if let Some((target, id)) = spec.target.zip(object.key(field)) {
            return render.nested(target, id, spec.form.as_deref()).to_string();
        }
    }
    "null".to_owned()
}

fn family(object: &Object) -> Option<String> {
    let address = ["prefix", "address", "start_address"].iter().find_map(|f| Net::parse(object.text(f)));
    let family = address?.family();
    Some(format!("{{\"value\":{family},\"label\":\"IPv{family}\"}}"))
}

/// What an object lies in, nearest first.
pub(crate) fn ancestors(store: &Store, kind: TypeId, object: &Object) -> Vec<u64> {
    let Some(parent) = &store.kind(kind).facts.tree else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = object.key(parent);
    while let Some(id) = at.filter(|id| !found.contains(id)) {
        found.push(id);
        at = store.get(kind, id).and_then(|o| o.key(parent));
    }
    found
}

/// An object and all that lies in it.
pub(crate) fn descendants(store: &Store, kind: TypeId, id: u64) -> Vec<u64> {
    let Some(parent) = store.kind(kind).facts.tree.clone() else { return vec![id] };
    let mut found = vec![id];
    let mut at = 0;
    while let Some(next) = found.get(at).copied() {
        let below: Vec<u64> =
            store.by_field(kind, next, kind, &parent).filter(|b| !found.contains(b)).collect();
        found.extend(below);
        at += 1;
    }
    found
}

fn count(store: &Store, kind: TypeId, id: u64, how: &str, of: TypeId, field: &str, nested: bool) -> usize {
    if field == "scope" {
        return in_place(store, kind, id, of);
    }
    if how != "tree" {
        return store.by_field(kind, id, of, field).count();
    }
    if nested {
        // Nested objects are not annotated; the count then is the default.
        return 0;
    }
    descendants(store, kind, id).into_iter().map(|id| store.by_field(kind, id, of, field).count()).sum()
}

/// How deep one prefix lies in its VRF, and how many lie in it.
pub(crate) fn place(store: &Store, kind: TypeId, object: &Object) -> (usize, usize) {
    let Some(mine) = Net::parse(object.text("prefix")) else { return (0, 0) };
    let others = store.all(kind).filter(|o| o.id != object.id && o.key("vrf") == object.key("vrf"));
    let nets = others.filter_map(|o| Net::parse(o.text("prefix"))).filter(|n| n.length != mine.length);
    let nets: Vec<Net> = nets.collect();
    (nets.iter().filter(|n| n.contains(mine)).count(), nets.iter().filter(|n| mine.contains(**n)).count())
}

/// Objects scoped to a place, or to what lies directly in it.
fn in_place(store: &Store, kind: TypeId, id: u64, of: TypeId) -> usize {
    let scoped = |kind: TypeId, id: u64| store.by_field(kind, id, of, "scope").count();
    let within = |path: &str, field: &str| {
        let inner = store.table.by_path(path);
        let ids = inner.into_iter().flat_map(|t| store.by_field(kind, id, t, field).map(move |id| (t, id)));
        ids.map(|(t, id)| in_place(store, t, id, of)).sum::<usize>()
    };
    let inner = match store.kind(kind).path.as_str() {
        "dcim/regions" => within("dcim/sites", "region"),
        "dcim/site-groups" => within("dcim/sites", "group"),
        "dcim/sites" => within("dcim/locations", "site"),
        _ => 0,
    };
    scoped(kind, id) + inner
}

/// Depth and number of children of all prefixes, each VRF by itself.
fn hierarchy(store: &Store, kind: TypeId) -> HashMap<u64, (usize, usize)> {
    let mut all: Vec<(u64, Net, u64)> = store
        .all(kind)
        .filter_map(|o| Some((o.key("vrf").unwrap_or_default(), Net::parse(o.text("prefix"))?, o.id)))
        .collect();
    all.sort_unstable_by_key(|(vrf, net, id)| (*vrf, net.v6, net.first(), net.length, *id));
    let mut found: HashMap<u64, (usize, usize)> = HashMap::new();
    let mut above: Vec<(u64, Net, u64)> = Vec::new();
    for (vrf, net, id) in all {
        while above.last().is_some_and(|(v, n, _)| *v != vrf || !n.contains(net)) {
            above.pop();
        }
        // Duplicates are no children of each other.
        let over: Vec<u64> =
            above.iter().filter(|(_, n, _)| n.length < net.length).map(|(_, _, id)| *id).collect();
        found.entry(id).or_default().0 = over.len();
        for parent in over {
            found.entry(parent).or_default().1 += 1;
        }
        above.push((vrf, net, id));
    }
    found
}

/// How many VLAN ids a group has.
fn vlan_ids(object: &Object) -> i64 {
    let ranges = object.get("vid_ranges").as_array().into_iter().flatten();
    ranges.map(|r| r[1].as_i64().unwrap_or_default() - r[0].as_i64().unwrap_or_default() + 1).sum()
}

fn allocated(store: &Store, kind: TypeId, object: &Object, field: &str) -> String {
    let Some(of) = store.table.by_path("virtualization/virtual-machines") else { return "null".to_owned() };
    let machines = store.by_field(kind, object.id, of, "cluster").filter_map(|id| store.get(of, id));
    let given: Vec<f64> = machines.filter_map(|m| m.get(field).as_f64()).collect();
    if given.is_empty() {
        return "null".to_owned();
    }
    let sum: f64 = given.iter().sum();
    if field == "vcpus" { format!("{sum:?}") } else { format!("{sum:.0}") }
}

fn data_type(kind: &str) -> &'static str {
    match kind {
        "integer" => "integer",
        "decimal" => "decimal",
        "boolean" => "boolean",
        "json" | "object" => "object",
        "multiselect" | "multiobject" => "array",
        _ => "string",
    }
}

fn slugs(render: &Render<'_>, kind: TypeId, object: &Object) -> Option<String> {
    if render.store.kind(kind).field("tags").is_some_and(|f| f.kind == Kind::Tags) {
        return None;
    }
    let tags = render.store.table.by_path("extras/tags")?;
    let mut ids = object.keys("tags");
    super::order::sort_ids(render.store, tags, &mut ids);
    let slugs = ids.iter().filter_map(|id| render.store.get(tags, *id)).map(|t| t.get("slug").clone());
    Some(slugs.collect::<Value>().to_string())
}
