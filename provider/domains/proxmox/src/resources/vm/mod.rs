//! `hybridops_proxmox_vm`.

mod apply;
mod changes;
mod create;
mod effect;
mod list;
mod model;
mod observe;
mod plan;
mod preflight;
mod seed;
mod settings;
mod slots;
mod source;
mod state;
mod steps;
#[cfg(test)]
mod testing;
mod want;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tf_framework::{Context, Diagnostic, Diagnostics, ImportId, PlanContext, Resource, Result};

pub use list::VmList;
pub use model::Vm;
pub(crate) use model::*;

use self::apply::{Work, seen};
use self::state::{observe, settle};
use crate::api::{Destroy, GuestKind, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::{Here, Look, Removal, Removed, Stamp, import_place, look, look_up, remove, settle_tasks};
use crate::seed::remove_seeds;

/// What is kept beside the state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VmPrivate {
    /// The guest's own number, so that its replacement is not taken for another of its name.
    #[serde(default)]
    itself: Option<Vmid>,
    /// Volumes that are to be deleted with the disks that were in these slots: a killed run did not get to it, or a
    /// running guest would not let go of them until its next start.
    #[serde(default)]
    owed: BTreeMap<String, String>,
}

impl Resource for Vm {
    type Client = Proxmox;
    type Private = VmPrivate;

    fn validate(config: &VmPartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let itself = cx.private.itself;
        let made = create::create(cx, plan, itself).await?;
        cx.private.itself = made.vmid.known().copied();
        Ok(made)
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let Some(vmid) = state.vmid.known().copied() else { return Ok(None) };
        let px = cx.client()?;
        let budget = budget(cx);
        let name = format!("Virtual machine {:?} (VMID {vmid})", state.name);
        let failed = |error| failure(format!("Reading {name} failed"), &error);
        let here = match look(&px, &name, vmid, &budget).await.map_err(failed)? {
            Look::Here(here) => *here,
            Look::Gone => return Ok(None),
            Look::Hidden(warning) => {
                cx.warn(warning);
                return Ok(Some(state));
            }
        };
        if !is_it(&here, &state) {
            cx.warn(Diagnostic::warning(
                format!("VMID {vmid} is another guest now"),
                format!(
                    "{name} is gone and its number was taken by {:?}, which is left alone.",
                    here.guest.name
                ),
            ));
            return Ok(None);
        }
        px.register.sees(vmid);
        cx.private.owed.extend(steps::left(&here, &state));
        let here = confirmed(&px, here, &state, &budget).await.map_err(failed)?;
        let seen = seen(&px, here, Some(&state), &budget).await.map_err(failed)?;
        Ok(Some(observe(&seen, Some(&state))))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        let budget = budget(cx);
        let vmid = prior.vmid.known().copied().unwrap_or_default();
        let plan = create::normalised(plan);
        let work = Work::new(cx, &px, Some(&prior), &plan, vmid);
        settle_tasks(&px, vmid, &[], &budget).await.map_err(|error| work.failed(&error))?;
        px.api.invalidate();
        let here = look_up(&px, vmid, &budget).await.map_err(|error| work.failed(&error))?;
        if !is_it(&here, &prior) {
            return Err(Diagnostics::error(
                format!("VMID {vmid} is another guest now"),
                format!("It was taken by {:?}. Apply again: the guest is then made anew.", here.guest.name),
            ));
        }
        let node = target(&px, &here, &plan, &budget).await?;
        let here = work.run(cx, here, &node).await?;
        let (here, owed) = work.discard(here, &cx.private.owed).await?;
        cx.private.owed = owed;
        let seen = seen(&px, here, Some(&plan), &budget).await.map_err(|error| work.failed(&error))?;
        cx.private.itself = Some(vmid);
        settle(&plan, &observe(&seen, Some(&plan)))
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let Some(vmid) = state.vmid.known().copied() else { return Ok(()) };
        if state.on_destroy == VmOnDestroy::Keep {
            return Ok(());
        }
        let px = cx.client()?;
        let budget = budget(cx);
        let same = |here: &Here| is_it(here, &state);
        let removal = Removal {
            px: &px,
            vmid,
            is_it: &same,
            grace: Some(Duration::from_secs(u64::from(state.shutdown_timeout))),
            how: Destroy { purge: true, unreferenced_disks: false },
            budget: &budget,
        };
        let what = || format!("Destroying virtual machine {:?} (VMID {vmid}) failed", state.name);
        match remove(&removal).await.map_err(|error| failure(what(), &error))? {
            Removed::Gone => {}
            Removed::Stranger => cx.warn(Diagnostic::warning(
                format!("VMID {vmid} was left alone"),
                format!("It is another guest than the virtual machine {:?} by now.", state.name),
            )),
        }
        px.register.release(vmid);
        delete_seeds(cx, &px, &state, vmid).await
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let px = cx.client()?;
        let budget = budget(cx);
        let place = import_place("virtual machine", &id)?;
        let what = || format!("Importing virtual machine {} failed", place.vmid);
        let failed = |error| failure(what(), &error);
        let here = look_up(&px, place.vmid, &budget).await.map_err(failed)?;
        let wrong = |detail: String| Err(Diagnostics::error(what(), detail));
        if let Some(node) = place.node.as_ref().filter(|node| **node != here.guest.node) {
            let actual = &here.guest.node;
            return wrong(format!(
                "Guest {vmid} is on {actual}, not on {node}. Import `{actual}/{vmid}`, or just `{vmid}`.",
                vmid = place.vmid
            ));
        }
        if here.guest.kind != GuestKind::Qemu {
            return wrong(format!(
                "Guest {} is a container: import it as hybridops_proxmox_lxc.",
                place.vmid
            ));
        }
        if here.guest.template {
            return wrong(format!(
                "Guest {} is a template: import it as hybridops_proxmox_template.",
                place.vmid
            ));
        }
        let seen = seen(&px, here, None, &budget).await.map_err(failed)?;
        cx.private.itself = Some(place.vmid);
        Ok(observe(&seen, None))
    }
}

/// Removes the seed images of a guest that is gone.
async fn delete_seeds(cx: &Context<Vm>, px: &Proxmox, state: &Vm, vmid: Vmid) -> Result<()> {
    let (Some(storage), Some(node)) = (seed::storage(state), state.current_node.known()) else {
        return Ok(());
    };
    let removed = remove_seeds(px, node, &storage, vmid, None, &budget(cx)).await;
    let what = || format!("Removing the seed of virtual machine {:?} (VMID {vmid}) failed", state.name);
    removed.map(drop).map_err(|error| failure(what(), &error))
}

/// Whether a guest is the one in state. One whose making was interrupted has no identity there yet.
fn is_it(here: &Here, state: &Vm) -> bool {
    if here.guest.kind != GuestKind::Qemu {
        return false;
    }
    let seen = here.config().smbios_uuid().unwrap_or_default();
    match state.uuid.known().filter(|uuid| !uuid.is_empty()) {
        Some(uuid) => seen.is_empty() || seen == *uuid,
        None => {
            let config = here.config();
            let unnamed = config.get("name").is_none();
            let stamp = Stamp::of(&config);
            unnamed || (config.get("name") == Some(state.name.as_str()) && stamp.is_some())
        }
    }
}

/// The index tells power with a delay of seconds: where it is not what the state says, the guest is asked.
async fn confirmed(
    px: &Proxmox,
    mut here: Here,
    state: &Vm,
    budget: &transport_rest::Budget,
) -> Result<Here, crate::api::ApiError> {
    let told = state.power.known().map(Power::as_str);
    if told.is_some_and(|told| told != here.guest.status) && here.guest.status != "unknown" {
        let status = px.api.guest_status(&here.place(), budget).await?;
        here.guest.status = status.status;
    }
    Ok(here)
}

/// The node a guest is to be on: where it is, unless the configuration says otherwise.
async fn target(px: &Proxmox, here: &Here, plan: &Vm, budget: &transport_rest::Budget) -> Result<String> {
    let now = &here.guest.node;
    if state::is_ha_managed(here) && plan.node.known().is_none_or(Option::is_none) {
        return Ok(now.clone());
    }
    if let Some(Some(node)) = plan.node.known() {
        let planned = plan.current_node.known().unwrap_or(node);
        return Ok(planned.clone());
    }
    match plan.nodes.known() {
        Some(Some(nodes)) if !nodes.contains(now) => {
            let what = format!("Looking for a place for {:?} failed", plan.name);
            let inventory = px.api.inventory(budget).await.map_err(|error| failure(what, &error))?;
            Ok(create::chosen(px, &inventory, plan).map_err(Diagnostics::from)?.node)
        }
        _ => Ok(now.clone()),
    }
}
