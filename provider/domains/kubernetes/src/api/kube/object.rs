//! An object of the API, as JSON, and what all of them have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// An object of the API.
#[derive(Clone, PartialEq)]
pub struct Object(pub Value);

/// A condition in an object's status.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    /// `Ready`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// When the status became what it is, RFC 3339.
    pub last_transition_time: Option<String>,
}

impl Condition {
    /// Whether it is true.
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}

impl Object {
    /// Text at a JSON pointer; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number at a JSON pointer.
    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.0.pointer(pointer).and_then(Value::as_i64)
    }

    /// Whether a flag at a JSON pointer is set.
    pub fn flag(&self, pointer: &str) -> bool {
        self.0.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A list at a JSON pointer; empty where there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.0.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// `apps/v1`.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// `Deployment`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Its namespace, where it is in one.
    pub fn namespace(&self) -> Option<&str> {
        Some(self.text("/metadata/namespace")).filter(|namespace| !namespace.is_empty())
    }

    /// What tells it from another object of the same name.
    pub fn uid(&self) -> &str {
        self.text("/metadata/uid")
    }

    /// The version of its content.
    pub fn resource_version(&self) -> &str {
        self.text("/metadata/resourceVersion")
    }

    /// Its labels.
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.texts("/metadata/labels")
    }

    /// Its annotations.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        self.texts("/metadata/annotations")
    }

    /// One annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0.pointer("/metadata/annotations")?.get(key)?.as_str()
    }

    fn texts(&self, pointer: &str) -> BTreeMap<String, String> {
        let texts = self.0.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// What keeps it from going away.
    pub fn finalizers(&self) -> Vec<&str> {
        self.list("/metadata/finalizers").iter().filter_map(Value::as_str).collect()
    }

    /// Whether it was asked to go away.
    pub fn is_deleted(&self) -> bool {
        !self.text("/metadata/deletionTimestamp").is_empty()
    }

    /// The conditions in its status.
    pub fn conditions(&self) -> Vec<Condition> {
        let conditions = self.list("/status/conditions").iter();
        conditions.filter_map(|value| serde_json::from_value(value.clone()).ok()).collect()
    }

    /// One condition.
    pub fn condition(&self, kind: &str) -> Option<Condition> {
        self.conditions().into_iter().find(|condition| condition.kind == kind)
    }

    /// The kind and name of what controls it.
    pub fn controller(&self) -> Option<(&str, &str)> {
        let owners = self.list("/metadata/ownerReferences").iter();
        let mut controllers =
            owners.filter(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true));
        let owner = controllers.next()?;
        Some((owner.get("kind")?.as_str()?, owner.get("name")?.as_str()?))
    }
}

/// The name only: what is in an object may be secret.
impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let namespace = self.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        write!(f, "{} {namespace}{}", self.kind(), self.name())
    }
}
