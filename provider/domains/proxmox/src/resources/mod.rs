//! Managed resources, one folder or file a type.

mod image;
mod template;

pub use image::{Image, ImageFilter, Images};
pub use template::{Template, TemplateFilter, Templates};
