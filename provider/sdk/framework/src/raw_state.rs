//! State as an older version, or another provider, wrote it.

use std::sync::Arc;

use tf_value::{Value, json};

use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;

/// State JSON of a version that is not the current one.
#[derive(Clone)]
pub struct RawState {
    json: Arc<[u8]>,
}

impl RawState {
    /// State from its JSON.
    #[must_use]
    pub fn new(json: impl Into<Arc<[u8]>>) -> Self {
        Self { json: json.into() }
    }

    /// Reads it as the struct that described it then. Attributes the struct does not know are ignored.
    ///
    /// # Errors
    /// The JSON does not fit the struct; says where.
    pub fn read<M: Model>(&self) -> Result<M> {
        let value = json::decode(&self.json, &M::block().value_type(), json::UnknownAttributes::Ignore)
            .map_err(|error| Diagnostics::error("Stored state cannot be read", format!("{error}.")))?;
        Ok(M::from_object(value)?)
    }

    /// Reads it without a type: objects, tuples and primitives.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn value(&self) -> Result<Value> {
        json::infer(&self.json)
            .map_err(|error| Diagnostics::error("Stored state cannot be read", format!("{error}.")))
    }
}

/// State may hold secrets: only its length is shown.
impl std::fmt::Debug for RawState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawState({} bytes)", self.json.len())
    }
}
