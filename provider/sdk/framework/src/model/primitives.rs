//! Primitives and untyped values.

use tf_value::{Number, Type, Value};

use super::{AttributeType, Mismatch};
use crate::schema::{Attribute, Validator};

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl AttributeType for $int {
            type Partial = Self;

            fn attribute() -> Attribute {
                Attribute::leaf(Type::Number).validate(Validator::Range {
                    min: Some(Number::from(Self::MIN)),
                    max: Some(Number::from(Self::MAX)),
                }).validate(WHOLE)
            }

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                <Self as AttributeType>::partial(&value)
            }

            fn to_value(&self) -> Value {
                Value::Number(Number::from(*self))
            }

            fn partial(value: &Value) -> Result<Self, Mismatch> {
                let number = value.as_number().ok_or_else(|| Mismatch::expected("a whole number", value))?;
                let fits = number.as_i64().and_then(|number| Self::try_from(number).ok());
                fits.or_else(|| number.as_u64().and_then(|number| Self::try_from(number).ok())).ok_or_else(|| {
                    Mismatch::new(format!("{number} is not a whole number from {} to {}", Self::MIN, Self::MAX))
                })
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

const WHOLE: Validator = Validator::Custom { expected: "a whole number", check: whole };

fn whole(value: &Value) -> Result<(), String> {
    match value.as_number() {
        Some(number) if !number.is_integer() => Err("must be a whole number".to_owned()),
        _ => Ok(()),
    }
}

impl AttributeType for f64 {
    type Partial = Self;

    fn attribute() -> Attribute {
        Attribute::leaf(Type::Number)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        <Self as AttributeType>::partial(&value)
    }

    fn to_value(&self) -> Value {
        Number::from_f64(*self).map_or(Value::Null, Value::Number)
    }

    fn partial(value: &Value) -> Result<Self, Mismatch> {
        value.as_number().map(Number::to_f64).ok_or_else(|| Mismatch::expected("a number", value))
    }
}

impl AttributeType for Number {
    type Partial = Self;

    fn attribute() -> Attribute {
        Attribute::leaf(Type::Number)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Number(number) => Ok(number),
            other => Err(Mismatch::expected("a number", &other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }

    fn partial(value: &Value) -> Result<Self, Mismatch> {
        value.as_number().cloned().ok_or_else(|| Mismatch::expected("a number", value))
    }
}

impl AttributeType for bool {
    type Partial = Self;

    fn attribute() -> Attribute {
        Attribute::leaf(Type::Bool)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        <Self as AttributeType>::partial(&value)
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }

    fn partial(value: &Value) -> Result<Self, Mismatch> {
        value.as_bool().ok_or_else(|| Mismatch::expected("true or false", value))
    }
}

impl AttributeType for String {
    type Partial = Self;

    fn attribute() -> Attribute {
        Attribute::leaf(Type::String)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Mismatch::expected("a string", &other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }

    fn partial(value: &Value) -> Result<Self, Mismatch> {
        value.as_str().map(str::to_owned).ok_or_else(|| Mismatch::expected("a string", value))
    }
}

/// An attribute of any type: the value says which.
impl AttributeType for Value {
    type Partial = Self;
    const NULLABLE: bool = true;

    fn attribute() -> Attribute {
        Attribute::leaf(Type::Dynamic)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }

    fn to_value(&self) -> Value {
        self.clone()
    }

    fn partial(value: &Value) -> Result<Self, Mismatch> {
        Ok(value.clone())
    }
}
