//! `hybridops_postgresql_lxc`.

mod apply;
mod import;
mod inside;
mod model;
mod node;
mod plan;
mod read;
mod spec;
mod state;

use std::time::Duration;

use hosts::containers::{ContainerId, ContainerKeeper, Fate};
use serde::{Deserialize, Serialize};
use tf_framework::{Context, Diagnostic, Diagnostics, ImportId, PlanContext, Resource, Result};

pub use model::PostgresqlLxc;
use model::{OnDestroy, PostgresqlLxcPartial};

use crate::client::{Postgresql as Client, budget};

/// What is kept beside the state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LxcPrivate {
    /// What names the container.
    #[serde(default)]
    container: Option<ContainerId>,
    /// Whether the configuration fixes its number.
    #[serde(default)]
    fixed: bool,
    /// What is amiss with the container, which the next apply mends.
    #[serde(default)]
    amiss: Option<String>,
}

/// The container does not exist any more.
const GONE: &str = "gone";
/// Its data is not mounted.
const UNMOUNTED: &str = "unmounted";
/// It does not run.
const STOPPED: &str = "stopped";

/// Keeps nothing: for what ends with the container.
struct Leaving<'a>(&'a Context<PostgresqlLxc>);

impl ContainerKeeper for Leaving<'_> {
    fn keep(&mut self, _: &ContainerId, _: &str) -> Result<()> {
        Ok(())
    }

    fn forget(&mut self) {}

    fn warn(&self, warning: Diagnostic) {
        self.0.warn(spec::paths().relocated(warning));
    }
}

impl Resource for PostgresqlLxc {
    type Client = Client;
    type Private = LxcPrivate;

    fn validate(config: &PostgresqlLxcPartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        Box::pin(plan::modify(cx)).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        Box::pin(apply::apply(cx, None, plan)).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        Box::pin(read::read(cx, state)).await.map(Some)
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        Box::pin(apply::apply(cx, Some(&prior), plan)).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let Some(id) = cx.private.container.clone().filter(|_| state.on_destroy != OnDestroy::Keep) else {
            return Ok(());
        };
        // A replacement that the user forces is planned as a creation that knows nothing of what it replaces.
        plan::refuse_protected(&state)?;
        let (client, budget) = (cx.client()?, budget(cx));
        let containers = client.containers()?;
        let grace = Duration::from_secs(u64::from(state.container.shutdown_timeout));
        let fate = match (state::is_volume(&state), state.on_destroy) {
            (true, OnDestroy::DestroyVolume) => Fate::DestroyVolumes,
            (true, _) => {
                // A volume lives as long as the container that owns it.
                let stopped = containers.stop_and_prove(&state.name, &id, Some(grace), &budget).await?;
                if stopped.node.is_some() {
                    cx.warn(Diagnostic::warning(
                        format!("Container {} is stopped and stays", id.vmid),
                        format!(
                            "It keeps the volume with the data of {:?}. Making the same resource again goes on with it; to destroy it \
                             with the data, use `pct destroy {}` on its node.",
                            state.name, id.vmid
                        ),
                    ));
                }
                return Ok(());
            }
            (false, _) => Fate::KeepVolumes,
        };
        // The server ends its work before the container goes.
        containers.stop_and_prove(&state.name, &id, Some(grace), &budget).await?;
        let destroyed = containers.destroy(&state.name, &id, fate, &mut Leaving(cx), &budget).await;
        destroyed.map_err(|told| spec::paths().relocate(told))
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        import::import(cx, id).await
    }
}
