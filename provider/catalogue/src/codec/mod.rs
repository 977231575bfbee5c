//! Between objects in Terraform and objects on the wire.
//!
//! Decoding takes a hint: the object as the user or the state has it. What means the same keeps the form of the
//! hint, so that a reference by slug stays one, an empty text stays empty, and a read shows only real differences.

mod custom_fields;
mod decode;
mod encode;
mod plain;

pub use custom_fields::{decode_owned, same_custom_value, to_record_json};
pub use decode::{Decoded, Reading, decode, decode_record};
pub use encode::{Resolution, cleared, encode};
pub(crate) use plain::same_inner;
