//! Rust types as Terraform values: one struct is schema, codec and documentation.

mod collections;
mod mismatch;
mod primitives;
mod timeouts;
mod wrappers;

use tf_value::Value;

use crate::schema::{Attribute, Block};

pub use collections::element_attribute;
pub use mismatch::Mismatch;
pub use timeouts::{GoDuration, Timeouts};
pub use wrappers::{Computed, Field, Sensitive, WriteOnly};

/// A Rust type that an attribute can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held by an attribute",
    label = "not an attribute type",
    note = "use a primitive, String, Option, Vec, BTreeMap<String, _>, BTreeSet, Computed, WriteOnly, Sensitive, a #[derive(Model)] struct or a #[derive(Choice)] enum"
)]
pub trait AttributeType: Sized + Send + Sync + 'static {
    /// The twin in which every member may be unknown or null, for validation and planning.
    type Partial: Clone + Send + Sync + 'static;

    /// Whether null is a value of this type rather than the absence of one.
    const NULLABLE: bool = false;

    /// Kind, presence and the rules that come with the type itself.
    fn attribute() -> Attribute;

    /// Reads a value.
    ///
    /// # Errors
    /// The place where the value does not fit the type.
    fn from_value(value: Value) -> Result<Self, Mismatch>;

    /// Writes the value. What the provider has yet to fill in is unknown.
    fn to_value(&self) -> Value;

    /// Reads a known value whose members may be unknown or null.
    ///
    /// # Errors
    /// The place where the value does not fit the type.
    fn partial(value: &Value) -> Result<Self::Partial, Mismatch>;
}

/// A struct whose fields are attributes and blocks. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    note = "add #[derive(Model)] or #[derive(Resource)] to the struct"
)]
pub trait Model: Clone + Sized + Send + Sync + 'static {
    /// The twin in which every field is a [`Field`].
    type Partial: Clone + Send + Sync + 'static;

    /// Attributes, blocks and description.
    fn block() -> Block;

    /// Reads an object.
    ///
    /// # Errors
    /// The place where the object does not fit the struct.
    fn from_object(value: Value) -> Result<Self, Mismatch>;

    /// Writes an object with every attribute present.
    fn to_object(&self) -> Value;

    /// Reads an object whose members may be unknown or null.
    ///
    /// # Errors
    /// The place where the object does not fit the struct.
    fn partial(value: &Value) -> Result<Self::Partial, Mismatch>;
}

/// An object without attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Empty {}

impl Model for Empty {
    type Partial = Self;

    fn block() -> Block {
        Block::default()
    }

    fn from_object(_: Value) -> Result<Self, Mismatch> {
        Ok(Self {})
    }

    fn to_object(&self) -> Value {
        Value::Object(std::collections::BTreeMap::new())
    }

    fn partial(_: &Value) -> Result<Self, Mismatch> {
        Ok(Self {})
    }
}

/// Takes a member out of an object; a missing one is null.
///
/// # Errors
/// Where the member does not fit, with its name in the path.
pub fn take<T: AttributeType>(
    object: &mut std::collections::BTreeMap<String, Value>,
    name: &str,
) -> Result<T, Mismatch> {
    let value = object.remove(name).unwrap_or(Value::Null);
    T::from_value(value).map_err(|mismatch| mismatch.in_attribute(name))
}

/// Reads a member of an object as a field that may be unknown or null; a missing one is null.
///
/// # Errors
/// Where the member does not fit, with its name in the path.
pub fn peek<T: AttributeType>(object: &Value, name: &str) -> Result<Field<T::Partial>, Mismatch> {
    match object.get(name) {
        None => Ok(Field::Null),
        // A null of an attribute of any type may come with a type of its own.
        Some(value) if value.is_null() => Ok(Field::Null),
        Some(Value::Unknown(_)) => Ok(Field::Unknown),
        Some(value) => T::partial(value).map(Field::Known).map_err(|mismatch| mismatch.in_attribute(name)),
    }
}

/// The members of an object value.
///
/// # Errors
/// The value is not an object.
pub fn members(value: Value) -> Result<std::collections::BTreeMap<String, Value>, Mismatch> {
    match value {
        Value::Object(members) | Value::Map(members) => Ok(members),
        other => Err(Mismatch::expected("an object", &other)),
    }
}
