//! Functions.

use tf_framework::{FunctionError, Model, Value, function};

/// A parcel.
#[derive(Clone, Model)]
pub(crate) struct Parcel {
    /// Where it goes.
    to: String,
    /// What it weighs, in grams.
    grams: i64,
}

/// Reverses a text.
///
/// Character by character.
#[function(name = "reverse")]
pub(crate) fn reverse(
    /// The text.
    text: String,
) -> String {
    text.chars().rev().collect()
}

/// Joins texts.
#[function(name = "join_all")]
pub(crate) fn join_all(
    /// What stands between them.
    separator: String,
    /// The texts. None may be empty.
    #[variadic]
    parts: Vec<String>,
) -> Result<String, FunctionError> {
    match parts.iter().position(String::is_empty) {
        Some(index) => {
            Err(FunctionError::argument(i64::try_from(index + 1).unwrap_or(0), "The text is empty."))
        }
        None => Ok(parts.join(&separator)),
    }
}

/// Panics.
#[function(name = "explode")]
#[allow(clippy::panic, reason = "to see what becomes of a panic")]
pub(crate) fn explode(
    /// The last words.
    words: String,
) -> String {
    panic!("{words}");
}

/// Gives back what it is given.
#[function(name = "echo")]
pub(crate) fn echo(
    /// A value of any type.
    value: Value,
) -> Value {
    value
}

/// Tells whether something is set.
#[function(name = "is_set")]
pub(crate) fn is_set(
    /// A text, or null.
    text: Option<String>,
) -> bool {
    text.is_some()
}

/// Describes a parcel.
#[function(name = "describe")]
pub(crate) fn describe(
    /// The parcel.
    parcel: Parcel,
) -> String {
    format!("{} g to {}", parcel.grams, parcel.to)
}
