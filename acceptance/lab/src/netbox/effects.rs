//! What follows from a saved or removed object: sums, marks, other ends, secrets.

use serde_json::{Value, json};

use super::access;
use super::cables;
use super::custom_fields;
use super::ports;
use super::refusal::Refusal;
use super::store::{Object, Store};
use super::table::{Kind, TypeId};

/// Values a new object gets that nobody sends.
pub(crate) fn before_create(store: &mut Store, kind: TypeId, object: &mut Object, user: u64) {
    let path = store.kind(kind).path.clone();
    match path.as_str() {
        "users/tokens" => access::new_token(store, &mut object.data),
        "extras/journal-entries" if object.get("created_by").is_null() => {
            object.data.insert("created_by".to_owned(), json!(user));
        }
        "users/users" => {
            let now = super::render::moment(object.created);
            if object.get("date_joined").is_null() {
                object.data.insert("date_joined".to_owned(), json!(now));
            }
            object.data.insert("last_login".to_owned(), Value::Null);
        }
        "core/data-sources" => {
            object.data.insert("status".to_owned(), json!("new"));
        }
        "extras/image-attachments" => {
            object.data.insert("image_height".to_owned(), json!(1));
            object.data.insert("image_width".to_owned(), json!(1));
        }
        _ => {}
    }
}

/// Writes a list that is kept at its other end.
pub(crate) fn mirror(store: &mut Store, kind: TypeId, id: u64, field: &str, ids: &[u64]) {
    let Some(mirror) = store.kind(kind).facts.mirror.get(field).cloned() else { return };
    let Some((path, other)) = mirror.split_once('.') else { return };
    let Some(of) = store.table.by_path(path) else { return };
    let many = store.kind(of).field(other).is_some_and(|f| f.kind == Kind::Many);
    if !many {
        for target in ids {
            store.change(of, *target, |o| _ = o.data.insert(other.to_owned(), json!(id)));
        }
        return;
    }
    let had: Vec<u64> = store.by_field(kind, id, of, other).collect();
    for target in had.iter().filter(|t| !ids.contains(t)) {
        store.change(of, *target, |o| {
            let kept: Vec<u64> = o.keys(other).into_iter().filter(|k| *k != id).collect();
            o.data.insert(other.to_owned(), json!(kept));
        });
    }
    for target in ids.iter().filter(|t| !had.contains(t)) {
        store.change(of, *target, |o| {
            let mut kept = o.keys(other);
            kept.push(id);
            o.data.insert(other.to_owned(), json!(kept));
        });
    }
}

/// What follows from an object saved.
pub(crate) fn after_save(
    store: &mut Store,
    kind: TypeId,
    before: Option<&Object>,
    object: &Object,
) -> Result<(), Refusal> {
    match store.kind(kind).path.as_str() {
        "virtualization/virtual-disks" => {
            for machine in [before.and_then(|b| b.key("virtual_machine")), object.key("virtual_machine")] {
                sum_disks(store, kind, machine);
            }
        }
        path if path.contains("-port") => ports::after_save(store, kind, object),
        "dcim/cables" => cables::connect(store, before, Some(object))?,
        "extras/custom-fields" => custom_fields::spread(store, &object.data, false)?,
        "dcim/interfaces" | "virtualization/interfaces" => primary_mac(store, kind, object),
        _ => {}
    }
    Ok(())
}

/// What follows from an object removed.
pub(crate) fn after_delete(store: &mut Store, kind: TypeId, object: &Object) -> Result<(), Refusal> {
    match store.kind(kind).path.as_str() {
        "virtualization/virtual-disks" => sum_disks(store, kind, object.key("virtual_machine")),
        path if path.contains("-port") => ports::after_delete(store, kind, object),
        "dcim/cables" => cables::connect(store, Some(object), None)?,
        "extras/custom-fields" => custom_fields::spread(store, &object.data, true)?,
        _ => {}
    }
    Ok(())
}

fn sum_disks(store: &mut Store, disks: TypeId, machine: Option<u64>) {
    let machines = store.table.by_path("virtualization/virtual-machines");
    let (Some(machines), Some(machine)) = (machines, machine) else { return };
    let ids: Vec<u64> = store.by_field(machines, machine, disks, "virtual_machine").collect();
    let sum: u64 = ids.iter().filter_map(|id| store.get(disks, *id)?.key("size")).sum();
    let sum = if ids.is_empty() { Value::Null } else { json!(sum) };
    store.change(machines, machine, |o| _ = o.data.insert("disk".to_owned(), sum));
}

/// A primary MAC address nobody has is given to the interface; one written as text is made.
fn primary_mac(store: &mut Store, kind: TypeId, object: &Object) {
    let Some(macs) = store.table.by_path("dcim/mac-addresses") else { return };
    let model = store.kind(kind).facts.model.clone();
    if let Some(id) = object.key("primary_mac_address") {
        if store.get(macs, id).is_some_and(|m| m.key("assigned_object_id").is_none()) {
            let at = object.id;
            store.change(macs, id, |o| {
                o.data.insert("assigned_object_type".to_owned(), json!(model));
                o.data.insert("assigned_object_id".to_owned(), json!(at));
            });
        }
        return;
    }
    let writable = store.kind(kind).field("mac_address").is_some_and(|f| !f.read_only);
    let text = object.text("mac_address").to_owned();
    if !writable || text.is_empty() {
        return;
    }
    let (id, now) = (store.next_id(macs), store.now());
    let data = json!({
        "mac_address": text, "assigned_object_type": model, "assigned_object_id": object.id, "description": "",
        "comments": "", "tags": [], "custom_fields": {},
    });
    let data = data.as_object().cloned().unwrap_or_default();
    store.force(macs, Object { id, data, created: now, updated: now });
    store.change(kind, object.id, |o| _ = o.data.insert("primary_mac_address".to_owned(), json!(id)));
}
