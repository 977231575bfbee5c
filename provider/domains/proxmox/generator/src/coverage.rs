//! Every path that can be written to is served or left out with a reason.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::overrides::Overrides;
use crate::schema::Schema;

/// Paths that are neither served nor left out, or both, and entries about nothing.
pub fn faults(schema: &Schema, overrides: &Overrides) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let kinds: BTreeSet<&str> = overrides
        .kinds
        .iter()
        .filter(|facts| facts.source.is_none())
        .flat_map(|facts| facts.collection.iter().chain(&facts.item).chain(&facts.also))
        .map(String::as_str)
        .collect();
    let entries: Vec<&str> = overrides
        .general
        .served
        .keys()
        .chain(overrides.general.left_out.keys())
        .map(String::as_str)
        .collect();
    let mut used = BTreeSet::new();
    for (path, methods) in schema.writable() {
        let meant: Vec<&&str> = entries.iter().filter(|entry| means(entry, path)).collect();
        used.extend(meant.iter().map(|entry| **entry));
        match (kinds.contains(path), meant.as_slice()) {
            (true, []) | (false, [_]) => {}
            (false, []) => {
                faults.push(format!("{} {path} is neither served nor left out", methods.join("|")));
            }
            _ => faults.push(format!("{path} is spoken of more than once: {meant:?}")),
        }
    }
    let idle = entries.iter().filter(|entry| !used.contains(**entry));
    faults.extend(idle.map(|entry| format!("{entry} means no path that can be written to")));
    faults.extend(kinds.iter().filter(|path| !schema.has(path)).map(|path| format!("the API has no {path}")));
    Ok(faults)
}

/// Whether an entry is a path, or the beginning of it: `/nodes/{node}/qemu/**` means that folder and all in it.
fn means(entry: &str, path: &str) -> bool {
    match entry.strip_suffix("/**") {
        Some(folder) => {
            path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        None => entry == path,
    }
}
