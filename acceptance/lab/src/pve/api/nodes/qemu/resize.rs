//! Growing a disk.

use super::lock_name;
use crate::pve::call::Call;
use crate::pve::guest::Drive;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{format_size, inspect, parse_size};
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    disk: String,
    relative: bool,
    size: u64,
    digest: Option<String>,
}

pub(super) fn resize(call: &Call) -> Outcome {
    let size = call.params.need("size")?;
    let relative = size.starts_with('+');
    let job = Job {
        vmid: call.vmid()?,
        disk: call.params.need("disk")?.to_owned(),
        relative,
        size: parse_size(size.trim_start_matches('+'), 1)
            .ok_or_else(|| Refusal::param("size", "value does not match the regex pattern"))?,
        digest: call.params.str("digest").map(str::to_owned),
    };
    call.cluster.state().guest(call.node(), job.vmid)?.check_digest(job.digest.as_deref())?;
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "resize", &id, move |worker| {
        run(worker, &job)
    })
    .into())
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let node = worker.node();
    let disk = &job.disk;
    let guest = worker.cluster.state().guest(node, job.vmid)?.clone();
    guest.check_digest(job.digest.as_deref())?;
    guest.check_lock()?;
    let text =
        guest.config.get(disk).ok_or_else(|| Refusal::died(format!("disk '{disk}' does not exist")))?;
    let mut drive =
        Drive::parse(disk, text).ok_or_else(|| Refusal::died(format!("disk '{disk}' does not exist")))?;
    if drive.is_cdrom() {
        return Err(Refusal::died("you can't resize a cdrom"));
    }
    if drive.storage().is_none() {
        return Err(Refusal::died(format!("disk '{disk}' has no associated volume")));
    }
    let place = worker.cluster.locate(node, &drive.file)?;
    let format = place.volume.format.clone();
    let image = inspect(&place.real, Some(&format)).ok_or_else(|| {
        Refusal::died(format!("could not determine current size of volume '{}'", drive.file))
    })?;
    let wanted = if job.relative { image.size + job.size } else { job.size };
    // Sizes are whole kibibytes.
    let wanted = wanted.div_ceil(1024) * 1024;
    if wanted < image.size {
        return Err(Refusal::died("shrinking disks is not supported"));
    }
    if wanted == image.size {
        return worker.work();
    }
    let size = wanted.to_string();
    if place.volume.is_base() {
        let shown = &place.shown;
        worker.log(format!(
            "qemu-img.real: Could not open '{shown}': Could not open '{shown}': Operation not permitted"
        ));
        return Err(Refusal::died(format!(
            "command '/usr/bin/qemu-img resize -f {format} {shown} {size}' failed: exit code 1"
        )));
    }
    worker.work()?;
    worker.cluster.grow_volume(&place, wanted)?;
    if guest.run.is_none() {
        worker.log("Image resized.");
    }
    drive.options.insert("size".to_owned(), format_size(wanted));
    let mut state = worker.cluster.state();
    state.guest_mut(node, job.vmid)?.config.insert(disk.clone(), drive.print());
    Ok(())
}
