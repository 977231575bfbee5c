//! The change log: what was made, changed and deleted, by whom, in which request.

use serde_json::{Map, Value, json};

use super::display;
use super::store::{Object, Store};
use super::table::{Kind, TypeId};

/// Who changes something, in which request, and why.
#[derive(Debug, Clone, Default)]
pub(crate) struct Author {
    pub(crate) user: u64,
    pub(crate) name: String,
    pub(crate) request: String,
    pub(crate) message: String,
}

/// An object as the change log keeps it: ids for references, slugs or names for tags.
fn kept(store: &Store, kind: TypeId, object: &Object) -> Value {
    let t = store.kind(kind);
    let mut data = Map::new();
    for field in t.fields.iter().filter(|f| f.is_stored() && !f.write_only) {
        let value = match field.kind {
            Kind::Tags => {
                let tags = store.table.by_path("extras/tags");
                let name = |id: &u64| tags.and_then(|t| Some(store.get(t, *id)?.get("name").clone()));
                object.keys("tags").iter().filter_map(name).collect()
            }
            _ => object.get(&field.name).clone(),
        };
        data.insert(field.name.clone(), value);
    }
    if t.path == "users/tokens" {
        data.retain(|k, _| k != "token" && k != "key");
    }
    Value::Object(data)
}

/// Writes an entry.
pub(crate) fn record(
    store: &mut Store,
    author: &Author,
    action: &str,
    kind: TypeId,
    before: Option<&Object>,
    after: Option<&Object>,
) {
    let Some(log) =
        store.table.by_path("core/object-changes").or_else(|| store.table.by_path("extras/object-changes"))
    else {
        return;
    };
    let Some(object) = after.or(before) else { return };
    let path = store.kind(kind).path.as_str();
    if path.starts_with("users/") && !matches!(path, "users/owners" | "users/owner-groups") {
        return;
    }
    let same = before.zip(after).is_some_and(|(b, a)| kept(store, kind, b) == kept(store, kind, a));
    if same {
        // Saving what is there already is no change.
        return;
    }
    let shown = |o: Option<&Object>| o.map_or_else(|| json!({}), |o| kept(store, kind, o));
    let data = json!({
        "user": author.user, "user_name": author.name, "request_id": author.request, "action": action,
        "changed_object_type": store.kind(kind).facts.model, "changed_object_id": object.id,
        "object_repr": display::display(store, kind, object), "message": author.message,
        "prechange_data": shown(before), "postchange_data": shown(after),
    });
    let now = store.now();
    let mut data = data.as_object().cloned().unwrap_or_default();
    data.insert("time".to_owned(), json!(super::render::moment(now)));
    let id = store.next_id(log);
    store.force(log, Object { id, data, created: now, updated: now });
}
