//! Values.

mod access;
pub(crate) mod align;
mod conforms;
mod convert;
mod display;
mod traverse;

use std::collections::BTreeMap;

use crate::nfc::into_nfc;
use crate::{Number, Refinements, Type};

/// What is known about one thing in a configuration, plan or state.
///
/// A value does not carry its type, save where the type leaves it open ([`Value::Dynamic`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Absent. The same for every type.
    #[default]
    Null,
    /// To be known only after apply.
    Unknown(Refinements),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text, in normal form C.
    String(String),
    /// The elements of a list.
    List(Vec<Value>),
    /// The elements of a set: sorted, and each wholly known one once. [`Value::set`] sees to that.
    Set(Vec<Value>),
    /// The elements of a map.
    Map(BTreeMap<String, Value>),
    /// The attributes of an object, every one of its type's.
    Object(BTreeMap<String, Value>),
    /// The elements of a tuple.
    Tuple(Vec<Value>),
    /// Where the type is [`Type::Dynamic`] and the value's own type is known.
    Dynamic(Box<Dynamic>),
}

/// A value with its type, where the schema leaves the type open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dynamic {
    /// The type of the value; not itself [`Type::Dynamic`].
    pub ty: Type,
    /// The value; may be null or unknown.
    pub value: Value,
}

// === impl Value ===

impl Value {
    /// An unknown value of which nothing is known.
    pub const UNKNOWN: Self = Self::Unknown(Refinements::NONE);

    /// A set: sorted, and without duplicates among what is wholly known. Two unknown elements may still become
    /// different ones.
    pub fn set(elements: impl IntoIterator<Item = Self>) -> Self {
        let mut elements: Vec<Self> = elements.into_iter().collect();
        elements.sort();
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::Set(elements)
    }

    /// An object of `attributes`, their names in normal form C.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, value)| (into_nfc(name.into()), value)).collect())
    }

    /// A map of `elements`, their keys in normal form C.
    pub fn map<K: Into<String>>(elements: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(elements.into_iter().map(|(key, value)| (into_nfc(key.into()), value)).collect())
    }

    /// `value` of type `ty`, where the schema leaves the type open. A value that carries its type already, or
    /// whose type is open still, stays as it is.
    pub fn dynamic(ty: Type, value: Self) -> Self {
        match ty {
            Type::Dynamic => value,
            ty => Self::Dynamic(Box::new(Dynamic { ty, value })),
        }
    }

    /// What the value is called in a message; `"dynamic"` for one that carries its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "unknown",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
            Self::Object(_) => "object",
            Self::Tuple(_) => "tuple",
            Self::Dynamic(_) => "dynamic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_small() {
        assert!(size_of::<Value>() <= 32, "{}", size_of::<Value>());
    }

    #[test]
    fn sets_are_sorted_and_without_duplicates() {
        let set = |elements: &[&str]| Value::set(elements.iter().map(|element| Value::from(*element)));
        assert_eq!(set(&["b", "a", "b"]), set(&["a", "b"]));
        assert_eq!(set(&["b", "a", "b"]).as_list().map(<[_]>::len), Some(2));
    }

    #[test]
    fn unknown_elements_of_a_set_stay_apart() {
        let half = || Value::object([("id", Value::UNKNOWN)]);
        assert_eq!(Value::set([half(), half(), Value::Null, Value::Null]).as_list().map(<[_]>::len), Some(3));
    }

    #[test]
    fn a_dynamic_value_carries_one_type() {
        let text = Value::dynamic(Type::String, Value::from("a"));
        assert_eq!(text.kind(), "dynamic");
        assert_eq!(Value::dynamic(Type::Dynamic, text.clone()), text);
        assert_eq!(Value::dynamic(Type::Dynamic, Value::Null), Value::Null);
    }
}
