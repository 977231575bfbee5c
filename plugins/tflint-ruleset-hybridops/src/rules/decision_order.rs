//! A reservation is released after the capacity is gone, not before.

use tf_value::Value;

use crate::check::Check;
use crate::content::{Look as _, address, block, head, label, place, schema};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::source::{block_at, in_lifecycle};

const DECISION: &str = "hybridops_cost_decision";

pub(super) struct DecisionOrder;

#[tonic::async_trait]
impl Rule for DecisionOrder {
    fn info(&self) -> RuleInfo {
        RuleInfo::warning("hybridops_decision_order").mending()
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let lifecycle = block("lifecycle", &[], schema(["create_before_destroy"], []));
        let content = check
            .content(schema([], [block("resource", &["type", "name"], schema([], [lifecycle]))]))
            .await?;
        for decision in content.blocks("resource").filter(|block| label(block, 0) == DECISION) {
            let written = decision
                .blocks("lifecycle")
                .find_map(|lifecycle| lifecycle.expression("create_before_destroy"));
            let message = format!(
                "{} is replaced before the capacity that waits for it: the reservation is released while the money is still being spent. Set create_before_destroy = true in its lifecycle.",
                address(decision)
            );
            match written {
                Some(expression) => {
                    let value = check.evaluate(expression).await?;
                    if value.as_ref().and_then(Value::as_bool) != Some(true) {
                        check.report(place(expression), message).await?;
                    }
                }
                None => {
                    let at = head(decision);
                    let edit = check.syntax(&at.filename).and_then(|(source, body)| {
                        let begin = usize::try_from(at.start.as_ref()?.byte).ok()?;
                        in_lifecycle(
                            &at.filename,
                            source,
                            block_at(&body, begin)?,
                            "create_before_destroy = true",
                        )
                    });
                    check.report_with(at, message, edit).await?;
                }
            }
        }
        Ok(())
    }
}
