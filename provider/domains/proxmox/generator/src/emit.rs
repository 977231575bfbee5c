//! The table as Rust source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalogue_source::spell::constant;
use catalogue_source::{PRELUDE, Shared};

use crate::build::{MadeKind, Table};

const HEADER: &str = "\
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>
";

/// The files of the table, by name.
#[must_use]
pub fn emit(table: &Table) -> BTreeMap<String, String> {
    let shared = Shared::collect(table.kinds.iter().flat_map(|made| made.kind.fields));
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for made in &table.kinds {
        let chapter = &made.chapter;
        let file = files.entry(format!("{chapter}.rs")).or_insert_with(|| {
            format!("//! Kinds of the chapter `{chapter}`.\n{HEADER}\nuse super::shared::*;\n")
        });
        file.push_str(&shared.kind(&name(made), &made.kind));
    }
    files.insert("places.rs".to_owned(), places(table));
    files.insert("mod.rs".to_owned(), root(table));
    files.insert(
        "shared.rs".to_owned(),
        format!("//! What many kinds share.\n{HEADER}\n{}{}", PRELUDE, shared.definitions()),
    );
    files
}

/// The name of a kind's constant.
fn name(made: &MadeKind) -> String {
    constant(made.kind.name.trim_start_matches("proxmox_"))
}

fn root(table: &Table) -> String {
    let mut chapters: Vec<&str> = table.kinds.iter().map(|made| made.chapter.as_str()).collect();
    chapters.extend(["places", "shared"]);
    chapters.sort_unstable();
    chapters.dedup();
    let mut out = format!("//! The table of all configuration objects.\n{HEADER}\n");
    out.push_str("use catalogue::description::Kind;\n\n");
    for chapter in chapters {
        if chapter == "shared" {
            out.push_str("#[allow(dead_code, unused_imports, reason = \"what every table begins with\")]\n");
        }
        let _ = writeln!(out, "#[rustfmt::skip]\nmod {chapter};");
    }
    out.push_str("\npub use places::PLACES;\n");
    out.push_str("\n/// Every kind, by path.\n#[rustfmt::skip]\npub static KINDS: &[&Kind] = &[\n");
    for made in &table.kinds {
        let _ = writeln!(out, "    &{}::{},", made.chapter, name(made));
    }
    out.push_str("];\n");
    out
}

fn places(table: &Table) -> String {
    let mut body = String::new();
    for made in &table.kinds {
        let base =
            format!("Place::new({:?}, {:?}, {:?})", made.kind.path, made.place.collection, made.place.item);
        if made.place.habits.is_empty() {
            let _ = writeln!(body, "    {base},");
            continue;
        }
        let _ = writeln!(body, "    Place {{");
        for (name, value) in &made.place.habits {
            let _ = writeln!(body, "        {name}: {value},");
        }
        let _ = writeln!(body, "        ..{base}\n    }},");
    }
    let all = ["Clear", "Create", "Delete", "Place", "Read", "Settles", "Update", "Wire"];
    let used: Vec<&str> =
        all.into_iter().filter(|name| *name == "Place" || body.contains(&format!("{name}::"))).collect();
    format!(
        "//! Where the kinds live in the API.\n{HEADER}\nuse crate::config::{{{}}};\n\n/// The place of every kind, by its path.\npub static PLACES: &[Place] = &[\n{body}];\n",
        used.join(", ")
    )
}
