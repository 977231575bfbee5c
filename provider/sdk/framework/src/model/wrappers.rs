//! Wrappers that say who fills a field in, and who may see it.

use std::fmt;

use tf_value::Value;

use super::{AttributeType, Mismatch};
use crate::schema::{Attribute, Presence};

/// A value that may not be known yet, or not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Known after apply.
    Unknown,
    /// Not set.
    #[default]
    Null,
    /// Set and known.
    Known(T),
}

impl<T> Field<T> {
    /// The value where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Whether it is known after apply only.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Turns a known value into another.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Unknown => Field::Unknown,
            Self::Null => Field::Null,
            Self::Known(value) => Field::Known(f(value)),
        }
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Unknown => Field::Unknown,
            Self::Null => Field::Null,
            Self::Known(value) => Field::Known(value),
        }
    }
}

/// A value the provider fills in. Unknown until it does.
///
/// Use `Computed<Option<T>>` where the provider may answer null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Computed<T> {
    /// To be filled in by create, update or read.
    #[default]
    Unknown,
    /// Filled in, or set by the configuration.
    Known(T),
}

impl<T> Computed<T> {
    /// The value where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }

    /// The value where it is known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<T> for Computed<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

/// A secret that exists in configuration only: never planned, never stored, never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WriteOnly<T>(Option<T>);

impl<T> WriteOnly<T> {
    /// A given value, for tests and for handing on.
    pub fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The configured value. Always `None` outside create and update.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> fmt::Debug for WriteOnly<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "WriteOnly(redacted)" } else { "WriteOnly(unset)" })
    }
}

/// A value Terraform hides and we never print.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a secret.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(redacted)")
    }
}

// === impl AttributeType ===

impl<T: AttributeType> AttributeType for Option<T> {
    type Partial = T::Partial;
    const NULLABLE: bool = true;

    fn attribute() -> Attribute {
        T::attribute().optional()
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            // With a type of its own, too, where the attribute takes any.
            value if value.is_null() => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        T::partial(value)
    }
}

impl<T: AttributeType> AttributeType for Computed<T> {
    type Partial = T::Partial;
    const NULLABLE: bool = true;

    fn attribute() -> Attribute {
        T::attribute().presence(Presence::Computed)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Unknown(_) => Ok(Self::Unknown),
            Value::Null if !T::NULLABLE => Ok(Self::Unknown),
            value => T::from_value(value).map(Self::Known),
        }
    }

    fn to_value(&self) -> Value {
        self.known().map_or(Value::UNKNOWN, T::to_value)
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        T::partial(value)
    }
}

impl<T: AttributeType> AttributeType for WriteOnly<T> {
    type Partial = T::Partial;
    const NULLABLE: bool = true;

    fn attribute() -> Attribute {
        T::attribute().optional().sensitive().write_only()
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null | Value::Unknown(_) => Ok(Self(None)),
            value => T::from_value(value).map(|value| Self(Some(value))),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        T::partial(value)
    }
}

impl<T: AttributeType> AttributeType for Sensitive<T> {
    type Partial = T::Partial;
    const NULLABLE: bool = T::NULLABLE;

    fn attribute() -> Attribute {
        T::attribute().sensitive()
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        T::from_value(value).map(Self)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        T::partial(value)
    }
}
