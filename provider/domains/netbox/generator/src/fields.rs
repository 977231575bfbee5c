//! The fields of one kind.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, anyhow, bail};
use catalogue::description::{Availability, Field, Literal, Presence, Shape, Version};

use crate::build::{Workshop, unused};
use crate::overrides::{FieldFacts, KindFacts};
use crate::raw::{Integer, Raw, RawField};
use crate::reduce::{Type, span};
use crate::shapes;
use catalogue_source::leak::{slice, text};

/// One field over the releases, before it has a shape.
pub struct Source<'a> {
    /// Path of the kind.
    pub path: &'a str,
    /// Name, or stem of the pair `stem_type`, `stem_id`.
    pub wire: &'a str,
    /// What each release says, oldest first; empty for a field that the overrides add.
    pub said: Vec<(Version, &'a RawField)>,
    /// The fields of an answer.
    pub answered: &'a BTreeMap<String, RawField>,
    /// Whether it is such a pair.
    pub pair: bool,
    /// What the overrides know.
    pub facts: FieldFacts,
}

/// The fields of a kind.
pub fn fields(
    workshop: &Workshop<'_>,
    path: &str,
    reduced: &Type,
    facts: &KindFacts,
    left_out: &mut Vec<(&'static str, &'static str, &'static str)>,
) -> Result<Vec<Field>> {
    let mut made = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources(workshop, path, reduced, facts) {
        used.insert(source.wire.to_owned());
        if let Some(reason) = &source.facts.left_out {
            left_out.push((text(path), text(source.wire), text(reason.as_str())));
            continue;
        }
        let wire = source.wire;
        made.push(field(workshop, reduced, &source).with_context(|| format!("field {wire}"))?);
    }
    let unused = unused(facts, &used);
    if !unused.is_empty() {
        bail!("overrides about fields that it does not have: {}", unused.join(", "));
    }
    Ok(made)
}

/// The fields of the documents, with pairs of type and id made one, and those that the overrides add.
fn sources<'a>(
    workshop: &Workshop<'_>,
    path: &'a str,
    reduced: &'a Type,
    facts: &'a KindFacts,
) -> Vec<Source<'a>> {
    let source = |wire: &'a str, said: &'a [(Version, RawField)], pair: bool| Source {
        path,
        wire,
        said: said.iter().map(|(version, field)| (*version, field)).collect(),
        answered: &reduced.answered,
        pair,
        facts: workshop.overrides.field(path, wire),
    };
    let partner = |name: &str, own: &str, other: &str| {
        let stem = name.strip_suffix(own)?;
        reduced.fields.contains_key(&format!("{stem}{other}")).then_some(stem.len())
    };
    let mut sources = Vec::new();
    for (name, said) in &reduced.fields {
        if partner(name, "_id", "_type").is_some() {
            continue;
        }
        match partner(name, "_type", "_id") {
            Some(stem) => sources.push(source(&name[..stem], said, true)),
            None => sources.push(source(name, said, false)),
        }
    }
    for (name, own) in &facts.fields {
        if own.shape.is_some() && !sources.iter().any(|source| source.wire == name) {
            sources.push(source(name, &[], false));
        }
    }
    sources
}

fn field(workshop: &Workshop<'_>, reduced: &Type, source: &Source<'_>) -> Result<Field> {
    let facts = &source.facts;
    let shape = shapes::shape(workshop, reduced, source)?;
    let name = facts
        .name
        .as_deref()
        .or_else(|| workshop.overrides.general.reserved.get(source.wire).map(String::as_str));
    let default = facts.default.as_ref().map(|value| literal(value, &shape)).transpose()?;
    let label = workshop.names.get(source.path).map_or("", |names| &names.label);
    let description = facts.description.as_ref().ok_or_else(|| anyhow!("it has no description"))?;
    Ok(Field {
        name: text(name.unwrap_or(source.wire)),
        wire: text(facts.wire.as_deref().unwrap_or(source.wire)),
        presence: presence(reduced, source, default.is_some())?,
        nullable: facts.nullable.unwrap_or_else(|| source.said.iter().any(|(_, field)| nullable(field))),
        default,
        replace: facts.replace,
        secret: facts.secret,
        unread: facts.unread
            || (!facts.secret && source.said.last().is_some_and(|(_, field)| field.write_only)),
        available: available(reduced, source)?,
        description: text(description.trim().replace("{label}", label)),
        shape,
    })
}

/// A choice that may be empty is absent then, as one that may be null is.
fn nullable(field: &RawField) -> bool {
    field.nullable || matches!(&field.shape, Raw::Text(text) if text.blank && !text.values.is_empty())
}

fn presence(reduced: &Type, source: &Source<'_>, defaulted: bool) -> Result<Presence> {
    let facts = &source.facts;
    let computed =
        || Presence::OptionalComputed(slice(facts.derived_from.iter().map(|field| text(field.as_str()))));
    match facts.presence.as_deref() {
        Some("required") => return Ok(Presence::Required),
        Some("optional") => return Ok(Presence::Optional),
        Some("read_only") => return Ok(Presence::ReadOnly),
        Some("computed") => return Ok(computed()),
        Some(other) => bail!("{other:?} is no presence"),
        None if !facts.derived_from.is_empty() => return Ok(computed()),
        None if defaulted => return Ok(Presence::Optional),
        None => {}
    }
    let required: Vec<Version> =
        source.said.iter().filter(|(_, field)| field.required).map(|(version, _)| *version).collect();
    Ok(if required.is_empty() {
        Presence::Optional
    } else if required.len() == reduced.versions.len() {
        Presence::Required
    } else {
        Presence::RequiredIn(span(&reduced.versions, &required))
    })
}

fn available(reduced: &Type, source: &Source<'_>) -> Result<Availability> {
    let versions: Vec<Version> = match &source.facts.since {
        None if source.said.is_empty() => reduced.versions.clone(),
        None => source.said.iter().map(|(version, _)| *version).collect(),
        Some(since) if since == "always" => reduced.versions.clone(),
        Some(since) => {
            let since: Version = since.parse()?;
            let last = source.said.last().map(|(version, _)| *version);
            let within = |version: &&Version| **version >= since && last.is_none_or(|last| **version <= last);
            reduced.versions.iter().filter(within).copied().collect()
        }
    };
    Ok(span(&reduced.versions, &versions))
}

fn literal(value: &toml::Value, shape: &Shape) -> Result<Literal> {
    Ok(match (value, shape) {
        (toml::Value::Boolean(value), Shape::Bool) => Literal::Bool(*value),
        (toml::Value::Integer(value), Shape::Integer { .. }) => Literal::Integer(*value),
        (toml::Value::Integer(value), Shape::IntegerChoice { values }) if values.contains(value) => {
            Literal::Integer(*value)
        }
        (toml::Value::String(value), Shape::Decimal { .. }) => Literal::Decimal(text(value.as_str())),
        (toml::Value::String(value), Shape::Text { .. }) => Literal::Text(text(value.as_str())),
        (toml::Value::String(value), Shape::Choice { values })
            if values.iter().any(|choice| choice.value == value) =>
        {
            Literal::Text(text(value.as_str()))
        }
        _ => bail!("its default {value:?} is not of its shape"),
    })
}

/// The fields of an object that lives inside another.
pub fn members(
    workshop: &Workshop<'_>,
    source: &Source<'_>,
    members: &BTreeMap<String, RawField>,
) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    for (name, member) in members {
        let facts = workshop.overrides.field(source.path, &format!("{}.{name}", source.wire));
        let description = facts.description.as_ref().with_context(|| format!("{name} has no description"))?;
        let shape = match &member.shape {
            Raw::Text(_) if !facts.of.is_empty() => shapes::models(workshop, source, &facts)?,
            Raw::Integer(Integer { min, max, .. }) => Shape::Integer { min: *min, max: *max },
            _ => bail!("{name} is of no plain shape"),
        };
        let default = facts.default.as_ref().map(|value| literal(value, &shape)).transpose()?;
        fields.push(Field {
            name: text(name.as_str()),
            wire: text(name.as_str()),
            shape,
            presence: if member.required { Presence::Required } else { Presence::Optional },
            nullable: member.nullable,
            default,
            replace: false,
            secret: false,
            unread: false,
            available: Availability::ALWAYS,
            description: text(description.trim()),
        });
    }
    Ok(fields)
}
