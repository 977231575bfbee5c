//! Rebuilding a container: what can only be chosen when a container is made is changed by making another one beside
//! it, handing the volumes of the mount points over, and destroying the old one last.
//!
//! The old container's stamp names the new one from before the first volume leaves, so that a run that is killed
//! anywhere is picked up by the next, and a configuration that is taken back takes the volumes back too. The old
//! container is destroyed only when it owns nothing but its root disk.

use std::collections::BTreeSet;

use tf_framework::{Computed, Diagnostics, Result};
use tf_value::Path;
use transport_rest::{Budget, Form};

use super::apply::{Work, seen};
use super::create::{Making, tell};
use super::disks::observed;
use super::keeper::Keeper;
use super::model::*;
use super::state::{
    Succession, observe, remember, replaces, set_replaces, set_succession, settle, succession,
};
use crate::api::{ApiError, ConfigView, Destroy, GuestKind, GuestRef, MoveVolume, Presence, Vmid};
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::{Here, Removal, Removed, Stamp, ensure_stopped, leftover, look_up, remove};

/// Whether a plan cannot be carried out on the container that there is.
pub(crate) fn rebuilds(prior: &Lxc, plan: &Lxc) -> bool {
    !reasons(prior, plan).is_empty()
}

/// The attributes for which a container is rebuilt.
pub(super) fn reasons(prior: &Lxc, plan: &Lxc) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let differ =
        |before: Option<bool>, after: Option<bool>| matches!((before, after), (Some(a), Some(b)) if a != b);
    if differ(prior.unprivileged.known().copied(), plan.unprivileged.known().copied()) {
        reasons.push("unprivileged");
    }
    // A container nobody knows the template of was imported: it becomes known, and nothing is done.
    let template = plan.template.is_some() && prior.template.is_some() && plan.template != prior.template;
    if template && plan.on_source_change == OnSourceChange::Rebuild {
        reasons.push("template");
    }
    if let (Some(before), Some(after)) = (prior.vmid.known(), plan.vmid.known())
        && before != after
    {
        reasons.push("vmid");
    }
    reasons
}

/// One rebuild.
struct Rebuild<'a> {
    px: &'a Proxmox,
    prior: &'a Lxc,
    plan: &'a Lxc,
    budget: Budget,
    what: String,
}

/// Rebuilds the container, or goes on where an earlier run stopped.
pub(super) async fn rebuild(
    keeper: &mut dyn Keeper,
    px: &Proxmox,
    prior: &Lxc,
    plan: &Lxc,
    old: Here,
) -> Result<Lxc> {
    let what = format!("Rebuilding container {:?} (VMID {}) failed", plan.name, old.guest.vmid);
    let it = Rebuild { px, prior, plan, budget: keeper.budget(), what };
    if old.config().flag("protection") == Some(true) {
        return Err(Diagnostics::error_at(
            Path::root().attribute("protection"),
            it.what,
            "The container is protected. Set `protection = false` and apply that first.",
        ));
    }
    let new = it.successor(keeper, &old).await?;
    let old = it.announced(&old, new.guest.vmid).await.map_err(|error| it.failed(&error))?;
    let begun = Stamp::of(&old.config()).as_ref().and_then(succession);
    let old = it.stopped(&old).await.map_err(|error| it.failed(&error))?;
    // Volumes that were detached are kept, whatever becomes of those that are mounted.
    let what = if plan.preserve_volumes { Handed::All } else { Handed::Detached };
    hand_over(px, &old.place(), &new.place(), what, &it.budget).await.map_err(|error| it.failed(&error))?;
    px.api.invalidate();
    let new = look_up(px, new.guest.vmid, &it.budget).await.map_err(|error| it.failed(&error))?;
    let stamp = Stamp::new(&px.owner, GuestKind::Lxc, &plan.name, fixed(keeper, plan));
    let mut work = Work::new(keeper, px, None, plan, stamp);
    let ran = begun.is_some_and(|begun| begun.running);
    work.power = match plan.power.known() {
        Some(Power::Stopped) if prior.power.known() == Some(&Power::Running) => Some(Power::Stopped),
        Some(Power::Running) => Some(Power::Running),
        // The plan repeats the state, and the state saw it stopped for the rebuild.
        _ if ran => Some(Power::Running),
        _ => Some(Power::Stopped),
    };
    let node = new.guest.node.clone();
    let here = work.run(keeper, new, &node).await?;
    let seen = seen(px, here, Some(plan), &it.budget).await.map_err(|error| it.failed(&error))?;
    let next = settle(plan, &observe(&seen, Some(plan))?)?;
    // The swap: from here on the new container is the resource.
    keeper.memory_mut().itself = next.vmid.known().copied();
    keeper.memory_mut().retired = Some(old.guest.vmid);
    keeper.keep(&next)?;
    it.retire(&old).await?;
    keeper.memory_mut().retired = None;
    Ok(next)
}

/// The number the configuration fixes: one that changes was written by somebody.
fn fixed(keeper: &dyn Keeper, plan: &Lxc) -> Option<Vmid> {
    plan.vmid.known().copied().filter(|_| keeper.memory().fixed)
}

impl Rebuild<'_> {
    fn failed(&self, error: &ApiError) -> Diagnostics {
        failure(&self.what, error)
    }

    /// The new container: announced, left behind by a run that was killed before it could announce it, or made now.
    async fn successor(&self, keeper: &mut dyn Keeper, old: &Here) -> Result<Here> {
        let own = old.guest.vmid;
        let failed = |error: ApiError| self.failed(&error);
        if let Some(begun) = Stamp::of(&old.config()).as_ref().and_then(succession)
            && let Presence::Present(guest) =
                self.px.api.presence(begun.to, &self.budget).await.map_err(failed)?
        {
            let pending = self.px.api.guest_pending(&GuestRef::from(&*guest), &self.budget).await;
            let here = Here { guest: *guest, pending: pending.map_err(failed)? };
            if Stamp::of(&here.config()).is_some_and(|stamp| stamp.owner == self.px.owner) {
                return Ok(here);
            }
        }
        let mut stamp = Stamp::new(&self.px.owner, GuestKind::Lxc, &self.plan.name, fixed(keeper, self.plan));
        stamp.made = remember(self.plan);
        set_replaces(&mut stamp, own);
        let found = leftover(self.px, GuestKind::Lxc, &self.plan.name, &stamp, &[own], &self.budget).await;
        if let Some(here) = found.map_err(failed)?
            && Stamp::of(&here.config()).as_ref().and_then(replaces) == Some(own)
        {
            return Ok(here);
        }
        self.make(keeper, old, stamp).await
    }

    async fn make(&self, keeper: &mut dyn Keeper, old: &Here, stamp: Stamp) -> Result<Here> {
        let Some(template) = &self.plan.template else {
            return Err(Diagnostics::error_at(
                Path::root().attribute("template"),
                &self.what,
                "A container is rebuilt from a template. Set `template`.",
            ));
        };
        let plan = Lxc {
            vmid: fixed(keeper, self.plan).map_or(Computed::Unknown, Computed::Known),
            ..self.plan.clone()
        };
        let node = old.guest.node.clone();
        let making = Making { px: self.px, plan: &plan, stamp, node, budget: self.budget.clone() };
        let order = making.order_from_template(template, false)?;
        let prior = self.prior;
        let mut keep = |vmid: Option<Vmid>, _: &str| {
            keeper.memory_mut().building = vmid;
            keeper.keep(prior)
        };
        let (here, warnings) = making.claim(order, &mut keep).await?;
        tell(keeper, self.plan, warnings);
        Ok(here)
    }

    /// Writes down in the old container which one succeeds it. No volume leaves before.
    async fn announced(&self, old: &Here, to: Vmid) -> Result<Here, ApiError> {
        let config = old.config();
        let mut stamp = Stamp::of(&config).unwrap_or_else(|| {
            let mut stamp = Stamp::new(&self.px.owner, GuestKind::Lxc, &old.guest.name, None);
            stamp.made = remember(self.prior);
            stamp
        });
        if succession(&stamp).is_some_and(|begun| begun.to == to) {
            return Ok(old.clone());
        }
        let running = self.px.api.guest_status(&old.place(), &self.budget).await?.is_running();
        set_succession(&mut stamp, Some(Succession { to, running }));
        note(self.px, old, &stamp, &self.budget).await
    }

    /// Stops the old container and brings it out of high availability, which would start it again.
    async fn stopped(&self, old: &Here) -> Result<Here, ApiError> {
        let guest = old.place();
        if old.guest.hastate.as_deref().is_some_and(|state| !matches!(state, "" | "unmanaged")) {
            self.px.api.unset_ha(&guest, &self.budget).await?;
        }
        let grace = std::time::Duration::from_secs(u64::from(self.plan.shutdown_timeout));
        ensure_stopped(self.px, &guest, Some(grace), &self.budget).await?;
        self.px.api.invalidate();
        let old = look_up(self.px, guest.vmid, &self.budget).await?;
        let Some(stamp) = Stamp::of(&old.config()).filter(|_| old.pending.is_waiting()) else {
            return Ok(old);
        };
        // A change of a container that does not run carries out what waited for its next start.
        note(self.px, &old, &stamp, &self.budget).await
    }

    /// Destroys the old container, which must own nothing but its root disk unless its volumes were given up.
    async fn retire(&self, old: &Here) -> Result<()> {
        let failed = |error: ApiError| self.failed(&error);
        let vmid = old.guest.vmid;
        let what = if self.plan.preserve_volumes { Handed::All } else { Handed::Detached };
        let config = self.px.api.guest_config(&old.place(), ConfigView::Current, &self.budget).await;
        let left = match config {
            Ok(config) => owned(vmid, &observed(vmid, &config), what),
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        if !left.is_empty() {
            return Err(Diagnostics::error(
                &self.what,
                format!(
                    "The old container {vmid} still has {}. It was not destroyed; apply again to hand that over.",
                    left.join(", ")
                ),
            ));
        }
        destroy_predecessor(self.px, vmid, &self.budget).await.map_err(failed)
    }
}

/// Destroys a container whose stamp says that it has a successor, and no other.
pub(super) async fn destroy_predecessor(px: &Proxmox, vmid: Vmid, budget: &Budget) -> Result<(), ApiError> {
    let is_it = |here: &Here| Stamp::of(&here.config()).as_ref().and_then(succession).is_some();
    let how = Destroy { purge: true, unreferenced_disks: false };
    let removal = Removal { px, vmid, is_it: &is_it, grace: None, how, budget };
    match remove(&removal).await? {
        Removed::Gone | Removed::Stranger => Ok(()),
    }
}

async fn note(px: &Proxmox, here: &Here, stamp: &Stamp, budget: &Budget) -> Result<Here, ApiError> {
    let config = here.config();
    let notes = stamp.notes(Stamp::text_of(&config).as_deref());
    let (guest, current) = (here.place(), here.current());
    let form = Form::new().text("description", notes);
    let send = || px.api.set_guest_config(&guest, form.clone(), &[], current.digest(), budget);
    px.api.run_optional(budget, send).await?;
    px.api.invalidate();
    look_up(px, guest.vmid, budget).await
}

/// Which volumes are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handed {
    /// Those of mount points, and those that are kept.
    All,
    /// Those that are kept.
    Detached,
}

/// Slots of mounted and kept volumes that belong to the container.
fn owned(vmid: Vmid, observed: &super::mounts::Observed, what: Handed) -> Vec<String> {
    let own = |volume: &crate::api::VolumeId| volume.vmid() == Some(vmid);
    let all = what == Handed::All;
    let mounted = observed.mounts.iter().filter(|(_, point)| all && point.source.volume().is_some_and(own));
    let kept = observed.unused.iter().filter(|(_, volume)| own(volume));
    mounted.map(|(slot, _)| slot.clone()).chain(kept.map(|(slot, _)| slot.clone())).collect()
}

/// Hands the volumes of mount points, and those that are kept, from one container over to another on the same node.
/// Neither runs. What was handed over already is not there any more.
async fn hand_over(
    px: &Proxmox,
    from: &GuestRef,
    to: &GuestRef,
    what: Handed,
    budget: &Budget,
) -> Result<(), ApiError> {
    loop {
        let source = px.api.guest_config(from, ConfigView::Current, budget).await?;
        let left = owned(from.vmid, &observed(from.vmid, &source), what);
        let Some(slot) = left.first() else { return Ok(()) };
        let target = px.api.guest_config(to, ConfigView::Current, budget).await?;
        let free = match slot.strip_prefix("unused") {
            Some(_) => (0..256).map(|n| format!("unused{n}")).find(|slot| target.get(slot).is_none()),
            None => Some(slot.clone()).filter(|slot| target.get(slot).is_none()),
        };
        let Some(free) = free else {
            return Err(ApiError::Argument(format!(
                "slot {slot} of container {} is taken, so that the volume of {} cannot be handed over",
                to.vmid, from.vmid
            )));
        };
        tracing::info!(from = from.vmid, to = to.vmid, slot, "handing a volume over");
        let digest = target.digest().map(str::to_owned);
        let order = MoveVolume::Container { vmid: to.vmid, slot: free, digest };
        let send = || px.api.move_volume(from, slot, &order, source.digest(), budget);
        px.api.run(budget, send).await?;
        let after = px.api.guest_config(from, ConfigView::Current, budget).await?;
        if after.get(slot).is_some() && after.get(slot) == source.get(slot) {
            return Err(ApiError::Argument(format!(
                "the server accepted to hand {slot} over and did not do it"
            )));
        }
    }
}

/// Takes back a rebuild that the configuration does not want any more: the volumes return, and what was built of the
/// new container is destroyed.
pub(super) async fn take_back(px: &Proxmox, old: Here, budget: &Budget) -> Result<Here, ApiError> {
    let Some(mut stamp) = Stamp::of(&old.config()) else { return Ok(old) };
    let Some(begun) = succession(&stamp) else { return Ok(old) };
    px.api.invalidate();
    if let Presence::Present(guest) = px.api.presence(begun.to, budget).await? {
        let new = GuestRef::from(&*guest);
        let config = px.api.guest_config(&new, ConfigView::Current, budget).await?;
        if Stamp::of(&config).is_some_and(|stamp| stamp.owner == px.owner) {
            ensure_stopped(px, &new, None, budget).await?;
            ensure_stopped(px, &old.place(), None, budget).await?;
            hand_over(px, &new, &old.place(), Handed::All, budget).await?;
            let is_it = |here: &Here| Stamp::of(&here.config()).is_some_and(|stamp| stamp.owner == px.owner);
            let how = Destroy { purge: true, unreferenced_disks: false };
            let removal = Removal { px, vmid: begun.to, is_it: &is_it, grace: None, how, budget };
            remove(&removal).await?;
        }
    }
    px.api.invalidate();
    let old = look_up(px, old.guest.vmid, budget).await?;
    set_succession(&mut stamp, None);
    note(px, &old, &stamp, budget).await
}

/// Volumes that a destruction would take along although nobody gave them up: those that are kept, and those whose
/// detachment waits for the next start.
pub(super) fn kept_volumes(here: &Here) -> BTreeSet<String> {
    let vmid = here.guest.vmid;
    let (now, next) = (observed(vmid, &here.current()), observed(vmid, &here.config()));
    let mounted: BTreeSet<_> = next.mounts.values().filter_map(|point| point.source.volume()).collect();
    let all = now.mounts.values().filter_map(|point| point.source.volume()).chain(now.unused.values());
    let kept = all.filter(|volume| volume.vmid() == Some(vmid) && !mounted.contains(volume));
    kept.map(ToString::to_string).collect()
}
