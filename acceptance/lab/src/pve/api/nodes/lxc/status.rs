//! Power: what a simulated container does when asked.

use super::super::guests::{ha, ha_view, missing_bridge};
use super::volumes::Volumes;
use super::{container, container_mut, list, lock_name, pending};
use crate::pve::call::Call;
use crate::pve::guest::{Guest, GuestKind};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::tasks::{self, Worker};

pub(super) fn current(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    let guest = container(&state, call.node(), vmid)?;
    let mut item = list::summary(&call.cluster, vmid, guest);
    item["ha"] = ha_view(&state, GuestKind::Lxc, vmid);
    Ok(item.into())
}

/// Runs a change of a container's power as a task, and shows its effect when it is over.
fn task(
    call: &Call,
    kind: &str,
    change: impl FnOnce(&Worker, &mut Guest, u32) -> Outcome<()> + Send + 'static,
) -> Outcome {
    let vmid = call.vmid()?;
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), kind, &vmid.to_string(), move |worker| {
        let _lock = worker.lock(&lock_name(vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
        let mut guest = container(&worker.cluster.state(), worker.node(), vmid)?.clone();
        guest.check_lock()?;
        change(worker, &mut guest, vmid)?;
        worker.work()?;
        *container_mut(&mut worker.cluster.state(), worker.node(), vmid)? = guest;
        Ok(())
    })
    .into())
}

fn is_running(call: &Call) -> Outcome<bool> {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    Ok(container(&state, call.node(), vmid).is_ok_and(|g| g.run.is_some()))
}

/// Most calls do not even start a task for a container that is off.
fn need_running(call: &Call) -> Outcome<()> {
    if is_running(call)? {
        return Ok(());
    }
    Err(Refusal::died(format!("CT {} not running", call.vmid()?)))
}

pub(super) fn start(call: &Call) -> Outcome {
    match ha::request(call, GuestKind::Lxc, "started") {
        Some(answer) => answer,
        None => start_now(call),
    }
}

pub(in super::super) fn start_now(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    if is_running(call)? {
        return Err(Refusal::died(format!("CT {vmid} already running")));
    }
    task(call, "vzstart", |worker, guest, vmid| {
        if guest.is_template() {
            return Err(Refusal::died("you can't start a CT if it's a template"));
        }
        if guest.run.is_some() {
            return Err(Refusal::died(format!("CT {vmid} already running")));
        }
        power_on(worker, guest, vmid)
    })
}

fn power_on(worker: &Worker, guest: &mut Guest, vmid: u32) -> Outcome<()> {
    settle(worker, guest, vmid)?;
    for (key, text) in &guest.config {
        let net = split_number(key).is_some_and(|(family, _)| family == "net");
        let bridge = missing_bridge(&worker.cluster.state(), worker.node(), text);
        if let Some(bridge) = bridge.filter(|_| net) {
            worker.log(format!("bridge '{bridge}' does not exist"));
            return Err(Refusal::died(format!("startup for container '{vmid}' failed")));
        }
    }
    for volume in guest
        .kind
        .volumes(&guest.config)
        .iter()
        .filter(|v| !guest.config.iter().any(|(k, u)| k.starts_with("unused") && u == *v))
    {
        if !worker.cluster.locate(worker.node(), volume)?.real.exists() {
            return Err(Refusal::died(format!("volume '{volume}' does not exist")));
        }
    }
    worker.cluster.start_guest(vmid, guest)
}

/// What waited for the container to be off now counts.
fn settle(worker: &Worker, guest: &mut Guest, vmid: u32) -> Outcome<()> {
    if guest.run.is_some() {
        worker.cluster.stop_guest(vmid, guest)?;
    }
    let volumes = Volumes::new(&worker.cluster, worker.node(), vmid, worker);
    pending::settle(guest, &volumes, None).map(|_| ())
}

pub(super) fn stop(call: &Call) -> Outcome {
    match ha::request(call, GuestKind::Lxc, "stopped") {
        Some(answer) => answer,
        None => stop_now(call),
    }
}

pub(in super::super) fn stop_now(call: &Call) -> Outcome {
    need_running(call)?;
    task(call, "vzstop", settle)
}

pub(super) fn shutdown(call: &Call) -> Outcome {
    match ha::request(call, GuestKind::Lxc, "stopped") {
        Some(answer) => answer,
        None => shutdown_now(call),
    }
}

pub(in super::super) fn shutdown_now(call: &Call) -> Outcome {
    need_running(call)?;
    task(call, "vzshutdown", settle)
}

pub(super) fn reboot(call: &Call) -> Outcome {
    need_running(call)?;
    task(call, "vzreboot", power_on)
}

pub(in super::super) fn suspend(call: &Call) -> Outcome {
    need_running(call)?;
    task(call, "vzsuspend", |_, guest, _| {
        guest.run.iter_mut().for_each(|run| run.paused = true);
        Ok(())
    })
}

pub(super) fn resume(call: &Call) -> Outcome {
    need_running(call)?;
    task(call, "vzresume", |_, guest, _| {
        guest.run.iter_mut().for_each(|run| run.paused = false);
        Ok(())
    })
}
