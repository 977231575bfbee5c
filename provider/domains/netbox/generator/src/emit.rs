//! The table as Rust source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalogue::description::{Allocator, Setter};
use catalogue_source::spell::{self, constant};
use catalogue_source::{PRELUDE, Shared};

use crate::build::Table;

const HEADER: &str = "\
// Generated from NetBox's OpenAPI documents and the overrides beside the generator; do not edit. To make it again:
// cargo run -p netbox-table -- generate --out provider/domains/netbox/src/table <documents>
";

/// The files of the table, by name.
pub fn emit(table: &Table) -> BTreeMap<String, String> {
    let setters = table.setters.iter().flat_map(|setter| setter.fields);
    let shared = Shared::collect(table.kinds.iter().flat_map(|kind| kind.fields).chain(setters));
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for kind in &table.kinds {
        let app = app(kind.path);
        let file = files
            .entry(format!("{app}.rs"))
            .or_insert_with(|| format!("//! Kinds of the app `{app}`.\n{HEADER}\nuse super::shared::*;\n"));
        file.push_str(&shared.kind(&constant(last(kind.path)), kind));
    }
    files.insert("special.rs".to_owned(), special(&shared, table));
    files.insert("mod.rs".to_owned(), root(table));
    files.insert("excluded.rs".to_owned(), excluded(table));
    files.insert(
        "shared.rs".to_owned(),
        format!("//! What many kinds share.\n{HEADER}\n{PRELUDE}{}", shared.definitions()),
    );
    files
}

fn special(shared: &Shared, table: &Table) -> String {
    let mut out =
        format!("//! Resources that are no kind: setters and allocators.\n{HEADER}\nuse super::shared::*;\n");
    out.push_str(
        "\n/// Resources that keep single fields of an object.\npub static SETTERS: &[Setter] = &[\n",
    );
    for setter in &table.setters {
        let Setter { name, kind, object, fields, description } = setter;
        let fields: Vec<String> = fields.iter().map(|field| shared.field(field)).collect();
        let _ = writeln!(
            out,
            "    Setter {{\n        name: {name:?},\n        kind: {kind:?},\n        object: {object:?},"
        );
        let _ =
            writeln!(out, "        fields: &[\n            {},\n        ],", fields.join(",\n            "));
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
        let request: Vec<String> = request.iter().map(|field| shared.spell_field(field)).collect();
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
    let versions: Vec<String> = table.versions.iter().map(|version| spell::version(*version)).collect();
    let _ = writeln!(out, "#[rustfmt::skip]\npub static VERSIONS: &[Version] = &[{}];", versions.join(", "));
    out.push_str("\n/// Every kind, by path.\n#[rustfmt::skip]\npub static KINDS: &[&Kind] = &[\n");
    for kind in &table.kinds {
        let _ = writeln!(out, "    &{}::{},", app(kind.path), constant(last(kind.path)));
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

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn app(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}
