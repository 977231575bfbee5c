//! Configuration contexts: what concerns a device or machine, merged by weight.

use serde_json::{Map, Value};

use super::computed;
use super::order;
use super::store::{Object, Store};
use super::table::TypeId;

/// (selector of a context, path from the object to what it selects).
const SELECTORS: &[(&str, &str)] = &[
    ("regions", "site.region"),
    ("site_groups", "site.group"),
    ("sites", "site"),
    ("locations", "location"),
    ("device_types", "device_type"),
    ("roles", "role"),
    ("platforms", "platform"),
    ("cluster_types", "cluster.type"),
    ("cluster_groups", "cluster.group"),
    ("clusters", "cluster"),
    ("tenant_groups", "tenant.group"),
    ("tenants", "tenant"),
];

/// Follows references.
fn follow(store: &Store, kind: TypeId, object: &Object, path: &str) -> Option<(TypeId, u64)> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(f, r)| (f, Some(r)));
    let target = store.kind(kind).field(first)?.target?;
    let id = object.key(first)?;
    match rest {
        None => Some((target, id)),
        Some(rest) => follow(store, target, store.get(target, id)?, rest),
    }
}

fn concerns(store: &Store, context: &Object, kind: TypeId, object: &Object) -> bool {
    if context.get("is_active") != true {
        return false;
    }
    let tags = context.keys("tags");
    if !tags.is_empty() && !object.keys("tags").iter().any(|t| tags.contains(t)) {
        return false;
    }
    SELECTORS.iter().all(|(selector, path)| {
        let wanted = context.keys(selector);
        wanted.is_empty()
            || follow(store, kind, object, path).is_some_and(|(target, id)| {
                let above =
                    store.get(target, id).map(|o| computed::ancestors(store, target, o)).unwrap_or_default();
                wanted.contains(&id) || above.iter().any(|a| wanted.contains(a))
            })
    })
}

fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The context of a device or machine.
pub(crate) fn of(store: &Store, kind: TypeId, object: &Object) -> Value {
    let mut merged = Map::new();
    if let Some(contexts) = store.table.by_path("extras/config-contexts") {
        let found: Vec<&Object> =
            store.all(contexts).map(AsRef::as_ref).filter(|c| concerns(store, c, kind, object)).collect();
        let by = store.kind(contexts).facts.order.clone();
        for context in order::sort(store, contexts, found, &by) {
            merge(&mut merged, context.get("data").as_object().unwrap_or(&Map::new()));
        }
    }
    merge(&mut merged, object.get("local_context_data").as_object().unwrap_or(&Map::new()));
    Value::Object(merged)
}
