//! `hybridops_postgresql_host`.

mod import;
mod model;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use tf_framework::{Computed, Context, Diagnostic, ImportId, PlanContext, Resource, Result};
use transport_ssh::Input;

use model::OnDestroy;
pub use model::PostgresqlHost;

use super::face::{Face, observed, settled};
use crate::client::{Postgresql as Client, budget};
use crate::errors::{Error, chain, failure};
use crate::instance::facts::gather;
use crate::instance::model::{Postgresql, Status};
use crate::instance::{Run, Spec, converge};
use crate::restore::Restore;
use crate::walg::Backup;

impl Resource for PostgresqlHost {
    type Client = Client;
    type Private = ();

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        Box::pin(plan::modify(cx)).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let what = format!("Making PostgreSQL {:?} failed", plan.name);
        let spec = plan.spec(None);
        Box::pin(apply(cx, plan, spec, what)).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let client = cx.client()?;
        let run = Run::new(client.machine(&state.machine)?, budget(cx), Arc::clone(&client));
        let spec = state.spec(Some(&state));
        match gather(&run, &spec).await {
            Ok(facts) => {
                let facts = Arc::new(facts);
                client.note(&state.key(), &facts);
                Ok(Some(observed(&state, &facts, &spec)))
            }
            // A machine that is down must not keep the others from being planned: that is when they are needed.
            Err(error) if unreached(&error) => {
                client.note_unreached(&state.key());
                cx.warn(Diagnostic::warning(
                    format!("PostgreSQL {:?} cannot be asked", state.name),
                    format!(
                        "{}.\n\nThe state is kept as it is. An apply that changes this instance will fail.",
                        chain(&error)
                    ),
                ));
                Ok(Some(state))
            }
            Err(error) => Err(failure(format!("Reading PostgreSQL {:?} failed", state.name), error)),
        }
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let what = format!("Changing PostgreSQL {:?} failed", plan.name);
        let spec = plan.spec(Some(&prior));
        Box::pin(apply(cx, plan, spec, what)).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        if state.on_destroy == OnDestroy::KeepData {
            return Ok(());
        }
        let what = format!("Stopping PostgreSQL {:?} failed", state.name);
        let client = cx.client()?;
        let run = Run::new(client.machine(&state.machine)?, budget(cx), client);
        let version = state.postgresql.version.to_string();
        let remove = if state.on_destroy == OnDestroy::RemovePackages { "packages" } else { "" };
        let arguments = [version.as_str(), &state.postgresql.cluster, remove];
        let script = include_str!("destroy.sh");
        let stopped = run.script("stopping the instance", script, &arguments, Input::Nothing).await;
        stopped.map(drop).map_err(|error| failure(what, error))
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        import::import(cx, id).await
    }
}

/// Whether the machine was certainly not reached, rather than failed at something.
fn unreached(error: &Error) -> bool {
    matches!(error, Error::Machine(hosts::MachineError::Shell(_)))
}

/// Create and update are one: bring the machine to what is planned, from whatever it is.
async fn apply(
    cx: &mut Context<PostgresqlHost>,
    plan: PostgresqlHost,
    spec: Spec,
    what: String,
) -> Result<PostgresqlHost> {
    let client = cx.client()?;
    client.forget(&plan.key());
    let run = Run::new(client.machine(&plan.machine)?, budget(cx), client);
    let converged = converge(&run, &spec).await.map_err(|error| failure(what, error))?;
    for (step, took) in run.took() {
        tracing::debug!(instance = %plan.name, step, milliseconds = took.as_millis(), "took");
    }
    let mut plan = plan;
    if plan.id.known().is_none() {
        plan.id = plan.made_id().into();
    }
    if let Some(restore) = plan.restore.as_mut().filter(|restore| restore.result.known().is_none()) {
        restore.result = Computed::Known(converged.restored.clone());
    }
    settled(&plan, &converged, &spec)
}

impl PostgresqlHost {
    fn made_id(&self) -> String {
        format!("{}/{}/{}", self.name, self.postgresql.version, self.postgresql.cluster)
    }
}

impl Face for PostgresqlHost {
    fn key(&self) -> String {
        let p = &self.postgresql;
        format!("{}:{}/{}/{}", self.machine.host, self.machine.port.unwrap_or(22), p.version, p.cluster)
    }

    fn spec(&self, before: Option<&Self>) -> Spec {
        self.asked_for(before)
    }

    fn postgresql(&mut self) -> &mut Postgresql {
        &mut self.postgresql
    }

    fn backup(&mut self) -> &mut Option<Backup> {
        &mut self.backup
    }

    fn restore(&mut self) -> &mut Option<Restore> {
        &mut self.restore
    }

    fn computed(&mut self) -> (&mut Computed<BTreeMap<String, String>>, &mut Computed<Status>) {
        (&mut self.effective_settings, &mut self.status)
    }
}
