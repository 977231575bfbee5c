//! Jobs: pods that end.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::objects::{self, at, is_deleting, list, name, namespace, number, set, text};
use super::super::super::status::ApiResult;
use super::super::context::Context;
use super::{count, is_active, pod_of, pods_of};

pub(crate) const WAKES: &[&str] = &["jobs/", "pods/"];
const RESOURCE: &str = "jobs.batch";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for job in context.all(RESOURCE).iter().filter(|job| !is_deleting(job)) {
        if !objects::is_true(job, "Complete") && !objects::is_true(job, "Failed") {
            work(&context, job).await?;
        }
    }
    Ok(None)
}

async fn work(context: &Context, job: &Value) -> ApiResult<()> {
    let pods = pods_of(context, job);
    let ended = |phase: &str| pods.iter().filter(|pod| text(pod, &["status", "phase"]) == phase).count();
    let (succeeded, failed) = (count(ended("Succeeded")), count(ended("Failed")));
    let active: Vec<_> = pods.iter().filter(|pod| is_active(pod)).collect();
    // With restartPolicy OnFailure the restarts of containers count too.
    let restarts: i64 = active
        .iter()
        .flat_map(|pod| list(pod, &["status", "containerStatuses"]))
        .filter_map(|container| number(container, &["restartCount"]))
        .sum();
    let limit = number(job, &["spec", "backoffLimit"]).unwrap_or(6);
    let wanted = number(job, &["spec", "completions"]).unwrap_or(1);
    let mut fresh = job.clone();
    if at(job, &["status", "startTime"]).is_null() {
        set(&mut fresh, &["status", "startTime"], json!(objects::now()));
    }
    if succeeded >= wanted {
        set(&mut fresh, &["status", "completionTime"], json!(objects::now()));
        objects::set_condition(
            &mut fresh,
            "Complete",
            "True",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        );
    } else if failed > limit || (restarts > 0 && restarts >= limit) {
        let message = "Job has reached the specified backoff limit";
        objects::set_condition(&mut fresh, "Failed", "True", "BackoffLimitExceeded", message);
        for pod in &active {
            context.client.delete("pods", namespace(pod), name(pod)).await?;
        }
        context.client.event(job, "Warning", "BackoffLimitExceeded", message).await;
    } else if active.is_empty() && at(job, &["spec", "suspend"]) != true {
        context.client.create("pods", namespace(job), pod_of(job, None, &[])).await?;
    }
    for (key, value) in [
        ("succeeded", succeeded),
        ("failed", failed.max(i64::from(restarts > 0 && failed == 0))),
        ("active", count(active.len())),
    ] {
        if value > 0 || !at(job, &["status", key]).is_null() {
            set(&mut fresh, &["status", key], json!(value));
        }
    }
    if objects::is_true(&fresh, "Complete") || objects::is_true(&fresh, "Failed") {
        set(&mut fresh, &["status", "active"], json!(0));
    }
    if fresh["status"] != job["status"] {
        let status = fresh["status"].clone();
        context
            .client
            .modify(RESOURCE, namespace(job), name(job), "status", |job| {
                set(job, &["status"], status.clone());
            })
            .await?;
    }
    Ok(())
}
