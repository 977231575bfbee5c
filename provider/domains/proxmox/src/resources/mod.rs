//! Managed resources, one folder or file a type.

mod template;

pub use template::Template;
