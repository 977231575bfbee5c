//! Filters with rules of their own: networks in networks, addresses by device, requests that made an object.

use std::collections::BTreeSet;

use serde_json::Value;

use super::no_choice;
use super::test::Test;
use crate::netbox::net::Net;
use crate::netbox::store::{Object, Store};
use crate::netbox::table::TypeId;

/// A rule with what it compares against.
#[derive(Debug)]
pub(super) enum Special {
    /// The network or address is one of these.
    Exactly(&'static str, Vec<String>),
    /// The network lies in one of these; the flag lets it be the same.
    Within(&'static str, Vec<Net>, bool),
    /// The network has one of these in it.
    Contains(Vec<Net>),
    /// 4 or 6.
    Family(&'static str, u64),
    /// The length of the mask.
    Mask(&'static str, String, Vec<i64>),
    /// The generic reference points at one of these.
    Points(Vec<(TypeId, u64)>, &'static str),
    /// Whether a generic reference points anywhere.
    Assigned(&'static str, bool),
    /// Whether a field holds anything.
    Present(Vec<&'static str>, bool),
    /// Among these ids.
    Among(BTreeSet<u64>),
    /// A list of content types has this one.
    Lists(&'static str, Vec<String>),
    /// Whether objects of one of these types refer to it by this field.
    Has(Vec<(TypeId, &'static str)>, bool),
    /// How deep a prefix lies, or how many lie in it.
    Tree(&'static str, Test),
    /// A VLAN id in one of a group's ranges.
    InRanges(i64),
    /// One of several fields of references holds one of these.
    Refers(Vec<&'static str>, Vec<u64>),
}

fn truth(values: &[&str]) -> bool {
    values.iter().any(|v| matches!(v.to_lowercase().as_str(), "true" | "1" | "yes"))
}

fn nets(values: &[&str]) -> Vec<Net> {
    values.iter().filter_map(|v| Net::parse(v)).collect()
}

/// The field of a type that holds an address or network.
fn address_field(path: &str) -> Option<&'static str> {
    match path {
        "ipam/prefixes" | "ipam/aggregates" => Some("prefix"),
        "ipam/ip-addresses" => Some("address"),
        "ipam/ip-ranges" => Some("start_address"),
        _ => None,
    }
}

/// Reads a filter with a rule of its own.
pub(super) fn read(
    store: &Store,
    kind: TypeId,
    base: &str,
    lookup: &str,
    values: &[&str],
) -> Result<Option<Special>, String> {
    let path = store.kind(kind).path.as_str();
    if let Some(field) = address_field(path)
        && let Some(found) = address(field, base, lookup, values)
    {
        return Ok(Some(found));
    }
    Ok(match (path, base) {
        (_, "created_by_request" | "updated_by_request" | "modified_by_request") => {
            Some(Special::Among(by_request(store, kind, base, values)))
        }
        (
            "ipam/ip-addresses" | "dcim/mac-addresses" | "ipam/fhrp-group-assignments",
            "device" | "device_id" | "virtual_machine" | "virtual_machine_id",
        ) => Some(owned(store, path, base, values)),
        (
            "ipam/ip-addresses" | "dcim/mac-addresses",
            "interface" | "interface_id" | "vminterface" | "vminterface_id" | "fhrpgroup_id",
        ) => Some(assigned_to(store, base, values)?),
        ("ipam/ip-addresses", "assigned_to_interface") => Some(Special::Assigned("interface", truth(values))),
        ("ipam/ip-addresses" | "dcim/mac-addresses", "assigned") => {
            Some(Special::Assigned("", truth(values)))
        }
        ("ipam/prefixes" | "ipam/ip-addresses", "present_in_vrf" | "present_in_vrf_id") => {
            Some(Special::Refers(vec!["vrf"], in_vrfs(store, base, values)))
        }
        ("ipam/prefixes", "depth") => Some(Special::Tree("_depth", Test::new(lookup, "int", values))),
        ("ipam/prefixes", "children") => Some(Special::Tree("children", Test::new(lookup, "int", values))),
        ("dcim/devices" | "dcim/device-types" | "dcim/module-types", _) if parts(base).is_some() => {
            Some(Special::Has(having(store, path, base), truth(values)))
        }
        ("dcim/device-types", "has_front_image") => {
            Some(Special::Present(vec!["front_image"], truth(values)))
        }
        ("dcim/device-types", "has_rear_image") => Some(Special::Present(vec!["rear_image"], truth(values))),
        ("dcim/mac-addresses", "primary") => Some(primary_macs(store, truth(values))),
        ("ipam/vlan-groups", "contains_vid") => {
            let vid = values.last().and_then(|v| v.parse().ok()).ok_or("Enter a number.")?;
            Some(Special::InRanges(vid))
        }
        (
            "ipam/vlan-groups",
            "region" | "site_group" | "site" | "location" | "rack_group" | "rack" | "cluster_group"
            | "cluster",
        ) => {
            let model = match base {
                "site_group" => "dcim.sitegroup".to_owned(),
                "rack_group" => "dcim.rackgroup".to_owned(),
                "cluster_group" => "virtualization.clustergroup".to_owned(),
                "cluster" => "virtualization.cluster".to_owned(),
                other => format!("dcim.{other}"),
            };
            let targets = store.table.by_model(&model).into_iter();
            let ids = values.iter().filter_map(|v| v.parse().ok());
            let ids: Vec<u64> = ids.collect();
            Some(Special::Points(targets.flat_map(|t| ids.iter().map(move |id| (t, *id))).collect(), "scope"))
        }
        (
            "dcim/devices" | "virtualization/virtual-machines" | "dcim/virtual-device-contexts",
            "has_primary_ip",
        ) => Some(Special::Present(vec!["primary_ip4", "primary_ip6"], truth(values))),
        ("dcim/devices", "has_oob_ip") => Some(Special::Present(vec!["oob_ip"], truth(values))),
        ("dcim/devices", "virtual_chassis_member") => {
            Some(Special::Present(vec!["virtual_chassis"], truth(values)))
        }
        (_, "local_context_data") => Some(Special::Present(vec!["local_context_data"], truth(values))),
        (_, "cable_id") if store.kind(kind).field("cable").is_some() => {
            let ids = values.iter().map(|v| v.parse().map_err(|_| no_choice(v)));
            Some(Special::Refers(vec!["_cable"], ids.collect::<Result<_, _>>()?))
        }
        (_, "cabled" | "occupied" | "connected") => Some(Special::Present(vec!["_cable"], truth(values))),
        (_, "object_type" | "object_types") if store.kind(kind).field("object_types").is_some() => {
            Some(Special::Lists("object_types", values.iter().map(|v| (*v).to_owned()).collect()))
        }
        ("extras/event-rules", "event_type") => {
            Some(Special::Lists("event_types", values.iter().map(|v| (*v).to_owned()).collect()))
        }
        ("dcim/interfaces" | "virtualization/interfaces", "vlan_id" | "vlan") => {
            Some(vlans(store, base, values))
        }
        _ => None,
    })
}

fn address(field: &'static str, base: &str, lookup: &str, values: &[&str]) -> Option<Special> {
    Some(match (field, base) {
        ("prefix", "prefix") => {
            Special::Exactly("prefix", nets(values).iter().map(ToString::to_string).collect())
        }
        ("address", "address") => {
            Special::Exactly("address", values.iter().map(|v| (*v).to_owned()).collect())
        }
        ("start_address", "start_address") => {
            Special::Exactly("start_address", values.iter().map(|v| (*v).to_owned()).collect())
        }
        ("start_address", "end_address") => {
            Special::Exactly("end_address", values.iter().map(|v| (*v).to_owned()).collect())
        }
        ("prefix", "within") => Special::Within("prefix", nets(values), false),
        ("prefix", "within_include") => Special::Within("prefix", nets(values), true),
        ("prefix", "contains") => Special::Contains(nets(values)),
        (field, "parent") => Special::Within(field, nets(values), true),
        (field, "family") => Special::Family(field, values.last()?.parse().ok()?),
        (field, "mask_length") => {
            Special::Mask(field, lookup.to_owned(), values.iter().filter_map(|v| v.parse().ok()).collect())
        }
        _ => return None,
    })
}

/// Types of components behind a filter for having any.
fn parts(base: &str) -> Option<&'static [&'static str]> {
    Some(match base {
        "console_ports" => &["console-port"],
        "console_server_ports" => &["console-server-port"],
        "power_ports" => &["power-port"],
        "power_outlets" => &["power-outlet"],
        "interfaces" => &["interface"],
        "pass_through_ports" => &["front-port", "rear-port"],
        "module_bays" => &["module-bay"],
        "device_bays" => &["device-bay"],
        "inventory_items" => &["inventory-item"],
        "has_virtual_device_context" => &["virtual-device-context"],
        _ => return None,
    })
}

fn having(store: &Store, path: &str, base: &str) -> Vec<(TypeId, &'static str)> {
    let (tail, field) = match path {
        "dcim/devices" => ("s", "device"),
        "dcim/device-types" => ("-templates", "device_type"),
        _ => ("-templates", "module_type"),
    };
    let names = parts(base).unwrap_or_default().iter();
    names.filter_map(|name| Some((store.table.by_path(&format!("dcim/{name}{tail}"))?, field))).collect()
}

/// VRFs that export what one of these imports, and these themselves.
fn in_vrfs(store: &Store, base: &str, values: &[&str]) -> Vec<u64> {
    let Some(kind) = store.table.by_path("ipam/vrfs") else { return Vec::new() };
    let named = |o: &Object| {
        let text = if base.ends_with("_id") { o.id.to_string() } else { o.text("rd").to_owned() };
        values.contains(&text.as_str())
    };
    let wanted: Vec<&Object> = store.all(kind).map(AsRef::as_ref).filter(|o| named(o)).collect();
    let imports: BTreeSet<u64> = wanted.iter().flat_map(|o| o.keys("import_targets")).collect();
    let exports = |o: &Object| o.keys("export_targets").iter().any(|t| imports.contains(t));
    let also = store.all(kind).map(AsRef::as_ref).filter(|o: &&Object| exports(o));
    wanted.iter().copied().chain(also).map(|o| o.id).collect()
}

/// Objects a request made or changed.
fn by_request(store: &Store, kind: TypeId, base: &str, values: &[&str]) -> BTreeSet<u64> {
    let log =
        store.table.by_path("core/object-changes").or_else(|| store.table.by_path("extras/object-changes"));
    let Some(log) = log else { return BTreeSet::new() };
    let model = store.kind(kind).facts.model.as_str();
    let actions: &[&str] = match base {
        "created_by_request" => &["create"],
        "updated_by_request" => &["update"],
        _ => &["create", "update"],
    };
    let mine = store.all(log).filter(|o| {
        values.contains(&o.text("request_id"))
            && o.text("changed_object_type") == model
            && actions.contains(&o.text("action"))
    });
    mine.filter_map(|o| o.key("changed_object_id")).collect()
}

/// Interfaces of devices or machines.
fn owned(store: &Store, path: &str, base: &str, values: &[&str]) -> Special {
    let (owner, interfaces, field) = if base.starts_with("device") {
        ("dcim/devices", "dcim/interfaces", "device")
    } else {
        ("virtualization/virtual-machines", "virtualization/interfaces", "virtual_machine")
    };
    let (owner, interfaces) = (store.table.by_path(owner), store.table.by_path(interfaces));
    let mut found = Vec::new();
    if let (Some(owner), Some(interfaces)) = (owner, interfaces) {
        let named = |o: &Object| {
            let id = o.id.to_string();
            values.iter().any(|v| if base.ends_with("_id") { *v == id } else { *v == o.text("name") })
        };
        for owner_object in store.all(owner).filter(|o| named(o)) {
            let ids = store.by_field(owner, owner_object.id, interfaces, field);
            found.extend(ids.map(|id| (interfaces, id)));
        }
    }
    let field = if path == "ipam/fhrp-group-assignments" { "interface" } else { "assigned_object" };
    Special::Points(found, field)
}

fn assigned_to(store: &Store, base: &str, values: &[&str]) -> Result<Special, String> {
    let path = match base {
        "interface" | "interface_id" => "dcim/interfaces",
        "fhrpgroup_id" => "ipam/fhrp-groups",
        _ => "virtualization/interfaces",
    };
    let of = store.table.by_path(path).ok_or("There is no such type.")?;
    let mut found = Vec::new();
    for value in values {
        let by_id = base.ends_with("_id");
        let fits = |o: &Object| if by_id { o.id.to_string() == *value } else { o.text("name") == *value };
        let mut matching = store.all(of).filter(|o| fits(o)).map(|o| (of, o.id)).peekable();
        if matching.peek().is_none() {
            return Err(no_choice(value));
        }
        found.extend(matching);
    }
    Ok(Special::Points(found, "assigned_object"))
}

fn primary_macs(store: &Store, wanted: bool) -> Special {
    let mut primary = BTreeSet::new();
    for path in ["dcim/interfaces", "virtualization/interfaces"] {
        let Some(kind) = store.table.by_path(path) else { continue };
        primary.extend(store.all(kind).filter_map(|o| o.key("primary_mac_address")));
    }
    if !wanted && let Some(macs) = store.table.by_path("dcim/mac-addresses") {
        primary = store.all(macs).map(|o| o.id).filter(|id| !primary.contains(id)).collect();
    }
    Special::Among(primary)
}

fn vlans(store: &Store, base: &str, values: &[&str]) -> Special {
    let kind = store.table.by_path("ipam/vlans");
    let all = kind.into_iter().flat_map(|k| store.all(k));
    let wanted = all.filter(|o| {
        let text = if base == "vlan_id" { o.id.to_string() } else { o.get("vid").to_string() };
        values.contains(&text.as_str())
    });
    Special::Refers(vec!["untagged_vlan", "tagged_vlans", "qinq_svlan"], wanted.map(|o| o.id).collect())
}

impl Special {
    pub(super) fn fits(&self, store: &Store, kind: TypeId, object: &Object) -> bool {
        let net = |field: &str| Net::parse(object.text(field));
        match self {
            Self::Exactly(field, wanted) => {
                let have = object.text(field);
                let host = have.split('/').next().unwrap_or(have);
                wanted.iter().any(|w| {
                    let parsed =
                        Net::parse(w).map(|n| if w.contains('/') { n.to_string() } else { n.host() });
                    parsed.is_some_and(|w| w == have || (!w.contains('/') && w == host))
                })
            }
            Self::Within(field, wanted, same) => net(field).is_some_and(|have| {
                wanted.iter().any(|w| {
                    if *field == "prefix" {
                        w.contains(have) && (*same || *w != have)
                    } else {
                        w.network().covers(have)
                    }
                })
            }),
            Self::Contains(wanted) => {
                net("prefix").is_some_and(|have| wanted.iter().any(|w| have.contains(*w)))
            }
            Self::Family(field, wanted) => net(field).is_some_and(|n| u64::from(n.family()) == *wanted),
            Self::Mask(field, lookup, wanted) => net(field).is_some_and(|n| {
                let length = i64::from(n.length);
                wanted.iter().any(|w| match lookup.as_str() {
                    "gte" => length >= *w,
                    "lte" => length <= *w,
                    _ => length == *w,
                })
            }),
            Self::Points(wanted, field) => {
                let Some(generic) = store.kind(kind).generics.iter().find(|g| g.object == *field) else {
                    return false;
                };
                let target = store.table.by_model(object.text(&generic.kind)).zip(object.key(&generic.id));
                target.is_some_and(|t| wanted.contains(&t))
            }
            Self::Assigned(what, wanted) => {
                let kind = object.text("assigned_object_type");
                (kind.contains(what) && !object.get("assigned_object_id").is_null()) == *wanted
            }
            Self::Present(fields, wanted) => {
                let there =
                    |f: &&'static str| !object.get(f).is_null() && object.get(f) != &Value::Bool(false);
                fields.iter().any(there) == *wanted
            }
            Self::Among(ids) => ids.contains(&object.id),
            Self::Lists(field, wanted) => {
                let have = object.get(field).as_array().cloned().unwrap_or_default();
                have.iter().any(|v| v.as_str().is_some_and(|s| wanted.iter().any(|w| w == s)))
            }
            Self::Has(types, wanted) => {
                let has = |(of, field): &(TypeId, &'static str)| {
                    store.by_field(kind, object.id, *of, field).next().is_some()
                };
                types.iter().any(has) == *wanted
            }
            Self::Tree(field, test) => {
                let (depth, children) = crate::netbox::computed::place(store, kind, object);
                test.fits(&[Value::from(if *field == "_depth" { depth } else { children })])
            }
            Self::InRanges(vid) => {
                crate::netbox::clean::vid_ranges(object).iter().any(|(from, to)| from <= vid && vid <= to)
            }
            Self::Refers(fields, wanted) => fields.iter().any(|f| {
                object.key(f).is_some_and(|id| wanted.contains(&id))
                    || object.keys(f).iter().any(|id| wanted.contains(id))
            }),
        }
    }
}
