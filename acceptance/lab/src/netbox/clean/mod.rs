//! What models check beyond single fields: addresses, places, ranges, parents.

mod addresses;

mod places;

use serde_json::{Value, json};

pub(crate) use addresses::vid_ranges;

use super::cables;
use super::custom_fields;
use super::ports;
use super::refusal::Errors;
use super::store::{Object, Store};
use super::table::TypeId;

/// An object under examination.
struct Case<'a> {
    store: &'a Store,
    kind: TypeId,
    before: Option<&'a Object>,
    object: &'a mut Object,
}

impl Case<'_> {
    fn id(&self) -> u64 {
        self.before.map_or(0, |b| b.id)
    }

    /// The type and object a reference points at.
    fn target(&self, field: &str) -> Option<(TypeId, &Object)> {
        follow(self.store, self.kind, self.object, field)
    }

    fn set(&mut self, field: &str, value: Value) {
        self.object.data.insert(field.to_owned(), value);
    }

    fn has(&self, field: &str) -> bool {
        self.store.kind(self.kind).field(field).is_some()
    }
}

/// The type and object one of an object's references points at.
fn follow<'a>(store: &'a Store, kind: TypeId, object: &Object, field: &str) -> Option<(TypeId, &'a Object)> {
    let target = store.kind(kind).field(field)?.target?;
    Some((target, store.get(target, object.key(field)?)?))
}

/// Checks an object as it would be; some values take their final form here.
pub(crate) fn check(
    store: &Store,
    kind: TypeId,
    before: Option<&Object>,
    object: &mut Object,
    errors: &mut Errors,
) {
    let path = store.kind(kind).path.clone();
    let case = &mut Case { store, kind, before, object };
    generics(case, errors);
    tree(case, errors);
    ranges_of_numbers(case, errors);
    ports::check(store, kind, &case.object.data, errors);
    match path.as_str() {
        "ipam/prefixes" => addresses::prefix(case, errors),
        "ipam/aggregates" => addresses::aggregate(case, errors),
        "ipam/ip-addresses" => addresses::address(case, errors),
        "ipam/ip-ranges" => addresses::range(case, errors),
        "ipam/vlans" => addresses::vlan(case, errors),
        "ipam/vlan-groups" => addresses::vlan_group(case, errors),
        "dcim/devices" => places::device(case, errors),
        "dcim/racks" => places::rack(case, errors),
        "virtualization/virtual-machines" => places::machine(case, errors),
        "dcim/interfaces" | "virtualization/interfaces" => places::interface(case, errors),
        "dcim/cables" => cables::check(store, case.id(), &case.object.data, errors),
        "extras/custom-fields" => custom_fields::check_definition(&case.object.data, errors),
        "virtualization/clusters" => cluster_site(case),
        path if path.ends_with("-templates") && path.starts_with("dcim/") => template(case, errors),
        path if path.starts_with("dcim/") && case.has("device") && case.has("label") => {
            component(case, errors);
        }
        _ => {}
    }
}

/// Generic references need both halves, and an object behind them.
fn generics(case: &mut Case<'_>, errors: &mut Errors) {
    for generic in &case.store.kind(case.kind).generics {
        let (kind, id) = (case.object.text(&generic.kind).to_owned(), case.object.key(&generic.id));
        let Some(target) = case.store.table.by_model(&kind) else {
            if id.is_some() && kind.is_empty() && generic.object == "scope" {
                errors.add("__all__", "Cannot set scope_id without scope_type.");
            }
            continue;
        };
        let name = kind.split('.').nth(1).unwrap_or_default();
        match id {
            None if generic.object == "scope" => errors.add("__all__", format!("Please select a {name}.")),
            Some(id) if case.store.get(target, id).is_none() => {
                errors.add(
                    &generic.id,
                    format!("Related object not found using the provided numeric ID: {id}"),
                );
            }
            _ => {}
        }
    }
}

/// Nothing lies in itself.
fn tree(case: &mut Case<'_>, errors: &mut Errors) {
    let Some(parent) = case.store.kind(case.kind).facts.tree.clone() else { return };
    let (Some(before), Some(wanted)) = (case.before, case.object.key(&parent)) else { return };
    let below = super::computed::descendants(case.store, case.kind, before.id);
    if below.contains(&wanted) {
        errors.add(
            &parent,
            format!("Cannot assign self or child {} as parent.", case.store.kind(case.kind).facts.name),
        );
    }
}

/// A start is not behind its end.
fn ranges_of_numbers(case: &mut Case<'_>, errors: &mut Errors) {
    let ends = case.object.get("start").as_i64().zip(case.object.get("end").as_i64());
    if let Some((start, end)) = ends.filter(|(s, e)| e < s && case.has("rir")) {
        errors.add("__all__", format!("Starting ASN ({start}) must be lower than ending ASN ({end})."));
    }
}

/// A template belongs to one type of device or module.
fn template(case: &mut Case<'_>, errors: &mut Errors) {
    if !case.has("module_type") {
        return;
    }
    match (case.object.key("device_type"), case.object.key("module_type")) {
        (Some(_), Some(_)) => errors.add(
            "__all__",
            "A component template cannot be associated with both a device type and a module type.",
        ),
        (None, None) => errors.add(
            "__all__",
            "A component template must be associated with either a device type or a module type.",
        ),
        _ => {}
    }
}

/// Components stay where they are.
fn component(case: &mut Case<'_>, errors: &mut Errors) {
    let path = case.store.kind(case.kind).path.as_str();
    let moved = case.before.is_some_and(|b| b.key("device") != case.object.key("device"));
    if moved && path != "dcim/inventory-items" {
        errors.add("device", "Components cannot be moved to a different device.");
    }
}

/// The site a scope lies in is kept for a constraint.
fn cluster_site(case: &mut Case<'_>) {
    let site = places::site_of_scope(case.store, case.object);
    case.set("_site", json!(site));
}
