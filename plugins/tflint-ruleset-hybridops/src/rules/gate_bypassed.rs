//! Capacity of a disaster waits for the decision that pays for it.

use std::collections::BTreeSet;

use cost_engine::tags::Key;

use super::tagged;
use crate::check::Check;
use crate::content::{Look as _, address, block, head, schema};
use crate::graph::Graph;
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::source;

pub(super) struct GateBypassed;

/// Purposes for which capacity exists only by decision.
const DECIDED: [&str; 3] = ["dr", "burst", "drill"];

#[tonic::async_trait]
impl Rule for GateBypassed {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_gate_bypassed")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let (graph, guards) = module_graph(check);
        if guards.is_empty() {
            return Ok(());
        }
        let switches: BTreeSet<String> = guards.iter().flat_map(|guard| graph.switches(guard)).collect();
        for resource in tagged::resources(check).await? {
            let name = address(&resource.block);
            let decided = resource.fact(Key::Purpose).is_some_and(|purpose| DECIDED.contains(&purpose));
            let switched = graph.switches(&name).iter().any(|switch| switches.contains(switch));
            if resource.carrier.costly && (decided || switched) && bypasses(&graph, &guards, &name) {
                check.report(head(&resource.block), told(&name, &guards)).await?;
            }
        }
        let content = check.content(schema([], [block("module", &["name"], schema(["source"], []))])).await?;
        for module in content.blocks("module") {
            let name = address(module);
            let switched = graph.switches(&name).iter().any(|switch| switches.contains(switch));
            if switched && bypasses(&graph, &guards, &name) {
                check.report(head(module), told(&name, &guards)).await?;
            }
        }
        Ok(())
    }
}

fn told(name: &str, guards: &[String]) -> String {
    let decision = guards.join(" or ");
    format!(
        "{name} is capacity that waits for a decision, and does not wait: Terraform makes it beside {decision}, also when that is refused. Add depends_on = [{}].",
        guards.first().map(String::as_str).unwrap_or_default()
    )
}

fn bypasses(graph: &Graph, guards: &[String], name: &str) -> bool {
    // What is written in JSON is not read here, and so not judged.
    graph.knows(name) && graph.behind(name).is_disjoint(&guards.iter().cloned().collect())
}

/// The references of the module, and what guards in it: decisions, or gates where there is no decision.
pub(super) fn module_graph(check: &Check) -> (Graph, Vec<String>) {
    let mut graph = Graph::default();
    for (name, text) in check.files() {
        if let Some(body) = source::parse(name, text) {
            graph.add(&body);
        }
    }
    let named = |prefix: &str| graph.beginning(prefix).map(str::to_owned).collect::<Vec<_>>();
    let decisions = named("hybridops_cost_decision.");
    let guards = if decisions.is_empty() { named("data.hybridops_cost_gate.") } else { decisions };
    (graph, guards)
}
