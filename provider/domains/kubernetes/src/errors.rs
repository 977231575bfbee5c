//! Why something could not be done with a node, and how it is told.

use hosts::MachineError;
use tf_framework::{Diagnostic, Diagnostics, Path};
use transport_ssh::told;

use crate::api::ApiError;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The machine was not reached, or a command failed there.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The cluster did not do what it was asked.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// What the machine said makes no sense.
    #[error("{machine} gave an answer that cannot be read: {problem}")]
    Answer { machine: String, problem: String },
    /// The time allowed ran out, or the work was called off.
    #[error("{what}: {why}")]
    Ended { what: String, why: String },
    /// It must not be done.
    #[error("{}", .0.summary)]
    Refused(Box<Refusal>),
    /// It is told already.
    #[error("{0}")]
    Told(Diagnostics),
}

/// What must not be done, why, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// One line without a full stop.
    pub(crate) summary: String,
    /// Why, and what to do.
    pub(crate) detail: String,
    /// The attribute to blame.
    pub(crate) path: Option<Path>,
}

impl Refusal {
    /// A refusal.
    pub(crate) fn new(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { summary: summary.into(), detail: detail.into(), path: None }
    }

    /// Points at an attribute.
    pub(crate) fn at(self, path: Path) -> Self {
        Self { path: Some(path), ..self }
    }

    /// As Terraform shows it.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::error(&self.summary, &self.detail);
        match &self.path {
            Some(path) => diagnostic.at(path.clone()),
            None => diagnostic,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Diagnostics> for Error {
    fn from(told: Diagnostics) -> Self {
        Self::Told(told)
    }
}

/// What to do after a failure that may have had an effect.
const AGAIN: &str = "What was done so far is kept in the journal of the machine. Apply again when the cause is gone: it goes on from there.";

/// A failure as Terraform shows it; `what` names the operation and the node.
pub(crate) fn failure(what: impl Into<String>, error: &Error) -> Diagnostics {
    match error {
        Error::Refused(refusal) => refusal.diagnostic().into(),
        Error::Told(told) => told.clone(),
        error => Diagnostics::error(what, format!("{}.\n\n{AGAIN}", chain(error))),
    }
}

/// An error with its causes, without a full stop at its end.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    told(error).trim_end_matches('.').to_owned()
}

/// Text that begins a sentence.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
