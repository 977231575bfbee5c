//! Schema and overrides together make the table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use catalogue::description::{Identity, Key, KeyPart, Kind, Nature, Offers};
use catalogue_source::leak::{slice, text};

use crate::fields::{self, Made, Said, availability};
use crate::overrides::{KindFacts, Overrides};
use crate::places::{self, Place};
use crate::schema::Schema;

/// The table.
#[derive(Debug)]
pub struct Table {
    /// Every kind, by path.
    pub kinds: Vec<MadeKind>,
    /// Paths served by what is written by hand, with what serves them.
    pub served: BTreeMap<String, String>,
    /// Paths that nothing serves, and why.
    pub left_out: BTreeMap<String, String>,
    /// Parameters that no attribute is made of: collection, parameter, reason.
    pub left_out_fields: BTreeSet<(String, String, String)>,
    /// Objects of newer versions that are left out, and why.
    pub newer: BTreeMap<String, String>,
}

/// A kind, and where it lives.
#[derive(Debug)]
pub struct MadeKind {
    /// The file of the table that it stands in.
    pub chapter: String,
    /// The kind.
    pub kind: Kind,
    /// Its place.
    pub place: Place,
    /// Paths of the schema that it serves.
    pub paths: Vec<String>,
}

/// Makes the table.
pub fn build(schema: &Schema, overrides: &Overrides) -> Result<Table> {
    let mut kinds = Vec::new();
    for facts in &overrides.kinds {
        kinds.push(made(schema, overrides, facts).with_context(|| facts.name.clone())?);
    }
    kinds.sort_by_key(|made| made.kind.path);
    Ok(Table {
        kinds,
        served: overrides.general.served.clone(),
        left_out: overrides.general.left_out.clone(),
        left_out_fields: left_out_fields(schema, overrides)?,
        newer: overrides.general.newer.clone(),
    })
}

fn made(schema: &Schema, overrides: &Overrides, facts: &KindFacts) -> Result<MadeKind> {
    let label = label(overrides, facts);
    let made = fields::fields(schema, overrides, &label, facts)?;
    let place = places::place(schema, overrides, facts, &made)?;
    let nature = nature(overrides, facts)?;
    let subcategory = facts.subcategory.as_deref().context("it has no subcategory")?;
    let description = facts.description.as_deref().context("it has no description")?;
    let path = path(&place.collection, facts);
    let kind = Kind {
        name: text(format!("proxmox_{}", facts.name)),
        plural: text(format!("proxmox_{}", facts.plural.clone().unwrap_or_else(|| plural(&facts.name)))),
        path: text(path.as_str()),
        model: text(path.as_str()),
        subcategory: text(format!("Proxmox VE: {subcategory}")),
        description: text(description.trim().replace("{label}", &label)),
        label: text(label),
        available: availability(facts.since.as_deref(), facts.until.as_deref())?,
        keys: keys(nature.identity, &made)?,
        fields: slice(made.iter().map(|made| made.field)),
        lookup: lookup(nature.identity),
        filters: &[],
        omit: &[],
        born_with: None,
        deletion: facts.deletion.as_deref().map(|deletion| text(deletion.trim())),
        nature,
    };
    let paths = facts.collection.iter().chain(&facts.item).chain(&facts.also).cloned();
    let paths = if facts.source.is_some() { Vec::new() } else { paths.collect() };
    Ok(MadeKind { chapter: facts.chapter.clone(), kind, place, paths })
}

/// What one is called: its name in words.
fn label(overrides: &Overrides, facts: &KindFacts) -> String {
    let word = |word: &str| overrides.general.words.get(word).cloned().unwrap_or_else(|| word.to_owned());
    let usual = || facts.name.split('_').map(word).collect::<Vec<_>>().join(" ");
    facts.label.clone().unwrap_or_else(usual)
}

/// Many of what a name calls one.
fn plural(name: &str) -> String {
    match name {
        _ if name.ends_with(['s', 'x']) => format!("{name}es"),
        _ => match name.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
            _ => format!("{name}s"),
        },
    }
}

/// The path that the kind goes by: where it is, without what differs from one object to the next.
fn path(collection: &str, facts: &KindFacts) -> String {
    let bare = collection.split('?').next().unwrap_or(collection).replace("{guest}", "guests");
    let mut parts: Vec<&str> = bare.split('/').filter(|part| !part.starts_with('{')).collect();
    parts.extend(facts.constants.get("type").or_else(|| facts.constants.get("protocol")).map(String::as_str));
    parts.join("/")
}

fn nature(overrides: &Overrides, facts: &KindFacts) -> Result<Nature> {
    let standing = facts.standing.unwrap_or(false);
    let Some(id) = &facts.id else {
        let only = facts.only.as_deref().context("it has neither an id nor the name of the only one")?;
        let nature = Nature::only(text(only));
        return Ok(Nature { standing, ..nature });
    };
    if facts.only.is_some() {
        bail!("it has an id, but is said to be the only one");
    }
    let parts = id.iter().map(|wire| text(fields::name_of(wire, &overrides.field(facts, wire))));
    let parts = slice(parts);
    if standing {
        return Ok(Nature::standing(parts));
    }
    let within = facts.within.unwrap_or(0);
    let whole = within == parts.len();
    let nature = Nature::named(parts, within);
    // Of what there is one in each place, there is no list.
    Ok(if whole { nature.offering(Offers::ONE) } else { nature })
}

/// The parts of its id are what singles one out.
fn keys(identity: Identity, made: &[Made]) -> Result<&'static [Key]> {
    let part = |name: &&'static str| {
        let field = made.iter().find(|made| made.field.name == *name);
        let field = field.with_context(|| format!("its id has {name}, which is no field"))?;
        Ok(KeyPart { field: field.field.name, filter: field.field.wire })
    };
    let parts = identity.parts().iter().map(part).collect::<Result<Vec<KeyPart>>>()?;
    Ok(if parts.is_empty() { &[] } else { slice([Key { parts: slice(parts), enforced: true }]) })
}

/// What is known by one field is referred to by it.
fn lookup(identity: Identity) -> &'static [&'static str] {
    match identity.parts() {
        parts @ [_] => parts,
        _ => &[],
    }
}

/// The parameters that no kind with the same paths has as a field: each with the reason.
fn left_out_fields(schema: &Schema, overrides: &Overrides) -> Result<BTreeSet<(String, String, String)>> {
    let mut said: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for facts in &overrides.kinds {
        let Some(collection) = facts.collection.as_deref().filter(|_| facts.source.is_none()) else {
            continue;
        };
        said.entry(collection).or_default().extend(Said::of(schema, facts)?.names());
        for path in facts.inside.values() {
            let posted = schema.expect(path, "POST")?.keys().map(String::as_str);
            let left_out = posted.filter(|wire| facts.left_out.contains_key(*wire));
            said.entry(collection).or_default().extend(left_out);
        }
        let fields = facts.id.iter().flatten().chain(&facts.required).chain(&facts.optional);
        let own = fields.chain(facts.constants.keys()).chain(&overrides.general.hidden).map(String::as_str);
        known.entry(collection).or_default().extend(own);
        let why = facts.left_out.iter().map(|(wire, reason)| (wire.as_str(), reason.as_str()));
        reasons.entry(collection).or_default().extend(why);
    }
    let mut left_out = BTreeSet::new();
    let mut faults = Vec::new();
    for (collection, said) in said {
        let (Some(known), Some(reasons)) = (known.get(collection), reasons.get(collection)) else { continue };
        for wire in said.difference(known) {
            match reasons.get(wire) {
                Some(reason) => {
                    left_out.insert((collection.to_owned(), (*wire).to_owned(), (*reason).to_owned()));
                }
                None => faults.push(format!("{collection} {wire}")),
            }
        }
        let idle = reasons.keys().filter(|wire| !said.contains(*wire) || known.contains(*wire));
        faults.extend(idle.map(|wire| format!("{collection} {wire}: the reason is idle")));
    }
    if !faults.is_empty() {
        bail!("parameters that are neither fields nor left out:\n  {}", faults.join("\n  "));
    }
    Ok(left_out)
}
