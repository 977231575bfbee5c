//! Whether one object is a completion of another in which not everything was known.

use std::cmp::Ordering;

use tf_value::{Constraints, Path, Value};

use super::object::{assert_nothing_unknown, assert_type, assert_write_only};
use super::violation::{Findings, Rule, RuleViolation, Stage, show};
use crate::schema::members::{Member, Members, Nested, member_of};
use crate::schema::{Nesting, Schema};

/// Core's check of what an apply returned against what was planned.
#[must_use]
pub fn assert_apply_compatible(schema: &Schema, planned: &Value, actual: &Value) -> Vec<RuleViolation> {
    let mut findings = Findings::new(Stage::Apply);
    if !assert_type(schema, actual, &mut findings) {
        return findings.found;
    }
    assert_write_only(schema, actual, &mut findings);
    assert_nothing_unknown(actual, &mut findings);
    match (planned.is_null(), actual.is_null()) {
        (true, false) => {
            let message = "the object is still there after it was destroyed";
            findings.report(Rule::NullOnlyAfterDelete, &Path::root(), message);
        }
        (false, true) => {
            findings.report(
                Rule::NullOnlyAfterDelete,
                &Path::root(),
                "the object is missing after it was applied",
            );
        }
        _ => compatible(schema, planned, actual, &mut findings),
    }
    findings.found
}

/// Whether everything known in `planned` is the same in `actual`.
pub(super) fn compatible(schema: &Schema, planned: &Value, actual: &Value, findings: &mut Findings) {
    let leaf = if findings.stage == Stage::FinalPlan { Rule::FinalValue } else { Rule::PlannedIsResult };
    let mut check = Check { findings, leaf };
    if planned.is_null() != actual.is_null() {
        check.findings.report(leaf, &Path::root(), "the object appeared or vanished");
    } else if planned.is_known() {
        check.object((&schema.block).into(), planned, actual, &Path::root(), false);
    }
}

struct Check<'f> {
    findings: &'f mut Findings,
    leaf: Rule,
}

impl Check<'_> {
    fn report(&mut self, rule: Rule, path: &Path, message: impl Into<String>) {
        self.findings.report(rule, path, message);
    }

    fn object(&mut self, members: Members<'_>, planned: &Value, actual: &Value, path: &Path, secret: bool) {
        for member in members.iter() {
            let path = path.clone().attribute(member.name);
            let (planned, actual) = (member_of(planned, member.name), member_of(actual, member.name));
            self.member(member, planned, actual, &path, secret);
        }
    }

    fn member(&mut self, member: Member<'_>, planned: &Value, actual: &Value, path: &Path, secret: bool) {
        let secret =
            secret || member.attribute.is_some_and(|attribute| attribute.sensitive || attribute.write_only);
        match member.nested {
            Some(nested) if planned.is_known() && actual.is_known() => {
                self.nested(nested, planned, actual, path, secret);
            }
            _ => self.value(planned, actual, path, secret),
        }
    }

    fn nested(&mut self, nested: Nested<'_>, planned: &Value, actual: &Value, path: &Path, secret: bool) {
        if nested.nesting == Nesting::Set {
            let correspond = |findings: &mut Findings, planned: &Value, actual: &Value| {
                Check { findings, leaf: Rule::PlannedIsResult }.element(
                    nested,
                    planned,
                    actual,
                    &Path::root(),
                    secret,
                );
            };
            return self.sets(planned, actual, path, correspond);
        }
        for (place, planned) in nested.objects(planned) {
            let path = place.path(path);
            match place.look_up(actual) {
                Some(actual) => self.element(nested, planned, actual, &path, secret),
                None => self.report(self.leaf, &path, "was planned, but is gone"),
            }
        }
        for (place, _) in nested.objects(actual) {
            if place.look_up(planned).is_none() {
                self.report(self.leaf, &place.path(path), "is there, but was not planned");
            }
        }
    }

    fn element(&mut self, nested: Nested<'_>, planned: &Value, actual: &Value, path: &Path, secret: bool) {
        if planned.is_known() && actual.is_known() {
            self.object(nested.members, planned, actual, path, secret);
        } else {
            self.value(planned, actual, path, secret);
        }
    }

    fn value(&mut self, planned: &Value, actual: &Value, path: &Path, secret: bool) {
        match (planned, actual) {
            (Value::Unknown(promises), actual) => self.promises(promises, actual, path, secret),
            (Value::Dynamic(planned), Value::Dynamic(actual)) if planned.ty == actual.ty => {
                self.value(&planned.value, &actual.value, path, secret);
            }
            (Value::List(planned), Value::List(actual)) | (Value::Tuple(planned), Value::Tuple(actual)) => {
                for (index, planned) in planned.iter().enumerate() {
                    self.part(Some(planned), actual.get(index), &path.clone().index(index), secret);
                }
                for index in planned.len()..actual.len() {
                    self.part(None, actual.get(index), &path.clone().index(index), secret);
                }
            }
            (Value::Map(planned), Value::Map(actual)) | (Value::Object(planned), Value::Object(actual)) => {
                for (key, planned) in planned {
                    self.part(Some(planned), actual.get(key), &path.clone().key(key), secret);
                }
                for (key, actual) in actual.iter().filter(|(key, _)| !planned.contains_key(*key)) {
                    self.part(None, Some(actual), &path.clone().key(key), secret);
                }
            }
            (Value::Set(_), Value::Set(_)) => {
                let correspond = |findings: &mut Findings, planned: &Value, actual: &Value| {
                    Check { findings, leaf: Rule::PlannedIsResult }.value(
                        planned,
                        actual,
                        &Path::root(),
                        secret,
                    );
                };
                self.sets(planned, actual, path, correspond);
            }
            (planned, actual) if planned == actual => {}
            (planned, actual) => {
                let message =
                    format!("was planned as {}, but is {}", show(planned, secret), show(actual, secret));
                self.report(self.leaf, path, message);
            }
        }
    }

    fn part(&mut self, planned: Option<&Value>, actual: Option<&Value>, path: &Path, secret: bool) {
        match (planned, actual) {
            (Some(planned), Some(actual)) => self.value(planned, actual, path, secret),
            (Some(_), None) => self.report(self.leaf, path, "was planned, but is gone"),
            (None, _) => self.report(self.leaf, path, "is there, but was not planned"),
        }
    }

    /// Every planned element has become at least one of the actual ones, every actual one comes from a planned
    /// one, and there are not more of them than planned.
    fn sets(
        &mut self,
        planned: &Value,
        actual: &Value,
        path: &Path,
        correspond: impl Fn(&mut Findings, &Value, &Value),
    ) {
        let (planned, actual) = (elements(planned), elements(actual));
        let stage = self.findings.stage;
        let agree = |planned: &Value, actual: &Value| {
            let mut findings = Findings::new(stage);
            correspond(&mut findings, planned, actual);
            findings.found.is_empty()
        };
        let lost =
            planned.iter().filter(|planned| !actual.iter().any(|actual| agree(planned, actual))).count();
        let new =
            actual.iter().filter(|actual| !planned.iter().any(|planned| agree(planned, actual))).count();
        if lost > 0 || new > 0 {
            let message =
                format!("{lost} planned elements have no counterpart, {new} elements were not planned");
            self.report(Rule::SetsCorrespond, path, message);
        } else if actual.len() > planned.len() {
            let message = format!("{} elements were planned, but there are {}", planned.len(), actual.len());
            self.report(Rule::SetsCorrespond, path, message);
        }
    }

    fn promises(&mut self, promises: &Constraints, actual: &Value, path: &Path, secret: bool) {
        if let Some(broken) = broken_promise(promises, actual) {
            let message = format!("was promised to be {broken}, but is {}", show(actual, secret));
            self.report(Rule::Refinement, path, message);
        }
    }
}

fn elements(set: &Value) -> &[Value] {
    set.as_list().map_or(&[][..], |elements| elements)
}

/// What a value should have been and is not.
fn broken_promise(promises: &Constraints, actual: &Value) -> Option<String> {
    if actual.is_null() {
        return promises.not_null.then(|| "not null".to_owned());
    }
    if let (Some(prefix), Some(text)) = (&promises.prefix, actual.as_str())
        && !text.starts_with(prefix.as_str())
    {
        return Some(format!("a text that begins with {prefix:?}"));
    }
    if let Some(number) = actual.as_number() {
        let beyond = |bound: &Option<tf_value::Bound>, outside: Ordering| {
            bound.as_ref().is_some_and(|(bound, inclusive)| match number.cmp(bound) {
                Ordering::Equal => !inclusive,
                ordering => ordering == outside,
            })
        };
        if beyond(&promises.lower, Ordering::Less) || beyond(&promises.upper, Ordering::Greater) {
            return Some("a number within bounds".to_owned());
        }
    }
    let length =
        actual.as_list().map(<[_]>::len).or_else(|| actual.as_map().map(std::collections::BTreeMap::len))?;
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let outside = promises.length_min.is_some_and(|min| length < min)
        || promises.length_max.is_some_and(|max| length > max);
    outside.then(|| "a collection of a certain length".to_owned())
}
