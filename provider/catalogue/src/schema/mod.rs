//! Schemas made from descriptions.

mod attribute;
mod format;
mod query;
mod resource;

pub use attribute::{attribute, leaf_type};
pub use format::{check as format_check, equality};
pub use query::{
    asked, is_filter, is_question, list_block, plural_block, record_type, singular_block, told_of_every,
};
pub use resource::{
    Purpose, is_settled_by_engine, literal, resource_attributes, resource_schema, version_attribute,
};
pub(crate) use resource::{id_description, id_type};
