//! Owners and what they own (kubernetes/pkg/controller/garbagecollector), and definitions that take their instances
//! along.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::delete::DeleteOptions;
use super::super::hub::DEFINITIONS;
use super::super::kinds::Kind;
use super::super::objects::{finalizers, is_deleting, list, name, namespace, set, text, uid};
use super::super::status::ApiResult;
use super::context::Context;

/// Everything can own or be owned.
pub(crate) const WAKES: &[&str] = &[""];

struct Known {
    kind: Arc<Kind>,
    object: Arc<Value>,
}

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    let kinds = context.kube.kinds.all();
    let mut known: Vec<Known> = Vec::new();
    for (key, object) in context.kube.hub.everything() {
        if key.starts_with("/registry/events/") || key.starts_with("/registry/leases/") {
            continue;
        }
        let kind = kinds.iter().find(|kind| {
            key.strip_prefix(kind.prefix.as_str()).is_some_and(|rest| rest.starts_with('/'))
                && text(&object, &["kind"]) == kind.kind
        });
        if let Some(kind) = kind {
            known.push(Known { kind: Arc::clone(kind), object });
        }
    }
    let alive: HashSet<&str> = known.iter().map(|known| uid(&known.object)).collect();
    let mut owned: HashMap<&str, Vec<&Known>> = HashMap::new();
    for one in &known {
        for owner in list(&one.object, &["metadata", "ownerReferences"]) {
            owned.entry(text(owner, &["uid"])).or_default().push(one);
        }
    }
    for one in &known {
        orphaned(&context, one, &alive).await?;
        if is_deleting(&one.object) {
            let below = owned.get(uid(&one.object)).map_or(&[][..], Vec::as_slice);
            ending(&context, one, below).await?;
        }
    }
    instances(&context).await?;
    Ok(None)
}

/// An object all of whose owners are gone goes too. That an owner is gone is asked of etcd, not of the cache.
async fn orphaned(context: &Context, one: &Known, alive: &HashSet<&str>) -> ApiResult<()> {
    let owners = list(&one.object, &["metadata", "ownerReferences"]);
    if owners.is_empty() || is_deleting(&one.object) {
        return Ok(());
    }
    if owners.iter().any(|owner| alive.contains(text(owner, &["uid"]))) {
        return Ok(());
    }
    for owner in owners {
        let Some(kind) = context.kube.kinds.of(text(owner, &["apiVersion"]), text(owner, &["kind"])) else {
            return Ok(());
        };
        let found =
            context.client.get(&kind.qualified(), namespace(&one.object), text(owner, &["name"])).await?;
        if found.is_some_and(|found| uid(&found) == text(owner, &["uid"])) {
            return Ok(());
        }
    }
    let same = DeleteOptions { uid: uid(&one.object).to_owned(), ..DeleteOptions::default() };
    let deleted = context
        .client
        .delete_with(&one.kind.qualified(), namespace(&one.object), name(&one.object), &same)
        .await;
    match deleted {
        Err(status) if status.code != 409 => Err(status),
        _ => Ok(()),
    }
}

/// Foreground deletion waits for the dependents that block; orphaning frees them.
async fn ending(context: &Context, one: &Known, below: &[&Known]) -> ApiResult<()> {
    let (resource, space, own) = (one.kind.qualified(), namespace(&one.object), name(&one.object));
    let waits_for = finalizers(&one.object);
    if waits_for.contains(&"foregroundDeletion") {
        for dependent in below.iter().filter(|dependent| !is_deleting(&dependent.object)) {
            let foreground =
                DeleteOptions { propagation: "Foreground".to_owned(), ..DeleteOptions::default() };
            context
                .client
                .delete_with(
                    &dependent.kind.qualified(),
                    namespace(&dependent.object),
                    name(&dependent.object),
                    &foreground,
                )
                .await?;
        }
        if below.is_empty() {
            context.client.finalize(&resource, space, own, "foregroundDeletion").await?;
        }
    }
    if waits_for.contains(&"orphan") {
        for dependent in below {
            let owner = uid(&one.object).to_owned();
            let freed = context
                .client
                .modify(
                    &dependent.kind.qualified(),
                    namespace(&dependent.object),
                    name(&dependent.object),
                    "",
                    |object| {
                        let kept: Vec<Value> = list(object, &["metadata", "ownerReferences"])
                            .iter()
                            .filter(|reference| text(reference, &["uid"]) != owner)
                            .cloned()
                            .collect();
                        set(object, &["metadata", "ownerReferences"], Value::Array(kept));
                    },
                )
                .await;
            if let Err(status) = freed
                && status.code != 404
            {
                return Err(status);
            }
        }
        context.client.finalize(&resource, space, own, "orphan").await?;
    }
    Ok(())
}

/// apiextensions-apiserver/pkg/controller/finalizer: a definition goes after its last instance.
async fn instances(context: &Context) -> ApiResult<()> {
    const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";
    for definition in context.kube.hub.objects(DEFINITIONS) {
        if !is_deleting(&definition) || !finalizers(&definition).contains(&FINALIZER) {
            continue;
        }
        let group = text(&definition, &["spec", "group"]);
        let resource = format!("{}.{group}", text(&definition, &["spec", "names", "plural"]));
        let found = context.client.list(&resource, None, "").await.unwrap_or_default();
        for object in found.iter().filter(|object| !is_deleting(object)) {
            context.client.delete(&resource, namespace(object), name(object)).await?;
        }
        if found.is_empty() {
            let own = name(&definition);
            context
                .client
                .finalize("customresourcedefinitions.apiextensions.k8s.io", "", own, FINALIZER)
                .await?;
        }
    }
    Ok(())
}
