//! A gate is fed with variables and literals, so that it is read while planning.

use super::gate_bypassed::module_graph;
use crate::check::Check;
use crate::content::{Look as _, address, block, head, label, place, schema, syntax};
use crate::graph::{Graph, of_expression};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};

pub(super) struct GateInputs;

/// The arguments of a gate that may name others.
const ARGUMENTS: [&str; 19] = [
    "depends_on",
    "count",
    "for_each",
    "action",
    "env",
    "components",
    "purpose",
    "target",
    "hours",
    "window_start",
    "hours_used",
    "run_id",
    "requested_by",
    "mode",
    "now",
    "policy_sha256",
    "enforce",
    "sources",
    "record_dir",
];

#[tonic::async_trait]
impl Rule for GateInputs {
    fn info(&self) -> RuleInfo {
        RuleInfo::warning("hybridops_gate_inputs")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let content =
            check.content(schema([], [block("data", &["type", "name"], schema(ARGUMENTS, []))])).await?;
        let (graph, _) = module_graph(check);
        for gate in content.blocks("data").filter(|block| label(block, 0) == "hybridops_cost_gate") {
            for name in ARGUMENTS {
                let Some(attribute) = gate.attribute(name) else { continue };
                let Some(expression) = &attribute.expression else { continue };
                if name == "depends_on" {
                    let message = format!(
                        "{} depends on others, so any change of theirs moves its reading to apply, when it is too late to stop. Take depends_on away.",
                        address(gate)
                    );
                    check.report(attribute.range.clone().unwrap_or_else(|| head(gate)), message).await?;
                    continue;
                }
                let Some(syntax) = syntax(expression) else { continue };
                let objects = objects(&graph, &of_expression(&syntax));
                if !objects.is_empty() {
                    let message = format!(
                        "{}: {name} comes from {}, whose changes move the reading of the gate to apply, when it is too late to stop. Feed it with variables and literals.",
                        address(gate),
                        objects.join(", ")
                    );
                    check.report(place(expression), message).await?;
                }
            }
        }
        Ok(())
    }
}

/// What is neither variable nor local among references, also behind locals.
fn objects(graph: &Graph, references: &std::collections::BTreeSet<String>) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    for reference in references {
        if reference.starts_with("local.") {
            let behind = graph.behind(reference).into_iter();
            found.extend(behind.filter(|one| !one.starts_with("local.") && !one.starts_with("var.")));
        } else if !reference.starts_with("var.") {
            found.insert(reference.clone());
        }
    }
    found.into_iter().collect()
}
