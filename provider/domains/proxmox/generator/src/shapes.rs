//! What a field holds, and how that is written on the wire.

use anyhow::{Context as _, Result, bail};
use catalogue::description::{Availability, Choice, Field, Format, Literal, Presence, Shape};
use catalogue_source::leak::{slice, text};

use crate::fields::{availability, describe, literal, name_of, with_default};
use crate::overrides::{FieldFacts, General};
use crate::schema::{self, Parameter};

/// A shape, and its form on the wire as Rust source where that is not the plain one.
pub struct Shaped {
    /// What it holds.
    pub shape: Shape,
    /// Its form.
    pub wire: Option<String>,
}

/// What a parameter holds, as the schema says and the facts correct.
pub fn shape(general: &General, label: &str, said: Option<&Parameter>, facts: &FieldFacts) -> Result<Shaped> {
    let unknown = Parameter::default();
    let parameter = said.unwrap_or(&unknown);
    let item = parameter.items.as_deref();
    let (shape, wire) = match facts.shape.as_deref().map_or_else(|| usual(general, parameter), Ok)? {
        "bool" => (Shape::Bool, None),
        "integer" => (integer(parameter, facts)?, None),
        "decimal" => (decimal(parameter, facts), None),
        "text" => (plain(parameter, facts)?, None),
        "choice" => (Shape::Choice { values: choices(parameter, facts)? }, None),
        "texts" => texts(parameter, facts)?,
        "integers" => {
            let repeated = (parameter.of_type == "array").then(|| "Wire::Repeated".to_owned());
            (Shape::Integers { ordered: facts.ordered.unwrap_or(false) }, repeated)
        }
        "object" => {
            let (fields, key) = members(general, label, parameter, facts)?;
            (Shape::Object { fields }, Some(format!("Wire::PropertyString({key:?})")))
        }
        "objects" => {
            let (fields, key) = members(general, label, item.unwrap_or(parameter), facts)?;
            let ordered = facts.ordered.unwrap_or(false);
            (Shape::Objects { fields, ordered }, Some(format!("Wire::PropertyStrings({key:?})")))
        }
        other => bail!("{other:?} is no shape"),
    };
    let wire = match facts.wire_form.as_deref() {
        None => wire,
        Some("plain") => None,
        Some("lines") => Some("Wire::Lines".to_owned()),
        Some("base64") => Some("Wire::Base64".to_owned()),
        Some("inverted") => Some("Wire::Inverted".to_owned()),
        Some("repeated") => Some("Wire::Repeated".to_owned()),
        Some(other) => bail!("{other:?} is no form on the wire"),
    };
    Ok(Shaped { shape, wire })
}

/// The shape that follows from the schema alone.
fn usual(general: &General, parameter: &Parameter) -> Result<&'static str> {
    let is_object = |parameter: &Parameter| match &parameter.format {
        Some(schema::Format::Parts(_)) => true,
        Some(schema::Format::Named(name)) => general.formats.contains_key(name),
        None => false,
    };
    let is_list = |name: &str| name.ends_with("-list") || general.lists.iter().any(|list| list == name);
    Ok(match parameter.of_type.as_str() {
        "boolean" => "bool",
        "integer" => "integer",
        "number" => "decimal",
        "array" if parameter.items.as_deref().is_some_and(is_object) => "objects",
        "array" => "texts",
        "string" if is_object(parameter) => "object",
        "string" if parameter.values.is_some() => "choice",
        "string" if parameter.format_name().is_some_and(is_list) => "texts",
        "string" => "text",
        "" => bail!("the schema has no such parameter, and the overrides give it no shape"),
        other => bail!("the type {other:?} is not foreseen"),
    })
}

fn integer(parameter: &Parameter, facts: &FieldFacts) -> Result<Shape> {
    let bound = |said: Option<String>| {
        said.map(|text| text.parse().context("a bound is no whole number")).transpose()
    };
    Ok(Shape::Integer {
        min: facts.min.map_or_else(|| bound(parameter.least()), |min| Ok(Some(min)))?,
        max: facts.max.map_or_else(|| bound(parameter.greatest()), |max| Ok(Some(max)))?,
    })
}

fn decimal(parameter: &Parameter, facts: &FieldFacts) -> Shape {
    let bound =
        |own: Option<i64>, said: Option<String>| own.map(|bound| bound.to_string()).or(said).map(text);
    Shape::Decimal {
        min: bound(facts.min, parameter.least()),
        max: bound(facts.max, parameter.greatest()),
        places: None,
    }
}

fn plain(parameter: &Parameter, facts: &FieldFacts) -> Result<Shape> {
    let length = |own: Option<i64>, said: Option<u32>| match own {
        Some(own) => u32::try_from(own).map(Some).context("a length is negative"),
        None => Ok(said),
    };
    Ok(Shape::Text {
        min: length(facts.min, parameter.min_length)?,
        max: length(facts.max, parameter.max_length)?,
        format: format(parameter, facts)?,
    })
}

/// What a text looks like. Formats of the server that are tried there are left to it: it knows its own rules best.
fn format(parameter: &Parameter, facts: &FieldFacts) -> Result<Format> {
    Ok(match (facts.format.as_deref(), parameter.format_name()) {
        (Some("plain"), _) => Format::Plain,
        (Some("url"), _) => Format::Url,
        (Some("ip_address"), _) => Format::IpAddress,
        (Some(other), _) => bail!("{other:?} is no format"),
        (None, Some("ip" | "ipv4" | "ipv6")) => Format::IpAddress,
        (None, _) => Format::Plain,
    })
}

fn choices(parameter: &Parameter, facts: &FieldFacts) -> Result<&'static [Choice]> {
    let said = parameter.values.as_ref();
    let Some(values) = facts.values.as_ref().or(said) else { bail!("it has no values") };
    values.iter().map(|value| choice(value)).collect::<Result<Vec<Choice>>>().map(slice)
}

/// `value`, `value since 9.0`, `value until 8.4`.
fn choice(value: &str) -> Result<Choice> {
    let within = |since, until| availability(since, until);
    Ok(match (value.split_once(" since "), value.split_once(" until ")) {
        (Some((value, since)), _) => Choice { value: text(value), available: within(Some(since), None)? },
        (_, Some((value, until))) => Choice { value: text(value), available: within(None, Some(until))? },
        _ => Choice { value: text(value), available: Availability::ALWAYS },
    })
}

fn texts(parameter: &Parameter, facts: &FieldFacts) -> Result<(Shape, Option<String>)> {
    let item = parameter.items.as_deref();
    let has_values = facts.values.is_some() || item.is_some_and(|item| item.values.is_some());
    let values = if has_values { choices(item.unwrap_or(parameter), facts)? } else { &[] };
    let wire = match (parameter.of_type.as_str(), facts.separator) {
        (_, Some(between)) => Some(format!("Wire::Joined({between:?})")),
        ("array", None) => Some("Wire::Repeated".to_owned()),
        _ => None,
    };
    let format = Format::Plain;
    Ok((Shape::Texts { ordered: facts.ordered.unwrap_or(false), values, format }, wire))
}

/// The parts of an object, required ones first, and the one that may stand without its key.
fn members(
    general: &General,
    label: &str,
    parameter: &Parameter,
    facts: &FieldFacts,
) -> Result<(&'static [Field], Option<String>)> {
    let mut known = facts.members.clone();
    let mut said = None;
    match &parameter.format {
        Some(schema::Format::Parts(parts)) => said = Some(parts),
        Some(schema::Format::Named(name)) => {
            for (part, more) in general.formats.get(name).into_iter().flatten() {
                let own = known.remove(part).unwrap_or_default();
                known.insert(part.clone(), own.over(more.clone()));
            }
        }
        None => {}
    }
    let missing: Vec<&str> = said
        .into_iter()
        .flat_map(|parts| parts.keys())
        .filter(|part| !known.contains_key(*part))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        bail!("parts without a description: {}", missing.join(", "));
    }
    let mut key = facts.default_key.clone();
    let mut fields = Vec::new();
    for (wire, facts) in &known {
        let said = said.and_then(|parts| parts.get(wire));
        if said.is_none() && facts.shape.is_none() {
            bail!("{wire} is no part of it in the schema, and the overrides give it no shape");
        }
        if said.is_some_and(|part| part.default_key) {
            key = Some(wire.clone());
        }
        fields.push(member(general, label, wire, said, facts).with_context(|| format!("part {wire}"))?);
    }
    fields.sort_by_key(|field| (field.presence != Presence::Required, field.name));
    Ok((slice(fields), key))
}

fn member(
    general: &General,
    label: &str,
    wire: &str,
    said: Option<&Parameter>,
    facts: &FieldFacts,
) -> Result<Field> {
    let Shaped { shape, wire: form } = shape(general, label, said, facts)?;
    if form.as_deref().is_some_and(|form| form != "Wire::Joined(';')") {
        bail!("a part of an object cannot be an object itself");
    }
    let required = facts.required.unwrap_or_else(|| said.is_some_and(|said| !said.optional));
    let default = facts.default.as_ref().map(|value| literal(value, &shape)).transpose()?;
    let default: Option<Literal> = default.filter(|_| !required);
    Ok(Field {
        name: text(name_of(wire, facts)),
        wire: text(wire),
        presence: if required { Presence::Required } else { Presence::Optional },
        nullable: !required && default.is_none(),
        default,
        replace: false,
        secret: facts.secret,
        unread: facts.unread,
        available: availability(facts.since.as_deref(), facts.until.as_deref())?,
        description: text(with_default(describe(label, facts)?, said, facts, &shape)),
        shape,
    })
}
