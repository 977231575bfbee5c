//! One add-on in one cluster, while something is done with it.

use std::collections::BTreeSet;
use std::time::Duration;

use tf_framework::{Diagnostics, Path, Result};
use transport_ssh::{Budget, Secret, told};

use super::manifests::{ObjectId, Wanted};
use crate::api::{ApiError, Kind, Kube, Object};

/// One add-on in one cluster.
pub(super) struct Target<'a> {
    pub(super) kube: &'a Kube,
    /// Its name.
    pub(super) addon: &'a str,
    /// Where its release and its objects are.
    pub(super) namespace: &'a str,
    pub(super) budget: &'a Budget,
    /// Texts that must be shown nowhere.
    pub(super) secrets: Vec<Secret>,
}

/// Pause between two looks at something that is waited for.
pub(super) const PAUSE: Duration = Duration::from_millis(1500);

/// How long the API may take to know a kind whose definition is established.
const KNOWN_AFTER: Duration = Duration::from_secs(30);

impl Target<'_> {
    /// The kind of an object; `None` where the cluster does not know it.
    pub(super) async fn kind(&self, id: &ObjectId) -> Result<Option<Kind>> {
        let found = self.kube.kind(&id.api_version, &id.kind, self.budget).await;
        found.map_err(|error| self.failed(&format!("{id} could not be looked up"), &error))
    }

    /// The same, of a kind that may have come a moment ago.
    pub(super) async fn new_kind(&self, id: &ObjectId) -> Result<Kind> {
        let patience = self.budget.shortened(KNOWN_AFTER);
        loop {
            if let Some(kind) = self.kind(id).await? {
                return Ok(kind);
            }
            if patience.sleep(PAUSE, || format!("{} to be known", id.kind)).await.is_err() {
                return Err(self.refused(
                    "The cluster does not know a kind",
                    format!(
                        "{id}: there is no kind {} in {}. Apply what brings it first (`depends_on`), or correct \
                         `apiVersion`.",
                        id.kind, id.api_version
                    ),
                ));
            }
        }
    }

    /// An object as it is.
    pub(super) async fn live(&self, id: &ObjectId) -> Result<Option<Object>> {
        let Some(kind) = self.kind(id).await? else { return Ok(None) };
        let found = self.kube.get(&kind, id.namespace.as_deref(), &id.name, self.budget).await;
        found.map_err(|error| self.failed(&format!("{id} could not be read"), &error))
    }

    /// Where an object will be, as the cluster sees it.
    pub(super) fn place(&self, wanted: &Wanted, kind: &Kind) -> ObjectId {
        let namespace = wanted.id.namespace.clone().unwrap_or_else(|| self.namespace.to_owned());
        ObjectId { namespace: kind.namespaced.then_some(namespace), ..wanted.id.clone() }
    }

    /// Puts a field of an object.
    pub(super) async fn put_field(&self, id: &ObjectId, key: &str, value: &str) -> Result<()> {
        let Some(kind) = self.kind(id).await? else { return Ok(()) };
        let patch = serde_json::json!({key: value});
        let done = self.kube.merge(&kind, id.namespace.as_deref(), &id.name, &patch, self.budget).await;
        match done {
            Err(error) if error.is_not_found() => Ok(()),
            done => {
                done.map(drop).map_err(|error| self.failed(&format!("{id} could not be changed"), &error))
            }
        }
    }

    /// Makes the namespace of the add-on, where there is none.
    pub(super) async fn make_namespace(&self) -> Result<()> {
        let kind = &crate::api::kinds::NAMESPACE;
        let failed = |error: ApiError| self.failed("The namespace could not be made", &error);
        if self.kube.get(kind, None, self.namespace, self.budget).await.map_err(failed)?.is_some() {
            return Ok(());
        }
        let body = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace},
        });
        match self.kube.create(kind, None, &body, self.budget).await {
            Err(error) if error.is_conflict() => Ok(()),
            done => done.map(drop).map_err(failed),
        }
    }

    /// A text without anything secret in it.
    pub(super) fn clean(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(secret)"))
    }

    pub(super) fn failed(&self, summary: &str, error: &ApiError) -> Diagnostics {
        Diagnostics::error(
            format!("Add-on {:?}: {summary}", self.addon),
            format!("{}.", self.clean(told(error).trim_end_matches('.'))),
        )
    }

    pub(super) fn refused(&self, summary: &str, detail: impl AsRef<str>) -> Diagnostics {
        Diagnostics::error(format!("Add-on {:?}: {summary}", self.addon), self.clean(detail.as_ref()))
    }

    pub(super) fn refused_at(&self, at: &str, summary: &str, detail: impl AsRef<str>) -> Diagnostics {
        let path = Path::root().attribute(at);
        Diagnostics::error_at(
            path,
            format!("Add-on {:?}: {summary}", self.addon),
            self.clean(detail.as_ref()),
        )
    }
}

/// The texts inside secret YAML that are long enough to be recognised.
pub(super) fn leaves(text: &str) -> Vec<Secret> {
    fn gather(value: &serde_json::Value, into: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::String(text) if text.len() >= 6 => drop(into.insert(text.clone())),
            serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
            serde_json::Value::Object(map) => map.values().for_each(|item| gather(item, into)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for document in crate::yaml::documents(text).unwrap_or_default() {
        gather(&document, &mut found);
    }
    found.into_iter().map(Secret::new).collect()
}

/// Lines of a list in a message.
pub(super) fn lines(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    items.into_iter().map(|item| format!("\n- {item}")).collect()
}
