//! Templates.

mod model;

pub use model::*;
