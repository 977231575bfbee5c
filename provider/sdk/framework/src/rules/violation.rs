//! A broken rule.

use std::fmt;

use tf_value::{Path, Value};

/// What core was checking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A plan.
    Plan,
    /// The plan made again during apply, with everything known.
    FinalPlan,
    /// The result of an apply.
    Apply,
    /// The answer of a read.
    Read,
    /// An imported object.
    Import,
    /// State upgraded from an older version.
    Upgrade,
    /// State taken over from another resource type.
    Move,
}

/// What a provider must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// An object conforms to its schema.
    Type,
    /// A configured value is planned as configured, or as the prior value.
    ConfiguredAsPlanned,
    /// What is not configured and not computed is planned as null.
    UnsetIsNull,
    /// A configured value does not become unknown.
    ConfiguredIsKnown,
    /// Nested objects are as many, and have the keys, that the configuration gives them.
    NestedCount,
    /// Nested blocks are as many as configured, never null and never unknown.
    BlockCount,
    /// An object is planned if and only if it is configured.
    Presence,
    /// Write-only values are null everywhere but in the configuration.
    WriteOnlyIsNull,
    /// An attribute that requires replacement exists.
    ReplacePath,
    /// What is known in the first plan is the same in the second.
    FinalValue,
    /// The second plan is for the same action, or for none where it was an update.
    FinalAction,
    /// A known planned value is the result.
    PlannedIsResult,
    /// Elements of a planned and a resulting set correspond, and do not become more.
    SetsCorrespond,
    /// A result keeps what its planned placeholder promised.
    Refinement,
    /// Nothing is unknown in a stored object.
    NothingUnknown,
    /// An object is null only after it was destroyed.
    NullOnlyAfterDelete,
    /// An identity is known, and stays the same except while its object is being made.
    Identity,
}

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}{message}", self.title(), Place(&self.path))]
pub struct RuleViolation {
    /// What was being checked.
    pub stage: Stage,
    /// The rule.
    pub rule: Rule,
    /// Where it is broken.
    pub path: Path,
    /// How it is broken. Shows no sensitive value.
    pub message: String,
}

struct Place<'a>(&'a Path);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

impl RuleViolation {
    /// The heading under which core reports the breach.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match (self.stage, self.rule) {
            (_, Rule::Identity) => "Provider produced invalid identity",
            (Stage::Plan, _) => "Provider produced invalid plan",
            (Stage::FinalPlan, Rule::WriteOnlyIsNull | Rule::Type) => "Provider produced invalid plan",
            (Stage::FinalPlan, _) => "Provider produced inconsistent final plan",
            (Stage::Apply, Rule::NothingUnknown | Rule::NullOnlyAfterDelete) => {
                "Provider returned invalid result object after apply"
            }
            (Stage::Apply, Rule::WriteOnlyIsNull | Rule::Type) => "Provider produced invalid object",
            (Stage::Apply, _) => "Provider produced inconsistent result after apply",
            (Stage::Read | Stage::Import | Stage::Upgrade | Stage::Move, _) => {
                "Provider produced invalid object"
            }
        }
    }
}

/// Where violations of one stage are gathered.
pub(super) struct Findings {
    pub(super) stage: Stage,
    pub(super) found: Vec<RuleViolation>,
}

impl Findings {
    pub(super) fn new(stage: Stage) -> Self {
        Self { stage, found: Vec::new() }
    }

    pub(super) fn report(&mut self, rule: Rule, path: &Path, message: impl Into<String>) {
        self.found.push(RuleViolation {
            stage: self.stage,
            rule,
            path: path.clone(),
            message: message.into(),
        });
    }
}

/// A value in a message: not at all where it is secret, and not at length.
pub(super) fn show(value: &Value, secret: bool) -> String {
    const LONGEST: usize = 120;
    if secret && value.is_known() {
        return "a sensitive value".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether two values are the same, whatever is promised of what is unknown in them.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    left == right || unrefined(left) == unrefined(right)
}

fn unrefined(value: &Value) -> Value {
    value.clone().transform(&mut |_, value| match value {
        Value::Unknown(_) => Value::UNKNOWN,
        other => other,
    })
}
