//! Moving a disk to another storage or format.

use super::disks::{Disks, keep_unused};
use super::lock_name;
use crate::pve::call::Call;
use crate::pve::guest::Drive;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    disk: String,
    storage: String,
    format: Option<String>,
    delete: bool,
    digest: Option<String>,
}

pub(super) fn move_disk(call: &Call) -> Outcome {
    let params = &call.params;
    if let Some(target) = params.number("target-vmid").and_then(|n| u32::try_from(n).ok()) {
        if params.str("storage").is_some() {
            let text = "cannot be used together with parameter 'target-vmid'";
            return Err(Refusal::param("storage", text));
        }
        return super::reassign::reassign(call, target);
    }
    let job = Job {
        vmid: call.vmid()?,
        disk: params.need("disk")?.to_owned(),
        storage: params.need("storage")?.to_owned(),
        format: params.str("format").map(str::to_owned),
        delete: params.flag("delete"),
        digest: params.str("digest").map(str::to_owned),
    };
    let state = call.cluster.state();
    state.need(&call.principal, &format!("/storage/{}", job.storage), &["Datastore.AllocateSpace"])?;
    let guest = state.guest(call.node(), job.vmid)?;
    guest.check_lock()?;
    guest.check_digest(job.digest.as_deref())?;
    let disk = &job.disk;
    let drive = guest
        .config
        .get(disk)
        .and_then(|text| Drive::parse(disk, text))
        .ok_or_else(|| Refusal::died(format!("disk '{disk}' does not exist")))?;
    if drive.is_cdrom() {
        return Err(Refusal::died("you can't move a cdrom"));
    }
    let target = state.storage_on(&job.storage, call.node())?;
    let format = job.format.as_deref();
    let same_format = format.is_none_or(|f| drive.file.ends_with(&format!(".{f}")));
    if drive.storage() == Some(target.id.as_str()) && same_format {
        return Err(Refusal::died("you can't move to the same storage with same format"));
    }
    drop(state);
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "qmmove", &id, move |worker| {
        run(worker, &job)
    })
    .into())
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let node = worker.node();
    let failed =
        |refusal: Refusal| Refusal::died(format!("storage migration failed: {}", refusal.exit_text()));
    let mut guest = worker.cluster.state().guest(node, job.vmid)?.clone();
    guest.check_digest(job.digest.as_deref())?;
    let old = guest
        .config
        .get(&job.disk)
        .and_then(|text| Drive::parse(&job.disk, text))
        .ok_or_else(|| Refusal::died(format!("disk '{}' does not exist", job.disk)))?;
    let disks = Disks { cluster: &worker.cluster, node, vmid: job.vmid, log: worker };
    let new = disks.full_clone(&job.disk, &old, Some(&job.storage), job.format.as_deref()).map_err(failed)?;
    worker.work()?;
    guest.config.insert(job.disk.clone(), new.print());
    if !job.delete {
        keep_unused(&mut guest.config, &old.file);
    }
    *worker.cluster.state().guest_mut(node, job.vmid)? = guest;
    if job.delete { disks.free(&old.file) } else { Ok(()) }
}
