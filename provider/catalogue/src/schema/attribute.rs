//! Attributes of fields.

use tf_framework::schema::{Attribute, Attributes, Equality, Nesting, Validator};
use tf_value::{Number, Type, Value};

use super::format;
use crate::description::{Choice, Field, Format, PairElement, Presence, Shape};
use crate::reference::Reference;

/// The type of a field where it is a value of its own, as data sources show it. References are objects there.
#[must_use]
pub fn leaf_type(field: &Field) -> Type {
    match field.shape {
        Shape::Bool => Type::Bool,
        Shape::Integer { .. } | Shape::Decimal { .. } | Shape::IntegerChoice { .. } => Type::Number,
        Shape::Text { .. } | Shape::Choice { .. } | Shape::Json | Shape::File => Type::String,
        Shape::Reference { .. } => referent_type(),
        Shape::References { .. } => Type::list(referent_type()),
        Shape::Target { .. } => {
            Type::object([("type", Type::String), ("id", Type::Number), ("display", Type::String)])
        }
        Shape::Texts { ordered: true, .. } => Type::list(Type::String),
        Shape::Texts { ordered: false, .. } | Shape::Tags => Type::set(Type::String),
        Shape::Integers { ordered: true } => Type::list(Type::Number),
        Shape::Integers { ordered: false } => Type::set(Type::Number),
        Shape::Pairs { names, element } => {
            Type::list(Type::object(names.map(|name| (name, element_type(element)))))
        }
        Shape::Objects { fields, ordered } => {
            let object = Type::object(fields.iter().map(|field| (field.name, leaf_type(field))));
            if ordered { Type::list(object) } else { Type::set(object) }
        }
        Shape::Object { fields } => Type::object(fields.iter().map(|field| (field.name, leaf_type(field)))),
        Shape::CustomFields => Type::Dynamic,
    }
}

/// An object that is referred to, as data sources show it.
fn referent_type() -> Type {
    Type::object([
        ("id", Type::Number),
        ("slug", Type::String),
        ("name", Type::String),
        ("display", Type::String),
    ])
}

fn element_type(element: PairElement) -> Type {
    match element {
        PairElement::Text => Type::String,
        PairElement::Integer => Type::Number,
    }
}

/// The attribute of a field with its validators and its equality, required and without modifiers.
#[must_use]
pub fn attribute(field: &Field) -> Attribute {
    let bare = match field.shape {
        Shape::Bool => Attribute::leaf(Type::Bool),
        Shape::Integer { min, max } => bounded(Attribute::leaf(Type::Number), integer_bounds(min, max))
            .validate(Validator::Custom { expected: "a whole number", check: whole }),
        Shape::IntegerChoice { .. } => Attribute::leaf(Type::Number),
        Shape::Decimal { min, max, .. } => bounded(Attribute::leaf(Type::Number), decimal_bounds(min, max)),
        Shape::Text { min, max, format } => text(min, max, format, field.presence),
        Shape::Choice { .. } => Attribute::leaf(Type::String),
        Shape::Json => Attribute::leaf(Type::String)
            .validate(Validator::Custom { expected: "JSON, written with `jsonencode`", check: is_json })
            .equality(Equality::json()),
        Shape::Reference { .. } => reference(),
        Shape::References { .. } => Attribute::leaf(Type::set(Type::String)),
        Shape::Target { of, .. } => Attribute::nested(
            Nesting::Single,
            of.iter().map(|choice| (choice.name.to_owned(), target(choice.name, of))).collect(),
        ),
        Shape::Texts { ordered, values, format } => texts(ordered, values, format),
        Shape::Integers { ordered } => {
            Attribute::leaf(if ordered { Type::list(Type::Number) } else { Type::set(Type::Number) })
        }
        Shape::Pairs { names, element } => pairs(names, element),
        Shape::Objects { fields, ordered } => {
            let members: Attributes =
                fields.iter().map(|field| (field.name.to_owned(), member(field))).collect();
            Attribute::nested(if ordered { Nesting::List } else { Nesting::Set }, members)
        }
        Shape::Object { fields } => {
            let members = fields.iter().map(|field| (field.name.to_owned(), member(field))).collect();
            Attribute::nested(Nesting::Single, members)
        }
        Shape::Tags => Attribute::leaf(Type::set(Type::String)),
        Shape::CustomFields => Attribute::leaf(Type::Dynamic).validate(Validator::Custom {
            expected: "an object of custom fields, `{ key = value }`",
            check: is_object,
        }),
        Shape::File => Attribute::leaf(Type::String),
    };
    bare.describe(description(field))
}

/// A member of an inner object: those are sent whole, so that what is left out has no other meaning than null.
fn member(field: &Field) -> Attribute {
    let attribute = attribute(field);
    if field.presence == Presence::Required && !field.nullable {
        attribute.required()
    } else {
        attribute.optional()
    }
}

fn text(min: Option<u32>, max: Option<u32>, format: Format, presence: Presence) -> Attribute {
    let mut attribute = Attribute::leaf(Type::String).equality(format::equality(format));
    let least = min.or((presence == Presence::Required).then_some(1));
    if least.is_some() || max.is_some() {
        attribute =
            attribute.validate(Validator::Length { min: least.map(u64::from), max: max.map(u64::from) });
    }
    match format::check(format) {
        Some((expected, check)) => attribute.validate(Validator::Custom { expected, check }),
        None => attribute,
    }
}

fn texts(ordered: bool, values: &'static [Choice], format: Format) -> Attribute {
    let ty = if ordered { Type::list(Type::String) } else { Type::set(Type::String) };
    let attribute = Attribute::leaf(ty).equality(Equality::Elements(Box::new(format::equality(format))));
    match format::check(format).filter(|_| values.is_empty()) {
        Some((expected, check)) => {
            attribute.validate(Validator::Each(vec![Validator::Custom { expected, check }]))
        }
        None => attribute,
    }
}

fn reference() -> Attribute {
    Attribute::leaf(Type::Dynamic).validate(Validator::Custom {
        expected: "an id, a slug or name, or an object of attributes that single one out",
        check: is_reference,
    })
}

fn target(name: &str, of: &'static [crate::description::TargetChoice]) -> Attribute {
    let others: Vec<String> =
        of.iter().map(|choice| choice.name).filter(|other| *other != name).map(str::to_owned).collect();
    let attribute = reference().optional().describe(format!(
        "The {}, by id, slug or name, or attributes that single it out.",
        name.replace('_', " ")
    ));
    if others.is_empty() { attribute } else { attribute.validate(Validator::ConflictsWith(others)) }
}

fn pairs(names: [&'static str; 2], element: PairElement) -> Attribute {
    let describe = |name: &str| format!("The {} of the pair.", name.replace('_', " "));
    let members = names
        .into_iter()
        .map(|name| (name.to_owned(), Attribute::leaf(element_type(element)).describe(describe(name))))
        .collect();
    Attribute::nested(Nesting::List, members)
}

fn bounded(attribute: Attribute, bounds: (Option<Number>, Option<Number>)) -> Attribute {
    match bounds {
        (None, None) => attribute,
        (min, max) => attribute.validate(Validator::Range { min, max }),
    }
}

fn integer_bounds(min: Option<i64>, max: Option<i64>) -> (Option<Number>, Option<Number>) {
    (min.map(Number::from), max.map(Number::from))
}

fn decimal_bounds(min: Option<&str>, max: Option<&str>) -> (Option<Number>, Option<Number>) {
    let number = |text: Option<&str>| text.and_then(|text| Number::parse(text).ok());
    (number(min), number(max))
}

/// The field's description with what is not seen in the attribute itself.
fn description(field: &Field) -> String {
    let mut text = field.description.to_owned();
    let mut add = |sentence: String| {
        text.push(' ');
        text.push_str(&sentence);
    };
    match field.shape {
        Shape::Choice { values } | Shape::Texts { values, .. } if !values.is_empty() => {
            add(format!("{}.", one_of(values)));
        }
        Shape::IntegerChoice { values } => {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            add(format!("One of {}.", values.join(", ")));
        }
        Shape::Reference { .. } => add("An id, a slug or name, or attributes that single it out.".to_owned()),
        Shape::References { .. } => add("Each by id, slug or name.".to_owned()),
        _ => {}
    }
    if let Presence::RequiredIn(versions) = field.presence {
        add(format!("Required {}.", versions.describe().unwrap_or_else(|| "in every version".to_owned())));
    }
    if let Some(versions) = field.available.describe() {
        add(format!("Servers have it {versions}."));
    }
    text
}

fn one_of(values: &[Choice]) -> String {
    const SHOWN: usize = 24;
    let list: Vec<String> = values.iter().take(SHOWN).map(|choice| format!("`{}`", choice.value)).collect();
    let more = values.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("One of {}{rest}", list.join(", "))
}

fn whole(value: &Value) -> Result<(), String> {
    match value.as_number() {
        Some(number) if !number.is_integer() => Err("must be a whole number".to_owned()),
        _ => Ok(()),
    }
}

fn is_json(value: &Value) -> Result<(), String> {
    match value.as_str().map(serde_json::from_str::<serde::de::IgnoredAny>) {
        Some(Err(error)) => Err(format!("must be JSON, written with jsonencode: {error}")),
        _ => Ok(()),
    }
}

fn is_reference(value: &Value) -> Result<(), String> {
    Reference::of(value).map(|_| ()).map_err(|error| error.to_string())
}

fn is_object(value: &Value) -> Result<(), String> {
    match value.as_map() {
        Some(_) => Ok(()),
        None => Err(format!("must be an object of custom fields, not a {}", value.concrete().kind())),
    }
}
