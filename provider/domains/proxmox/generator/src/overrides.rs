//! What the schema does not say, as reviewed data: the files in `overrides/`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const FIELDS: &str = include_str!("../overrides/fields.toml");
const GENERAL: &str = include_str!("../overrides/general.toml");
/// A file of the table each, with its name.
const CHAPTERS: [(&str, &str); 9] = [
    ("access", include_str!("../overrides/access.toml")),
    ("cluster", include_str!("../overrides/cluster.toml")),
    ("firewall", include_str!("../overrides/firewall.toml")),
    ("jobs", include_str!("../overrides/jobs.toml")),
    ("mappings", include_str!("../overrides/mappings.toml")),
    ("node", include_str!("../overrides/node.toml")),
    ("notifications", include_str!("../overrides/notifications.toml")),
    ("sdn", include_str!("../overrides/sdn.toml")),
    ("storage", include_str!("../overrides/storage.toml")),
];

/// All overrides.
#[derive(Debug)]
pub struct Overrides {
    /// Facts about fields of a name, whatever kind has them.
    pub fields: BTreeMap<String, FieldFacts>,
    /// Kinds in the order of the files, with what they have from their base.
    pub kinds: Vec<KindFacts>,
    /// Everything else.
    pub general: General,
}

/// Facts about no single kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct General {
    /// Words that keep their case in labels.
    pub words: BTreeMap<String, String>,
    /// Formats of property strings whose parts the schema does not show.
    pub formats: BTreeMap<String, BTreeMap<String, FieldFacts>>,
    /// Formats of texts that hold several.
    pub lists: Vec<String>,
    /// Parameters of every method that are no fields.
    pub hidden: Vec<String>,
    /// Paths that something written by hand serves: path, or beginning of paths with `/**`, and what serves it.
    pub served: BTreeMap<String, String>,
    /// Paths that nothing serves, likewise, and why.
    pub left_out: BTreeMap<String, String>,
    /// Objects of versions that the schema does not have, and why they are left out.
    pub newer: BTreeMap<String, String>,
}

/// A file: bases and kinds, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chapter {
    #[serde(default)]
    bases: BTreeMap<String, KindFacts>,
    kinds: BTreeMap<String, KindFacts>,
}

/// Facts about a kind, or about several that have this as their base. What is absent is as the base says, or else as
/// is usual.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KindFacts {
    /// Type name without `proxmox_`.
    #[serde(skip)]
    pub name: String,
    /// The file it stands in.
    #[serde(skip)]
    pub chapter: String,
    /// What it has the rest from.
    pub base: Option<String>,
    /// Type name of the plural.
    pub plural: Option<String>,
    /// What one is called.
    pub label: Option<String>,
    /// Group in the documentation, after `Proxmox VE: `.
    pub subcategory: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// What goes with it, or stops its going.
    pub deletion: Option<String>,
    /// First version that has it.
    pub since: Option<String>,
    /// Last version that has it.
    pub until: Option<String>,
    /// Where else than in the schema it is known from.
    pub source: Option<String>,
    /// Path in the schema where all are listed.
    pub collection: Option<String>,
    /// Path in the schema where one is.
    pub item: Option<String>,
    /// Paths of the schema that it serves besides.
    pub also: Vec<String>,
    /// The place of `collection`, where it is another.
    pub place_collection: Option<String>,
    /// The place of `item`, where it is another.
    pub place_item: Option<String>,
    /// Wire names of the fields that make up the id.
    pub id: Option<Vec<String>>,
    /// How many of them name what it lies in.
    pub within: Option<usize>,
    /// The id of an object of which there is one.
    pub only: Option<String>,
    /// Whether it is always there.
    pub standing: Option<bool>,
    /// `post_collection`, `post_item`, `exists`, or a procedure's name.
    pub create: Option<String>,
    /// `item`, `listed`, or a procedure's name.
    pub read: Option<String>,
    /// `put`, `put_whole`, `post`, `rename`, `never`, or a procedure's name.
    pub update: Option<String>,
    /// `delete`, `reset`, `leave`, or a procedure's name.
    pub delete: Option<String>,
    /// `delete_list`, `delete_each`, `empty`, `leave_out`.
    pub clear: Option<String>,
    /// Whether writes take a digest, where the schema does not tell.
    pub digest: Option<bool>,
    /// `sdn` or `node_network`.
    pub settles: Option<String>,
    /// What is sent along.
    pub constants: BTreeMap<String, String>,
    /// Keys that every change carries.
    pub always: Vec<String>,
    /// Keys that a change may carry only along with another, where the schema does not tell.
    pub requires: BTreeMap<String, String>,
    /// Fields that stand elsewhere in answers.
    pub found: BTreeMap<String, String>,
    /// Fields that one must have.
    pub required: Vec<String>,
    /// Fields that one may have.
    pub optional: Vec<String>,
    /// Fields of the base that it does not have.
    pub without: Vec<String>,
    /// Fields that hold objects which have a path of their own to be made at, and that path.
    pub inside: BTreeMap<String, String>,
    /// Facts about its fields.
    pub fields: BTreeMap<String, FieldFacts>,
    /// Parameters of its paths that no kind of the base has as a field, and why.
    pub left_out: BTreeMap<String, String>,
}

/// Facts about a field. What is absent is as the schema, or a more general entry, says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FieldFacts {
    /// Attribute name in Terraform.
    pub name: Option<String>,
    /// Name in the schema, where that counts several of a kind: `acmedomain[n]`.
    pub schema_name: Option<String>,
    /// Text for the documentation; `{label}` is the kind.
    pub description: Option<String>,
    /// `bool`, `integer`, `decimal`, `text`, `choice`, `texts`, `integers`, `object`, `objects`.
    pub shape: Option<String>,
    /// Where else than in the schema it is known from.
    pub source: Option<String>,
    /// Least value, or number of characters.
    pub min: Option<i64>,
    /// Greatest value, or number of characters.
    pub max: Option<i64>,
    /// The only values, each perhaps with ` since 9.0` or ` until 8.4`.
    pub values: Option<Vec<String>>,
    /// What a text looks like, as in the catalogue.
    pub format: Option<String>,
    /// Whether the order of a list counts.
    pub ordered: Option<bool>,
    /// What stands between the texts of a list.
    pub separator: Option<char>,
    /// Parts of an object.
    pub members: BTreeMap<String, Self>,
    /// A form on the wire that follows from nothing else: `lines`, `base64`, `inverted`, `repeated`, `plain`.
    pub wire_form: Option<String>,
    /// The part of a property string that may stand without its key.
    pub default_key: Option<String>,
    /// Whether one must be given, where the schema errs.
    pub required: Option<bool>,
    /// Whether the server puts something where it is left out.
    pub computed: bool,
    /// Whether the server alone decides it.
    pub read_only: bool,
    /// What the server puts and shows where it is left out.
    pub default: Option<toml::Value>,
    /// Whether the documentation keeps silent about the default of the schema.
    pub silent: bool,
    /// Whether a change needs another object, where the schema does not tell.
    pub replace: Option<bool>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether it is taken and never shown.
    pub unread: bool,
    /// First version that has it.
    pub since: Option<String>,
    /// Last version that has it.
    pub until: Option<String>,
}

impl Overrides {
    /// Reads the files that were built in.
    pub fn load() -> Result<Self> {
        let mut kinds = Vec::new();
        for (name, text) in CHAPTERS {
            let chapter: Chapter = parse(name, text)?;
            for (kind, facts) in chapter.kinds {
                let mut facts = match facts.base.clone() {
                    Some(base) => match chapter.bases.get(&base) {
                        Some(base) => facts.over(base.clone()),
                        None => bail!("{name}: {kind} has the base {base}, which is not there"),
                    },
                    None => facts,
                };
                facts.name = kind;
                name.clone_into(&mut facts.chapter);
                kinds.push(facts);
            }
        }
        Ok(Self { fields: parse("fields", FIELDS)?, kinds, general: parse("general", GENERAL)? })
    }

    /// What is known about a field of a kind: the kind's own facts over those of the name.
    #[must_use]
    pub fn field(&self, kind: &KindFacts, wire: &str) -> FieldFacts {
        let general = self.fields.get(wire).cloned().unwrap_or_default();
        match kind.fields.get(wire) {
            Some(own) => own.clone().over(general),
            None => general,
        }
    }
}

impl KindFacts {
    fn over(self, base: Self) -> Self {
        let mut fields = base.fields;
        for (wire, own) in self.fields {
            let general = fields.remove(&wire).unwrap_or_default();
            fields.insert(wire, own.over(general));
        }
        let without = self.without;
        let joined = |own: Vec<String>, base: Vec<String>| -> Vec<String> {
            base.into_iter().filter(|wire| !without.contains(wire)).chain(own).collect()
        };
        let mut constants = base.constants;
        constants.extend(self.constants);
        let mut requires = base.requires;
        requires.extend(self.requires);
        let mut found = base.found;
        found.extend(self.found);
        let mut left_out = base.left_out;
        left_out.extend(self.left_out);
        Self {
            name: self.name,
            chapter: self.chapter,
            base: self.base,
            plural: self.plural,
            label: self.label,
            subcategory: self.subcategory.or(base.subcategory),
            description: self.description.or(base.description),
            deletion: self.deletion.or(base.deletion),
            since: self.since.or(base.since),
            until: self.until.or(base.until),
            source: self.source.or(base.source),
            collection: self.collection.or(base.collection),
            item: self.item.or(base.item),
            also: if self.also.is_empty() { base.also } else { self.also },
            place_collection: self.place_collection.or(base.place_collection),
            place_item: self.place_item.or(base.place_item),
            id: self.id.or(base.id),
            within: self.within.or(base.within),
            only: self.only.or(base.only),
            standing: self.standing.or(base.standing),
            create: self.create.or(base.create),
            read: self.read.or(base.read),
            update: self.update.or(base.update),
            delete: self.delete.or(base.delete),
            clear: self.clear.or(base.clear),
            digest: self.digest.or(base.digest),
            settles: self.settles.or(base.settles),
            constants,
            always: if self.always.is_empty() { base.always } else { self.always },
            requires,
            found,
            required: joined(self.required, base.required),
            optional: joined(self.optional, base.optional),
            inside: if self.inside.is_empty() { base.inside } else { self.inside },
            fields,
            left_out,
            without,
        }
    }
}

impl FieldFacts {
    /// These facts where there are any, and more general ones where not.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        let mut members = general.members;
        for (wire, own) in self.members {
            let before = members.remove(&wire).unwrap_or_default();
            members.insert(wire, own.over(before));
        }
        Self {
            name: self.name.or(general.name),
            schema_name: self.schema_name.or(general.schema_name),
            description: self.description.or(general.description),
            shape: self.shape.or(general.shape),
            source: self.source.or(general.source),
            min: self.min.or(general.min),
            max: self.max.or(general.max),
            values: self.values.or(general.values),
            format: self.format.or(general.format),
            ordered: self.ordered.or(general.ordered),
            separator: self.separator.or(general.separator),
            members,
            wire_form: self.wire_form.or(general.wire_form),
            default_key: self.default_key.or(general.default_key),
            required: self.required.or(general.required),
            computed: self.computed || general.computed,
            read_only: self.read_only || general.read_only,
            default: self.default.or(general.default),
            silent: self.silent || general.silent,
            replace: self.replace.or(general.replace),
            secret: self.secret || general.secret,
            unread: self.unread || general.unread,
            since: self.since.or(general.since),
            until: self.until.or(general.until),
        }
    }
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    toml::from_str(text).with_context(|| format!("overrides: {name}.toml"))
}
