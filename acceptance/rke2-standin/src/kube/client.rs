//! The API from inside the process, for controllers and for the stand-in around it. Everything goes through the same
//! rules as over HTTP, but for who calls: a member of `system:masters`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::api::{Kube, ListQuery, Place, WriteOptions};
use super::delete::DeleteOptions;
use super::kinds::Kind;
use super::objects::{self, name, set, text};
use super::patch::apply::Applier;
use super::patch::merge;
use super::selectors::Labels;
use super::status::{ApiResult, Status};

/// Writes are recorded under its name.
#[derive(Clone)]
pub(crate) struct Client {
    kube: Arc<Kube>,
    manager: Arc<str>,
}

impl Client {
    pub(crate) fn new(kube: Arc<Kube>, manager: &str) -> Client {
        Client { kube, manager: Arc::from(manager) }
    }

    /// The type by its qualified plural: `nodes`, `deployments.apps`, `helmcharts.helm.cattle.io`.
    pub(crate) fn kind(&self, resource: &str) -> ApiResult<Arc<Kind>> {
        self.kube.kinds.named(resource).ok_or_else(Status::no_such_path)
    }

    fn options(&self, subresource: &str) -> WriteOptions {
        WriteOptions {
            manager: self.manager.to_string(),
            dry_run: false,
            subresource: subresource.to_owned(),
        }
    }

    /// What a controller wrote it must find in the cache the next time it looks.
    async fn seen(&self, object: Value) -> Value {
        let revision = text(&object, &["metadata", "resourceVersion"]).parse().unwrap_or(0);
        self.kube.hub.catch_up(revision).await;
        object
    }

    /// The object, or nothing.
    pub(crate) async fn get(&self, resource: &str, namespace: &str, name: &str) -> ApiResult<Option<Value>> {
        let kind = self.kind(resource)?;
        match self.kube.get(Place { kind: &kind, namespace, name }).await {
            Ok(object) => Ok(Some(object)),
            Err(status) if status.code == 404 => Ok(None),
            Err(status) => Err(status),
        }
    }

    /// All objects of a namespace or of all, those with these labels (the grammar of `labelSelector`).
    pub(crate) async fn list(
        &self,
        resource: &str,
        namespace: Option<&str>,
        labels: &str,
    ) -> ApiResult<Vec<Value>> {
        let kind = self.kind(resource)?;
        let query = ListQuery { labels: Labels::parse(labels)?, ..ListQuery::default() };
        let mut found = self.kube.list(&kind, namespace, &query).await?;
        Ok(match found["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        })
    }

    pub(crate) async fn create(&self, resource: &str, namespace: &str, object: Value) -> ApiResult<Value> {
        let kind = self.kind(resource)?;
        let created = self.kube.create(&kind, namespace, object, &self.options("")).await?;
        Ok(self.seen(created).await)
    }

    /// Creates what is not there yet.
    pub(crate) async fn ensure(&self, resource: &str, namespace: &str, object: Value) -> ApiResult<Value> {
        if let Some(found) = self.get(resource, namespace, name(&object)).await? {
            return Ok(found);
        }
        let own = name(&object).to_owned();
        match self.create(resource, namespace, object).await {
            Err(status) if status.reason == "AlreadyExists" => {
                self.get(resource, namespace, &own).await?.ok_or(status)
            }
            other => other,
        }
    }

    /// Reads, changes and writes, again on conflict. `subresource`: empty, or `status`.
    pub(crate) async fn modify(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        subresource: &str,
        change: impl Fn(&mut Value) + Send + Sync,
    ) -> ApiResult<Value> {
        let kind = self.kind(resource)?;
        let changed = self
            .kube
            .modify(Place { kind: &kind, namespace, name }, &self.options(subresource), |old| {
                let mut new = old.clone();
                change(&mut new);
                Ok(new)
            })
            .await?;
        Ok(self.seen(changed).await)
    }

    /// RFC 7386 on the object, or on its status.
    pub(crate) async fn merge_patch(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        subresource: &str,
        patch: &Value,
    ) -> ApiResult<Value> {
        self.modify(resource, namespace, name, subresource, |object| merge(object, patch)).await
    }

    /// Server-side apply, by force.
    pub(crate) async fn apply(&self, resource: &str, namespace: &str, object: Value) -> ApiResult<Value> {
        let kind = self.kind(resource)?;
        let own = name(&object).to_owned();
        let by = Applier { manager: &self.manager, subresource: "", force: true };
        let place = Place { kind: &kind, namespace, name: &own };
        let (applied, _) = self.kube.apply(place, object, by, false).await?;
        Ok(self.seen(applied).await)
    }

    /// Deletes in the background; what is not there is as good as deleted.
    pub(crate) async fn delete(&self, resource: &str, namespace: &str, name: &str) -> ApiResult<()> {
        self.delete_with(resource, namespace, name, &DeleteOptions::default()).await
    }

    pub(crate) async fn delete_with(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> ApiResult<()> {
        let kind = self.kind(resource)?;
        match self.kube.delete(Place { kind: &kind, namespace, name }, options).await {
            Ok(_) => Ok(()),
            Err(status) if status.code == 404 => Ok(()),
            Err(status) => Err(status),
        }
    }

    /// Takes a finalizer away; an object that waits for nothing else is gone after it.
    pub(crate) async fn finalize(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        finalizer: &str,
    ) -> ApiResult<()> {
        let kind = self.kind(resource)?;
        match self.kube.finalize(Place { kind: &kind, namespace, name }, finalizer, &self.manager).await {
            Err(status) if status.code != 404 => Err(status),
            _ => Ok(()),
        }
    }

    /// An Event about an object. The same one again counts up (client-go/tools/record).
    pub(crate) async fn event(&self, about: &Value, kind: &str, reason: &str, message: &str) {
        let namespace = match objects::namespace(about) {
            "" => "default",
            namespace => namespace,
        };
        let digest = {
            use sha2::Digest as _;
            let hash = sha2::Sha256::digest(format!("{}{reason}{message}", objects::uid(about)));
            hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let own = format!("{}.{digest}", name(about));
        let counted = self
            .modify("events", namespace, &own, "", |event| {
                let count = objects::number(event, &["count"]).unwrap_or(1);
                set(event, &["count"], json!(count + 1));
                set(event, &["lastTimestamp"], json!(objects::now()));
            })
            .await;
        if counted.is_ok() {
            return;
        }
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": { "name": own },
            "involvedObject": {
                "apiVersion": about["apiVersion"], "kind": about["kind"], "name": name(about), "uid": objects::uid(about),
                "namespace": objects::namespace(about),
            },
            "type": kind, "reason": reason, "message": message, "count": 1, "source": { "component": *self.manager },
            "firstTimestamp": objects::now(), "lastTimestamp": objects::now(), "reportingComponent": *self.manager,
            "reportingInstance": self.kube.settings.node_name,
        });
        if let Err(status) = self.create("events", namespace, event).await {
            tracing::debug!(message = status.message, "an event was lost");
        }
    }
}
