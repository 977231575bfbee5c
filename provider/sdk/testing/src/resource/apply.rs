//! Applying, as `terraform apply` does it.

use tf_framework::Diagnostics;
use tf_framework::rules::{self, Change, PlannedAction};
use tf_value::Value;
use tfplugin_proto::tfplugin6::provider_server::Provider;

use super::exchange::{Outcome, Proposal};
use super::{Instance, Kind, Plan, Resource};
use crate::{Config, CoreError};

impl<S: Provider> Resource<'_, S> {
    /// Plans and applies; then refreshes and plans again, which must find nothing to do. Gives the new state.
    ///
    /// # Errors
    /// The provider refuses, fails or breaks a rule, or is not done after the apply. The state is what the
    /// provider left.
    pub async fn apply(&self) -> Result<Value, CoreError> {
        let plan = self.plan().await?;
        self.apply_plan(plan, self.config.clone()).await
    }

    /// Applies a plan with the configuration as it is known by now; every [`UNKNOWN`](crate::UNKNOWN) in the
    /// planned one has a value in it.
    ///
    /// # Errors
    /// As for [`Self::apply`].
    pub async fn apply_plan(&self, plan: Plan, config: impl Into<Config>) -> Result<Value, CoreError> {
        let kind = self.kind().await?;
        let config = config.into().read(&kind.schema.block)?;
        if !config.is_wholly_known() {
            return Err(CoreError::answer(
                &self.what("applying"),
                "something in the configuration is still unknown",
            ));
        }
        match plan.action {
            PlannedAction::NoOp => return Ok(plan.planned),
            PlannedAction::Delete => {
                self.destroy_instance(&kind, plan.before.as_ref()).await?;
                return Ok(Value::Null);
            }
            PlannedAction::Replace => {
                self.destroy_instance(&kind, plan.before.as_ref()).await?;
                self.change(&kind, PlannedAction::Create, None, &plan, &config).await?;
            }
            PlannedAction::Create | PlannedAction::Update => {
                self.change(&kind, plan.action, plan.before.as_ref(), &plan, &config).await?;
            }
        }
        if self.settle {
            self.refresh().await?;
            let again = self.plan_config(&kind, self.core.instance(&self.address()), &config).await?;
            again.expect(PlannedAction::NoOp)?;
        }
        self.state().ok_or_else(|| CoreError::NotInState(self.address()))
    }

    /// Plans again with everything known, compares, and carries it out.
    async fn change(
        &self,
        kind: &Kind<'_>,
        action: PlannedAction,
        before: Option<&Instance>,
        plan: &Plan,
        config: &Value,
    ) -> Result<(), CoreError> {
        let prior = before.map_or(Value::Null, |instance| instance.value.clone());
        let proposal = self.propose(kind, before, config).await?;
        let first = Change {
            schema: kind.schema,
            prior: &prior,
            planned: &plan.planned,
            requires_replace: &std::collections::BTreeSet::new(),
        };
        let second = proposal.change(kind, &prior);
        CoreError::unless_kept(&self.what("planning again"), rules::assert_final_plan(first, second))?;
        if rules::planned_action(second) == PlannedAction::NoOp {
            return Ok(());
        }
        let outcome = self.carry_out(kind, action, before, &proposal, config).await?;
        self.store(kind, action, before, outcome)
    }

    /// Stores what an operation left, and reports its errors after that.
    fn store(
        &self,
        kind: &Kind<'_>,
        action: PlannedAction,
        before: Option<&Instance>,
        outcome: Outcome,
    ) -> Result<(), CoreError> {
        let failed = outcome.diagnostics.has_errors();
        let address = self.address();
        if outcome.value.is_null() {
            // After a failure core would rather keep what it knows; after a success the object is gone.
            let kept = before.filter(|_| failed).cloned();
            self.core.set_instance(&address, kept);
        } else {
            let identity = outcome.identity.or_else(|| before.and_then(|instance| instance.identity.clone()));
            let instance = Instance {
                type_name: self.type_name.clone(),
                schema_version: kind.schema.version,
                value: outcome.value,
                private: outcome.private,
                identity,
                tainted: failed
                    && (action == PlannedAction::Create || before.is_some_and(|instance| instance.tainted)),
            };
            self.core.set_instance(&address, Some(instance));
        }
        if failed {
            let what = self.what("applying");
            return Err(CoreError::Diagnostics { what, diagnostics: outcome.diagnostics });
        }
        Ok(())
    }

    /// Destroys the object in the state, and proves that it is gone from it.
    ///
    /// # Errors
    /// The provider refuses, fails or breaks a rule. The state is what the provider left.
    pub async fn destroy(&self) -> Result<Diagnostics, CoreError> {
        let plan = self.plan_destroy().await?;
        let kind = self.kind().await?;
        self.destroy_instance(&kind, plan.before.as_ref()).await?;
        Ok(plan.warnings)
    }

    async fn destroy_instance(&self, kind: &Kind<'_>, before: Option<&Instance>) -> Result<(), CoreError> {
        let Some(before) = before else { return Ok(()) };
        let proposal = if self.core.schemas().await?.plan_destroy {
            self.propose(kind, Some(before), &Value::Null).await?
        } else {
            Proposal {
                planned: Value::Null,
                requires_replace: std::collections::BTreeSet::new(),
                private: before.private.clone(),
                identity: before.identity.clone(),
                warnings: Diagnostics::new(),
            }
        };
        let outcome =
            self.carry_out(kind, PlannedAction::Delete, Some(before), &proposal, &Value::Null).await?;
        self.store(kind, PlannedAction::Delete, Some(before), outcome)
    }
}
