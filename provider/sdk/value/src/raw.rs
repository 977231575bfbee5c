//! JSON taken apart one level at a time, each part still text.
//!
//! What a part is to be is known only from its type, and for an open type only from its neighbour; and a number
//! must stay text to keep its digits.

use std::collections::BTreeMap;

use serde_json::Error;
use serde_json::value::RawValue;

/// One level of JSON.
pub(crate) enum Raw<'a> {
    Null,
    Bool(bool),
    /// The digits as they stand.
    Number(&'a str),
    String(String),
    Array(Vec<&'a RawValue>),
    /// The last of several members of one name, as is JSON's custom.
    Object(BTreeMap<String, &'a RawValue>),
}

impl<'a> Raw<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        // A number is checked by whoever parses it as such; everything else here.
        Ok(match text.as_bytes().first() {
            Some(b'{') => Self::Object(serde_json::from_str(text)?),
            Some(b'[') => Self::Array(serde_json::from_str(text)?),
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => serde_json::from_str(text).map(|()| Self::Null)?,
            _ => Self::Number(text),
        })
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

/// The whole text, known to be well-formed from here on.
pub(crate) fn well_formed(text: &[u8]) -> Result<&str, Error> {
    Ok(serde_json::from_slice::<&RawValue>(text)?.get())
}
