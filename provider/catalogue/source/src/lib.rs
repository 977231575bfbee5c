//! Descriptions of the catalogue as Rust source: what the generators of tables share.
//!
//! [`leak`] makes constant data at run time, [`spell`] writes the small parts and [`Shared`] whole kinds, with what
//! occurs often under names. [`files`] compares what was made with what is there.

pub mod files;
pub mod leak;
mod shared;
pub mod spell;

pub use shared::{PRELUDE, Shared};
