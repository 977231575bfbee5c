//! The encoding of the plugin protocol.
//!
//! Directed by the type on both sides. Numbers are integers where they fit 64 bits, floating point where they
//! have a fraction and it is exact, else decimal text. An unknown value is an extension: of type 0, or of type
//! 12 with a map of refinements. Where the type is open, an array of two carries the type as JSON and then the
//! value.

mod decode;
mod encode;
mod reader;
mod refined;
#[cfg(test)]
mod tests;

use crate::{CodecCause, CodecError, Type, Value};

/// Writes `value` as a value of type `ty`.
///
/// # Errors
/// Where the value is not of the type, with the path of what is wrong.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, CodecError> {
    let mut encoder = encode::Encoder::default();
    encoder.value(value, ty)?;
    Ok(encoder.into_bytes())
}

/// Reads a value of type `ty`.
///
/// # Errors
/// Where the bytes are not the encoding of a value of the type, with the path of what is wrong. Input of
/// whatever kind neither panics nor allocates beyond a multiple of its own length.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    let mut decoder = decode::Decoder::new(bytes);
    let value = decoder.value(ty)?;
    match decoder.left() {
        0 => Ok(value),
        left => Err(CodecCause::TrailingBytes(left).into()),
    }
}
