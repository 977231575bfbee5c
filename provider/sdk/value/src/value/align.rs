//! A value and a type laid side by side: the one place that knows which kinds of value a type admits.

use super::{Dynamic, Value};
use crate::{Number, Refinements, Step, Type, ValueCause};

/// A value, its parts each with the type that the whole's type has for it.
pub(crate) enum Aligned<'a> {
    Null,
    Unknown(&'a Refinements),
    Bool(bool),
    Number(&'a Number),
    String(&'a str),
    /// A list, set or tuple.
    Sequence(Parts<'a>),
    /// A map or object.
    Names(Parts<'a>),
    /// A value that carries its type.
    Dynamic(&'a Dynamic),
}

/// The parts of a value, as many as [`len`](Self::len) says.
pub(crate) struct Parts<'a> {
    pub(crate) len: usize,
    parts: Box<dyn Iterator<Item = Part<'a>> + 'a>,
}

pub(crate) struct Part<'a> {
    pub(crate) step: StepRef<'a>,
    pub(crate) value: &'a Value,
    pub(crate) ty: &'a Type,
}

/// A [`Step`] that borrows, because most are never asked for.
#[derive(Clone, Copy)]
pub(crate) enum StepRef<'a> {
    Attribute(&'a str),
    Key(&'a str),
    Index(usize),
    Element(&'a Value),
}

/// Lays `value` beside `ty`.
///
/// # Errors
/// What keeps the value, its parts aside, from being of the type.
pub(crate) fn align<'a>(value: &'a Value, ty: &'a Type) -> Result<Aligned<'a>, ValueCause> {
    Ok(match (value, ty) {
        (Value::Null, _) => Aligned::Null,
        (Value::Unknown(refinements), _) => Aligned::Unknown(refinements),
        (Value::Bool(truth), Type::Bool) => Aligned::Bool(*truth),
        (Value::Number(number), Type::Number) => Aligned::Number(number),
        (Value::String(text), Type::String) => Aligned::String(text),
        (Value::Dynamic(dynamic), Type::Dynamic) if dynamic.ty != Type::Dynamic => Aligned::Dynamic(dynamic),
        (Value::List(elements), Type::List(of)) => {
            let parts = elements.iter().enumerate();
            Aligned::Sequence(Parts::new(
                elements.len(),
                parts.map(|(index, value)| Part { step: StepRef::Index(index), value, ty: of }),
            ))
        }
        (Value::Set(elements), Type::Set(of)) => Aligned::Sequence(Parts::new(
            elements.len(),
            elements.iter().map(|value| Part { step: StepRef::Element(value), value, ty: of }),
        )),
        (Value::Tuple(elements), Type::Tuple(types)) => Aligned::Sequence(tuple(elements, types)?),
        (Value::Map(elements), Type::Map(of)) => Aligned::Names(Parts::new(
            elements.len(),
            elements.iter().map(|(key, value)| Part { step: StepRef::Key(key), value, ty: of }),
        )),
        (Value::Object(attributes), Type::Object(types)) => Aligned::Names(object(attributes, types)?),
        _ => return Err(ValueCause::Kind { expected: ty.kind(), found: value.kind() }),
    })
}

fn tuple<'a>(elements: &'a [Value], types: &'a [Type]) -> Result<Parts<'a>, ValueCause> {
    if elements.len() != types.len() {
        return Err(ValueCause::Length { expected: types.len(), found: elements.len() });
    }
    let parts = elements.iter().zip(types).enumerate();
    let parts = parts.map(|(index, (value, ty))| Part { step: StepRef::Index(index), value, ty });
    Ok(Parts::new(elements.len(), parts))
}

fn object<'a>(
    attributes: &'a std::collections::BTreeMap<String, Value>,
    types: &'a std::collections::BTreeMap<String, Type>,
) -> Result<Parts<'a>, ValueCause> {
    if let Some(name) = types.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(ValueCause::MissingAttribute(name.clone()));
    }
    if let Some(name) = attributes.keys().find(|name| !types.contains_key(*name)) {
        return Err(ValueCause::UnexpectedAttribute(name.clone()));
    }
    // Both are sorted and have the same names.
    let parts = attributes.iter().zip(types.values());
    let parts = parts.map(|((name, value), ty)| Part { step: StepRef::Attribute(name), value, ty });
    Ok(Parts::new(attributes.len(), parts))
}

// === impl Parts ===

impl<'a> Parts<'a> {
    fn new(len: usize, parts: impl Iterator<Item = Part<'a>> + 'a) -> Self {
        Self { len, parts: Box::new(parts) }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        self.parts.next()
    }
}

// === impl StepRef ===

impl<'a> StepRef<'a> {
    /// The key or attribute name; empty for a position, which has none.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Attribute(name) | Self::Key(name) => name,
            Self::Index(_) | Self::Element(_) => "",
        }
    }

    pub(crate) fn to_step(self) -> Step {
        match self {
            Self::Attribute(name) => Step::Attribute(name.to_owned()),
            Self::Key(key) => Step::Key(key.to_owned()),
            Self::Index(index) => Step::Index(index),
            Self::Element(element) => Step::Element(Box::new(element.clone())),
        }
    }
}
