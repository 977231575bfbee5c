//! Deployments: ReplicaSets that follow one another.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::super::objects::{self, at, is_deleting, name, namespace, number, parse_time, set, text};
use super::super::super::status::ApiResult;
use super::super::context::Context;
use super::{count, is_active, is_ready, pods_of, scaled, template_hash};

pub(crate) const WAKES: &[&str] = &["deployments/", "replicasets/", "pods/"];
const RESOURCE: &str = "deployments.apps";
const SETS: &str = "replicasets.apps";
const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    let mut next = None;
    for deployment in context.all(RESOURCE).iter().filter(|deployment| !is_deleting(deployment)) {
        if let Some(deadline) = roll(&context, deployment).await? {
            next = Some(next.map_or(deadline, |known: Duration| known.min(deadline)));
        }
    }
    Ok(next)
}

fn replicas(object: &Value) -> i64 {
    number(object, &["spec", "replicas"]).unwrap_or(0)
}

/// As far as they are still wanted: the status may be of a moment ago, when there were more.
fn available(set: &Value) -> i64 {
    number(set, &["status", "availableReplicas"]).unwrap_or(0).min(replicas(set))
}

async fn roll(context: &Context, deployment: &Value) -> ApiResult<Option<Duration>> {
    let hash = template_hash(at(deployment, &["spec", "template"]));
    let own: Vec<Arc<Value>> = context
        .all(SETS)
        .into_iter()
        .filter(|set| namespace(set) == namespace(deployment) && objects::is_controlled_by(set, deployment))
        .collect();
    let current = own.iter().find(|set| text(set, &["metadata", "labels", HASH]) == hash).cloned();
    let old: Vec<Arc<Value>> =
        own.iter().filter(|set| text(set, &["metadata", "labels", HASH]) != hash).cloned().collect();
    if at(deployment, &["spec", "paused"]) == true {
        return status(context, deployment, current.as_deref(), &own).await;
    }
    let Some(current) = current else {
        // The set is told its size at the next look, which its creation wakes.
        create_set(context, deployment, &hash, &own).await?;
        return Ok(None);
    };
    let wanted = replicas(deployment);
    if text(deployment, &["spec", "strategy", "type"]) == "Recreate" {
        for set in old.iter().filter(|set| replicas(set) > 0) {
            resize(context, set, 0).await?;
        }
        // The new ones come when the last old pod is gone.
        if old.iter().all(|set| pods_of(context, set).is_empty()) {
            resize(context, &current, wanted).await?;
        }
    } else {
        step(context, deployment, &current, &old, wanted).await?;
    }
    let keep =
        usize::try_from(number(deployment, &["spec", "revisionHistoryLimit"]).unwrap_or(10)).unwrap_or(10);
    let mut spent: Vec<&Arc<Value>> = old
        .iter()
        .filter(|set| replicas(set) == 0 && number(set, &["status", "replicas"]).unwrap_or(0) == 0)
        .collect();
    spent.sort_by_key(|set| text(set, &["metadata", "annotations", REVISION]).parse::<i64>().unwrap_or(0));
    for set in spent.iter().take(spent.len().saturating_sub(keep)) {
        context.client.delete(SETS, namespace(set), name(set)).await?;
    }
    status(context, deployment, Some(&current), &own).await
}

/// rolling.go: up as far as the surge allows, down as far as enough stay available.
async fn step(
    context: &Context,
    deployment: &Value,
    current: &Value,
    old: &[Arc<Value>],
    wanted: i64,
) -> ApiResult<()> {
    let rolling = at(deployment, &["spec", "strategy", "rollingUpdate"]);
    let surge = scaled(&rolling["maxSurge"], wanted, true);
    let mut missing = scaled(&rolling["maxUnavailable"], wanted, false);
    if surge == 0 && missing == 0 {
        missing = 1;
    }
    let old_total: i64 = old.iter().map(|set| replicas(set)).sum();
    let room = (wanted + surge - old_total - replicas(current)).max(0);
    let target = if replicas(current) > wanted { wanted } else { (replicas(current) + room).min(wanted) };
    resize(context, current, target).await?;
    let all_available = available(current).min(target) + old.iter().map(|set| available(set)).sum::<i64>();
    let mut may_go = all_available - (wanted - missing);
    for set in old.iter().filter(|set| replicas(set) > 0) {
        // What is not available anyway goes without being counted.
        let dead = (replicas(set) - available(set)).max(0);
        let less = (dead + may_go.max(0)).min(replicas(set));
        may_go -= (less - dead).max(0);
        resize(context, set, replicas(set) - less).await?;
    }
    Ok(())
}

async fn resize(context: &Context, set: &Value, size: i64) -> ApiResult<()> {
    if replicas(set) != size {
        let patch = json!({ "spec": { "replicas": size } });
        context.client.merge_patch(SETS, namespace(set), name(set), "", &patch).await?;
    }
    Ok(())
}

async fn create_set(context: &Context, deployment: &Value, hash: &str, own: &[Arc<Value>]) -> ApiResult<()> {
    let revision = own
        .iter()
        .filter_map(|set| text(set, &["metadata", "annotations", REVISION]).parse::<i64>().ok())
        .max()
        .unwrap_or(0)
        + 1;
    let mut template = at(deployment, &["spec", "template"]).clone();
    set(&mut template, &["metadata", "labels", HASH], json!(hash));
    let mut selector = at(deployment, &["spec", "selector"]).clone();
    set(&mut selector, &["matchLabels", HASH], json!(hash));
    let fresh = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)), "labels": template["metadata"]["labels"],
            "annotations": { REVISION: revision.to_string() },
            "ownerReferences": [objects::owner_reference(deployment)],
        },
        "spec": { "replicas": 0, "selector": selector, "template": template },
    });
    context.client.ensure(SETS, namespace(deployment), fresh).await?;
    let patch = json!({ "metadata": { "annotations": { REVISION: revision.to_string() } } });
    context.client.merge_patch(RESOURCE, namespace(deployment), name(deployment), "", &patch).await?;
    Ok(())
}

/// sync.go and progress.go. Returns when the deadline of the progress is to be looked at.
async fn status(
    context: &Context,
    deployment: &Value,
    current: Option<&Value>,
    own: &[Arc<Value>],
) -> ApiResult<Option<Duration>> {
    let pods: Vec<Arc<Value>> =
        own.iter().flat_map(|set| pods_of(context, set)).filter(|pod| is_active(pod)).collect();
    let ready = count(pods.iter().filter(|pod| is_ready(pod)).count());
    let of_current = |pod: &&Arc<Value>| current.is_some_and(|set| objects::is_controlled_by(pod, set));
    let updated = count(pods.iter().filter(of_current).count());
    let wanted = replicas(deployment);
    let rolling = at(deployment, &["spec", "strategy", "rollingUpdate"]);
    let missing = scaled(&rolling["maxUnavailable"], wanted, false);
    let mut fresh = deployment.clone();
    for (key, value) in [
        ("observedGeneration", number(deployment, &["metadata", "generation"]).unwrap_or(1)),
        ("replicas", count(pods.len())),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", ready),
        ("unavailableReplicas", (count(pods.len()).max(wanted) - ready).max(0)),
    ] {
        set(&mut fresh, &["status", key], json!(value));
    }
    let moved = ["updatedReplicas", "availableReplicas", "replicas", "observedGeneration"]
        .iter()
        .any(|key| fresh["status"][*key] != deployment["status"][*key]);
    let enough = ready >= wanted - missing;
    let (value, reason, message) = match enough {
        true => ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        false => ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
    };
    objects::set_condition(&mut fresh, "Available", value, reason, message);
    let complete = updated == wanted && count(pods.len()) == wanted && ready == wanted;
    let left = progress(&mut fresh, current, complete, moved);
    if at(&fresh, &["status"]) != at(deployment, &["status"]) {
        context
            .client
            .modify(RESOURCE, namespace(deployment), name(deployment), "status", |deployment| {
                set(deployment, &["status"], fresh["status"].clone());
            })
            .await?;
    }
    Ok(left)
}

fn progress(fresh: &mut Value, current: Option<&Value>, complete: bool, moved: bool) -> Option<Duration> {
    let known = objects::condition(fresh, "Progressing").cloned();
    let set_name = current.map_or("", name).to_owned();
    let deadline = number(fresh, &["spec", "progressDeadlineSeconds"]).unwrap_or(600);
    let last = known.as_ref().and_then(|known| parse_time(text(known, &["lastUpdateTime"])));
    let silent = last.map_or(0, |last| (OffsetDateTime::now_utc() - last).whole_seconds());
    let (value, reason, message) = if complete {
        ("True", "NewReplicaSetAvailable", format!("ReplicaSet \"{set_name}\" has successfully progressed."))
    } else if !moved && known.is_some() && silent > deadline {
        ("False", "ProgressDeadlineExceeded", format!("ReplicaSet \"{set_name}\" has timed out progressing."))
    } else {
        ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set_name}\" is progressing."))
    };
    let changed = objects::set_condition(fresh, "Progressing", value, reason, &message);
    if changed || (moved && !complete) {
        for condition in fresh["status"]["conditions"].as_array_mut().into_iter().flatten() {
            if condition["type"] == "Progressing" {
                condition["lastUpdateTime"] = json!(objects::now());
            }
        }
    }
    (!complete && value == "True").then(|| Duration::from_secs((deadline - silent).max(1).unsigned_abs()))
}
