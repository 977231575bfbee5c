//! Configuration objects: what the table describes, kept on a cluster.
//!
//! What an object is stands in the catalogue's descriptions; how the API wants it dealt with stands beside them as
//! [`Place`]s. This module carries both out.

mod address;
mod answers;
mod faults;
mod form;
mod known;
mod place;
mod present;
mod special;
mod store;

pub(crate) use known::Known;
pub use place::{Clear, Create, Delete, Place, Read, Settles, Update, Wire};
