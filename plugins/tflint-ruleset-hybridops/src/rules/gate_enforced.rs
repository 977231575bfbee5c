//! In production a gate stops something.

use tfplugin_proto::tflint::body_content::Block;

use super::gate_bypassed::module_graph;
use super::walk;
use crate::check::Check;
use crate::content::{Look as _, address, block, head, label, part, place, schema, syntax};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::source::Edit;

pub(super) struct GateEnforced;

/// What acts on the verdict of a gate by itself: a decision is refused, a target is out.
const ACTING: [&str; 2] = ["hybridops_cost_decision", "hybridops_dr_target"];

/// Ways to enforce that stop nothing.
const TOOTHLESS: [&str; 2] = ["report", "warn"];

#[tonic::async_trait]
impl Rule for GateEnforced {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_gate_enforced").mending()
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let postcondition = block("postcondition", &[], schema(["condition"], []));
        let precondition = block("precondition", &[], schema(["condition"], []));
        let lifecycle = block("lifecycle", &[], schema([], [postcondition, precondition.clone()]));
        let gate = schema(["env", "enforce"], [lifecycle]);
        let content = check
            .content(schema(
                [],
                [
                    block("data", &["type", "name"], gate.clone()),
                    block("resource", &["type", "name"], gate),
                    block("output", &["name"], schema([], [precondition])),
                ],
            ))
            .await?;
        let (graph, _) = module_graph(check);
        for gate in content.blocks("data").filter(|block| label(block, 0) == "hybridops_cost_gate") {
            let name = address(gate);
            let own =
                gate.blocks("lifecycle").any(|lifecycle| lifecycle.blocks("postcondition").next().is_some());
            let decided = content.blocks.iter().any(|block| {
                ACTING.contains(&label(block, 0)) && graph.behind(&address(block)).contains(&name)
            });
            let demanded = content.blocks.iter().any(|block| demands(block, &name));
            if !own && !decided && !demanded {
                toothless(check, gate).await?;
            }
        }
        Ok(())
    }
}

/// Whether a block has a condition on the gate.
fn demands(block: &Block, gate: &str) -> bool {
    let lifecycles = block.blocks("lifecycle").flat_map(|lifecycle| lifecycle.blocks("precondition"));
    lifecycles.chain(block.blocks("precondition")).any(|condition| {
        let condition = condition.expression("condition").and_then(syntax);
        condition.is_some_and(|condition| crate::graph::of_expression(&condition).contains(gate))
    })
}

/// Tells a gate that, in production, is left to report.
async fn toothless(check: &mut Check, block: &Block) -> Result<(), HostError> {
    let environment = match block.expression("env") {
        None => None,
        Some(expression) => check.text(expression).await?,
    };
    if !check.settings.is_production(environment.as_deref()) {
        return Ok(());
    }
    let name = address(block);
    let advice =
        "Set enforce = \"error\", or let a hybridops_cost_decision or a condition depend on its verdict.";
    let Some(expression) = block.expression("enforce") else {
        let message = format!("{name} only reports, and nothing here acts on its verdict. {advice}");
        check.report(head(block), message).await?;
        return Ok(());
    };
    let Some(enforce) = check.text(expression).await? else { return Ok(()) };
    if !TOOTHLESS.contains(&enforce.as_str()) {
        return Ok(());
    }
    let message = format!(
        "{name} stops nothing with enforce = \"{enforce}\", and nothing here acts on its verdict. {advice}"
    );
    let literal = syntax(expression).and_then(|syntax| walk::literal(&syntax).map(|(_, span)| span));
    let at = literal.clone().map_or_else(|| place(expression), |span| part(expression, span));
    let edit = literal.and_then(|_| {
        let bytes =
            usize::try_from(at.start.as_ref()?.byte).ok()?..usize::try_from(at.end.as_ref()?.byte).ok()?;
        let native = !at.filename.ends_with(".json");
        native.then(|| Edit { file: at.filename.clone(), bytes, text: "\"error\"".to_owned() })
    });
    check.report_with(at, message, edit).await
}
