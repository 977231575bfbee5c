//! Rust values as Terraform values.

use std::collections::BTreeMap;

use super::Value;
use crate::Number;
use crate::nfc::{into_nfc, nfc};

/// The text in normal form C.
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(nfc(text).into_owned())
    }
}

/// The text in normal form C.
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(into_nfc(text))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

/// A list.
impl From<Vec<Value>> for Value {
    fn from(elements: Vec<Self>) -> Self {
        Self::List(elements)
    }
}

/// A map.
impl From<BTreeMap<String, Value>> for Value {
    fn from(elements: BTreeMap<String, Self>) -> Self {
        Self::Map(elements)
    }
}

/// Null for `None`.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(integer: $integer) -> Self {
                Self::Number(integer.into())
            }
        }
    )*};
}

from_integer!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts() {
        assert_eq!(Value::from("e\u{301}"), Value::String("\u{e9}".to_owned()));
        assert_eq!(Value::from("e\u{301}".to_owned()), Value::from("\u{e9}"));
        assert_eq!(Value::from(None::<&str>), Value::Null);
        assert_eq!(Value::from(Some(1_u16)), Value::Number(Number::from(1)));
        assert_eq!(Value::from(vec![Value::Null]).kind(), "list");
        assert_eq!(Value::from(BTreeMap::new()).kind(), "map");
    }
}
