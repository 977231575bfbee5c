//! DaemonSets: a pod on every node that suits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::objects::{at, is_deleting, name, namespace, number, set, text};
use super::super::super::status::ApiResult;
use super::super::context::Context;
use super::super::scheduler::{selects, tolerates};
use super::{count, is_active, is_ready, pod_of, pods_of, template_hash};

pub(crate) const WAKES: &[&str] = &["daemonsets/", "pods/", "minions/"];
const RESOURCE: &str = "daemonsets.apps";
const REVISION: &str = "controller-revision-hash";
/// pkg/controller/daemon/util: what daemons bear without saying so.
const BORNE: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
];

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for owner in context.all(RESOURCE).iter().filter(|owner| !is_deleting(owner)) {
        keep(&context, owner).await?;
    }
    Ok(None)
}

async fn keep(context: &Context, owner: &Value) -> ApiResult<()> {
    let revision = template_hash(at(owner, &["spec", "template"]));
    let sample = pod_of(owner, None, &[]);
    let nodes: Vec<Arc<Value>> = context
        .all("nodes")
        .into_iter()
        .filter(|node| !is_deleting(node) && tolerates(&sample, node, BORNE) && selects(&sample, node))
        .collect();
    let pods = pods_of(context, owner);
    let on = |node: &Value| pods.iter().find(|pod| text(pod, &["spec", "nodeName"]) == name(node));
    for node in &nodes {
        match on(node) {
            None => {
                let mut pod = pod_of(owner, None, &[(REVISION, &revision)]);
                set(&mut pod, &["spec", "nodeName"], json!(name(node)));
                let borne: Vec<Value> = BORNE
                    .iter()
                    .map(|key| json!({ "key": key, "operator": "Exists" }))
                    .chain(at(&pod, &["spec", "tolerations"]).as_array().into_iter().flatten().cloned())
                    .collect();
                set(&mut pod, &["spec", "tolerations"], Value::Array(borne));
                context.client.create("pods", namespace(owner), pod).await?;
            }
            Some(pod) if !is_active(pod) && !is_deleting(pod) => {
                context.client.delete("pods", namespace(pod), name(pod)).await?;
            }
            Some(_) => {}
        }
    }
    for pod in pods.iter().filter(|pod| !is_deleting(pod)) {
        if !nodes.iter().any(|node| name(node) == text(pod, &["spec", "nodeName"])) {
            context.client.delete("pods", namespace(pod), name(pod)).await?;
        }
    }
    update(context, owner, &pods, &revision, nodes.len()).await?;
    status(context, owner, &pods, &nodes, &revision).await
}

/// One pod of another revision goes at a time (maxUnavailable 1), and only while all others are ready.
async fn update(
    context: &Context,
    owner: &Value,
    pods: &[Arc<Value>],
    revision: &str,
    wanted: usize,
) -> ApiResult<()> {
    if text(owner, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return Ok(());
    }
    let old = |pod: &&Arc<Value>| text(pod, &["metadata", "labels", REVISION]) != revision;
    let ready = pods.iter().filter(|pod| is_active(pod) && is_ready(pod)).count();
    let broken = pods.iter().filter(old).find(|pod| is_active(pod) && !is_ready(pod));
    let next = if ready >= wanted { pods.iter().find(old) } else { broken };
    match next.filter(|pod| !is_deleting(pod)) {
        Some(pod) => context.client.delete("pods", namespace(pod), name(pod)).await,
        None => Ok(()),
    }
}

async fn status(
    context: &Context,
    owner: &Value,
    pods: &[Arc<Value>],
    nodes: &[Arc<Value>],
    revision: &str,
) -> ApiResult<()> {
    let active: Vec<&Arc<Value>> = pods.iter().filter(|pod| is_active(pod)).collect();
    let ready = count(active.iter().filter(|pod| is_ready(pod)).count());
    let wanted = count(nodes.len());
    let updated =
        active.iter().filter(|pod| text(pod, &["metadata", "labels", REVISION]) == revision).count();
    let fresh = json!({
        "observedGeneration": number(owner, &["metadata", "generation"]).unwrap_or(1),
        "desiredNumberScheduled": wanted, "currentNumberScheduled": count(active.len()), "numberMisscheduled": 0,
        "numberReady": ready, "numberAvailable": ready, "numberUnavailable": (wanted - ready).max(0),
        "updatedNumberScheduled": count(updated),
    });
    if at(owner, &["status"]) != &fresh {
        context
            .client
            .modify(RESOURCE, namespace(owner), name(owner), "status", |owner| {
                set(owner, &["status"], fresh.clone());
            })
            .await?;
    }
    Ok(())
}
