//! Examples, found by convention.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::DocsError;
use super::markdown::code;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Resource,
    DataSource,
    Ephemeral,
    Action,
    List,
    Function,
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::Resource, Self::DataSource, Self::Ephemeral, Self::Action, Self::List, Self::Function];

    /// The directory of its pages and of its examples.
    pub(super) fn directory(self) -> &'static str {
        match self {
            Self::Resource => "resources",
            Self::DataSource => "data-sources",
            Self::Ephemeral => "ephemeral-resources",
            Self::Action => "actions",
            Self::List => "list-resources",
            Self::Function => "functions",
        }
    }

    /// The name of the first example without its extension.
    fn stem(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::DataSource => "data-source",
            Self::Ephemeral => "ephemeral-resource",
            Self::Action => "action",
            Self::List => "list-resource",
            Self::Function => "function",
        }
    }
}

/// The directory of examples.
pub(super) struct Examples {
    root: PathBuf,
}

impl Examples {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The section with all examples of a type or function; empty where there is none.
    pub(super) fn usage(&self, kind: Kind, name: &str) -> Result<String, DocsError> {
        self.section(&self.root.join(kind.directory()).join(name), kind.stem())
    }

    /// The section with all examples of the provider's configuration.
    pub(super) fn provider(&self) -> Result<String, DocsError> {
        self.section(&self.root.join("provider"), "provider")
    }

    /// A file beside the examples of a resource.
    pub(super) fn file(&self, resource: &str, name: &str) -> Result<Option<String>, DocsError> {
        read(&self.root.join(Kind::Resource.directory()).join(resource).join(name))
    }

    fn section(&self, directory: &Path, stem: &str) -> Result<String, DocsError> {
        let mut first = String::new();
        let mut further = String::new();
        for name in names(directory)? {
            let Some(title) = title(&name, stem) else { continue };
            let text = read(&directory.join(&name))?.unwrap_or_default();
            let code = code("terraform", &text);
            if title.is_empty() {
                first.push_str(&code);
            } else {
                further.push_str(&format!("\n### {title}\n\n{code}"));
            }
        }
        if first.is_empty() && further.is_empty() {
            return Ok(String::new());
        }
        let gap = if first.is_empty() { "" } else { "\n" };
        Ok(format!("\n## Example Usage\n{gap}{first}{further}"))
    }

    /// Directories of examples for what the provider does not have, by kind.
    pub(super) fn strays(&self, kind: Kind, known: &[&str]) -> Result<Vec<PathBuf>, DocsError> {
        let names = names(&self.root.join(kind.directory()))?;
        let strays = names.into_iter().filter(|name| !known.contains(&name.as_str()));
        Ok(strays.map(|name| Path::new(kind.directory()).join(name)).collect())
    }
}

/// The title in the name of an example, empty for the first one; `None` when it is no example.
fn title(file: &str, stem: &str) -> Option<String> {
    let name = file.strip_suffix(".tf").or_else(|| file.strip_suffix(".tfquery.hcl"))?;
    let rest = name.strip_prefix(stem)?;
    let Some(words) = rest.strip_prefix(['-', '_']) else { return rest.is_empty().then(String::new) };
    let words = words.replace(['-', '_'], " ");
    let mut chars = words.chars();
    Some(chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default())
}

/// The names in a directory, sorted; none where there is no directory.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, DocsError> {
    let unreadable = |source| DocsError::Read { path: directory.to_owned(), source };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// The text of a file with Unix line ends; `None` where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, DocsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DocsError::Read { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stand_in_names() {
        assert_eq!(title("resource.tf", "resource").as_deref(), Some(""));
        assert_eq!(title("resource-static_address.tf", "resource").as_deref(), Some("Static address"));
        assert_eq!(title("list-resource.tfquery.hcl", "list-resource").as_deref(), Some(""));
        for other in ["import.tf", "resources.tf", "resource.md", "resource"] {
            assert_eq!(title(other, "resource"), None, "{other}");
        }
    }
}
