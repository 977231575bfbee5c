//! Prefixes, addresses, ranges, VLANs.

use serde_json::Value;

use super::{Case, follow};
use crate::netbox::display::display;
use crate::netbox::net::Net;
use crate::netbox::refusal::Errors;
use crate::netbox::store::Object;

/// Roles addresses may share.
const SHARED_ROLES: &[&str] = &["anycast", "vip", "vrrp", "hsrp", "glbp", "carp"];

/// `VRF blue (65000:1)` or `global table`, if it keeps its addresses unique.
fn unique_table(case: &Case<'_>) -> Option<String> {
    match case.target("vrf") {
        None => Some("global table".to_owned()),
        Some((kind, vrf)) if vrf.get("enforce_unique") != false => {
            Some(format!("VRF {}", display(case.store, kind, vrf)))
        }
        Some(_) => None,
    }
}

fn others<'a>(case: &'a Case<'_>) -> impl Iterator<Item = &'a Object> {
    let (id, vrf) = (case.id(), case.object.key("vrf"));
    case.store.all(case.kind).map(AsRef::as_ref).filter(move |o: &&Object| o.id != id && o.key("vrf") == vrf)
}

pub(super) fn prefix(case: &mut Case<'_>, errors: &mut Errors) {
    let Some(net) = network(case, errors, "prefix") else { return };
    let text = net.to_string();
    let double = unique_table(case).filter(|_| others(case).any(|o| o.text("prefix") == text));
    if let Some(table) = double {
        errors.add("prefix", format!("Duplicate prefix found in {table}: {text}"));
    }
}

/// The network in a field, unless it is none.
fn network(case: &Case<'_>, errors: &mut Errors, name: &str) -> Option<Net> {
    let net = Net::parse(case.object.text("prefix"))?;
    if net.network() != net {
        errors.add("prefix", format!("{net} is not a valid prefix. Did you mean {}?", net.network()));
        return None;
    }
    if net.length == 0 {
        errors.add("prefix", format!("Cannot create {name} with /0 mask."));
        return None;
    }
    Some(net)
}

pub(super) fn aggregate(case: &mut Case<'_>, errors: &mut Errors) {
    let Some(net) = network(case, errors, "aggregate") else { return };
    let id = case.id();
    for other in case.store.all(case.kind).filter(|o| o.id != id) {
        let Some(theirs) = Net::parse(other.text("prefix")) else { continue };
        if theirs.contains(net) {
            let text = format!(
                "Aggregates cannot overlap. {net} is already covered by an existing aggregate ({theirs})."
            );
            return errors.add("prefix", text);
        }
        if net.contains(theirs) {
            let text =
                format!("Prefixes cannot overlap aggregates. {net} covers an existing aggregate ({theirs}).");
            return errors.add("prefix", text);
        }
    }
}

pub(super) fn address(case: &mut Case<'_>, errors: &mut Errors) {
    let Some(net) = Net::parse(case.object.text("address")) else { return };
    if net.length == 0 {
        return errors.add("address", "Cannot create IP address with /0 mask.");
    }
    let assigned = !case.object.get("assigned_object_id").is_null();
    let room = net.bits() - net.length > 1;
    if assigned && room && net.address == net.first() {
        let text = format!("{} is a network ID, which may not be assigned to an interface.", net.host());
        return errors.add("__all__", text);
    }
    if assigned && room && !net.v6 && net.address == net.last() {
        let text =
            format!("{} is a broadcast address, which may not be assigned to an interface.", net.host());
        return errors.add("__all__", text);
    }
    let shares = |o: &Object| SHARED_ROLES.contains(&o.text("role"));
    let host = format!("{}/", net.host());
    let mut doubles = others(case).filter(|o| o.text("address").starts_with(&host)).peekable();
    let first = doubles.peek().map(|o| o.text("address").to_owned());
    if let Some((table, first)) = unique_table(case).zip(first)
        && (!shares(case.object) || doubles.any(|o| !shares(o)))
    {
        return errors.add("address", format!("Duplicate IP address found in {table}: {first}"));
    }
    primary(case, errors, net);
    if case.object.text("status") == "slaac" && !net.v6 {
        errors.add("status", "Only IPv6 addresses can be assigned SLAAC status");
    }
}

/// A primary address stays with its device or machine.
fn primary(case: &Case<'_>, errors: &mut Errors, net: Net) {
    let Some(before) = case.before else { return };
    let parent = |o: &Object| {
        let kind = case.store.table.by_model(o.text("assigned_object_type"))?;
        let interface = case.store.get(kind, o.key("assigned_object_id")?)?;
        let field = ["device", "virtual_machine"].into_iter().find(|f| interface.key(f).is_some())?;
        let (kind, owner) = follow(case.store, kind, interface, field)?;
        Some((kind, owner.id, owner))
    };
    let Some((kind, id, owner)) = parent(before) else { return };
    let stays = parent(case.object).is_some_and(|(k, i, _)| (k, i) == (kind, id));
    let field = if net.v6 { "primary_ip6" } else { "primary_ip4" };
    if !stays && owner.key(field) == Some(before.id) {
        let text =
            "Cannot reassign IP address while it is designated as the primary IP for the parent object";
        errors.add("__all__", text);
    } else if !stays && owner.key("oob_ip") == Some(before.id) {
        let text = "Cannot reassign IP address while it is designated as the OOB IP for the parent object";
        errors.add("__all__", text);
    }
}

pub(super) fn range(case: &mut Case<'_>, errors: &mut Errors) {
    let ends = |o: &Object| Net::parse(o.text("start_address")).zip(Net::parse(o.text("end_address")));
    let Some((start, end)) = ends(case.object) else { return };
    if start.v6 != end.v6 {
        return errors.add("end_address", "Starting and ending IP address versions must match");
    }
    if start.length != end.length {
        return errors.add("end_address", "Starting and ending IP address masks must match");
    }
    if end.address < start.address {
        let text = format!("Ending address must be greater than or equal to the starting address ({start})");
        return errors.add("end_address", text);
    }
    let overlaps = |o: &&Object| {
        ends(o)
            .is_some_and(|(s, e)| s.v6 == start.v6 && s.address <= end.address && e.address >= start.address)
    };
    let found = others(case).find(overlaps).map(|o| display(case.store, case.kind, o));
    if let Some(found) = found {
        let vrf = case.target("vrf").map_or_else(|| "None".to_owned(), |(k, o)| display(case.store, k, o));
        errors.add("__all__", format!("Defined addresses overlap with range {found} in VRF {vrf}"));
    }
}

/// Ranges of a VLAN group, both ends in.
pub(crate) fn vid_ranges(group: &Object) -> Vec<(i64, i64)> {
    let ranges = group.get("vid_ranges").as_array().into_iter().flatten();
    ranges.filter_map(|r| Some((r.get(0)?.as_i64()?, r.get(1)?.as_i64()?))).collect()
}

pub(super) fn vlan(case: &mut Case<'_>, errors: &mut Errors) {
    if let Some((kind, group)) = case.target("group") {
        let vid = case.object.get("vid").as_i64().unwrap_or_default();
        let ranges = vid_ranges(group);
        if !ranges.iter().any(|(from, to)| *from <= vid && vid <= *to) {
            let shown: Vec<String> =
                ranges.iter().map(|(f, t)| if f == t { f.to_string() } else { format!("{f}-{t}") }).collect();
            let name = display(case.store, kind, group);
            errors
                .add("vid", format!("VID must be in ranges {} for VLANs in group {name}", shown.join(", ")));
        }
        let scope = (group.text("scope_type"), group.key("scope_id"));
        let site = case.object.key("site");
        if scope.0 == "dcim.site" && site.is_some() && site != scope.1 {
            errors.add(
                "__all__",
                format!(
                    "VLAN is assigned to group {}; it cannot be assigned to another site.",
                    group.text("name")
                ),
            );
        }
    }
    let (role, service) = (case.object.text("qinq_role"), case.object.key("qinq_svlan"));
    if service.is_some() && role != "cvlan" {
        errors.add("qinq_svlan", "Only Q-in-Q customer VLANs maybe assigned to a service VLAN.");
    } else if service.is_none() && role == "cvlan" {
        errors.add("qinq_role", "A Q-in-Q customer VLAN must be assigned to a service VLAN.");
    }
}

pub(super) fn vlan_group(case: &mut Case<'_>, errors: &mut Errors) {
    let mut ranges = vid_ranges(case.object);
    for (from, to) in &ranges {
        let text = if *from < 1 {
            format!("Starting VLAN ID in range ({from}) cannot be less than 1")
        } else if *to > 4094 {
            format!("Ending VLAN ID in range ({to}) cannot exceed 4094")
        } else if from > to {
            format!(
                "Ending VLAN ID in range must be greater than or equal to the starting VLAN ID ({from}-{to})"
            )
        } else {
            continue;
        };
        return errors.add("vid_ranges", text);
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| matches!(pair, [a, b] if b.0 <= a.1)) {
        return errors.add("vid_ranges", "Ranges cannot overlap.");
    }
    let sorted: Value = ranges.iter().map(|(from, to)| serde_json::json!([from, to])).collect();
    case.set("vid_ranges", sorted);
}
