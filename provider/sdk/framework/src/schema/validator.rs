//! Validators as data.

use std::fmt;

use tf_value::{Number, Value};

/// A function that accepts a known value or says what it must be ("must be a MAC address").
pub type Check = fn(&Value) -> Result<(), String>;

/// What a known, configured value must satisfy. Unknown and null values are not checked,
/// except by the validators that speak of siblings.
#[derive(Clone)]
pub enum Validator {
    /// One of these values.
    OneOf(Vec<Value>),
    /// A number within these bounds, both inclusive.
    Range {
        /// Least value.
        min: Option<Number>,
        /// Greatest value.
        max: Option<Number>,
    },
    /// A string of so many characters (Unicode scalar values).
    Length {
        /// Least length.
        min: Option<u64>,
        /// Greatest length.
        max: Option<u64>,
    },
    /// A collection of so many elements.
    Items {
        /// Least number.
        min: Option<u64>,
        /// Greatest number.
        max: Option<u64>,
    },
    /// A string that the pattern matches (anchor it).
    Matches {
        /// A pattern in the syntax of the `regex` crate.
        pattern: &'static str,
        /// What the string must be, after "must be".
        expected: &'static str,
    },
    /// Anything else.
    Custom {
        /// What the value must be, after "must be"; printed in the documentation.
        expected: &'static str,
        /// The check.
        check: Check,
    },
    /// Every element of the collection satisfies these.
    Each(Vec<Validator>),
    /// Every key of the map satisfies these.
    Keys(Vec<Validator>),
    /// None of these siblings may be set together with this attribute.
    ConflictsWith(Vec<String>),
    /// All of these siblings must be set together with this attribute.
    RequiredWith(Vec<String>),
    /// Of this attribute and these siblings exactly one must be set.
    ExactlyOneOf(Vec<String>),
    /// Of this attribute and these siblings at least one must be set.
    AtLeastOneOf(Vec<String>),
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validator({})", self.expectation())
    }
}
