//! A configuration against the validators of its schema.

use tf_value::{Path, Value};

use super::siblings;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::members::{Member, Members, Nested, member_of};
use crate::schema::validator_check::literal;
use crate::schema::{Attribute, Block, Nesting, Presence, Validator};

/// Checks a configuration: what must be set and what must not be, the validators with their paths, and the
/// validators that speak of siblings. What is unknown is not checked. Deprecated attributes give a warning.
///
/// Values of sensitive and write-only attributes appear in no message.
#[must_use]
pub fn validate_config(block: &Block, config: &Value) -> Diagnostics {
    let mut examination = Examination { diagnostics: Diagnostics::new() };
    if config.is_known() {
        examination.object(block.into(), config, &Path::root(), false);
    }
    examination.diagnostics
}

struct Examination {
    diagnostics: Diagnostics,
}

impl Examination {
    fn object(&mut self, members: Members<'_>, object: &Value, path: &Path, secret: bool) {
        for member in members.iter() {
            let value = member_of(object, member.name);
            let path = path.clone().attribute(member.name);
            match member.attribute {
                Some(attribute) => self.attribute(member, attribute, value, &path, secret),
                None => self.nested(member, value, &path, secret),
            }
        }
        self.diagnostics.extend(siblings::check(members, object, path));
    }

    fn attribute(
        &mut self,
        member: Member<'_>,
        attribute: &Attribute,
        value: &Value,
        path: &Path,
        secret: bool,
    ) {
        if value.is_null() {
            if attribute.presence == Presence::Required {
                let detail = format!("`{path}` is required but not set.");
                self.error(path, "Missing required argument", detail);
            }
            return;
        }
        if attribute.presence == Presence::Computed {
            let detail = format!(
                "`{path}` is decided by the provider and cannot be set. Remove it from the configuration."
            );
            self.error(path, "Read-only attribute is set", detail);
            return;
        }
        if let Some(advice) = &attribute.deprecated {
            let warning =
                Diagnostic::warning("Deprecated attribute", format!("`{path}` is deprecated: {advice}"));
            self.diagnostics.push(warning.at(path.wire_prefix()));
        }
        let secret = secret || attribute.sensitive || attribute.write_only;
        for validator in &attribute.validators {
            self.validator(validator, value, path, secret);
        }
        self.nested(member, value, path, secret);
    }

    fn nested(&mut self, member: Member<'_>, value: &Value, path: &Path, secret: bool) {
        let Some(nested) = member.nested else { return };
        for (place, object) in nested.objects(value) {
            let path = place.path(path);
            if object.is_known() {
                self.object(nested.members, object, &path, secret);
            } else if object.is_null() {
                let detail = format!("`{path}` is null, but every element must be an object.");
                self.error(&path, "Null element", detail);
            }
        }
        self.twins(nested, value, path);
    }

    /// Elements of a set that become one when their defaults are filled in: core would count them as two.
    fn twins(&mut self, nested: Nested<'_>, value: &Value, path: &Path) {
        if nested.nesting != Nesting::Set {
            return;
        }
        let complete = nested.map(value, |_, object| crate::planner::with_defaults(nested.members, object));
        if nested.objects(&complete).len() < nested.objects(value).len() {
            let detail = format!(
                "Two elements of `{path}` are the same once their defaults are filled in. Remove one."
            );
            self.error(path, "Duplicate element", detail);
        }
    }

    fn validator(&mut self, validator: &Validator, value: &Value, path: &Path, secret: bool) {
        match validator {
            Validator::Each(inner) => {
                for (index, element) in value.as_list().into_iter().flatten().enumerate() {
                    let path = match value.concrete() {
                        Value::Set(_) => path.clone().element(element.clone()),
                        _ => path.clone().index(index),
                    };
                    self.all(inner, element, &path, secret);
                }
                for (key, element) in value.as_map().into_iter().flatten() {
                    self.all(inner, element, &path.clone().key(key), secret);
                }
            }
            Validator::Keys(inner) => {
                for (key, _) in value.as_map().into_iter().flatten() {
                    self.all(inner, &Value::from(key.as_str()), &path.clone().key(key), secret);
                }
            }
            validator => {
                if let Err(problem) = validator.check(value) {
                    self.invalid(validator, &problem, value, path, secret);
                }
            }
        }
    }

    fn all(&mut self, validators: &[Validator], value: &Value, path: &Path, secret: bool) {
        for validator in validators {
            self.validator(validator, value, path, secret);
        }
    }

    fn invalid(&mut self, validator: &Validator, problem: &str, value: &Value, path: &Path, secret: bool) {
        let detail = match value.concrete() {
            _ if secret => format!("`{path}` must be {}.", validator.expectation()),
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                format!("`{path}` {problem}, but is {}.", literal(value))
            }
            _ => format!("`{path}` {problem}."),
        };
        self.error(path, "Invalid value", detail);
    }

    fn error(&mut self, path: &Path, summary: &str, detail: String) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(path.wire_prefix()));
    }
}
