//! Objects described by data.
//!
//! An API of a hundred kinds of objects that all behave alike is a table, not a hundred files of code. This crate
//! takes a table of [`description`]s and an implementation of the server's few verbs, and makes of each kind a
//! managed resource, data sources and a list resource with their documentation. It knows no server.

mod allocator;
pub mod codec;
pub mod description;
mod failures;
mod id;
pub mod json;
mod life;
pub mod memory;
mod object;
pub(crate) mod plan;
mod query;
pub mod reference;
mod register;
mod resolve;
mod run;
pub mod schema;
mod setter;
mod slug;
mod sources;
pub mod store;
mod table;

pub use allocator::AllocatorResource;
pub use id::Id;
pub use object::{ObjectResource, import_forms};
pub use register::register;
pub use run::{Marked, Run};
pub use setter::SetterResource;
pub use sources::{KindList, ManySource, OneSource};
pub use table::{Predecessor, Table};
