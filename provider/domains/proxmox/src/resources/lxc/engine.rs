//! The work on a container from its beginning to its end, for whoever keeps track of it.

use std::time::Duration;

use tf_framework::{Computed, Diagnostic, Diagnostics, Result};
use transport_rest::Budget;

use super::apply::{Work, seen};
use super::create::{self, may_be};
use super::disks::observed;
use super::keeper::Keeper;
use super::model::*;
use super::preflight;
use super::rebuild::{destroy_predecessor, kept_volumes, rebuild, rebuilds, take_back};
use super::state::{Seen, is_ha_managed, observe, settle, succession};
use crate::api::{ApiError, Destroy, GuestKind, Vmid};
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::{Here, Look, Removal, Removed, Stamp, look, look_up, remove, settle_tasks};

/// What came of looking for a container.
pub(crate) enum Found {
    /// Here it is, with what else is known of it.
    Here(Box<Seen>),
    /// It is proven gone.
    Gone,
    /// Its number belongs to another guest, whose name this is.
    Stranger(String),
    /// It cannot be seen now; that it is gone is not proven.
    Hidden(Diagnostic),
}

/// Makes a container, or goes on with what an earlier run began. `itself` is the container it replaces.
pub(crate) async fn make(
    keeper: &mut dyn Keeper,
    px: &Proxmox,
    plan: Lxc,
    itself: Option<Vmid>,
) -> Result<Lxc> {
    let made = create::create(keeper, px, plan, itself).await?;
    keeper.memory_mut().itself = made.vmid.known().copied();
    Ok(made)
}

/// Looks for the container of a state, without ever waiting for it.
pub(crate) async fn find(keeper: &mut dyn Keeper, px: &Proxmox, vmid: Vmid, state: &Lxc) -> Result<Found> {
    let budget = keeper.budget();
    let name = format!("Container {:?} (VMID {vmid})", state.name);
    let failed = |error| failure(format!("Reading {name} failed"), &error);
    let here = match look(px, &name, vmid, &budget).await.map_err(failed)? {
        Look::Here(here) => *here,
        Look::Gone => return Ok(Found::Gone),
        Look::Hidden(warning) => return Ok(Found::Hidden(warning)),
    };
    if !is_it(&here, &state.name, keeper.memory().mark.as_deref()) {
        return Ok(Found::Stranger(here.guest.name));
    }
    if let Some(stamp) = Stamp::of(&here.config()) {
        px.register.sees(vmid);
        let memory = keeper.memory_mut();
        memory.building = succession(&stamp).map(|begun| begun.to);
        memory.mark = Some(stamp.key);
    }
    let here = confirmed(px, here, state, &budget).await.map_err(failed)?;
    let seen = seen(px, here, Some(state), &budget).await.map_err(failed)?;
    Ok(Found::Here(Box::new(seen)))
}

/// Brings a container to its plan, in place or by a rebuild.
pub(crate) async fn change(keeper: &mut dyn Keeper, px: &Proxmox, prior: &Lxc, plan: &Lxc) -> Result<Lxc> {
    let budget = keeper.budget();
    let vmid = prior.vmid.known().copied().unwrap_or_default();
    let what = format!("Changing container {:?} (VMID {vmid}) failed", prior.name);
    let failed = |error: ApiError| failure(&what, &error);
    if let Some(retired) = keeper.memory().retired {
        destroy_predecessor(px, retired, &budget).await.map_err(failed)?;
        keeper.memory_mut().retired = None;
    }
    settle_tasks(px, vmid, &[], &budget).await.map_err(failed)?;
    px.api.invalidate();
    let here = look_up(px, vmid, &budget).await.map_err(failed)?;
    if !is_it(&here, &prior.name, keeper.memory().mark.as_deref()) {
        return Err(Diagnostics::error(
            format!("VMID {vmid} is another guest now"),
            format!("It was taken by {:?}. Apply again: the container is then made anew.", here.guest.name),
        ));
    }
    if rebuilds(prior, plan) {
        return rebuild(keeper, px, prior, plan, here).await;
    }
    let here = take_back(px, here, &budget).await.map_err(failed)?;
    keeper.memory_mut().building = None;
    let fixed = plan.vmid.known().copied().filter(|_| keeper.memory().fixed);
    let stamp = Stamp::new(&px.owner, GuestKind::Lxc, &plan.name, fixed);
    let work = Work::new(keeper, px, Some(prior), plan, stamp);
    let node = target(px, &here, plan, &budget).await?;
    let here = work.run(keeper, here, &node).await?;
    let seen = seen(px, here, Some(plan), &budget).await.map_err(failed)?;
    let memory = keeper.memory_mut();
    memory.itself = Some(vmid);
    memory.mark = Stamp::of(&seen.here.config()).map(|stamp| stamp.key);
    let addresses = prior.addresses.known().cloned().unwrap_or_default();
    let before =
        Lxc { addresses: Computed::Known(addresses), network: prior.network.clone(), ..plan.clone() };
    settle(plan, &observe(&seen, Some(&before))?)
}

/// Destroys a container as its `on_destroy` wants it, and proves that it is gone.
pub(crate) async fn destroy(keeper: &mut dyn Keeper, px: &Proxmox, state: &Lxc) -> Result<()> {
    let Some(vmid) = state.vmid.known().copied() else { return Ok(()) };
    if state.on_destroy == LxcOnDestroy::Keep {
        return Ok(());
    }
    let budget = keeper.budget();
    let what = format!("Destroying container {:?} (VMID {vmid}) failed", state.name);
    let failed = |error: ApiError| failure(&what, &error);
    if let Some(retired) = keeper.memory().retired {
        destroy_predecessor(px, retired, &budget).await.map_err(failed)?;
    }
    settle_tasks(px, vmid, &[], &budget).await.map_err(failed)?;
    px.api.invalidate();
    let mark = keeper.memory().mark.clone();
    let same = |here: &Here| is_it(here, &state.name, mark.as_deref());
    if let Look::Here(here) = look(px, &what, vmid, &budget).await.map_err(failed)?
        && same(&here)
    {
        // A rebuild that was not ended: the volumes may be with the new container.
        let here = take_back(px, *here, &budget).await.map_err(failed)?;
        let kept = kept_volumes(&here);
        if state.on_destroy == LxcOnDestroy::Delete && !kept.is_empty() {
            let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
            return Err(Diagnostics::error(what, preflight::kept_with_it(&kept)));
        }
    }
    let removal = Removal {
        px,
        vmid,
        is_it: &same,
        grace: Some(Duration::from_secs(u64::from(state.shutdown_timeout))),
        how: Destroy { purge: true, unreferenced_disks: false },
        budget: &budget,
    };
    match remove(&removal).await.map_err(failed)? {
        Removed::Gone => {}
        Removed::Stranger => keeper.warn(Diagnostic::warning(
            format!("VMID {vmid} was left alone"),
            format!("It is another guest than the container {:?} by now.", state.name),
        )),
    }
    px.register.release(vmid);
    Ok(())
}

/// Whether a guest is the one that is meant: by its name, or by its stamp where it was renamed. One in the making has
/// no name yet.
pub(crate) fn is_it(here: &Here, name: &str, mark: Option<&str>) -> bool {
    if here.guest.kind != GuestKind::Lxc {
        return false;
    }
    let config = here.config();
    let named = config.get("hostname").is_none_or(|hostname| hostname == name);
    named || mark.is_some() && Stamp::of(&config).map(|stamp| stamp.key).as_deref() == mark
}

/// The index tells power with a delay of seconds: where it is not what the state says, the container is asked.
async fn confirmed(px: &Proxmox, mut here: Here, state: &Lxc, budget: &Budget) -> Result<Here, ApiError> {
    let told = state.power.known().map(Power::as_str);
    if told.is_some_and(|told| told != here.guest.status) && here.guest.status != "unknown" {
        here.guest.status = px.api.guest_status(&here.place(), budget).await?.status;
    }
    Ok(here)
}

/// The node a container is to be on: where it is, unless the configuration says otherwise.
async fn target(px: &Proxmox, here: &Here, plan: &Lxc, budget: &Budget) -> Result<String> {
    let now = here.guest.node.clone();
    if may_be(plan, &now) || (plan.node.is_none() && is_ha_managed(here)) {
        return Ok(now);
    }
    let what = format!("Looking for a place for {:?} failed", plan.name);
    let inventory = px.api.inventory(budget).await.map_err(|error| failure(what, &error))?;
    Ok(create::chosen(px, &inventory, plan).map_err(Diagnostics::from)?.node)
}

/// Volumes that a destruction would take along: those of mount points, and those that are kept.
pub(crate) fn own_volumes(here: &Here) -> Vec<String> {
    let vmid = here.guest.vmid;
    let mut own = std::collections::BTreeSet::new();
    for config in [here.current(), here.config()] {
        let seen = observed(vmid, &config);
        let mounted = seen.mounts.values().filter_map(|point| point.source.volume());
        let all = mounted.chain(seen.unused.values()).filter(|volume| volume.vmid() == Some(vmid));
        own.extend(all.map(ToString::to_string));
    }
    own.into_iter().collect()
}
