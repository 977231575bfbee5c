//! Between Terraform's values and JSON.

use serde_json::{Map, Number as JsonNumber, Value as Json};
use tf_value::{Number, Value};

/// A known value as JSON. What is unknown becomes null: callers send known values only.
#[must_use]
pub fn from_value(value: &Value) -> Json {
    match value.concrete() {
        Value::Null | Value::Unknown(_) | Value::Dynamic(_) => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Number(number) => from_number(number),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) | Value::Set(items) | Value::Tuple(items) => {
            Json::Array(items.iter().map(from_value).collect())
        }
        Value::Map(members) | Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), from_value(value));
            Json::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
    }
}

/// A number as JSON: whole numbers exactly, others in the shortest form that reads back the same.
#[must_use]
pub fn from_number(number: &Number) -> Json {
    if let Some(whole) = number.as_i64() {
        return Json::from(whole);
    }
    if let Some(whole) = number.as_u64() {
        return Json::from(whole);
    }
    JsonNumber::from_f64(number.to_f64()).map_or(Json::Null, Json::Number)
}

/// JSON as a value without a type given: arrays are tuples, objects are objects.
#[must_use]
pub fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => to_number(number).map_or(Value::Null, Value::Number),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Tuple(items.iter().map(to_value).collect()),
        Json::Object(members) => {
            Value::object(members.iter().map(|(name, value)| (name.clone(), to_value(value))))
        }
    }
}

/// A JSON number, exactly as it is written.
#[must_use]
pub fn to_number(number: &JsonNumber) -> Option<Number> {
    Number::parse(&number.to_string()).ok()
}

/// A number that may come as a text: servers write decimals either way.
#[must_use]
pub fn lenient_number(json: &Json) -> Option<Number> {
    match json {
        Json::Number(number) => to_number(number),
        Json::String(text) => Number::parse(text.trim()).ok(),
        _ => None,
    }
}

/// Whether two documents mean the same: numbers by value, objects without order.
#[must_use]
pub fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => {
            left == right || to_number(left).zip(to_number(right)).is_some_and(|(left, right)| left == right)
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}
