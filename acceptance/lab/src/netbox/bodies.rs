//! Bodies of requests: one object, or a list of objects with ids.

use serde_json::{Map, Value, json};

use super::reference::{python, python_type};
use super::refusal::Refusal;

/// An id, and what the request says of that object.
pub(crate) type Named<'a> = (u64, &'a Map<String, Value>);

/// A body that is one object.
pub(crate) fn object_of(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    match body {
        Value::Object(map) => Ok(map),
        Value::Null => Err(Refusal::field("non_field_errors", "No data provided")),
        other => Err(Refusal::field(
            "non_field_errors",
            format!("Invalid data. Expected a dictionary, but got {}.", python_type(other)),
        )),
    }
}

/// The ids a list request names, and what else it says of them.
pub(crate) fn listed(body: &Value) -> Result<Vec<Named<'_>>, Refusal> {
    let Value::Array(items) = body else {
        return Err(Refusal::field(
            "non_field_errors",
            format!("Expected a list of items but got type \"{}\".", python_type(body)),
        ));
    };
    let mut found = Vec::new();
    let mut errors = Vec::new();
    let mut wrong = false;
    for item in items {
        let error = match item.as_object() {
            None => Some(json!({ "non_field_errors": [format!(
                "Invalid data. Expected a dictionary, but got {}.", python_type(item))] })),
            Some(map) => {
                match map.get("id").map(|id| (id, id.as_u64().or_else(|| id.as_str()?.parse().ok()))) {
                    None => Some(json!({ "id": ["This field is required."] })),
                    Some((_, Some(id))) => {
                        found.push((id, map));
                        None
                    }
                    Some((id, None)) => {
                        tracing::debug!(id = python(id), "no id");
                        Some(json!({ "id": ["A valid integer is required."] }))
                    }
                }
            }
        };
        wrong |= error.is_some();
        errors.push(error.unwrap_or_else(|| json!({})));
    }
    if wrong { Err(Refusal::new(400, Value::Array(errors))) } else { Ok(found) }
}
