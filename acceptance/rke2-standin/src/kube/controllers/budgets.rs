//! The status of PodDisruptionBudgets (kubernetes/pkg/controller/disruption).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::super::objects::{self, at, labels, name, namespace, number, set, text};
use super::super::selectors::Labels;
use super::super::status::ApiResult;
use super::context::Context;

pub(crate) const WAKES: &[&str] =
    &["pods/", "poddisruptionbudgets/", "deployments/", "statefulsets/", "replicasets/"];
const RESOURCE: &str = "poddisruptionbudgets.policy";
/// A pod that was allowed to go and still stands after this time is counted again.
const DISRUPTION: time::Duration = time::Duration::minutes(2);

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for budget in context.all(RESOURCE) {
        let status = status(&context, &budget);
        let known =
            ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods", "observedGeneration"]
                .iter()
                .all(|key| at(&budget, &["status", key]) == &status[*key]);
        if known && at(&budget, &["status", "disruptedPods"]) == &status["disruptedPods"] {
            continue;
        }
        context
            .client
            .modify(RESOURCE, namespace(&budget), name(&budget), "status", |budget| {
                let conditions = at(budget, &["status", "conditions"]).clone();
                budget["status"] = status.clone();
                if !conditions.is_null() {
                    set(budget, &["status", "conditions"], conditions);
                }
                let allowed = number(&status, &["disruptionsAllowed"]).unwrap_or(0) > 0;
                let (value, reason) =
                    if allowed { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
                objects::set_condition(budget, "DisruptionAllowed", value, reason, "");
            })
            .await?;
    }
    Ok(None)
}

fn status(context: &Context, budget: &Value) -> Value {
    let selector = Labels::of_object(at(budget, &["spec", "selector"]));
    let pods: Vec<Arc<Value>> = context
        .all("pods")
        .into_iter()
        .filter(|pod| namespace(pod) == namespace(budget) && selector.matches(labels(pod)))
        .filter(|pod| !matches!(text(pod, &["status", "phase"]), "Succeeded" | "Failed"))
        .collect();
    // Those that were allowed to go are out, though they still stand.
    let disrupted: Map<String, Value> = at(budget, &["status", "disruptedPods"])
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, since)| {
            let stands = pods.iter().any(|pod| objects::name(pod) == *name && !objects::is_deleting(pod));
            let since = since.as_str().and_then(objects::parse_time);
            stands && since.is_some_and(|since| OffsetDateTime::now_utc() - since < DISRUPTION)
        })
        .map(|(name, since)| (name.clone(), since.clone()))
        .collect();
    let healthy = pods
        .iter()
        .filter(|pod| !objects::is_deleting(pod) && objects::is_true(pod, "Ready"))
        .filter(|pod| !disrupted.contains_key(name(pod)))
        .count();
    let healthy = i64::try_from(healthy).unwrap_or(i64::MAX);
    let expected = expected(context, &pods);
    let desired = desired(budget, expected);
    json!({
        "currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected,
        "disruptionsAllowed": if expected > 0 { (healthy - desired).max(0) } else { 0 },
        "disruptedPods": disrupted,
        "observedGeneration": number(budget, &["metadata", "generation"]).unwrap_or(1),
    })
}

/// The replicas of the controllers behind the pods; pods without one count for themselves.
fn expected(context: &Context, pods: &[Arc<Value>]) -> i64 {
    let mut owners: Vec<(String, i64)> = Vec::new();
    let mut alone = 0;
    for pod in pods {
        let Some(owner) = objects::controller(pod) else {
            alone += 1;
            continue;
        };
        let resource = match text(owner, &["kind"]) {
            "ReplicaSet" => "replicasets.apps",
            "StatefulSet" => "statefulsets.apps",
            _ => {
                alone += 1;
                continue;
            }
        };
        let Some(mut found) = context.one(resource, namespace(pod), text(owner, &["name"])) else { continue };
        if let Some(above) = objects::controller(&found).filter(|above| above["kind"] == "Deployment")
            && let Some(deployment) = context.one("deployments.apps", namespace(pod), text(above, &["name"]))
        {
            found = deployment;
        }
        let uid = objects::uid(&found).to_owned();
        if !owners.iter().any(|(known, _)| *known == uid) {
            owners.push((uid, number(&found, &["spec", "replicas"]).unwrap_or(1)));
        }
    }
    owners.iter().map(|(_, replicas)| replicas).sum::<i64>() + alone
}

/// Percentages round up, both ways (intstr.GetScaledValueFromIntOrPercent with roundUp).
fn desired(budget: &Value, expected: i64) -> i64 {
    let scaled = |value: &Value| match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            (expected * percent + 99) / 100
        }
        other => other.as_i64().unwrap_or(0),
    };
    let spec = at(budget, &["spec"]);
    if !spec["maxUnavailable"].is_null() {
        return (expected - scaled(&spec["maxUnavailable"])).max(0);
    }
    if spec["minAvailable"].is_null() { 1 } else { scaled(&spec["minAvailable"]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_counted_as_upstream_does() {
        for (spec, expected, wanted) in [
            (json!({ "minAvailable": 2 }), 3, 2),
            (json!({ "minAvailable": "50%" }), 3, 2),
            (json!({ "maxUnavailable": 1 }), 3, 2),
            (json!({ "maxUnavailable": "34%" }), 3, 1),
            (json!({ "maxUnavailable": 5 }), 3, 0),
        ] {
            assert_eq!(desired(&json!({ "spec": spec }), expected), wanted, "{spec} of {expected}");
        }
    }
}
