//! Why a command did not come to a verdict.

use std::path::Path;

use cost_engine::FieldError;
use cost_engine::RequestError;
use cost_engine::files::{FileError, LocationError};
use cost_engine::json::JsonError;
use cost_engine::ledger::LedgerError;

/// Why there is no verdict. The exit code is 30 for each of them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    File {
        path: String,
        #[source]
        source: FileError,
    },
    /// A file is no JSON.
    #[error("{path}: {source}")]
    Json {
        path: String,
        #[source]
        source: JsonError,
    },
    /// A document is wrong.
    #[error("{path}: {source}")]
    Document {
        path: String,
        #[source]
        source: FieldError,
    },
    /// An argument is wrong.
    #[error("--{}: {found:?} is not {expected}", .0.field.replace('_', "-"), found = .0.found, expected = .0.expected)]
    Request(#[from] RequestError),
    /// A location is wrong.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The ledger failed.
    #[error("{}", chain(.0))]
    Ledger(#[from] LedgerError),
    /// A file cannot be written.
    #[error("{path}: {source}")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
    /// Something else is wrong; the sentence says what.
    #[error("{0}")]
    Other(String),
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl Failure {
    pub(crate) fn file(path: &Path) -> impl Fn(FileError) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path: path.clone(), source }
    }

    pub(crate) fn write(path: &Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Write { path: path.clone(), source }
    }
}
