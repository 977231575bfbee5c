//! What a field holds: what the releases say, joined, under what the overrides know better.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, anyhow, bail};
use catalogue::description::{Availability, Choice, Format, PairElement, Shape, TargetChoice, Version};

use crate::build::{self, Workshop};
use crate::fields::{self, Source};
use crate::overrides::FieldFacts;
use crate::raw::{Bound, Integer, Raw, RawField, Text};
use crate::reduce::{Type, span};
use catalogue_source::leak::{slice, text};

/// The shape of a field.
pub fn shape(workshop: &Workshop<'_>, reduced: &Type, source: &Source<'_>) -> Result<Shape> {
    if source.pair {
        return Ok(Shape::Target {
            type_key: text(format!("{}_type", source.wire)),
            id_key: text(format!("{}_id", source.wire)),
            of: targets(workshop, source, &source.facts)?,
        });
    }
    if let Some(named) = &source.facts.shape {
        return overridden(workshop, source, named);
    }
    let newest = source.said.last().map(|(_, field)| &field.shape).context("no document has it")?;
    if let Some(relation) = relation(workshop, source, newest)? {
        return Ok(relation);
    }
    Ok(match newest {
        Raw::Bool => Shape::Bool,
        Raw::File => Shape::File,
        Raw::Any => Shape::Json,
        Raw::Map if source.wire == "custom_fields" => Shape::CustomFields,
        Raw::Map => Shape::Json,
        Raw::Integer(_) => integer(source)?,
        Raw::Number { .. } => decimal(source)?,
        Raw::Text(newest) => one_text(reduced, source, newest)?,
        Raw::List(item) => list(workshop, reduced, source, item)?,
        Raw::Related(about) => bail!("nothing in the documents is a {about}"),
        Raw::Object(name, _) => bail!("a single {name} inside the object is not foreseen"),
    })
}

/// A shape that the overrides name.
fn overridden(workshop: &Workshop<'_>, source: &Source<'_>, named: &str) -> Result<Shape> {
    let facts = &source.facts;
    let target = || -> Result<&'static str> {
        workshop.path(source.path, facts.target.as_deref().context("a reference needs a target")?)
    };
    Ok(match named {
        "json" => Shape::Json,
        "tags" => Shape::Tags,
        "text" => Shape::Text { min: None, max: None, format: text_format(source, None)? },
        "texts" => Shape::Texts {
            ordered: facts.ordered.unwrap_or(false),
            values: &[],
            format: text_format(source, None)?,
        },
        "integer" => Shape::Integer { min: None, max: None },
        "integer_choice" => Shape::IntegerChoice { values: slice(facts.values.iter().copied()) },
        "reference" => Shape::Reference { target: target()? },
        "references" => Shape::References { target: target()? },
        "integer_pairs" | "text_pairs" => {
            let names = facts.pair.as_ref().context("pairs need names")?;
            let element = if named == "text_pairs" { PairElement::Text } else { PairElement::Integer };
            Shape::Pairs { names: [text(names[0].as_str()), text(names[1].as_str())], element }
        }
        _ => bail!("{named:?} is no shape that overrides can name"),
    })
}

/// One or several other objects, if it is that.
fn relation(workshop: &Workshop<'_>, source: &Source<'_>, newest: &Raw) -> Result<Option<Shape>> {
    let many = matches!(newest, Raw::List(_));
    let target = match (&source.facts.target, about(newest).or_else(|| answered(source))) {
        (Some(target), _) => workshop.path(source.path, target)?,
        (None, Some("Tag")) => return Ok(None),
        (None, Some(about)) => match workshop.by_schema.get(about) {
            Some(path) => text(*path),
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    let integers = |field: &RawField| matches!(field.shape, Raw::Integer(_) | Raw::Related(_));
    match newest {
        Raw::List(item) if !integers(item) => return Ok(None),
        Raw::Integer(Integer { values, .. }) if !values.is_empty() => return Ok(None),
        Raw::List(_) | Raw::Integer(_) | Raw::Related(_) => {}
        _ => return Ok(None),
    }
    Ok(Some(if many { Shape::References { target } } else { Shape::Reference { target } }))
}

/// What a relation in a schema is about.
fn about(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Related(about) => Some(about),
        Raw::Object(name, _) if !name.is_empty() => Some(name),
        Raw::List(item) => about(&item.shape),
        _ => None,
    }
}

/// What the answer's field of the same name is about.
fn answered<'a>(source: &'a Source<'_>) -> Option<&'a str> {
    source.answered.get(source.wire).and_then(|field| about(&field.shape))
}

fn integer(source: &Source<'_>) -> Result<Shape> {
    let said: Vec<&Integer> = source
        .said
        .iter()
        .filter_map(|(_, field)| match &field.shape {
            Raw::Integer(integer) => Some(integer),
            _ => None,
        })
        .collect();
    let values: BTreeSet<i64> = said.iter().flat_map(|integer| &integer.values).copied().collect();
    if !values.is_empty() {
        return Ok(Shape::IntegerChoice { values: slice(values) });
    }
    let stated = |bound: &Option<String>| bound.as_ref().map(|bound| bound.parse()).transpose();
    let least =
        said.iter().map(|integer| integer.min).min_by_key(|bound| bound.unwrap_or(i64::MIN)).flatten();
    let greatest =
        said.iter().map(|integer| integer.max).max_by_key(|bound| bound.unwrap_or(i64::MAX)).flatten();
    Ok(Shape::Integer {
        min: stated(&source.facts.min)?.or(least),
        max: stated(&source.facts.max)?.or(greatest),
    })
}

fn decimal(source: &Source<'_>) -> Result<Shape> {
    let facts = &source.facts;
    let newest = source.said.last().map(|(_, field)| &field.shape);
    let Some(Raw::Number { min, max }) = newest else { bail!("the newest document has no number") };
    let written = |stated: &Option<String>, bound: &Option<Bound>, inwards: i128| match (stated, bound) {
        (Some(stated), _) => Ok(Some(text(stated.as_str()))),
        (None, Some(bound)) if bound.exclusive => inside(bound, facts.places, inwards).map(Some),
        (None, Some(bound)) => Ok(Some(text(bound.value.as_str()))),
        (None, None) => Ok(None),
    };
    Ok(Shape::Decimal {
        min: written(&facts.min, min, 1)?,
        max: written(&facts.max, max, -1)?,
        places: facts.places,
    })
}

/// The last number with so many places that an exclusive bound lets in. Without places, the bound itself.
fn inside(bound: &Bound, places: Option<u8>, inwards: i128) -> Result<&'static str> {
    let Some(places) = places.filter(|places| *places > 0) else { return Ok(text(bound.value.as_str())) };
    let whole: i128 = bound.value.parse().with_context(|| format!("exclusive bound {}", bound.value))?;
    let scale = 10_i128.pow(u32::from(places));
    let inner = whole * scale + inwards;
    let sign = if inner < 0 { "-" } else { "" };
    let (whole, part) = (inner.abs() / scale, inner.abs() % scale);
    Ok(text(format!("{sign}{whole}.{part:0width$}", width = usize::from(places))))
}

fn one_text(reduced: &Type, source: &Source<'_>, newest: &Text) -> Result<Shape> {
    if !newest.values.is_empty() {
        return Ok(Shape::Choice { values: choices(reduced, source) });
    }
    let greatest = source
        .said
        .iter()
        .filter_map(|(_, field)| match &field.shape {
            Raw::Text(text) => Some(text.max),
            _ => None,
        })
        .max_by_key(|max| max.unwrap_or(u32::MAX))
        .flatten();
    let min = newest.min.filter(|_| source.facts.default.is_none() || newest.min != Some(0));
    Ok(Shape::Text { min, max: greatest, format: text_format(source, Some(newest))? })
}

/// The values of a choice, in the order of the newest release, then those that were taken away.
fn choices(reduced: &Type, source: &Source<'_>) -> &'static [Choice] {
    fn values(field: &RawField) -> &[String] {
        match &field.shape {
            Raw::Text(text) => &text.values,
            Raw::List(item) => values(item),
            _ => &[],
        }
    }
    let in_field: Vec<Version> = source.said.iter().map(|(version, _)| *version).collect();
    let all = if in_field.is_empty() { &reduced.versions } else { &in_field };
    let mut choices: Vec<Choice> = Vec::new();
    for (_, field) in source.said.iter().rev() {
        for value in values(field) {
            if choices.iter().any(|choice| choice.value == value) {
                continue;
            }
            let present: Vec<Version> = source
                .said
                .iter()
                .filter(|(_, field)| values(field).contains(value))
                .map(|(version, _)| *version)
                .collect();
            choices.push(Choice { value: text(value.as_str()), available: span(all, &present) });
        }
    }
    slice(choices)
}

fn list(workshop: &Workshop<'_>, reduced: &Type, source: &Source<'_>, item: &RawField) -> Result<Shape> {
    let ordered = source.facts.ordered.unwrap_or(false);
    Ok(match &item.shape {
        Raw::Object(name, _) if name == "NestedTagRequest" => Shape::Tags,
        Raw::Related(about) if about == "Tag" => Shape::Tags,
        Raw::Object(_, members) => {
            Shape::Objects { fields: slice(fields::members(workshop, source, members)?), ordered }
        }
        Raw::Text(said) => Shape::Texts {
            ordered,
            values: if said.values.is_empty() { &[] } else { choices(reduced, source) },
            format: text_format(source, Some(said))?,
        },
        Raw::Integer(_) => Shape::Integers { ordered },
        other => bail!("a list of {other:?} is not foreseen"),
    })
}

/// How a text looks: as the overrides say, else by the document's form or pattern.
fn text_format(source: &Source<'_>, said: Option<&Text>) -> Result<Format> {
    if let Some(name) = &source.facts.format {
        return build::format(name);
    }
    let Some(said) = said else { return Ok(Format::Plain) };
    Ok(match (said.format.as_deref(), said.pattern.as_deref()) {
        (Some("date"), _) => Format::Date,
        (Some("date-time"), _) => Format::DateTime,
        (Some("email"), _) => Format::Email,
        (Some("uri"), _) => Format::Url,
        (Some("uuid"), _) => Format::Uuid,
        (Some(other), _) => bail!("the form {other:?} of a text is not foreseen"),
        (None, None) => Format::Plain,
        (None, Some("^[-a-zA-Z0-9_]+$")) => Format::Slug,
        (None, Some(r"^[-\w]+$")) => Format::UnicodeSlug,
        (None, Some("^[0-9a-f]{6}$")) => Format::Color,
        (None, Some("^[a-z0-9_]+$")) => Format::Identifier,
        (None, Some(r"^[\w.@+-]+$")) => Format::Username,
        (None, Some(r"^([0-9A-Za-z_-]+|\*)(\.[0-9A-Za-z_-]+)*\.?$")) => Format::DnsName,
        (None, Some(pattern)) => bail!("the pattern {pattern:?} of a text is not foreseen"),
    })
}

/// The kinds that a generic relation may point to.
fn targets(
    workshop: &Workshop<'_>,
    source: &Source<'_>,
    facts: &FieldFacts,
) -> Result<&'static [TargetChoice]> {
    let mut targets = Vec::new();
    for (path, available) in target_paths(workshop, facts)? {
        let name = match workshop.names.get(path.as_str()) {
            Some(names) => names.singular.trim_start_matches("netbox_").to_owned(),
            None => path.rsplit('/').next().unwrap_or(&path).trim_end_matches('s').to_owned(),
        };
        let model = workshop.model(&path).with_context(|| format!("{path} has no model"))?;
        let kind = workshop.path(source.path, &path)?;
        targets.push(TargetChoice { name: text(name), model: text(model), kind, available });
    }
    if targets.is_empty() {
        bail!("a generic relation needs the kinds it may point to");
    }
    targets.sort_by_key(|target| target.name);
    Ok(slice(targets))
}

/// The same kinds, as the values of a choice.
pub fn models(workshop: &Workshop<'_>, source: &Source<'_>, facts: &FieldFacts) -> Result<Shape> {
    let targets = targets(workshop, source, facts)?;
    Ok(Shape::Choice {
        values: slice(
            targets.iter().map(|target| Choice { value: target.model, available: target.available }),
        ),
    })
}

fn target_paths(workshop: &Workshop<'_>, facts: &FieldFacts) -> Result<Vec<(String, Availability)>> {
    let mut paths = Vec::new();
    for entry in workshop.overrides.targets(&facts.of)? {
        match entry.as_str() {
            "with contacts" => paths.extend(ruled(workshop, |reduced| {
                reduced.filters.get("contact_role").cloned().unwrap_or_default()
            })),
            "with journal" => paths.extend(ruled(workshop, |reduced| {
                let tagged =
                    reduced.fields.contains_key("tags") && reduced.fields.contains_key("custom_fields");
                if tagged { reduced.versions.clone() } else { Vec::new() }
            })),
            _ => {
                let (path, since) = entry
                    .split_once(" since ")
                    .map_or((entry.as_str(), None), |(path, since)| (path, Some(since)));
                let since = since.map(str::parse).transpose().map_err(|error| anyhow!("{entry}: {error}"))?;
                paths.push((path.to_owned(), Availability { since, until: None }));
            }
        }
    }
    Ok(paths)
}

/// The kinds for which a rule finds releases, and which.
fn ruled(workshop: &Workshop<'_>, rule: impl Fn(&Type) -> Vec<Version>) -> Vec<(String, Availability)> {
    let all = &workshop.reduced.versions;
    let kinds = workshop.names.keys().map(|path| (path, rule(&workshop.reduced.types[*path])));
    kinds
        .filter(|(_, with)| !with.is_empty())
        .map(|(path, with)| ((*path).to_owned(), span(all, &with)))
        .collect()
}
