//! What a document says about one field, without what we know beside it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{Document, reference};

/// A field as one document describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct RawField {
    /// What it holds.
    pub shape: Raw,
    /// Whether a new object must have it.
    pub required: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it is never answered.
    pub write_only: bool,
}

/// The kinds of values that documents tell apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// `true` or `false`.
    Bool,
    /// A whole number, or one of a few.
    Integer(Integer),
    /// A decimal number.
    Number {
        /// Least value.
        min: Option<Bound>,
        /// Greatest value.
        max: Option<Bound>,
    },
    /// Text, or one of a few.
    Text(Text),
    /// An object of another type, named by what its schema is about.
    Related(String),
    /// A list.
    List(Box<RawField>),
    /// An object of its own: what its schema is called, and its fields where it is part of a request.
    Object(String, BTreeMap<String, RawField>),
    /// A table of values under free keys.
    Map,
    /// Anything.
    Any,
    /// A file.
    File,
}

/// A whole number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Integer {
    /// Least value.
    pub min: Option<i64>,
    /// Greatest value.
    pub max: Option<i64>,
    /// The values allowed; empty for any.
    pub values: Vec<i64>,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// Least number of characters.
    pub min: Option<u32>,
    /// Greatest number of characters.
    pub max: Option<u32>,
    /// Regular expression.
    pub pattern: Option<String>,
    /// Name of a well-known form.
    pub format: Option<String>,
    /// The values allowed; empty for any.
    pub values: Vec<String>,
    /// Whether the empty text is among the values.
    pub blank: bool,
}

/// A bound of a decimal.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The number.
    pub value: String,
    /// Whether the number itself is out of bounds.
    pub exclusive: bool,
}

/// The fields of an object's schema.
pub fn fields(document: &Document, schema: &Value) -> BTreeMap<String, RawField> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let mut field = field(document, property);
            field.required = required.contains(&name.as_str());
            (name.clone(), field)
        })
        .collect()
}

fn field(document: &Document, schema: &Value) -> RawField {
    let flag = |name: &str| schema.get(name).and_then(Value::as_bool).unwrap_or(false);
    let (shape, null_value) = shape(document, schema);
    RawField {
        shape,
        required: false,
        nullable: flag("nullable") || null_value,
        write_only: flag("writeOnly"),
    }
}

/// The shape, and whether null is among its values.
fn shape(document: &Document, schema: &Value) -> (Raw, bool) {
    if let Some(members) = schema.get("oneOf").and_then(Value::as_array) {
        return one_of(document, members);
    }
    if let Some(name) = reference(schema) {
        let resolved = document.resolve(schema);
        return match about(name) {
            Some(about) => (Raw::Related(about.to_owned()), false),
            None if resolved.get("properties").is_none() => shape(document, resolved),
            None if name.ends_with("Request") => {
                (Raw::Object(name.to_owned(), fields(document, resolved)), false)
            }
            None => (Raw::Object(name.to_owned(), BTreeMap::new()), false),
        };
    }
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let number =
        |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|value| u32::try_from(value).ok());
    let values = || schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let null_value = values().any(Value::is_null);
    let raw = match text("type") {
        Some("boolean") => Raw::Bool,
        Some("integer") => {
            let bound = |key: &str| schema.get(key).and_then(Value::as_i64);
            let values = values().filter_map(Value::as_i64).collect();
            Raw::Integer(Integer { min: bound("minimum"), max: bound("maximum"), values })
        }
        Some("number") => Raw::Number {
            min: bound(schema, "minimum", "exclusiveMinimum"),
            max: bound(schema, "maximum", "exclusiveMaximum"),
        },
        Some("string") if text("format") == Some("binary") => Raw::File,
        Some("string") => Raw::Text(Text {
            min: number("minLength"),
            max: number("maxLength"),
            pattern: text("pattern").map(str::to_owned),
            format: text("format").map(str::to_owned),
            values: values()
                .filter_map(Value::as_str)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect(),
            blank: values().any(|value| value.as_str() == Some("")),
        }),
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            Raw::List(Box::new(field(document, items)))
        }
        Some("object") if schema.get("properties").is_some() => {
            Raw::Object(String::new(), fields(document, schema))
        }
        Some("object") => Raw::Map,
        _ => Raw::Any,
    };
    (raw, null_value)
}

/// An alternative: an id or an object is a relation, a text or an empty text is a text.
fn one_of(document: &Document, members: &[Value]) -> (Raw, bool) {
    let shapes: Vec<(Raw, bool)> = members.iter().map(|member| shape(document, member)).collect();
    let null_value = shapes.iter().any(|(_, null)| *null);
    let related = shapes.iter().position(|(shape, _)| matches!(shape, Raw::Related(_)));
    let chosen = related.unwrap_or(0);
    (shapes.into_iter().nth(chosen).map_or(Raw::Any, |(shape, _)| shape), null_value)
}

/// What a schema named for a relation is about: `BriefTenantRequest` and `NestedTenant` are about `Tenant`.
fn about(name: &str) -> Option<&str> {
    let bare = name.strip_prefix("Brief").or_else(|| name.strip_prefix("Nested"))?;
    Some(bare.strip_suffix("Request").unwrap_or(bare))
}

fn bound(schema: &Value, key: &str, exclusive: &str) -> Option<Bound> {
    let text = schema.get(key)?.as_number()?.to_string();
    let value = text.strip_suffix(".0").unwrap_or(&text).to_owned();
    Some(Bound { value, exclusive: schema.get(exclusive).and_then(Value::as_bool).unwrap_or(false) })
}
