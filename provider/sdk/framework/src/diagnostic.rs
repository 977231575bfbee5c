//! Diagnostics: what the user reads when something is wrong or worth knowing.
//!
//! The shape is fixed: a short summary that names the operation, a detail that says what happened and what to
//! do next, and the path of the attribute that is to blame where there is one.

use std::fmt;

use tf_value::Path;

/// The result of anything that can end in diagnostics.
pub type Result<T, E = Diagnostics> = std::result::Result<T, E>;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One line without a full stop.
    pub summary: String,
    /// What happened, to which object, and what to do next.
    pub detail: String,
    /// The attribute to blame. Terraform prints its source line.
    pub path: Option<Path>,
}

/// Messages in the order they arose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Error, summary: summary.into(), detail: detail.into(), path: None }
    }

    /// A warning.
    #[must_use]
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// Points at an attribute.
    #[must_use]
    pub fn at(mut self, path: Path) -> Self {
        self.path = Some(path);
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

// === impl Diagnostics ===

impl Diagnostics {
    /// No messages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One error.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic::error(summary, detail).into()
    }

    /// One error at an attribute.
    #[must_use]
    pub fn error_at(path: Path, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic::error(summary, detail).at(path).into()
    }

    /// Points every message that has no path yet at an attribute.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        for diagnostic in &mut self.0 {
            diagnostic.path.get_or_insert_with(|| path.clone());
        }
        self
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds messages.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Adds a text to the detail of every error.
    pub(crate) fn append_to_errors(&mut self, text: &str) {
        for diagnostic in self.0.iter_mut().filter(|diagnostic| diagnostic.is_error()) {
            diagnostic.detail.push_str(text);
        }
    }

    /// Whether any message is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// Whether there is no message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The messages.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// The errors as an `Err`, or the value.
    ///
    /// # Errors
    /// All messages, when one of them is an error.
    pub fn into_result<T>(self, value: T) -> Result<T> {
        if self.has_errors() { Err(self) } else { Ok(value) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let label = if diagnostic.is_error() { "Error" } else { "Warning" };
            write!(f, "{label}: {}", diagnostic.summary)?;
            if let Some(path) = &diagnostic.path {
                write!(f, " (at {path})")?;
            }
            if !diagnostic.detail.is_empty() {
                write!(f, ": {}", diagnostic.detail)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
