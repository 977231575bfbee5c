//! References to other objects, in the forms users write them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use tf_value::{Number, Type, Value};

/// A reference as it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Reference {
    /// By id: a number, or a text of digits only.
    Id(u64),
    /// By slug or name.
    Text(String),
    /// By attributes that single the object out.
    Attributes(BTreeMap<String, Json>),
}

/// A value that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an id (5), a slug or name (\"acme\"), or an object of attributes that single one out \
     ({{ slug = \"acme\" }}), not {0}"
)]
pub struct NotAReference(pub String);

/// What is known of an object that is referred to: its id and the fields it is known by.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Referent {
    /// The id.
    pub id: u64,
    /// The fields by which a text may refer to it, best first, with their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_as: Vec<(String, String)>,
}

impl Reference {
    /// Reads a known value.
    ///
    /// # Errors
    /// The value is no reference.
    pub fn of(value: &Value) -> Result<Self, NotAReference> {
        match value.concrete() {
            Value::Number(number) => {
                number.as_u64().map(Self::Id).ok_or_else(|| NotAReference(format!("the number {number}")))
            }
            Value::String(text) => Self::of_text(text),
            Value::Object(members) | Value::Map(members) => Self::of_attributes(members),
            other => Err(NotAReference(other.kind().to_owned())),
        }
    }

    fn of_text(text: &str) -> Result<Self, NotAReference> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(NotAReference("an empty text".to_owned()));
        }
        let digits = trimmed.bytes().all(|byte| byte.is_ascii_digit());
        Ok(match trimmed.parse() {
            Ok(id) if digits => Self::Id(id),
            _ => Self::Text(text.to_owned()),
        })
    }

    fn of_attributes(members: &BTreeMap<String, Value>) -> Result<Self, NotAReference> {
        let mut attributes = BTreeMap::new();
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            attributes.insert(name.clone(), crate::json::from_value(value));
        }
        if attributes.is_empty() {
            return Err(NotAReference("an object without attributes".to_owned()));
        }
        match (attributes.len(), attributes.get("id").and_then(Json::as_u64)) {
            (1, Some(id)) => Ok(Self::Id(id)),
            _ => Ok(Self::Attributes(attributes)),
        }
    }

    /// What goes over the wire. A text is sent as the first of `lookup` that it can be: a text that is no slug is a
    /// name.
    #[must_use]
    pub fn to_wire(&self, lookup: &[&str]) -> Json {
        match self {
            Self::Id(id) => Json::from(*id),
            Self::Text(text) => {
                let mut object = Map::new();
                object.insert(text_field(text, lookup).to_owned(), Json::from(text.as_str()));
                Json::Object(object)
            }
            Self::Attributes(attributes) => Json::Object(attributes.clone().into_iter().collect()),
        }
    }

    /// Whether an object is the one referred to, as far as what is known of it tells.
    #[must_use]
    pub fn is(&self, referent: &Referent) -> bool {
        match self {
            Self::Id(id) => referent.id == *id,
            Self::Text(text) => referent.known_as.iter().any(|(_, value)| value == text),
            Self::Attributes(attributes) => attributes.iter().all(|(name, value)| match value {
                Json::Number(number) if name == "id" => number.as_u64() == Some(referent.id),
                value => referent.known(name) == Some(&as_text(value)),
            }),
        }
    }

    /// What the object that it refers to is known by, if it is one.
    fn told(&self, lookup: &[&str]) -> Vec<(String, String)> {
        match self {
            Self::Id(_) => Vec::new(),
            Self::Text(text) => vec![(text_field(text, lookup).to_owned(), text.clone())],
            Self::Attributes(attributes) => {
                let told = attributes.iter().filter(|(name, _)| *name != "id");
                told.map(|(name, value)| (name.clone(), as_text(value))).collect()
            }
        }
    }
}

/// The value of an attribute as text: what is no text is JSON.
fn as_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The field that a text is meant for.
#[must_use]
pub fn text_field<'a>(text: &str, lookup: &[&'a str]) -> &'a str {
    let slug = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let fits = |field: &&&str| **field != "slug" || slug;
    lookup.iter().find(fits).or_else(|| lookup.first()).copied().unwrap_or("name")
}

impl Referent {
    /// Reads an object as it is nested in an answer: a number, or an object with an id.
    #[must_use]
    pub fn of(json: &Json, lookup: &[&str]) -> Option<Self> {
        match json {
            Json::Number(number) => number.as_u64().map(|id| Self { id, known_as: Vec::new() }),
            Json::Object(members) => {
                let id = members.get("id")?.as_u64()?;
                let named = |field: &&str| {
                    let text = match members.get(*field)? {
                        Json::String(text) if !text.is_empty() => text.clone(),
                        Json::Number(number) => number.to_string(),
                        _ => return None,
                    };
                    Some(((*field).to_owned(), text))
                };
                Some(Self { id, known_as: lookup.iter().filter_map(named).collect() })
            }
            _ => None,
        }
    }

    fn known(&self, field: &str) -> Option<&String> {
        self.known_as.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// Adds what the answer does not tell: what was known of the same object before, or, where nothing was, what it
    /// was just referred to by: the server took it for that.
    pub(crate) fn complete(&mut self, form: &Value, before: Option<&Self>, lookup: &[&str]) {
        let believed = match before {
            Some(before) if before.id == self.id => before.known_as.clone(),
            Some(_) => Vec::new(),
            None if form.is_wholly_known() => {
                Reference::of(form).map(|reference| reference.told(lookup)).unwrap_or_default()
            }
            None => Vec::new(),
        };
        for (name, text) in believed {
            if self.known(&name).is_none() {
                self.known_as.push((name, text));
            }
        }
    }

    /// Whether what is known of the object does not tell if a reference means it.
    pub(crate) fn cannot_tell(&self, reference: &Reference, lookup: &[&str]) -> bool {
        !reference.is(self) && reference.told(lookup).iter().any(|(name, _)| self.known(name).is_none())
    }

    /// Notes that a reference means the object.
    pub(crate) fn learn(&mut self, reference: &Reference, lookup: &[&str]) {
        for (name, text) in reference.told(lookup) {
            self.known_as.retain(|(other, _)| *other != name);
            self.known_as.push((name, text));
        }
    }

    /// A reference to the object in the form of another one, so that a difference reads well.
    ///
    /// `before` is the object that the form was written for, where it is known: a form that this object was found
    /// by is kept while it is the same object.
    #[must_use]
    pub fn in_form_of(&self, form: Option<&Value>, before: Option<&Referent>) -> Value {
        let by_id = || dynamic(Value::Number(Number::from(self.id)));
        let Some(form) = form.filter(|form| form.is_wholly_known() && !form.is_null()) else {
            return by_id();
        };
        let Ok(reference) = Reference::of(form) else { return by_id() };
        let same = before.is_some_and(|before| before.id == self.id && before.known_as == self.known_as);
        if same || reference.is(self) {
            return form.clone();
        }
        match (form.concrete(), reference) {
            (Value::String(_), Reference::Id(_)) => dynamic(Value::String(self.id.to_string())),
            (_, Reference::Text(_)) => match self.known_as.first() {
                Some((_, text)) => dynamic(Value::String(text.clone())),
                None => by_id(),
            },
            (_, Reference::Attributes(attributes)) => self.with_attributes(&attributes).unwrap_or_else(by_id),
            _ => by_id(),
        }
    }

    fn with_attributes(&self, attributes: &BTreeMap<String, Json>) -> Option<Value> {
        let member = |(name, form): (&String, &Json)| {
            let known = self.known(name)?;
            let value = match form {
                Json::Number(_) => Value::Number(Number::parse(known).ok()?),
                _ => Value::String(known.clone()),
            };
            Some((name.clone(), value))
        };
        let members: Option<BTreeMap<_, _>> = attributes.iter().map(member).collect();
        Some(dynamic(Value::Object(members?)))
    }
}

/// A known value where any type may stand.
#[must_use]
pub fn dynamic(value: Value) -> Value {
    match value {
        Value::Dynamic(_) | Value::Null | Value::Unknown(_) => value,
        value => Value::dynamic(type_of(&value), value),
    }
}

/// The type of a known value.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::Tuple(items) | Value::List(items) | Value::Set(items) => {
            Type::Tuple(items.iter().map(type_of).collect())
        }
        Value::Object(members) | Value::Map(members) => {
            Type::object(members.iter().map(|(name, value)| (name.clone(), type_of(value))))
        }
        Value::Dynamic(inner) => inner.ty.clone(),
        Value::Null | Value::Unknown(_) => Type::Dynamic,
    }
}
