//! Planning, as `terraform plan` does it.

use tf_framework::Diagnostics;
use tf_framework::rules::{PlannedAction, effective_replace_paths, planned_action};
use tf_value::Value;
use tfplugin_proto::tfplugin6::provider_server::Provider;

use super::{Instance, Kind, Plan, Resource};
use crate::CoreError;

impl<S: Provider> Resource<'_, S> {
    /// Validates, refreshes and plans.
    ///
    /// # Errors
    /// The provider refuses, or breaks a rule.
    pub async fn plan(&self) -> Result<Plan, CoreError> {
        let kind = self.kind().await?;
        let config = self.config.read(&kind.schema.block)?;
        let mut warnings = self.validate_config(&kind, &config).await?;
        self.refresh().await?;
        let mut plan = self.plan_config(&kind, self.core.instance(&self.address()), &config).await?;
        warnings.extend(std::mem::take(&mut plan.warnings));
        plan.warnings = warnings;
        Ok(plan)
    }

    pub(super) async fn plan_config(
        &self,
        kind: &Kind<'_>,
        before: Option<Instance>,
        config: &Value,
    ) -> Result<Plan, CoreError> {
        // A tainted object is planned as if it were not there.
        let standing = before.as_ref().filter(|instance| !instance.tainted);
        let prior = standing.map_or(Value::Null, |instance| instance.value.clone());
        let mut proposal = self.propose(kind, standing, config).await?;
        let change = proposal.change(kind, &prior);
        let requires_replace = effective_replace_paths(change);
        let mut action = planned_action(change);
        let mut warnings = std::mem::take(&mut proposal.warnings);
        if action == PlannedAction::Replace {
            proposal = self.propose(kind, None, config).await?;
            warnings.extend(std::mem::take(&mut proposal.warnings));
        }
        if before.as_ref().is_some_and(|instance| instance.tainted) && action == PlannedAction::Create {
            action = PlannedAction::Replace;
        }
        Ok(Plan {
            address: self.address(),
            action,
            prior: before.as_ref().map_or(Value::Null, |instance| instance.value.clone()),
            planned: proposal.planned,
            requires_replace,
            warnings,
            before,
        })
    }

    /// Plans the destruction of the object in the state.
    ///
    /// # Errors
    /// The provider refuses, or breaks a rule.
    pub async fn plan_destroy(&self) -> Result<Plan, CoreError> {
        let kind = self.kind().await?;
        self.refresh().await?;
        let before = self.core.instance(&self.address());
        let mut warnings = Diagnostics::new();
        if before.is_some() && self.core.schemas().await?.plan_destroy {
            warnings = self.propose(&kind, before.as_ref(), &Value::Null).await?.warnings;
        }
        Ok(Plan {
            address: self.address(),
            action: if before.is_some() { PlannedAction::Delete } else { PlannedAction::NoOp },
            prior: before.as_ref().map_or(Value::Null, |instance| instance.value.clone()),
            planned: Value::Null,
            requires_replace: std::collections::BTreeSet::new(),
            warnings,
            before,
        })
    }
}
