//! Bringing a container to its plan: look, do what differs, look again. Every step can be repeated, so that a run
//! goes on where a killed one stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tf_framework::{Diagnostic, Diagnostics, Result};
use tf_value::Path;
use transport_rest::{Budget, Form};

use super::disks::{ROOT, destroyed_with, observed, wanted_mounts, wanted_root};
use super::keeper::Keeper;
use super::model::*;
use super::mounts::{self, Effect, Observed, Step};
use super::settings::{effect, network_onto, same, settings};
use super::state::{Seen, observe, remember, settle};
use crate::api::{
    ApiError, DiskSize, GuestConfig, GuestRef, HaSettings, MountPoint, MoveVolume, PowerAction, VolumeId,
};
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::cost_tags;
use crate::guest::{Here, Migration, Stamp, ensure_running, ensure_stopped, look_up, migrate};

/// One bringing of a container to its plan.
pub(super) struct Work<'a> {
    pub(super) px: &'a Proxmox,
    /// The state before; none for a container that is being made.
    pub(super) prior: Option<&'a Lxc>,
    pub(super) plan: &'a Lxc,
    /// What the stamp is to say.
    pub(super) stamp: Stamp,
    /// Whether the container is to run in the end; `None` leaves it as it is.
    pub(super) power: Option<Power>,
    pub(super) budget: Budget,
    pub(super) what: String,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        keeper: &dyn Keeper,
        px: &'a Proxmox,
        prior: Option<&'a Lxc>,
        plan: &'a Lxc,
        stamp: Stamp,
    ) -> Self {
        let doing = if prior.is_some() { "Changing" } else { "Creating" };
        let what = format!("{doing} container {:?} failed", plan.name);
        let planned = plan.power.known().copied();
        // Unset, the plan repeats the state: only what differs is a wish.
        let power = planned.filter(|_| prior.is_none_or(|prior| prior.power.known().copied() != planned));
        let stamp = Stamp { made: remember(plan), ..stamp };
        Self { px, prior, plan, stamp, power, budget: keeper.budget(), what }
    }

    pub(super) fn failed(&self, error: &ApiError) -> Diagnostics {
        failure(&self.what, error)
    }

    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.plan.shutdown_timeout))
    }

    /// Everything there is to do with a container that exists.
    pub(super) async fn run(&self, keeper: &dyn Keeper, here: Here, node: &str) -> Result<Here> {
        let here = self.moved(here, node).await.map_err(|error| self.failed(&error))?;
        let guest = here.place();
        let status =
            self.px.api.guest_status(&guest, &self.budget).await.map_err(|error| self.failed(&error))?;
        let mut running = status.is_running();
        let here = self.unprotected(here).await.map_err(|error| self.failed(&error))?;
        let must_stop = self.must_stop(&here)?;
        let mut stopped = false;
        if running && (must_stop || self.power == Some(Power::Stopped)) {
            self.may_stop(&here)?;
            ensure_stopped(self.px, &guest, Some(self.grace()), &self.budget)
                .await
                .map_err(|error| self.failed(&error))?;
            (running, stopped) = (false, true);
        }
        let (here, staged) = self.set(here).await.map_err(|error| self.failed(&error))?;
        let here = self.disks(keeper, here).await?;
        self.pool(&here).await?;
        self.high_availability(&here).await?;
        let runs = self.power == Some(Power::Running) || (stopped && self.power.is_none());
        if runs && !running {
            ensure_running(self.px, &guest, &self.budget).await.map_err(|error| self.failed(&error))?;
        } else if running && (staged || here.pending.is_waiting()) {
            self.restart(&guest).await?;
        }
        self.protected(&guest).await.map_err(|error| self.failed(&error))?;
        let mut here = self.look(&guest).await.map_err(|error| self.failed(&error))?;
        let status =
            self.px.api.guest_status(&guest, &self.budget).await.map_err(|error| self.failed(&error))?;
        here.guest.status = status.status;
        Ok(here)
    }

    pub(super) async fn look(&self, guest: &GuestRef) -> Result<Here, ApiError> {
        self.px.api.invalidate();
        look_up(self.px, guest.vmid, &self.budget).await
    }

    async fn moved(&self, here: Here, node: &str) -> Result<Here, ApiError> {
        if here.guest.node == node {
            return Ok(here);
        }
        let timeout = Some(u64::from(self.plan.shutdown_timeout));
        let migration = Migration { target: node.to_owned(), storage: None, timeout };
        let there = migrate(self.px, &here.place(), &migration, &self.budget).await?;
        self.look(&there).await
    }

    /// Protection keeps disks from being changed: it goes first and comes last.
    async fn unprotected(&self, here: Here) -> Result<Here, ApiError> {
        if here.config().flag("protection") != Some(true) || self.plan.protection.known() != Some(&false) {
            return Ok(here);
        }
        self.put(&here, Form::new().flag("protection", false), &[]).await?;
        self.look(&here.place()).await
    }

    async fn protected(&self, guest: &GuestRef) -> Result<(), ApiError> {
        if self.plan.protection.known() != Some(&true) {
            return Ok(());
        }
        let here = self.look(guest).await?;
        if here.config().flag("protection") == Some(true) {
            return Ok(());
        }
        self.put(&here, Form::new().flag("protection", true), &[]).await
    }

    /// Changes the configuration, if nobody else changed it since it was looked at.
    pub(super) async fn put(&self, here: &Here, form: Form, delete: &[&str]) -> Result<(), ApiError> {
        let config = here.current();
        let (guest, digest) = (here.place(), config.digest());
        let send = || self.px.api.set_guest_config(&guest, form.clone(), delete, digest, &self.budget);
        self.px.api.run_optional(&self.budget, send).await.map(drop)
    }

    /// Steps for the root disk and for mount points, as they stand to be taken.
    fn steps(&self, here: &Here) -> Result<(Observed, Vec<Step>)> {
        let config = here.config();
        let mut all = observed(here.guest.vmid, &config);
        let mut steps = Vec::new();
        if let Some(wanted) = wanted_mounts(self.plan) {
            let destroy = self.prior.map(destroyed_with).unwrap_or_default();
            let planned = mounts::plan(&all, &wanted, &destroy);
            steps = planned.map_err(|problems| refused(problems, "mounts"))?;
        }
        let point = config.get(ROOT).and_then(|text| MountPoint::parse(text).ok());
        if let (Some(root), Some(point)) = (self.plan.root_disk.known(), point) {
            let wanted = BTreeMap::from([(ROOT.to_owned(), wanted_root(root, &point))]);
            let root = Observed { mounts: [(ROOT.to_owned(), point.clone())].into(), ..all.clone() };
            let planned = mounts::plan(&root, &wanted, &BTreeSet::new());
            steps.extend(planned.map_err(|problems| refused(problems, "root_disk"))?);
            all.mounts.insert(ROOT.to_owned(), point);
        }
        Ok((all, steps))
    }

    fn must_stop(&self, here: &Here) -> Result<bool> {
        let (observed, steps) = self.steps(here)?;
        Ok(steps.iter().any(|step| step.effect(&observed) == Effect::Stopped))
    }

    fn may_stop(&self, here: &Here) -> Result<()> {
        if self.plan.apply_mode == ApplyMode::Reboot || self.power == Some(Power::Stopped) {
            return Ok(());
        }
        Err(Diagnostics::error_at(
            Path::root().attribute("mounts"),
            format!("Container {:?} (VMID {}) runs", self.plan.name, here.guest.vmid),
            "A volume cannot be moved or destroyed while the container runs. Set `apply_mode = \"reboot\"` to have it stopped and \
             started again, or `power = \"stopped\"`.",
        ))
    }

    /// Sends the settings that differ; answers whether one of them waits for the next start.
    async fn set(&self, here: Here) -> Result<(Here, bool), ApiError> {
        let Difference { form, delete, staged } = self.difference(&here)?;
        if form.is_empty() && delete.is_empty() {
            return Ok((here, false));
        }
        let delete: Vec<&str> = delete.iter().map(String::as_str).collect();
        self.put(&here, form, &delete).await?;
        Ok((self.look(&here.place()).await?, staged))
    }

    fn difference(&self, here: &Here) -> Result<Difference, ApiError> {
        let argument = |error: &dyn std::fmt::Display| ApiError::Argument(error.to_string());
        let config = here.config();
        let cost_tags = self.px.known_cost_tags();
        let seen = Seen { here: here.clone(), ha: None, sees_pools: true, cost_tags };
        let is = observe(&seen, Some(self.plan)).map_err(|error| argument(&error))?;
        let mut next = settle(self.plan, &is).map_err(|error| argument(&error))?;
        cost_tags::give_way(&mut next.tags, &next.cost_tags);
        let before = settings(&is).map_err(|error| argument(&error))?;
        let after = settings(&next).map_err(|error| argument(&error))?;
        let mut form = Form::new();
        let mut changed = Vec::new();
        for (key, value) in &after {
            // Protection is a step of its own; keys the server never had and that are its defaults are left out.
            if key == "protection" || before.get(key).is_some_and(|is| same(key, is, value)) {
                continue;
            }
            let onto = config.get(key).filter(|_| key.starts_with("net"));
            let merged = onto.and_then(|seen| network_onto(seen, value));
            form = form.text(key, merged.unwrap_or_else(|| value.clone()));
            changed.push(key.clone());
        }
        let gone = before.keys().filter(|key| !after.contains_key(*key) && config.get(key).is_some());
        let mut delete: Vec<String> = gone.cloned().collect();
        changed.extend(delete.iter().cloned());
        let text = next.description.known().and_then(Option::as_deref);
        if Stamp::of(&config).as_ref() != Some(&self.stamp) || Stamp::text_of(&config).as_deref() != text {
            form = form.text("description", self.stamp.notes(text));
        }
        delete.retain(|key| key != "description");
        let staged = changed.iter().any(|key| effect(key) != Effect::Now);
        Ok(Difference { form, delete, staged })
    }

    /// Takes the steps of disks one by one, each on what is there then. What is to be destroyed is set down before the
    /// first, because a volume that was detached says no more why.
    async fn disks(&self, keeper: &dyn Keeper, mut here: Here) -> Result<Here> {
        let (_, steps) = self.steps(&here)?;
        let doomed = |step: &Step| match step {
            Step::Destroy { volume } => Some(volume.clone()),
            _ => None,
        };
        let doomed: Vec<VolumeId> = steps.iter().filter_map(doomed).collect();
        // A step that waits for the next start counts as taken: the view of the future shows it.
        loop {
            let (_, steps) = self.steps(&here)?;
            let next = steps.into_iter().find(|step| !matches!(step, Step::Destroy { .. }));
            let Some(step) = next else { break };
            here = self.taken(keeper, here, &step).await?;
        }
        for volume in doomed {
            if super::settings::unused(&here.config()).values().any(|kept| *kept == volume) {
                here = self.taken(keeper, here, &Step::Destroy { volume }).await?;
            }
        }
        Ok(here)
    }

    /// Takes a step, which must change something.
    async fn taken(&self, keeper: &dyn Keeper, here: Here, step: &Step) -> Result<Here> {
        tracing::info!(vmid = here.guest.vmid, ?step, "changing a disk");
        self.step(keeper, &here, step).await.map_err(|error| self.failed(&error))?;
        let before = here.config();
        let here = self.look(&here.place()).await.map_err(|error| self.failed(&error))?;
        if here.config() != before {
            return Ok(here);
        }
        let detail = format!("The server accepted a change of a disk and did not make it: {step:?}.");
        Err(Diagnostics::error(&self.what, detail))
    }

    async fn step(&self, keeper: &dyn Keeper, here: &Here, step: &Step) -> Result<(), ApiError> {
        let guest = here.place();
        let config = here.current();
        let written =
            |point: &MountPoint| point.format().map_err(|error| ApiError::Argument(error.to_string()));
        match step {
            Step::Detach { slot } => self.put(here, Form::new(), &[slot]).await,
            Step::Set { slot, point } | Step::Mount { slot, point } => {
                self.put(here, Form::new().text(slot, written(point)?), &[]).await
            }
            Step::Destroy { volume } => self.destroy(here, volume).await,
            Step::Move { slot, storage } => {
                let to = MoveVolume::Storage { storage: storage.clone() };
                let places = [format!("node:{}", guest.node), format!("storage:{}/{storage}", guest.node)];
                let _permits = self.px.api.begin_work(places, &self.budget).await?;
                let send = || self.px.api.move_volume(&guest, slot, &to, config.digest(), &self.budget);
                self.px.api.run(&self.budget, send).await.map(drop)
            }
            Step::Grow { slot, size } => self.grow(keeper, &guest, slot, *size, &config).await,
        }
    }

    /// Destroys a volume by taking it out of the list of those that are kept, which is only done to volumes that
    /// really stand there.
    async fn destroy(&self, here: &Here, volume: &VolumeId) -> Result<(), ApiError> {
        let kept = super::settings::unused(&here.config());
        let Some((slot, _)) = kept.iter().find(|(_, kept)| *kept == volume) else {
            return Err(ApiError::Argument(format!("volume {volume} is not among the detached volumes")));
        };
        self.put(here, Form::new(), &[slot]).await
    }

    /// Grows a volume. The task may say that all is well although the file system inside did not grow.
    async fn grow(
        &self,
        keeper: &dyn Keeper,
        guest: &GuestRef,
        slot: &str,
        size: DiskSize,
        config: &GuestConfig,
    ) -> Result<(), ApiError> {
        let send = || self.px.api.resize_disk(guest, slot, size, config.digest(), &self.budget);
        let Some(finished) = self.px.api.run_optional(&self.budget, send).await? else { return Ok(()) };
        let log = self.px.api.task_log_tail(&finished.upid, 50, &self.budget).await.unwrap_or_default();
        if let Some(line) =
            log.iter().find(|line| line.starts_with("Failed to update the container's filesystem"))
        {
            keeper.warn(Diagnostic::warning(
                format!("{slot} of container {:?} grew, its file system did not", self.plan.name),
                format!(
                    "{line}. The volume has {size}. Grow the file system inside with the tools of its kind, or resize it on the node \
                     while the container is stopped."
                ),
            ));
        }
        Ok(())
    }

    async fn pool(&self, here: &Here) -> Result<()> {
        let Some(wanted) = self.plan.pool.known() else { return Ok(()) };
        let changed = |had: Option<&Lxc>| had.is_none_or(|had| had.pool.known() != Some(wanted));
        if here.guest.pool == *wanted || !changed(self.prior) {
            return Ok(());
        }
        let vmid = here.guest.vmid;
        let done = match (wanted, &here.guest.pool) {
            (Some(pool), _) => self.px.api.pool_add(pool, vmid, &self.budget).await,
            (None, Some(pool)) => self.px.api.pool_remove(pool, vmid, &self.budget).await,
            (None, None) => return Ok(()),
        };
        done.map_err(|error| self.failed(&error).at(&Path::root().attribute("pool")))
    }

    async fn high_availability(&self, here: &Here) -> Result<()> {
        let Some(wanted) = self.plan.ha.known() else { return Ok(()) };
        let had = self.prior.and_then(|prior| prior.ha.known().cloned());
        if had.as_ref() == Some(wanted) || (wanted.is_none() && had.is_none()) {
            return Ok(());
        }
        let failed = |error: ApiError| self.failed(&error).at(&Path::root().attribute("ha"));
        let guest = here.place();
        let Some(ha) = wanted else {
            return self.px.api.unset_ha(&guest, &self.budget).await.map_err(failed);
        };
        let resources = self.px.api.ha_resources(&self.budget).await.map_err(failed)?;
        let sid = crate::api::ha_sid(&guest);
        let known = resources.iter().find(|resource| resource.sid == sid);
        let settings = HaSettings {
            state: ha.state.as_str().to_owned(),
            group: ha.group.clone(),
            max_restart: ha.max_restart,
            max_relocate: ha.max_relocate,
        };
        self.px.api.set_ha(&guest, &settings, known.is_some(), &self.budget).await.map_err(failed)
    }

    /// Restarts a running container for what waits, where the configuration wants that.
    async fn restart(&self, guest: &GuestRef) -> Result<()> {
        if self.plan.apply_mode != ApplyMode::Reboot {
            return Ok(());
        }
        let form = || Form::new().number("timeout", self.grace().as_secs());
        let send = || self.px.api.power(guest, PowerAction::Reboot, form(), &self.budget);
        self.px.api.run(&self.budget, send).await.map(drop).map_err(|error| self.failed(&error))
    }
}

struct Difference {
    form: Form,
    delete: Vec<String>,
    staged: bool,
}

/// Problems of mounts as diagnostics.
pub(super) fn refused(problems: BTreeMap<String, mounts::Problem>, attribute: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for (slot, problem) in problems {
        let at = Path::root().attribute(attribute);
        let at = if slot == ROOT { at } else { at.key(&slot) };
        diagnostics
            .push(Diagnostic::error(format!("{slot} cannot be changed like this"), advice(&problem)).at(at));
    }
    diagnostics
}

fn advice(problem: &mounts::Problem) -> String {
    use mounts::Problem;
    match problem {
        Problem::Shrinks { .. } => format!(
            "Now {problem}. To have a smaller one, mount a new volume at another slot and copy the data inside the container."
        ),
        Problem::Mounted { .. } => format!("{problem}. Take it out there first, or leave it where it is."),
        Problem::BeginsEmpty { volume, .. } => format!(
            "Like this, {problem}. To mount the same volume at the other slot, say so there: `volume = \"{volume}\"`."
        ),
        Problem::Incomplete => {
            format!("{problem}; a mount of something that exists needs `volume`, `bind` or `device`.")
        }
    }
}

/// A container with what else is to be known of it.
///
/// # Errors
/// [`ApiError`].
pub(super) async fn seen(
    px: &Proxmox,
    here: Here,
    before: Option<&Lxc>,
    budget: &Budget,
) -> Result<Seen, ApiError> {
    let declared = before.is_some_and(|before| before.ha.known().is_some_and(Option::is_some));
    let named = here.guest.hastate.as_deref().is_some_and(|state| !matches!(state, "" | "unmanaged"));
    let ha = if declared || named {
        let sid = crate::api::ha_sid(&here.place());
        px.api.ha_resources(budget).await?.iter().find(|resource| resource.sid == sid).cloned()
    } else {
        None
    };
    let pool = before.and_then(|before| before.pool.known().cloned()).flatten();
    let sees_pools = match (&here.guest.pool, &pool) {
        (None, Some(pool)) => {
            px.api.shared_permissions(budget).await?.reaches(&format!("/pool/{pool}"), "Pool.Audit")
        }
        _ => true,
    };
    Ok(Seen { here, ha, sees_pools, cost_tags: px.known_cost_tags() })
}
