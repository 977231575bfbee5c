//! `hybridops_proxmox_lxc`, and the engine behind it, which other domains use by way of [`hosts::Containers`].

mod apply;
mod create;
mod disks;
pub(crate) mod engine;
mod keeper;
mod list;
mod model;
mod mounts;
mod plan;
mod preflight;
mod rebuild;
mod root_only;
mod settings;
mod state;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tf_framework::{Context, Diagnostic, Diagnostics, ImportId, PlanContext, Resource, Result};

pub(crate) use keeper::Keeper;
pub use list::LxcList;
pub use model::Lxc;
pub(crate) use model::*;
pub(crate) use plan::forecast;
pub(crate) use preflight::{Numbers, judge_creation, judge_update};
pub(crate) use rebuild::rebuilds;
pub(crate) use state::{Seen, blank, observe, settle};

use self::apply::seen;
use self::engine::{Found, change, destroy, find, make};
use crate::api::{ApiError, GuestKind, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::{Stamp, import_place, look_up};

/// What is kept beside the state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LxcPrivate {
    /// The container's own number, so that its replacement is not taken for another of its name.
    #[serde(default)]
    pub(crate) itself: Option<Vmid>,
    /// Whether the configuration fixes the number.
    #[serde(default)]
    pub(crate) fixed: bool,
    /// The container that is being built to take this one's place.
    #[serde(default)]
    pub(crate) building: Option<Vmid>,
    /// The container whose place this one took, while it is still to be destroyed.
    #[serde(default)]
    pub(crate) retired: Option<Vmid>,
    /// The key of the stamp that was seen last.
    #[serde(default)]
    pub(crate) mark: Option<String>,
    /// Cost tags that were put on a container of another domain, which keeps no others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) cost_tags: BTreeSet<String>,
}

impl Resource for Lxc {
    type Client = Proxmox;
    type Private = LxcPrivate;

    fn validate(config: &LxcPartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        let itself = cx.private.itself;
        make(cx, &px, plan, itself).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let Some(vmid) = state.vmid.known().copied() else { return Ok(None) };
        let px = cx.client()?;
        match find(cx, &px, vmid, &state).await? {
            Found::Here(seen) => observe(&seen, Some(&state)).map(Some),
            Found::Gone => Ok(None),
            Found::Hidden(warning) => {
                cx.warn(warning);
                Ok(Some(state))
            }
            Found::Stranger(other) => {
                cx.warn(Diagnostic::warning(
                    format!("VMID {vmid} is another guest now"),
                    format!(
                        "Container {:?} (VMID {vmid}) is gone and its number was taken by {other:?}, which is left alone.",
                        state.name
                    ),
                ));
                Ok(None)
            }
        }
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        change(cx, &px, &prior, &plan).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        if state.vmid.known().is_none() || state.on_destroy == LxcOnDestroy::Keep {
            return Ok(());
        }
        let px = cx.client()?;
        destroy(cx, &px, &state).await
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let px = cx.client()?;
        let budget = budget(cx);
        let place = import_place("container", &id)?;
        let vmid = place.vmid;
        let what = format!("Importing container {vmid} failed");
        let failed = |error: ApiError| failure(&what, &error);
        let here = look_up(&px, vmid, &budget).await.map_err(failed)?;
        let wrong = |detail: String| Err(Diagnostics::error(&what, detail));
        let actual = here.guest.node.clone();
        if let Some(node) = place.node.filter(|node| *node != actual) {
            return wrong(format!(
                "Guest {vmid} is on {actual}, not on {node}. Import `{actual}/{vmid}`, or just `{vmid}`."
            ));
        }
        if here.guest.kind != GuestKind::Lxc {
            return wrong(format!("Guest {vmid} is a virtual machine: import it as hybridops_proxmox_vm."));
        }
        if here.guest.template {
            return wrong(format!("Container {vmid} is a template, which this resource does not manage."));
        }
        cx.private.itself = Some(vmid);
        cx.private.mark = Stamp::of(&here.config()).map(|stamp| stamp.key);
        let seen = seen(&px, here, None, &budget).await.map_err(failed)?;
        observe(&seen, None)
    }
}
