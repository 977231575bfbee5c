//! Strategic merge patch, as kubectl sends it for the types it knows (apimachinery/pkg/util/strategicpatch).

use serde_json::{Map, Value, json};

use super::super::kinds::Kind;
use super::super::status::{ApiResult, Status};
use super::lists::{merge_key, merges_values};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_VALUES: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Applies a strategic merge patch.
pub(crate) fn apply(kind: &Kind, target: &Value, patch: &Value) -> ApiResult<Value> {
    if kind.custom {
        // apiserver handlers/patch.go: custom resources know no strategy.
        return Err(Status::new(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        ));
    }
    let mut result = target.clone();
    merge(kind, &mut result, patch);
    Ok(result)
}

fn merge(kind: &Kind, target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if members.get(DIRECTIVE).is_some_and(|directive| directive == "replace") {
        *target = Value::Object(plain(members));
        return;
    }
    if !target.is_object() {
        *target = json!({});
    }
    let Some(map) = target.as_object_mut() else { return };
    if members.get(DIRECTIVE).is_some_and(|directive| directive == "delete") {
        map.clear();
        return;
    }
    if let Some(retained) = members.get(RETAIN).and_then(Value::as_array) {
        map.retain(|key, _| retained.iter().any(|wanted| wanted == key));
    }
    for (key, value) in members {
        if let Some(list) = key.strip_prefix(DELETE_VALUES) {
            let gone = value.as_array().cloned().unwrap_or_default();
            if let Some(values) = map.get_mut(list).and_then(Value::as_array_mut) {
                values.retain(|value| !gone.contains(value));
            }
        }
    }
    for (key, value) in members.iter().filter(|(key, _)| !key.starts_with('$')) {
        match value {
            Value::Null => {
                map.remove(key);
            }
            Value::Array(elements) => {
                let place = map.entry(key.clone()).or_insert(json!([]));
                merge_list(kind, key, place, elements);
            }
            _ => merge(kind, map.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
    for (key, value) in members {
        if let (Some(list), Some(order)) = (key.strip_prefix(ORDER), value.as_array())
            && let Some(elements) = map.get_mut(list).and_then(Value::as_array_mut)
        {
            let named = merge_key(kind, list);
            let place = |element: &Value| {
                order.iter().position(|wanted| match named {
                    Some(named) => wanted.get(named) == element.get(named),
                    None => wanted == element,
                })
            };
            elements.sort_by_key(|element| place(element).unwrap_or(usize::MAX));
        }
    }
}

fn merge_list(kind: &Kind, name: &str, place: &mut Value, elements: &[Value]) {
    let replaces = elements.iter().any(|element| element.get(DIRECTIVE).is_some_and(|d| d == "replace"));
    let key = if replaces { None } else { merge_key(kind, name) };
    let Some(key) = key else {
        let mut merged = if merges_values(name) && !replaces {
            place.as_array().cloned().unwrap_or_default()
        } else {
            Vec::new()
        };
        for element in elements.iter().filter(|element| element.get(DIRECTIVE).is_none()) {
            if !merges_values(name) || !merged.contains(element) {
                merged.push(clean(element));
            }
        }
        *place = Value::Array(merged);
        return;
    };
    let mut merged = place.as_array().cloned().unwrap_or_default();
    for element in elements {
        let same = |known: &Value| known.get(key) == element.get(key);
        if element.get(DIRECTIVE).is_some_and(|directive| directive == "delete") {
            merged.retain(|known| !same(known));
        } else if let Some(known) = merged.iter_mut().find(|known| same(known)) {
            merge(kind, known, element);
        } else {
            merged.push(clean(element));
        }
    }
    *place = Value::Array(merged);
}

fn plain(members: &Map<String, Value>) -> Map<String, Value> {
    members
        .iter()
        .filter(|(key, value)| !key.starts_with('$') && !value.is_null())
        .map(|(key, value)| (key.clone(), clean(value)))
        .collect()
}

/// The value of a patch as it is stored when nothing was there before: without directives.
fn clean(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(plain(members)),
        Value::Array(elements) => Value::Array(elements.iter().map(clean).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::kinds::Kinds;
    use super::*;

    #[test]
    fn elements_are_merged_by_key_and_taken_away_by_directive() {
        let kind = Kinds::new().of("v1", "Node").unwrap();
        let node = json!({ "status": { "conditions": [ { "type": "a", "status": "True" }, { "type": "b", "status": "True" } ] } });
        let patch = json!({ "status": { "conditions": [ { "$patch": "delete", "type": "a" }, { "type": "c", "status": "False" } ],
            "$setElementOrder/conditions": [ { "type": "c" }, { "type": "b" } ] } });
        let found = apply(&kind, &node, &patch).unwrap();
        let expected = json!([ { "type": "c", "status": "False" }, { "type": "b", "status": "True" } ]);
        assert_eq!(found["status"]["conditions"], expected);
    }

    /// They have no patchMergeKey: clients send all of them.
    #[test]
    fn taints_are_one_value() {
        let kind = Kinds::new().of("v1", "Node").unwrap();
        let node = json!({ "spec": { "taints": [ { "key": "a", "effect": "NoSchedule" } ] } });
        let patch = json!({ "spec": { "taints": [ { "key": "b", "effect": "NoSchedule" } ] } });
        assert_eq!(apply(&kind, &node, &patch).unwrap(), patch);
    }

    #[test]
    fn strategies_change_with_retained_keys() {
        let kind = Kinds::new().of("apps/v1", "Deployment").unwrap();
        let deployment = json!({ "spec": { "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1 } } } });
        let patch = json!({ "spec": { "strategy": { "$retainKeys": ["type"], "type": "Recreate" } } });
        let found = apply(&kind, &deployment, &patch).unwrap();
        assert_eq!(found["spec"]["strategy"], json!({ "type": "Recreate" }));
    }

    #[test]
    fn finalizers_are_merged_and_deleted_by_value() {
        let kind = Kinds::new().of("v1", "Node").unwrap();
        let node = json!({ "metadata": { "finalizers": ["a", "b"] } });
        let patch =
            json!({ "metadata": { "finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"] } });
        assert_eq!(apply(&kind, &node, &patch).unwrap()["metadata"]["finalizers"], json!(["b", "c"]));
    }
}
