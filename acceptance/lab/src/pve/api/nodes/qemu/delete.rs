//! Destroying a machine.

use std::collections::BTreeSet;

use super::super::guests::removal;
use super::disks::Disks;
use super::lock_name;
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Guest, GuestKind};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    purge: bool,
    unreferenced: bool,
    skiplock: bool,
}

/// Refusals that come both before the worker and, once it has the lock, inside it.
fn check(cluster: &Cluster, node: &str, job: &Job) -> Outcome<Guest> {
    let state = cluster.state();
    let guest = state.guest(node, job.vmid)?;
    if !job.skiplock {
        guest.check_lock()?;
    }
    let vmid = job.vmid;
    if guest.config.get("protection").is_some_and(|p| p == "1") {
        return Err(Refusal::died(format!("can't remove VM {vmid} - protection mode enabled")));
    }
    removal::check_references(&state, GuestKind::Qemu, vmid, job.purge)?;
    if guest.run.is_some() {
        return Err(Refusal::died(format!("VM {vmid} is running - destroy failed")));
    }
    Ok(guest.clone())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let job = Job {
        vmid: call.vmid()?,
        purge: call.params.flag("purge"),
        unreferenced: call.params.flag("destroy-unreferenced-disks"),
        skiplock: call.params.flag("skiplock"),
    };
    if job.skiplock && !call.principal.is_root() {
        return Err(Refusal::param("skiplock", "Only root may use this option."));
    }
    check(&call.cluster, call.node(), &job)?;
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "qmdestroy", &id, move |worker| {
        run(worker, &job)
    })
    .into())
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let node = worker.node();
    let guest = check(&worker.cluster, node, job)?;
    worker.work()?;
    let disks = Disks { cluster: &worker.cluster, node, vmid: job.vmid, log: worker };
    let mut volumes: BTreeSet<String> = guest.volumes().into_iter().collect();
    // A base in use stops it before anything is lost.
    for volume in &volumes {
        let place = worker.cluster.locate(node, volume)?;
        super::disks::check_base_unused(&worker.cluster, node, &place)?;
    }
    if job.unreferenced {
        volumes.extend(disks.owned());
    }
    for volume in &volumes {
        // A volume of somebody else is only forgotten.
        let owner = worker.cluster.locate(node, volume)?.volume.owner;
        if owner.is_none_or(|o| o == job.vmid) {
            disks.free(volume)?;
        }
    }
    removal::forget(worker, GuestKind::Qemu, job.vmid, job.purge);
    Ok(())
}
