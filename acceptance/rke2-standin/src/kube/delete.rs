//! Deletion: grace periods, finalizers, what happens to dependents
//! (apiserver/pkg/registry/generic/registry/store.go).

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::api::{Kube, ListQuery, Place, WriteOptions};
use super::kinds::Kind;
use super::objects::{self, at, finalizers, number, set, text, uid};
use super::status::{ApiResult, Status};
use super::store::StoreError;

/// What a deletion asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) grace_seconds: Option<i64>,
    /// `Background`, `Foreground`, `Orphan`; empty for what the type does by itself.
    pub(crate) propagation: String,
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) dry_run: bool,
}

impl DeleteOptions {
    /// From the body of a request, which may be empty.
    pub(crate) fn read(body: &Value) -> DeleteOptions {
        let propagation =
            if body["orphanDependents"] == true { "Orphan" } else { text(body, &["propagationPolicy"]) };
        DeleteOptions {
            grace_seconds: number(body, &["gracePeriodSeconds"]),
            propagation: propagation.to_owned(),
            uid: text(body, &["preconditions", "uid"]).to_owned(),
            resource_version: text(body, &["preconditions", "resourceVersion"]).to_owned(),
            dry_run: !objects::list(body, &["dryRun"]).is_empty(),
        }
    }
}

/// Whether nothing holds an object that is being deleted.
pub(crate) fn may_go(kind: &Kind, object: &Value) -> bool {
    let content = kind.resource != "namespaces" || objects::list(object, &["spec", "finalizers"]).is_empty();
    let grace =
        kind.resource != "pods" || number(object, &["metadata", "deletionGracePeriodSeconds"]) == Some(0);
    finalizers(object).is_empty() && content && grace
}

/// What a deletion led to.
pub(crate) enum Deleted {
    /// The object is gone.
    Gone(Value),
    /// It is marked and waits for its grace period or its finalizers.
    Marked(Value),
}

impl Kube {
    pub(crate) async fn delete(&self, place: Place<'_>, options: &DeleteOptions) -> ApiResult<Deleted> {
        loop {
            let old = self.get(place).await?;
            check_preconditions(place, &old, options)?;
            let marked = mark(place.kind, &old, options);
            if options.dry_run {
                return Ok(Deleted::Gone(old));
            }
            let expected: i64 = text(&old, &["metadata", "resourceVersion"]).parse().unwrap_or_default();
            let key = place.key();
            let done = if may_go(place.kind, &marked) {
                self.store.delete(&key, expected).await.map(|_| Deleted::Gone(marked))
            } else if marked == old {
                Ok(Deleted::Marked(old))
            } else {
                let mut stored = marked.clone();
                objects::unset(&mut stored, &["metadata", "resourceVersion"]);
                self.store.put(&key, stored.to_string().into_bytes(), expected).await.map(|revision| {
                    let mut marked = marked;
                    set(&mut marked, &["metadata", "resourceVersion"], json!(revision.to_string()));
                    Deleted::Marked(marked)
                })
            };
            match done {
                Ok(done) => return Ok(done),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Deletes all that a list finds; the list as it was.
    pub(crate) async fn delete_collection(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> ApiResult<Value> {
        let found = self.list(kind, namespace, query).await?;
        for object in objects::list(&found, &["items"]) {
            let place = Place { kind, namespace: objects::namespace(object), name: objects::name(object) };
            match self.delete(place, options).await {
                Err(status) if status.code != 404 => return Err(status),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Takes a finalizer away.
    pub(crate) async fn finalize(
        &self,
        place: Place<'_>,
        finalizer: &str,
        manager: &str,
    ) -> ApiResult<Value> {
        let options = WriteOptions { manager: manager.to_owned(), ..WriteOptions::default() };
        self.modify(place, &options, |old| {
            let mut new = old.clone();
            let kept: Vec<Value> =
                finalizers(old).into_iter().filter(|known| *known != finalizer).map(Value::from).collect();
            set(&mut new, &["metadata", "finalizers"], Value::Array(kept));
            Ok(new)
        })
        .await
    }
}

fn check_preconditions(place: Place<'_>, old: &Value, options: &DeleteOptions) -> ApiResult<()> {
    let refuse = |what: &str, wanted: &str, found: &str| {
        let why =
            format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}");
        Err(Status::conflict(&place.kind.qualified(), place.name, &why))
    };
    if !options.uid.is_empty() && options.uid != uid(old) {
        return refuse("UID", &options.uid, uid(old));
    }
    let version = text(old, &["metadata", "resourceVersion"]);
    if !options.resource_version.is_empty() && options.resource_version != version {
        return refuse("ResourceVersion", &options.resource_version, version);
    }
    Ok(())
}

/// The object with the marks of its deletion.
fn mark(kind: &Kind, old: &Value, options: &DeleteOptions) -> Value {
    let mut new = old.clone();
    let grace = grace(kind, old, options);
    if objects::is_deleting(old) {
        // A second deletion can only shorten the grace period.
        let known = number(old, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0);
        if grace < known {
            set(&mut new, &["metadata", "deletionGracePeriodSeconds"], json!(grace));
        }
        return new;
    }
    let when = OffsetDateTime::now_utc() + time::Duration::seconds(grace);
    set(&mut new, &["metadata", "deletionTimestamp"], json!(objects::stamp(when)));
    set(&mut new, &["metadata", "deletionGracePeriodSeconds"], json!(grace));
    if let Some(generation) = number(old, &["metadata", "generation"]) {
        set(&mut new, &["metadata", "generation"], json!(generation + 1));
    }
    if kind.resource == "namespaces" {
        set(&mut new, &["status", "phase"], json!("Terminating"));
    }
    let extra = match options.propagation.as_str() {
        "Foreground" => "foregroundDeletion",
        "Orphan" => "orphan",
        _ => return new,
    };
    let mut all: Vec<Value> = finalizers(old).into_iter().map(Value::from).collect();
    if !all.iter().any(|known| known == extra) {
        all.push(json!(extra));
    }
    set(&mut new, &["metadata", "finalizers"], Value::Array(all));
    new
}

/// pkg/registry/core/pod/strategy.go: pods that never ran or have ended need no grace.
fn grace(kind: &Kind, pod: &Value, options: &DeleteOptions) -> i64 {
    if kind.resource != "pods" {
        return 0;
    }
    let ended = matches!(text(pod, &["status", "phase"]), "Succeeded" | "Failed");
    if ended || text(pod, &["spec", "nodeName"]).is_empty() {
        return 0;
    }
    let own = at(pod, &["spec", "terminationGracePeriodSeconds"]).as_i64().unwrap_or(30);
    options.grace_seconds.unwrap_or(own).max(0)
}
