//! Validators that speak of siblings: what may, must or must not be set together.

use std::collections::BTreeSet;

use tf_value::{Path, Value};

use crate::diagnostic::Diagnostic;
use crate::schema::Validator;
use crate::schema::members::{Members, member_of};
use crate::schema::validator_check::list;

/// Checks one object. A group of siblings is reported once, however many of them state the rule.
pub(super) fn check(members: Members<'_>, object: &Value, path: &Path) -> Vec<Diagnostic> {
    let mut group = Group { object, path, reported: BTreeSet::new(), problems: Vec::new() };
    for member in members.iter() {
        let validators = member.attribute.map_or(&[][..], |attribute| &attribute.validators);
        for validator in validators {
            group.check(member.name, validator);
        }
    }
    group.problems
}

struct Group<'a> {
    object: &'a Value,
    path: &'a Path,
    reported: BTreeSet<(&'static str, BTreeSet<String>)>,
    problems: Vec<Diagnostic>,
}

impl Group<'_> {
    fn check(&mut self, name: &str, validator: &Validator) {
        match validator {
            Validator::ConflictsWith(others) => self.conflicts(name, others),
            Validator::RequiredWith(others) => self.required(name, others),
            Validator::ExactlyOneOf(others) => self.exactly_one(name, others),
            Validator::AtLeastOneOf(others) => self.at_least_one(name, others),
            _ => {}
        }
    }

    fn is_set(&self, name: &str) -> bool {
        member_of(self.object, name).is_known()
    }

    fn is_unknown(&self, name: &str) -> bool {
        member_of(self.object, name).is_unknown()
    }

    fn is_null(&self, name: &str) -> bool {
        member_of(self.object, name).is_null()
    }

    fn conflicts(&mut self, name: &str, others: &[String]) {
        for other in others {
            if self.is_set(name) && self.is_set(other) {
                let detail = format!("`{name}` cannot be set together with `{other}`. Remove one of them.");
                self.report("Conflicting arguments", name, std::slice::from_ref(other), detail);
            }
        }
    }

    fn required(&mut self, name: &str, others: &[String]) {
        for other in others {
            if self.is_set(name) && self.is_null(other) {
                let detail = format!("`{name}` needs `{other}` to be set as well.");
                self.problems.push(
                    Diagnostic::error("Missing argument", detail).at(self
                        .path
                        .clone()
                        .attribute(name)
                        .wire_prefix()),
                );
            }
        }
    }

    fn exactly_one(&mut self, name: &str, others: &[String]) {
        let names = self.names(name, others);
        let set: Vec<String> = names.iter().filter(|name| self.is_set(name)).cloned().collect();
        if set.len() > 1 {
            let detail =
                format!("Exactly one of {} must be set, but {} are.", list(&names, "and"), list(&set, "and"));
            self.report("Conflicting arguments", name, others, detail);
        } else if set.is_empty() && !names.iter().any(|name| self.is_unknown(name)) {
            let detail = format!("Exactly one of {} must be set, but none is.", list(&names, "and"));
            self.report("Missing argument", name, others, detail);
        }
    }

    fn at_least_one(&mut self, name: &str, others: &[String]) {
        let names = self.names(name, others);
        if names.iter().all(|name| self.is_null(name)) {
            let detail = format!("At least one of {} must be set, but none is.", list(&names, "and"));
            self.report("Missing argument", name, others, detail);
        }
    }

    fn names(&self, name: &str, others: &[String]) -> Vec<String> {
        let names: BTreeSet<String> = others.iter().cloned().chain([name.to_owned()]).collect();
        names.into_iter().collect()
    }

    fn report(&mut self, summary: &'static str, name: &str, others: &[String], detail: String) {
        let group: BTreeSet<String> = others.iter().cloned().chain([name.to_owned()]).collect();
        if self.reported.insert((summary, group)) {
            let path = self.path.clone().attribute(name).wire_prefix();
            self.problems.push(Diagnostic::error(summary, detail).at(path));
        }
    }
}
