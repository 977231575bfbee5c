//! The choices a server offers, its administrator's among them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use serde_json::Value;
use transport_rest::{Budget, Method, Request};

use super::client::{NetBox, endpoint, json};
use super::error::Error;

/// The choices of the fields of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(pub(super) BTreeMap<String, Vec<ChoiceValue>>);

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceValue {
    /// As it goes over the wire; numbers as text.
    pub value: String,
    /// What people see.
    pub label: String,
}

impl Choices {
    /// The choices of a field; `None` when it has none or the server does not tell.
    pub fn of(&self, field: &str) -> Option<&[ChoiceValue]> {
        self.0.get(field).map(Vec::as_slice)
    }

    /// Whether a field takes a value; true when the server does not tell.
    pub fn allow(&self, field: &str, value: &str) -> bool {
        self.of(field).is_none_or(|choices| choices.iter().any(|choice| choice.value == value))
    }
}

impl NetBox {
    /// The choices of a path's fields, asked once.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn choices(&self, path: &str, budget: &Budget) -> Result<Arc<Choices>, Error> {
        let path = path.trim_matches('/').to_owned();
        let shared = {
            let mut known = self.core.choices.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(path.clone()).or_default().clone()
        };
        let what = format!("the choices of {path}");
        let ask = |client: Self| async move {
            let request = Request::new(Method::OPTIONS, endpoint(&path)).idempotent();
            let response = client.ask(request, &Budget::unlimited()).await?;
            Ok(read(&json(&response)?))
        };
        self.shared(&what, &shared, ask, budget).await
    }
}

/// Reads the description of an endpoint. It has one part for each method that the token may use.
fn read(description: &Value) -> Choices {
    let mut choices = BTreeMap::new();
    let actions = description.get("actions").and_then(Value::as_object);
    for fields in actions.into_iter().flat_map(|actions| actions.values()).filter_map(Value::as_object) {
        for (name, field) in fields {
            let told = field.get("choices").or_else(|| field.get("child")?.get("choices"));
            if let Some(told) = told.and_then(Value::as_array) {
                choices.insert(name.clone(), told.iter().filter_map(choice).collect());
            }
        }
    }
    Choices(choices)
}

fn choice(told: &Value) -> Option<ChoiceValue> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let value = text(told.get("value")?)?;
    let label = ["display_name", "display", "label"].iter().find_map(|key| text(told.get(key)?));
    Some(ChoiceValue { label: label.unwrap_or_else(|| value.clone()), value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn choices_of_every_method_count() {
        let choices = read(&json!({"actions": {"POST": {
            "name": {"type": "string"},
            "status": {"choices": [{"value": "active", "display_name": "Active"}, {"value": 4, "display": "Four"}]},
            "modes": {"child": {"choices": [{"value": "x"}]}},
        }}}));
        let label = |field: &str, index: usize| choices.of(field).unwrap()[index].label.clone();
        assert_eq!(
            (label("status", 0), label("status", 1), label("modes", 0)),
            ("Active".into(), "Four".into(), "x".into())
        );
        assert!(choices.allow("status", "4") && !choices.allow("status", "planned"));
        assert!(choices.allow("name", "anything") && choices.of("name").is_none());
        assert_eq!(read(&json!({"name": "Tag List"})), Choices::default());
    }
}
