//! Terraform's types and values, with their msgpack and JSON codecs.
//!
//! A [`Value`] says what is known about one thing in a configuration, plan or state; a [`Type`] says what it
//! may be; a [`Path`] says where in a value something is. The codecs are directed by the type, because the
//! wire form alone does not tell a set from a list or a number from a string.
//!
//! ```
//! use tf_value::{Path, Type, Value, msgpack};
//!
//! let ty = Type::object([("name", Type::String), ("cores", Type::Number)]);
//! let vm = Value::object([("name", Value::from("db-01")), ("cores", Value::UNKNOWN)]);
//! vm.conforms(&ty)?;
//!
//! let wire = msgpack::encode(&vm, &ty)?;
//! assert_eq!(msgpack::decode(&wire, &ty)?, vm);
//! assert_eq!(vm.at(&Path::root().attribute("name")), Some(&Value::from("db-01")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
pub mod json;
pub mod msgpack;
mod nfc;
mod number;
mod path;
mod raw;
mod refinements;
mod types;
mod value;

pub use error::{CodecCause, CodecError, ValueCause, ValueError};
pub use nfc::nfc;
pub use number::{Number, NumberError};
pub use path::{Path, Step};
pub use refinements::{Bound, Constraints, Refinements};
pub use types::{Type, TypeError};
pub use value::{Dynamic, Value};

/// How deeply a value may be nested before the codecs refuse it.
///
/// Terraform's own values stay far below; the limit keeps hostile input from exhausting the stack.
pub const MAX_DEPTH: usize = 128;
