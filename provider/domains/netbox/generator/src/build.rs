//! Documents and overrides together make the table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, anyhow, bail};
use catalogue::description::{
    Allocator, AllocatorParent, Availability, Field, Filter, FilterSuffixes, Format, Key, KeyPart, Kind,
    Nature, Presence, Setter, Shape, Version,
};

use crate::document::Document;
use crate::fields;
use crate::names::{self, Names};
use crate::overrides::{KindFacts, Overrides};
use crate::reduce::{Reduced, Type, reduce, span};
use catalogue_source::leak::{slice, text};

/// The table.
#[derive(Debug)]
pub struct Table {
    /// The releases it was made from, oldest first.
    pub versions: Vec<Version>,
    /// Every kind, by path.
    pub kinds: Vec<Kind>,
    /// Resources that keep single fields.
    pub setters: Vec<Setter>,
    /// Resources that take from pools.
    pub allocators: Vec<Allocator>,
    /// Types left out, with the reason.
    pub excluded: Vec<(&'static str, &'static str)>,
    /// Fields left out: path, field, reason.
    pub left_out: Vec<(&'static str, &'static str, &'static str)>,
    /// Endpoints that references may point to without a kind being there.
    pub outside: Vec<(&'static str, &'static str)>,
}

/// What everything that builds a part looks things up in.
pub struct Workshop<'a> {
    /// What the documents say.
    pub reduced: &'a Reduced,
    /// What we know beside it.
    pub overrides: &'a Overrides,
    /// Names of the kinds, by path.
    pub names: BTreeMap<&'a str, Names>,
    /// Paths by what schemas are about (`Tenant`).
    pub by_schema: BTreeMap<&'a str, &'a str>,
}

/// Makes the table.
pub fn build(documents: &[Document], overrides: &Overrides) -> Result<Table> {
    let reduced = reduce(documents)?;
    let kinds = kinds_of(&reduced, overrides)?;
    let workshop = Workshop {
        reduced: &reduced,
        overrides,
        names: kinds.iter().map(|(path, facts)| (*path, names::names(overrides, path, facts))).collect(),
        by_schema: kinds.keys().map(|path| (bare(&reduced.types[*path].schema), *path)).collect(),
    };
    let mut table = Table {
        versions: reduced.versions.clone(),
        kinds: Vec::new(),
        setters: Vec::new(),
        allocators: Vec::new(),
        excluded: pairs(&overrides.general.excluded),
        left_out: Vec::new(),
        outside: pairs(&overrides.general.outside),
    };
    for (path, facts) in &kinds {
        let kind = workshop.kind(path, facts, &mut table.left_out).with_context(|| (*path).to_owned())?;
        table.kinds.push(kind);
    }
    for facts in &overrides.general.setters {
        let setter = workshop.setter(facts, &mut table.kinds).with_context(|| facts.name.clone())?;
        table.setters.push(setter);
    }
    table.allocators = overrides.general.allocators.iter().map(allocator).collect();
    Ok(table)
}

/// The types that become kinds. Every type of the documents is one or is excluded, and every override is about one.
fn kinds_of<'a>(reduced: &'a Reduced, overrides: &'a Overrides) -> Result<BTreeMap<&'a str, &'a KindFacts>> {
    let excluded = &overrides.general.excluded;
    if let Some(path) = excluded.keys().find(|path| !reduced.types.contains_key(*path)) {
        bail!("overrides exclude {path}, which no document has");
    }
    if let Some(path) = overrides.kinds.keys().find(|path| !reduced.types.contains_key(*path)) {
        bail!("overrides describe {path}, which no document has");
    }
    let unknown: Vec<&str> = reduced
        .types
        .keys()
        .filter(|path| !excluded.contains_key(*path) && !overrides.kinds.contains_key(*path))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        bail!("types that the overrides neither describe nor exclude: {}", unknown.join(", "));
    }
    let unmanaged =
        overrides.kinds.keys().find(|path| excluded.contains_key(*path) || !reduced.types[*path].managed);
    if let Some(path) = unmanaged {
        bail!("{path} is described, but excluded as well or not one that can be read, changed and deleted");
    }
    let keys = reduced.types.keys().filter(|path| !excluded.contains_key(*path));
    Ok(keys.filter_map(|path| Some((path.as_str(), overrides.kinds.get(path)?))).collect())
}

impl Workshop<'_> {
    fn kind(
        &self,
        path: &str,
        facts: &KindFacts,
        left_out: &mut Vec<(&'static str, &'static str, &'static str)>,
    ) -> Result<Kind> {
        let Names { singular, plural, label } = self.names.get(path).context("it has no name")?.clone();
        let app = path.split('/').next().unwrap_or(path);
        let subcategory = self.overrides.general.apps.get(app).context("its app has no name")?;
        let reduced = &self.reduced.types[path];
        let fields = fields::fields(self, path, reduced, facts, left_out)?;
        if facts.description.is_empty() {
            bail!("it has no description");
        }
        let keys = |keys: &[Vec<String>], enforced| {
            keys.iter().map(|parts| key(parts, &fields, enforced)).collect::<Result<Vec<Key>>>()
        };
        let all_keys = [keys(&facts.keys, true)?, keys(&facts.loose_keys, false)?].concat();
        Ok(Kind {
            name: text(singular),
            plural: text(plural),
            label: text(label),
            path: text(path),
            model: text(format!("{app}.{}", bare(&reduced.schema).to_lowercase())),
            subcategory: text(subcategory),
            description: text(facts.description.trim()),
            available: span(&self.reduced.versions, &reduced.versions),
            fields: slice(in_order(fields, &all_keys)),
            keys: slice(all_keys),
            lookup: slice(facts.lookup.iter().map(|field| text(field.as_str()))),
            filters: slice(filters(reduced)),
            omit: slice(facts.omit.iter().map(|field| text(field.as_str()))),
            born_with: facts.born_with.as_ref().map(|born| text(born.as_str())),
            deletion: facts.deletion.as_ref().map(|deletion| text(deletion.trim())),
            nature: Nature::NUMBERED,
        })
    }

    /// A setter takes fields away from their kind, where they can then only be read.
    fn setter(&self, facts: &crate::overrides::SetterFacts, kinds: &mut [Kind]) -> Result<Setter> {
        let kind =
            kinds.iter_mut().find(|kind| kind.path == facts.kind).context("its kind is not in the table")?;
        let mut taken = Vec::new();
        let mut left = kind.fields.to_vec();
        for name in &facts.fields {
            let field = left
                .iter_mut()
                .find(|field| field.name == name)
                .with_context(|| format!("no field {name}"))?;
            taken.push(Field { presence: Presence::Optional, ..*field });
            field.presence = Presence::ReadOnly;
            let by = format!("{} Set by `netbox_{}`.", field.description, facts.name);
            field.description = text(by);
        }
        kind.fields = slice(in_order(left, kind.keys));
        Ok(Setter {
            name: text(format!("netbox_{}", facts.name)),
            kind: kind.path,
            object: text(facts.object.as_str()),
            fields: slice(taken),
            description: text(facts.description.trim()),
        })
    }

    /// Path of the kind, or of the endpoint without a kind, that a path or `self` means.
    pub fn path(&self, own: &str, target: &str) -> Result<&'static str> {
        let path = if target == "self" { own } else { target };
        if self.names.contains_key(path) || self.overrides.general.outside.contains_key(path) {
            return Ok(text(path));
        }
        Err(anyhow!("{path} is no kind of the table"))
    }

    /// What the API calls the type at a path.
    pub fn model(&self, path: &str) -> Option<String> {
        if let Some(model) = self.overrides.general.outside.get(path) {
            return Some(model.clone());
        }
        let schema = bare(&self.reduced.types.get(path)?.schema).to_lowercase();
        Some(format!("{}.{schema}", path.split('/').next()?))
    }
}

/// The schema's name without what NetBox adds where contexts are rendered into the answer.
fn bare(schema: &str) -> &str {
    schema.strip_suffix("WithConfigContext").unwrap_or(schema)
}

fn pairs(map: &BTreeMap<String, String>) -> Vec<(&'static str, &'static str)> {
    map.iter().map(|(key, value)| (text(key.as_str()), text(value.as_str()))).collect()
}

/// Required fields first, what keys consist of before the rest, and what nearly every kind has at the end.
fn in_order(mut fields: Vec<Field>, keys: &[Key]) -> Vec<Field> {
    const LAST: [&str; 5] = ["description", "comments", "owner", "tags", "custom_fields"];
    fields.sort_by_key(|field| {
        let who = match field.presence {
            Presence::Required | Presence::RequiredIn(_) => 0,
            Presence::Optional | Presence::OptionalComputed(_) => 1,
            Presence::ReadOnly => 2,
        };
        let key = !keys.iter().flat_map(|key| key.parts).any(|part| part.field == field.name);
        (who, LAST.iter().position(|last| *last == field.name), key, field.name)
    });
    fields
}

fn key(parts: &[String], fields: &[Field], enforced: bool) -> Result<Key> {
    let parts = parts.iter().map(|part| {
        let (name, filter) =
            part.split_once('=').map_or((part.as_str(), None), |(name, filter)| (name, Some(filter)));
        let field = fields.iter().find(|field| field.name == name);
        let field = field.with_context(|| format!("its key names {name}, which is no field"))?;
        let usual = match field.shape {
            Shape::Reference { .. } => format!("{}_id", field.wire),
            Shape::Target { id_key, .. } => id_key.to_owned(),
            _ => field.wire.to_owned(),
        };
        Ok(KeyPart { field: field.name, filter: text(filter.map_or(usual, str::to_owned)) })
    });
    Ok(Key { parts: slice(parts.collect::<Result<Vec<KeyPart>>>()?), enforced })
}

/// The filters, with suffixes gathered. A suffix counts only if every release that has the filter has it: a filter
/// that the server does not know selects everything.
fn filters(reduced: &Type) -> Vec<Filter> {
    let known = |name: &str| -> Option<(String, usize)> {
        let (stem, suffix) = name.rsplit_once("__")?;
        let bit = FilterSuffixes::ALL.iter().position(|known| *known == suffix)?;
        reduced.filters.contains_key(stem).then(|| (stem.to_owned(), bit))
    };
    let mut suffixes: BTreeMap<String, BTreeMap<usize, &[Version]>> = BTreeMap::new();
    for (name, versions) in &reduced.filters {
        if let Some((stem, bit)) = known(name) {
            suffixes.entry(stem).or_default().insert(bit, versions);
        }
    }
    let plain = reduced.filters.iter().filter(|(name, _)| known(name).is_none());
    plain
        .map(|(name, versions)| {
            let everywhere = |with: &[Version]| versions.iter().all(|version| with.contains(version));
            let bits = suffixes.get(name).into_iter().flatten().filter(|(_, with)| everywhere(with));
            Filter {
                name: text(name.as_str()),
                suffixes: FilterSuffixes(bits.fold(0, |bits, (bit, _)| bits | 1 << bit)),
                available: span(&reduced.versions, versions),
            }
        })
        .collect()
}

fn allocator(facts: &crate::overrides::AllocatorFacts) -> Allocator {
    Allocator {
        name: text(format!("netbox_{}", facts.name)),
        kind: text(facts.kind.as_str()),
        parents: slice(facts.parents.iter().map(|[name, kind, endpoint]| AllocatorParent {
            name: text(name.as_str()),
            kind: text(kind.as_str()),
            endpoint: text(endpoint.as_str()),
        })),
        decided: slice(facts.decided.iter().map(|field| text(field.as_str()))),
        request: slice(facts.request.iter().map(|request| Field {
            name: text(request.name.as_str()),
            wire: text(request.name.as_str()),
            shape: Shape::Integer { min: Some(request.min), max: Some(request.max) },
            presence: Presence::Required,
            nullable: false,
            default: None,
            replace: true,
            secret: false,
            unread: true,
            available: Availability::ALWAYS,
            description: text(request.description.as_str()),
        })),
        description: text(facts.description.trim()),
    }
}

/// The format that overrides call by name.
pub fn format(name: &str) -> Result<Format> {
    Ok(match name {
        "plain" => Format::Plain,
        "slug" => Format::Slug,
        "unicode_slug" => Format::UnicodeSlug,
        "identifier" => Format::Identifier,
        "username" => Format::Username,
        "ip_interface" => Format::IpInterface,
        "ip_network" => Format::IpNetwork,
        "ip_address" => Format::IpAddress,
        "mac" => Format::Mac,
        "wwn" => Format::Wwn,
        "dns_name" => Format::DnsName,
        "url" => Format::Url,
        "color" => Format::Color,
        "date" => Format::Date,
        "date_time" => Format::DateTime,
        "uuid" => Format::Uuid,
        "email" => Format::Email,
        _ => bail!("{name:?} is no format of the catalogue"),
    })
}

/// The overrides that no field of the documents answered to.
pub fn unused(facts: &KindFacts, used: &BTreeSet<String>) -> Vec<String> {
    facts.fields.keys().filter(|name| !used.contains(*name)).cloned().collect()
}
