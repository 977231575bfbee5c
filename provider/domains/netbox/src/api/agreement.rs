//! Whether what was sent is what is there.

use serde_json::Value;

use super::object::number;

/// Whether what was sent is what is there: a reference is read as an object, a choice with its label, a decimal as a
/// number or as text, an empty choice as null, a text without white space at its ends. Of an object only the members
/// that were sent count, and the order of a list does not.
pub fn agrees(sent: &Value, there: &Value) -> bool {
    match (sent, there) {
        (Value::Array(sent), Value::Array(there)) => {
            sent.len() == there.len()
                && sent.iter().all(|item| there.iter().any(|candidate| agrees(item, candidate)))
        }
        (Value::Object(sent), Value::Object(there)) => {
            sent.iter().all(|(key, value)| agrees(value, there.get(key).unwrap_or(&Value::Null)))
        }
        (sent, Value::Object(there)) => {
            let id = || there.get("id").and_then(number).is_some_and(|id| number(sent) == Some(id));
            there.get("value").is_some_and(|value| agrees(sent, value)) || id()
        }
        (Value::String(text), Value::Null) => text.is_empty(),
        (Value::String(sent), Value::String(there)) => sent.trim() == there.trim(),
        (sent, there) => sent == there || decimal(sent).is_some_and(|number| decimal(there) == Some(number)),
    }
}

fn decimal(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_sent_is_found_in_what_is_read() {
        for (sent, there, same) in [
            (json!(5), json!({"id": 5, "name": "x"}), true),
            (json!({"slug": "a"}), json!({"id": 5, "slug": "a"}), true),
            (json!({"slug": "a"}), json!({"id": 5, "slug": "b"}), false),
            (json!("active"), json!({"value": "active", "label": "Active"}), true),
            (json!([2, 1]), json!([{"id": 1}, {"id": 2}]), true),
            (json!([1]), json!([{"id": 1}, {"id": 2}]), false),
            (json!("1.50"), json!(1.5), true),
            (json!(1.5), json!("1.50"), true),
            (json!("007"), json!("7"), false),
            (json!(" a "), json!("a"), true),
            (json!(""), json!(null), true),
            (json!(null), json!(0), false),
            (json!({"a": null}), json!({"a": null, "b": 1}), true),
            (json!(false), json!(0), false),
        ] {
            assert_eq!(agrees(&sent, &there), same, "{sent} {there}");
        }
    }
}
