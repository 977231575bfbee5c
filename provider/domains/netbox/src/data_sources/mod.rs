//! The data sources that are not made from the table.

mod objects;

pub use objects::Objects;
