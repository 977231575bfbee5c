//! The fields of one kind.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, anyhow, bail};
use catalogue::description::{Availability, Field, Literal, Presence, Shape, Version};
use catalogue_source::leak::text;
use serde_json::Value as Json;

use crate::overrides::{FieldFacts, KindFacts, Overrides};
use crate::schema::{Format, Parameter, Parameters, Schema};
use crate::shapes::{self, Shaped};

/// What the paths of a kind take.
pub struct Said<'a> {
    /// By the request that makes one.
    pub create: Option<&'a Parameters>,
    /// By the request that changes one.
    pub update: Option<&'a Parameters>,
}

/// A field, and its form on the wire as Rust source where that is not the plain one.
pub struct Made {
    /// The field.
    pub field: Field,
    /// Its form.
    pub wire: Option<String>,
}

impl<'a> Said<'a> {
    /// What the schema says of a kind; nothing of one that it does not have.
    pub fn of(schema: &'a Schema, facts: &KindFacts) -> Result<Self> {
        let Some(collection) = facts.collection.as_deref().filter(|_| facts.source.is_none()) else {
            return Ok(Self { create: None, update: None });
        };
        let item = facts.item.as_deref().unwrap_or(collection);
        if let Some(path) = [collection, item].iter().find(|path| !schema.has(path)) {
            bail!("the API has no {path}");
        }
        let create = match facts.create.as_deref() {
            Some("exists") => None,
            // What is posted there is one of the objects inside.
            _ if facts.inside.values().any(|path| path == collection) => None,
            _ => schema.method(collection, "POST").or_else(|| schema.method(item, "POST")),
        };
        Ok(Self { create, update: schema.method(item, "PUT") })
    }

    /// What is said of a parameter, best where it is first given.
    #[must_use]
    pub fn parameter(&self, wire: &str) -> Option<&'a Parameter> {
        self.create
            .and_then(|create| create.get(wire))
            .or_else(|| self.update.and_then(|update| update.get(wire)))
    }

    /// Whether it can be given later: where nothing is said of changes, whether it can is no matter of this.
    fn changes(&self, wire: &str) -> bool {
        self.update.is_none_or(|update| update.contains_key(wire) || self.parameter(wire).is_none())
    }

    /// Every parameter.
    pub fn names(&self) -> BTreeSet<&'a str> {
        let all = self.create.into_iter().chain(self.update).flat_map(|parameters| parameters.keys());
        all.map(String::as_str).collect()
    }
}

/// The fields of a kind, in order: those of the id, required ones, others by name.
pub fn fields(schema: &Schema, overrides: &Overrides, label: &str, facts: &KindFacts) -> Result<Vec<Made>> {
    let said = Said::of(schema, facts)?;
    let ids = facts.id.as_deref().unwrap_or_default();
    let mut optional: Vec<&String> = facts.optional.iter().collect();
    optional.sort_by_key(|wire| (wire.as_str() == "comment", *wire));
    let mut made = Vec::new();
    let mut seen = BTreeSet::new();
    for wire in ids.iter().chain(&facts.required).chain(optional) {
        if !seen.insert(wire.as_str()) {
            continue;
        }
        let mut known = overrides.field(facts, wire);
        // Of a kind that the schema does not have, it has no field.
        known.source = known.source.or_else(|| facts.source.clone());
        let is_id = ids.contains(wire);
        let required = is_id || facts.required.contains(wire);
        let inside = facts.inside.get(wire).map(|path| inside(schema, overrides, facts, path)).transpose()?;
        let named = known.schema_name.as_deref().unwrap_or(wire);
        let parameter = inside.as_ref().or_else(|| said.parameter(named));
        let replace = is_id || (inside.is_none() && !said.changes(named));
        let mut one = field(parameter, overrides, label, wire, &known, (replace, required));
        if let (Some(_), Ok(made)) = (&inside, &mut one) {
            made.wire = None;
        }
        made.push(one.with_context(|| format!("field {wire}"))?);
    }
    if let Some(unused) =
        facts.fields.keys().find(|wire| !seen.contains(wire.as_str())).filter(|_| facts.base.is_none())
    {
        bail!("the overrides describe {unused}, which it does not have");
    }
    let demanded = said.create.into_iter().flatten().filter(|(_, parameter)| !parameter.optional);
    for (wire, _) in demanded {
        let given =
            ids.iter().chain(&facts.required).chain(facts.constants.keys()).chain(facts.left_out.keys());
        if !given.into_iter().any(|known| known == wire)
            && !facts.collection.as_deref().is_some_and(|path| path.contains(&format!("{{{wire}}}")))
        {
            bail!("the API demands {wire}, which may be left out here");
        }
    }
    made.sort_by_key(|made| match made.field.presence {
        Presence::Required | Presence::RequiredIn(_) => 0,
        Presence::Optional | Presence::OptionalComputed(_) => 1,
        Presence::ReadOnly => 2,
    });
    Ok(made)
}

/// What a field holds whose objects have a path of their own to be made at: what is posted there, but for what the
/// path itself says.
fn inside(schema: &Schema, overrides: &Overrides, facts: &KindFacts, path: &str) -> Result<Parameter> {
    let hidden = |wire: &String| {
        facts
            .id
            .iter()
            .flatten()
            .chain(&overrides.general.hidden)
            .chain(facts.left_out.keys())
            .any(|other| other == wire)
    };
    let mut parts = schema.expect(path, "POST")?.clone();
    parts.retain(|wire, _| !hidden(wire) && !path.contains(&format!("{{{wire}}}")));
    let one = Parameter {
        of_type: "string".to_owned(),
        format: Some(Format::Parts(parts)),
        ..Parameter::default()
    };
    Ok(Parameter {
        of_type: "array".to_owned(),
        items: Some(Box::new(one)),
        optional: true,
        ..Parameter::default()
    })
}

fn field(
    parameter: Option<&Parameter>,
    overrides: &Overrides,
    label: &str,
    wire: &str,
    facts: &FieldFacts,
    (replace, required): (bool, bool),
) -> Result<Made> {
    if parameter.is_none() && facts.source.is_none() && !facts.read_only {
        bail!("the schema has no such parameter, and the overrides name no source");
    }
    if parameter.is_some() && facts.source.is_some() {
        bail!("the overrides name a source, but it is in the schema");
    }
    let Shaped { shape, wire: form } = shapes::shape(&overrides.general, label, parameter, facts)?;
    let required = facts.required.unwrap_or(required);
    let default = facts.default.as_ref().map(|value| literal(value, &shape)).transpose()?;
    let presence = match (facts.read_only, required, facts.computed) {
        (true, ..) => Presence::ReadOnly,
        (_, true, _) => Presence::Required,
        (_, _, true) => Presence::OptionalComputed(&[]),
        _ => Presence::Optional,
    };
    let description = with_default(describe(label, facts)?, parameter, facts, &shape);
    Ok(Made {
        field: Field {
            name: text(name_of(wire, facts)),
            wire: text(wire),
            presence,
            nullable: !required && default.is_none(),
            default,
            replace: facts.replace.unwrap_or(replace),
            secret: facts.secret,
            unread: facts.unread,
            available: availability(facts.since.as_deref(), facts.until.as_deref())?,
            description: text(description),
            shape,
        },
        wire: form,
    })
}

/// The name of an attribute: the API's own in Terraform's spelling.
#[must_use]
pub fn name_of(wire: &str, facts: &FieldFacts) -> String {
    facts.name.clone().unwrap_or_else(|| wire.replace('-', "_").to_lowercase())
}

/// The text of the documentation.
pub fn describe(label: &str, facts: &FieldFacts) -> Result<String> {
    let description = facts.description.as_deref().ok_or_else(|| anyhow!("it has no description"))?;
    Ok(description.trim().replace("{label}", label))
}

/// The text with what the server takes where the argument is left out, unless a default of ours says it.
#[must_use]
pub fn with_default(
    description: String,
    said: Option<&Parameter>,
    facts: &FieldFacts,
    shape: &Shape,
) -> String {
    if facts.silent || facts.default.is_some() || facts.secret {
        return description;
    }
    let is_false = |value: &Json| {
        matches!(value, Json::Bool(false)) || value == 0 || value == "0" || value == "no" || value == "false"
    };
    let is_true = |value: &Json| {
        matches!(value, Json::Bool(true)) || value == 1 || value == "1" || value == "yes" || value == "true"
    };
    let told = said.and_then(|parameter| parameter.default.as_ref()).and_then(|default| match shape {
        Shape::Bool if is_false(default) => Some("false".to_owned()),
        Shape::Bool if is_true(default) => Some("true".to_owned()),
        Shape::Integer { .. } | Shape::Decimal { .. } => default
            .as_f64()
            .map(|number| number.to_string())
            .or_else(|| default.as_str().filter(|text| text.parse::<f64>().is_ok()).map(str::to_owned)),
        Shape::Choice { values } => {
            let text = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            values.iter().any(|choice| choice.value == text).then_some(text)
        }
        _ => None,
    });
    match told {
        Some(told) => format!("{description} Without it, the server takes `{told}`."),
        None => description,
    }
}

/// A constant that fits a shape.
pub fn literal(value: &toml::Value, shape: &Shape) -> Result<Literal> {
    Ok(match (value, shape) {
        (toml::Value::Boolean(value), Shape::Bool) => Literal::Bool(*value),
        (toml::Value::Integer(value), Shape::Integer { .. }) => Literal::Integer(*value),
        (toml::Value::String(value), Shape::Text { .. } | Shape::Choice { .. }) => {
            Literal::Text(text(value.as_str()))
        }
        _ => bail!("the default {value:?} does not fit"),
    })
}

/// The versions from one to another.
pub fn availability(since: Option<&str>, until: Option<&str>) -> Result<Availability> {
    let version = |text: Option<&str>| {
        text.map(|text| text.parse::<Version>().map_err(|error| anyhow!(error))).transpose()
    };
    Ok(Availability { since: version(since)?, until: version(until)? })
}
