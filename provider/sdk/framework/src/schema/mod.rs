//! What an object looks like: attributes, blocks, and the rules that travel with them as data.
//!
//! A schema is plain data. The derive builds it from a struct, the catalogue builds it from a table, and
//! everything else (codec, planner, validation, documentation) reads it. Defaults, validators, plan modifiers
//! and equalities are values, not callbacks hidden in code, so that the documentation can print them.

mod attribute;
mod block;
mod equalities;
mod equality;
mod identity;
pub(crate) mod members;
mod validator;
pub(crate) mod validator_check;

pub use attribute::{Attribute, AttributeKind, Attributes, Nesting, PlanModifier, Presence, ReplaceQuestion};
pub use block::{Block, BlockNesting, NestedBlock, Schema};
pub use equality::Equality;
pub use identity::{IdentityAttribute, IdentitySchema};
pub use validator::{Check, Validator};
