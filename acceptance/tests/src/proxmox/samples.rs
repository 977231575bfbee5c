//! What the examples say: `proxmox/examples.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

/// Everything the file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// By path of the kind.
    pub kinds: BTreeMap<String, KindSamples>,
}

/// Values for one kind, by field.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KindSamples {
    /// The fields without which there is no such object.
    pub every: BTreeMap<String, Json>,
    /// What else the example shows.
    pub shown: BTreeMap<String, Json>,
}

/// A value that is a field of the example of another kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Path of the kind.
    pub kind: String,
    /// The field.
    pub field: String,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SamplesError {
    /// It cannot be read.
    #[error("{} cannot be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It says what cannot be said.
    #[error("{} is not well formed", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
}

impl Samples {
    /// The samples of this repository.
    ///
    /// # Errors
    /// The file is missing or not well formed.
    pub fn load() -> Result<Self, SamplesError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxmox/examples.toml");
        let text =
            fs::read_to_string(&path).map_err(|source| SamplesError::Read { path: path.clone(), source })?;
        toml::from_str(&text).map_err(|source| SamplesError::Form { path, source })
    }

    /// The value that a field of the example of a kind has, without links.
    #[must_use]
    pub fn plain(&self, kind: &str, field: &str) -> Option<Json> {
        let value = self.kinds.get(kind)?.every.get(field)?;
        match Link::of(value) {
            Some(link) => self.plain(&link.kind, &link.field),
            None => Some(value.clone()),
        }
    }
}

impl Link {
    /// The link that a value is: `@kind:field`.
    #[must_use]
    pub fn of(value: &Json) -> Option<Self> {
        let (kind, field) = value.as_str()?.strip_prefix('@')?.split_once(':')?;
        Some(Self { kind: kind.to_owned(), field: field.to_owned() })
    }

    /// Every link in a value.
    #[must_use]
    pub fn all(value: &Json) -> Vec<Self> {
        match value {
            Json::Array(items) => items.iter().flat_map(Self::all).collect(),
            Json::Object(members) => members.values().flat_map(Self::all).collect(),
            other => Self::of(other).into_iter().collect(),
        }
    }
}
