//! Types, and their form on the wire.

mod wire;

use std::collections::BTreeMap;
use std::fmt;

pub use wire::TypeError;

use crate::nfc::into_nfc;

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// An exact decimal number.
    Number,
    /// Unicode text in normal form C.
    String,
    /// Any type; the value says which.
    Dynamic,
    /// A sequence of one type.
    List(Box<Type>),
    /// Different values of one type, in no order.
    Set(Box<Type>),
    /// Values of one type by string keys.
    Map(Box<Type>),
    /// A sequence of fixed length, each position with its type.
    Tuple(Vec<Type>),
    /// Named attributes, each with its type.
    Object(BTreeMap<String, Type>),
}

// === impl Type ===

impl Type {
    /// A list of `element`.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of `element`.
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object of `attributes`.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (into_nfc(name.into()), ty)).collect())
    }

    /// What a value of this type is called: `"list"` for a list of whatever.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Number => "number",
            Self::String => "string",
            Self::Dynamic => "dynamic",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
            Self::Tuple(_) => "tuple",
            Self::Object(_) => "object",
        }
    }

    /// Whether this is a list, set or map.
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Set(_) | Self::Map(_))
    }

    /// The element type of a list, set or map.
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::List(element) | Self::Set(element) | Self::Map(element) => Some(element),
            Self::Bool | Self::Number | Self::String | Self::Dynamic | Self::Tuple(_) | Self::Object(_) => {
                None
            }
        }
    }
}

/// As in a configuration's type constraints: `list(object({ name = string }))`; the dynamic type is `any`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("any"),
            Self::Bool | Self::Number | Self::String => f.write_str(self.kind()),
            Self::List(element) | Self::Set(element) | Self::Map(element) => {
                write!(f, "{}({element})", self.kind())
            }
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (index, element) in elements.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{element}")?;
                }
                f.write_str("])")
            }
            Self::Object(attributes) if attributes.is_empty() => f.write_str("object({})"),
            Self::Object(attributes) => {
                f.write_str("object({")?;
                for (index, (name, ty)) in attributes.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "," };
                    write!(f, "{separator} {name} = {ty}")?;
                }
                f.write_str(" })")
            }
        }
    }
}
