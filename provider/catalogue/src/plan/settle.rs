//! What a configuration means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tf_value::Value;

use crate::codec::{same_custom_value, same_inner};
use crate::description::{Field, Kind, Presence, Shape, TargetChoice, Version};
use crate::json;
use crate::memory::Memory;
use crate::reference::{Reference, dynamic};
use crate::schema::literal;
use crate::slug::slug;
use crate::store::Defaults;

/// What is known beside the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The kind.
    pub(crate) kind: &'static Kind,
    /// The object in state; null when it is to be made.
    pub(crate) prior: &'a Value,
    /// What is remembered of it.
    pub(crate) memory: &'a Memory,
    /// What the provider puts on every object.
    pub(crate) defaults: &'a Defaults,
    /// The version of the server, where it is known.
    pub(crate) version: Option<Version>,
}

static NULL: Value = Value::Null;

/// The configuration as it is meant: what it leaves out and the engine knows is put in, and what means the same as
/// the state has is spelled as the state has it.
pub(crate) fn settle(facts: Facts<'_>, config: &Value) -> Value {
    let Some(members) = config.as_map() else { return config.clone() };
    let mut settled: BTreeMap<String, Value> = members.clone();
    for field in facts.kind.fields {
        let configured = members.get(field.name).unwrap_or(&NULL);
        let prior = facts.prior.get(field.name).unwrap_or(&NULL);
        let value = if configured.is_null() {
            // A null keeps the type it may carry.
            Some(left_out(facts, field, prior, config))
                .filter(|value| !value.is_null())
                .unwrap_or_else(|| configured.clone())
        } else if prior.is_known() && means_the_same(facts, field, configured, prior) {
            prior.clone()
        } else {
            configured.clone()
        };
        settled.insert(field.name.to_owned(), value);
    }
    Value::Object(settled)
}

/// What a field is where the configuration leaves it out.
fn left_out(facts: Facts<'_>, field: &Field, prior: &Value, config: &Value) -> Value {
    if facts.kind.nature.standing && field.presence != Presence::ReadOnly {
        return Value::Null;
    }
    let exists = facts.version.is_none_or(|version| field.available.covers(version));
    match field.shape {
        Shape::CustomFields if facts.memory.owned.is_empty() => return prior.clone(),
        Shape::Tags => return prior.clone(),
        _ => {}
    }
    if let Some(value) = facts.defaults.fields.get(field.name)
        && matches!(field.shape, Shape::Reference { .. })
        && exists
    {
        let same = prior.is_known() && same_reference(facts, field.name, value, prior);
        return if same { prior.clone() } else { dynamic(value.clone()) };
    }
    if let Some(source) = facts.kind.slug_source(field) {
        if prior.is_known() {
            return prior.clone();
        }
        return match config.get(source.name).unwrap_or(&NULL) {
            name if name.is_unknown() => Value::UNKNOWN,
            name => name.as_str().map(slug).filter(|slug| !slug.is_empty()).map_or(Value::Null, Value::from),
        };
    }
    if let Presence::OptionalComputed(sources) = field.presence {
        return derived(facts, sources, prior, config);
    }
    match field.default {
        Some(_) if facts.version.is_none() && field.available.describe().is_some() => {
            if prior.is_known() {
                prior.clone()
            } else {
                Value::UNKNOWN
            }
        }
        Some(default) if exists => literal(default),
        _ => Value::Null,
    }
}

/// A field that the server derives from others: it stays while they do.
fn derived(facts: Facts<'_>, sources: &[&str], prior: &Value, config: &Value) -> Value {
    let source = |name: &&str| config.get(name).unwrap_or(&NULL);
    let unchanged = |name: &&str| {
        let before = facts.prior.get(name).unwrap_or(&NULL);
        source(name) == before
            || facts.kind.field(name).is_some_and(|field| means_the_same(facts, field, source(name), before))
    };
    if !facts.prior.is_null() && sources.iter().all(unchanged) {
        return prior.clone();
    }
    let any = sources.is_empty() || sources.iter().any(|name| !source(name).is_null());
    match (any, prior) {
        (true, _) => Value::UNKNOWN,
        // What was derived from something that is left out now stays.
        (false, prior) if prior.is_known() => prior.clone(),
        (false, _) => Value::Null,
    }
}

fn means_the_same(facts: Facts<'_>, field: &Field, configured: &Value, prior: &Value) -> bool {
    if !configured.is_wholly_known() || configured == prior {
        return configured == prior;
    }
    match field.shape {
        Shape::Reference { .. } => same_reference(facts, field.name, configured, prior),
        Shape::References { .. } => same_references(facts, field, configured, prior),
        Shape::Target { of, .. } => same_target(facts, field, of, configured, prior),
        Shape::CustomFields => same_custom_fields(facts, configured, prior),
        Shape::Object { fields } => same_inner(fields, configured, prior),
        Shape::Objects { fields, ordered: true } => match (configured.as_list(), prior.as_list()) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| same_inner(fields, left, right))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Two forms mean the same where both mean the object that was there when it was last seen.
fn same_reference(facts: Facts<'_>, name: &str, configured: &Value, prior: &Value) -> bool {
    let Some(referent) = facts.memory.referent(name) else { return false };
    let means = |value: &Value| Reference::of(value).is_ok_and(|reference| reference.is(referent));
    let kept = Reference::of(prior)
        .is_ok_and(|reference| !matches!(reference, Reference::Id(id) if id != referent.id));
    kept && means(configured)
}

fn same_references(facts: Facts<'_>, field: &Field, configured: &Value, prior: &Value) -> bool {
    let referents = facts.memory.references.get(field.name).map(Vec::as_slice).unwrap_or_default();
    let id = |value: &Value| match Reference::of(value) {
        Ok(Reference::Id(id)) => Some(id),
        Ok(reference) => referents.iter().find(|referent| reference.is(referent)).map(|referent| referent.id),
        Err(_) => None,
    };
    let ids = |value: &Value| value.as_list()?.iter().map(id).collect::<Option<BTreeSet<u64>>>();
    ids(configured).is_some_and(|configured| ids(prior) == Some(configured))
}

fn same_target(
    facts: Facts<'_>,
    field: &Field,
    of: &[TargetChoice],
    configured: &Value,
    prior: &Value,
) -> bool {
    of.iter().all(|choice| {
        let configured = configured.get(choice.name).unwrap_or(&NULL);
        let prior = prior.get(choice.name).unwrap_or(&NULL);
        let name = format!("{}.{}", field.name, choice.name);
        configured == prior
            || (configured.is_known() && prior.is_known() && same_reference(facts, &name, configured, prior))
    })
}

/// Keys that are configured must be equal; keys that the configuration owned and names no more must be cleared.
fn same_custom_fields(facts: Facts<'_>, configured: &Value, prior: &Value) -> bool {
    let (Some(configured), Some(prior)) = (configured.as_map(), prior.as_map()) else { return false };
    let equal = configured.iter().all(|(key, value)| {
        prior.get(key).map_or(value.is_null(), |prior| same_custom_value(value, &json::from_value(prior)))
    });
    let dropped = prior.iter().any(|(key, value)| {
        let owned = facts.memory.owned.contains(key) && !configured.contains_key(key);
        owned && json::from_value(value) != Json::Null
    });
    equal && !dropped
}
