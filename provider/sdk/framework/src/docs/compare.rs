//! Pages that stand in `docs/` against pages as they should be.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::ProviderDocs;
use super::error::DocsError;
use super::examples::{Examples, Kind, names, read};
use super::{GENERATED, render};

/// What is not as it should be. Paths are under `docs/` or `examples/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A page is missing.
    Missing(PathBuf),
    /// A page is about nothing the provider has.
    Unexpected(PathBuf),
    /// A page says something else.
    Changed {
        /// The page.
        page: PathBuf,
        /// The first line that differs, counted from 1.
        line: usize,
        /// The line as it should be; `None` where the page should have ended.
        expected: Option<String>,
        /// The line as it is; `None` where the page ends.
        found: Option<String>,
    },
    /// A guide without the title that the registry needs in its front matter.
    UntitledGuide(PathBuf),
    /// Examples of something the provider does not have.
    StrayExamples(PathBuf),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line =
            |text: &Option<String>| text.as_ref().map_or("nothing".to_owned(), |text| format!("{text:?}"));
        match self {
            Self::Missing(page) => write!(f, "{} is missing", page.display()),
            Self::Unexpected(page) => write!(f, "{} is about nothing the provider has", page.display()),
            Self::Changed { page, line: number, expected, found } => {
                write!(f, "{}:{number}: expected {}, found {}", page.display(), line(expected), line(found))
            }
            Self::UntitledGuide(guide) => {
                write!(f, "{} has no `page_title` in its front matter", guide.display())
            }
            Self::StrayExamples(path) => {
                write!(f, "examples/{} are of nothing the provider has", path.display())
            }
        }
    }
}

/// What in a directory of documentation differs from the pages as they should be.
///
/// # Errors
/// A page or an example cannot be read, or the pages are more or larger than the registry takes.
pub fn check(provider: &ProviderDocs, examples: &Path, docs: &Path) -> Result<Vec<Difference>, DocsError> {
    let pages = render(provider, examples)?;
    let mut differences = Vec::new();
    for (page, expected) in &pages {
        match read(&docs.join(page))? {
            None => differences.push(Difference::Missing(page.clone())),
            Some(found) if found != *expected => differences.push(first_change(page, expected, &found)),
            Some(_) => {}
        }
    }
    differences.extend(unexpected(&pages, docs)?.into_iter().map(Difference::Unexpected));
    differences.extend(untitled_guides(docs)?.into_iter().map(Difference::UntitledGuide));
    differences.extend(strays(provider, examples)?.into_iter().map(Difference::StrayExamples));
    Ok(differences)
}

/// Writes the pages, and removes those that are about nothing the provider has. Answers what was not as it
/// should be before; untitled guides and stray examples remain.
///
/// # Errors
/// A page cannot be written, and those of [`check`].
pub fn write(provider: &ProviderDocs, examples: &Path, docs: &Path) -> Result<Vec<Difference>, DocsError> {
    let differences = check(provider, examples, docs)?;
    let pages = render(provider, examples)?;
    for difference in &differences {
        match difference {
            Difference::Missing(page) | Difference::Changed { page, .. } => {
                let text = pages.get(page).map(String::as_str).unwrap_or_default();
                put(&docs.join(page), text)?;
            }
            Difference::Unexpected(page) => {
                let path = docs.join(page);
                fs::remove_file(&path).map_err(|source| DocsError::Write { path, source })?;
            }
            Difference::UntitledGuide(_) | Difference::StrayExamples(_) => {}
        }
    }
    Ok(differences)
}

fn put(path: &Path, text: &str) -> Result<(), DocsError> {
    let written = match path.parent() {
        Some(parent) => fs::create_dir_all(parent).and_then(|()| fs::write(path, text)),
        None => fs::write(path, text),
    };
    written.map_err(|source| DocsError::Write { path: path.to_owned(), source })
}

fn first_change(page: &Path, expected: &str, found: &str) -> Difference {
    let (mut right, mut wrong) = (expected.lines(), found.lines());
    let mut line = 0;
    loop {
        line += 1;
        let (expected, found) = (right.next(), wrong.next());
        // Both ended: only the line end at the very end differs.
        if expected != found || expected.is_none() {
            let (expected, found) = (expected.map(str::to_owned), found.map(str::to_owned));
            return Difference::Changed { page: page.to_owned(), line, expected, found };
        }
    }
}

fn unexpected(pages: &BTreeMap<PathBuf, String>, docs: &Path) -> Result<Vec<PathBuf>, DocsError> {
    let mut unexpected = Vec::new();
    for directory in GENERATED {
        for name in names(&docs.join(directory))? {
            let page = Path::new(directory).join(name);
            if !pages.contains_key(&page) {
                unexpected.push(page);
            }
        }
    }
    Ok(unexpected)
}

/// What has a page and no example, by its directory under `examples/`.
///
/// # Errors
/// A directory of examples cannot be read.
pub fn without_example(provider: &ProviderDocs, examples: &Path) -> Result<Vec<PathBuf>, DocsError> {
    let found = Examples::new(examples);
    let mut without = Vec::new();
    for kind in Kind::ALL {
        for name in known(provider, kind) {
            if found.usage(kind, name)?.is_empty() {
                without.push(Path::new(kind.directory()).join(name));
            }
        }
    }
    Ok(without)
}

fn untitled_guides(docs: &Path) -> Result<Vec<PathBuf>, DocsError> {
    let mut untitled = Vec::new();
    for name in names(&docs.join("guides"))? {
        let guide = Path::new("guides").join(name);
        let text = read(&docs.join(&guide))?.unwrap_or_default();
        let front =
            text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---")).map(|(front, _)| front);
        if !front.is_some_and(|front| front.lines().any(|line| line.starts_with("page_title:"))) {
            untitled.push(guide);
        }
    }
    Ok(untitled)
}

fn strays(provider: &ProviderDocs, examples: &Path) -> Result<Vec<PathBuf>, DocsError> {
    let examples = Examples::new(examples);
    let mut strays = Vec::new();
    for kind in Kind::ALL {
        strays.extend(examples.strays(kind, &known(provider, kind))?);
    }
    Ok(strays)
}

/// The names of everything of a kind.
fn known(provider: &ProviderDocs, kind: Kind) -> Vec<&str> {
    let objects = match kind {
        Kind::Resource => return provider.resources.iter().map(|resource| resource.name.as_str()).collect(),
        Kind::Function => return provider.functions.iter().map(|function| function.name.as_str()).collect(),
        Kind::DataSource => &provider.data_sources,
        Kind::Ephemeral => &provider.ephemerals,
        Kind::Action => &provider.actions,
        Kind::List => &provider.lists,
    };
    objects.iter().map(|object| object.name.as_str()).collect()
}
