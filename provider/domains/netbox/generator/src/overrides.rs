//! What the documents do not say, as reviewed data: the files in `overrides/`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The files, with a name for messages.
const FIELDS: (&str, &str) = ("fields.toml", include_str!("../overrides/fields.toml"));
const GENERAL: (&str, &str) = ("general.toml", include_str!("../overrides/general.toml"));
const APPS: [(&str, &str); 10] = [
    ("circuits", include_str!("../overrides/kinds/circuits.toml")),
    ("core", include_str!("../overrides/kinds/core.toml")),
    ("dcim", include_str!("../overrides/kinds/dcim.toml")),
    ("extras", include_str!("../overrides/kinds/extras.toml")),
    ("ipam", include_str!("../overrides/kinds/ipam.toml")),
    ("tenancy", include_str!("../overrides/kinds/tenancy.toml")),
    ("users", include_str!("../overrides/kinds/users.toml")),
    ("virtualization", include_str!("../overrides/kinds/virtualization.toml")),
    ("vpn", include_str!("../overrides/kinds/vpn.toml")),
    ("wireless", include_str!("../overrides/kinds/wireless.toml")),
];

/// All overrides.
#[derive(Debug)]
pub struct Overrides {
    /// Facts about fields of a name, whatever kind has them.
    pub fields: BTreeMap<String, FieldFacts>,
    /// Facts about kinds, by path.
    pub kinds: BTreeMap<String, KindFacts>,
    /// Everything else.
    pub general: General,
}

/// Facts about no single kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct General {
    /// What an app is called in the documentation.
    pub apps: BTreeMap<String, String>,
    /// Words that keep their case in labels.
    pub words: BTreeMap<String, String>,
    /// Names that a Terraform block keeps for itself, and what stands in for them.
    pub reserved: BTreeMap<String, String>,
    /// Types of which no resource is made, with the reason.
    pub excluded: BTreeMap<String, String>,
    /// Types that only the server makes but that others refer to: path and model.
    pub outside: BTreeMap<String, String>,
    /// Named lists of kinds that generic relations may point to. An entry may end in `since 4.6`.
    pub targets: BTreeMap<String, Vec<String>>,
    /// Resources that keep single fields.
    pub setters: Vec<SetterFacts>,
    /// Resources that take from pools.
    pub allocators: Vec<AllocatorFacts>,
}

/// Facts about a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KindFacts {
    /// Type name without `netbox_`, where the path does not give it.
    pub name: Option<String>,
    /// Type name of the plural without `netbox_`.
    pub plural: Option<String>,
    /// What one is called.
    pub label: Option<String>,
    /// What it is.
    pub description: String,
    /// Keys the server enforces: lists of fields, each `field` or `field=filter`.
    pub keys: Vec<Vec<String>>,
    /// Keys that usually single one out but that the server does not enforce.
    pub loose_keys: Vec<Vec<String>>,
    /// Fields by which a plain text names one.
    pub lookup: Vec<String>,
    /// Fields left out of reads.
    pub omit: Vec<String>,
    /// What else makes such objects.
    pub born_with: Option<String>,
    /// What goes with it, or stops its going.
    pub deletion: Option<String>,
    /// Facts about its fields.
    pub fields: BTreeMap<String, FieldFacts>,
}

/// Facts about a field. What is absent is as the documents, or a more general entry, say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FieldFacts {
    /// Attribute name in Terraform.
    pub name: Option<String>,
    /// Key on the wire of a field whose entry is named otherwise.
    pub wire: Option<String>,
    /// Text for the documentation; `{label}` is the kind.
    pub description: Option<String>,
    /// What the server puts.
    pub default: Option<toml::Value>,
    /// That a more general default does not hold here.
    pub no_default: bool,
    /// `required`, `optional`, `computed` or `read_only`.
    pub presence: Option<String>,
    /// Fields that a computed one is derived from.
    pub derived_from: Vec<String>,
    /// Path of the kind referred to; `self` for its own.
    pub target: Option<String>,
    /// Kinds a generic relation may point to: paths, or names of lists with an `@`.
    pub of: Vec<String>,
    /// What a text looks like, as in the catalogue.
    pub format: Option<String>,
    /// Digits after the point.
    pub places: Option<u8>,
    /// Least value, where the documents err.
    pub min: Option<String>,
    /// Greatest value, where the documents err.
    pub max: Option<String>,
    /// Whether the order of a list counts.
    pub ordered: Option<bool>,
    /// Names of the members of pairs.
    pub pair: Option<[String; 2]>,
    /// Whether null is stored.
    pub nullable: Option<bool>,
    /// Whether a change needs another object.
    pub replace: bool,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether it is taken and never shown.
    pub unread: bool,
    /// Why the field is not in the table.
    pub left_out: Option<String>,
    /// Shape of a field that the documents lack or describe wrongly.
    pub shape: Option<String>,
    /// Values of such a shape.
    pub values: Vec<i64>,
    /// First release that takes it, where the documents err; `always` for all.
    pub since: Option<String>,
}

/// A resource that keeps single fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetterFacts {
    /// Type name without `netbox_`.
    pub name: String,
    /// Path of the kind.
    pub kind: String,
    /// Attribute naming the object.
    pub object: String,
    /// The fields.
    pub fields: Vec<String>,
    /// What it is.
    pub description: String,
}

/// A resource that takes from pools.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocatorFacts {
    /// Type name without `netbox_`.
    pub name: String,
    /// Path of the kind taken.
    pub kind: String,
    /// Attribute, kind and endpoint of each pool.
    pub parents: Vec<[String; 3]>,
    /// Fields the server decides.
    pub decided: Vec<String>,
    /// Whole numbers that only the request has.
    #[serde(default)]
    pub request: Vec<RequestFacts>,
    /// What it is.
    pub description: String,
}

/// A whole number that only a request has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFacts {
    /// Name, in Terraform and on the wire.
    pub name: String,
    /// Least value.
    pub min: i64,
    /// Greatest value.
    pub max: i64,
    /// Text for the documentation.
    pub description: String,
}

impl Overrides {
    /// Reads the files that were built in.
    pub fn load() -> Result<Self> {
        let mut kinds = BTreeMap::new();
        for (app, text) in APPS {
            let of_app: BTreeMap<String, KindFacts> = parse(app, text)?;
            kinds.extend(of_app.into_iter().map(|(name, facts)| (format!("{app}/{name}"), facts)));
        }
        Ok(Self { fields: parse(FIELDS.0, FIELDS.1)?, kinds, general: parse(GENERAL.0, GENERAL.1)? })
    }

    /// What is known about a field of a kind: the kind's own facts over those of the name.
    pub fn field(&self, path: &str, name: &str) -> FieldFacts {
        let general = self.fields.get(name).cloned().unwrap_or_default();
        match self.kinds.get(path).and_then(|kind| kind.fields.get(name)) {
            Some(own) => own.clone().over(general),
            None => general,
        }
    }

    /// The paths that a list of targets means, each with the release it is allowed from. Names of lists are resolved;
    /// a list that is a rule is left to the caller.
    pub fn targets(&self, entries: &[String]) -> Result<Vec<String>> {
        let mut targets = Vec::new();
        for entry in entries {
            match entry.strip_prefix('@') {
                Some(list) => match self.general.targets.get(list) {
                    Some(members) => targets.extend(members.iter().cloned()),
                    None => bail!("there is no list of targets called {list:?}"),
                },
                None => targets.push(entry.clone()),
            }
        }
        Ok(targets)
    }
}

impl FieldFacts {
    fn over(self, general: Self) -> Self {
        let no_default = self.no_default;
        Self {
            name: self.name.or(general.name),
            wire: self.wire.or(general.wire),
            description: self.description.or(general.description),
            default: self.default.or(if no_default { None } else { general.default }),
            no_default,
            presence: self.presence.or(general.presence),
            derived_from: if self.derived_from.is_empty() { general.derived_from } else { self.derived_from },
            target: self.target.or(general.target),
            of: if self.of.is_empty() { general.of } else { self.of },
            format: self.format.or(general.format),
            places: self.places.or(general.places),
            min: self.min.or(general.min),
            max: self.max.or(general.max),
            ordered: self.ordered.or(general.ordered),
            pair: self.pair.or(general.pair),
            nullable: self.nullable.or(general.nullable),
            replace: self.replace || general.replace,
            secret: self.secret || general.secret,
            unread: self.unread || general.unread,
            left_out: self.left_out.or(general.left_out),
            shape: self.shape.or(general.shape),
            values: if self.values.is_empty() { general.values } else { self.values },
            since: self.since.or(general.since),
        }
    }
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    toml::from_str(text).with_context(|| format!("overrides: {name}"))
}
