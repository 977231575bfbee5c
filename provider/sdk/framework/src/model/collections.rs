//! Lists, sets and maps of attribute types.

use std::collections::{BTreeMap, BTreeSet};

use tf_value::{Step, Type, Value};

use super::{AttributeType, Field, Mismatch};
use crate::schema::{Attribute, AttributeKind, Equality, Nesting, Validator};

/// The attribute of a collection, from the attribute of its elements: objects nest, everything else
/// becomes a collection type whose element rules apply to each element.
#[must_use]
pub fn element_attribute(element: Attribute, nesting: Nesting) -> Attribute {
    let sensitive = element.sensitive;
    let mut attribute = match element.kind {
        AttributeKind::Nested { nesting: Nesting::Single, attributes } => {
            Attribute::nested(nesting, attributes)
        }
        kind => {
            let ty = Attribute::of(kind).value_type();
            let mut attribute = Attribute::leaf(match nesting {
                Nesting::Single => ty,
                Nesting::List => Type::list(ty),
                Nesting::Set => Type::set(ty),
                Nesting::Map => Type::map(ty),
            });
            if !matches!(element.equality, Equality::Exact) {
                attribute.equality = Equality::Elements(Box::new(element.equality));
            }
            attribute
        }
    };
    if !element.validators.is_empty() {
        attribute.validators.push(Validator::Each(element.validators));
    }
    attribute.sensitive = sensitive;
    attribute
}

/// A member of a collection, which may be unknown or null on its own.
fn field<T: AttributeType>(value: &Value) -> Result<Field<T::Partial>, Mismatch> {
    match value {
        value if value.is_null() => Ok(Field::Null),
        Value::Unknown(_) => Ok(Field::Unknown),
        value => T::partial(value).map(Field::Known),
    }
}

fn indexed<T>(values: Vec<Value>, read: impl Fn(Value) -> Result<T, Mismatch>) -> Result<Vec<T>, Mismatch> {
    let read = |(index, value)| read(value).map_err(|mismatch| mismatch.within(Step::Index(index)));
    values.into_iter().enumerate().map(read).collect()
}

impl<T: AttributeType> AttributeType for Vec<T> {
    type Partial = Vec<Field<T::Partial>>;

    fn attribute() -> Attribute {
        element_attribute(T::attribute(), Nesting::List)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(values) | Value::Tuple(values) => indexed(values, T::from_value),
            other => Err(Mismatch::expected("a list", &other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        let values = value.as_list().ok_or_else(|| Mismatch::expected("a list", value))?;
        let read = |(index, value)| field::<T>(value).map_err(|mismatch| mismatch.within(Step::Index(index)));
        values.iter().enumerate().map(read).collect()
    }
}

impl<T: AttributeType + Ord> AttributeType for BTreeSet<T> {
    type Partial = Vec<Field<T::Partial>>;

    fn attribute() -> Attribute {
        element_attribute(T::attribute(), Nesting::Set)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Set(values) => values.into_iter().map(T::from_value).collect(),
            other => Err(Mismatch::expected("a set", &other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::set(self.iter().map(T::to_value))
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        let values = value.as_list().ok_or_else(|| Mismatch::expected("a set", value))?;
        values.iter().map(field::<T>).collect()
    }
}

impl<T: AttributeType> AttributeType for BTreeMap<String, T> {
    type Partial = BTreeMap<String, Field<T::Partial>>;

    fn attribute() -> Attribute {
        element_attribute(T::attribute(), Nesting::Map)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Map(values) | Value::Object(values) => {
                let read = |(key, value)| match T::from_value(value) {
                    Ok(value) => Ok((key, value)),
                    Err(mismatch) => Err(mismatch.within(Step::Key(key))),
                };
                values.into_iter().map(read).collect()
            }
            other => Err(Mismatch::expected("a map", &other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Map(self.iter().map(|(key, value)| (key.clone(), value.to_value())).collect())
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        let values = value.as_map().ok_or_else(|| Mismatch::expected("a map", value))?;
        let read = |(key, value): (&String, &Value)| match field::<T>(value) {
            Ok(value) => Ok((key.clone(), value)),
            Err(mismatch) => Err(mismatch.within(Step::Key(key.clone()))),
        };
        values.iter().map(read).collect()
    }
}
