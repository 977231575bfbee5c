//! References in requests: by id or by attributes that match exactly one object.

use serde_json::{Map, Value};

use super::net::Net;
use super::store::{Object, Store};
use super::table::{Kind, TypeId};

/// A value as Python writes it, as it stands in NetBox's messages.
pub(crate) fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(n) => n.to_string(),
        Value::String(s) if s.contains('\'') && !s.contains('"') => format!("\"{s}\""),
        Value::String(s) => format!("'{}'", s.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(list) => format!("[{}]", list.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let members = map.iter().map(|(k, v)| format!("'{k}': {}", python(v)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The name of a value's Python type.
pub(crate) fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Nested attributes, with two underscores for each step down.
fn flatten(map: &Map<String, Value>, prefix: &str, into: &mut Map<String, Value>) {
    for (key, value) in map {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}__{key}") };
        match value {
            Value::Object(inner) => flatten(inner, &name, into),
            value => {
                into.insert(name, value.clone());
            }
        }
    }
}

/// Resolves a reference to an id; the error is the field's message.
pub(crate) fn one(
    store: &Store,
    target: TypeId,
    value: &Value,
    may_view: &dyn Fn(&Object) -> bool,
) -> Result<u64, String> {
    if let Value::Object(map) = value {
        return by_attributes(store, target, map, may_view);
    }
    let id = match value {
        Value::Number(n) => n.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(u64::from(*flag)),
        _ => None,
    };
    let Some(id) = id else {
        let shown = python(value);
        return Err(format!(
            "Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: {}",
            if value.is_string() { shown.trim_matches('\'') } else { &shown }
        ));
    };
    if store.get(target, id).is_some() {
        return Ok(id);
    }
    Err(format!("Related object not found using the provided numeric ID: {id}"))
}

fn by_attributes(
    store: &Store,
    target: TypeId,
    map: &Map<String, Value>,
    may_view: &dyn Fn(&Object) -> bool,
) -> Result<u64, String> {
    let mut wanted = Map::new();
    flatten(map, "", &mut wanted);
    for name in wanted.keys() {
        check_path(store, target, name)?;
    }
    let fits =
        |object: &&Object| wanted.iter().all(|(name, value)| matches(store, target, object, name, value));
    let mut found = store.all(target).map(AsRef::as_ref).filter(fits).filter(|o| may_view(o));
    let shown = || python(&Value::Object(wanted.clone()));
    match (found.next(), found.next()) {
        (None, _) => Err(format!("Related object not found using the provided attributes: {}", shown())),
        (Some(one), None) => Ok(one.id),
        _ => Err(format!("Multiple objects match the provided attributes: {}", shown())),
    }
}

/// Attributes by which objects of a type can be found.
fn keywords(store: &Store, kind: TypeId) -> Vec<String> {
    let t = store.kind(kind);
    let hidden = ["url", "display", "display_url", "custom_fields"];
    let mut names: Vec<String> = t
        .fields
        .iter()
        .filter(|f| !hidden.contains(&f.name.as_str()))
        .filter(|f| !f.read_only || matches!(f.name.as_str(), "id" | "created" | "last_updated"))
        .flat_map(|f| match f.kind {
            Kind::Reference => vec![f.name.clone(), format!("{}_id", f.name)],
            _ => vec![f.name.clone()],
        })
        .collect();
    names.sort();
    names
}

fn check_path(store: &Store, kind: TypeId, name: &str) -> Result<(), String> {
    let (first, rest) = name.split_once("__").map_or((name, None), |(f, r)| (f, Some(r)));
    let known = keywords(store, kind);
    if !known.iter().any(|k| k == first) {
        return Err(format!(
            "Cannot resolve keyword '{first}' into field. Choices are: {}",
            known.join(", ")
        ));
    }
    let target = store.kind(kind).field(first).filter(|f| f.kind == Kind::Reference).and_then(|f| f.target);
    match (rest, target) {
        (Some(rest), Some(target)) => check_path(store, target, rest),
        _ => Ok(()),
    }
}

fn matches(store: &Store, kind: TypeId, object: &Object, name: &str, wanted: &Value) -> bool {
    if matches!(name, "id" | "pk") {
        return wanted.as_u64() == Some(object.id)
            || wanted.as_str().and_then(|s| s.parse().ok()) == Some(object.id);
    }
    if let Some((first, rest)) = name.split_once("__") {
        let target = store.kind(kind).field(first).and_then(|f| f.target);
        return match target.zip(object.key(first)) {
            Some((target, id)) => {
                store.get(target, id).is_some_and(|found| matches(store, target, found, rest, wanted))
            }
            None => rest == "isnull" && *wanted == Value::Bool(true),
        };
    }
    let field = name.strip_suffix("_id").filter(|f| store.kind(kind).field(f).is_some()).unwrap_or(name);
    let value = object.get(field);
    if value == wanted {
        return true;
    }
    match (value, wanted) {
        (Value::Number(n), Value::String(s)) => s.parse().ok() == n.as_f64(),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) if matches!(field, "address" | "prefix") => {
            Net::parse(a).is_some() && Net::parse(a) == Net::parse(b)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_python_does() {
        assert_eq!(
            python(&json!({ "slug": "x", "a": [1, null, true] })),
            "{'a': [1, None, True], 'slug': 'x'}"
        );
        assert_eq!(python(&json!("it's")), "\"it's\"");
    }
}
