//! ReplicaSets: so many pods of one template.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::objects::{at, is_deleting, name, namespace, number, set, text};
use super::super::super::status::ApiResult;
use super::super::context::Context;
use super::{count, is_active, is_ready, pod_of, pods_of};

pub(crate) const WAKES: &[&str] = &["replicasets/", "pods/"];
const RESOURCE: &str = "replicasets.apps";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for set in context.all(RESOURCE).iter().filter(|set| !is_deleting(set)) {
        scale(&context, set).await?;
    }
    Ok(None)
}

async fn scale(context: &Context, owner: &Value) -> ApiResult<()> {
    let pods = pods_of(context, owner);
    let mut active: Vec<_> = pods.iter().filter(|pod| is_active(pod)).collect();
    let wanted = usize::try_from(number(owner, &["spec", "replicas"]).unwrap_or(1)).unwrap_or(0);
    for _ in active.len()..wanted {
        context.client.create("pods", namespace(owner), pod_of(owner, None, &[])).await?;
    }
    if active.len() > wanted {
        // controller_utils.go ActivePods: those that are not bound, not ready or young go first.
        active.sort_by_key(|pod| {
            (
                !text(pod, &["spec", "nodeName"]).is_empty(),
                is_ready(pod),
                std::cmp::Reverse(text(pod, &["metadata", "creationTimestamp"]).to_owned()),
            )
        });
        for pod in active.iter().take(active.len() - wanted) {
            context.client.delete("pods", namespace(pod), name(pod)).await?;
        }
    }
    let ready = count(active.iter().filter(|pod| is_ready(pod)).count());
    let status = json!({
        "replicas": count(active.len()), "fullyLabeledReplicas": count(active.len()), "readyReplicas": ready,
        "availableReplicas": ready, "observedGeneration": number(owner, &["metadata", "generation"]).unwrap_or(1),
    });
    if at(owner, &["status"]) != &status {
        context
            .client
            .modify(RESOURCE, namespace(owner), name(owner), "status", |owner| {
                set(owner, &["status"], status.clone());
            })
            .await?;
    }
    Ok(())
}
