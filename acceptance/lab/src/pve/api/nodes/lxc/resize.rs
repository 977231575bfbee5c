//! Growing a volume.

use super::{container, container_mut, lock_name};
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::Mount;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{Located, format_size, inspect, parse_size};
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
    let job = Job {
        vmid: call.vmid()?,
        disk: call.params.need("disk")?.to_owned(),
        relative: size.starts_with('+'),
        size: parse_size(size.trim_start_matches('+'), 1)
            .ok_or_else(|| Refusal::param("size", "value does not match the regex pattern"))?,
        digest: call.params.str("digest").map(str::to_owned),
    };
    let (_, place, _) = check(&call.cluster, call.node(), &job)?;
    let path = format!("/storage/{}", place.storage.id);
    call.cluster.state().need(&call.principal, &path, &["Datastore.AllocateSpace"])?;
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "resize", &id, move |worker| {
        run(worker, &job)
    })
    .into())
}

/// Decided before the worker and again inside it: the mount, its place, its size to be.
fn check(cluster: &Cluster, node: &str, job: &Job) -> Outcome<(Mount, Located, u64)> {
    let guest = container(&cluster.state(), node, job.vmid)?.clone();
    guest.check_lock()?;
    guest.check_digest(job.digest.as_deref())?;
    let mount = guest.config.get(&job.disk).and_then(|text| Mount::parse(&job.disk, text));
    let Some(mount) = mount else {
        // The empty text of an absent mount is what fails to parse.
        let missing = "property is missing and it is not optional".to_owned();
        let mut errors = std::collections::BTreeMap::from([("volume".to_owned(), missing.clone())]);
        if job.disk != "rootfs" {
            errors.insert("mp".to_owned(), missing);
        }
        return Err(Refusal::died("format error").with_errors(errors));
    };
    let volid = &mount.volume;
    let place = cluster.locate(node, volid)?;
    if let Some(owner) = place.volume.owner.filter(|o| *o != job.vmid) {
        return Err(Refusal::died(format!("can't resize mount point owned by another container ({owner})")));
    }
    let image = inspect(&place.real, Some(&place.volume.format))
        .ok_or_else(|| Refusal::died(format!("Could not determine current size of volume '{volid}'")))?;
    let wanted = if job.relative { image.size + job.size } else { job.size };
    if wanted < image.size {
        return Err(Refusal::died("unable to shrink disk size"));
    }
    if wanted == image.size {
        return Err(Refusal::died("disk is already at specified size"));
    }
    Ok((mount, place, wanted))
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let (mut mount, place, wanted) = check(&worker.cluster, worker.node(), job)?;
    worker.work()?;
    worker.cluster.grow_volume(&place, wanted)?;
    worker.log("Image resized.");
    worker.log("resize2fs 1.47.0 (5-Feb-2023)");
    mount.options.insert("size".to_owned(), format_size(wanted));
    let mut state = worker.cluster.state();
    container_mut(&mut state, worker.node(), job.vmid)?.config.insert(job.disk.clone(), mount.print());
    Ok(())
}
