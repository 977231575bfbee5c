//! The guest of a restore test: restored, cut off from the network, booted, removed.

use std::time::{Duration, Instant};

use tf_framework::{ActionContext, Diagnostic, Diagnostics, Result};
use transport_rest::{Budget, Form};

use super::stamp::{NAME, TrialStamp};
use super::{Chosen, Proof, RestoreTest};
use crate::actions::run::watching;
use crate::api::{ApiError, Destroy, GuestConfig, GuestKind, GuestRef, Kind, TaskFilter, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::functions::backup_vmid;
use crate::guest::{Claim, ClaimFailure, Here, Removal, addresses, ensure_running, look_up, remove};

/// Types of tasks that restore guests.
const RESTORES: [&str; 2] = ["qmrestore", "vzrestore"];
/// Between two looks at a guest that comes up.
const LOOKS: Duration = Duration::from_secs(2);
/// How long a guest must run to count as running.
const STEADY: Duration = Duration::from_secs(5);
/// How long the removal may take, also after an interrupt.
const REMOVAL: Duration = Duration::from_secs(5 * 60);

/// A test under way.
pub(super) struct Trial<'a> {
    pub(super) cx: &'a ActionContext<RestoreTest>,
    pub(super) px: &'a Proxmox,
    pub(super) chosen: &'a Chosen,
    /// The storage for the disks.
    pub(super) storage: Option<&'a str>,
}

impl Trial<'_> {
    /// Restores the backup to a guest of its own; answers its number.
    pub(super) async fn restore(&self, what: &str) -> Result<Vmid> {
        let Self { cx, px, chosen, .. } = self;
        let budget = budget(cx);
        let claim = Claim {
            px,
            kind: chosen.kind,
            vmid: None,
            places: vec![format!("node:{}", chosen.node)],
            budget: &budget,
        };
        let form = self.form();
        let dispatch = |vmid: Vmid, budget: Budget| {
            let form = form.clone();
            let place = self.place(vmid);
            async move { px.api.create_guest(&place, form, &budget).await }
        };
        let started = |vmid: Vmid, upid: &crate::api::Upid| {
            // Other tests of this run leave it alone.
            px.register.take(vmid);
            cx.progress(format!("task {upid}"));
            Ok(())
        };
        let claimed = match claim.run(dispatch, started).await {
            Ok(claimed) => claimed,
            Err(failed) => return Err(self.not_restored(what, failed).await),
        };
        for warning in claimed.warnings {
            cx.warn(Diagnostic::warning("The restore ended with a warning", warning));
        }
        if let Err(error) = self.cut_off(claimed.vmid).await {
            let mut problems = failure(what, &error);
            if let Err(error) = self.remove(claimed.vmid).await {
                problems.extend(failure(format!("Guest {} could not be removed", claimed.vmid), &error));
            }
            return Err(problems);
        }
        Ok(claimed.vmid)
    }

    async fn not_restored(&self, what: &str, failed: ClaimFailure) -> Diagnostics {
        match failed {
            ClaimFailure::Taken { error, .. } => failure(what, &error),
            ClaimFailure::Told(problems) => problems,
            ClaimFailure::Failed { left, error } => {
                let mut problems = failure(what, &error);
                if let Some(vmid) = left
                    && let Err(error) = self.remove(vmid).await
                {
                    problems.extend(failure(format!("Guest {vmid} could not be removed"), &error));
                }
                problems
            }
        }
    }

    fn place(&self, vmid: Vmid) -> GuestRef {
        GuestRef { node: self.chosen.node.clone(), kind: self.chosen.kind, vmid }
    }

    fn form(&self) -> Form {
        let chosen = self.chosen;
        let of = backup_vmid(&chosen.volume).map(|vmid| vmid.to_string()).unwrap_or_default();
        let name = format!("{NAME}{of}");
        let form = Form::new()
            .flag("unique", true)
            .flag("onboot", false)
            .text("description", TrialStamp::new(&self.px.owner).notes())
            .maybe("storage", self.storage);
        match chosen.kind {
            GuestKind::Qemu => form.text("archive", chosen.volume.to_string()).text("name", name),
            GuestKind::Lxc => form
                .text("ostemplate", chosen.volume.to_string())
                .flag("restore", true)
                .text("hostname", name),
        }
    }

    /// Takes the links of the network cards down, and out what only the original may have.
    async fn cut_off(&self, vmid: Vmid) -> Result<(), ApiError> {
        let Self { cx, px, .. } = self;
        let budget = budget(cx);
        let here = look_up(px, vmid, &budget).await?;
        let config = here.config();
        let (settings, delete) = isolation(&config);
        let delete: Vec<&str> = delete.iter().map(String::as_str).collect();
        let place = here.place();
        let set = || px.api.set_guest_config(&place, settings.clone(), &delete, None, &budget);
        px.api.run_optional(&budget, set).await.map(drop)
    }

    /// Boots the guest; answers how long it took to come up.
    pub(super) async fn boot(
        &self,
        vmid: Vmid,
        proof: Proof,
        within: Duration,
    ) -> Result<Duration, ApiError> {
        let Self { cx, px, .. } = self;
        let budget = budget(cx).shortened(within);
        let place = self.place(vmid);
        let begun = Instant::now();
        cx.progress(format!("starting guest {vmid}, its links are down"));
        watching(cx, px, vmid, &["qmstart", "vzstart"], ensure_running(px, &place, &budget)).await?;
        if proof == Proof::Agent && place.kind == GuestKind::Qemu {
            self.agent(&place, &budget).await?;
            return Ok(begun.elapsed());
        }
        budget.sleep(STEADY, || format!("guest {vmid} to run for a while")).await?;
        match px.api.guest_status(&place, &budget).await?.is_running() {
            true => Ok(begun.elapsed()),
            false => Err(ApiError::Argument(format!("guest {vmid} was started and does not run any more"))),
        }
    }

    async fn agent(&self, place: &GuestRef, budget: &Budget) -> Result<(), ApiError> {
        loop {
            match addresses(self.px, place, budget).await {
                Ok(_) => return Ok(()),
                Err(error)
                    if matches!(
                        error.kind(),
                        Some(Kind::AgentDown | Kind::GuestTimeout | Kind::NodeTimeout)
                    ) => {}
                Err(error) => return Err(error),
            }
            if !self.px.api.guest_status(place, budget).await?.is_running() {
                let text = format!("guest {} was started and does not run any more", place.vmid);
                return Err(ApiError::Argument(text));
            }
            budget.sleep(LOOKS, || format!("the guest agent of guest {}", place.vmid)).await?;
        }
    }

    /// Removes the guest, also when the test was interrupted.
    pub(super) async fn remove(&self, vmid: Vmid) -> Result<(), ApiError> {
        let removed = remove_trial(self.px, vmid).await;
        self.cx.progress(match &removed {
            Ok(()) => format!("guest {vmid} was removed"),
            Err(_) => format!("guest {vmid} could not be removed"),
        });
        self.px.register.release(vmid);
        removed
    }
}

async fn remove_trial(px: &Proxmox, vmid: Vmid) -> Result<(), ApiError> {
    let budget = Budget::within(REMOVAL);
    let stamp = TrialStamp::new(&px.owner);
    let is_it = |here: &Here| stamp.is_of(&here.config());
    let how = Destroy { purge: true, unreferenced_disks: true };
    remove(&Removal { px, vmid, is_it: &is_it, grace: None, how, budget: &budget }).await.map(drop)
}

/// Settings that keep a guest to itself, and keys that go.
fn isolation(config: &GuestConfig) -> (Form, Vec<String>) {
    let mut form = Form::new().flag("protection", false);
    for (slot, text) in config.slots("net") {
        let cut: Vec<&str> = text.split(',').filter(|part| !part.starts_with("link_down=")).collect();
        form = form.text(format!("net{slot}"), format!("{},link_down=1", cut.join(",")));
    }
    let devices = ["hostpci", "usb"];
    let delete = devices
        .iter()
        .flat_map(|family| config.slots(family).map(move |(slot, _)| format!("{family}{slot}")))
        .collect();
    (form, delete)
}

/// Removes guests that killed tests of the same configuration left behind.
pub(super) async fn remove_leftovers(cx: &ActionContext<RestoreTest>, px: &Proxmox) -> Result<()> {
    let budget = budget(cx);
    let failed = |error: ApiError| failure("Looking for earlier tests failed", &error);
    settle_restores(px, &budget).await.map_err(failed)?;
    px.api.invalidate();
    let inventory = px.api.inventory(&budget).await.map_err(failed)?;
    let stamp = TrialStamp::new(&px.owner);
    for guest in inventory.guests().filter(|guest| guest.name.starts_with(NAME)) {
        let pending = px.api.guest_pending(&GuestRef::from(guest), &budget).await;
        let ours = pending.is_ok_and(|pending| stamp.is_of(&pending.view(crate::api::ConfigView::Pending)));
        // One that this run restored is in use.
        if !ours || !px.register.take(guest.vmid) {
            continue;
        }
        cx.progress(format!("removing guest {}, which an earlier test left", guest.vmid));
        remove_trial(px, guest.vmid).await.map_err(|error| {
            failure(format!("Guest {} of an earlier test could not be removed", guest.vmid), &error)
        })?;
        px.register.release(guest.vmid);
    }
    Ok(())
}

/// Waits for restores that a killed run of this account left running: until they end, a guest shows no notes.
async fn settle_restores(px: &Proxmox, budget: &Budget) -> Result<(), ApiError> {
    let filter = TaskFilter { vmid: None, kinds: RESTORES.map(str::to_owned).to_vec() };
    let ours = px.api.principal().to_string();
    for task in px.api.running_tasks(&filter, budget).await? {
        if task.upid.user() != ours || px.started(&task.upid) {
            continue;
        }
        match px.api.wait(&task.upid, budget).await {
            Err(error) if error.is_interrupted() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_restored_guest_meets_nobody() {
        let config: GuestConfig = serde_json::from_value(json!({
            "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,link_down=0",
            "net3": "name=eth3,bridge=vmbr1,hwaddr=BC:24:11:00:00:02",
            "hostpci0": "01:00", "usb2": "host=1234:5678", "scsi0": "local:1/x.raw", "protection": 1,
        }))
        .unwrap();
        let (form, delete) = isolation(&config);
        assert_eq!(form.get("net0"), Some("virtio=BC:24:11:00:00:01,bridge=vmbr0,link_down=1"));
        assert_eq!(form.get("net3"), Some("name=eth3,bridge=vmbr1,hwaddr=BC:24:11:00:00:02,link_down=1"));
        assert_eq!(form.get("protection"), Some("0"));
        assert_eq!(delete, ["hostpci0", "usb2"]);
    }
}
