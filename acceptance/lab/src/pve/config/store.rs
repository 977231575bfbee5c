//! Files of sections, as the cluster file system holds them.

use std::collections::BTreeMap;

use crate::pve::call::Param;
use crate::pve::cluster::State;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::sha1_hex;

/// Options of a section.
pub(crate) type Fields = BTreeMap<String, Param>;

/// One object: its type and its options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) kind: String,
    pub(crate) fields: Fields,
}

impl Section {
    pub(crate) fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), fields: Fields::new() }
    }

    /// An option as text.
    pub(crate) fn str(&self, key: &str) -> Option<&str> {
        match self.fields.get(key)? {
            Param::One(value) => Some(value),
            Param::Many(values) => values.first().map(String::as_str),
        }
    }

    /// A boolean option; absent counts as `false`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.str(key).is_some_and(|v| matches!(v, "1" | "on"))
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.fields.insert(key.to_owned(), Param::One(value.into()));
    }
}

/// A file: its sections by id.
pub(crate) type File = BTreeMap<String, Section>;

/// All files, and what of the network configuration is in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration {
    files: BTreeMap<String, File>,
    /// Files as they were when the network configuration was last applied.
    running: BTreeMap<String, File>,
}

impl Configuration {
    pub(crate) fn file(&self, name: &str) -> &File {
        static EMPTY: File = File::new();
        self.files.get(name).unwrap_or(&EMPTY)
    }

    pub(crate) fn file_mut(&mut self, name: &str) -> &mut File {
        self.files.entry(name.to_owned()).or_default()
    }

    pub(crate) fn running(&self, name: &str) -> &File {
        static EMPTY: File = File::new();
        self.running.get(name).unwrap_or(&EMPTY)
    }

    pub(crate) fn section(&self, file: &str, id: &str) -> Option<&Section> {
        self.file(file).get(id)
    }

    /// Puts the given files in force.
    pub(crate) fn apply(&mut self, names: &[&str]) {
        for name in names {
            self.running.insert((*name).to_owned(), self.file(name).clone());
        }
    }

    /// Digest of a file.
    pub(crate) fn digest(&self, name: &str) -> String {
        digest(self.file(name))
    }
}

/// Digest of sections as they would be written.
pub(crate) fn digest(file: &File) -> String {
    let mut text = String::new();
    for (id, section) in file {
        text.push_str(&format!("{}: {id}\n", section.kind));
        for (key, value) in &section.fields {
            text.push_str(&match value {
                Param::One(value) => format!("\t{key} {value}\n"),
                Param::Many(values) => values.iter().map(|v| format!("\t{key} {v}\n")).collect(),
            });
        }
    }
    sha1_hex(text.as_bytes())
}

impl State {
    /// Refuses who does not hold the network configuration while somebody does.
    pub(crate) fn config_unlocked(&self, token: Option<&str>) -> Outcome<()> {
        match &self.sdn_lock {
            Some(held) if token != Some(held) => Err(Refusal::died("invalid lock token provided!")),
            _ => Ok(()),
        }
    }
}

/// Refuses a change that was made on another state than the one that is.
pub(crate) fn unmodified(digest: &str, expected: Option<&str>) -> Outcome<()> {
    match expected {
        Some(expected) if !expected.is_empty() && expected != digest => {
            Err(Refusal::died("detected modified configuration - file changed by other user? Try again."))
        }
        _ => Ok(()),
    }
}
