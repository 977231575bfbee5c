//! Namespaces: their default service account and root certificate, and their end
//! (kubernetes/pkg/controller/namespace/deletion).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::objects::{self, is_deleting, list, name, namespace, set};
use super::super::status::ApiResult;
use super::context::Context;

pub(crate) const WAKES: &[&str] = &["namespaces/", "serviceaccounts/"];

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    let mut ending = false;
    for found in context.all("namespaces") {
        let own = name(&found);
        if is_deleting(&found) {
            ending = true;
            end(&context, &found).await?;
        } else if context.one("serviceaccounts", own, "default").is_none() {
            let account =
                json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" } });
            context.client.ensure("serviceaccounts", own, account).await?;
        }
    }
    Ok(ending.then(|| Duration::from_millis(400)))
}

/// Deletes everything in a namespace; when nothing is left, the namespace may go.
async fn end(context: &Context, found: &Value) -> ApiResult<()> {
    let own = name(found);
    let mut left = 0_usize;
    let mut waiting = Vec::new();
    for kind in context.kube.kinds.all().iter().filter(|kind| kind.namespaced) {
        let resource = kind.qualified();
        for object in context.client.list(&resource, Some(own), "").await? {
            left += 1;
            if is_deleting(&object) {
                waiting.extend(objects::finalizers(&object).into_iter().map(str::to_owned));
            } else {
                context.client.delete(&resource, namespace(&object), name(&object)).await?;
            }
        }
    }
    if left > 0 {
        if !waiting.is_empty() {
            waiting.sort();
            waiting.dedup();
            let message = format!(
                "Some content in the namespace has finalizers remaining: {}",
                waiting
                    .iter()
                    .map(|finalizer| format!("{finalizer} in resource instances"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            context
                .client
                .modify("namespaces", "", own, "status", |namespace| {
                    objects::set_condition(
                        namespace,
                        "NamespaceFinalizersRemaining",
                        "True",
                        "SomeFinalizersRemain",
                        &message,
                    );
                })
                .await?;
        }
        return Ok(());
    }
    let gone = context
        .client
        .modify("namespaces", "", own, "finalize", |namespace| {
            let kept: Vec<Value> = list(namespace, &["spec", "finalizers"])
                .iter()
                .filter(|finalizer| *finalizer != "kubernetes")
                .cloned()
                .collect();
            set(namespace, &["spec", "finalizers"], Value::Array(kept));
        })
        .await;
    match gone {
        Err(status) if status.code != 404 => Err(status),
        _ => Ok(()),
    }
}
