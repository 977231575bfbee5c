//! What objects are known by.

use std::fmt;

use tf_framework::Diagnostics;
use tf_framework::schema::{IdentityAttribute, IdentitySchema};
use tf_value::{Type, Value};

use crate::description::{Identity, Kind, Shape};
use crate::life::member;

/// The id of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// A number that the server gave.
    Number(u64),
    /// A text, made of the fields that [`Identity::Parts`] names.
    Text(String),
}

impl Id {
    /// The number, where it is one.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// The text, where it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) => None,
        }
    }

    /// As the attribute `id` has it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }

    /// What an attribute `id` holds.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value.concrete() {
            Value::Number(number) => number.as_u64().map(Self::Number),
            Value::String(text) if !text.is_empty() => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&Self> for Id {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}

impl From<String> for Id {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Identity {
    /// The id that fields of an object make; `None` while one of them is not known, and for numbers.
    #[must_use]
    pub fn id_of_parts(self, object: &Value) -> Option<Id> {
        let part = |name: &&str| match member(object, name).concrete() {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match self {
            Self::Number => None,
            Self::Only(id) => Some(Id::from(id)),
            Self::Parts { parts, .. } => {
                parts.iter().map(part).collect::<Option<Vec<_>>>().map(|parts| Id::from(parts.join("/")))
            }
        }
    }

    /// The parts that an id is made of, by name. `None` where it is no such id.
    #[must_use]
    pub fn parts_of_id(self, id: &str) -> Option<Vec<(&'static str, String)>> {
        match self {
            Self::Number => None,
            Self::Only(only) => (id == only).then(Vec::new),
            Self::Parts { parts, .. } => {
                let mut texts: Vec<&str> = if id.starts_with('/') {
                    let mut reversed: Vec<&str> = id.rsplitn(parts.len(), '/').collect();
                    reversed.reverse();
                    reversed
                } else {
                    id.splitn(parts.len(), '/').collect()
                };
                let whole = texts.len() == parts.len() && texts.iter().all(|text| !text.trim().is_empty());
                whole.then(|| parts.iter().copied().zip(texts.drain(..).map(str::to_owned)).collect())
            }
        }
    }
}

/// How objects of a kind are known to Terraform beside their attributes.
pub(crate) fn identity_schema(kind: &Kind) -> IdentitySchema {
    let attribute = |name: &str, ty: Type, description: String| IdentityAttribute {
        name: name.to_owned(),
        ty,
        description,
        required_for_import: true,
    };
    let attributes = match kind.nature.identity {
        Identity::Number => vec![attribute("id", Type::Number, "Id of the object.".to_owned())],
        Identity::Only(id) => vec![attribute("id", Type::String, format!("Always `{id}`."))],
        Identity::Parts { parts, .. } => parts
            .iter()
            .filter_map(|name| kind.field(name))
            .map(|field| attribute(field.name, part_type(field.shape), field.description.to_owned()))
            .collect(),
    };
    IdentitySchema { version: 0, attributes }
}

/// The type of a field that is part of an id.
pub(crate) fn part_type(shape: Shape) -> Type {
    match shape {
        Shape::Integer { .. } | Shape::IntegerChoice { .. } => Type::Number,
        _ => Type::String,
    }
}

/// The id that an object in state or an identity has.
pub(crate) fn id_of(kind: &Kind, object: &Value) -> Option<Id> {
    Id::of(member(object, "id")).or_else(|| kind.nature.identity.id_of_parts(object))
}

/// The id that a text names in an import or a question, with what it looks like where it does not.
pub(crate) fn id_from_text(kind: &Kind, text: &str) -> Result<Id, Diagnostics> {
    let id = text.trim();
    let numbers = |parts: &Vec<(&str, String)>| {
        parts.iter().all(|(name, text)| {
            kind.field(name)
                .is_none_or(|field| part_type(field.shape) != Type::Number || text.parse::<u64>().is_ok())
        })
    };
    match kind.nature.identity.parts_of_id(id) {
        Some(parts) if numbers(&parts) => Ok(Id::from(id)),
        _ => Err(Diagnostics::error(
            format!("This is no id of a {}", kind.label),
            format!("{text:?} is none. Give {}.", crate::object::import_forms(kind)),
        )),
    }
}
