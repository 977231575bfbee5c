//! Provider functions: pure computations callable as `provider::acme::name(...)`.

use tf_value::{Type, Value};

use crate::model::{AttributeType, Mismatch};
use crate::schema::AttributeKind;

/// A function. Write a plain `fn` and put `#[function]` on it.
pub trait Function: Send + Sync + 'static {
    /// Name, parameters, result and documentation.
    fn definition() -> FunctionDefinition;

    /// Computes the result from arguments that have been checked against the definition: one for each parameter,
    /// then any number for the variadic one.
    ///
    /// # Errors
    /// What is wrong, and with which argument.
    fn call(arguments: Vec<Value>) -> Result<Value, FunctionError>;
}

/// What Terraform knows of a function.
#[derive(Debug, Clone)]
pub struct FunctionDefinition {
    /// The name after `provider::acme::`.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Markdown.
    pub description: String,
    /// The parameters in order.
    pub parameters: Vec<Parameter>,
    /// Takes the remaining arguments, each of this type.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub returns: Type,
    /// Why not to use it any more and what to use instead.
    pub deprecated: Option<String>,
}

/// One parameter of a function.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Its type.
    pub ty: Type,
    /// Whether null may be passed.
    pub allow_null: bool,
}

/// Why a function failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// What is wrong, and what would be right.
    pub text: String,
    /// The argument to blame, counted from 0.
    pub argument: Option<i64>,
}

impl FunctionError {
    /// The call as a whole failed.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: None }
    }

    /// An argument, counted from 0, is wrong.
    #[must_use]
    pub fn argument(index: i64, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(index) }
    }
}

/// The wire type of a Rust type as a parameter or result.
#[must_use]
pub fn type_of<T: AttributeType>() -> Type {
    let attribute = T::attribute();
    match attribute.kind {
        AttributeKind::Leaf(ty) => ty,
        AttributeKind::Nested { .. } => attribute.value_type(),
    }
}

/// Reads an argument.
///
/// # Errors
/// The value does not fit the Rust type (for example a number out of range).
pub fn read_argument<T: AttributeType>(index: usize, value: Value) -> Result<T, FunctionError> {
    T::from_value(value).map_err(|mismatch: Mismatch| {
        FunctionError::argument(i64::try_from(index).unwrap_or(i64::MAX), format!("{mismatch}."))
    })
}
