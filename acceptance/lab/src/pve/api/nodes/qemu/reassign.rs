//! Handing a disk to another machine.

use super::disks::{Disks, keep_unused};
use super::lock_name;
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::guest::Drive;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::Volume;
use crate::pve::tasks::{self, Worker};

struct Job {
    from: u32,
    to: u32,
    disk: String,
    slot: String,
    digest: Option<String>,
    target_digest: Option<String>,
}

pub(super) fn reassign(call: &Call, target: u32) -> Outcome {
    let params = &call.params;
    let disk = params.need("disk")?.to_owned();
    let text = |key: &str| params.str(key).map(str::to_owned);
    let job = Job {
        from: call.vmid()?,
        to: target,
        slot: text("target-disk").unwrap_or_else(|| disk.clone()),
        disk,
        digest: text("digest"),
        target_digest: text("target-digest"),
    };
    let state = call.cluster.state();
    state.need(&call.principal, &format!("/vms/{target}"), &["VM.Config.Disk"])?;
    if job.from == job.to {
        let text = "must be different than source VMID to reassign disk";
        return Err(Refusal::param("target-vmid", text));
    }
    check(&state, call.node(), &job)?;
    drop(state);
    let id = format!("{}-{}>{}-{}", job.from, job.disk, job.to, job.slot);
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "qmmove", &id, move |worker| {
        run(worker, &job)
    })
    .into())
}

fn check(state: &State, node: &str, job: &Job) -> Outcome<Drive> {
    let from = state.guest(node, job.from)?;
    let to = state.guest(node, job.to)?;
    from.check_lock()?;
    to.check_lock()?;
    from.check_digest(job.digest.as_deref())?;
    to.check_digest(job.target_digest.as_deref())?;
    let (disk, slot) = (&job.disk, &job.slot);
    let drive = from.config.get(disk).and_then(|text| Drive::parse(disk, text));
    let drive = drive.ok_or_else(|| Refusal::died(format!("disk '{disk}' does not exist")))?;
    if drive.is_cdrom() || drive.storage().is_none() {
        return Err(Refusal::died(format!("disk '{disk}' is not a volume that can be reassigned")));
    }
    if from.run.is_some() && !disk.starts_with("unused") {
        return Err(Refusal::died("Cannot move disk of a running VM to another VM"));
    }
    if to.config.contains_key(slot) {
        return Err(Refusal::died(format!("Target disk key '{slot}' is already in use for VM '{}'", job.to)));
    }
    Ok(drive)
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let (cluster, node) = (&worker.cluster, worker.node());
    let wait = cluster.config.lock_wait;
    let _from = worker.lock(&lock_name(job.from), Mode::Exclusive, wait)?;
    let _to = worker.lock(&lock_name(job.to), Mode::Exclusive, wait)?;
    let mut drive = check(&cluster.state(), node, job)?;
    worker.work()?;
    worker.log(format!("moving disk '{}' from VM '{}' to '{}'", job.disk, job.from, job.to));
    let place = cluster.locate(node, &drive.file)?;
    let disks = Disks { cluster, node, vmid: job.to, log: worker };
    let stem = disks.free_stem(&place.storage);
    let name = Disks::file_name(&place.storage, &stem, &place.volume.format);
    let volume = Volume { owner: Some(job.to), name, ..place.volume.clone() };
    let to = cluster.place(node, place.storage.clone(), volume);
    cluster.rename_volume(&place, &to)?;
    drive.file = to.volume.volid(to.storage.plugin);
    let mut state = cluster.state();
    state.guest_mut(node, job.from)?.config.remove(&job.disk);
    let target = state.guest_mut(node, job.to)?;
    if job.slot.starts_with("unused") {
        keep_unused(&mut target.config, &drive.file);
    } else {
        target.config.insert(job.slot.clone(), drive.print());
    }
    Ok(())
}
