//! The id of a run stays off what outlives the run.

use cost_engine::tags::{Key, Target};

use super::tagged::{self, Tagged, place_of};
use crate::check::Check;
use crate::content::{address, head};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};

pub(super) struct CostRunId;

#[tonic::async_trait]
impl Rule for CostRunId {
    fn info(&self) -> RuleInfo {
        RuleInfo::warning("hybridops_cost_run_id")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        for resource in tagged::resources(check).await? {
            if !resource.carrier.costly || !resource.own.facts.contains_key(&Key::RunId) {
                continue;
            }
            let at = resource
                .expression
                .as_ref()
                .map_or_else(|| head(&resource.block), |expression| place_of(expression, &name(&resource)).0);
            let message = format!(
                "{} carries the id of the run that made it: every later run has another, and changes it. Leave cost:run_id to the artefact.",
                address(&resource.block)
            );
            check.report(at, message).await?;
        }
        Ok(())
    }
}

fn name(resource: &Tagged) -> String {
    let target: Target = resource.carrier.target;
    match resource.fact(Key::RunId) {
        Some(value) if !target.has_values() => target.word(Key::RunId, value),
        _ => target.name_of(Key::RunId),
    }
}
