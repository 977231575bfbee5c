//! Destroying a container.

use std::collections::BTreeSet;

use super::super::guests::removal;
use super::super::qemu::disks::check_base_unused;
use super::volumes::Volumes;
use super::{container, container_mut, lock_name};
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Guest, GuestKind};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

#[derive(Clone, Copy)]
struct Job {
    vmid: u32,
    force: bool,
    purge: bool,
    unreferenced: bool,
}

/// Refusals that come both before the worker and, once it has the lock, inside it.
fn check(cluster: &Cluster, node: &str, job: Job) -> Outcome<Guest> {
    let state = cluster.state();
    let vmid = job.vmid;
    let guest = container(&state, node, vmid)?;
    if guest.flag("protection") {
        return Err(Refusal::died(format!("can't remove CT {vmid} - protection mode enabled")));
    }
    guest.check_lock()?;
    removal::check_references(&state, GuestKind::Lxc, vmid, job.purge)?;
    if guest.run.is_some() && !job.force {
        return Err(Refusal::died(format!("unable to destroy CT {vmid} - container is running")));
    }
    Ok(guest.clone())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let job = Job {
        vmid: call.vmid()?,
        force: call.params.flag("force"),
        purge: call.params.flag("purge"),
        unreferenced: call.params.flag("destroy-unreferenced-disks"),
    };
    check(&call.cluster, call.node(), job)?;
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "vzdestroy", &id, move |worker| {
        run(worker, job)
    })
    .into())
}

fn run(worker: &Worker, job: Job) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let (cluster, node) = (&worker.cluster, worker.node());
    let guest = check(cluster, node, job)?;
    worker.work()?;
    let volumes = Volumes::new(cluster, node, job.vmid, worker);
    let mut all: BTreeSet<String> = guest.volumes().into_iter().collect();
    // A base in use stops it before anything is lost.
    for volume in &all {
        check_base_unused(cluster, node, &cluster.locate(node, volume)?)?;
    }
    if let Ok(guest) = container_mut(&mut cluster.state(), node, job.vmid) {
        guest.config.insert("lock".to_owned(), "destroyed".to_owned());
    }
    if job.unreferenced {
        all.extend(volumes.disks.owned());
    }
    for volume in &all {
        // A volume of somebody else is only forgotten.
        let owner = cluster.locate(node, volume)?.volume.owner;
        if owner.is_none_or(|o| o == job.vmid) {
            volumes.disks.free(volume)?;
        }
    }
    removal::forget(worker, GuestKind::Lxc, job.vmid, job.purge);
    Ok(())
}
