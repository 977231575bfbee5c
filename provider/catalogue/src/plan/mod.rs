//! Plans of objects described by data.
//!
//! [`settle`] turns the configuration into what it means: defaults, slugs, references that mean what is there
//! already. The framework's planner plans that. [`checks`] asks the server what only it knows, and refuses before
//! anything is written.

pub(crate) mod checks;
mod settle;
mod tags;

pub(crate) use settle::{Facts, settle};
pub(crate) use tags::{all_tags, wanted_tags};
