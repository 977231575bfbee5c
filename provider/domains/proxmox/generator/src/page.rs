//! The page about what is served and what is left out.

use std::fmt::Write as _;

use crate::build::Table;

/// The page, in Markdown.
#[must_use]
pub fn page(table: &Table) -> String {
    let mut out = String::from(
        "---\npage_title: \"What of Proxmox VE's API is managed\"\nsubcategory: \"\"\n---\n\n\
         # What of Proxmox VE's API is managed\n\n\
         Every path of the API to which something can be written is here: with the resource or action that serves it, or with\n\
         the reason why none does. The list is generated from the API's own description (8.4), and a test compares it.\n",
    );
    out.push_str("\n## Configuration objects\n\n| Resource | Path | Versions |\n|---|---|---|\n");
    for made in &table.kinds {
        let path = if made.place.item.is_empty() { &made.place.collection } else { &made.place.item };
        let versions = made.kind.available.describe().unwrap_or_else(|| "all".to_owned());
        let _ = writeln!(out, "| `hybridops_{}` | `{path}` | {versions} |", made.kind.name);
    }
    out.push_str("\n## Everything else that is served\n\n| Path | By |\n|---|---|\n");
    for (path, by) in &table.served {
        let _ = writeln!(out, "| `{path}` | {by} |");
    }
    out.push_str("\n## Left out\n\n| Path | Why |\n|---|---|\n");
    for (path, why) in &table.left_out {
        let _ = writeln!(out, "| `{path}` | {why} |");
    }
    out.push_str(
        "\n### Parameters of objects that are managed\n\n| Path | Parameter | Why |\n|---|---|---|\n",
    );
    for (path, parameter, why) in &table.left_out_fields {
        let _ = writeln!(out, "| `{path}` | `{parameter}` | {why} |");
    }
    out.push_str("\n### Objects of newer versions\n\n| Object | Why |\n|---|---|\n");
    for (object, why) in &table.newer {
        let _ = writeln!(out, "| {object} | {why} |");
    }
    out
}
