//! Looking into a value. Everything here looks through [`Value::Dynamic`].

use std::collections::BTreeMap;

use super::Value;
use crate::Number;

impl Value {
    /// The value itself, without the type that a dynamic one carries.
    pub fn concrete(&self) -> &Self {
        match self {
            Self::Dynamic(dynamic) => dynamic.value.concrete(),
            other => other,
        }
    }

    /// Whether the value is absent.
    pub fn is_null(&self) -> bool {
        matches!(self.concrete(), Self::Null)
    }

    /// Whether the value will be known only after apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self.concrete(), Self::Unknown(_))
    }

    /// Whether there is a value: neither null nor unknown. Its parts may be either.
    pub fn is_known(&self) -> bool {
        !matches!(self.concrete(), Self::Null | Self::Unknown(_))
    }

    /// Whether nothing in the value is unknown. Null is known to be null.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => {
                elements.iter().all(Self::is_wholly_known)
            }
            Self::Map(elements) | Self::Object(elements) => elements.values().all(Self::is_wholly_known),
            Self::Dynamic(dynamic) => dynamic.value.is_wholly_known(),
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self.concrete() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self.concrete() {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number.
    pub fn as_number(&self) -> Option<&Number> {
        match self.concrete() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements of a list, set or tuple.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self.concrete() {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a map or the attributes of an object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self.concrete() {
            Self::Map(elements) | Self::Object(elements) => Some(elements),
            _ => None,
        }
    }

    /// The element of a map or attribute of an object of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_map()?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;

    #[test]
    fn accessors_look_through_dynamic_values() {
        let wrap = |ty, value| Value::dynamic(ty, value);
        assert!(wrap(Type::String, Value::Null).is_null());
        assert!(wrap(Type::String, Value::UNKNOWN).is_unknown());
        assert_eq!(wrap(Type::String, Value::from("a")).as_str(), Some("a"));
        assert_eq!(wrap(Type::Bool, Value::from(true)).as_bool(), Some(true));
        assert_eq!(wrap(Type::Number, Value::from(1)).as_number(), Some(&Number::from(1)));
        let object = wrap(Type::object([("a", Type::Bool)]), Value::object([("a", Value::from(true))]));
        assert_eq!(object.get("a"), Some(&Value::Bool(true)));
        assert!(object.is_known() && object.is_wholly_known());
    }

    #[test]
    fn accessors_of_another_kind_find_nothing() {
        let text = Value::from("a");
        assert_eq!(
            (text.as_bool(), text.as_number(), text.as_list(), text.as_map()),
            (None, None, None, None)
        );
        assert_eq!((Value::Null.as_str(), text.get("a")), (None, None));
    }

    #[test]
    fn known_is_not_wholly_known() {
        let list = Value::from(vec![Value::UNKNOWN]);
        assert!(list.is_known() && !list.is_wholly_known());
        assert!(!Value::Null.is_known() && Value::Null.is_wholly_known());
        assert!(!Value::dynamic(Type::String, Value::UNKNOWN).is_wholly_known());
    }
}
