//! Nodes that stopped reporting, cordons as taints, and pods of nodes that are gone
//! (kubernetes/pkg/controller/nodelifecycle, pkg/controller/podgc).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::delete::DeleteOptions;
use super::super::objects::{self, at, list, name, namespace, set, text};
use super::super::status::ApiResult;
use super::context::Context;

/// Leases are left out: that one was renewed changes nothing, that none was renewed shows at the next look.
pub(crate) const WAKES: &[&str] = &["minions/", "pods/"];
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    let nodes = context.all("nodes");
    let grace = context.kube.settings.timings.node_grace;
    for node in nodes.iter().filter(|node| !objects::is_deleting(node)) {
        let silent = silence(&context, node).is_some_and(|silence| silence > grace);
        let known = text(objects::condition(node, "Ready").unwrap_or(&Value::Null), &["status"]).to_owned();
        if silent && known != "Unknown" {
            mark_unknown(&context, node).await?;
        }
        let status = if silent { "Unknown" } else { known.as_str() };
        taint(&context, node, status).await?;
        if status != "True" && !known.is_empty() {
            mark_pods(&context, node).await?;
        }
    }
    collect_pods(&context, &nodes).await?;
    Ok((!nodes.is_empty()).then(|| (grace / 8).clamp(Duration::from_secs(1), Duration::from_secs(5))))
}

/// For how long a node said nothing: the younger of its lease and its last heartbeat.
fn silence(context: &Context, node: &Value) -> Option<time::Duration> {
    let lease = context.one("leases.coordination.k8s.io", "kube-node-lease", name(node));
    let renewed = lease.as_ref().and_then(|lease| objects::parse_time(text(lease, &["spec", "renewTime"])));
    let ready = objects::condition(node, "Ready");
    let beat = ready.and_then(|ready| objects::parse_time(text(ready, &["lastHeartbeatTime"])));
    let created = objects::parse_time(text(node, &["metadata", "creationTimestamp"]));
    let last = renewed.max(beat).or(created)?;
    Some(OffsetDateTime::now_utc() - last)
}

async fn mark_unknown(context: &Context, node: &Value) -> ApiResult<()> {
    let message = "Kubelet stopped posting node status.";
    context
        .client
        .modify("nodes", "", name(node), "status", |node| {
            for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
                if kind == "Ready" || objects::condition(node, kind).is_some() {
                    objects::set_condition(node, kind, "Unknown", "NodeStatusUnknown", message);
                }
            }
        })
        .await?;
    context
        .client
        .event(node, "Normal", "NodeNotReady", &format!("Node {} status is now: NodeNotReady", name(node)))
        .await;
    Ok(())
}

/// The taints the controller owns follow the state; all others stay.
async fn taint(context: &Context, node: &Value, ready: &str) -> ApiResult<()> {
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    if at(node, &["spec", "unschedulable"]) == true {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    match ready {
        "Unknown" => wanted.extend([(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]),
        "False" => wanted.extend([(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]),
        _ => {}
    }
    let owned = |taint: &Value| matches!(text(taint, &["key"]), UNSCHEDULABLE | UNREACHABLE | NOT_READY);
    let is = |taint: &Value, wanted: &(&str, &str)| taint["key"] == wanted.0 && taint["effect"] == wanted.1;
    let known: Vec<&Value> = list(node, &["spec", "taints"]).iter().filter(|taint| owned(taint)).collect();
    let settled = known.len() == wanted.len()
        && wanted.iter().all(|wanted| known.iter().any(|taint| is(taint, wanted)));
    if settled {
        return Ok(());
    }
    context
        .client
        .modify("nodes", "", name(node), "", |node| {
            let mut taints: Vec<Value> = list(node, &["spec", "taints"])
                .iter()
                .filter(|taint| !owned(taint) || wanted.iter().any(|wanted| is(taint, wanted)))
                .cloned()
                .collect();
            for wanted in &wanted {
                if !taints.iter().any(|taint| is(taint, wanted)) {
                    taints.push(json!({ "key": wanted.0, "effect": wanted.1, "timeAdded": objects::now() }));
                }
            }
            if taints.is_empty() {
                objects::unset(node, &["spec", "taints"]);
            } else {
                set(node, &["spec", "taints"], Value::Array(taints));
            }
        })
        .await?;
    Ok(())
}

/// Pods of a node that is not ready are not ready, and after a while deleted (taint-eviction).
async fn mark_pods(context: &Context, node: &Value) -> ApiResult<()> {
    let since = objects::condition(node, "Ready")
        .and_then(|ready| objects::parse_time(text(ready, &["lastTransitionTime"])));
    let overdue = since
        .is_some_and(|since| OffsetDateTime::now_utc() - since > context.kube.settings.timings.pod_eviction);
    for pod in context.all("pods").iter().filter(|pod| text(pod, &["spec", "nodeName"]) == name(node)) {
        let by_daemon = objects::controller(pod)
            .is_some_and(|owner| matches!(text(owner, &["kind"]), "DaemonSet" | "Node"));
        if objects::is_true(pod, "Ready") {
            context
                .client
                .modify("pods", namespace(pod), name(pod), "status", |pod| {
                    objects::set_condition(pod, "Ready", "False", "NodeNotReady", "");
                })
                .await?;
        }
        if overdue && !by_daemon && !objects::is_deleting(pod) {
            context.client.delete("pods", namespace(pod), name(pod)).await?;
        }
    }
    Ok(())
}

/// podgc: pods of nodes that are no more are deleted by force.
async fn collect_pods(context: &Context, nodes: &[Arc<Value>]) -> ApiResult<()> {
    let at_once = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    for pod in context.all("pods") {
        let node = text(&pod, &["spec", "nodeName"]);
        if node.is_empty() || nodes.iter().any(|known| name(known) == node) {
            continue;
        }
        // The cache may be older than the node: etcd decides.
        if context.client.get("nodes", "", node).await?.is_none() {
            context.client.delete_with("pods", namespace(&pod), name(&pod), &at_once).await?;
        }
    }
    Ok(())
}
