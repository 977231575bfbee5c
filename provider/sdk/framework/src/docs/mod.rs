//! The documentation, made from the schema.
//!
//! [`render`] turns a provider's schemas and a directory of examples into the pages the registry wants,
//! [`write()`] puts them into `docs/`, [`check`] tells what there differs. Guides are written by hand and left
//! alone, and so is every other directory that holds no generated pages.
//!
//! Examples are found by convention:
//!
//! | Page | Files under `examples/` |
//! |---|---|
//! | `index.md` | `provider/provider.tf` |
//! | `resources/…` | `resources/<type>/resource.tf`, `import.sh`, `import.tf`, `import-by-identity.tf` |
//! | `data-sources/…` | `data-sources/<type>/data-source.tf` |
//! | `ephemeral-resources/…` | `ephemeral-resources/<type>/ephemeral-resource.tf` |
//! | `actions/…` | `actions/<type>/action.tf` |
//! | `list-resources/…` | `list-resources/<type>/list-resource.tfquery.hcl` |
//! | `functions/…` | `functions/<name>/function.tf` |
//!
//! Further examples stand beside the first with a title in their name: `resource-static_address.tf` becomes
//! "Static address".

mod attribute;
mod catalogue;
mod compare;
mod error;
mod examples;
mod facts;
mod function;
mod markdown;
mod page;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use catalogue::{ObjectDocs, ProviderDocs, ResourceDocs};
pub use compare::{Difference, check, without_example, write};
pub use error::DocsError;

use examples::{Examples, Kind};

/// The registry refuses pages larger than this.
const LARGEST_PAGE: usize = 500_000;

/// The registry refuses documentation of more pages than this.
const MOST_PAGES: usize = 2_000;

/// Directories whose every page is generated.
const GENERATED: [&str; 6] =
    ["actions", "data-sources", "ephemeral-resources", "functions", "list-resources", "resources"];

/// The pages by their path under `docs/`. The same input gives the same bytes.
///
/// # Errors
/// An example cannot be read, or the pages are more or larger than the registry takes.
pub fn render(provider: &ProviderDocs, examples: &Path) -> Result<BTreeMap<PathBuf, String>, DocsError> {
    let examples = Examples::new(examples);
    let mut pages = BTreeMap::new();
    pages.insert(PathBuf::from("index.md"), page::index(provider, &examples)?);
    for resource in &provider.resources {
        let path = path(Kind::Resource, provider, &resource.name);
        pages.insert(path, page::resource(provider, resource, &examples)?);
    }
    let kinds = [
        (Kind::DataSource, &provider.data_sources),
        (Kind::Ephemeral, &provider.ephemerals),
        (Kind::Action, &provider.actions),
        (Kind::List, &provider.lists),
    ];
    for (kind, objects) in kinds {
        for object in objects {
            let path = path(kind, provider, &object.name);
            pages.insert(path, page::object(kind, provider, object, &examples)?);
        }
    }
    for function in &provider.functions {
        let path = path(Kind::Function, provider, &function.name);
        pages.insert(path, function::page(provider, function, &examples)?);
    }
    within_limits(pages)
}

/// `resources/proxmox_vm.md`: the type without the provider's prefix.
fn path(kind: Kind, provider: &ProviderDocs, name: &str) -> PathBuf {
    let short = name.strip_prefix(&provider.name).and_then(|rest| rest.strip_prefix('_')).unwrap_or(name);
    Path::new(kind.directory()).join(format!("{short}.md"))
}

fn within_limits(pages: BTreeMap<PathBuf, String>) -> Result<BTreeMap<PathBuf, String>, DocsError> {
    if pages.len() > MOST_PAGES {
        return Err(DocsError::TooManyPages { pages: pages.len(), limit: MOST_PAGES });
    }
    match pages.iter().find(|(_, text)| text.len() >= LARGEST_PAGE) {
        Some((page, text)) => {
            Err(DocsError::PageTooLarge { page: page.clone(), bytes: text.len(), limit: LARGEST_PAGE })
        }
        None => Ok(pages),
    }
}
