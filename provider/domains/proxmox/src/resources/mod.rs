//! Managed resources, one folder or file a type.

mod template;

pub use template::Template;

/// Placeholder until the preflight lands.
async fn template_preflight(_: &mut tf_framework::PlanContext<Template>) -> tf_framework::Result<()> {
    Ok(())
}
