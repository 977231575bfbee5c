//! What occurs often, written once and named; and kinds spelled with those names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalogue::description::{Availability, Field, Kind, PairElement, Presence, Shape};

use crate::spell::{self, constant, nature};

/// What a choice list needs to be worth a name of its own, when more than one field has it.
const LONG_LIST: usize = 4;
/// How often a field must be there to be written once and named.
const OFTEN: usize = 3;

/// What occurs often, under names.
#[derive(Debug, Default)]
pub struct Shared {
    /// Names of choice lists, by their source.
    lists: BTreeMap<String, String>,
    /// Names of fields, by their source.
    fields: BTreeMap<String, String>,
}

impl Shared {
    /// What occurs often in these fields.
    pub fn collect<'a>(fields: impl Iterator<Item = &'a Field> + Clone) -> Self {
        let mut shared = Self::default();
        let lists = fields.clone().filter_map(|field| match field.shape {
            Shape::Choice { values } | Shape::Texts { values, .. } if values.len() >= LONG_LIST => {
                Some((format!("{}_values", field.name), spell::choices(values)))
            }
            Shape::Target { of, .. } if of.len() >= LONG_LIST => {
                Some((format!("{}_targets", field.name), spell::targets(of)))
            }
            _ => None,
        });
        shared.lists = named(lists, 2);
        let rendered = fields.map(|field| (format!("{}_field", field.name), shared.spell_field(field)));
        let rendered: Vec<(String, String)> = rendered.collect();
        shared.fields = named(rendered.into_iter(), OFTEN);
        shared
    }

    /// A kind as a constant of this name.
    #[must_use]
    pub fn kind(&self, name: &str, kind: &Kind) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "\npub(super) static {name}: Kind = Kind {{");
        for (name, value) in [
            ("name", kind.name),
            ("plural", kind.plural),
            ("label", kind.label),
            ("path", kind.path),
            ("model", kind.model),
            ("subcategory", kind.subcategory),
            ("description", kind.description),
        ] {
            let _ = writeln!(out, "    {name}: {value:?},");
        }
        let _ = writeln!(out, "    available: {},", spell::availability(kind.available));
        let _ = writeln!(out, "    fields: &[");
        for field in kind.fields {
            let _ = writeln!(out, "        {},", self.field(field));
        }
        let _ = writeln!(out, "    ],\n    keys: &[");
        for key in kind.keys {
            let _ = writeln!(out, "        {},", spell::key(key));
        }
        let _ = writeln!(out, "    ],\n    lookup: &{:?},\n    filters: &[", kind.lookup);
        for filter in kind.filters {
            let _ = writeln!(out, "        {},", spell::filter(filter));
        }
        let _ = writeln!(out, "    ],\n    omit: &{:?},", kind.omit);
        let _ = writeln!(out, "    born_with: {:?},\n    deletion: {:?},", kind.born_with, kind.deletion);
        let _ = writeln!(out, "    nature: {},\n}};", nature(kind.nature));
        out
    }

    /// A field: its name where it has one, its source where not.
    #[must_use]
    pub fn field(&self, field: &Field) -> String {
        let source = self.spell_field(field);
        self.fields.get(&source).cloned().unwrap_or(source)
    }

    /// The source of a field.
    #[must_use]
    pub fn spell_field(&self, field: &Field) -> String {
        let mut parts = Vec::new();
        if field.wire != field.name {
            parts.push(format!("wire: {:?}", field.wire));
        }
        if field.presence != Presence::Optional {
            parts.push(format!("presence: {}", spell::presence(field.presence)));
        }
        if field.nullable {
            parts.push("nullable: true".to_owned());
        }
        if let Some(default) = field.default {
            parts.push(format!("default: Some({})", spell::literal(default)));
        }
        let flags = [("replace", field.replace), ("secret", field.secret), ("unread", field.unread)];
        parts.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| format!("{name}: true")));
        if field.available != Availability::ALWAYS {
            parts.push(format!("available: {}", spell::availability(field.available)));
        }
        let base = format!("field({:?}, {}, {:?})", field.name, self.shape(&field.shape), field.description);
        if parts.is_empty() { base } else { format!("Field {{ {}, ..{base} }}", parts.join(", ")) }
    }

    fn shape(&self, shape: &Shape) -> String {
        let list = |source: String| self.lists.get(&source).cloned().unwrap_or(source);
        match *shape {
            Shape::Bool => "Shape::Bool".to_owned(),
            Shape::Integer { min, max } => format!("Shape::Integer {{ min: {min:?}, max: {max:?} }}"),
            Shape::Decimal { min, max, places } => {
                format!("Shape::Decimal {{ min: {min:?}, max: {max:?}, places: {places:?} }}")
            }
            Shape::Text { min, max, format } => {
                format!("Shape::Text {{ min: {min:?}, max: {max:?}, format: Format::{format:?} }}")
            }
            Shape::Choice { values } => {
                format!("Shape::Choice {{ values: {} }}", list(spell::choices(values)))
            }
            Shape::IntegerChoice { values } => format!("Shape::IntegerChoice {{ values: &{values:?} }}"),
            Shape::Json => "Shape::Json".to_owned(),
            Shape::Reference { target } => format!("Shape::Reference {{ target: {target:?} }}"),
            Shape::References { target } => format!("Shape::References {{ target: {target:?} }}"),
            Shape::Target { type_key, id_key, of } => format!(
                "Shape::Target {{ type_key: {type_key:?}, id_key: {id_key:?}, of: {} }}",
                list(spell::targets(of))
            ),
            Shape::Texts { ordered, values, format } => format!(
                "Shape::Texts {{ ordered: {ordered}, values: {}, format: Format::{format:?} }}",
                list(spell::choices(values))
            ),
            Shape::Integers { ordered } => format!("Shape::Integers {{ ordered: {ordered} }}"),
            Shape::Pairs { names, element } => {
                let element = match element {
                    PairElement::Text => "Text",
                    PairElement::Integer => "Integer",
                };
                format!("Shape::Pairs {{ names: {names:?}, element: PairElement::{element} }}")
            }
            Shape::Objects { fields, ordered } => {
                let fields: Vec<String> = fields.iter().map(|field| self.spell_field(field)).collect();
                format!("Shape::Objects {{ fields: &[{}], ordered: {ordered} }}", fields.join(", "))
            }
            Shape::Object { fields } => {
                let fields: Vec<String> = fields.iter().map(|field| self.spell_field(field)).collect();
                format!("Shape::Object {{ fields: &[{}] }}", fields.join(", "))
            }
            Shape::Tags => "Shape::Tags".to_owned(),
            Shape::CustomFields => "Shape::CustomFields".to_owned(),
            Shape::File => "Shape::File".to_owned(),
        }
    }

    /// The constants that have names.
    #[must_use]
    pub fn definitions(&self) -> String {
        let mut out = String::new();
        for (source, name) in sorted(&self.lists) {
            let ty = if name.contains("_TARGETS") { "TargetChoice" } else { "Choice" };
            let _ = writeln!(out, "\npub(super) const {name}: &[{ty}] = {source};");
        }
        for (source, name) in sorted(&self.fields) {
            let _ = writeln!(out, "\npub(super) const {name}: Field = {source};");
        }
        out
    }
}

/// Names for what occurs at least so often: the stem, numbered where several share it.
fn named(sources: impl Iterator<Item = (String, String)>, often: usize) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut total: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for (stem, source) in sources {
        total.entry(source).or_insert((stem, 0)).1 += 1;
    }
    for (source, (stem, count)) in total {
        if count >= often {
            counts.entry(constant(&stem)).or_default().insert(source, count);
        }
    }
    let mut names = BTreeMap::new();
    for (stem, sources) in counts {
        let alone = sources.len() == 1;
        for (number, source) in sources.into_keys().enumerate() {
            names.insert(source, if alone { stem.clone() } else { format!("{stem}_{}", number + 1) });
        }
    }
    names
}

fn sorted(names: &BTreeMap<String, String>) -> Vec<(&String, &String)> {
    let mut sorted: Vec<(&String, &String)> = names.iter().collect();
    sorted.sort_by_key(|(_, name)| *name);
    sorted
}

/// What the file of shared constants begins with.
pub const PRELUDE: &str = r#"pub(super) use catalogue::description::{
    Allocator, AllocatorParent, Availability, Choice, Field, Filter, FilterSuffixes, Format, Key, KeyPart, Kind, Literal,
    Nature, PairElement, Presence, Setter, Shape, TargetChoice, Version,
};

/// An optional field that is there in every release.
pub(super) const fn field(name: &'static str, shape: Shape, description: &'static str) -> Field {
    Field {
        name,
        wire: name,
        shape,
        presence: Presence::Optional,
        nullable: false,
        default: None,
        replace: false,
        secret: false,
        unread: false,
        available: Availability::ALWAYS,
        description,
    }
}

/// A filter that is there in every release.
pub(super) const fn filter(name: &'static str, suffixes: u32) -> Filter {
    Filter { name, suffixes: FilterSuffixes(suffixes), available: Availability::ALWAYS }
}

/// A value that is there in every release.
pub(super) const fn value(value: &'static str) -> Choice {
    Choice { value, available: Availability::ALWAYS }
}

/// A kind that may be pointed to in every release.
pub(super) const fn target(name: &'static str, model: &'static str, kind: &'static str) -> TargetChoice {
    TargetChoice { name, model, kind, available: Availability::ALWAYS }
}
"#;
