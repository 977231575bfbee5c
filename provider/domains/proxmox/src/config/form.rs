//! From bodies to the forms that the API takes.

use base64::Engine as _;
use catalogue::description::{Field, Kind, Shape};
use catalogue::store::{Body, StoreError};
use serde_json::{Map, Value as Json};
use transport_rest::{Form, Secret};

use super::faults::unwritable;
use super::place::{Clear, Place, Wire};
use crate::api::PropertyString;
use crate::api::lenient::scalar;

/// A write: what is set, and which keys are emptied.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) form: Form,
    cleared: Vec<String>,
}

/// The form of a field on the wire.
pub(super) fn wire_of(place: &Place, field: &Field) -> Option<Wire> {
    place.wires.iter().find(|(name, _)| *name == field.name).map(|(_, wire)| *wire)
}

impl Written {
    /// A body as a form, without the keys in `left_out`: those stand in the path.
    pub(super) fn of(place: &Place, kind: &Kind, body: &Body, left_out: &[&str]) -> Result<Self, StoreError> {
        let mut written = Self::default();
        for (key, value) in body {
            let Some(field) = kind.field_on_wire(key) else { continue };
            if left_out.contains(&field.name) {
                continue;
            }
            if is_nothing(value) {
                written.cleared.push(key.clone());
            } else {
                written.form = set(written.form, place, field, value)?;
            }
        }
        Ok(written)
    }

    /// Whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.form.is_empty() && self.cleared.is_empty()
    }

    /// The form, with what is emptied as the place has it.
    pub(super) fn finish(self, clear: Clear) -> Form {
        match clear {
            Clear::DeleteList => self.form.list("delete", self.cleared),
            Clear::DeleteEach => self.form.each("delete", self.cleared),
            Clear::Empty => self.cleared.into_iter().fold(self.form, |form, key| form.text(key, "")),
            Clear::LeaveOut => self.form,
        }
    }
}

/// Nothing, or an empty list: the API has no other way to say that.
fn is_nothing(value: &Json) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn set(form: Form, place: &Place, field: &Field, value: &Json) -> Result<Form, StoreError> {
    let key = field.wire;
    let wire = wire_of(place, field);
    Ok(match (value, wire) {
        (Json::Bool(flag), Some(Wire::Inverted)) => form.flag(key, !flag),
        (Json::String(text), Some(Wire::Base64)) => {
            plain(form, field, base64::engine::general_purpose::STANDARD.encode(text))
        }
        (Json::Array(items), wire) => several(form, field, items, wire)?,
        (Json::Object(members), wire) => form.text(key, property_string(field, members, default_key(wire))?),
        (value, _) => plain(form, field, scalar(value).unwrap_or_default()),
    })
}

fn plain(form: Form, field: &Field, text: String) -> Form {
    if field.secret { form.secret(field.wire, &Secret::new(text)) } else { form.text(field.wire, text) }
}

fn several(form: Form, field: &Field, items: &[Json], wire: Option<Wire>) -> Result<Form, StoreError> {
    if matches!(field.shape, Shape::Objects { .. }) {
        let objects = items.iter().filter_map(Json::as_object);
        let texts = objects
            .map(|members| property_string(field, members, default_key(wire)))
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(form.each(field.wire, texts));
    }
    let texts = items.iter().filter_map(scalar);
    Ok(match wire {
        Some(Wire::Repeated) => form.each(field.wire, texts),
        Some(Wire::Joined(between)) => {
            form.text(field.wire, texts.collect::<Vec<_>>().join(&between.to_string()))
        }
        _ => form.text(field.wire, texts.collect::<Vec<_>>().join(",")),
    })
}

fn default_key(wire: Option<Wire>) -> Option<&'static str> {
    match wire {
        Some(Wire::PropertyString(key) | Wire::PropertyStrings(key)) => key,
        _ => None,
    }
}

/// An object as one text. Its lists have semicolons between their elements.
fn property_string(
    field: &Field,
    members: &Map<String, Json>,
    default_key: Option<&str>,
) -> Result<String, StoreError> {
    let mut string = default_key.map_or_else(PropertyString::new, PropertyString::with_default);
    for (key, value) in members {
        let text = match value {
            Json::Null => continue,
            Json::Array(items) if items.is_empty() => continue,
            Json::Array(items) => items.iter().filter_map(scalar).collect::<Vec<_>>().join(";"),
            value => scalar(value).unwrap_or_default(),
        };
        if !text.is_empty() {
            string.set(key.as_str(), text);
        }
    }
    string.format().map_err(|error| unwritable(field.wire, &error))
}
