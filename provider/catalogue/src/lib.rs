//! Objects described by data.
//!
//! An API of a hundred kinds of objects that all behave alike is a table, not a hundred files of code. This crate
//! takes a table of [`description`]s and an implementation of the server's few verbs, and makes of each kind a
//! managed resource, data sources and a list resource with their documentation. It knows no server.

pub mod codec;
pub mod description;
mod failures;
pub mod json;
mod life;
pub mod memory;
pub mod reference;
pub(crate) mod plan;
mod resolve;
mod run;
pub mod schema;
mod slug;
pub mod store;
mod table;

pub use run::Run;
pub use table::Table;
