//! Checks that need no provider code: a configuration against its schema, and a schema against core's rules.

mod config;
mod schema;
mod siblings;
#[cfg(test)]
mod tests;

pub use config::validate_config;
pub use schema::{SchemaKind, SchemaProblem, SchemaRule, check_schema};
