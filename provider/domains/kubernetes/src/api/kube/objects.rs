//! Reading, applying and deleting objects of any kind.

use http::Method;
use serde_json::{Value, json};
use transport_ssh::{Budget, Secret};

use super::kind::percent_encode;
use super::{Kind, Kube, MANAGER, Object};
use crate::api::error::{ApiError, Status};
use crate::api::http::Ask;

/// Which objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// By labels, `app=web,tier!=test`.
    pub labels: Option<String>,
    /// By fields, `spec.nodeName=a`.
    pub fields: Option<String>,
}

/// How an object is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apply {
    /// Whether fields that others own become ours. Otherwise they are refused ([`conflicts`]).
    pub force: bool,
    /// Whether nothing is to be changed: the answer is what the object would be.
    pub dry_run: bool,
}

/// How an object is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delete {
    /// Only if it is still this one.
    pub uid: Option<String>,
    /// Whether what it owns goes first.
    pub foreground: bool,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
}

/// Objects a page of a list holds.
const PAGE: u32 = 500;

/// Objects without what is in them; an API that has no such form answers whole ones.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const JSON: &str = "application/json";

impl Selector {
    /// By labels.
    pub fn labels(selector: impl Into<String>) -> Self {
        Self { labels: Some(selector.into()), fields: None }
    }

    /// By fields.
    pub fn fields(selector: impl Into<String>) -> Self {
        Self { labels: None, fields: Some(selector.into()) }
    }

    fn query(&self) -> String {
        let mut query = String::new();
        for (key, value) in [("labelSelector", &self.labels), ("fieldSelector", &self.fields)] {
            if let Some(value) = value {
                query.push_str(&format!("&{key}={}", percent_encode(value)));
            }
        }
        query
    }
}

impl Kube {
    /// Reads an object; `None` where there is none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn get(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        name: &str,
        budget: &Budget,
    ) -> Result<Option<Object>, ApiError> {
        let ask = Ask::get(format!("reading {}", kind.named(namespace, name)), kind.path_of(namespace, name));
        Ok(self.json_if_any(&ask, budget).await?.map(Object))
    }

    /// Reads all objects of a kind that a selector fits, in one namespace or in all. None, where the API does not know the
    /// kind.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn list(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selector: &Selector,
        budget: &Budget,
    ) -> Result<Vec<Object>, ApiError> {
        self.listed(kind, namespace, selector, JSON, budget).await
    }

    /// Reads the metadata of all objects of a kind that a selector fits, in one namespace or in all: of Secrets nothing that is
    /// secret, and of large objects nothing that is large.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn list_metadata(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selector: &Selector,
        budget: &Budget,
    ) -> Result<Vec<Object>, ApiError> {
        self.listed(kind, namespace, selector, METADATA, budget).await
    }

    async fn listed(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selector: &Selector,
        accept: &'static str,
        budget: &Budget,
    ) -> Result<Vec<Object>, ApiError> {
        let what = format!("listing {}", kind.plural);
        let mut objects = Vec::new();
        let mut from = String::new();
        loop {
            let path = format!("{}?limit={PAGE}{}{from}", kind.path(namespace), selector.query());
            let ask = Ask::get(&what, path).accepting(accept);
            let Some(mut page) = self.json_if_any(&ask, budget).await? else { break };
            let items = page.get_mut("items").map(Value::take).unwrap_or_default();
            let Value::Array(items) = items else { break };
            objects.extend(items.into_iter().map(|item| Object(with_type(item, kind))));
            match page.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(more) if !more.is_empty() => from = format!("&continue={}", percent_encode(more)),
                _ => break,
            }
        }
        Ok(objects)
    }

    /// Applies an object on the server's side, as the owner of the fields it sets.
    ///
    /// # Errors
    /// [`ApiError`]; a conflict names the fields and who owns them ([`conflicts`]).
    pub async fn apply(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        name: &str,
        object: &Value,
        apply: Apply,
        budget: &Budget,
    ) -> Result<Object, ApiError> {
        let query = format!(
            "?fieldManager={MANAGER}&fieldValidation=Strict&force={}{}",
            apply.force,
            if apply.dry_run { "&dryRun=All" } else { "" }
        );
        let path = format!("{}{query}", kind.path_of(namespace, name));
        let verb = if apply.dry_run { "trying" } else { "applying" };
        let ask = Ask::new(format!("{verb} {}", kind.named(namespace, name)), Method::PATCH, path)
            .body(APPLY, object.to_string());
        self.json(&ask, budget).await.map(Object)
    }

    /// Creates an object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        object: &Value,
        budget: &Budget,
    ) -> Result<Object, ApiError> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let path = format!("{}?fieldManager={MANAGER}", kind.path(namespace));
        let ask = Ask::new(format!("creating {}", kind.named(namespace, name)), Method::POST, path)
            .body(JSON, object.to_string());
        self.json(&ask, budget).await.map(Object)
    }

    /// Changes fields of an object: what is null goes. With a `resourceVersion` in it, only if nobody changed the object
    /// since.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn merge(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        name: &str,
        patch: &Value,
        budget: &Budget,
    ) -> Result<Object, ApiError> {
        let path = format!("{}?fieldManager={MANAGER}", kind.path_of(namespace, name));
        let ask = Ask::new(format!("changing {}", kind.named(namespace, name)), Method::PATCH, path)
            .body(MERGE, patch.to_string());
        self.json(&ask, budget).await.map(Object)
    }

    /// Replaces a part of an object, `approval`, or posts to it, `eviction`, `token`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn part(
        &self,
        method: Method,
        kind: &Kind,
        of: (Option<&str>, &str),
        part: &str,
        body: &Value,
        budget: &Budget,
    ) -> Result<Object, ApiError> {
        let (namespace, name) = of;
        let path = format!("{}/{part}", kind.path_of(namespace, name));
        let ask = Ask::new(format!("{part} of {}", kind.named(namespace, name)), method, path)
            .body(JSON, body.to_string());
        self.json(&ask, budget).await.map(Object)
    }

    /// Asks for an object to be deleted; `false` where there is none. It may stay for as long as finalizers hold it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        name: &str,
        how: &Delete,
        budget: &Budget,
    ) -> Result<bool, ApiError> {
        let policy = if how.foreground { "Foreground" } else { "Background" };
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
        if let Some((uid, options)) = how.uid.as_ref().zip(options.as_object_mut()) {
            options.insert("preconditions".to_owned(), json!({"uid": uid}));
        }
        let query = if how.dry_run { "?dryRun=All" } else { "" };
        let path = format!("{}{query}", kind.path_of(namespace, name));
        let ask = Ask::new(format!("deleting {}", kind.named(namespace, name)), Method::DELETE, path)
            .body(JSON, options.to_string());
        Ok(self.json_if_any(&ask, budget).await?.is_some())
    }

    /// Asks for a text, such as the log of a pod.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn log(
        &self,
        namespace: &str,
        pod: &str,
        lines: u32,
        budget: &Budget,
    ) -> Result<Secret, ApiError> {
        let path = format!("{}/log?tailLines={lines}", super::kinds::POD.path_of(Some(namespace), pod));
        let ask = Ask::get(format!("reading the log of pod {namespace}/{pod}"), path);
        let answer = self.0.http.send(&ask, budget).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(ask.what, &answer));
        }
        Ok(Secret::new(String::from_utf8_lossy(&answer.body).into_owned()))
    }
}

/// Items of a list do not say their kind.
fn with_type(mut item: Value, kind: &Kind) -> Value {
    if let Some(item) = item.as_object_mut() {
        item.entry("apiVersion").or_insert_with(|| kind.api_version().into());
        item.entry("kind").or_insert_with(|| kind.kind.as_ref().into());
    }
    item
}

/// The fields that were refused because others own them, and who that is.
pub fn conflicts(status: &Status) -> Vec<(String, String)> {
    let causes = status.details.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    causes
        .map(|cause| {
            let manager = cause.message.split('"').nth(1).unwrap_or(&cause.message);
            (cause.field.clone(), manager.to_owned())
        })
        .collect()
}
