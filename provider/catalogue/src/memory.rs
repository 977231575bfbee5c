//! What is kept beside the state of an object: what the configuration cannot say and the next plan needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tf_framework::{Diagnostics, Result};

use crate::reference::Referent;

/// What is remembered of an object since it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// What told this state of the object from any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// What its references pointed to, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, Vec<Referent>>,
    /// Keys of the custom fields that the configuration owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owned: Vec<String>,
    /// Tags on the object that the provider is told to ignore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_tags: Vec<String>,
    /// Tags on the object that state a fact and were put there by the provider.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fact_tags: BTreeSet<String>,
    /// What the resource itself keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Json>,
}

impl Memory {
    /// Reads what was kept.
    ///
    /// # Errors
    /// It was written by another version of the provider, in another form.
    pub fn load(private: &Json) -> Result<Self> {
        match private {
            Json::Null => Ok(Self::default()),
            json => serde_json::from_value(json.clone()).map_err(|error| {
                Diagnostics::error(
                    "Private state cannot be read",
                    format!(
                        "What was kept beside the state does not fit this version of the provider: {error}."
                    ),
                )
            }),
        }
    }

    /// What is to be kept.
    #[must_use]
    pub fn store(&self) -> Json {
        match serde_json::to_value(self) {
            Ok(Json::Object(members)) if members.is_empty() => Json::Null,
            Ok(json) => json,
            Err(_) => Json::Null,
        }
    }

    /// What a field with one reference pointed to.
    #[must_use]
    pub fn referent(&self, field: &str) -> Option<&Referent> {
        self.references.get(field).and_then(|referents| referents.first())
    }
}
