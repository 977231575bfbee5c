//! Secrets.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use transport_ssh::{Budget, Secret};

use super::{Apply, Delete, Kube, Object, kinds};
use crate::api::error::ApiError;

impl Kube {
    /// What a Secret holds, where all of it is text; `None` where there is none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn secret(
        &self,
        namespace: &str,
        name: &str,
        budget: &Budget,
    ) -> Result<Option<BTreeMap<String, Secret>>, ApiError> {
        let Some(object) = self.get(&kinds::SECRET, Some(namespace), name, budget).await? else {
            return Ok(None);
        };
        let Some(data) = object.0.get("data").and_then(Value::as_object) else {
            return Ok(Some(BTreeMap::new()));
        };
        let entry = |(key, value): (&String, &Value)| {
            let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).ok();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| ApiError::Unexpected {
                what: format!("reading {}", kinds::SECRET.named(Some(namespace), name)),
                why: format!("{key} is no text"),
            })?;
            Ok((key.clone(), Secret::new(text)))
        };
        data.iter().map(entry).collect::<Result<_, _>>().map(Some)
    }

    /// Applies a Secret: exactly these entries of ours, and `labels`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn apply_secret(
        &self,
        namespace: &str,
        name: &str,
        entries: &BTreeMap<String, Secret>,
        labels: &BTreeMap<String, String>,
        budget: &Budget,
    ) -> Result<Object, ApiError> {
        let data: BTreeMap<_, _> =
            entries.iter().map(|(key, value)| (key, STANDARD.encode(value.expose()))).collect();
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
        });
        let how = Apply { force: true, dry_run: false };
        self.apply(&kinds::SECRET, Some(namespace), name, &object, how, budget).await
    }

    /// Deletes a Secret; `false` where there was none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_secret(
        &self,
        namespace: &str,
        name: &str,
        budget: &Budget,
    ) -> Result<bool, ApiError> {
        self.delete(&kinds::SECRET, Some(namespace), name, &Delete::default(), budget).await
    }
}
