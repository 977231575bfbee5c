//! The kubelets' side of pods, for all nodes at once: pods that were bound run after a moment, pods that were deleted
//! end after a moment, on nodes that report. Nothing is started: the status is all there is.
//!
//! Switches by image: a name that contains `never-ready` runs and is never ready, `crash-loop` restarts for ever,
//! `image-missing` cannot be pulled; a pod of a Job whose image contains `fails` ends with an error.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::delete::DeleteOptions;
use super::super::objects::{self, annotation, at, is_deleting, list, name, namespace, number, set, text};
use super::super::status::ApiResult;
use super::context::Context;
use super::helm;

pub(crate) const WAKES: &[&str] = &["pods/", "minions/"];

/// Pods of static manifests belong to the process that writes them.
fn is_mirror(pod: &Value) -> bool {
    !annotation(pod, "kubernetes.io/config.mirror").is_empty()
}

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    let mut next: Option<Duration> = None;
    let nodes = context.all("nodes");
    let timings = context.kube.settings.timings;
    for pod in context.all("pods") {
        let node = text(&pod, &["spec", "nodeName"]);
        let reports = nodes.iter().any(|known| name(known) == node && objects::is_true(known, "Ready"));
        if node.is_empty() || !reports {
            continue;
        }
        let wait = if is_deleting(&pod) {
            end(&context, &pod, timings.pod_stop).await?
        } else if is_mirror(&pod) {
            None
        } else {
            advance(&context, &pod, timings.pod_start).await?
        };
        next = match (next, wait) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(next)
}

/// Containers get their time to end, as much as they take and at most their grace period.
async fn end(context: &Context, pod: &Value, stop: Duration) -> ApiResult<Option<Duration>> {
    let grace = number(pod, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0);
    let Some(deadline) = objects::parse_time(text(pod, &["metadata", "deletionTimestamp"])) else {
        return Ok(None);
    };
    let asked = deadline - time::Duration::seconds(grace);
    let over = asked + stop.min(Duration::from_secs(grace.unsigned_abs()));
    let now = OffsetDateTime::now_utc();
    if now < over {
        return Ok(Some((over - now).unsigned_abs()));
    }
    let at_once = DeleteOptions {
        grace_seconds: Some(0),
        uid: objects::uid(pod).to_owned(),
        ..DeleteOptions::default()
    };
    match context.client.delete_with("pods", namespace(pod), name(pod), &at_once).await {
        Err(status) if status.code != 409 => Err(status),
        _ => Ok(None),
    }
}

async fn advance(context: &Context, pod: &Value, start: Duration) -> ApiResult<Option<Duration>> {
    let phase = text(pod, &["status", "phase"]);
    let once = text(pod, &["spec", "restartPolicy"]) != "Always";
    let images = images(pod);
    let has = |switch: &str| images.iter().any(|image| image.contains(switch));
    let bound = objects::condition(pod, "PodScheduled")
        .and_then(|condition| objects::parse_time(text(condition, &["lastTransitionTime"])))
        .or_else(|| objects::parse_time(text(pod, &["metadata", "creationTimestamp"])));
    let age = bound
        .map_or(Duration::ZERO, |bound| (OffsetDateTime::now_utc() - bound).try_into().unwrap_or_default());
    match phase {
        "Succeeded" | "Failed" => return Ok(None),
        "Running" if once => return finish(context, pod, age, start, has("fails")).await,
        "Running" => {
            // A node that came back makes its pods ready again.
            let ready = !has("never-ready") && !has("crash-loop");
            if ready != objects::is_true(pod, "Ready") {
                write(context, pod, "Running", &State::Running { ready }).await?;
            }
        }
        _ if has("image-missing") => {
            if list(pod, &["status", "containerStatuses"]).is_empty() {
                write(context, pod, "Pending", &State::Waiting("ImagePullBackOff")).await?;
                let message = format!("Failed to pull image \"{}\": not found", images.join(" "));
                context.client.event(pod, "Warning", "Failed", &message).await;
            }
        }
        _ => {
            if age < start {
                return Ok(Some(start - age));
            }
            if has("crash-loop") {
                write(context, pod, "Running", &State::Waiting("CrashLoopBackOff")).await?;
                context.client.event(pod, "Warning", "BackOff", "Back-off restarting failed container").await;
            } else {
                write(context, pod, "Running", &State::Running { ready: !has("never-ready") }).await?;
            }
            return Ok(once.then_some(start));
        }
    }
    Ok(None)
}

/// Pods that end. One of a chart does its work now; with `OnFailure` a container that failed starts again.
async fn finish(
    context: &Context,
    pod: &Value,
    age: Duration,
    start: Duration,
    fails: bool,
) -> ApiResult<Option<Duration>> {
    let restarts = list(pod, &["status", "containerStatuses"])
        .iter()
        .filter_map(|container| number(container, &["restartCount"]))
        .max()
        .unwrap_or(0);
    // Each time it waits longer (CrashLoopBackOff), up to twenty times the first.
    let run = start * (2 + u32::try_from(restarts * 4).unwrap_or(u32::MAX).min(40));
    if age < run {
        return Ok(Some(run - age));
    }
    let done = if fails { Err("exit code 1".to_owned()) } else { helm::perform(context, pod).await };
    let again = text(pod, &["spec", "restartPolicy"]) == "OnFailure";
    match done {
        Ok(()) => write(context, pod, "Succeeded", &State::Terminated(0)).await?,
        Err(why) if again => {
            write(context, pod, "Running", &State::Failing(restarts + 1, why.clone())).await?;
            context
                .client
                .event(pod, "Warning", "BackOff", &format!("Back-off restarting failed container: {why}"))
                .await;
            return Ok(Some(start * 4));
        }
        Err(_) => write(context, pod, "Failed", &State::Terminated(1)).await?,
    }
    Ok(None)
}

fn images(pod: &Value) -> Vec<String> {
    list(pod, &["spec", "containers"])
        .iter()
        .map(|container| text(container, &["image"]).to_owned())
        .collect()
}

enum State {
    Running {
        ready: bool,
    },
    Waiting(&'static str),
    Terminated(i64),
    /// Waits to be started again; how often it was, and its last word.
    Failing(i64, String),
}

async fn write(context: &Context, pod: &Value, phase: &str, state: &State) -> ApiResult<()> {
    let ready = matches!(state, State::Running { ready: true });
    let written = context
        .client
        .modify("pods", namespace(pod), name(pod), "status", |pod| {
            set(pod, &["status", "phase"], json!(phase));
            if at(pod, &["status", "startTime"]).is_null() {
                set(pod, &["status", "startTime"], json!(objects::now()));
            }
            let containers: Vec<Value> = list(pod, &["spec", "containers"])
                .iter()
                .map(|container| container_status(container, state))
                .collect();
            set(pod, &["status", "containerStatuses"], Value::Array(containers));
            let status = if ready { "True" } else { "False" };
            let reason = match state {
                State::Running { ready: true } => "",
                State::Terminated(_) => "PodCompleted",
                _ => "ContainersNotReady",
            };
            objects::set_condition(pod, "Initialized", "True", "", "");
            objects::set_condition(pod, "ContainersReady", status, reason, "");
            objects::set_condition(pod, "Ready", status, reason, "");
        })
        .await;
    match written {
        Err(status) if status.code != 404 => Err(status),
        _ => Ok(()),
    }
}

fn container_status(container: &Value, state: &State) -> Value {
    let image = text(container, &["image"]);
    let (ready, restarts, now) = match state {
        State::Running { ready } => (*ready, 0, json!({ "running": { "startedAt": objects::now() } })),
        State::Waiting(reason) => (false, 1, json!({ "waiting": { "reason": reason } })),
        State::Failing(restarts, why) => {
            let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error", "message": why, "finishedAt": objects::now() } });
            return json!({
                "name": container["name"], "image": image, "imageID": "", "ready": false, "started": false,
                "restartCount": restarts, "lastState": ended,
                "state": { "waiting": { "reason": "CrashLoopBackOff", "message": why } },
            });
        }
        State::Terminated(exit) => {
            let reason = if *exit == 0 { "Completed" } else { "Error" };
            (
                false,
                0,
                json!({ "terminated": { "exitCode": exit, "reason": reason, "finishedAt": objects::now() } }),
            )
        }
    };
    json!({
        "name": container["name"], "image": image, "imageID": "", "ready": ready, "started": ready,
        "restartCount": restarts, "state": now,
    })
}
