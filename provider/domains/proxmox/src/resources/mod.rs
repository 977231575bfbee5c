//! Managed resources, one folder or file a type.

mod image;
mod template;

pub use image::{Image, Images};
pub use template::Template;

/// Placeholder until the preflight lands.
async fn template_preflight(_: &mut tf_framework::PlanContext<Template>) -> tf_framework::Result<()> {
    Ok(())
}
