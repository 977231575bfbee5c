//! What can go wrong between core and a provider.

use tf_framework::Diagnostics;
use tf_framework::rules::{PlannedAction, RuleViolation};
use tf_framework::validation::SchemaProblem;
use tf_value::{CodecError, Path, TypeError};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The provider said no.
    #[error("{what}: {diagnostics}")]
    Diagnostics {
        /// What was asked of it.
        what: String,
        /// Errors and warnings, in the provider's words.
        diagnostics: Diagnostics,
    },
    /// The provider broke rules of core's.
    #[error("{what}: {}", listed(violations))]
    Rules {
        /// What was asked of it.
        what: String,
        /// The rules.
        violations: Vec<RuleViolation>,
    },
    /// The provider's schema breaks rules of core's.
    #[error("the schema is refused: {}", listed(.0))]
    Schema(Vec<SchemaProblem>),
    /// A schema message that cannot be read.
    #[error("the schema of {type_name} cannot be read: {problem}")]
    SchemaMessage {
        /// The type.
        type_name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A type on the wire that cannot be read.
    #[error("a type in the schema cannot be read")]
    Type(#[from] TypeError),
    /// The provider has no such thing.
    #[error("the provider has no {kind} {name}")]
    NoSuch {
        /// What kind of thing.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A configuration that core refuses before the provider sees it.
    #[error("{}{problem}", if path.is_root() { String::new() } else { format!("{path}: ") })]
    Config {
        /// Where.
        path: Path,
        /// What is wrong.
        problem: String,
    },
    /// A value that does not fit its schema.
    #[error("{what}: the value does not fit the schema: {source}")]
    Codec {
        /// What was asked.
        what: String,
        /// Where and why.
        source: CodecError,
    },
    /// A call that failed as a call: core would say "Plugin error".
    #[error("the call failed")]
    Status(#[from] Box<tonic::Status>),
    /// An answer that makes no sense in the protocol.
    #[error("{what}: {problem}")]
    Answer {
        /// What was asked.
        what: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// There is no such object in the state.
    #[error("there is no {0} in the state")]
    NotInState(String),
    /// Another action was planned than expected.
    #[error("{address}: {found:?} is planned, {expected:?} was expected: {}", differences.join("; "))]
    Unexpected {
        /// The object.
        address: String,
        /// The action that was planned.
        found: PlannedAction,
        /// The action that was expected.
        expected: PlannedAction,
        /// What differs between state and plan.
        differences: Vec<String>,
    },
    /// A function failed.
    #[error("{text}")]
    Function {
        /// What the function says.
        text: String,
        /// The argument it blames, counted from 0.
        argument: Option<i64>,
    },
}

fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

// === impl CoreError ===

impl CoreError {
    /// The provider's diagnostics, where it gave some.
    #[must_use]
    pub fn diagnostics(&self) -> Option<&Diagnostics> {
        match self {
            Self::Diagnostics { diagnostics, .. } => Some(diagnostics),
            _ => None,
        }
    }

    /// The broken rules, where there are some.
    #[must_use]
    pub fn violations(&self) -> &[RuleViolation] {
        match self {
            Self::Rules { violations, .. } => violations,
            _ => &[],
        }
    }

    /// An error where rules are broken.
    pub(crate) fn unless_kept(what: &str, violations: Vec<RuleViolation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self::Rules { what: what.to_owned(), violations }) }
    }

    pub(crate) fn answer(what: &str, problem: impl Into<String>) -> Self {
        Self::Answer { what: what.to_owned(), problem: problem.into() }
    }

    pub(crate) fn no_such(kind: &'static str, name: &str) -> Self {
        Self::NoSuch { kind, name: name.to_owned() }
    }
}

impl From<tonic::Status> for CoreError {
    fn from(status: tonic::Status) -> Self {
        Self::Status(Box::new(status))
    }
}
