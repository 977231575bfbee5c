//! The table as Rust source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalogue::description::{
    Allocator, Availability, Choice, Field, Filter, Key, Kind, Literal, PairElement, Presence, Setter, Shape,
    Version,
};

use crate::build::Table;

const HEADER: &str = "\
// Generated from NetBox's OpenAPI documents and the overrides beside the generator; do not edit. To make it again:
// cargo run -p netbox-table -- generate --out provider/domains/netbox/src/table <documents>
";

/// What a choice list needs to be worth a name of its own, when more than one field has it.
const LONG_LIST: usize = 4;
/// How often a field must be there to be written once and named.
const OFTEN: usize = 3;

/// The files of the table, by name.
pub fn emit(table: &Table) -> BTreeMap<String, String> {
    let mut shared = Shared::collect(table);
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for kind in &table.kinds {
        let app = app(kind.path);
        let file = files
            .entry(format!("{app}.rs"))
            .or_insert_with(|| format!("//! Kinds of the app `{app}`.\n{HEADER}\nuse super::shared::*;\n"));
        file.push_str(&shared.kind(kind));
    }
    files.insert("special.rs".to_owned(), shared.special(table));
    files.insert("mod.rs".to_owned(), root(table));
    files.insert("excluded.rs".to_owned(), excluded(table));
    files.insert("shared.rs".to_owned(), shared.file());
    files
}

/// What occurs often, under names.
#[derive(Default)]
struct Shared {
    /// Names of choice lists, by their source.
    lists: BTreeMap<String, String>,
    /// Names of fields, by their source.
    fields: BTreeMap<String, String>,
}

impl Shared {
    fn collect(table: &Table) -> Self {
        let mut shared = Self::default();
        let fields = || {
            let setters = table.setters.iter().flat_map(|setter| setter.fields);
            table.kinds.iter().flat_map(|kind| kind.fields).chain(setters)
        };
        let lists = fields().filter_map(|field| match field.shape {
            Shape::Choice { values } | Shape::Texts { values, .. } if values.len() >= LONG_LIST => {
                Some((format!("{}_values", field.name), choices(values)))
            }
            Shape::Target { of, .. } if of.len() >= LONG_LIST => {
                Some((format!("{}_targets", field.name), targets(of)))
            }
            _ => None,
        });
        shared.lists = named(lists, 2);
        let rendered: Vec<(String, String)> =
            fields().map(|field| (format!("{}_field", field.name), shared.spell_field(field))).collect();
        shared.fields = named(rendered.into_iter(), OFTEN);
        shared
    }

    fn kind(&mut self, kind: &Kind) -> String {
        let mut out = String::new();
        let last = kind.path.rsplit('/').next().unwrap_or(kind.path);
        let _ = writeln!(out, "\npub(super) static {}: Kind = Kind {{", constant(last));
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
        let _ = writeln!(out, "    available: {},", spell_availability(kind.available));
        let _ = writeln!(out, "    fields: &[");
        for field in kind.fields {
            let _ = writeln!(out, "        {},", self.field(field));
        }
        let _ = writeln!(out, "    ],\n    keys: &[");
        for key in kind.keys {
            let _ = writeln!(out, "        {},", spell_key(key));
        }
        let _ = writeln!(out, "    ],\n    lookup: &{:?},\n    filters: &[", kind.lookup);
        for filter in kind.filters {
            let _ = writeln!(out, "        {},", spell_filter(filter));
        }
        let _ = writeln!(out, "    ],\n    omit: &{:?},", kind.omit);
        let _ =
            writeln!(out, "    born_with: {:?},\n    deletion: {:?},\n}};", kind.born_with, kind.deletion);
        out
    }

    /// A field: its name where it has one, its source where not.
    fn field(&self, field: &Field) -> String {
        let source = self.spell_field(field);
        self.fields.get(&source).cloned().unwrap_or(source)
    }

    fn spell_field(&self, field: &Field) -> String {
        let mut parts = Vec::new();
        if field.wire != field.name {
            parts.push(format!("wire: {:?}", field.wire));
        }
        if field.presence != Presence::Optional {
            parts.push(format!("presence: {}", presence(field.presence)));
        }
        if field.nullable {
            parts.push("nullable: true".to_owned());
        }
        if let Some(default) = field.default {
            parts.push(format!("default: Some({})", literal(default)));
        }
        let flags = [("replace", field.replace), ("secret", field.secret), ("unread", field.unread)];
        parts.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| format!("{name}: true")));
        if field.available != Availability::ALWAYS {
            parts.push(format!("available: {}", spell_availability(field.available)));
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
            Shape::Choice { values } => format!("Shape::Choice {{ values: {} }}", list(choices(values))),
            Shape::IntegerChoice { values } => format!("Shape::IntegerChoice {{ values: &{values:?} }}"),
            Shape::Json => "Shape::Json".to_owned(),
            Shape::Reference { target } => format!("Shape::Reference {{ target: {target:?} }}"),
            Shape::References { target } => format!("Shape::References {{ target: {target:?} }}"),
            Shape::Target { type_key, id_key, of } => format!(
                "Shape::Target {{ type_key: {type_key:?}, id_key: {id_key:?}, of: {} }}",
                list(targets(of))
            ),
            Shape::Texts { ordered, values, format } => format!(
                "Shape::Texts {{ ordered: {ordered}, values: {}, format: Format::{format:?} }}",
                list(choices(values))
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
            Shape::Tags => "Shape::Tags".to_owned(),
            Shape::CustomFields => "Shape::CustomFields".to_owned(),
            Shape::File => "Shape::File".to_owned(),
        }
    }

    fn special(&self, table: &Table) -> String {
        let mut out = format!(
            "//! Resources that are no kind: setters and allocators.\n{HEADER}\nuse super::shared::*;\n"
        );
        out.push_str(
            "\n/// Resources that keep single fields of an object.\npub static SETTERS: &[Setter] = &[\n",
        );
        for setter in &table.setters {
            let Setter { name, kind, object, fields, description } = setter;
            let fields: Vec<String> = fields.iter().map(|field| self.field(field)).collect();
            let _ = writeln!(
                out,
                "    Setter {{\n        name: {name:?},\n        kind: {kind:?},\n        object: {object:?},"
            );
            let _ = writeln!(
                out,
                "        fields: &[\n            {},\n        ],",
                fields.join(",\n            ")
            );
            let _ = writeln!(out, "        description: {description:?},\n    }},");
        }
        out.push_str("];\n\n/// Resources that take the next free object from a pool.\npub static ALLOCATORS: &[Allocator] = &[\n");
        for allocator in &table.allocators {
            let Allocator { name, kind, parents, decided, request, description } = allocator;
            let _ = writeln!(
                out,
                "    Allocator {{\n        name: {name:?},\n        kind: {kind:?},\n        parents: &["
            );
            for parent in *parents {
                let (name, kind, endpoint) = (parent.name, parent.kind, parent.endpoint);
                let _ = writeln!(
                    out,
                    "            AllocatorParent {{ name: {name:?}, kind: {kind:?}, endpoint: {endpoint:?} }},"
                );
            }
            let request: Vec<String> = request.iter().map(|field| self.spell_field(field)).collect();
            let _ = writeln!(
                out,
                "        ],\n        decided: &{decided:?},\n        request: &[{}],",
                request.join(", ")
            );
            let _ = writeln!(out, "        description: {description:?},\n    }},");
        }
        out.push_str("];\n");
        out
    }

    fn file(&self) -> String {
        let mut out = format!("//! What many kinds share.\n{HEADER}\n{PRELUDE}");
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

const PRELUDE: &str = r#"pub(super) use catalogue::description::{
    Allocator, AllocatorParent, Availability, Choice, Field, Filter, FilterSuffixes, Format, Key, KeyPart, Kind, Literal,
    PairElement, Presence, Setter, Shape, TargetChoice, Version,
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

fn root(table: &Table) -> String {
    let mut apps: Vec<&str> = table.kinds.iter().map(|kind| app(kind.path)).collect();
    apps.extend(["excluded", "shared", "special"]);
    apps.sort_unstable();
    apps.dedup();
    let mut out = format!("//! The table of all objects.\n{HEADER}\n");
    out.push_str("use catalogue::description::{Kind, Version};\n\n");
    for app in apps {
        let _ = writeln!(out, "#[rustfmt::skip]\nmod {app};");
    }
    out.push_str(
        "\npub use excluded::{EXCLUDED, LEFT_OUT, OUTSIDE};\npub use special::{ALLOCATORS, SETTERS};\n",
    );
    out.push_str("\n/// The releases that the table was made from, oldest first.\n");
    let versions: Vec<String> = table.versions.iter().map(|version| spell_version(*version)).collect();
    let _ = writeln!(out, "#[rustfmt::skip]\npub static VERSIONS: &[Version] = &[{}];", versions.join(", "));
    out.push_str("\n/// Every kind, by path.\n#[rustfmt::skip]\npub static KINDS: &[&Kind] = &[\n");
    for kind in &table.kinds {
        let last = kind.path.rsplit('/').next().unwrap_or(kind.path);
        let _ = writeln!(out, "    &{}::{},", app(kind.path), constant(last));
    }
    out.push_str("];\n");
    out
}

fn excluded(table: &Table) -> String {
    let mut out = format!("//! What the table leaves out, and why.\n{HEADER}");
    out.push_str("\n/// Types of which no resource is made: path and reason.\npub static EXCLUDED: &[(&str, &str)] = &[\n");
    for (path, reason) in &table.excluded {
        let _ = writeln!(out, "    ({path:?}, {reason:?}),");
    }
    out.push_str("];\n\n/// Writable fields that no attribute is made of: path, field and reason.\n");
    out.push_str("pub static LEFT_OUT: &[(&str, &str, &str)] = &[\n");
    for (path, field, reason) in &table.left_out {
        let _ = writeln!(out, "    ({path:?}, {field:?}, {reason:?}),");
    }
    out.push_str("];\n\n/// Endpoints that references may point to although their objects are the server's own: path and model.\n");
    out.push_str("pub static OUTSIDE: &[(&str, &str)] = &[\n");
    for (path, model) in &table.outside {
        let _ = writeln!(out, "    ({path:?}, {model:?}),");
    }
    out.push_str("];\n");
    out
}

fn app(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

fn constant(name: &str) -> String {
    name.replace(['-', '.'], "_").to_uppercase()
}

fn spell_version(version: Version) -> String {
    format!("Version::new({}, {})", version.major, version.minor)
}

fn spell_availability(available: Availability) -> String {
    let short =
        |name: &str, version: Version| format!("Availability::{name}({}, {})", version.major, version.minor);
    match (available.since, available.until) {
        (None, None) => "Availability::ALWAYS".to_owned(),
        (Some(since), None) => short("since", since),
        (None, Some(until)) => short("until", until),
        (Some(since), Some(until)) => {
            format!("Availability::between({}, {})", spell_version(since), spell_version(until))
        }
    }
}

fn presence(presence: Presence) -> String {
    match presence {
        Presence::Required => "Presence::Required".to_owned(),
        Presence::RequiredIn(available) => format!("Presence::RequiredIn({})", spell_availability(available)),
        Presence::Optional => "Presence::Optional".to_owned(),
        Presence::OptionalComputed(from) => format!("Presence::OptionalComputed(&{from:?})"),
        Presence::ReadOnly => "Presence::ReadOnly".to_owned(),
    }
}

fn literal(literal: Literal) -> String {
    match literal {
        Literal::Bool(value) => format!("Literal::Bool({value})"),
        Literal::Integer(value) => format!("Literal::Integer({value})"),
        Literal::Decimal(value) => format!("Literal::Decimal({value:?})"),
        Literal::Text(value) => format!("Literal::Text({value:?})"),
    }
}

fn choices(values: &[Choice]) -> String {
    let spelled: Vec<String> = values
        .iter()
        .map(|choice| {
            let base = format!("value({:?})", choice.value);
            within("Choice", choice.available, base)
        })
        .collect();
    format!("&[{}]", spelled.join(", "))
}

fn targets(of: &[catalogue::description::TargetChoice]) -> String {
    let spelled: Vec<String> = of
        .iter()
        .map(|choice| {
            let base = format!("target({:?}, {:?}, {:?})", choice.name, choice.model, choice.kind);
            within("TargetChoice", choice.available, base)
        })
        .collect();
    format!("&[{}]", spelled.join(", "))
}

fn spell_filter(filter: &Filter) -> String {
    within("Filter", filter.available, format!("filter({:?}, {:#x})", filter.name, filter.suffixes.0))
}

fn spell_key(key: &Key) -> String {
    let parts: Vec<String> = key
        .parts
        .iter()
        .map(|part| format!("KeyPart {{ field: {:?}, filter: {:?} }}", part.field, part.filter))
        .collect();
    format!("Key {{ parts: &[{}], enforced: {} }}", parts.join(", "), key.enforced)
}

/// Something, with its releases where it is not in all.
fn within(ty: &str, available: Availability, base: String) -> String {
    if available == Availability::ALWAYS {
        return base;
    }
    format!("{ty} {{ available: {}, ..{base} }}", spell_availability(available))
}
