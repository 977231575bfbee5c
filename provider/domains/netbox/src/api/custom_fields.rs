//! The fields that the server's administrator has defined.

use std::sync::Arc;

use serde_json::Value;
use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomFieldDefinition {
    /// Its id.
    pub id: u64,
    /// The key in `custom_fields`.
    pub name: String,
    /// What people see; empty when they see the name.
    pub label: String,
    /// `text`, `longtext`, `integer`, `decimal`, `boolean`, `date`, `datetime`, `url`, `json`, `select`,
    /// `multiselect`, `object`, `multiobject`, or one that came later.
    pub kind: String,
    /// The kinds of objects that have it, `dcim.site`.
    pub object_types: Vec<String>,
    /// Whether objects must have a value.
    pub required: bool,
    /// Whether no two objects may have the same value.
    pub unique: bool,
    /// For `object` and `multiobject`: what it refers to, `tenancy.tenant`.
    pub related_object_type: Option<String>,
    /// For `select` and `multiselect`: the values and their labels. `None` when not all are known, as with the
    /// large built-in sets.
    pub choices: Option<Vec<(String, String)>>,
    /// Least value, as a number.
    pub minimum: Option<Value>,
    /// Greatest value, as a number.
    pub maximum: Option<Value>,
    /// What texts must match.
    pub regex: Option<String>,
    /// What objects get that are given none; null for none.
    pub default: Value,
}

impl CustomFieldDefinition {
    /// Whether objects of a kind (`dcim.site`) have it.
    pub fn applies_to(&self, model: &str) -> bool {
        self.object_types.iter().any(|name| name == model)
    }
}

impl NetBox {
    /// All custom fields, asked once and again after one was written.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn custom_fields(&self, budget: &Budget) -> Result<Arc<Vec<CustomFieldDefinition>>, Error> {
        todo!("{budget:?}")
    }
}
