//! Devices, racks, machines, interfaces: where they are and what they belong to.

use serde_json::{Value, json};

use super::{Case, follow};
use crate::netbox::display::{by_id, display};
use crate::netbox::net::Net;
use crate::netbox::refusal::Errors;
use crate::netbox::store::{Object, Store};

/// The site a scope is, or lies in.
pub(crate) fn site_of_scope(store: &Store, object: &Object) -> Option<u64> {
    let id = object.key("scope_id")?;
    match object.text("scope_type") {
        "dcim.site" => Some(id),
        "dcim.location" => store.get(store.table.by_path("dcim/locations")?, id)?.key("site"),
        _ => None,
    }
}

/// What a reference points at must have the same value in a field.
fn same(
    case: &Case<'_>,
    errors: &mut Errors,
    field: &str,
    shared: &str,
    text: impl Fn(&str, &str) -> String,
) -> bool {
    let Some((kind, target)) = case.target(field) else { return true };
    let (mine, theirs) = (case.object.key(shared), target.key(shared));
    if theirs.is_none() || mine == theirs {
        return true;
    }
    let owner = case.store.kind(case.kind).field(shared).and_then(|f| f.target).zip(mine);
    let owner = owner.map(|(t, id)| by_id(case.store, t, id)).unwrap_or_default();
    errors.add(field, text(&display(case.store, kind, target), &owner));
    false
}

pub(super) fn device(case: &mut Case<'_>, errors: &mut Errors) {
    let in_site = |name: &str, site: &str| format!("{name} does not belong to site {site}.");
    same(case, errors, "rack", "site", |n, s| format!("Rack {}", in_site(n, s)));
    same(case, errors, "location", "site", |n, s| format!("Location {}", in_site(n, s)));
    same(case, errors, "rack", "location", |n, s| format!("Rack {n} does not belong to location {s}."));
    let face = case.object.text("face").to_owned();
    if case.object.key("rack").is_none() {
        if !face.is_empty() {
            errors.add("face", "Cannot select a rack face without assigning a rack.");
        }
        if !case.object.get("position").is_null() {
            errors.add("position", "Cannot select a rack position without assigning a rack.");
        }
    } else if face.is_empty() && !case.object.get("position").is_null() {
        errors.add("face", "Must specify rack face when defining rack position.");
    }
    if let Some(position) = case.object.get("position").as_f64() {
        rack_units(case, errors, position, &face);
    }
    owned_address(case, errors, "device");
    if case.object.key("virtual_chassis").is_some() && case.object.get("vc_position").is_null() {
        errors.add("vc_position", "A device assigned to a virtual chassis must have its position defined.");
    }
    inherit_airflow(case);
}

/// A new device takes airflow and platform of its type where it has none.
fn inherit_airflow(case: &mut Case<'_>) {
    if case.before.is_some() {
        return;
    }
    let Some((_, model)) = case.target("device_type") else { return };
    let (airflow, platform) = (model.get("airflow").clone(), model.get("default_platform").clone());
    if case.object.text("airflow").is_empty() && !airflow.is_null() {
        case.set("airflow", airflow);
    }
    if case.object.key("platform").is_none() && platform.is_u64() {
        case.set("platform", platform);
    }
}

/// The units a device takes are in the rack and free.
fn rack_units(case: &Case<'_>, errors: &mut Errors, position: f64, face: &str) {
    let (Some((_, rack)), Some((_, model))) = (case.target("rack"), case.target("device_type")) else {
        return;
    };
    let height = |o: &Object| o.get("u_height").as_f64().unwrap_or(1.0);
    let first = rack.get("starting_unit").as_f64().unwrap_or(1.0);
    let end = position + height(model);
    let mut free = position >= first && end <= first + rack.get("u_height").as_f64().unwrap_or(42.0);
    let others = case.store.all(case.kind).filter(|o| o.id != case.id() && o.key("rack") == Some(rack.id));
    for other in others {
        let Some(at) = other.get("position").as_f64() else { continue };
        let theirs = follow(case.store, case.kind, other, "device_type").map(|(_, m)| m);
        let deep = |o: Option<&Object>| o.is_none_or(|m| m.get("is_full_depth") != false);
        let meets = at < end && position < at + theirs.map_or(1.0, height);
        let shares = other.text("face") == face || deep(theirs) || deep(Some(model));
        free &= !(meets && shares);
    }
    if !free {
        let text = format!(
            "U{position} is already occupied or does not have sufficient space to accommodate this device type: {} ({}U)",
            model.text("model"),
            height(model)
        );
        errors.add("position", text);
    }
}

pub(super) fn rack(case: &mut Case<'_>, errors: &mut Errors) {
    let site = case.object.key("site");
    if let Some((_, location)) = case.target("location")
        && location.key("site") != site
    {
        let name = case.target("site").map(|(k, s)| display(case.store, k, s)).unwrap_or_default();
        errors.add("__all__", format!("Assigned location must belong to parent site ({name})."));
    }
    let outer = ["outer_width", "outer_depth", "outer_height"];
    if outer.iter().any(|f| !case.object.get(f).is_null()) && case.object.text("outer_unit").is_empty() {
        errors.add("__all__", "Must specify a unit when setting an outer dimension");
    } else if outer.iter().all(|f| case.object.get(f).is_null()) {
        case.set("outer_unit", Value::Null);
    }
    if !case.object.get("max_weight").is_null() && case.object.text("weight_unit").is_empty() {
        errors.add("__all__", "Must specify a unit when setting a maximum weight");
    }
}

pub(super) fn machine(case: &mut Case<'_>, errors: &mut Errors) {
    let (site, cluster, device) =
        (case.object.key("site"), case.object.key("cluster"), case.object.key("device"));
    // Before 4.6 a device alone was no place.
    let placed = site.is_some()
        || cluster.is_some()
        || (device.is_some() && case.store.table.version >= crate::NetBoxVersion::V4_6);
    if !placed {
        let text = if case.store.table.version >= crate::NetBoxVersion::V4_6 {
            "A virtual machine must be assigned to a site, cluster, or device."
        } else {
            "A virtual machine must be assigned to a site and/or cluster."
        };
        return errors.add("__all__", text);
    }
    let cluster_site =
        case.target("cluster").and_then(|(_, c)| site_of_scope(case.store, c).or_else(|| c.key("site")));
    if let (Some(mine), Some(theirs)) = (site, cluster_site)
        && mine != theirs
    {
        let (cluster, site) = (name(case, "cluster"), name(case, "site"));
        errors.add(
            "cluster",
            format!("The selected cluster ({cluster}) is not assigned to this site ({site})."),
        );
    }
    if device.is_some() && cluster.is_none() && case.store.table.version < crate::NetBoxVersion::V4_6 {
        errors.add("device", "Must specify a cluster when assigning a host device.");
    }
    if let Some((_, host)) = case.target("device")
        && cluster.is_some()
        && host.key("cluster") != cluster
    {
        let (device, cluster) = (name(case, "device"), name(case, "cluster"));
        errors.add(
            "device",
            format!("The selected device ({device}) is not assigned to this cluster ({cluster})."),
        );
    }
    disk_size(case, errors);
    owned_address(case, errors, "virtual_machine");
    if site.is_none() {
        let of_device = case.target("device").and_then(|(_, d)| d.key("site"));
        case.set("site", json!(cluster_site.or(of_device)));
    }
}

fn name(case: &Case<'_>, field: &str) -> String {
    case.target(field).map(|(k, o)| display(case.store, k, o)).unwrap_or_default()
}

/// The size of a machine's disk is the sum of its virtual disks, if it has any.
fn disk_size(case: &Case<'_>, errors: &mut Errors) {
    let Some(disks) = case.store.table.by_path("virtualization/virtual-disks") else { return };
    let Some(before) = case.before else { return };
    let sizes = case.store.by_field(case.kind, before.id, disks, "virtual_machine");
    let sizes: Vec<u64> = sizes.filter_map(|id| case.store.get(disks, id)?.key("size")).collect();
    let sum: u64 = sizes.iter().sum();
    let asked = case.object.key("disk");
    if let Some(asked) = asked.filter(|a| !sizes.is_empty() && *a != sum) {
        let text = format!(
            "The specified disk size ({asked}) must match the aggregate size of assigned virtual disks ({sum})."
        );
        errors.add("disk", text);
    }
}

/// A primary address is of the right family and on one of the object's interfaces.
fn owned_address(case: &Case<'_>, errors: &mut Errors, owner: &str) {
    for field in ["primary_ip4", "primary_ip6", "oob_ip"] {
        let Some((_, address)) = case.target(field) else { continue };
        let net = Net::parse(address.text("address"));
        let wanted = if field == "primary_ip6" { 6 } else { 4 };
        if field != "oob_ip" && net.is_some_and(|n| n.family() != wanted) {
            let text = format!("{} is not an IPv{wanted} address.", address.text("address"));
            errors.add(field, text);
            continue;
        }
        let kind = case.store.table.by_model(address.text("assigned_object_type"));
        let at = kind.zip(address.key("assigned_object_id")).and_then(|(k, id)| case.store.get(k, id));
        let mine = at.is_some_and(|interface| interface.key(owner) == Some(case.id()) && case.id() != 0);
        if !mine {
            let what = if owner == "device" { "device" } else { "VM" };
            errors.add(
                field,
                format!(
                    "The specified IP address ({}) is not assigned to this {what}.",
                    address.text("address")
                ),
            );
        }
    }
}

pub(super) fn interface(case: &mut Case<'_>, errors: &mut Errors) {
    let owner = if case.has("device") { "device" } else { "virtual_machine" };
    super::component(case, errors);
    let id = case.id();
    for field in ["parent", "bridge", "lag"] {
        let Some((_, other)) = case.target(field) else { continue };
        if id != 0 && other.id == id {
            errors.add(
                field,
                if field == "lag" {
                    "A LAG interface cannot be its own parent.".to_owned()
                } else if field == "bridge" {
                    "An interface cannot be bridged to itself.".to_owned()
                } else {
                    "An interface cannot be its own parent.".to_owned()
                },
            );
        } else if other.key(owner) != case.object.key(owner) && !same_chassis(case, other) {
            let text = format!(
                "The selected {field} interface ({}) belongs to a different {}.",
                other.text("name"),
                owner.replace('_', " ")
            );
            errors.add(field, text);
        }
    }
    let kind = case.object.text("type");
    if owner == "device" && kind != "virtual" && case.object.key("parent").is_some() {
        errors.add("parent", "Only virtual interfaces may be assigned to a parent interface.");
    }
    if kind == "virtual" && case.object.key("lag").is_some() {
        errors.add("lag", "Virtual interfaces cannot have a parent LAG interface.");
    }
    let wireless = kind.starts_with("ieee802.") || kind == "other-wireless";
    for (field, what) in [
        ("rf_channel", "Channel"),
        ("rf_channel_frequency", "Channel frequency"),
        ("rf_channel_width", "Channel width"),
    ] {
        let set = !case.object.get(field).is_null() && case.object.get(field) != "";
        if set && !wireless {
            errors.add(field, format!("{what} may be set only on wireless interfaces."));
        }
    }
    vlans(case, errors);
    let macs = case.target("primary_mac_address").map(|(_, m)| m);
    let elsewhere = macs.filter(|m| m.key("assigned_object_id").is_some_and(|at| at != id));
    if let Some(mac) = elsewhere {
        errors.add(
            "primary_mac_address",
            format!("MAC address {} is assigned to a different interface.", mac.text("mac_address")),
        );
    }
}

fn same_chassis(case: &Case<'_>, other: &Object) -> bool {
    let chassis =
        |o: &Object| follow(case.store, case.kind, o, "device").and_then(|(_, d)| d.key("virtual_chassis"));
    let mine = chassis(case.object);
    mine.is_some() && mine == chassis(other)
}

fn vlans(case: &mut Case<'_>, errors: &mut Errors) {
    let mode = case.object.text("mode").to_owned();
    if mode.is_empty()
        && case.object.key("untagged_vlan").is_some()
        && case.store.table.version >= crate::NetBoxVersion::V4_2
    {
        errors.add("untagged_vlan", "Interface mode does not support an untagged vlan.");
    }
    if !matches!(mode.as_str(), "tagged" | "q-in-q") && !case.object.keys("tagged_vlans").is_empty() {
        errors.add("tagged_vlans", "Interface mode does not support tagged vlans");
    }
    if case.object.key("qinq_svlan").is_some() && mode != "q-in-q" {
        errors.add("qinq_svlan", "Only Q-in-Q interfaces may specify a service VLAN.");
    }
    let parent = |field: &str| case.target(field).and_then(|(_, o)| o.key("site"));
    let site = parent("device").or_else(|| parent("virtual_machine"));
    let vlan = case.target("untagged_vlan").and_then(|(k, v)| Some((k, v, v.key("site")?)));
    if let Some((kind, vlan, _)) = vlan.filter(|(_, _, s)| Some(*s) != site) {
        let text = format!(
            "The untagged VLAN ({}) must belong to the same site as the interface's parent, or it must be global.",
            display(case.store, kind, vlan)
        );
        errors.add("untagged_vlan", text);
    }
}
