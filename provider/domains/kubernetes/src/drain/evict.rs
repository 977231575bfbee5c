//! Evictions, again and again until the pods are gone.

use std::collections::{BTreeMap, HashMap};

use http::Method;
use serde_json::json;
use transport_ssh::Budget;

use super::budgets::covering;
use super::choose::PodRef;
use super::{Blocked, DrainError, DrainPolicy, Progress, Terminating};
use crate::api::{ApiError, Kube, Object, Selector, kinds};

/// The answer to one eviction.
enum Answered {
    /// It is on its way out, or gone.
    Going,
    /// Not now.
    Refused(String),
}

/// Evicts pods, and waits until they and those that are on their way out are gone.
pub(super) async fn evict(
    kube: &Kube,
    node: &str,
    policy: &DrainPolicy,
    (mut pending, mut going): (Vec<PodRef>, Vec<PodRef>),
    budget: &Budget,
    progress: Progress<'_>,
) -> Result<(), DrainError> {
    let mut refused: Vec<(PodRef, String)> = Vec::new();
    loop {
        let round = Box::pin(one_round(kube, policy, &pending, budget)).await;
        match round {
            Ok((accepted, not)) => {
                pending = not.iter().map(|(pod, _)| pod.clone()).collect();
                going.extend(accepted);
                refused = not;
            }
            Err(ApiError::Interrupted { why, .. }) => {
                return Err(stuck(kube, node, (refused, going), why).await);
            }
            // A server that restarts, as during an upgrade, is asked again.
            Err(error) if error.may_pass() => progress(&format!("{error}; trying again")),
            Err(error) => return Err(error.into()),
        }
        match still_there(kube, node, &going, budget).await {
            Ok(left) => going = left,
            Err(ApiError::Interrupted { why, .. }) => {
                return Err(stuck(kube, node, (refused, going), why).await);
            }
            Err(error) if error.may_pass() => {}
            Err(error) => return Err(error.into()),
        }
        if pending.is_empty() && going.is_empty() {
            return Ok(());
        }
        progress(&format!("{node}: {} pods to evict, {} ending", pending.len(), going.len()));
        if let Err(why) = budget.sleep(policy.pause, || "pods to end".into()).await {
            return Err(stuck(kube, node, (refused, going), why).await);
        }
    }
}

/// Asks once for each pod to go: those that go, and those that are refused.
async fn one_round(
    kube: &Kube,
    policy: &DrainPolicy,
    pods: &[PodRef],
    budget: &Budget,
) -> Result<(Vec<PodRef>, Vec<(PodRef, String)>), ApiError> {
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for pod in pods {
        match eviction(kube, policy, pod, budget).await? {
            Answered::Going => accepted.push(pod.clone()),
            Answered::Refused(why) => refused.push((pod.clone(), why)),
        }
    }
    Ok((accepted, refused))
}

async fn eviction(
    kube: &Kube,
    policy: &DrainPolicy,
    pod: &PodRef,
    budget: &Budget,
) -> Result<Answered, ApiError> {
    let mut options = json!({"preconditions": {"uid": pod.uid}});
    if let Some((grace, options)) = policy.grace.zip(options.as_object_mut()) {
        options.insert("gracePeriodSeconds".to_owned(), grace.as_secs().into());
    }
    let body = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": options,
        "metadata": {"name": pod.name, "namespace": pod.namespace},
    });
    let of = (Some(pod.namespace.as_str()), pod.name.as_str());
    match kube.part(Method::POST, &kinds::POD, of, "eviction", &body, budget).await {
        Ok(_) => Ok(Answered::Going),
        // Another pod of the same name is another's concern: it is looked at when the node is read again.
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(Answered::Going),
        Err(error) if error.is_too_many_requests() => Ok(Answered::Refused(said(&error))),
        Err(error) => match error.status() {
            // More than one budget covers the pod: only a human can end that.
            Some(status) if status.code == 500 && status.message.contains("PodDisruptionBudget") => {
                Ok(Answered::Refused(status.message.clone()))
            }
            // The whole namespace is going; so is the pod.
            Some(status)
                if status.details.causes.iter().any(|cause| cause.reason == "NamespaceTerminating") =>
            {
                Ok(Answered::Going)
            }
            _ => Err(error),
        },
    }
}

fn said(error: &ApiError) -> String {
    let Some(status) = error.status() else { return error.to_string() };
    let causes: Vec<&str> = status.details.causes.iter().map(|cause| cause.message.as_str()).collect();
    if causes.is_empty() { status.message.clone() } else { causes.join("; ") }
}

/// Those of these pods that are still on the node.
async fn still_there(
    kube: &Kube,
    node: &str,
    pods: &[PodRef],
    budget: &Budget,
) -> Result<Vec<PodRef>, ApiError> {
    if pods.is_empty() {
        return Ok(Vec::new());
    }
    let now = kube.pods_on(node, budget).await?;
    let there = |pod: &&PodRef| now.iter().any(|object| object.uid() == pod.uid);
    Ok(pods.iter().filter(there).cloned().collect())
}

/// Who is in the way. Asked with a little time of its own: the budget is what ended.
async fn stuck(
    kube: &Kube,
    node: &str,
    (refused, going): (Vec<(PodRef, String)>, Vec<PodRef>),
    why: transport_ssh::Interrupted,
) -> DrainError {
    let budget = Budget::within(std::time::Duration::from_secs(10));
    let objects = kube.pods_on(node, &budget).await.unwrap_or_default();
    let by_uid: HashMap<&str, &Object> = objects.iter().map(|object| (object.uid(), object)).collect();
    let mut budgets: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for (pod, _) in &refused {
        if !budgets.contains_key(&pod.namespace) {
            let listed = kube.list(&kinds::BUDGET, Some(&pod.namespace), &Selector::default(), &budget).await;
            budgets.insert(pod.namespace.clone(), listed.unwrap_or_default());
        }
    }
    let blocked = refused.into_iter().map(|(pod, why)| {
        let labels = by_uid.get(pod.uid.as_str()).map(|object| object.labels()).unwrap_or_default();
        let budgets =
            budgets.get(&pod.namespace).map(|budgets| covering(budgets, &labels)).unwrap_or_default();
        Blocked { pod, budgets, why }
    });
    let terminating = going.into_iter().filter_map(|pod| {
        let object = by_uid.get(pod.uid.as_str())?;
        let finalizers = object.finalizers().into_iter().map(str::to_owned).collect();
        Some(Terminating { pod, finalizers })
    });
    let (blocked, terminating) = (blocked.collect(), terminating.collect());
    DrainError::NotEmpty { node: node.to_owned(), blocked, terminating, why }
}
