//! The files of a table, and those that are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Writes the files, by name, into a directory, and removes source files there that are not among them.
pub fn write(out: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    for stale in stale(out, files)? {
        fs::remove_file(&stale).with_context(|| format!("cannot remove {}", stale.display()))?;
    }
    for (name, text) in files {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The files that differ from those in a directory, or are there and should not be.
pub fn differing(out: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let differs = |(name, text): (&String, &String)| {
        let there = fs::read_to_string(out.join(name)).unwrap_or_default();
        (there != *text).then(|| name.clone())
    };
    let mut differing: Vec<String> = files.iter().filter_map(differs).collect();
    differing.extend(stale(out, files)?.iter().map(|path| path.display().to_string()));
    Ok(differing)
}

/// Source files in a table's directory that are no longer made.
fn stale(out: &Path, files: &BTreeMap<String, String>) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".rs") && !files.contains_key(name) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}
