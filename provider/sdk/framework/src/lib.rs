//! The framework a provider is written in.

pub mod diagnostic;
pub mod function;
pub mod model;
pub mod planner;
pub mod rules;
pub mod schema;
pub mod validation;

pub use diagnostic::{Diagnostic, Diagnostics, Result, Severity};
