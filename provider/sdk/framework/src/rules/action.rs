//! What core does with a plan: which action it is, and whether the second plan is for the same one.

use std::collections::BTreeSet;

use tf_value::{Path, Value};

use super::compatible::compatible;
use super::object::{assert_type, assert_write_only};
use super::violation::{Findings, Rule, RuleViolation, Stage};
use crate::schema::Schema;
use crate::schema::members::attribute_at;

/// What is to be done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlannedAction {
    /// Nothing.
    NoOp,
    /// Make it.
    Create,
    /// Change it in place.
    Update,
    /// Destroy it and make another.
    Replace,
    /// Destroy it.
    Delete,
}

/// A plan as core sees it.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Schema of the resource.
    pub schema: &'a Schema,
    /// The object in state.
    pub prior: &'a Value,
    /// The planned object.
    pub planned: &'a Value,
    /// The attributes the provider says require replacement.
    pub requires_replace: &'a BTreeSet<Path>,
}

/// The paths that core takes for a replacement: those whose value changes, and write-only ones, whose change
/// nobody sees. Core ignores the others.
#[must_use]
pub fn effective_replace_paths(change: Change<'_>) -> BTreeSet<Path> {
    if change.prior.is_null() {
        return BTreeSet::new();
    }
    let write_only =
        |path: &Path| attribute_at((&change.schema.block).into(), path).is_some_and(|found| found.write_only);
    let counts =
        |path: &&Path| write_only(path) || look_up(change.prior, path) != look_up(change.planned, path);
    change.requires_replace.iter().filter(counts).cloned().collect()
}

/// The action core derives from a plan.
#[must_use]
pub fn planned_action(change: Change<'_>) -> PlannedAction {
    match (change.prior.is_null(), change.planned.is_null()) {
        (true, true) => PlannedAction::NoOp,
        (true, false) => PlannedAction::Create,
        (false, true) => PlannedAction::Delete,
        _ if !effective_replace_paths(change).is_empty() => PlannedAction::Replace,
        _ if change.prior == change.planned => PlannedAction::NoOp,
        _ => PlannedAction::Update,
    }
}

/// Core's check of the replace paths: each exists before or after, and can be expressed.
#[must_use]
pub fn assert_replace_paths(change: Change<'_>) -> Vec<RuleViolation> {
    let mut findings = Findings::new(Stage::Plan);
    if change.prior.is_null() {
        return findings.found;
    }
    for path in change.requires_replace {
        let exists = [change.prior, change.planned]
            .iter()
            .any(|object| !matches!(look_up(object, path), Found::Nothing));
        if !exists || path.wire_prefix() != *path {
            findings.report(
                Rule::ReplacePath,
                path,
                "replacement is required for an attribute that does not exist",
            );
        }
    }
    findings.found
}

/// Core's check of the plan made during apply against the one that was approved.
#[must_use]
pub fn assert_final_plan(first: Change<'_>, second: Change<'_>) -> Vec<RuleViolation> {
    let schema = second.schema;
    let mut findings = Findings::new(Stage::FinalPlan);
    if !assert_type(schema, second.planned, &mut findings) {
        return findings.found;
    }
    assert_write_only(schema, second.planned, &mut findings);
    let (before, after) = (planned_action(first), planned_action(second));
    let settled = before == PlannedAction::Update && after == PlannedAction::NoOp;
    if before != after && !settled {
        let message = format!("the action changed from {before:?} to {after:?}");
        findings.report(Rule::FinalAction, &Path::root(), message);
    }
    compatible(schema, first.planned, second.planned, &mut findings);
    findings.found
}

#[derive(PartialEq, Eq)]
enum Found<'a> {
    Nothing,
    Unknown,
    Value(&'a Value),
}

/// What a path leads to. Everything in an unknown value is unknown, nothing is in null.
fn look_up<'a>(object: &'a Value, path: &Path) -> Found<'a> {
    let mut here = Path::root();
    for step in path.steps() {
        match object.at(&here) {
            Some(value) if value.is_unknown() => return Found::Unknown,
            Some(_) => here.push(step.clone()),
            None => return Found::Nothing,
        }
    }
    match object.at(&here) {
        Some(value) if value.is_unknown() => Found::Unknown,
        Some(value) => Found::Value(value),
        None => Found::Nothing,
    }
}
