//! The encoding of states.
//!
//! Directed by the type as the plugin protocol's msgpack is. Where the type is open, an object of `value` and
//! `type` carries both. There is no form for unknown values. Numbers keep every digit.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use crate::{CodecError, Type, Value};

/// What to do with an attribute in a state that the object's type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownAttributes {
    /// Drop it: an older or newer schema wrote the state.
    Ignore,
    /// Fail.
    Reject,
}

/// Writes `value` as a value of type `ty`.
///
/// # Errors
/// Where the value is not of the type, or something in it is unknown, with the path of what is wrong.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, CodecError> {
    let mut out = String::new();
    encode::value(&mut out, value, ty)?;
    Ok(out.into_bytes())
}

/// Reads a value of type `ty`. An attribute that is missing is null. As in Terraform core, a primitive may be
/// written as another one that says the same: `"8"` for a number, `8` for a string, `"true"` for a bool.
///
/// # Errors
/// Where the text is not the JSON of a value of the type, with the path of what is wrong.
pub fn decode(text: &[u8], ty: &Type, unknown: UnknownAttributes) -> Result<Value, CodecError> {
    decode::Decoder { unknown }.root(text, ty)
}

/// Reads JSON of whatever shape: objects as objects, arrays as tuples, the rest as what they are.
///
/// # Errors
/// Where the text is not JSON, or is nested too deep.
pub fn infer(text: &[u8]) -> Result<Value, CodecError> {
    decode::infer(text)
}
