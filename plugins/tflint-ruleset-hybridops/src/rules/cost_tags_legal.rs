//! Cost tags are spelled as their target spells them, with values it carries.

use cost_engine::tags::TagError;
use tfplugin_proto::tflint::Expression;

use super::tagged::{self, Foreign, Tagged, place_of};
use crate::check::Check;
use crate::content::{address, place};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::source::Edit;

pub(super) struct CostTagsLegal;

#[tonic::async_trait]
impl Rule for CostTagsLegal {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_cost_tags_legal").mending()
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        for resource in tagged::resources(check).await? {
            let Some(expression) = &resource.expression else { continue };
            for foreign in &resource.own.foreign {
                misspelled(check, &resource, expression, foreign).await?;
            }
            for (key, value) in &resource.own.facts {
                let Some(value) = value else { continue };
                let target = resource.carrier.target;
                if let Err(error) = target.carries(*key, value) {
                    let name =
                        if target.has_values() { target.name_of(*key) } else { target.word(*key, value) };
                    let (at, _) = place_of(expression, &name);
                    check.report(at, told(&address(&resource.block), &error)).await?;
                }
            }
        }
        Ok(())
    }
}

fn told(address: &str, error: &TagError) -> String {
    format!("{address}: {error}.")
}

async fn misspelled(
    check: &mut Check,
    resource: &Tagged,
    expression: &Expression,
    foreign: &Foreign,
) -> Result<(), HostError> {
    let target = resource.carrier.target;
    let right = match foreign.of.split(&foreign.name) {
        Some((key, value)) if !target.has_values() => target.word(key, value),
        _ => target.name_of(foreign.key),
    };
    let message = format!(
        "{}: {} says cost:{} as {} has it; {target} spells it {right}.",
        address(&resource.block),
        foreign.name,
        foreign.key,
        foreign.of
    );
    let (at, span) = place_of(expression, &foreign.name);
    let edit = span.and_then(|span| renamed(expression, span, &right));
    check.report_with(at, message, edit).await
}

/// The name as it should be, in quotes, which are right for any key and text.
fn renamed(expression: &Expression, span: std::ops::Range<usize>, right: &str) -> Option<Edit> {
    let whole = place(expression);
    let begin = usize::try_from(whole.start?.byte).ok()?;
    let bytes = begin + span.start..begin + span.end;
    // JSON is not ours to write: tflint mends Terraform's own syntax alone.
    let native = !whole.filename.ends_with(".json");
    native.then(|| Edit { file: whole.filename, bytes, text: format!("\"{right}\"") })
}
