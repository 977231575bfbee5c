//! A value that does not fit the type it is read into.

use tf_value::{Path, Step, Value};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// Where and why a value does not fit. The path grows outwards as the error travels up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", self.place())]
pub struct Mismatch {
    steps: Vec<Step>,
    problem: String,
}

impl Mismatch {
    /// Something is wrong with the value at hand.
    #[must_use]
    pub fn new(problem: impl Into<String>) -> Self {
        Self { steps: Vec::new(), problem: problem.into() }
    }

    /// Another kind of value was expected. The value itself is not shown: it may be secret.
    #[must_use]
    pub fn expected(what: &str, found: &Value) -> Self {
        Self::new(format!("expected {what}, found {}", found.kind()))
    }

    /// Adds the attribute the value stands in.
    #[must_use]
    pub fn in_attribute(self, name: &str) -> Self {
        self.within(Step::Attribute(name.to_owned()))
    }

    /// Adds the step that leads to the value.
    #[must_use]
    pub fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The path from the root to the value.
    #[must_use]
    pub fn path(&self) -> Path {
        self.steps.iter().rev().cloned().collect()
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    fn place(&self) -> String {
        if self.steps.is_empty() { String::new() } else { format!("{}: ", self.path()) }
    }
}

impl From<Mismatch> for Diagnostics {
    fn from(mismatch: Mismatch) -> Self {
        Diagnostic::error("Value does not fit the attribute", format!("{mismatch}."))
            .at(mismatch.path())
            .into()
    }
}
