//! Why snapshots could not be listed, read, made or deleted.

use hosts::MachineError;
use tf_framework::{Diagnostics, Path};
use transport_ssh::{Interrupted, ShellError, told};

use super::file::FileError;
use crate::api::ApiError;

/// Why snapshots could not be listed, read, made or deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// A server was not reached, or a command failed there.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// A cluster's API did not answer, or refused.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The object store cannot be used as it is set.
    #[error("{place} cannot be opened: {problem}")]
    Settings {
        /// The bucket.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// The object store did not answer, or refused.
    #[error("{what} failed: {problem}")]
    Store {
        /// What was asked.
        what: String,
        /// What it said.
        problem: String,
    },
    /// There is none of that name.
    #[error("there is no snapshot {name} in {place}{}", known(there))]
    Missing {
        /// The name.
        name: String,
        /// Where it was looked for.
        place: String,
        /// The newest that are there.
        there: Vec<String>,
    },
    /// It is not a whole snapshot.
    #[error("the snapshot {name} in {place} cannot be used: {problem}")]
    File {
        /// The name.
        name: String,
        /// Where it is.
        place: String,
        /// What is wrong with it.
        problem: FileError,
    },
    /// This machine has no room, or its disk fails.
    #[error("the snapshot cannot be kept on this machine while it is looked into")]
    Here(#[from] std::io::Error),
    /// The time allowed ran out, or the work was called off.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

impl From<ShellError> for SnapshotError {
    fn from(error: ShellError) -> Self {
        Self::Machine(error.into())
    }
}

fn known(there: &[String]) -> String {
    if there.is_empty() {
        ": there is none at all".to_owned()
    } else {
        format!(": the newest are {}", there.join(", "))
    }
}

impl SnapshotError {
    /// As Terraform shows it, at an attribute.
    pub(crate) fn diagnostics(&self, summary: &str, path: Path) -> Diagnostics {
        Diagnostics::error_at(path, summary, format!("{}.", told(self).trim_end_matches('.')))
    }
}
