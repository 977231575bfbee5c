//! From an object to what is sent.

use std::collections::HashMap;

use serde_json::Value as Json;
use tf_value::Value;

use super::plain::encode_plain;
use crate::description::{Field, Shape};
use crate::json;
use crate::reference::{Reference, Referent, text_field};
use crate::store::Body;
use crate::table::Table;

/// The ids that texts and attributes stand for, where the wire takes ids only.
#[derive(Debug, Clone, Default)]
pub struct Resolution(HashMap<(String, String), u64>);

impl Resolution {
    /// Notes that a reference to the kind at a path means this id.
    pub fn insert(&mut self, path: &str, reference: &Reference, id: u64) {
        self.0.insert((path.to_owned(), key_of(reference)), id);
    }

    /// The id of a reference to the kind at a path.
    #[must_use]
    pub fn id(&self, path: &str, reference: &Reference) -> Option<u64> {
        match reference {
            Reference::Id(id) => Some(*id),
            other => self.0.get(&(path.to_owned(), key_of(other))).copied(),
        }
    }
}

impl Resolution {
    /// What a reference to the kind at a path is known to mean.
    #[must_use]
    pub fn referent(&self, path: &str, value: &Value, lookup: &[&str]) -> Option<Referent> {
        let reference = Reference::of(value).ok()?;
        let id = self.id(path, &reference)?;
        let known_as = match reference {
            Reference::Text(text) => vec![(text_field(&text, lookup).to_owned(), text)],
            Reference::Id(_) | Reference::Attributes(_) => Vec::new(),
        };
        Some(Referent { id, known_as })
    }
}

fn key_of(reference: &Reference) -> String {
    format!("{reference:?}")
}

/// Puts a known value of a field into a body. References that have no id in `ids` are left out: callers resolve
/// first. Tags, custom fields and files are put in by those who know what the object has already.
pub fn encode(table: &Table, field: &Field, value: &Value, ids: &Resolution, body: &mut Body) {
    match field.shape {
        Shape::Reference { target } => {
            if let Ok(reference) = Reference::of(value) {
                body.insert(field.wire.to_owned(), reference.to_wire(table.lookup(target)));
            }
        }
        Shape::References { target } => {
            let texts = value.as_list().unwrap_or_default().iter();
            let references = texts.filter_map(|text| Reference::of(text).ok());
            let list =
                references.filter_map(|reference| ids.id(target, &reference)).map(Json::from).collect();
            body.insert(field.wire.to_owned(), Json::Array(list));
        }
        Shape::Target { type_key, id_key, of } => {
            for choice in of {
                let Some(value) = value.get(choice.name).filter(|value| value.is_known()) else { continue };
                let id = Reference::of(value).ok().and_then(|reference| ids.id(choice.kind, &reference));
                if let Some(id) = id {
                    body.insert(type_key.to_owned(), Json::from(choice.model));
                    body.insert(id_key.to_owned(), Json::from(id));
                }
            }
        }
        Shape::Tags | Shape::CustomFields | Shape::File => {}
        _ => {
            if let Some(json) = encode_plain(field, value) {
                body.insert(field.wire.to_owned(), json);
            }
        }
    }
}

/// Puts into a body what clears a field. With `blank_choice`, a choice is cleared by an empty text.
pub fn cleared(field: &Field, blank_choice: bool, body: &mut Body) {
    let value = match field.shape {
        Shape::Target { type_key, id_key, .. } => {
            body.insert(type_key.to_owned(), Json::Null);
            body.insert(id_key.to_owned(), Json::Null);
            return;
        }
        Shape::References { .. } | Shape::Texts { .. } | Shape::Integers { .. } | Shape::Pairs { .. } => {
            if field.nullable {
                Json::Null
            } else {
                json::from_value(&Value::List(Vec::new()))
            }
        }
        Shape::Objects { .. } => Json::Array(Vec::new()),
        Shape::Tags | Shape::CustomFields => return,
        Shape::Choice { .. } if blank_choice => Json::from(""),
        Shape::Text { .. } if !field.nullable => Json::from(""),
        _ => Json::Null,
    };
    body.insert(field.wire.to_owned(), value);
}
