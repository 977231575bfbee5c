//! From references to ids.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tf_framework::{Diagnostic, Diagnostics};
use tf_value::{Path, Value};

use crate::codec::Resolution;
use crate::description::{Field, Kind, Shape};
use crate::reference::{Reference, text_field};
use crate::run::Run;
use crate::store::{Query, Record, Scope, Store, StoreError};
use crate::table::Table;

/// A reference whose object is to be found.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Where it is written.
    pub(crate) path: Path,
    /// The kind it refers to.
    pub(crate) kind: &'static Kind,
    /// The reference.
    pub(crate) reference: Reference,
}

/// Which references are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that the wire takes as ids only.
    IdsOnly,
    /// All that are no ids yet.
    All,
}

/// The references of a field's known value that are no ids yet.
pub(crate) fn references(
    table: &Table,
    field: &Field,
    value: &Value,
    which: Which,
    wanted: &mut Vec<Wanted>,
) {
    let path = Path::root().attribute(field.name);
    let mut add = |path: Path, target: &str, value: &Value| {
        let reference = match Reference::of(value) {
            Ok(Reference::Id(_)) | Err(_) => return,
            Ok(reference) if value.is_wholly_known() => reference,
            Ok(_) => return,
        };
        if let Some(kind) = table.kind(target) {
            wanted.push(Wanted { path, kind, reference });
        }
    };
    match field.shape {
        Shape::Reference { target } if which == Which::All => add(path, target, value),
        Shape::References { target } => {
            for element in value.as_list().unwrap_or_default() {
                add(path.clone(), target, element);
            }
        }
        Shape::Target { of, .. } => {
            for choice in of {
                if let Some(value) = value.get(choice.name).filter(|value| value.is_known()) {
                    add(path.clone().attribute(choice.name), choice.kind, value);
                }
            }
        }
        Shape::Tags if which == Which::All => {
            let Some(kind) = table.tag_kind() else { return };
            for element in value.as_list().unwrap_or_default() {
                let Some(text) = element.as_str() else { continue };
                wanted.push(Wanted { path: path.clone(), kind, reference: Reference::Text(text.to_owned()) });
            }
        }
        _ => {}
    }
}

/// Why a reference has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// Nothing matches.
    None(Wanted),
    /// Several objects match.
    Several(Wanted, usize),
    /// The attributes cannot be looked for.
    NotSearchable(Wanted),
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.kind.path == other.kind.path && self.reference == other.reference
    }
}

impl Eq for Wanted {}

/// Finds the objects of references, each kind with one request.
///
/// # Errors
/// The server did not answer.
pub(crate) async fn resolve<S: Store>(
    store: &S,
    scope: &Scope,
    wanted: &[Wanted],
) -> Result<(Resolution, Vec<Unresolved>), StoreError> {
    let mut texts: BTreeMap<(&str, &str), Vec<&Wanted>> = BTreeMap::new();
    let mut by_attributes = Vec::new();
    for one in wanted {
        match &one.reference {
            Reference::Text(text) => {
                texts.entry((one.kind.path, text_field(text, one.kind.lookup))).or_default().push(one);
            }
            _ => by_attributes.push(one),
        }
    }
    let text_lookups = texts.into_iter().map(|((_, field), group)| by_text(store, scope, field, group));
    let attribute_lookups = by_attributes.into_iter().map(|one| by_attribute(store, scope, one));
    let (texts, attributes) = futures::join!(
        futures::future::try_join_all(text_lookups),
        futures::future::try_join_all(attribute_lookups)
    );
    let mut ids = Resolution::default();
    let mut unresolved = Vec::new();
    for (one, outcome) in texts?.into_iter().flatten().chain(attributes?) {
        match outcome {
            Outcome::One(id) => ids.insert(one.kind.path, &one.reference, id),
            Outcome::None => unresolved.push(Unresolved::None(one)),
            Outcome::Several(count) => unresolved.push(Unresolved::Several(one, count)),
            Outcome::NotSearchable => unresolved.push(Unresolved::NotSearchable(one)),
        }
    }
    Ok((ids, unresolved))
}

enum Outcome {
    One(u64),
    None,
    Several(usize),
    NotSearchable,
}

impl Outcome {
    fn of(found: &[&Record]) -> Self {
        match found {
            [] => Self::None,
            [one] => one.id.number().map_or(Self::NotSearchable, Self::One),
            several => Self::Several(several.len()),
        }
    }
}

async fn by_text<S: Store>(
    store: &S,
    scope: &Scope,
    field: &str,
    group: Vec<&Wanted>,
) -> Result<Vec<(Wanted, Outcome)>, StoreError> {
    let Some(kind) = group.first().map(|one| one.kind) else { return Ok(Vec::new()) };
    if !kind.filters.iter().any(|filter| filter.name == field) {
        return Ok(group.into_iter().map(|one| (one.clone(), Outcome::NotSearchable)).collect());
    }
    let text = |one: &Wanted| match &one.reference {
        Reference::Text(text) => text.clone(),
        _ => String::new(),
    };
    if kind.field(field).is_some_and(|field| matches!(field.shape, Shape::Integer { .. })) {
        // Digits alone are an id: what is left is no number.
        return Ok(group.into_iter().map(|one| (one.clone(), Outcome::None)).collect());
    }
    let mut values: Vec<String> = group.iter().map(|one| text(one)).collect();
    values.sort();
    values.dedup();
    let records = store.look_up(scope, kind, field, &values).await?;
    let outcome = |one: &Wanted| {
        let wanted = text(one);
        let is = |record: &&Record| match record.body.get(field) {
            Some(Json::String(text)) => *text == wanted,
            Some(Json::Number(number)) => number.to_string() == wanted,
            _ => false,
        };
        Outcome::of(&records.iter().filter(is).collect::<Vec<_>>())
    };
    Ok(group.into_iter().map(|one| (one.clone(), outcome(one))).collect())
}

async fn by_attribute<S: Store>(
    store: &S,
    scope: &Scope,
    wanted: &Wanted,
) -> Result<(Wanted, Outcome), StoreError> {
    let Reference::Attributes(attributes) = &wanted.reference else {
        return Ok((wanted.clone(), Outcome::NotSearchable));
    };
    let Some(query) = query_of(wanted.kind, attributes) else {
        return Ok((wanted.clone(), Outcome::NotSearchable));
    };
    let records = store.list(scope, wanted.kind, &query, Some(10)).await?;
    let found: Vec<&Record> = records.iter().collect();
    Ok((wanted.clone(), Outcome::of(&found)))
}

/// The filters that find objects by attributes; `None` where one of them has no filter. A filter that the server
/// does not know would find everything.
fn query_of(kind: &Kind, attributes: &BTreeMap<String, Json>) -> Option<Query> {
    let known = |name: &str| kind.filters.iter().any(|filter| filter.name == name);
    let plain = |json: &Json| match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(bool) => Some(bool.to_string()),
        _ => None,
    };
    let filter = |(name, value): (&String, &Json)| {
        let pair = match value {
            Json::Object(nested) if nested.len() == 1 => {
                let (inner, value) = nested.iter().next()?;
                let filter = match inner.as_str() {
                    "id" => format!("{name}_id"),
                    "slug" => name.clone(),
                    _ => return None,
                };
                (filter, plain(value)?)
            }
            Json::Number(number) if known(&format!("{name}_id")) => {
                (format!("{name}_id"), number.to_string())
            }
            value => (name.clone(), plain(value)?),
        };
        (pair.0 == "id" || known(&pair.0)).then_some(pair)
    };
    attributes.iter().map(filter).collect::<Option<Vec<_>>>().map(Query)
}

/// Tells of references that have no object, save those whose object the plan makes.
#[must_use]
pub(crate) fn complaints(run: &Run, server: &str, unresolved: &[Unresolved]) -> Diagnostics {
    let complain = |one: &Unresolved| {
        match one {
        Unresolved::None(wanted) if is_planned(run, wanted) => None,
        Unresolved::None(wanted) => Some(
            Diagnostic::error(
                "Reference matches nothing",
                format!(
                    "{server} has no {} with {}. Check the spelling; if the object is made in the same run, refer to \
                     its resource's id, so that Terraform makes it first.",
                    wanted.kind.label,
                    described(wanted)
                ),
            )
            .at(wanted.path.clone()),
        ),
        Unresolved::Several(wanted, count) => Some(
            Diagnostic::error(
                "Reference matches several objects",
                format!(
                    "{server} has {count} or more objects of the type {} with {}. Name it by id, or by attributes \
                     that single it out.",
                    wanted.kind.label,
                    described(wanted)
                ),
            )
            .at(wanted.path.clone()),
        ),
        Unresolved::NotSearchable(_) => None,
    }
    };
    unresolved.iter().filter_map(complain).collect()
}

/// What has no object, save what the plan makes, each in the words of a filter.
#[must_use]
pub(crate) fn missing(run: &Run, unresolved: &[Unresolved]) -> Vec<String> {
    let missing = |one: &Unresolved| match one {
        Unresolved::None(wanted) if !is_planned(run, wanted) => Some(described(wanted)),
        _ => None,
    };
    unresolved.iter().filter_map(missing).collect()
}

fn is_planned(run: &Run, wanted: &Wanted) -> bool {
    match &wanted.reference {
        Reference::Text(text) => run.makes(wanted.kind.path, text_field(text, wanted.kind.lookup), text),
        Reference::Attributes(attributes) => attributes
            .iter()
            .any(|(name, value)| value.as_str().is_some_and(|text| run.makes(wanted.kind.path, name, text))),
        Reference::Id(_) => false,
    }
}

fn described(wanted: &Wanted) -> String {
    match &wanted.reference {
        Reference::Id(id) => format!("id {id}"),
        Reference::Text(text) => format!("{} {text:?}", text_field(text, wanted.kind.lookup)),
        Reference::Attributes(attributes) => {
            let pairs: Vec<String> =
                attributes.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            pairs.join(", ")
        }
    }
}
