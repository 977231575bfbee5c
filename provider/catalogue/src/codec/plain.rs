//! Values that mean the same in any place.

use serde_json::Value as Json;
use tf_value::Value;

use crate::description::{Field, Literal, PairElement, Shape};
use crate::json;

/// A value on the wire without the label that choices come with.
pub(super) fn bare(value: &Json) -> &Json {
    match value {
        Json::Object(members) if members.contains_key("value") && members.contains_key("label") => {
            members.get("value").unwrap_or(&Json::Null)
        }
        other => other,
    }
}

fn text(value: &Json) -> Option<String> {
    match bare(value) {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(bool) => Some(bool.to_string()),
        _ => None,
    }
}

fn boolean(value: &Json) -> Value {
    match bare(value) {
        Json::Bool(bool) => Value::Bool(*bool),
        _ => Value::Null,
    }
}

fn number(value: &Json) -> Value {
    json::lenient_number(bare(value)).map_or(Value::Null, Value::Number)
}

/// Null stays null; an empty text is null unless it is meant to be empty.
fn blank_is_null(value: Option<String>, hint: &Value) -> Value {
    match value {
        Some(text) if !text.is_empty() || hint.as_str() == Some("") => Value::String(text),
        _ => Value::Null,
    }
}

/// An empty collection is null unless it is meant to be empty.
fn empty_is_null(items: Vec<Value>, hint: &Value, make: impl FnOnce(Vec<Value>) -> Value) -> Value {
    let meant = hint.as_list().is_some_and(<[Value]>::is_empty);
    if items.is_empty() && !meant { Value::Null } else { make(items) }
}

/// A field of a shape that needs nothing but itself; `None` for the others.
pub(super) fn decode_plain(field: &Field, value: &Json, hint: &Value) -> Option<Value> {
    let items = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    Some(match field.shape {
        Shape::Bool => boolean(value),
        Shape::Integer { .. } | Shape::Decimal { .. } | Shape::IntegerChoice { .. } => number(value),
        Shape::Text { .. } | Shape::Choice { .. } => blank_is_null(text(value), hint),
        Shape::Json => match value {
            Json::Null => Value::Null,
            // Where null may stand, some servers keep an empty object for nothing.
            Json::Object(members) if members.is_empty() && field.nullable && hint.is_null() => Value::Null,
            json => Value::String(json.to_string()),
        },
        Shape::Texts { ordered, .. } => {
            let texts = items().iter().filter_map(element_text).map(Value::String).collect();
            empty_is_null(texts, hint, |texts| if ordered { Value::List(texts) } else { Value::set(texts) })
        }
        Shape::Integers { ordered } => {
            let numbers = items().iter().map(number).filter(|number| !number.is_null()).collect();
            empty_is_null(numbers, hint, |list| if ordered { Value::List(list) } else { Value::set(list) })
        }
        Shape::Pairs { names, element } => {
            let pairs = items().iter().filter_map(|pair| decode_pair(pair, names, element)).collect();
            empty_is_null(pairs, hint, Value::List)
        }
        Shape::Objects { fields, ordered } => {
            let forms = hint.as_list().unwrap_or_default();
            let decoded = items().iter().map(|object| decode_inner(fields, object));
            let as_said =
                |object| form_of(fields, &object, forms).unwrap_or_else(|| without_off(fields, &object));
            let objects = decoded.map(as_said).collect();
            empty_is_null(objects, hint, |list| if ordered { Value::List(list) } else { Value::set(list) })
        }
        Shape::Object { fields } => match value {
            Json::Object(_) => in_a_form_of(fields, decode_inner(fields, value), std::slice::from_ref(hint)),
            _ => Value::Null,
        },
        Shape::Reference { .. }
        | Shape::References { .. }
        | Shape::Target { .. }
        | Shape::Tags
        | Shape::CustomFields
        | Shape::File => return None,
    })
}

/// An element of a list of texts; objects that stand for one are known by slug or name.
fn element_text(value: &Json) -> Option<String> {
    let named = |members: &serde_json::Map<String, Json>| {
        ["slug", "name"].into_iter().find_map(|key| members.get(key)?.as_str().map(str::to_owned))
    };
    text(value).or_else(|| value.as_object().and_then(named))
}

fn decode_pair(pair: &Json, names: [&str; 2], element: PairElement) -> Option<Value> {
    let [first, second] = pair.as_array()?.as_slice() else { return None };
    let one = |value: &Json| match element {
        PairElement::Text => text(value).map_or(Value::Null, Value::String),
        PairElement::Integer => number(value),
    };
    Some(Value::object([(names[0], one(first)), (names[1], one(second))]))
}

fn decode_inner(fields: &[Field], object: &Json) -> Value {
    let member = |field: &Field| {
        let value = object.get(field.wire).unwrap_or(&Json::Null);
        let id = |value: &Json| value.get("id").cloned().unwrap_or_else(|| value.clone());
        let plain = match field.shape {
            Shape::Integer { .. } => number(&id(value)),
            _ => decode_plain(field, value, &Value::Null).unwrap_or(Value::Null),
        };
        (field.name, plain)
    };
    Value::object(fields.iter().map(member))
}

/// An object in the form of one that means the same, where members have defaults that the server writes out.
fn in_a_form_of(fields: &[Field], object: Value, forms: &[Value]) -> Value {
    form_of(fields, &object, forms).unwrap_or(object)
}

fn form_of(fields: &[Field], object: &Value, forms: &[Value]) -> Option<Value> {
    let says_less = |field: &Field| field.default.is_none() && !matches!(field.shape, Shape::Bool);
    if fields.iter().all(says_less) {
        return None;
    }
    forms.iter().find(|form| form.is_wholly_known() && same_inner(fields, form, object)).cloned()
}

/// An element that nothing is known of, without the flags that are off: off is what is meant where one is left out.
fn without_off(fields: &[Field], object: &Value) -> Value {
    let is_off = |field: &Field| {
        field.default != Some(Literal::Bool(true)) && object.get(field.name) == Some(&Value::Bool(false))
    };
    let member = |field: &Field| match object.get(field.name) {
        Some(value) if !is_off(field) => (field.name, value.clone()),
        _ => (field.name, Value::Null),
    };
    Value::object(fields.iter().map(member))
}

/// Whether two inner objects mean the same: what is left out is the default of the member, where it has one.
pub(crate) fn same_inner(fields: &[Field], left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_map(), right.as_map()) else { return false };
    fields.iter().all(|field| {
        let meant = |object: &std::collections::BTreeMap<String, Value>| match (
            object.get(field.name).unwrap_or(&Value::Null),
            field.default,
        ) {
            (Value::Null, Some(default)) => crate::schema::literal(default),
            (Value::Bool(false), None) => Value::Null,
            (value, _) if value.as_str() == Some("") => Value::Null,
            (value, _) if value.as_list().is_some_and(<[Value]>::is_empty) => Value::Null,
            (value, _) => value.clone(),
        };
        let (left, right) = (meant(left), meant(right));
        left == right || crate::schema::attribute(field).equality.same(&left, &right)
    })
}

/// A known value of such a shape on the wire; `None` for the others.
pub(super) fn encode_plain(field: &Field, value: &Value) -> Option<Json> {
    Some(match field.shape {
        Shape::Bool
        | Shape::Integer { .. }
        | Shape::Decimal { .. }
        | Shape::IntegerChoice { .. }
        | Shape::Choice { .. }
        | Shape::Texts { .. }
        | Shape::Integers { .. } => json::from_value(value),
        Shape::Text { .. } => Json::from(value.as_str().unwrap_or_default()),
        Shape::Json => value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Json::Null),
        Shape::Pairs { names, .. } => {
            let pair = |object: &Value| {
                Json::Array(
                    names.iter().map(|name| object.get(name).map_or(Json::Null, json::from_value)).collect(),
                )
            };
            Json::Array(value.as_list().unwrap_or_default().iter().map(pair).collect())
        }
        Shape::Objects { fields, .. } => Json::Array(
            value.as_list().unwrap_or_default().iter().map(|object| encode_inner(fields, object)).collect(),
        ),
        Shape::Object { fields } => encode_inner(fields, value),
        Shape::Reference { .. }
        | Shape::References { .. }
        | Shape::Target { .. }
        | Shape::Tags
        | Shape::CustomFields
        | Shape::File => return None,
    })
}

fn encode_inner(fields: &[Field], object: &Value) -> Json {
    let member = |field: &Field| {
        let value = object.get(field.name).filter(|value| value.is_known())?;
        Some((field.wire.to_owned(), encode_plain(field, value)?))
    };
    Json::Object(fields.iter().filter_map(member).collect())
}
