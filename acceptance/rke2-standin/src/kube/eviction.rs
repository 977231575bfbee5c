//! The eviction subresource of pods (kubernetes/pkg/registry/core/pod/storage/eviction.go).

use serde_json::{Value, json};

use super::api::{Kube, Place, WriteOptions};
use super::delete::DeleteOptions;
use super::objects::{self, at, number, set, text};
use super::selectors::Labels;
use super::status::{ApiResult, Status};

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

impl Kube {
    /// Deletes a pod unless a budget forbids it.
    pub(crate) async fn evict(&self, place: Place<'_>, eviction: &Value) -> ApiResult<Value> {
        let asked = text(eviction, &["metadata", "name"]);
        if !asked.is_empty() && asked != place.name {
            return Err(Status::bad_request("name in URL does not match name in Eviction object"));
        }
        let pod = self.get(place).await?;
        let options = DeleteOptions::read(at(eviction, &["deleteOptions"]));
        if needs_budget(&pod) {
            self.spend(place, &pod, options.dry_run).await?;
        }
        self.delete(place, &options).await?;
        Ok(json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 }))
    }

    async fn spend(&self, place: Place<'_>, pod: &Value, dry_run: bool) -> ApiResult<()> {
        let Some(kind) = self.kinds.named("poddisruptionbudgets.policy") else { return Ok(()) };
        let all = self.list(&kind, Some(place.namespace), &super::api::ListQuery::default()).await?;
        let budgets: Vec<&Value> = objects::list(&all, &["items"])
            .iter()
            .filter(|budget| {
                let selector = at(budget, &["spec", "selector"]);
                !selector.is_null() && Labels::of_object(selector).matches(objects::labels(pod))
            })
            .collect();
        let budget = match budgets.as_slice() {
            [] => return Ok(()),
            [budget] => *budget,
            _ => {
                return Err(Status::internal(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                ));
            }
        };
        // A pod that is not ready may go while the budget's healthy ones suffice (IfHealthyBudget).
        let count = |budget: &Value, key: &str| number(budget, &["status", key]).unwrap_or(0);
        if !objects::is_true(pod, "Ready")
            && (text(budget, &["spec", "unhealthyPodEvictionPolicy"]) == "AlwaysAllow"
                || (count(budget, "currentHealthy") >= count(budget, "desiredHealthy")
                    && count(budget, "desiredHealthy") > 0))
        {
            return Ok(());
        }
        let name = objects::name(budget).to_owned();
        let target = Place { kind: &kind, namespace: place.namespace, name: &name };
        let options = WriteOptions { manager: String::new(), dry_run, subresource: "status".to_owned() };
        self.modify(target, &options, |budget| {
            let generation = number(budget, &["metadata", "generation"]).unwrap_or(0);
            if count(budget, "observedGeneration") < generation {
                return Err(refuse(
                    &name,
                    &format!("The disruption budget {name} is still being processed by the server."),
                )
                .retry_after(10));
            }
            let allowed = count(budget, "disruptionsAllowed");
            if allowed <= 0 {
                return Err(refuse(
                    &name,
                    &format!(
                        "The disruption budget {name} needs {} healthy pods and has {} currently",
                        count(budget, "desiredHealthy"),
                        count(budget, "currentHealthy")
                    ),
                ));
            }
            let mut spent = budget.clone();
            set(&mut spent, &["status", "disruptionsAllowed"], json!(allowed - 1));
            set(&mut spent, &["status", "disruptedPods", place.name], json!(objects::now()));
            Ok(spent)
        })
        .await
        .map(|_| ())
    }
}

fn refuse(_budget: &str, message: &str) -> Status {
    Status::new(429, "TooManyRequests", REFUSED)
        .with_causes(vec![json!({ "reason": "DisruptionBudget", "message": message })])
}

/// Pods that have ended, that are going already or never ran need no budget.
fn needs_budget(pod: &Value) -> bool {
    !matches!(text(pod, &["status", "phase"]), "Succeeded" | "Failed" | "Pending")
        && !objects::is_deleting(pod)
}
