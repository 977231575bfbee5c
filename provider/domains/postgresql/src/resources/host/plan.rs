//! The plan: what would be done, and what must not be.

use std::sync::Arc;

use tf_framework::{Model as _, Path, PlanContext, PlannedAction, Result};

use super::model::PostgresqlHost;
use crate::client::budget;
use crate::errors::failure;
use crate::instance::facts::{Facts, gather};
use crate::instance::{Run, Spec};
use crate::resources::face::{Face as _, plan_backup, plan_expired, plan_instance, plan_restore};

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<PostgresqlHost>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy {
        return Ok(());
    }
    // Nothing can be foreseen while an input is known after apply only.
    let Ok(plan) = PostgresqlHost::from_object(cx.planned_value().clone()) else {
        if cx.prior().is_some() {
            cx.plan_unknown(&at("effective_settings"))?;
            cx.plan_unknown(&at("status"))?;
        }
        return Ok(());
    };
    plan_backup(cx, &plan)?;
    expired(cx, &plan).await?;
    let machine = cx.try_client().map(|client| client.machine(&plan.machine)).transpose()?;
    plan_restore(cx, &plan, &plan.name, machine).await?;
    let prior = cx.prior().cloned();
    let spec = plan.spec(prior.as_ref());
    let facts = facts(cx, &plan, &spec).await?;
    plan_instance(cx, &spec, facts.as_ref())
}

/// What is deleted from the archive: nothing from one that is new.
async fn expired(cx: &mut PlanContext<PostgresqlHost>, plan: &PostgresqlHost) -> Result<()> {
    let Some(client) = cx.try_client() else { return Ok(()) };
    if cx.prior().is_none_or(|prior| prior.backup.is_none()) {
        return Ok(());
    }
    let machine = client.machine(&plan.machine)?;
    plan_expired(cx, plan, Some(machine)).await
}

/// What is true of the machine: from the refresh before, else asked now. A machine that is yet to be made, or cannot be
/// reached now, is no fault of the plan.
async fn facts(
    cx: &PlanContext<PostgresqlHost>,
    plan: &PostgresqlHost,
    spec: &Spec,
) -> Result<Option<Arc<Facts>>> {
    let Some(client) = cx.try_client() else { return Ok(None) };
    if let Some(facts) = client.known(&plan.key()) {
        return Ok(Some(facts));
    }
    if client.is_unreached(&plan.key()) {
        return Ok(None);
    }
    let run = Run::new(client.machine(&plan.machine)?, budget(cx), Arc::clone(&client));
    match gather(&run, spec).await {
        Ok(facts) => Ok(Some(Arc::new(facts))),
        Err(error) if super::unreached(&error) => {
            tracing::info!(instance = %plan.name, %error, "the machine cannot be asked at plan");
            Ok(None)
        }
        Err(error) => Err(failure(format!("Planning PostgreSQL {:?} failed", plan.name), error)),
    }
}
