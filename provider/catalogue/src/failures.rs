//! Refusals of a server as diagnostics that point at the argument to blame.

use tf_framework::{Diagnostic, Diagnostics};
use tf_value::Path;

use crate::description::{Field, Kind, Shape};
use crate::store::{Cause, Problem, Store, StoreError};

/// What was being done to which object, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Doing {
    /// "Creating", "Reading".
    pub(crate) verb: &'static str,
    /// The kind of the object.
    pub(crate) kind: &'static Kind,
    /// What names the object: its id or its name.
    pub(crate) object: Option<String>,
}

impl Doing {
    /// An operation on an object that may have a name.
    #[must_use]
    pub(crate) fn new(verb: &'static str, kind: &'static Kind, object: Option<String>) -> Self {
        Self { verb, kind, object }
    }

    /// One line: "Creating the site \"ams1\"".
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        match &self.object {
            Some(object) => format!("{} {} {object} failed", self.verb, self.kind.label),
            None => format!("{} a {} failed", self.verb, self.kind.label),
        }
    }

    /// What a server's refusal means for the user.
    #[must_use]
    pub(crate) fn failed<S: Store>(&self, error: StoreError) -> Diagnostics {
        match error {
            StoreError::Refused(problems) => {
                problems.into_iter().map(|problem| self.problem::<S>(&problem)).collect()
            }
            StoreError::Gone => Diagnostics::error(
                self.summary(),
                format!(
                    "{} has no such {} any more. It was deleted since the plan was made: plan again.",
                    S::NAME,
                    self.kind.label
                ),
            ),
            StoreError::Changed => Diagnostics::error(
                self.summary(),
                format!(
                    "Someone changed the {} in {} since the plan was made. Nothing was written. Plan again to see \
                     the change.",
                    self.kind.label,
                    S::NAME
                ),
            ),
            StoreError::Exhausted(what) => Diagnostics::error(
                self.summary(),
                format!("{what} Use another pool, or make this one larger."),
            ),
            StoreError::Told(diagnostics) => self.introduced(diagnostics),
        }
    }

    fn introduced(&self, diagnostics: Diagnostics) -> Diagnostics {
        let introduce = |mut diagnostic: Diagnostic| {
            if diagnostic.is_error() {
                diagnostic.detail = format!("{}: {}", diagnostic.summary, diagnostic.detail);
                diagnostic.summary = self.summary();
            }
            diagnostic
        };
        diagnostics.into_iter().map(introduce).collect()
    }

    fn problem<S: Store>(&self, problem: &Problem) -> Diagnostic {
        let field = problem.path.first().and_then(|key| self.kind.field_on_wire(key));
        let said = format!("{} says: {}", S::NAME, sentence(&problem.message));
        let advice = match problem.cause {
            Cause::Duplicate => format!(
                " There is such a {} already. Import it, or set adopt = \"if_exists\" to take it over.",
                self.kind.label
            ),
            Cause::NotFound => not_found(field),
            Cause::Ambiguous => {
                " Name the object by its id, or by more attributes: { slug = \"…\", … }.".to_owned()
            }
            Cause::Other => String::new(),
        };
        let place = match (field, problem.path.as_slice()) {
            (None, [key, ..]) => format!("({key}) "),
            (Some(_), [_, rest @ ..]) if !rest.is_empty() => format!("({}) ", rest.join(".")),
            _ => String::new(),
        };
        let diagnostic = Diagnostic::error(self.summary(), format!("{place}{said}{advice}"));
        match field {
            Some(field) => diagnostic.at(path_of(field, &problem.path)),
            None => diagnostic,
        }
    }
}

/// The attribute that a refusal of a field is about.
fn path_of(field: &Field, wire: &[String]) -> Path {
    let path = Path::root().attribute(field.name);
    match (field.shape, wire.get(1)) {
        (Shape::CustomFields, Some(key)) => path.attribute(key.clone()),
        _ => path,
    }
}

fn not_found(field: Option<&Field>) -> String {
    match field.map(|field| field.shape) {
        Some(Shape::Tags) => {
            " Every tag must exist before it can be put on an object: make it with a tag resource.".to_owned()
        }
        _ => " A text is taken as a slug where it can be one: to refer by name write { name = \"…\" }. An object \
              made in the same run is best referred to by its resource's id."
            .to_owned(),
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
