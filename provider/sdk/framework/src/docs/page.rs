//! Whole pages.

use super::catalogue::{ObjectDocs, ProviderDocs, ResourceDocs};
use super::error::DocsError;
use super::examples::{Examples, Kind};
use super::markdown::{code, front_matter};
use super::schema;
use crate::schema::Block;

/// The page of the provider itself.
pub(super) fn index(provider: &ProviderDocs, examples: &Examples) -> Result<String, DocsError> {
    let block = &provider.provider.block;
    let title = format!("{} Provider", provider.name);
    let front = front_matter(&title, None, &block.description);
    Ok(format!(
        "{front}\n# {title}\n{}{}{}",
        introduction(block, None),
        examples.provider()?,
        schema::section(block)
    ))
}

/// The page of a managed resource.
pub(super) fn resource(
    provider: &ProviderDocs,
    resource: &ResourceDocs,
    examples: &Examples,
) -> Result<String, DocsError> {
    let block = &resource.schema.block;
    let head = head(Kind::Resource, provider, &resource.name, &resource.subcategory, block);
    let sections = [
        head,
        examples.usage(Kind::Resource, &resource.name)?,
        schema::section(block),
        schema::identity_section(resource.identity.as_ref()),
        import(resource, examples)?,
        schema::timeouts_section(block),
    ];
    Ok(sections.concat())
}

/// The page of anything else that has a schema.
pub(super) fn object(
    kind: Kind,
    provider: &ProviderDocs,
    object: &ObjectDocs,
    examples: &Examples,
) -> Result<String, DocsError> {
    let block = &object.schema.block;
    let head = head(kind, provider, &object.name, &object.subcategory, block);
    let usage = examples.usage(kind, &object.name)?;
    Ok([head, usage, schema::section(block), schema::timeouts_section(block)].concat())
}

/// Front matter, title and description.
fn head(kind: Kind, provider: &ProviderDocs, name: &str, subcategory: &str, block: &Block) -> String {
    let (title, needs) = match kind {
        Kind::Resource => ("Resource", None),
        Kind::DataSource => ("Data Source", None),
        Kind::Ephemeral => ("Ephemeral Resource", Some("Terraform 1.10 or OpenTofu 1.11")),
        Kind::Action => ("Action", Some("Terraform 1.14")),
        Kind::List => ("List Resource", Some("Terraform 1.14")),
        Kind::Function => ("Function", Some("Terraform 1.8 or OpenTofu 1.7")),
    };
    let front =
        front_matter(&format!("{name} {title} - {}", provider.name), Some(subcategory), &block.description);
    format!("{front}\n# {name} ({title})\n{}", introduction(block, needs))
}

/// The description, after what warns of the object and what it needs.
fn introduction(block: &Block, needs: Option<&str>) -> String {
    let deprecated =
        block.deprecated.as_ref().map(|advice| format!("\n~> **Deprecated.** {}\n", advice.trim()));
    let needs = needs.map(|versions| format!("\n-> Needs {versions}, or later.\n"));
    format!("{}\n{}\n{}", deprecated.unwrap_or_default(), block.description.trim(), needs.unwrap_or_default())
}

/// The section `## Import`, from the files beside the examples; empty where there is none.
fn import(resource: &ResourceDocs, examples: &Examples) -> Result<String, DocsError> {
    let ways = [
        ("import-by-identity.tf", "terraform", "By identity, from Terraform 1.12 or OpenTofu 1.12 on:"),
        ("import.tf", "terraform", "With an `import` block:"),
        ("import.sh", "shell", "On the command line:"),
    ];
    let mut out = String::new();
    for (file, language, text) in ways {
        if let Some(example) = examples.file(&resource.name, file)? {
            out.push_str(&format!("\n{text}\n\n{}", code(language, &example)));
        }
    }
    Ok(if out.is_empty() { out } else { format!("\n## Import\n{out}") })
}
