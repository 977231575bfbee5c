//! Front and rear ports (4.5 and later): which position of one leads to which of the other.
//!
//! The mapping is kept on the front port; the rear port shows and writes the same from its side.

use serde_json::{Map, Value, json};

use super::refusal::Errors;
use super::store::{Object, Store};
use super::table::TypeId;

/// The type at the other side of a port's mapping.
fn other_side(store: &Store, kind: TypeId) -> Option<TypeId> {
    let path = store.kind(kind).path.as_str();
    let other = match path {
        "dcim/front-ports" => "dcim/rear-ports",
        "dcim/rear-ports" => "dcim/front-ports",
        "dcim/front-port-templates" => "dcim/rear-port-templates",
        "dcim/rear-port-templates" => "dcim/front-port-templates",
        _ => return None,
    };
    store.table.by_path(other)
}

fn is_front(store: &Store, kind: TypeId) -> bool {
    store.kind(kind).path.starts_with("dcim/front-")
}

fn mappings(object: &Object) -> Vec<Value> {
    object.get("rear_ports").as_array().cloned().unwrap_or_default()
}

/// What a rear port shows: its mappings, seen from behind.
pub(crate) fn value(store: &Store, kind: TypeId, object: &Object, name: &str) -> Option<String> {
    if name != "front_ports" || is_front(store, kind) {
        return None;
    }
    let fronts = other_side(store, kind)?;
    let mut found = Vec::new();
    for front in store.all(fronts) {
        for mapping in mappings(front).iter().filter(|m| m["rear_port"] == object.id) {
            found.push(json!({
                "position": mapping["rear_port_position"], "front_port": front.id,
                "front_port_position": mapping["position"],
            }));
        }
    }
    found.sort_by_key(|m| m["position"].as_u64());
    Some(json!(found).to_string())
}

/// Whether mappings name ports that are there.
pub(crate) fn check(store: &Store, kind: TypeId, data: &Map<String, Value>, errors: &mut Errors) {
    let (field, port) =
        if is_front(store, kind) { ("rear_ports", "rear_port") } else { ("front_ports", "front_port") };
    let Some(other) = other_side(store, kind).filter(|_| store.kind(kind).field(field).is_some()) else {
        return;
    };
    let list = data.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    for mapping in list {
        let id = mapping[port].as_u64();
        if id.is_none_or(|id| store.get(other, id).is_none()) {
            let shown = super::reference::python(&mapping[port]);
            return errors.add(field, format!("Invalid pk \"{shown}\" - object does not exist."));
        }
    }
}

/// Fills in positions not given, and writes what a rear port was sent to its front ports.
pub(crate) fn after_save(store: &mut Store, kind: TypeId, object: &Object) {
    let Some(other) = other_side(store, kind) else { return };
    let position = |mapping: &Value, name: &str| mapping[name].as_u64().unwrap_or(1);
    if is_front(store, kind) {
        let filled: Vec<Value> = mappings(object)
            .iter()
            .map(|m| {
                json!({ "position": position(m, "position"), "rear_port": m["rear_port"],
                        "rear_port_position": position(m, "rear_port_position") })
            })
            .collect();
        if store.kind(kind).field("rear_ports").is_some() {
            store.change(kind, object.id, |o| _ = o.data.insert("rear_ports".to_owned(), json!(filled)));
        }
        return;
    }
    let Some(sent) = object.get("front_ports").as_array().cloned() else { return };
    let rear = object.id;
    let fronts: Vec<u64> = store.all(other).map(|o| o.id).collect();
    for front in fronts {
        store.change(other, front, |port| {
            let mut kept: Vec<Value> =
                mappings(port).into_iter().filter(|m| m["rear_port"] != rear).collect();
            kept.extend(sent.iter().filter(|m| m["front_port"] == front).map(|m| {
                json!({ "position": position(m, "front_port_position"), "rear_port": rear,
                        "rear_port_position": position(m, "position") })
            }));
            port.data.insert("rear_ports".to_owned(), json!(kept));
        });
    }
    // What was sent is kept at the front ports now.
    store.change(kind, rear, |o| _ = o.data.remove("front_ports"));
}

/// Takes a rear port that goes out of the front ports' mappings.
pub(crate) fn after_delete(store: &mut Store, kind: TypeId, object: &Object) {
    let Some(other) = other_side(store, kind).filter(|_| !is_front(store, kind)) else { return };
    let mapped: Vec<u64> = store
        .all(other)
        .filter(|o| mappings(o).iter().any(|m| m["rear_port"] == object.id))
        .map(|o| o.id)
        .collect();
    for front in mapped {
        store.change(other, front, |port| {
            let kept: Vec<Value> =
                mappings(port).into_iter().filter(|m| m["rear_port"] != object.id).collect();
            port.data.insert("rear_ports".to_owned(), json!(kept));
        });
    }
}
