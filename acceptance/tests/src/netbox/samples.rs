//! The sample values that no rule can tell: `netbox/samples.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

/// Fields by name, in the notation of the file.
pub(super) type Fields = BTreeMap<String, Json>;

/// Everything the file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// What is not tried, and why.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// By path of the kind.
    #[serde(default)]
    pub kinds: BTreeMap<String, KindSamples>,
    /// Setters and allocators, by name.
    #[serde(default)]
    pub others: BTreeMap<String, Other>,
}

/// Something that is not tried, and why.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Path of the kind; `*` for all.
    pub kind: String,
    /// The field.
    pub field: String,
    /// `set`, `change` or `clear`; `set` covers the others.
    pub operation: String,
    /// Why.
    pub reason: String,
}

/// What a kind needs beside the rules.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSamples {
    /// Of every instance, at all times.
    #[serde(default)]
    pub every: Fields,
    /// Of the first instance.
    #[serde(default)]
    pub base: Fields,
    /// Of the second instance.
    #[serde(default)]
    pub alt: Fields,
    /// First values of the instances that have all fields.
    #[serde(default)]
    pub first: Fields,
    /// Second values of them.
    #[serde(default)]
    pub changed: Fields,
    /// Fields that those instances never have: another variant has them.
    #[serde(default)]
    pub without: Vec<String>,
    /// Fields that keep their value when all that may be left out is.
    #[serde(default)]
    pub kept: Vec<String>,
    /// Fields that the server requires although its documents do not say so.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether a server can have one of them only.
    #[serde(default)]
    pub alone: bool,
    /// Why none is made at all.
    #[serde(default)]
    pub skipped: Option<String>,
    /// Further instances with fields of their own.
    #[serde(default)]
    pub also: BTreeMap<String, Fields>,
    /// Further pairs of instances, for fields that cannot stand beside the others.
    #[serde(default)]
    pub variants: BTreeMap<String, Variant>,
    /// What the example in the documentation looks like.
    #[serde(default)]
    pub example: Fields,
}

/// Another pair of instances.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Of both instances, at all times.
    #[serde(default)]
    pub every: Fields,
    /// First values.
    #[serde(default)]
    pub first: Fields,
    /// Second values.
    #[serde(default)]
    pub changed: Fields,
    /// The fields it is there for, beside required ones.
    pub only: Vec<String>,
    /// Fields that keep their value.
    #[serde(default)]
    pub kept: Vec<String>,
    /// Fields without which it cannot be.
    #[serde(default)]
    pub needs: Vec<String>,
}

/// A resource that is no kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Values of the fields at first.
    pub first: Fields,
    /// Values of the fields then.
    #[serde(default)]
    pub changed: Fields,
    /// What the example in the documentation looks like.
    #[serde(default)]
    pub example: Fields,
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
        Self::of("netbox/samples.toml")
    }

    /// The samples in a file beside this crate's manifest.
    ///
    /// # Errors
    /// The file is missing or not well formed.
    pub fn of(file: &str) -> Result<Self, SamplesError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text =
            fs::read_to_string(&path).map_err(|source| SamplesError::Read { path: path.clone(), source })?;
        toml::from_str(&text).map_err(|source| SamplesError::Form { path, source })
    }
}
