//! Failed calls as diagnostics: what failed, why, and what to do next.

use catalogue::store::StoreError;
use tf_framework::{Diagnostic, Diagnostics, Path};

use crate::api::{Error, PathStep};
use crate::client::failure;

/// A failed call as the failure of an operation.
pub(crate) fn failed(what: &str, error: Error) -> Diagnostics {
    failed_at(what, error, &|_| None)
}

/// The same, where `place` finds the argument that a field of the wire belongs to.
pub(crate) fn failed_at(
    what: &str,
    error: Error,
    place: &(dyn Fn(&str) -> Option<Path> + Send + Sync),
) -> Diagnostics {
    let Error::Invalid(invalid) = &error else { return told(what, failure(error)) };
    let problem = |fault: &crate::api::Fault| {
        let names: Vec<&str> = fault
            .path
            .iter()
            .filter_map(|step| match step {
                PathStep::Field(name) => Some(name.as_str()),
                PathStep::Index(_) => None,
            })
            .collect();
        let field = if names.is_empty() { String::new() } else { format!("({}) ", names.join(".")) };
        let detail = format!("{field}NetBox says: {}", sentence(&fault.message));
        let diagnostic = Diagnostic::error(what, detail);
        match place(names.first().copied().unwrap_or_default()) {
            Some(path) => diagnostic.at(path),
            None => diagnostic,
        }
    };
    invalid.faults.iter().map(problem).collect()
}

/// A failure of the catalogue's kind as the failure of an operation.
pub(crate) fn told(what: &str, error: StoreError) -> Diagnostics {
    match error {
        StoreError::Refused(problems) => problems
            .into_iter()
            .map(|problem| {
                let path = problem.path.join(".");
                Diagnostic::error(what, format!("({path}) NetBox says: {}", sentence(&problem.message)))
            })
            .collect(),
        StoreError::Gone => {
            Diagnostics::error(what, "It was deleted since the plan was made. Plan again to see it.")
        }
        StoreError::Changed => Diagnostics::error(
            what,
            "Someone changed it in NetBox since it was read. Nothing was written. Plan again to see the change.",
        ),
        StoreError::Exhausted(detail) => Diagnostics::error(what, detail),
        StoreError::Told(diagnostics) => diagnostics
            .into_iter()
            .map(|mut diagnostic| {
                diagnostic.detail = format!("{}: {}", diagnostic.summary, diagnostic.detail);
                what.clone_into(&mut diagnostic.summary);
                diagnostic
            })
            .collect(),
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
