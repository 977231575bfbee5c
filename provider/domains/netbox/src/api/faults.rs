//! Refusals of what was sent, read field by field. Pure.

use serde_json::Value;

use super::error::{Fault, FaultKind, PathStep};

/// Keys under which the server speaks of the object as a whole.
const WHOLE: &[&str] = &["__all__", "non_field_errors", "detail"];

/// What texts mean; the first that fits counts.
const MEANINGS: &[(&str, FaultKind)] = &[
    ("This field is required.", FaultKind::Missing),
    ("This field may not be blank.", FaultKind::Missing),
    ("This field may not be null.", FaultKind::Missing),
    ("Missing required custom field", FaultKind::Missing),
    ("already exists", FaultKind::Duplicate),
    ("Duplicate IP address found", FaultKind::Duplicate),
    ("Duplicate prefix found", FaultKind::Duplicate),
    ("must make a unique set", FaultKind::Duplicate),
    ("violates unique constraint", FaultKind::Duplicate),
    ("Related object not found", FaultKind::ReferenceNotFound),
    ("object does not exist", FaultKind::ReferenceNotFound),
    ("Related objects not found", FaultKind::ReferenceNotFound),
    ("Multiple objects match", FaultKind::ReferenceAmbiguous),
    ("Cannot resolve keyword", FaultKind::ReferenceAttribute),
    ("does not exist for this object type", FaultKind::UnknownCustomField),
    ("in custom field data", FaultKind::UnknownCustomField),
    ("is not a valid choice", FaultKind::InvalidChoice),
    ("is not one of the available choices", FaultKind::InvalidChoice),
    ("Invalid choice", FaultKind::InvalidChoice),
];

/// What is wrong where, out of the body of a 400.
pub(super) fn faults(body: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    match indexed(body) {
        Some(errors) => {
            for (index, errors) in errors {
                collect(errors, &mut vec![PathStep::Index(index)], &mut faults);
            }
        }
        None => collect(body, &mut Vec::new(), &mut faults),
    }
    faults
}

/// The errors of a bulk write in the form of NetBox 4.7: `{"errors": [{"index": 1, "errors": …}]}`.
fn indexed(body: &Value) -> Option<Vec<(usize, &Value)>> {
    let entry = |entry: &'_ Value| {
        let index = entry.get("index")?.as_u64()?;
        Some(usize::try_from(index).ok()?)
    };
    let list = body.get("errors")?.as_array()?;
    list.iter().map(|item| Some((entry(item)?, item.get("errors")?))).collect()
}

fn collect(value: &Value, path: &mut Vec<PathStep>, faults: &mut Vec<Fault>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if WHOLE.contains(&name.as_str()) {
                    collect(value, path, faults);
                } else {
                    path.push(PathStep::Field(name.clone()));
                    collect(value, path, faults);
                    path.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if item.is_object() || item.is_array() {
                    path.push(PathStep::Index(index));
                    collect(item, path, faults);
                    path.pop();
                } else {
                    // Several messages about one thing.
                    collect(item, path, faults);
                }
            }
        }
        Value::Null => {}
        Value::String(message) => faults.push(fault(path, message)),
        other => faults.push(fault(path, &other.to_string())),
    }
}

fn fault(path: &[PathStep], message: &str) -> Fault {
    let (mut path, mut message) = (path.to_vec(), message.to_owned());
    if let Some((name, rest)) = custom_field(&message).filter(|_| path.iter().all(is_index)) {
        path.extend([PathStep::Field("custom_fields".to_owned()), PathStep::Field(name)]);
        message = rest;
    }
    Fault { kind: meaning(&message), path, message }
}

/// What a message means.
pub(super) fn meaning(message: &str) -> FaultKind {
    let fits = |(text, _): &&(&str, FaultKind)| message.contains(text);
    MEANINGS.iter().find(fits).map_or(FaultKind::Other, |(_, kind)| *kind)
}

/// The custom field that a message about the whole object speaks of, and what it says of it.
fn custom_field(message: &str) -> Option<(String, String)> {
    let quoted = |rest: &str| {
        let (name, rest) = rest.split_once('\'')?;
        Some((name.to_owned(), rest.to_owned()))
    };
    if let Some(rest) = message.strip_prefix("Invalid value for custom field '") {
        let (name, rest) = quoted(rest)?;
        return Some((name, rest.trim_start_matches([':', ' ']).to_owned()));
    }
    for start in ["Missing required custom field '", "Custom field '", "Unknown field name '"] {
        if let Some(rest) = message.strip_prefix(start) {
            return Some((quoted(rest)?.0, message.to_owned()));
        }
    }
    None
}

fn is_index(step: &PathStep) -> bool {
    matches!(step, PathStep::Index(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn told(body: &Value) -> Vec<(String, FaultKind)> {
        faults(body).iter().map(|fault| (fault.to_string(), fault.kind)).collect()
    }

    #[test]
    fn each_shape_of_refusal_is_read() {
        let one = |body, text: &str, kind| assert_eq!(told(&body), [(text.to_owned(), kind)]);
        one(
            json!({"slug": ["This field is required."]}),
            "slug: This field is required.",
            FaultKind::Missing,
        );
        one(
            json!({"__all__": ["VLAN with this Group and VLAN ID already exists."]}),
            "VLAN with this Group and VLAN ID already exists.",
            FaultKind::Duplicate,
        );
        one(json!({"a": {"b": [{}, {"c": ["x"]}]}}), "a.b[1].c: x", FaultKind::Other);
        one(
            json!(["'start' and 'offset' are mutually exclusive."]),
            "'start' and 'offset' are mutually exclusive.",
            FaultKind::Other,
        );
        one(
            json!([{}, {"name": ["site with this name already exists."]}]),
            "[1].name: site with this name already exists.",
            FaultKind::Duplicate,
        );
        one(
            json!({"detail": "x", "errors": [{"index": 2, "errors": {"name": ["y"]}}]}),
            "[2].name: y",
            FaultKind::Other,
        );
        one(
            json!({"__all__": ["Invalid value for custom field 'cf_int': Value must be an integer."]}),
            "custom_fields.cf_int: Value must be an integer.",
            FaultKind::Other,
        );
        one(
            json!({"custom_fields": {"b": "Custom field 'b' does not exist for this object type."}}),
            "custom_fields.b: Custom field 'b' does not exist for this object type.",
            FaultKind::UnknownCustomField,
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            "[a-z' :]{0,12}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z_]{1,8}|errors|index|detail|__all__", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn messages(value: &Value) -> usize {
        match value {
            Value::Null => 0,
            Value::Array(items) => items.iter().map(messages).sum(),
            Value::Object(fields) => fields.values().map(messages).sum(),
            _ => 1,
        }
    }

    proptest! {
        #[test]
        fn no_message_is_lost(body in any_json()) {
            prop_assume!(indexed(&body).is_none());
            prop_assert_eq!(faults(&body).len(), messages(&body));
        }
    }
}
