//! Where a filter looks: along references, up trees, back from the other end.

use serde_json::{Value, json};

use super::{no_choice, refers};
use crate::netbox::computed::ancestors;
use crate::netbox::store::{Object, Store};
use crate::netbox::table::{Field, TypeId};

/// One step from an object to others, or to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Along a reference.
    Along { field: String, to: TypeId },
    /// Back from objects that refer to this one.
    Back { field: String, from: TypeId },
    /// What a generic reference with this name points at, if it is of this type.
    Generic { name: String, to: TypeId },
    /// The object and all it lies in.
    Up,
    /// A value.
    Value(String),
}

/// A path from an object to values. Without a last value it leads to ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

/// Other ends of references by the names NetBox's filters use: (type, name, type that refers, field).
const BACK: &[(&str, &str, &str, &str)] = &[
    ("dcim/devices", "interfaces", "dcim/interfaces", "device"),
    ("virtualization/virtual-machines", "interfaces", "virtualization/interfaces", "virtual_machine"),
    ("", "mac_addresses", "dcim/mac-addresses", "assigned_object"),
    ("", "contacts", "tenancy/contact-assignments", "object"),
    ("", "l2vpn_terminations", "vpn/l2vpn-terminations", "assigned_object"),
    ("dcim/devices", "parent_bay", "dcim/device-bays", "installed_device"),
    ("dcim/interfaces", "virtual_circuit_termination", "circuits/virtual-circuit-terminations", "interface"),
    ("ipam/asns", "providers", "circuits/providers", "asns"),
    ("ipam/asns", "sites", "dcim/sites", "asns"),
    ("ipam/ip-addresses", "services", "ipam/services", "ipaddresses"),
    ("ipam/route-targets", "importing_vrfs", "ipam/vrfs", "import_targets"),
    ("ipam/route-targets", "exporting_vrfs", "ipam/vrfs", "export_targets"),
    ("ipam/route-targets", "importing_l2vpns", "vpn/l2vpns", "import_targets"),
    ("ipam/route-targets", "exporting_l2vpns", "vpn/l2vpns", "export_targets"),
    ("vpn/ike-proposals", "ike_policies", "vpn/ike-policies", "proposals"),
    ("vpn/ipsec-proposals", "ipsec_policies", "vpn/ipsec-policies", "proposals"),
    ("dcim/virtual-device-contexts", "interfaces", "dcim/interfaces", "vdcs"),
    ("circuits/circuits", "terminations", "circuits/circuit-terminations", "circuit"),
    ("users/users", "object_permissions", "users/permissions", "users"),
    ("users/groups", "object_permissions", "users/permissions", "groups"),
];

/// Fields by which others name an object of a type.
fn natural(store: &Store, kind: TypeId) -> &'static str {
    let t = store.kind(kind);
    let names = [
        "slug",
        "rd",
        "username",
        "name",
        "model",
        "cid",
        "account",
        "asn",
        "mac_address",
        "address",
        "label",
    ];
    names.into_iter().find(|n| t.field(n).is_some()).unwrap_or("id")
}

/// The cached places NetBox keeps on scoped objects and components.
fn cached(store: &Store, kind: TypeId, name: &str) -> Option<Vec<Path>> {
    let t = store.kind(kind);
    let wanted = name.trim_start_matches('_');
    let path = |text: &str| parse(store, kind, text);
    let places = match (t.field("device").is_some(), wanted) {
        (true, "site") => vec!["device.site"],
        (true, "location") => vec!["device.location"],
        (true, "rack") => vec!["device.rack"],
        (false, "site") => vec!["scope:dcim.site", "scope:dcim.location.site"],
        (false, "location") => vec!["scope:dcim.location"],
        (false, "region") => {
            vec!["scope:dcim.region", "scope:dcim.site.region", "scope:dcim.location.site.region"]
        }
        (false, "site_group") => {
            vec!["scope:dcim.sitegroup", "scope:dcim.site.group", "scope:dcim.location.site.group"]
        }
        _ => return None,
    };
    let generic = t.generics.iter().find(|g| matches!(g.object.as_str(), "scope" | "termination"));
    let name = generic.map(|g| format!("{}:", g.object)).unwrap_or_default();
    let places = places.into_iter().filter_map(|p| path(&p.replace("scope:", &name)));
    Some(places.collect())
}

/// Reads a path: `device.site.region~.slug`. A `~` counts what an object lies in as well.
pub(super) fn parse(store: &Store, kind: TypeId, text: &str) -> Option<Path> {
    let mut steps = Vec::new();
    let mut at = kind;
    let mut rest = text;
    while !rest.is_empty() {
        let (part, tail) = match rest.split_once(':') {
            // A generic reference names the content type, which has a dot.
            Some((name, _)) if !name.contains('.') => {
                let mut dots = rest.match_indices('.').map(|(at, _)| at);
                let end = dots.nth(1).unwrap_or(rest.len());
                (&rest[..end], rest.get(end + 1..).unwrap_or_default())
            }
            _ => rest.split_once('.').unwrap_or((rest, "")),
        };
        rest = tail;
        if let Some((name, model)) = part.split_once(':') {
            let to = store.table.by_model(model)?;
            let id = format!("{name}_id");
            let generic = store.kind(at).generics.iter().find(|g| g.object == name || g.id == id)?;
            steps.push(Step::Generic { name: generic.object.clone(), to });
            at = to;
            continue;
        }
        let up = part.ends_with('~');
        let part = part.trim_end_matches('~');
        let t = store.kind(at);
        let field = t
            .field(part)
            .filter(|f| refers(f.kind) && f.target.is_some() && !t.facts.mirror.contains_key(part));
        let back = || BACK.iter().find(|(of, name, _, _)| *name == part && (of.is_empty() || *of == t.path));
        if let Some(to) = field.and_then(|f| f.target) {
            steps.push(Step::Along { field: part.to_owned(), to });
            at = to;
        } else if let Some((_, _, from, field)) = back() {
            let from = store.table.by_path(from)?;
            steps.push(Step::Back { field: (*field).to_owned(), from });
            at = from;
        } else if rest.is_empty() && (t.field(part).is_some() || part == "id") {
            steps.push(Step::Value(part.to_owned()));
        } else {
            return None;
        }
        if up {
            steps.push(Step::Up);
        }
    }
    (!steps.is_empty()).then_some(Path(steps))
}

/// The path a filter's name stands for.
pub(super) fn of_filter(store: &Store, kind: TypeId, base: &str) -> Option<Path> {
    let t = store.kind(kind);
    if let Some(path) = t.facts.filters.get(base) {
        let path = path.split('@').next().unwrap_or(path);
        return if path.starts_with('_') { of_cached(store, kind, path) } else { parse(store, kind, path) };
    }
    if base == "created" || base == "last_updated" {
        return Some(Path(vec![Step::Value(base.to_owned())]));
    }
    let named = |stem: &str| -> Option<(String, TypeId)> {
        let plural = format!("{stem}s");
        [stem, plural.as_str()].into_iter().find_map(|name| {
            let field = t.field(name).filter(|f| refers(f.kind))?;
            Some((name.to_owned(), field.target?))
        })
    };
    if let Some((field, to)) = base.strip_suffix("_id").and_then(named) {
        let tree = if store.kind(to).facts.tree.is_some() && !base.starts_with("parent") { "~" } else { "" };
        return parse(store, kind, &format!("{field}{tree}"));
    }
    if let Some((field, to)) = named(base) {
        let tree = if store.kind(to).facts.tree.is_some() && base != "parent" { "~" } else { "" };
        return parse(store, kind, &format!("{field}{tree}.{}", natural(store, to)));
    }
    if t.field(base).is_some() {
        return parse(store, kind, base);
    }
    wider(store, kind, base)
}

fn of_cached(store: &Store, kind: TypeId, path: &str) -> Option<Path> {
    let (first, rest) = path.split_once('.').map_or((path, ""), |(f, r)| (f, r));
    let up = first.ends_with('~');
    let first = first.trim_end_matches('~');
    if matches!(first, "_depth" | "_children") {
        return None;
    }
    // The places are tried together; only the first carries the tail that all share.
    let mut places = cached(store, kind, first)?.into_iter();
    let mut found = places.next()?;
    for place in places {
        found.0.push(Step::Value("|".to_owned()));
        found.0.extend(place.0);
    }
    if up {
        found.0.push(Step::Value("~".to_owned()));
    }
    if !rest.is_empty() {
        found.0.push(Step::Value(format!(".{rest}")));
    }
    Some(found)
}

/// Filters many types share, which look beyond their own fields.
fn wider(store: &Store, kind: TypeId, base: &str) -> Option<Path> {
    let (stem, id) = base.strip_suffix("_id").map_or((base, false), |s| (s, true));
    let tail = |name: &str| if id { String::new() } else { format!(".{name}") };
    let paths = match stem {
        "tenant_group" => vec![format!("tenant.group~{}", tail("slug"))],
        "owner_group" => vec![format!("owner.group{}", tail("name"))],
        "site_group" => {
            vec![format!("site.group~{}", tail("slug")), format!("device.site.group~{}", tail("slug"))]
        }
        "region" => {
            vec![format!("site.region~{}", tail("slug")), format!("device.site.region~{}", tail("slug"))]
        }
        "site" => {
            vec![format!("device.site{}", tail("slug")), format!("virtual_machine.site{}", tail("slug"))]
        }
        "location" => vec![format!("device.location{}", tail("slug"))],
        "rack" => vec![format!("device.rack{}", tail("name"))],
        "contact" => vec!["contacts.contact".to_owned()],
        "contact_role" => vec!["contacts.role".to_owned()],
        "contact_group" => vec![
            format!("contacts.contact.groups~{}", tail("slug")),
            format!("contacts.contact.group~{}", tail("slug")),
        ],
        "vlan_vid" => vec!["vlan.vid".to_owned()],
        "owner" => vec![format!("owner{}", tail("name"))],
        "provider_network" => vec![format!("termination:circuits.providernetwork{}", tail("name"))],
        "user" => vec![format!("user{}", tail("username")), format!("created_by{}", tail("username"))],
        "role" => vec![format!("roles~{}", tail("slug"))],
        "manufacturer" => vec![format!("device_type.manufacturer{}", tail("slug"))],
        "device" => vec![
            format!("parent_object:dcim.device{}", tail("name")),
            format!("assigned_object:dcim.interface.device{}", tail("name")),
        ],
        "virtual_machine" => vec![
            format!("parent_object:virtualization.virtualmachine{}", tail("name")),
            format!("assigned_object:virtualization.vminterface.virtual_machine{}", tail("name")),
        ],
        "fhrpgroup" => vec![format!("parent_object:ipam.fhrpgroup{}", tail("name"))],
        "interface" => vec![
            format!("assigned_object:dcim.interface{}", tail("name")),
            format!("termination:dcim.interface{}", tail("name")),
        ],
        "vminterface" => vec![
            format!("assigned_object:virtualization.vminterface{}", tail("name")),
            format!("termination:virtualization.vminterface{}", tail("name")),
        ],
        "vlan" => vec![format!("assigned_object:ipam.vlan{}", tail("name"))],
        "circuit" => vec![format!("member:circuits.circuit{}", tail("cid"))],
        "virtual_circuit" => vec![format!("member:circuits.virtualcircuit{}", tail("cid"))],
        "device_role" => vec![format!("role{}", tail("slug")), format!("device.role{}", tail("slug"))],
        "cluster_group" => vec![format!("cluster.group{}", tail("slug"))],
        "cluster_type" => vec![format!("cluster.type{}", tail("slug"))],
        "provider" => vec![format!("circuit.provider{}", tail("slug"))],
        "tenant" => vec![format!("device.tenant{}", tail("slug"))],
        _ => return None,
    };
    paths.into_iter().find_map(|p| parse(store, kind, &p))
}

impl Path {
    /// The field at the end of the path.
    pub(super) fn last_field<'a>(&self, store: &'a Store, kind: TypeId) -> Option<&'a Field> {
        let [.., Step::Value(name)] = self.0.as_slice() else { return None };
        store.kind(self.end(kind)).field(name)
    }

    /// The type the last value is of.
    fn end(&self, kind: TypeId) -> TypeId {
        let last = self.0.iter().rev().find_map(|s| match s {
            Step::Along { to, .. } | Step::Generic { to, .. } => Some(*to),
            Step::Back { from, .. } => Some(*from),
            _ => None,
        });
        last.unwrap_or(kind)
    }

    /// Whether the path names other objects, by id or by what they are called.
    pub(super) fn is_reference(&self) -> bool {
        let names = ["slug", "name", "rd", "username", "model", "cid", "id"];
        match self.0.as_slice() {
            [] => false,
            [.., Step::Value(name)] if self.0.len() > 1 => {
                let name = name.rsplit('.').next().unwrap_or(name);
                names.contains(&name) || matches!(name, "~" | "|")
            }
            [.., Step::Value(_)] => false,
            [.., Step::Up | Step::Along { .. } | Step::Generic { .. } | Step::Back { .. }] => true,
        }
    }

    /// An object that does not exist is no choice.
    pub(super) fn check_choice(&self, store: &Store, kind: TypeId, value: &str) -> Result<(), String> {
        let (name, end) = match self.0.as_slice() {
            [front @ .., Step::Value(name)] => {
                let name = name.rsplit('.').next().unwrap_or(name);
                let plain = if matches!(name, "~" | "|" | "") { "id" } else { name };
                (plain, Self(front.to_vec()).end(kind))
            }
            _ => ("id", self.end(kind)),
        };
        // A cached place names its own type only at the first of its ways.
        let end = match self.0.first() {
            Some(Step::Generic { to, .. })
                if self.0.iter().any(|s| matches!(s, Step::Value(v) if v == "|")) =>
            {
                *to
            }
            _ => end,
        };
        let there = match name {
            "id" => value.parse().is_ok_and(|id| store.get(end, id).is_some()),
            name => store.all(end).any(|o| super::test::text(o.get(name)) == value),
        };
        if there { Ok(()) } else { Err(no_choice(value)) }
    }

    /// The values the path leads to.
    pub(super) fn values(&self, store: &Store, kind: TypeId, object: &Object) -> Vec<Value> {
        let mut found: Vec<(TypeId, u64)> = vec![(kind, object.id)];
        let mut kept: Vec<(TypeId, u64)> = Vec::new();
        for step in &self.0 {
            match step {
                Step::Value(or) if or == "|" => {
                    kept.append(&mut found);
                    found = vec![(kind, object.id)];
                }
                Step::Value(up) if up == "~" => {
                    found.append(&mut kept);
                    found = with_ancestors(store, &found);
                }
                Step::Value(tail) if tail.starts_with('.') => {
                    found.append(&mut kept);
                    return found.iter().map(|(k, id)| field(store, *k, *id, &tail[1..])).collect();
                }
                Step::Value(name) => {
                    return found.iter().flat_map(|(k, id)| values(store, *k, *id, name)).collect();
                }
                Step::Up => found = with_ancestors(store, &found),
                step => found = found.iter().flat_map(|(k, id)| follow(store, *k, *id, step)).collect(),
            }
        }
        found.append(&mut kept);
        found.into_iter().map(|(_, id)| json!(id)).collect()
    }
}

fn with_ancestors(store: &Store, found: &[(TypeId, u64)]) -> Vec<(TypeId, u64)> {
    let above = |(kind, id): &(TypeId, u64)| {
        let ids = store.get(*kind, *id).map(|o| ancestors(store, *kind, o)).unwrap_or_default();
        std::iter::once((*kind, *id)).chain(ids.into_iter().map(|a| (*kind, a))).collect::<Vec<_>>()
    };
    found.iter().flat_map(above).collect()
}

fn follow(store: &Store, kind: TypeId, id: u64, step: &Step) -> Vec<(TypeId, u64)> {
    let Some(object) = store.get(kind, id) else { return Vec::new() };
    match step {
        Step::Along { field, to } => {
            let ids = object.key(field).into_iter().chain(object.keys(field));
            ids.map(|id| (*to, id)).collect()
        }
        Step::Back { field, from } => store.by_field(kind, id, *from, field).map(|id| (*from, id)).collect(),
        Step::Generic { name, to } => {
            let t = store.kind(kind);
            let Some(generic) = t.generics.iter().find(|g| g.object == *name) else { return Vec::new() };
            let fits = store.table.by_model(object.text(&generic.kind)) == Some(*to);
            object.key(&generic.id).filter(|_| fits).map(|id| (*to, id)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn field(store: &Store, kind: TypeId, id: u64, name: &str) -> Value {
    match name {
        "id" => json!(id),
        name => store.get(kind, id).map(|o| o.get(name).clone()).unwrap_or_default(),
    }
}

fn values(store: &Store, kind: TypeId, id: u64, name: &str) -> Vec<Value> {
    let Some(object) = store.get(kind, id) else { return Vec::new() };
    let moment = crate::netbox::render::moment;
    match name {
        "created" if !object.data.contains_key("created") => vec![json!(moment(object.created))],
        "last_updated" => vec![json!(moment(object.updated))],
        name => match field(store, kind, id, name) {
            Value::Array(list) => list,
            value => vec![value],
        },
    }
}
