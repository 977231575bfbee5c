//! The documentation, made from the schema.

mod catalogue;

pub use catalogue::{ObjectDocs, ProviderDocs, ResourceDocs};
