//! Where pods go (kubernetes/pkg/scheduler, of its plugins: readiness, cordons, taints, node selectors and required
//! anti-affinity by host; the node with the fewest pods wins. Resources are not counted).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::objects::{self, at, is_deleting, labels, list, name, namespace, text};
use super::super::selectors::Labels;
use super::super::status::ApiResult;
use super::context::Context;

pub(crate) const WAKES: &[&str] = &["pods/", "minions/"];

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    let pods = context.all("pods");
    let nodes = context.all("nodes");
    let mut load: HashMap<String, usize> = HashMap::new();
    for pod in &pods {
        *load.entry(text(pod, &["spec", "nodeName"]).to_owned()).or_default() += 1;
    }
    for pod in pods.iter().filter(|pod| text(pod, &["spec", "nodeName"]).is_empty() && !is_deleting(pod)) {
        let fitting = nodes.iter().filter(|node| fits(pod, node, &pods));
        let best =
            fitting.min_by_key(|node| (load.get(name(node)).copied().unwrap_or(0), name(node).to_owned()));
        match best {
            Some(node) => {
                *load.entry(name(node).to_owned()).or_default() += 1;
                bind(&context, pod, name(node)).await?;
            }
            None => refuse(&context, pod, nodes.len()).await?,
        }
    }
    Ok(None)
}

async fn bind(context: &Context, pod: &Value, node: &str) -> ApiResult<()> {
    let kind = context.client.kind("pods")?;
    let place = super::super::api::Place { kind: &kind, namespace: namespace(pod), name: name(pod) };
    match context.kube.bind(place, &json!({ "target": { "kind": "Node", "name": node } })).await {
        Err(status) if !matches!(status.code, 404 | 409) => Err(status),
        _ => Ok(()),
    }
}

async fn refuse(context: &Context, pod: &Value, nodes: usize) -> ApiResult<()> {
    let message =
        format!("0/{nodes} nodes are available: none is ready, schedulable, tolerated and selected.");
    let known = objects::condition(pod, "PodScheduled").map(|condition| text(condition, &["message"]));
    if known == Some(message.as_str()) {
        return Ok(());
    }
    context
        .client
        .modify("pods", namespace(pod), name(pod), "status", |pod| {
            objects::set_condition(pod, "PodScheduled", "False", "Unschedulable", &message);
        })
        .await?;
    context.client.event(pod, "Warning", "FailedScheduling", &message).await;
    Ok(())
}

fn fits(pod: &Value, node: &Value, pods: &[Arc<Value>]) -> bool {
    objects::is_true(node, "Ready")
        && !is_deleting(node)
        && tolerates(pod, node, &[])
        && selects(pod, node)
        && !repelled(pod, node, pods)
}

/// Whether every taint that keeps pods away is tolerated, by the pod or by itself in this list.
pub(super) fn tolerates(pod: &Value, node: &Value, also: &[&str]) -> bool {
    let cordon = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
    let cordoned = (at(node, &["spec", "unschedulable"]) == true).then_some(&cordon);
    list(node, &["spec", "taints"])
        .iter()
        .chain(cordoned)
        .filter(|taint| taint["effect"] != "PreferNoSchedule")
        .all(|taint| also.contains(&text(taint, &["key"])) || is_tolerated(pod, taint))
}

fn is_tolerated(pod: &Value, taint: &Value) -> bool {
    list(pod, &["spec", "tolerations"]).iter().any(|toleration| {
        let (key, effect) = (text(toleration, &["key"]), text(toleration, &["effect"]));
        let exists = toleration["operator"] == "Exists";
        let value = exists || text(toleration, &["value"]) == text(taint, &["value"]);
        (effect.is_empty() || taint["effect"] == effect)
            && ((key.is_empty() && exists) || (taint["key"] == key && value))
    })
}

/// `nodeSelector`, by labels.
pub(super) fn selects(pod: &Value, node: &Value) -> bool {
    Labels::of_object(&json!({ "matchLabels": at(pod, &["spec", "nodeSelector"]) })).matches(labels(node))
}

/// Required anti-affinity by host.
fn repelled(pod: &Value, node: &Value, pods: &[Arc<Value>]) -> bool {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    list(pod, &["spec", "affinity", "podAntiAffinity", required])
        .iter()
        .filter(|term| text(term, &["topologyKey"]) == "kubernetes.io/hostname")
        .any(|term| {
            let selector = Labels::of_object(at(term, &["labelSelector"]));
            pods.iter().any(|other| {
                text(other, &["spec", "nodeName"]) == name(node)
                    && namespace(other) == namespace(pod)
                    && selector.matches(labels(other))
            })
        })
}
