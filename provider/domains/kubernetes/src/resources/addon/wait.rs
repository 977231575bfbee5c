//! Seeing an add-on through: the job of its release, its workloads, its kinds. What does not come up is told with its cause.

use std::time::Duration;

use serde_json::Value;
use tf_framework::{Diagnostics, Result};
use transport_ssh::Budget;

use super::apply::Placed;
use super::guards::owned_by_release;
use super::manifests::ObjectId;
use super::release::CHARTS;
use super::target::{PAUSE, Target, lines};
use crate::api::{Condition, Object, Selector, kinds};

/// How long the controller of charts may take to make another job, where it has to.
const NEW_JOB: Duration = Duration::from_secs(60);

/// How long a release may be without a job before Helm is asked how it stands.
const NO_JOB: Duration = Duration::from_secs(20);

/// What is waited for while there is no job.
const NO_JOB_YET: &str = "the job of the release to be made";

/// Events that are shown.
const EVENTS: usize = 3;

/// Lines of a log that are shown.
const LOG_LINES: u32 = 25;

/// Waits until a kind that was defined can be used.
pub(super) async fn established(target: &Target<'_>, id: &ObjectId) -> Result<()> {
    loop {
        let object = target.live(id).await?;
        let conditions = object.map(|object| object.conditions()).unwrap_or_default();
        if conditions.iter().any(|condition| condition.kind == "Established" && condition.is_true()) {
            return Ok(());
        }
        let slept = target.budget.sleep(PAUSE, || format!("{id} to be established")).await;
        slept.map_err(|why| {
            let told =
                conditions.iter().map(|condition| format!("{}: {}", condition.kind, condition.message));
            target.refused(&format!("{id} is not established"), format!("{why}.{}", lines(told)))
        })?;
    }
}

/// How a release stands.
enum Standing {
    Deployed,
    Working(&'static str),
    Failed(String),
}

/// Waits until the release is deployed. `stale` is the job that did the installation before.
pub(super) async fn release(target: &Target<'_>, stale: Option<&str>) -> Result<()> {
    let patience = Budget::within(NEW_JOB);
    // The pods of a job that failed are taken away with it: what they said is remembered.
    let mut trouble = Vec::new();
    // A change that leads back to what is deployed takes no job: where none is made, Helm's own word counts.
    let settled = Budget::within(NO_JOB);
    loop {
        let stale = stale.filter(|_| patience.affords(Duration::ZERO));
        let what = match standing(target, stale).await? {
            Standing::Working(what) if what == NO_JOB_YET && !settled.affords(Duration::ZERO) => {
                match deployed(target, Standing::Working(what)).await? {
                    Standing::Deployed => return Ok(()),
                    _ => what,
                }
            }
            Standing::Deployed => return Ok(()),
            Standing::Failed(why) => return Err(failed(target, &why, &trouble).await),
            Standing::Working(what) => what,
        };
        let seen = pods_trouble(target, CHARTS, &format!("helm-install-{}", target.addon)).await;
        trouble = if seen.is_empty() { trouble } else { seen };
        tracing::info!(addon = target.addon, what, "waiting for the release");
        if let Err(why) = target.budget.sleep(PAUSE, || what.to_owned()).await {
            return Err(failed(target, &why.to_string(), &trouble).await);
        }
    }
}

async fn failed(target: &Target<'_>, why: &str, remembered: &[String]) -> Diagnostics {
    let job = format!("helm-install-{}", target.addon);
    // What ended the wait may be the budget: a little time to look at the cause.
    let budget = Budget::within(Duration::from_secs(15));
    let later = Target { budget: &budget, secrets: target.secrets.clone(), ..*target };
    let mut told = pods_trouble(&later, CHARTS, &job).await;
    if told.is_empty() {
        told = remembered.to_vec();
    }
    told.extend(warnings(&later, CHARTS, &job).await);
    target.refused(
        "its release was not deployed",
        format!(
            "{why}.{}\n\nThe HelmChart stays in the cluster with what is configured. Correct the chart's values or version and \
             apply again.",
            lines(told)
        ),
    )
}

async fn standing(target: &Target<'_>, stale: Option<&str>) -> Result<Standing> {
    let unread = |error| target.failed("its release could not be read", &error);
    let (kube, budget) = (target.kube, target.budget);
    let chart = kube.get(&kinds::HELM_CHART, Some(CHARTS), target.addon, budget).await.map_err(unread)?;
    let Some(chart) = chart else {
        return Ok(Standing::Failed("The HelmChart was deleted by others".to_owned()));
    };
    let job = format!("helm-install-{}", target.addon);
    let job = kube.get(&kinds::JOB, Some(CHARTS), &job, budget).await.map_err(unread)?;
    let Some(job) = job else { return Ok(Standing::Working(NO_JOB_YET)) };
    if stale == Some(job.uid()) {
        return Ok(Standing::Working("the job of the release to be made anew"));
    }
    let condition = |object: &Object, kind: &str| object.condition(kind).filter(Condition::is_true);
    if let Some(condition) = condition(&job, "Failed") {
        return Ok(Standing::Failed(format!("The job of the release failed: {}", condition.message)));
    }
    // The chart's own word may still be about the attempt before, unless this job failed, too.
    if let Some(condition) = condition(&chart, "Failed").filter(|_| job.number("/status/failed") > Some(0)) {
        return Ok(Standing::Failed(format!("The installation failed: {}", condition.message)));
    }
    if job.number("/status/succeeded") < Some(1) {
        return Ok(Standing::Working("the job of the release to end"));
    }
    deployed(target, Standing::Deployed).await
}

/// What Helm itself wrote about the newest revision; `silent` where it wrote nothing.
async fn deployed(target: &Target<'_>, silent: Standing) -> Result<Standing> {
    let selector = Selector::labels(format!("owner=helm,name={}", target.addon));
    let secrets = target.kube.list(&kinds::SECRET, Some(target.namespace), &selector, target.budget).await;
    let secrets = secrets.map_err(|error| target.failed("its release could not be read", &error))?;
    let revision = |secret: &Object| -> Option<(u64, String)> {
        let labels = secret.labels();
        Some((labels.get("version")?.parse().ok()?, labels.get("status")?.clone()))
    };
    let newest = secrets.iter().filter_map(revision).max();
    Ok(match newest.as_ref().map(|(number, status)| (number, status.as_str())) {
        None => silent,
        Some((_, "deployed")) => Standing::Deployed,
        Some((_, status)) if status.starts_with("pending") => Standing::Working("Helm to finish"),
        Some((number, status)) => Standing::Failed(format!("Revision {number} of the release is {status}")),
    })
}

/// What is known of a job that does not end well.
pub(super) async fn job_trouble(target: &Target<'_>, namespace: &str, job: &str) -> Vec<String> {
    let mut told = pods_trouble(target, namespace, job).await;
    told.extend(warnings(target, namespace, job).await);
    if told.is_empty() { vec![format!("Job {namespace}/{job} has no pods")] } else { told }
}

/// What the pods of a job say of themselves, where they are in trouble; the end of the log too.
async fn pods_trouble(target: &Target<'_>, namespace: &str, job: &str) -> Vec<String> {
    let selector = Selector::labels(format!("job-name={job}"));
    let pods =
        target.kube.list(&kinds::POD, Some(namespace), &selector, target.budget).await.unwrap_or_default();
    let mut told: Vec<String> = pods.iter().flat_map(pod_trouble).collect();
    let newest = pods.iter().max_by_key(|pod| pod.text("/metadata/creationTimestamp").to_owned());
    if let Some(pod) = newest.filter(|_| !told.is_empty())
        && let Ok(log) = target.kube.log(namespace, pod.name(), LOG_LINES, target.budget).await
        && !log.expose().trim().is_empty()
    {
        let log: String = log.expose().trim_end().lines().map(|line| format!("\n    {line}")).collect();
        told.push(format!("log of pod {namespace}/{}:{log}", pod.name()));
    }
    told
}

/// What the cluster noted about a job and its pods.
async fn warnings(target: &Target<'_>, namespace: &str, job: &str) -> Vec<String> {
    let events = target.kube.list(&kinds::EVENT, Some(namespace), &Selector::default(), target.budget).await;
    let mut events = events.unwrap_or_default();
    let prefix = format!("{job}-");
    events.retain(|event| {
        let name = event.text("/involvedObject/name");
        event.text("/type") == "Warning" && (name == job || name.starts_with(&prefix))
    });
    events.sort_by_key(|event| event.text("/lastTimestamp").to_owned());
    let newest = events.iter().rev().take(EVENTS);
    newest.map(|event| format!("{}: {}", event.text("/reason"), event.text("/message"))).collect()
}

/// Waits until every workload is rolled out, of the objects and of the release.
pub(super) async fn rollout(target: &Target<'_>, applied: &[Placed]) -> Result<()> {
    loop {
        let mut waiting = Vec::new();
        for object in workloads(target, applied).await? {
            match progress(&object) {
                Rollout::Done => {}
                Rollout::Failed(why) => {
                    return Err(target.refused("a job failed", format!("{}: {why}", place(&object))));
                }
                Rollout::Waiting(why) => waiting.push((object, why)),
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        tracing::info!(
            addon = target.addon,
            workloads = waiting.len(),
            "waiting for workloads to be rolled out"
        );
        if let Err(why) = target.budget.sleep(PAUSE, || "workloads to be rolled out".to_owned()).await {
            return Err(not_up(target, &waiting, &why.to_string()).await);
        }
    }
}

async fn workloads(target: &Target<'_>, applied: &[Placed]) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    for placed in applied {
        if matches!(placed.id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "Pod") {
            found.extend(target.live(&placed.id).await?);
        }
    }
    if applied.iter().any(|placed| placed.id.kind == "HelmChart") {
        for kind in [&kinds::DEPLOYMENT, &kinds::STATEFUL_SET, &kinds::DAEMON_SET] {
            found.extend(owned_by_release(target, kind, Some(target.namespace)).await?);
        }
    }
    Ok(found)
}

enum Rollout {
    Done,
    Waiting(String),
    Failed(String),
}

/// How far a workload is.
fn progress(object: &Object) -> Rollout {
    let number = |pointer: &str| object.number(pointer).unwrap_or_default();
    if number("/status/observedGeneration") < number("/metadata/generation")
        && object.kind() != "Job"
        && object.kind() != "Pod"
    {
        return Rollout::Waiting("its change has not been seen yet".to_owned());
    }
    let of = |have: i64, want: i64, what: &str| {
        if have >= want { Rollout::Done } else { Rollout::Waiting(format!("{have} of {want} {what}")) }
    };
    let replicas = object.number("/spec/replicas").unwrap_or(1);
    let steps = match object.kind() {
        "Deployment" => [
            of(number("/status/updatedReplicas"), replicas, "replicas are new"),
            of(number("/status/availableReplicas"), replicas, "replicas are available"),
        ],
        "StatefulSet" => {
            let new = if object.text("/spec/updateStrategy/type") == "OnDelete" {
                Rollout::Done
            } else {
                of(number("/status/updatedReplicas"), replicas, "replicas are new")
            };
            [new, of(number("/status/readyReplicas"), replicas, "replicas are ready")]
        }
        "DaemonSet" => {
            let wanted = number("/status/desiredNumberScheduled");
            [
                of(number("/status/updatedNumberScheduled"), wanted, "pods are new"),
                of(number("/status/numberAvailable"), wanted, "pods are available"),
            ]
        }
        "Job" => return job(object),
        _ => {
            let ready = object.condition("Ready").is_some_and(|condition| condition.is_true());
            let over = object.text("/status/phase") == "Succeeded";
            let waiting = || Rollout::Waiting("it is not ready".to_owned());
            return if ready || over { Rollout::Done } else { waiting() };
        }
    };
    steps.into_iter().find(|step| !matches!(step, Rollout::Done)).unwrap_or(Rollout::Done)
}

fn job(object: &Object) -> Rollout {
    let condition = |kind: &str| object.condition(kind).filter(Condition::is_true);
    if let Some(failed) = condition("Failed") {
        return Rollout::Failed(failed.message);
    }
    if condition("Complete").is_some() {
        Rollout::Done
    } else {
        Rollout::Waiting("it has not ended".to_owned())
    }
}

async fn not_up(target: &Target<'_>, waiting: &[(Object, String)], why: &str) -> Diagnostics {
    let budget = Budget::within(Duration::from_secs(15));
    let mut told = Vec::new();
    for (workload, why) in waiting {
        told.push(format!("{}: {why}", place(workload)));
        let pods = target.kube.list(&kinds::POD, workload.namespace(), &Selector::default(), &budget).await;
        let of_it = |pod: &&Object| pod.name().starts_with(&format!("{}-", workload.name()));
        told.extend(pods.unwrap_or_default().iter().filter(of_it).flat_map(pod_trouble));
    }
    target.refused(
        "workloads do not come up",
        format!(
            "{why}. Not rolled out:{}\n\nEverything stays in the cluster as it is configured. Correct it and apply again, or set \
             `wait = false`.",
            lines(told)
        ),
    )
}

fn place(object: &Object) -> String {
    let kind = object.kind();
    object.namespace().map_or_else(
        || format!("{kind} {}", object.name()),
        |namespace| format!("{kind} {namespace}/{}", object.name()),
    )
}

/// Why a pod does not run.
fn pod_trouble(pod: &Object) -> Vec<String> {
    let mut told = Vec::new();
    let scheduled = pod.condition("PodScheduled").filter(|condition| !condition.is_true());
    if let Some(condition) = scheduled {
        told.push(format!("{}: no node takes it: {}", place(pod), condition.message));
    }
    let containers =
        pod.list("/status/initContainerStatuses").iter().chain(pod.list("/status/containerStatuses"));
    for container in containers {
        let text = |pointer: &str| container.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let code = |pointer: &str| container.pointer(pointer).and_then(Value::as_i64);
        let name = text("/name");
        let mut why = Vec::new();
        if !text("/state/waiting/reason").is_empty() {
            why.push(
                format!("{} {}", text("/state/waiting/reason"), text("/state/waiting/message"))
                    .trim()
                    .to_owned(),
            );
        }
        for state in ["/state/terminated", "/lastState/terminated"] {
            if let Some(exit) = code(&format!("{state}/exitCode")).filter(|exit| *exit != 0) {
                let message = text(&format!("{state}/message"));
                let said = why.iter().any(|line: &String| line.contains(message));
                let message = if said { "" } else { message };
                why.push(format!("ended with {exit} {message}").trim().to_owned());
            }
        }
        if !why.is_empty() {
            told.push(format!("{}, container {name}: {}", place(pod), why.join("; ")));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(object: Value) -> String {
        match progress(&Object(object)) {
            Rollout::Done => "done".to_owned(),
            Rollout::Waiting(why) | Rollout::Failed(why) => why,
        }
    }

    #[test]
    fn workloads_are_rolled_out_when_their_newest_is_available() {
        let deployment = |generation: i64, updated: i64, available: i64| {
            json!({"kind": "Deployment", "metadata": {"generation": generation}, "spec": {"replicas": 2},
                "status": {"observedGeneration": 2, "updatedReplicas": updated, "availableReplicas": available}})
        };
        assert_eq!(told(deployment(2, 2, 2)), "done");
        assert_eq!(told(deployment(3, 2, 2)), "its change has not been seen yet");
        assert_eq!(told(deployment(2, 1, 2)), "1 of 2 replicas are new");
        assert_eq!(told(deployment(2, 2, 1)), "1 of 2 replicas are available");
        let set = json!({"kind": "DaemonSet", "status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}});
        assert_eq!(told(set), "2 of 3 pods are available");
        let job = json!({"kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True", "message": "no"}]}});
        assert_eq!(told(job), "no");
    }

    #[test]
    fn the_cause_of_a_pod_that_does_not_run_is_told() {
        let pod = json!({"kind": "Pod", "metadata": {"name": "web-0", "namespace": "x"}, "status": {"containerStatuses": [
            {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}},
            {"name": "side", "state": {"running": {}}}]}});
        assert_eq!(pod_trouble(&Object(pod)), ["Pod x/web-0, container web: ImagePullBackOff no such image"]);
    }
}
