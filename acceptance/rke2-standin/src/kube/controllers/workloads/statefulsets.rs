//! StatefulSets: pods with names and volumes of their own, one after the other.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::objects::{at, is_deleting, list, name, namespace, number, set, text};
use super::super::super::status::ApiResult;
use super::super::context::Context;
use super::{count, is_active, is_ready, pod_of, pods_of, template_hash};

pub(crate) const WAKES: &[&str] = &["statefulsets/", "pods/"];
const RESOURCE: &str = "statefulsets.apps";
const REVISION: &str = "controller-revision-hash";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for owner in context.all(RESOURCE).iter().filter(|owner| !is_deleting(owner)) {
        keep(&context, owner).await?;
    }
    Ok(None)
}

fn ordinal(owner: &Value, pod: &Value) -> Option<i64> {
    name(pod).strip_prefix(name(owner))?.strip_prefix('-')?.parse().ok()
}

async fn keep(context: &Context, owner: &Value) -> ApiResult<()> {
    let revision = format!("{}-{}", name(owner), template_hash(at(owner, &["spec", "template"])));
    let pods = pods_of(context, owner);
    let wanted = number(owner, &["spec", "replicas"]).unwrap_or(1);
    let in_order = text(owner, &["spec", "podManagementPolicy"]) != "Parallel";
    let pod = |index: i64| pods.iter().find(|pod| ordinal(owner, pod) == Some(index));
    let mut settled = true;
    for index in 0..wanted {
        match pod(index) {
            None => {
                claims(context, owner, index).await?;
                let own = format!("{}-{index}", name(owner));
                let mut fresh = pod_of(
                    owner,
                    Some(&own),
                    &[(REVISION, &revision), ("statefulset.kubernetes.io/pod-name", &own)],
                );
                mount(owner, &own, &mut fresh);
                context.client.ensure("pods", namespace(owner), fresh).await?;
                settled = false;
            }
            Some(pod)
                if matches!(text(pod, &["status", "phase"]), "Failed" | "Succeeded") && !is_deleting(pod) =>
            {
                context.client.delete("pods", namespace(pod), name(pod)).await?;
                settled = false;
            }
            Some(pod) if !is_ready(pod) || is_deleting(pod) => settled = false,
            Some(_) => {}
        }
        if in_order && !settled {
            break;
        }
    }
    // Down from the highest, one at a time.
    let mut surplus: Vec<&Arc<Value>> =
        pods.iter().filter(|pod| ordinal(owner, pod).is_none_or(|index| index >= wanted)).collect();
    surplus.sort_by_key(|pod| std::cmp::Reverse(ordinal(owner, pod)));
    if let Some(pod) = surplus.first().filter(|pod| !is_deleting(pod)) {
        context.client.delete("pods", namespace(pod), name(pod)).await?;
    }
    if settled && surplus.is_empty() {
        update(context, owner, &pods, &revision).await?;
    }
    status(context, owner, &pods, &revision).await
}

/// RollingUpdate: the highest pod of another revision goes, down to the partition.
async fn update(context: &Context, owner: &Value, pods: &[Arc<Value>], revision: &str) -> ApiResult<()> {
    if text(owner, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return Ok(());
    }
    let partition = number(owner, &["spec", "updateStrategy", "rollingUpdate", "partition"]).unwrap_or(0);
    let old = pods
        .iter()
        .filter(|pod| text(pod, &["metadata", "labels", REVISION]) != revision)
        .filter(|pod| ordinal(owner, pod).is_some_and(|index| index >= partition))
        .max_by_key(|pod| ordinal(owner, pod));
    match old {
        Some(pod) => context.client.delete("pods", namespace(pod), name(pod)).await,
        None => Ok(()),
    }
}

/// One claim for each template and pod. They stay when the pod goes.
async fn claims(context: &Context, owner: &Value, index: i64) -> ApiResult<()> {
    for template in list(owner, &["spec", "volumeClaimTemplates"]) {
        let mut labels = at(template, &["metadata", "labels"]).clone();
        for (key, value) in at(owner, &["spec", "selector", "matchLabels"]).as_object().into_iter().flatten()
        {
            set(&mut labels, &[key], value.clone());
        }
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": { "name": format!("{}-{}-{index}", name(template), name(owner)), "labels": labels },
            "spec": template["spec"],
        });
        context.client.ensure("persistentvolumeclaims", namespace(owner), claim).await?;
    }
    Ok(())
}

fn mount(owner: &Value, pod_name: &str, pod: &mut Value) {
    let mut volumes = list(pod, &["spec", "volumes"]).to_vec();
    for template in list(owner, &["spec", "volumeClaimTemplates"]) {
        let claim = format!("{}-{pod_name}", name(template));
        volumes.push(json!({ "name": name(template), "persistentVolumeClaim": { "claimName": claim } }));
    }
    if !volumes.is_empty() {
        set(pod, &["spec", "volumes"], Value::Array(volumes));
    }
}

async fn status(context: &Context, owner: &Value, pods: &[Arc<Value>], revision: &str) -> ApiResult<()> {
    let active: Vec<&Arc<Value>> = pods.iter().filter(|pod| is_active(pod)).collect();
    let updated: Vec<&&Arc<Value>> =
        active.iter().filter(|pod| text(pod, &["metadata", "labels", REVISION]) == revision).collect();
    let ready = count(active.iter().filter(|pod| is_ready(pod)).count());
    let known = text(owner, &["status", "currentRevision"]);
    let done = updated.len() == active.len()
        && count(updated.len()) == number(owner, &["spec", "replicas"]).unwrap_or(1)
        && ready == count(updated.len());
    let current = if known.is_empty() || done { revision } else { known };
    let fresh = json!({
        "observedGeneration": number(owner, &["metadata", "generation"]).unwrap_or(1),
        "replicas": count(active.len()), "readyReplicas": ready, "availableReplicas": ready,
        "updatedReplicas": count(updated.len()),
        "currentReplicas": count(active.iter().filter(|pod| text(pod, &["metadata", "labels", REVISION]) == current).count()),
        "currentRevision": current, "updateRevision": revision, "collisionCount": 0,
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
