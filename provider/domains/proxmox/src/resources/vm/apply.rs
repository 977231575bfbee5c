//! Bringing a guest to what the plan wants: look, take the next step, look again.

use std::collections::BTreeMap;
use std::time::Duration;

use tf_framework::{Context, Diagnostic, Diagnostics, Result};
use tf_value::Path;
use transport_rest::{Budget, Form, Secret};

use super::model::*;
use super::seed;
use super::slots::{family, removed};
use super::state::Seen;
use super::steps::{Step, discarded, doomed, next, plugged, volumes};
use crate::api::{ApiError, ConfigView, DiskSize, GuestConfig, GuestKind, GuestRef, HaSettings, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::{Here, Migration, Stamp, ensure_running, ensure_stopped, look_up, migrate};
use crate::seed::SeedError;

/// No guest takes more steps: one that does is going in circles.
const MOST: usize = 100;

/// One bringing of a guest to its plan.
pub(super) struct Work<'a> {
    pub(super) px: &'a Proxmox,
    pub(super) prior: Option<&'a Vm>,
    pub(super) plan: &'a Vm,
    pub(super) budget: Budget,
    what: String,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        cx: &Context<Vm>,
        px: &'a Proxmox,
        prior: Option<&'a Vm>,
        plan: &'a Vm,
        vmid: Vmid,
    ) -> Self {
        let doing = if prior.is_some() { "Changing" } else { "Creating" };
        let what = format!("{doing} virtual machine {:?} (VMID {vmid}) failed", plan.name);
        Self { px, prior, plan, budget: budget(cx), what }
    }

    pub(super) fn failed(&self, error: &ApiError) -> Diagnostics {
        failure(&self.what, error)
    }

    fn manages(&self, key: &str) -> bool {
        self.plan.managed.known().is_some_and(|managed| managed.contains(key))
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.plan.shutdown_timeout))
    }

    /// Everything there is to do with a guest that exists, on the node it is to be on.
    pub(super) async fn run(&self, cx: &Context<Vm>, here: Here, node: &str) -> Result<Here> {
        let vmid = here.guest.vmid;
        let guest = self.moved(&here, node).await?;
        self.configure(cx, &guest, &here).await?;
        self.password(&guest).await?;
        let here = look_up(self.px, vmid, &self.budget).await.map_err(|error| self.failed(&error))?;
        self.pool(&here).await?;
        self.ha(&here).await?;
        self.power(&guest, &here).await?;
        look_up(self.px, vmid, &self.budget).await.map_err(|error| self.failed(&error))
    }

    /// Deletes volumes that were to go with their disks and lie unused by now. Answers those that are still plugged in:
    /// a running guest lets go of some at its next start only.
    pub(super) async fn discard(
        &self,
        here: Here,
        owed: &BTreeMap<String, String>,
    ) -> Result<(Here, BTreeMap<String, String>)> {
        let gone = self.prior.map(|prior| doomed(prior, &removed(prior, self.plan))).unwrap_or_default();
        let (current, guest) = (here.current(), here.place());
        // The name of a volume that is gone may be another's by now: one that a slot keeps is never deleted.
        let (there, kept) = (volumes(&current), plugged(&here.config()));
        let declared = |slot: &String| self.plan.disks.known().is_some_and(|disks| disks.contains_key(slot));
        let mut owed: BTreeMap<String, String> = owed.clone().into_iter().chain(gone).collect();
        owed.retain(|volume, slot| there.contains(volume) && !kept.contains(volume) && !declared(slot));
        let unused = discarded(&current, &owed);
        if unused.is_empty() {
            return Ok((here, owed));
        }
        let delete: Vec<&str> = unused.iter().map(String::as_str).collect();
        let (api, budget) = (&self.px.api, &self.budget);
        let send = || api.set_guest_config(&guest, Form::new(), &delete, None, budget);
        api.run_optional(budget, send).await.map_err(|error| self.failed(&error))?;
        let here = look_up(self.px, guest.vmid, budget).await.map_err(|error| self.failed(&error))?;
        let left = volumes(&here.current());
        owed.retain(|volume, _| left.contains(volume));
        Ok((here, owed))
    }

    fn unseeded(&self, error: &SeedError) -> Diagnostics {
        let at = Path::root().attribute("cloud_init");
        match error {
            SeedError::Api(error) => self.failed(error).at(&at),
            error => Diagnostics::error_at(at, &self.what, format!("{error}.")),
        }
    }

    /// Moves the guest to its node. A seed that the node does not share is taken out before, and made anew there.
    async fn moved(&self, here: &Here, node: &str) -> Result<GuestRef> {
        if here.guest.node != node
            && seed::storage(self.plan).is_some()
            && let Some((slot, volume)) = seed::drive(&here.config())
        {
            let inventory = self.px.api.inventory(&self.budget).await.map_err(|error| self.failed(&error))?;
            if !inventory.is_shared(&volume) {
                let empty = || Form::new().text(&slot, "none,media=cdrom");
                let (api, budget, place) = (&self.px.api, &self.budget, here.place());
                let send = || api.set_guest_config(&place, empty(), &[], None, budget);
                api.run_optional(budget, send).await.map_err(|error| self.failed(&error))?;
            }
        }
        let migration = Migration {
            target: node.to_owned(),
            storage: None,
            timeout: Some(u64::from(self.plan.shutdown_timeout)),
        };
        let moved = migrate(self.px, &here.place(), &migration, &self.budget).await;
        moved.map_err(|error| self.failed(&error).at(&Path::root().attribute("node")))
    }

    /// Takes step after step until there is none.
    async fn configure(&self, cx: &Context<Vm>, guest: &GuestRef, here: &Here) -> Result<()> {
        let stamp = self.stamp(&here.config());
        let seed = seed::wanted(self.plan, guest.vmid).map_err(|error| self.unseeded(&error))?;
        let fresh = seed.as_ref().filter(|seed| !seed.is_in(&here.config()));
        if let Some(seed) = fresh {
            seed.bring(self.px, guest, &self.budget).await.map_err(|error| self.unseeded(&error))?;
        }
        let mut last = None;
        for _ in 0..MOST {
            let pending = self.px.api.guest_pending(guest, &self.budget).await;
            let config = pending.map_err(|error| self.failed(&error))?.view(ConfigView::Pending);
            let Some(step) = next(&config, self.prior, self.plan, stamp.as_ref(), seed.as_ref()) else {
                if let Some(seed) = fresh.filter(|_| self.prior.is_some()) {
                    let done = seed.supersede(self.px, guest, &self.budget).await;
                    done.map_err(|error| self.unseeded(&error))?;
                }
                return Ok(());
            };
            if last.as_ref() == Some(&step) {
                return Err(Diagnostics::error(
                    &self.what,
                    format!(
                        "Proxmox took a change and the guest is as it was: {step:?}. Look at the guest's pending changes."
                    ),
                ));
            }
            self.take(cx, guest, &config, &step).await?;
            last = Some(step);
        }
        Err(Diagnostics::error(
            &self.what,
            "The guest does not come to rest; somebody else may be changing it.",
        ))
    }

    /// The stamp to keep in the notes: guests that were not made here get none.
    fn stamp(&self, config: &GuestConfig) -> Option<Stamp> {
        let old = Stamp::of(config);
        if self.prior.is_some() && old.is_none() {
            return None;
        }
        let fixed = self.plan.vmid.known().copied().filter(|_| self.manages("vmid"));
        let mut stamp = Stamp::new(&self.px.owner, GuestKind::Qemu, &self.plan.name, fixed);
        stamp.made = old.map_or_else(|| super::source::remembered(self.plan), |old| old.made);
        Some(stamp)
    }

    async fn take(
        &self,
        cx: &Context<Vm>,
        guest: &GuestRef,
        config: &GuestConfig,
        step: &Step,
    ) -> Result<()> {
        let (api, budget, digest) = (&self.px.api, &self.budget, config.digest());
        tracing::info!(vmid = guest.vmid, ?step, "next step");
        let finished = match step {
            Step::Configure { set, delete } => {
                let form = set.iter().fold(Form::new(), |form, (key, value)| form.text(key, value));
                let delete: Vec<&str> = delete.iter().map(String::as_str).collect();
                let send = || api.set_guest_config(guest, form.clone(), &delete, digest, budget);
                api.run_optional(budget, send).await
            }
            Step::Move { slot, storage, format } => {
                let places = [format!("storage:{}/{storage}", guest.node)];
                let permits = api.begin_work(places, budget).await;
                let _permits = permits.map_err(|error| self.failed(&error))?;
                let send = || api.move_disk(guest, slot, storage, format.as_deref(), digest, budget);
                api.run(budget, send).await.map(Some)
            }
            Step::Grow { slot, size } => {
                self.refuse_shrinking(config, slot, *size)?;
                let send = || api.resize_disk(guest, slot, *size, digest, budget);
                api.run_optional(budget, send).await
            }
        };
        let finished = finished.map_err(|error| self.blame(&error, step))?;
        for warning in finished.into_iter().flat_map(|finished| finished.warnings) {
            cx.warn(Diagnostic::warning(format!("Virtual machine {:?}", self.plan.name), warning));
        }
        Ok(())
    }

    /// A failure at the attribute of the step.
    fn blame(&self, error: &ApiError, step: &Step) -> Diagnostics {
        let at = |slot: &str| match family(slot) {
            "scsi" | "virtio" | "sata" | "ide" => Path::root().attribute("disks").key(slot),
            _ => Path::root(),
        };
        match step {
            Step::Move { slot, .. } | Step::Grow { slot, .. } => self.failed(error).at(&at(slot)),
            Step::Configure { .. } => self.failed(error),
        }
    }

    fn refuse_shrinking(&self, config: &GuestConfig, slot: &str, wanted: DiskSize) -> Result<()> {
        let now = config.property(slot, Some("file")).and_then(Result::ok);
        let now: Option<DiskSize> = now.and_then(|now| now.get("size")?.parse().ok());
        match now.filter(|now| *now > wanted) {
            None => Ok(()),
            Some(now) => Err(Diagnostics::error_at(
                Path::root().attribute("disks").key(slot).attribute("size"),
                format!("Disk {slot} of {:?} cannot shrink", self.plan.name),
                format!(
                    "It has {now}, `size` is {wanted}. A disk can only grow: set `size` to at least {now}, or leave it out."
                ),
            )),
        }
    }

    /// Sends the password of cloud-init where it is new.
    async fn password(&self, guest: &GuestRef) -> Result<()> {
        let of = |vm: &Vm| vm.cloud_init.known().cloned().flatten();
        let Some(cloud_init) = of(self.plan) else { return Ok(()) };
        let before = self.prior.and_then(of).and_then(|cloud_init| cloud_init.password_version);
        let Some(password) = cloud_init.password.get() else { return Ok(()) };
        if self.prior.is_some() && before == cloud_init.password_version {
            return Ok(());
        }
        let form = Form::new().secret("cipassword", &Secret::new(password.clone()));
        let send = || self.px.api.set_guest_config(guest, form.clone(), &[], None, &self.budget);
        let sent = self.px.api.run_optional(&self.budget, send).await;
        sent.map(drop).map_err(|error| {
            self.failed(&error).at(&Path::root().attribute("cloud_init").attribute("password"))
        })
    }

    async fn pool(&self, here: &Here) -> Result<()> {
        let (vmid, now) = (here.guest.vmid, here.guest.pool.as_deref());
        let at = |errors: Diagnostics| errors.at(&Path::root().attribute("pool"));
        let wanted = self.plan.pool.known().and_then(Option::as_deref).filter(|_| self.manages("pool"));
        let done = match (now, wanted) {
            (now, Some(wanted)) if now != Some(wanted) => {
                self.px.api.pool_add(wanted, vmid, &self.budget).await
            }
            (Some(now), None) if self.plan.remove.contains("pool") => {
                self.px.api.pool_remove(now, vmid, &self.budget).await
            }
            _ => Ok(()),
        };
        done.map_err(|error| at(self.failed(&error)))
    }

    async fn ha(&self, here: &Here) -> Result<()> {
        let at = |error: &ApiError| self.failed(error).at(&Path::root().attribute("ha"));
        let guest = here.place();
        let wanted = self.plan.ha.known().and_then(Option::as_ref).filter(|_| self.manages("ha"));
        if let Some(wanted) = wanted {
            let seen = ha_of(self.px, here, true, &self.budget).await.map_err(|error| at(&error))?;
            let settings = HaSettings {
                state: wanted.state.as_str().to_owned(),
                group: wanted.group.clone(),
                max_restart: wanted.max_restart,
                max_relocate: wanted.max_relocate,
            };
            if seen.as_ref().map(as_settings).as_ref() != Some(&settings) {
                let set = self.px.api.set_ha(&guest, &settings, seen.is_some(), &self.budget).await;
                set.map_err(|error| at(&error))?;
            }
        } else if self.plan.remove.contains("ha") {
            // One that high availability is to ignore counts as not managed, and is there all the same.
            let seen = ha_of(self.px, here, true, &self.budget).await.map_err(|error| at(&error))?;
            if seen.is_some() {
                self.px.api.unset_ha(&guest, &self.budget).await.map_err(|error| at(&error))?;
            }
        }
        Ok(())
    }

    /// Starts, stops or restarts the guest, as far as the plan says so.
    async fn power(&self, guest: &GuestRef, here: &Here) -> Result<()> {
        let at = |error: ApiError| self.failed(&error).at(&Path::root().attribute("power"));
        let wanted = self.plan.power.known().copied().filter(|_| self.manages("power"));
        if wanted == Some(Power::Stopped) {
            return ensure_stopped(self.px, guest, Some(self.grace()), &self.budget)
                .await
                .map(drop)
                .map_err(at);
        }
        if self.plan.apply_mode == ApplyMode::Reboot && self.prior.is_some() && here.pending.is_waiting() {
            let stopped =
                ensure_stopped(self.px, guest, Some(self.grace()), &self.budget).await.map_err(at)?;
            if stopped {
                return ensure_running(self.px, guest, &self.budget).await.map(drop).map_err(at);
            }
        }
        if wanted == Some(Power::Running) {
            return ensure_running(self.px, guest, &self.budget).await.map(drop).map_err(at);
        }
        Ok(())
    }
}

fn as_settings(resource: &crate::api::HaResource) -> HaSettings {
    let tries = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
    HaSettings {
        state: resource.state.clone().unwrap_or_else(|| "started".to_owned()),
        group: resource.group.clone(),
        max_restart: tries(resource.max_restart),
        max_relocate: tries(resource.max_relocate),
    }
}

/// How high availability keeps a guest. Asked only where somebody declares it (`wanted`) or the index names it.
///
/// # Errors
/// [`ApiError`].
pub(super) async fn ha_of(
    px: &Proxmox,
    here: &Here,
    wanted: bool,
    budget: &Budget,
) -> Result<Option<crate::api::HaResource>, ApiError> {
    if !wanted {
        return Ok(None);
    }
    let sid = crate::api::ha_sid(&here.place());
    let resources = px.api.ha_resources(budget).await?;
    Ok(resources.iter().find(|resource| resource.sid == sid).cloned())
}

/// A guest with what else is to be known of it.
///
/// # Errors
/// [`ApiError`].
pub(super) async fn seen(
    px: &Proxmox,
    here: Here,
    before: Option<&Vm>,
    budget: &Budget,
) -> Result<Seen, ApiError> {
    let declared = before.is_some_and(|before| before.ha.known().is_some_and(Option::is_some));
    let named = here.guest.hastate.as_deref().is_some_and(|state| !matches!(state, "" | "unmanaged"));
    let ha = ha_of(px, &here, declared || (before.is_none() && named), budget).await?;
    Ok(Seen { here, ha, cost_tags: px.known_cost_tags() })
}
