//! Sets of fields: which leaves an object has, and how `FieldsV1` writes them
//! (sigs.k8s.io/structured-merge-diff, fieldpath/serialize.go).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::kinds::Kind;
use super::lists::{ListType, key_value, list_type};

/// A path: `f:` members, `k:` elements of lists by key, `v:` elements of sets.
pub(crate) type Path = Vec<String>;

/// Leaves, and elements of lists as such.
pub(crate) type FieldSet = BTreeSet<Path>;

/// Fields nobody owns (structured-merge-diff strips them: internal/stripmeta.go).
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "selfLink",
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
];

/// All leaves of an object.
pub(crate) fn leaves(kind: &Kind, object: &Value) -> FieldSet {
    let mut found = FieldSet::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    if !UNOWNED.contains(&name.as_str()) {
                        collect(kind, name, value, &["f:metadata".to_owned()], &mut found);
                    }
                }
            }
            _ => collect(kind, name, value, &[], &mut found),
        }
    }
    found
}

fn collect(kind: &Kind, name: &str, value: &Value, parent: &[String], found: &mut FieldSet) {
    let mut path = parent.to_vec();
    path.push(format!("f:{name}"));
    match value {
        Value::Null => {}
        Value::Object(members) if members.is_empty() => {
            found.insert(path);
        }
        Value::Object(members) => {
            for (name, value) in members {
                collect(kind, name, value, &path, found);
            }
        }
        Value::Array(elements) => match list_type(kind, parent, name) {
            ListType::Map(keys) if !elements.is_empty() => {
                for element in elements {
                    let mut path = path.clone();
                    path.push(element_key(element, keys));
                    for (name, value) in element.as_object().into_iter().flatten() {
                        collect(kind, name, value, &path, found);
                    }
                    found.insert(path);
                }
            }
            ListType::Set if !elements.is_empty() => {
                for element in elements {
                    let mut path = path.clone();
                    path.push(format!("v:{element}"));
                    found.insert(path);
                }
            }
            _ => {
                found.insert(path);
            }
        },
        _ => {
            found.insert(path);
        }
    }
}

pub(crate) fn element_key(element: &Value, keys: &[&str]) -> String {
    let named: Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), key_value(element, key))).collect();
    format!("k:{}", Value::Object(named))
}

fn step<'a>(value: &'a Value, element: &str) -> Option<&'a Value> {
    if let Some(name) = element.strip_prefix("f:") {
        return value.get(name);
    }
    value.as_array()?.iter().find(|candidate| is_element(candidate, element))
}

fn is_element(candidate: &Value, element: &str) -> bool {
    if let Some(keys) = element.strip_prefix("k:") {
        let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
        return keys.iter().all(|(key, wanted)| key_value(candidate, key) == *wanted);
    }
    let wanted = element.strip_prefix("v:").and_then(|wanted| serde_json::from_str::<Value>(wanted).ok());
    wanted.is_some_and(|wanted| wanted == *candidate)
}

/// What stands at a path.
pub(crate) fn get<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, element| step(value, element))
}

/// Takes away what stands at a path.
pub(crate) fn remove(object: &mut Value, path: &[String]) {
    let Some((last, way)) = path.split_last() else { return };
    let mut place = object;
    for element in way {
        let next = match element.strip_prefix("f:") {
            Some(name) => place.get_mut(name),
            None => place
                .as_array_mut()
                .and_then(|list| list.iter_mut().find(|candidate| is_element(candidate, element))),
        };
        let Some(next) = next else { return };
        place = next;
    }
    match place {
        Value::Object(map) => {
            map.remove(last.strip_prefix("f:").unwrap_or(last));
        }
        Value::Array(list) => list.retain(|candidate| !is_element(candidate, last)),
        _ => {}
    }
}

/// Written as `.spec.containers[name="a"].image`, as conflicts name it.
pub(crate) fn display(path: &[String]) -> String {
    path.iter()
        .map(|element| {
            if let Some(name) = element.strip_prefix("f:") {
                return format!(".{name}");
            }
            if let Some(keys) = element.strip_prefix("k:") {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                return format!("[{}]", keys.join(","));
            }
            format!("[={}]", element.strip_prefix("v:").unwrap_or(element))
        })
        .collect()
}

/// As `fieldsV1`.
pub(crate) fn encode(set: &FieldSet) -> Value {
    fn place(tree: &mut Value, path: &[String]) {
        let (Some((first, rest)), Some(map)) = (path.split_first(), tree.as_object_mut()) else { return };
        let below = map.entry(first.clone()).or_insert_with(|| json!({}));
        if rest.is_empty() && first.starts_with("k:") {
            below["."] = json!({});
        }
        place(below, rest);
    }
    let mut root = json!({});
    for path in set {
        place(&mut root, path);
    }
    root
}

/// From `fieldsV1`.
pub(crate) fn decode(fields: &Value) -> FieldSet {
    fn walk(fields: &Value, path: &mut Path, found: &mut FieldSet) {
        let Some(members) = fields.as_object() else { return };
        if members.is_empty() && !path.is_empty() {
            found.insert(path.clone());
        }
        for (element, below) in members {
            if element == "." {
                found.insert(path.clone());
                continue;
            }
            path.push(element.clone());
            walk(below, path, found);
            path.pop();
        }
    }
    let mut found = FieldSet::new();
    walk(fields, &mut Path::new(), &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::kinds::Kinds;
    use super::*;

    #[test]
    fn sets_survive_the_wire() {
        let kinds = Kinds::new();
        let kind = kinds.of("apps/v1", "Deployment").unwrap();
        let object = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "a", "labels": { "x": "y" }, "finalizers": ["f"] },
            "spec": { "replicas": 2, "template": { "spec": { "containers": [
                { "name": "c", "image": "i", "args": ["1", "2"], "ports": [ { "containerPort": 80 } ] } ] } } } });
        let set = leaves(&kind, &object);
        let encoded = encode(&set);
        assert_eq!(decode(&encoded), set);
        let container = &encoded["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"c\"}"];
        assert_eq!(container["."], json!({}));
        assert_eq!(
            container["f:ports"]["k:{\"containerPort\":80,\"protocol\":\"TCP\"}"]["f:containerPort"],
            json!({})
        );
        assert_eq!(container["f:args"], json!({}));
        assert_eq!(
            encoded["f:metadata"],
            json!({ "f:labels": { "f:x": {} }, "f:finalizers": { "v:\"f\"": {} } })
        );
        for path in &set {
            assert!(get(&object, path).is_some(), "{}", display(path));
        }
    }

    #[test]
    fn elements_are_taken_away_by_their_key() {
        let mut object = json!({ "list": [ { "name": "a" }, { "name": "b" } ] });
        remove(&mut object, &["f:list".to_owned(), "k:{\"name\":\"a\"}".to_owned()]);
        assert_eq!(object, json!({ "list": [ { "name": "b" } ] }));
    }
}
