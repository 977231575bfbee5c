//! Custom fields: values of types that only the server's administrator knows.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use tf_value::Value;

use super::plain::bare;
use crate::json;
use crate::reference::dynamic;

/// The values of the keys that are owned, in the form of the hint where they mean the same; of every key that has
/// a value where nothing is said about ownership (an import).
#[must_use]
pub fn decode_owned(values: &Json, hint: Option<&Value>) -> Value {
    let Some(values) = values.as_object() else { return Value::Null };
    let members: BTreeMap<String, Value> = match hint.and_then(Value::as_map) {
        Some(owned) => {
            owned.iter().map(|(key, hint)| (key.clone(), in_form_of(values.get(key), hint))).collect()
        }
        None => {
            let set = values.iter().filter(|(_, value)| !is_empty(value));
            set.map(|(key, value)| (key.clone(), json::to_value(&simplified(value)))).collect()
        }
    };
    if members.is_empty() && hint.is_none_or(Value::is_null) {
        Value::Null
    } else {
        dynamic(Value::Object(members))
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn in_form_of(value: Option<&Json>, hint: &Value) -> Value {
    let value = value.unwrap_or(&Json::Null);
    if hint.is_wholly_known() && same_custom_value(hint, value) {
        return hint.clone();
    }
    json::to_value(&simplified(value))
}

/// A value as one would write it: choices without labels, objects by id.
fn simplified(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(simplified).collect()),
        Json::Object(members) => match (bare(value), members.get("id")) {
            (Json::Object(_), Some(id)) if members.contains_key("url") => id.clone(),
            (Json::Object(_), _) => value.clone(),
            (choice, _) => choice.clone(),
        },
        other => other.clone(),
    }
}

/// Whether a configured value is what the server has.
#[must_use]
pub fn same_custom_value(configured: &Value, value: &Json) -> bool {
    let wanted = json::from_value(configured);
    let actual = simplified(value);
    match (&wanted, &actual) {
        (Json::Null, actual) => is_empty(actual),
        (Json::String(wanted), Json::String(actual)) => {
            super::super::schema::equality(crate::description::Format::Plain)
                .same(&Value::from(wanted.as_str()), &Value::from(actual.as_str()))
                || super::super::schema::equality(crate::description::Format::DateTime)
                    .same(&Value::from(wanted.as_str()), &Value::from(actual.as_str()))
        }
        (Json::String(text), Json::Null) => text.is_empty(),
        (Json::Array(wanted), Json::Null) => wanted.is_empty(),
        (Json::Number(wanted), actual) => {
            let number = |json: &Json| json::lenient_number(json);
            number(&Json::Number(wanted.clone())) == number(actual)
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len()
                && left.iter().all(|wanted| right.iter().any(|actual| json::same(wanted, actual)))
        }
        (wanted, actual) => json::same(wanted, actual),
    }
}

/// Custom fields as the JSON text of a plural data source.
#[must_use]
pub fn to_record_json(values: &Json) -> Value {
    match values {
        Json::Object(members) => {
            let simple: Map<String, Json> =
                members.iter().map(|(key, value)| (key.clone(), simplified(value))).collect();
            Value::String(Json::Object(simple).to_string())
        }
        _ => Value::Null,
    }
}
