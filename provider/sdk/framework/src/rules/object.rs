//! Checks of single objects: what a read, an import, an upgrade or a move may return.

use tf_value::{Path, Value};

use super::violation::{Findings, Rule, RuleViolation, Stage};
use crate::planner::{unfilled, write_only_paths_set};
use crate::schema::{IdentitySchema, Schema};

/// Core's check of what a read returned: null for an object that is gone, else a whole one.
#[must_use]
pub fn assert_read(schema: &Schema, actual: &Value) -> Vec<RuleViolation> {
    stored(schema, actual, Findings::new(Stage::Read)).found
}

/// Core's check of an imported object.
#[must_use]
pub fn assert_import(schema: &Schema, actual: &Value) -> Vec<RuleViolation> {
    existing(schema, actual, Stage::Import)
}

/// Core's check of upgraded state.
#[must_use]
pub fn assert_upgrade(schema: &Schema, actual: &Value) -> Vec<RuleViolation> {
    existing(schema, actual, Stage::Upgrade)
}

/// Core's check of state taken over from another resource type.
#[must_use]
pub fn assert_move(schema: &Schema, actual: &Value) -> Vec<RuleViolation> {
    existing(schema, actual, Stage::Move)
}

/// Core's check of what a destroy returned without an error.
#[must_use]
pub fn assert_destroyed(actual: &Value) -> Vec<RuleViolation> {
    let mut findings = Findings::new(Stage::Apply);
    if !actual.is_null() {
        let message = "the object is still there after it was destroyed";
        findings.report(Rule::NullOnlyAfterDelete, &Path::root(), message);
    }
    findings.found
}

/// Core's check of an identity: of its type and known.
///
/// It may change when the object is changed: the check against that was taken out before 1.12.0 was released. That a
/// refresh must not change it is a rule of ours: it would have found another object. While the object is being made
/// core's own check lets an unknown identity pass, but then cannot print the plan that it is in: an identity that is not
/// known yet must be left out.
#[must_use]
pub fn assert_identity(
    stage: Stage,
    identity: &IdentitySchema,
    before: Option<&Value>,
    after: &Value,
) -> Vec<RuleViolation> {
    let mut findings = Findings::new(stage);
    let root = Path::root();
    if let Err(error) = after.conforms(&identity.value_type()) {
        findings.report(Rule::Identity, &root, format!("the identity does not fit its schema: {error}"));
    } else if !after.is_wholly_known() {
        findings.report(Rule::Identity, &root, "the identity is not known");
    }
    let changed =
        before.is_some_and(|before| !before.is_null() && before.is_wholly_known() && before != after);
    if changed && stage == Stage::Read {
        findings.report(Rule::Identity, &root, "the identity of the object changed");
    }
    findings.found
}

fn existing(schema: &Schema, actual: &Value, stage: Stage) -> Vec<RuleViolation> {
    let mut findings = Findings::new(stage);
    if actual.is_null() {
        findings.report(Rule::NullOnlyAfterDelete, &Path::root(), "the object is null");
    }
    stored(schema, actual, findings).found
}

fn stored(schema: &Schema, actual: &Value, mut findings: Findings) -> Findings {
    if assert_type(schema, actual, &mut findings) {
        assert_write_only(schema, actual, &mut findings);
        assert_nothing_unknown(actual, &mut findings);
    }
    findings
}

/// Whether the object conforms to its schema; what does not cannot be examined further.
pub(super) fn assert_type(schema: &Schema, object: &Value, findings: &mut Findings) -> bool {
    let fit = object.conforms(&schema.value_type());
    if let Err(error) = &fit {
        findings.report(Rule::Type, &error.path, error.to_string());
    }
    fit.is_ok()
}

pub(super) fn assert_write_only(schema: &Schema, object: &Value, findings: &mut Findings) {
    for path in write_only_paths_set(&schema.block, object) {
        findings.report(Rule::WriteOnlyIsNull, &path, "a write-only value may be in the configuration only");
    }
}

pub(super) fn assert_nothing_unknown(object: &Value, findings: &mut Findings) {
    for path in unfilled(object) {
        findings.report(Rule::NothingUnknown, &path, "the value is still unknown");
    }
}
