//! Rotation: the keys with which Secrets are encrypted in the database, the tokens, the certificates.

mod keys;
mod model;
mod tokens;

pub(crate) use keys::Keys;
pub use model::{Rotation, RotationPartial, RotationSpec, RotationSpecPartial};
pub(crate) use tokens::{Kind, Tokens};
