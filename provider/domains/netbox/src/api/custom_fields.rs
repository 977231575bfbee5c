//! The fields that the server's administrator has defined.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::{Object, number};

/// Values and labels of a set; `None` when not all are known.
type ChoiceSet = Option<Vec<(String, String)>>;

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
        let ask = |client: Self| async move {
            let budget = Budget::unlimited();
            let fields = client.list("extras/custom-fields", &[], None, &budget).await?;
            let chosen = |field: &Object| field.fields.get("choice_set").is_some_and(|set| !set.is_null());
            let sets = match fields.iter().any(chosen) {
                true => client.list("extras/custom-field-choice-sets", &[], None, &budget).await?,
                false => Vec::new(),
            };
            let sets = sets.iter().map(|set| (set.id, choice_set(set))).collect();
            Ok(fields.iter().filter_map(|field| definition(field, &sets)).collect())
        };
        self.shared("the definitions of custom fields", &self.core.custom_fields, ask, budget).await
    }
}

fn definition(field: &Object, sets: &HashMap<u64, ChoiceSet>) -> Option<CustomFieldDefinition> {
    let get = |key: &str| field.fields.get(key).filter(|value| !value.is_null());
    let text = |key: &str| get(key).and_then(plain);
    let flag = |key: &str| get(key).and_then(Value::as_bool).unwrap_or(false);
    let set = get("choice_set").and_then(|set| number(set).or_else(|| number(set.get("id")?)));
    Some(CustomFieldDefinition {
        id: field.id,
        name: text("name")?,
        label: text("label").unwrap_or_default(),
        kind: text("type")?,
        object_types: texts(get("object_types")),
        required: flag("required"),
        unique: flag("unique"),
        related_object_type: text("related_object_type").filter(|name| !name.is_empty()),
        choices: set.and_then(|set| sets.get(&set)?.clone()),
        minimum: get("validation_minimum").cloned(),
        maximum: get("validation_maximum").cloned(),
        regex: text("validation_regex").filter(|regex| !regex.is_empty()),
        default: field.fields.get("default").cloned().unwrap_or_default(),
    })
}

fn choice_set(set: &Object) -> ChoiceSet {
    if set.fields.get("base_choices").is_some_and(|base| plain(base).is_some_and(|base| !base.is_empty())) {
        return None;
    }
    let pair = |choice: &Value| {
        let (value, label) = (plain(choice.get(0)?)?, choice.get(1).and_then(plain));
        Some((value.clone(), label.unwrap_or(value)))
    };
    let extra = set.fields.get("extra_choices").and_then(Value::as_array);
    Some(extra.into_iter().flatten().filter_map(pair).collect())
}

/// A text, or the value of a choice.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(choice) => plain(choice.get("value")?),
        _ => None,
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(plain).collect()
}
