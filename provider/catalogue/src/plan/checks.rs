//! Checks of a plan that need the server.

use std::collections::BTreeSet;

use tf_framework::{Diagnostic, Diagnostics};
use tf_value::{Path, Value};

use crate::description::{Choice, Field, Kind, Shape, Version};
use crate::failures::Doing;
use crate::resolve::{Which, complaints, missing, references, resolve};
use crate::store::{CustomField, CustomFieldType, Scope, Store, StoreError};
use crate::table::Table;

/// What is checked.
pub(crate) struct Check<'a, S> {
    pub(crate) table: &'static Table,
    pub(crate) store: &'a S,
    pub(crate) scope: &'a Scope,
    pub(crate) kind: &'static Kind,
    pub(crate) version: Version,
    pub(crate) prior: &'a Value,
    pub(crate) planned: &'a Value,
}

static NULL: Value = Value::Null;

impl<S: Store> Check<'_, S> {
    fn doing(&self) -> Doing {
        Doing::new("Planning", self.kind, None)
    }

    fn planned(&self, field: &Field) -> &Value {
        self.planned.get(field.name).unwrap_or(&NULL)
    }

    /// Known values of fields that the plan would write.
    fn written(&self) -> impl Iterator<Item = (&'static Field, &Value)> {
        self.kind.fields.iter().filter_map(|field| {
            let planned = self.planned(field);
            let prior = self.prior.get(field.name).unwrap_or(&NULL);
            (planned.is_known() && planned != prior).then_some((field, planned))
        })
    }

    /// Everything, each with as few requests as it takes, and none where nothing is to be asked.
    pub(crate) async fn run(&self) -> Diagnostics {
        let mut found = self.availability();
        if found.has_errors() {
            return found;
        }
        let (choices, custom_fields, references, facts) =
            futures::join!(self.choices(), self.custom_fields(), self.references(), self.facts());
        for outcome in [choices, custom_fields, references, facts] {
            match outcome {
                Ok(diagnostics) => found.extend(diagnostics),
                Err(error) => found.extend(self.doing().failed::<S>(error)),
            }
        }
        found
    }

    /// Whether the server has the kind and each field that is set.
    fn availability(&self) -> Diagnostics {
        if !self.kind.available.covers(self.version) {
            let clause = self.kind.available.describe().unwrap_or_default();
            return Diagnostics::error(
                format!("{} {} does not have this type", S::NAME, self.version),
                format!(
                    "Objects of the type {} exist {clause} of {}; this server is version {}.",
                    self.kind.label,
                    S::NAME,
                    self.version
                ),
            );
        }
        let missing = |(field, value): (&Field, &Value)| {
            if is_blank(value) || field.available.covers(self.version) {
                return None;
            }
            let clause = field.available.describe().unwrap_or_default();
            let detail = format!(
                "{} has the field {} {clause}; this server is version {} and would ignore it. Leave it out here, or \
                 upgrade the server.",
                S::NAME,
                field.name,
                self.version
            );
            let summary = format!("{} {} does not have this field", S::NAME, self.version);
            Some(Diagnostic::error(summary, detail).at(Path::root().attribute(field.name)))
        };
        self.written().filter_map(missing).collect()
    }

    /// Values that are not in our table may be the administrator's or a newer server's own: the server is asked.
    async fn choices(&self) -> Result<Diagnostics, StoreError> {
        let mut found = Diagnostics::new();
        for (field, value) in self.written() {
            let unknown: Vec<String> = match field.shape {
                Shape::Choice { values } => self.unknown_choices(values, [value]),
                Shape::Texts { values, .. } if !values.is_empty() => {
                    self.unknown_choices(values, value.as_list().unwrap_or_default())
                }
                Shape::IntegerChoice { values } => {
                    let number = value.as_number().and_then(tf_value::Number::as_i64);
                    let listed = number.is_none_or(|number| values.contains(&number));
                    if listed {
                        Vec::new()
                    } else {
                        number.map(|number| number.to_string()).into_iter().collect()
                    }
                }
                _ => continue,
            };
            if unknown.is_empty() {
                continue;
            }
            let offered = self.store.choices(self.scope, self.kind, field.wire).await?;
            let offered = offered.unwrap_or_else(|| self.described(field));
            for value in unknown.into_iter().filter(|value| !offered.contains(value)) {
                found.push(wrong_choice::<S>(field, &value, &offered, self.version));
            }
        }
        Ok(found)
    }

    fn unknown_choices<'v>(
        &self,
        values: &[Choice],
        given: impl IntoIterator<Item = &'v Value>,
    ) -> Vec<String> {
        let known = |text: &str| {
            values.iter().any(|choice| choice.value == text && choice.available.covers(self.version))
        };
        let texts = given.into_iter().filter_map(Value::as_str);
        texts.filter(|text| !text.is_empty() && !known(text)).map(str::to_owned).collect()
    }

    fn described(&self, field: &Field) -> Vec<String> {
        match field.shape {
            Shape::Choice { values } | Shape::Texts { values, .. } => {
                let available = values.iter().filter(|choice| choice.available.covers(self.version));
                available.map(|choice| choice.value.to_owned()).collect()
            }
            Shape::IntegerChoice { values } => values.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    async fn references(&self) -> Result<Diagnostics, StoreError> {
        let mut wanted = Vec::new();
        for (field, value) in self.written() {
            references(self.table, field, value, Which::All, &mut wanted);
        }
        if let (Some(field), Some(added)) = (self.kind.tags(), self.planned.get("add_tags"))
            && added.is_known()
            && Some(added) != self.prior.get("add_tags")
        {
            let before = wanted.len();
            references(self.table, field, added, Which::All, &mut wanted);
            for one in &mut wanted[before..] {
                one.path = Path::root().attribute("add_tags");
            }
        }
        if wanted.is_empty() {
            return Ok(Diagnostics::new());
        }
        let (_, unresolved) = resolve(self.store, self.scope, &wanted).await?;
        Ok(complaints(self.store.run(), S::NAME, &unresolved))
    }

    /// Whether the tags exist that the provider puts on everything to state facts.
    async fn facts(&self) -> Result<Diagnostics, StoreError> {
        let slugs = |object: &Value| -> BTreeSet<String> {
            let tags = object.get("tags_all").and_then(Value::as_list).unwrap_or_default();
            tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (before, after) = (slugs(self.prior), slugs(self.planned));
        let facts = self.store.defaults().fact_tags.values();
        let new = facts.filter(|slug| after.contains(*slug) && !before.contains(*slug));
        let new = Value::set(new.map(|slug| Value::from(slug.as_str())));
        let mut wanted = Vec::new();
        if let Some(field) = self.kind.tags() {
            references(self.table, field, &new, Which::All, &mut wanted);
        }
        if wanted.is_empty() {
            return Ok(Diagnostics::new());
        }
        let (_, unresolved) = resolve(self.store, self.scope, &wanted).await?;
        let missing = missing(self.store.run(), &unresolved);
        if missing.is_empty() {
            return Ok(Diagnostics::new());
        }
        Ok(Diagnostics::error_at(
            Path::root().attribute("tags_all"),
            format!("{} lacks tags that the provider puts on everything", S::NAME),
            format!(
                "`cost_tags` of the provider are put on every object that can have tags, and {} has no tag with {}. Make the \
                 missing tags first. Where the same configuration makes them, let this object depend on them with \
                 `depends_on`, or apply them alone with -target.",
                S::NAME,
                missing.join(", none with ")
            ),
        ))
    }

    async fn custom_fields(&self) -> Result<Diagnostics, StoreError> {
        let Some(field) = self.kind.custom_fields() else { return Ok(Diagnostics::new()) };
        let planned = self.planned(field);
        if !planned.is_known() || Some(planned) == self.prior.get(field.name) {
            return Ok(Diagnostics::new());
        }
        let definitions = self.store.custom_fields(self.scope, self.kind).await?;
        let path = Path::root().attribute(field.name);
        let given = planned.as_map().into_iter().flatten();
        let mut found = Diagnostics::new();
        let mut keys = BTreeSet::new();
        for (key, value) in given {
            keys.insert(key.as_str());
            let definition = definitions.iter().find(|definition| definition.name == *key);
            if let Some(problem) = self.custom_field_problem(key, value, definition, &definitions) {
                found.push(problem.at(path.clone().attribute(key.clone())));
            }
        }
        Ok(found)
    }

    fn custom_field_problem(
        &self,
        key: &str,
        value: &Value,
        definition: Option<&CustomField>,
        all: &[CustomField],
    ) -> Option<Diagnostic> {
        let Some(definition) = definition else {
            let defines = self.table.custom_field_kind();
            if defines.is_some_and(|kind| self.store.run().makes(kind.path, "name", key)) {
                return None;
            }
            let names: Vec<&str> = all.iter().map(|definition| definition.name.as_str()).collect();
            let known = if names.is_empty() {
                format!("{} has none for this type.", S::NAME)
            } else {
                format!("{} has for this type: {}.", S::NAME, names.join(", "))
            };
            let detail = format!(
                "There is no custom field {key:?} for objects of the type {}. {known}",
                self.kind.label
            );
            return Some(Diagnostic::error("Unknown custom field", detail));
        };
        if value.is_null() || value.is_unknown() {
            return None;
        }
        let expected = mismatch(definition, value)?;
        let detail = format!("The custom field {key:?} {expected}, not {}.", shown(value));
        Some(Diagnostic::error("Custom field has another type", detail))
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str() == Some("") || value.as_list().is_some_and(<[Value]>::is_empty)
}

fn wrong_choice<S: Store>(field: &Field, value: &str, offered: &[String], version: Version) -> Diagnostic {
    let newer = match field.shape {
        Shape::Choice { values } | Shape::Texts { values, .. } => {
            values.iter().find(|choice| choice.value == value).and_then(|choice| choice.available.describe())
        }
        _ => None,
    };
    let why = match newer {
        Some(clause) => format!("{} has {value:?} {clause}; this server is version {version}.", S::NAME),
        None => format!("{} does not know {value:?} here.", S::NAME),
    };
    let list: Vec<&str> = offered.iter().take(40).map(String::as_str).collect();
    let more = offered.len().saturating_sub(list.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Diagnostic::error("Unknown choice", format!("{why} It takes: {}{rest}.", list.join(", ")))
        .at(Path::root().attribute(field.name))
}

fn shown(value: &Value) -> String {
    match value.concrete() {
        Value::String(text) => format!("the text {text:?}"),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(bool) => format!("{bool}"),
        other => format!("a {}", other.kind()),
    }
}

/// What a custom field takes, where a value is not that.
fn mismatch(definition: &CustomField, value: &Value) -> Option<String> {
    let value = value.concrete();
    let text =
        |text: &str| definition.choices.as_ref().is_none_or(|choices| choices.iter().any(|c| c == text));
    let options = || definition.choices.clone().unwrap_or_default().join(", ");
    let is_reference = |value: &Value| {
        matches!(value.concrete(), Value::Number(number) if number.as_u64().is_some())
            || matches!(value.concrete(), Value::Object(_))
    };
    let (fits, expected) = match definition.holds {
        CustomFieldType::Text | CustomFieldType::Date | CustomFieldType::DateTime => {
            (matches!(value, Value::String(_)), "takes a text".to_owned())
        }
        CustomFieldType::Integer => {
            (matches!(value, Value::Number(number) if number.is_integer()), "takes a whole number".to_owned())
        }
        CustomFieldType::Decimal => (matches!(value, Value::Number(_)), "takes a number".to_owned()),
        CustomFieldType::Boolean => (matches!(value, Value::Bool(_)), "takes true or false".to_owned()),
        CustomFieldType::Select => (value.as_str().is_some_and(text), format!("takes one of {}", options())),
        CustomFieldType::MultiSelect => {
            let all = |items: &[Value]| items.iter().all(|item| item.as_str().is_some_and(text));
            (value.as_list().is_some_and(all), format!("takes a list of some of {}", options()))
        }
        CustomFieldType::Object => (is_reference(value), "takes the id of an object".to_owned()),
        CustomFieldType::MultiObject => (
            value.as_list().is_some_and(|items| items.iter().all(is_reference)),
            "takes a list of ids of objects".to_owned(),
        ),
        CustomFieldType::Json | CustomFieldType::Other => (true, String::new()),
    };
    (!fits).then_some(expected)
}
