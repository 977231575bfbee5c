//! Containers for other domains: [`hosts::containers::Containers`] by the engine of `hybridops_proxmox_lxc`.

mod model;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use hosts::containers::{
    ContainerForecast, ContainerId, ContainerKeeper, ContainerLook, ContainerSpec, ContainerState,
    Containers, Fate, StopProof,
};
use serde::Deserialize;
use tf_framework::{Diagnostic, Diagnostics, Result};
use transport_rest::Budget;

use self::model::{anew, plan_of, state_of};
use crate::api::lenient;
use crate::api::{ApiError, GuestKind, Presence};
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::cost_tags::{due, held};
use crate::guest::{Here, ensure_running, ensure_stopped, look_up};
use crate::resources::lxc::engine::{self, Found, is_it};
use crate::resources::lxc::{
    Keeper, Lxc, LxcOnDestroy, LxcPrivate, Numbers, Seen, blank, forecast, judge_creation, judge_update,
    observe, rebuilds, settle,
};

/// Another domain's keeper, as the engine wants one.
struct Kept<'a> {
    of: &'a mut dyn ContainerKeeper,
    memory: LxcPrivate,
    budget: Budget,
}

impl Kept<'_> {
    fn id(&self, vmid: u32) -> ContainerId {
        ContainerId { vmid, memory: serde_json::to_value(&self.memory).unwrap_or_default() }
    }

    /// With the cost tags that were put on it, rather than any of the provider's: others are its own.
    fn told_apart(&self, seen: Seen) -> Seen {
        Seen { cost_tags: self.memory.cost_tags.clone(), ..seen }
    }
}

impl Keeper for Kept<'_> {
    fn budget(&self) -> Budget {
        self.budget.clone()
    }

    fn warn(&self, warning: Diagnostic) {
        self.of.warn(warning);
    }

    fn keep(&mut self, container: &Lxc) -> Result<()> {
        let Some(vmid) = container.vmid.known().copied() else { return Ok(()) };
        let node = container.current_node.known().cloned().unwrap_or_default();
        let id = self.id(vmid);
        self.of.keep(&id, &node)
    }

    fn forget(&mut self) {
        self.of.forget();
    }

    fn memory(&self) -> &LxcPrivate {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut LxcPrivate {
        &mut self.memory
    }
}

/// Keeps nothing: for what neither makes nor changes a container.
struct Nobody;

impl ContainerKeeper for Nobody {
    fn keep(&mut self, _: &ContainerId, _: &str) -> Result<()> {
        Ok(())
    }

    fn forget(&mut self) {}

    fn warn(&self, _: Diagnostic) {}
}

fn memory_of(id: Option<&ContainerId>) -> LxcPrivate {
    id.and_then(|id| serde_json::from_value(id.memory.clone()).ok()).unwrap_or_default()
}

/// What the engine needs to know of a container that is only looked at.
fn named(name: &str, vmid: u32) -> Result<Lxc> {
    Ok(Lxc { vmid: vmid.into(), ..blank(name)? })
}

impl Proxmox {
    /// The container in full, as it is now.
    async fn now(&self, kept: &mut Kept<'_>, name: &str, id: &ContainerId) -> Result<Option<Lxc>> {
        let budget = kept.budget();
        match engine::find(kept, self, id.vmid, &named(name, id.vmid)?).await? {
            Found::Here(seen) => Ok(Some(self.read_through(kept.told_apart(*seen), &budget).await?)),
            Found::Gone | Found::Stranger(_) => Ok(None),
            Found::Hidden(why) => Err(Diagnostic { severity: tf_framework::Severity::Error, ..why }.into()),
        }
    }

    /// The container in full; its power as its node tells it, because the index is seconds behind.
    async fn read_through(&self, mut seen: Seen, budget: &Budget) -> Result<Lxc> {
        let place = seen.here.place();
        let status = self.api.guest_status(&place, budget).await;
        let what = format!("Reading container {} failed", place.vmid);
        seen.here.guest.status = status.map_err(|error| failure(what, &error))?.status;
        observe(&seen, None)
    }

    async fn stopped(
        &self,
        name: &str,
        id: &ContainerId,
        grace: Option<Duration>,
        budget: &Budget,
    ) -> Result<StopProof, ApiError> {
        self.api.invalidate();
        let vmid = id.vmid;
        let proof = |node: Option<String>, ran| StopProof { vmid, node, ran, at: SystemTime::now() };
        match self.api.presence(vmid, budget).await? {
            Presence::Gone => return Ok(proof(None, false)),
            Presence::Unclear(why) => return Err(ApiError::Argument(why)),
            Presence::Present(_) => {}
        }
        let here = look_up(self, vmid, budget).await?;
        self.refuse_stranger(&here, name, id)?;
        let place = here.place();
        let ran = ensure_stopped(self, &place, grace, budget).await?;
        // The answer that counts is the one that is asked for now, from the node it is on now.
        let status = self.api.guest_status(&place, budget).await?;
        if status.is_running() {
            return Err(ApiError::Argument(format!("container {vmid} still runs on {}", place.node)));
        }
        self.api.invalidate();
        Ok(proof(Some(place.node), ran))
    }

    fn refuse_stranger(&self, here: &Here, name: &str, id: &ContainerId) -> Result<(), ApiError> {
        if is_it(here, name, memory_of(Some(id)).mark.as_deref()) {
            return Ok(());
        }
        Err(ApiError::Argument(format!(
            "guest {} is {} {:?}, not the container {name:?}",
            id.vmid, here.guest.kind, here.guest.name
        )))
    }
}

#[async_trait]
impl Containers for Proxmox {
    async fn preflight(
        &self,
        wish: &ContainerSpec,
        id: Option<&ContainerId>,
        budget: &Budget,
    ) -> Result<ContainerForecast> {
        let memory = memory_of(id);
        let numbers = Numbers { asked: wish.vmid, own: id.map(|id| id.vmid).or(memory.itself) };
        let prior = match id {
            Some(id) => {
                let mut nobody = Nobody;
                let mut kept = Kept { of: &mut nobody, memory, budget: budget.clone() };
                self.now(&mut kept, &wish.name, id).await?
            }
            None => None,
        };
        let Some(prior) = prior else {
            let plan = plan_of(wish, None)?;
            let judged = judge_creation(self, &plan, numbers, budget).await?;
            return Ok(ContainerForecast {
                node: Some(judged.node),
                warnings: judged.warnings,
                ..ContainerForecast::default()
            });
        };
        let plan = settle(&plan_of(wish, Some(&prior))?, &prior)?;
        let told = forecast(&prior, &plan, wish.vmid.is_some())?;
        judge_update(self, &prior, &plan, numbers, budget).await?;
        Ok(ContainerForecast {
            node: plan.node.clone().or_else(|| prior.current_node.known().cloned()),
            rebuilds: told.rebuilds.into_iter().map(str::to_owned).collect(),
            restarts: told.restarts,
            warnings: told.warnings,
        })
    }

    fn cost_tags(&self, own: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        self.cost_tags.as_ref().map(|provider| due(provider, own).unwrap_or_default())
    }

    async fn converge(
        &self,
        wish: &ContainerSpec,
        id: Option<&ContainerId>,
        keeper: &mut dyn ContainerKeeper,
        budget: &Budget,
    ) -> Result<ContainerState> {
        let memory = LxcPrivate { fixed: wish.vmid.is_some(), ..memory_of(id) };
        let mut kept = Kept { of: keeper, memory, budget: budget.clone() };
        let prior = match id {
            Some(id) => {
                self.api.invalidate();
                self.now(&mut kept, &wish.name, id).await?
            }
            None => None,
        };
        // A run that is killed leaves either behind.
        kept.memory.cost_tags.extend(wish.cost_tags.iter().cloned());
        let made = match prior {
            Some(prior) => {
                let plan = settle(&plan_of(wish, Some(&prior))?, &prior)?;
                let plan = if rebuilds(&prior, &plan) { anew(plan, wish.vmid.is_some()) } else { plan };
                engine::change(&mut kept, self, &prior, &plan).await?
            }
            None => {
                // What has the number of one that is gone is somebody else's.
                let gone = id.map(|id| id.vmid);
                let cost_tags = wish.cost_tags.clone();
                kept.memory = LxcPrivate { fixed: wish.vmid.is_some(), cost_tags, ..LxcPrivate::default() };
                engine::make(&mut kept, self, plan_of(wish, None)?, gone).await?
            }
        };
        let vmid = made.vmid.known().copied().unwrap_or_default();
        let here = look_up(self, vmid, budget).await;
        let here = here.map_err(|error| failure(format!("Reading container {vmid} failed"), &error))?;
        kept.memory.mark = crate::guest::Stamp::of(&here.config()).map(|stamp| stamp.key);
        kept.memory.cost_tags.clone_from(&wish.cost_tags);
        let seen = Seen { here, ha: None, sees_pools: true, cost_tags: wish.cost_tags.clone() };
        let is = self.read_through(seen, budget).await?;
        let state = state_of(kept.id(vmid), &is);
        kept.of.keep(&state.id, &state.node)?;
        Ok(state)
    }

    async fn look(&self, name: &str, id: &ContainerId, budget: &Budget) -> Result<ContainerLook> {
        let mut nobody = Nobody;
        let mut kept = Kept { of: &mut nobody, memory: memory_of(Some(id)), budget: budget.clone() };
        Ok(match engine::find(&mut kept, self, id.vmid, &named(name, id.vmid)?).await? {
            // The index tells power with a delay of seconds.
            Found::Here(seen) => {
                let seen = kept.told_apart(*seen);
                let runs = matches!(seen.here.guest.status.as_str(), "running" | "unknown");
                let is = if runs { observe(&seen, None)? } else { self.read_through(seen, budget).await? };
                ContainerLook::Here(Box::new(state_of(kept.id(id.vmid), &is)))
            }
            Found::Gone => ContainerLook::Gone(None),
            Found::Stranger(other) => ContainerLook::Gone(Some(Diagnostic::warning(
                format!("VMID {} is another guest now", id.vmid),
                format!(
                    "Container {name:?} is gone and its number was taken by {other:?}, which is left alone."
                ),
            ))),
            Found::Hidden(why) => ContainerLook::Hidden(why),
        })
    }

    async fn adopt(&self, vmid: u32, budget: &Budget) -> Result<ContainerState> {
        let what = format!("Looking up container {vmid} failed");
        let here = look_up(self, vmid, budget).await.map_err(|error| failure(&what, &error))?;
        if here.guest.kind != GuestKind::Lxc || here.guest.template {
            let is = if here.guest.template { "a template" } else { "a virtual machine" };
            return Err(Diagnostics::error(what, format!("Guest {vmid} ({:?}) is {is}.", here.guest.name)));
        }
        let mark = crate::guest::Stamp::of(&here.config()).map(|stamp| stamp.key);
        let cost_tags = self.known_cost_tags();
        let is = self.read_through(Seen { here, ha: None, sees_pools: true, cost_tags }, budget).await?;
        let cost_tags = held(&is.cost_tags);
        let memory = LxcPrivate { itself: Some(vmid), mark, cost_tags, ..LxcPrivate::default() };
        let id = ContainerId { vmid, memory: serde_json::to_value(memory).unwrap_or_default() };
        Ok(state_of(id, &is))
    }

    async fn start(&self, name: &str, id: &ContainerId, budget: &Budget) -> Result<()> {
        let started = async {
            let here = look_up(self, id.vmid, budget).await?;
            self.refuse_stranger(&here, name, id)?;
            ensure_running(self, &here.place(), budget).await?;
            self.api.invalidate();
            Ok(())
        };
        let what = || format!("Starting container {name:?} (VMID {}) failed", id.vmid);
        started.await.map_err(|error: ApiError| failure(what(), &error))
    }

    async fn stop_and_prove(
        &self,
        name: &str,
        id: &ContainerId,
        grace: Option<Duration>,
        budget: &Budget,
    ) -> Result<StopProof> {
        let what = || format!("That container {name:?} (VMID {}) is stopped is not proven", id.vmid);
        self.stopped(name, id, grace, budget).await.map_err(|error| failure(what(), &error))
    }

    async fn destroy(
        &self,
        name: &str,
        id: &ContainerId,
        fate: Fate,
        keeper: &mut dyn ContainerKeeper,
        budget: &Budget,
    ) -> Result<()> {
        let mut kept = Kept { of: keeper, memory: memory_of(Some(id)), budget: budget.clone() };
        let found = engine::find(&mut kept, self, id.vmid, &named(name, id.vmid)?).await?;
        let own = match (&found, fate) {
            (Found::Here(seen), Fate::KeepVolumes) => engine::own_volumes(&seen.here),
            _ => Vec::new(),
        };
        if !own.is_empty() {
            return Err(Diagnostics::error(
                format!("Destroying container {name:?} (VMID {}) failed", id.vmid),
                format!("It owns volumes with data, which would go with it: {}.", own.join(", ")),
            ));
        }
        let on_destroy = match fate {
            Fate::KeepVolumes => LxcOnDestroy::Delete,
            Fate::DestroyVolumes => LxcOnDestroy::DeleteAll,
        };
        let state = Lxc { on_destroy, ..named(name, id.vmid)? };
        engine::destroy(&mut kept, self, &state).await
    }

    async fn node_address(&self, node: &str, budget: &Budget) -> Result<Option<String>> {
        let entries: Result<Vec<Member>, ApiError> = self.api.read(["cluster", "status"], budget).await;
        match entries {
            Ok(entries) => {
                Ok(entries.into_iter().find(|entry| entry.name == node).and_then(|entry| entry.ip))
            }
            // Who may not see the cluster's status names the address himself.
            Err(error) if matches!(error.kind(), Some(crate::api::Kind::Forbidden)) => Ok(None),
            Err(error) => Err(failure(format!("Asking for the address of node {node} failed"), &error)),
        }
    }
}

/// A line of the cluster's status.
#[derive(Deserialize)]
struct Member {
    #[serde(default, deserialize_with = "lenient::text")]
    name: String,
    #[serde(default, deserialize_with = "lenient::opt_text")]
    ip: Option<String>,
}
