//! What is kept beside the state, invisible to the user.
//!
//! Stored as a JSON object of keys, those of the framework beginning with a dot, so that either side can grow
//! without knowing the other.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::diagnostic::{Diagnostics, Result};

/// The key of the resource's own data.
const DATA: &str = "data";

/// Private state as it travels.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrivateState(Map<String, Json>);

impl PrivateState {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(bytes).map(Self).map_err(|error| {
            Diagnostics::error(
                "Private state cannot be read",
                format!("The data kept beside the state is not what this provider writes: {error}."),
            )
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        if self.0.is_empty() { Vec::new() } else { Json::Object(self.0.clone()).to_string().into_bytes() }
    }

    /// The resource's data; its default where nothing was kept yet.
    pub(crate) fn data<T: DeserializeOwned + Default>(&self) -> Result<T> {
        match self.0.get(DATA) {
            None | Some(Json::Null) => Ok(T::default()),
            Some(json) => serde_json::from_value(json.clone()).map_err(|error| {
                Diagnostics::error(
                    "Private state cannot be read",
                    format!(
                        "The data kept beside the state does not fit this version of the provider: {error}."
                    ),
                )
            }),
        }
    }

    pub(crate) fn set_data<T: Serialize>(&mut self, data: &T) -> Result<()> {
        let json = serde_json::to_value(data)
            .map_err(|error| Diagnostics::error("Private state cannot be written", format!("{error}.")))?;
        match json {
            Json::Null => self.0.remove(DATA),
            json => self.0.insert(DATA.to_owned(), json),
        };
        Ok(())
    }
}
