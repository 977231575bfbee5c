//! How stored options look in an answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::store::{Fields, Section};
use crate::pve::call::Param;
use crate::pve::schema::{Method, Spec, parse_properties};

/// A value as the API shows it: numbers and booleans as numbers, arrays as lists, all else as text.
pub(crate) fn value(spec: Option<&Spec>, stored: &Param) -> Value {
    match stored {
        Param::Many(values) => json!(values),
        Param::One(text) if spec.is_some_and(|s| s.kind == "array") => json!([text]),
        Param::One(text) if spec.is_some_and(Spec::is_number) => number(text),
        Param::One(text) => json!(text),
    }
}

/// A value of one of the files of `key: value` lines, which keep numbers as text.
pub(crate) fn of_file(spec: Option<&Spec>, stored: &Param) -> Value {
    match stored {
        Param::One(text) if spec.is_some_and(|s| s.kind != "boolean" && s.kind != "array") => json!(text),
        other => value(spec, other),
    }
}

fn number(text: &str) -> Value {
    let word = match text {
        "on" => "1",
        "off" => "0",
        other => other,
    };
    serde_json::from_str(word).ok().filter(Value::is_number).unwrap_or_else(|| json!(text))
}

/// Options of a section as the method that makes it describes them.
pub(crate) fn fields(method: Option<&Method>, fields: &Fields) -> Map<String, Value> {
    let spec = |key: &str| method.and_then(|m| m.param(key));
    fields.iter().map(|(key, stored)| (key.clone(), value(spec(key), stored))).collect()
}

/// A property string as an object, as the API shows some of them: booleans as numbers, all else as text.
pub(crate) fn object(spec: &Spec, text: &str) -> Value {
    let Some(properties) = spec.properties() else { return json!(text) };
    let Ok(parsed) = parse_properties("", text, properties) else { return json!(text) };
    let shown = |key: &String, value: String| match properties.get(key) {
        Some(spec) if spec.kind == "boolean" => number(&value),
        _ => json!(value),
    };
    parsed
        .into_iter()
        .map(|(key, text)| {
            let shown = shown(&key, text);
            (key, shown)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// A section as it differs from the one in force: `state` and `pending`.
pub(crate) fn pending(
    method: Option<&Method>,
    running: Option<&Section>,
    wanted: Option<&Section>,
    always: &[&str],
) -> Map<String, Value> {
    let with_kind = |section: &Section| {
        let mut all = fields(method, &section.fields);
        all.insert("type".into(), json!(section.kind));
        all
    };
    let before = running.map(with_kind).unwrap_or_default();
    let after = wanted.map(with_kind).unwrap_or_default();
    let mut view = before.clone();
    let mut changes = BTreeMap::new();
    for (key, value) in &after {
        if always.contains(&key.as_str()) {
            view.insert(key.clone(), value.clone());
        } else if before.get(key) != Some(value) {
            changes.insert(key.clone(), value.clone());
        }
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    if wanted.is_some() {
        changes.extend(gone.map(|key| (key.clone(), json!("deleted"))));
    }
    let state = match (running, wanted) {
        (None, _) => Some("new"),
        (_, None) => Some("deleted"),
        _ if !changes.is_empty() => Some("changed"),
        _ => None,
    };
    if let Some(state) = state {
        view.insert("state".into(), json!(state));
        view.insert("pending".into(), json!(changes));
    }
    view
}
