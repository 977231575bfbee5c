//! What holds data is not destroyed by a plan that nobody read.

use tf_value::Value;
use tfplugin_proto::tflint::body_content::Block;

use crate::check::Check;
use crate::content::{Look as _, address, block, head, label, place, schema};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::settings::list;
use crate::source::{Edit, block_at, in_lifecycle};
use crate::tables::data_holding::{DATA_HOLDING, DataHolding, GUARDS, ON_REQUEST};

pub(super) struct DataProtected;

#[tonic::async_trait]
impl Rule for DataProtected {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_data_protected").mending()
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let also = check.config(schema(["also"], [])).await?;
        let also = list(&also, "also")
            .map_err(|error| HostError::Setting { name: "also", value: error.to_string() })?
            .unwrap_or_default();
        let lifecycle = block("lifecycle", &[], schema(["prevent_destroy"], []));
        let wanted = block("resource", &["type", "name"], schema(GUARDS, [lifecycle]));
        let content = check.content(schema([], [wanted])).await?;
        for resource in content.blocks("resource") {
            if let Some(holding) = holding(label(resource, 0), &also) {
                look(check, resource, holding).await?;
            }
        }
        Ok(())
    }
}

fn holding(kind: &str, also: &[String]) -> Option<DataHolding> {
    let known = |table: &[DataHolding]| table.iter().find(|one| one.kind == kind).copied();
    let asked = also.iter().any(|one| one == kind);
    known(&DATA_HOLDING)
        .or_else(|| known(&ON_REQUEST).filter(|_| asked))
        // What is not known by name is guarded by Terraform alone.
        .or_else(|| asked.then_some(DataHolding { kind: "", guard: None }))
}

async fn look(check: &mut Check, resource: &Block, holding: DataHolding) -> Result<(), HostError> {
    let prevented =
        resource.blocks("lifecycle").find_map(|lifecycle| lifecycle.expression("prevent_destroy"));
    if let Some(expression) = prevented
        && check.evaluate(expression).await?.as_ref().and_then(Value::as_bool) == Some(true)
    {
        return Ok(());
    }
    if let Some((name, unless_told)) = holding.guard {
        let held = match resource.expression(name) {
            None => unless_told,
            // A guard that is a variable is somebody's decision, to be seen where it is made.
            Some(expression) => {
                check.evaluate(expression).await?.as_ref().and_then(Value::as_bool) != Some(false)
            }
        };
        if held {
            return Ok(());
        }
    }
    let guard = match holding.guard {
        Some((name, _)) => format!("{name} = true, or prevent_destroy = true in its lifecycle"),
        None => "prevent_destroy = true in its lifecycle".to_owned(),
    };
    let message =
        format!("{} holds data and nothing keeps a plan from destroying it: set {guard}.", address(resource));
    let written = prevented.or_else(|| {
        let (name, _) = holding.guard?;
        resource.expression(name)
    });
    // Who wrote `false` meant it: that is told, and not turned round.
    match written {
        Some(expression) => check.report(place(expression), message).await,
        None => {
            let edit = guarded(check, resource);
            check.report_with(head(resource), message, edit).await
        }
    }
}

fn guarded(check: &Check, resource: &Block) -> Option<Edit> {
    let at = head(resource);
    let (source, body) = check.syntax(&at.filename)?;
    let block = block_at(&body, usize::try_from(at.start?.byte).ok()?)?;
    in_lifecycle(&at.filename, source, block, "prevent_destroy = true")
}
