//! From answers to bodies.

use base64::Engine as _;
use catalogue::description::{Field, Kind, Shape};
use catalogue::store::{Body, Id, Record};
use serde_json::{Map, Value as Json};

use super::address::Words;
use super::form::wire_of;
use super::place::{Place, Wire};
use crate::api::PropertyString;
use crate::api::lenient::{scalar, truth};

/// An answer as the catalogue takes it: each field in the form of its shape.
pub(super) fn record(
    place: &Place,
    kind: &Kind,
    id: Id,
    words: &Words,
    answer: &Map<String, Json>,
) -> Record {
    let mut body = Body::new();
    for field in kind.fields.iter().filter(|field| !field.secret) {
        body.insert(field.wire.to_owned(), value(place, field, found(place, field, answer)));
    }
    for (name, text) in words.iter() {
        if let Some(field) = kind.field(name) {
            body.insert(field.wire.to_owned(), part(field, text));
        }
    }
    let seen = answer.get("digest").and_then(Json::as_str).filter(|_| place.digest).map(str::to_owned);
    Record { id, body, seen }
}

/// A part of an id as a value.
fn part(field: &Field, text: &str) -> Json {
    match (field.shape, text.parse::<u64>()) {
        (Shape::Integer { .. } | Shape::IntegerChoice { .. }, Ok(number)) => Json::from(number),
        _ => Json::from(text),
    }
}

/// Where an answer has a field.
pub(super) fn found<'a>(place: &Place, field: &Field, answer: &'a Map<String, Json>) -> &'a Json {
    static NULL: Json = Json::Null;
    let path = place.found.iter().find(|(name, _)| *name == field.name).map(|(_, path)| *path);
    let Some(path) = path else { return answer.get(field.wire).unwrap_or(&NULL) };
    let mut steps = path.split('.');
    let first = steps.next().and_then(|step| answer.get(step)).unwrap_or(&NULL);
    steps.fold(first, |value, step| value.get(step).unwrap_or(&NULL))
}

/// A value in the form of a field's shape.
fn value(place: &Place, field: &Field, json: &Json) -> Json {
    let wire = wire_of(place, field);
    match (wire, json) {
        (_, Json::Null) => Json::Null,
        (Some(Wire::Inverted), json) => truth(json).map_or(Json::Null, |flag| Json::Bool(!flag)),
        (Some(Wire::Base64), Json::String(text)) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok();
            let plain = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            Json::from(plain.unwrap_or_else(|| text.clone()))
        }
        (Some(Wire::Lines), Json::String(text)) => Json::from(text.strip_suffix('\n').unwrap_or(text)),
        (wire, json) => shaped(field, wire, json),
    }
}

fn shaped(field: &Field, wire: Option<Wire>, json: &Json) -> Json {
    match field.shape {
        Shape::Bool => truth(json).map_or(Json::Null, Json::Bool),
        Shape::Text { .. } | Shape::Choice { .. } => scalar(json).map_or(Json::Null, Json::from),
        Shape::Texts { .. } | Shape::Integers { .. } => Json::Array(elements(wire, json)),
        Shape::Object { fields } => inner(fields, default_key(wire), json),
        Shape::Objects { fields, .. } => {
            let items = match json {
                Json::Array(items) => items.clone(),
                other => vec![other.clone()],
            };
            Json::Array(items.iter().map(|item| inner(fields, default_key(wire), item)).collect())
        }
        _ => json.clone(),
    }
}

/// An element of a list. E-mail addresses of ACME accounts come as links.
fn element(text: &str) -> &str {
    text.strip_prefix("mailto:").unwrap_or(text)
}

/// The elements of a list, which may come as one text.
fn elements(wire: Option<Wire>, json: &Json) -> Vec<Json> {
    let text = match json {
        Json::Array(items) => {
            return items.iter().filter_map(scalar).map(|text| Json::from(element(&text))).collect();
        }
        // Some listings tell a set as an object of flags.
        Json::Object(members) => return members.keys().map(|key| Json::from(key.as_str())).collect(),
        other => scalar(other).unwrap_or_default(),
    };
    let between = |c: char| match wire {
        Some(Wire::Joined(between)) => c == between,
        _ => matches!(c, ',' | ';' | '\0'),
    };
    let parts = text.split(between).map(str::trim).filter(|part| !part.is_empty());
    parts.map(Json::from).collect()
}

fn default_key(wire: Option<Wire>) -> Option<&'static str> {
    match wire {
        Some(Wire::PropertyString(key) | Wire::PropertyStrings(key)) => key,
        _ => None,
    }
}

/// An inner object, which may come as one text. A text that cannot be read is nothing.
pub(super) fn inner(fields: &[Field], default_key: Option<&str>, json: &Json) -> Json {
    let members: Map<String, Json> = match json {
        Json::Object(members) => members.clone(),
        Json::String(text) => {
            let Ok(string) = PropertyString::parse(text, default_key) else { return Json::Null };
            string.iter().map(|(key, value)| (key.to_owned(), Json::from(value))).collect()
        }
        _ => return Json::Null,
    };
    if members.is_empty() {
        return Json::Null;
    }
    let member = |field: &Field| {
        let json = members.get(field.wire).unwrap_or(&Json::Null);
        let value = match json {
            Json::Null => Json::Null,
            // Inside a property string the semicolon is what is left.
            json => shaped(field, None, json),
        };
        (field.wire.to_owned(), value)
    };
    Json::Object(fields.iter().map(member).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalogue::description::{Availability, Format, Presence};
    use serde_json::json;

    const FIELD: Field = Field {
        name: "x",
        wire: "x",
        shape: Shape::Bool,
        presence: Presence::Optional,
        nullable: true,
        default: None,
        replace: false,
        secret: false,
        unread: false,
        available: Availability::ALWAYS,
        description: "",
    };
    const TEXTS: Shape = Shape::Texts { ordered: false, values: &[], format: Format::Plain };
    const KEEP: &[Field] = &[
        Field { name: "last", wire: "keep-last", shape: Shape::Integer { min: None, max: None }, ..FIELD },
        Field { name: "all", wire: "keep-all", shape: Shape::Bool, ..FIELD },
        Field { name: "days", wire: "days", shape: TEXTS, ..FIELD },
    ];

    #[allow(clippy::needless_pass_by_value, reason = "values are written where they are used")]
    #[track_caller]
    fn reads(shape: Shape, wire: Option<Wire>, from: Json, to: Json) {
        let wires: &'static [(&str, Wire)] = match wire {
            Some(wire) => Box::leak(Box::new([("x", wire)])),
            None => &[],
        };
        let place = Place { wires, ..Place::new("k", "c", "i") };
        assert_eq!(value(&place, &Field { shape, ..FIELD }, &from), to, "{from}");
    }

    #[test]
    fn answers_come_in_many_forms() {
        reads(Shape::Bool, None, json!("1"), json!(true));
        reads(Shape::Bool, Some(Wire::Inverted), json!(1), json!(false));
        reads(TEXTS, None, json!("a,b"), json!(["a", "b"]));
        reads(TEXTS, None, json!(["a", 1]), json!(["a", "1"]));
        reads(TEXTS, None, json!({"VM.Audit": 1}), json!(["VM.Audit"]));
        reads(TEXTS, Some(Wire::Joined(' ')), json!("a b"), json!(["a", "b"]));
        reads(
            Shape::Text { min: None, max: None, format: Format::Plain },
            Some(Wire::Lines),
            json!("d\n"),
            json!("d"),
        );
        reads(
            Shape::Text { min: None, max: None, format: Format::Plain },
            Some(Wire::Base64),
            json!("aGk="),
            json!("hi"),
        );
        let keep = json!({"keep-last": "3", "keep-all": null, "days": ["mon", "fri"]});
        reads(Shape::Object { fields: KEEP }, None, json!("days=mon;fri,keep-last=3"), keep.clone());
        reads(
            Shape::Object { fields: KEEP },
            None,
            json!({"keep-last": "3", "days": "mon;fri"}),
            keep.clone(),
        );
        reads(
            Shape::Objects { fields: KEEP, ordered: true },
            None,
            json!(["keep-last=3,days=mon;fri"]),
            json!([keep]),
        );
    }
}
