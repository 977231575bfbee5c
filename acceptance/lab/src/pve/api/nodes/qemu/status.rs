//! Power: what a simulated machine does when asked.

use serde_json::json;

use super::super::guests::{ha, ha_view, missing_bridge};
use super::disks::Disks;
use super::{changes, list, lock_name};
use crate::pve::call::Call;
use crate::pve::guest::{Guest, GuestKind};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::tasks::{self, Worker};

pub(super) fn current(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    let guest = state.guest(call.node(), vmid)?;
    let mut item = list::summary(&call.cluster, vmid, guest);
    let paused = guest.run.as_ref().is_some_and(|r| r.paused);
    item["qmpstatus"] = if paused { json!("paused") } else { item["status"].clone() };
    item["ha"] = ha_view(&state, GuestKind::Qemu, vmid);
    if guest.run.is_some() {
        item["nics"] = json!({ format!("tap{vmid}i0"): { "netin": 0, "netout": 0 } });
    }
    if guest.config.get("agent").is_some_and(|a| a.contains('1')) {
        item["agent"] = json!(1);
    }
    if guest.config.get("vga").is_some_and(|v| v.starts_with("serial")) {
        item["clipboard"] = json!(null);
    }
    Ok(item.into())
}

/// Runs a change of a machine's power as a task.
fn task(call: &Call, kind: &str, change: fn(&Worker, &mut Guest, u32) -> Outcome<()>) -> Outcome {
    let vmid = call.vmid()?;
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), kind, &vmid.to_string(), move |worker| {
        let _lock = worker.lock(&lock_name(vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
        let mut guest = worker.cluster.state().guest(worker.node(), vmid)?.clone();
        change(worker, &mut guest, vmid)?;
        *worker.cluster.state().guest_mut(worker.node(), vmid)? = guest;
        worker.work()
    })
    .into())
}

pub(super) fn start(call: &Call) -> Outcome {
    match ha::request(call, GuestKind::Qemu, "started") {
        Some(answer) => answer,
        None => start_now(call),
    }
}

pub(in super::super) fn start_now(call: &Call) -> Outcome {
    task(call, "qmstart", |worker, guest, vmid| {
        guest.check_lock()?;
        if guest.is_template() {
            return Err(Refusal::died("you can't start a vm if it's a template"));
        }
        if guest.run.is_some() {
            return Err(Refusal::died(format!("VM {vmid} already running")));
        }
        if guest.drives().iter().any(|(_, d)| d.is_cloudinit()) {
            worker.log("generating cloud-init ISO");
        }
        settle(worker, guest, vmid)?;
        check_start(worker, guest)?;
        worker.cluster.start_guest(vmid, guest)
    })
}

/// Off; what waited for it now counts.
fn power_off(worker: &Worker, guest: &mut Guest, vmid: u32) -> Outcome<()> {
    if guest.run.is_some() {
        worker.cluster.stop_guest(vmid, guest)?;
    }
    settle(worker, guest, vmid)
}

fn settle(worker: &Worker, guest: &mut Guest, vmid: u32) -> Outcome<()> {
    let disks = Disks { cluster: &worker.cluster, node: worker.node(), vmid, log: worker };
    changes::settle(guest, &disks)
}

/// What keeps a machine from starting: a bridge or a volume that is not there.
fn check_start(worker: &Worker, guest: &Guest) -> Outcome<()> {
    for (key, text) in &guest.config {
        let net = split_number(key).is_some_and(|(family, _)| family == "net");
        let bridge = missing_bridge(&worker.cluster.state(), worker.node(), text);
        if let Some(bridge) = bridge.filter(|_| net) {
            worker.log(format!("bridge '{bridge}' does not exist"));
            worker.log("kvm: network script /usr/libexec/qemu-server/pve-bridge failed with status 512");
            return Err(Refusal::died("start failed: QEMU exited with code 1"));
        }
    }
    for (_, drive) in guest.drives().into_iter().filter(|(_, d)| d.storage().is_some()) {
        if !worker.cluster.locate(worker.node(), &drive.file)?.real.exists() {
            return Err(Refusal::died(format!("volume '{}' does not exist", drive.file)));
        }
    }
    Ok(())
}

pub(super) fn stop(call: &Call) -> Outcome {
    match ha::request(call, GuestKind::Qemu, "stopped") {
        Some(answer) => answer,
        None => stop_now(call),
    }
}

pub(in super::super) fn stop_now(call: &Call) -> Outcome {
    let (vmid, node) = (call.vmid()?, call.node().to_owned());
    // Unlike the other calls this one words a missing machine as the index does.
    if call.cluster.state().guests.get(&vmid).is_none_or(|g| g.node != node) {
        let text = format!("unable to find configuration file for VM {vmid} on node '{node}'");
        return Ok(tasks::spawn(
            &call.cluster,
            &call.principal,
            &node,
            "qmstop",
            &vmid.to_string(),
            move |_| Err(Refusal::died(text)),
        )
        .into());
    }
    task(call, "qmstop", |worker, guest, vmid| {
        guest.check_lock()?;
        power_off(worker, guest, vmid)
    })
}

pub(super) fn shutdown(call: &Call) -> Outcome {
    match ha::request(call, GuestKind::Qemu, "stopped") {
        Some(answer) => answer,
        None => shutdown_now(call),
    }
}

pub(in super::super) fn shutdown_now(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let force = call.params.flag("forceStop");
    let paused = {
        let state = call.cluster.state();
        state.guests.get(&vmid).and_then(|g| g.run.as_ref()).is_some_and(|r| r.paused)
    };
    if paused && !force {
        return Err(Refusal::died("VM is paused - cannot shutdown"));
    }
    task(call, "qmshutdown", |worker, guest, vmid| {
        guest.check_lock()?;
        power_off(worker, guest, vmid)
    })
}

pub(super) fn reboot(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    if call.cluster.state().guest(call.node(), vmid)?.run.is_none() {
        return Err(Refusal::died(format!("VM {vmid} not running")));
    }
    task(call, "qmreboot", |worker, guest, vmid| {
        power_off(worker, guest, vmid)?;
        worker.cluster.start_guest(vmid, guest)
    })
}

pub(super) fn reset(call: &Call) -> Outcome {
    task(call, "qmreset", |_, guest, vmid| match guest.run {
        Some(_) => Ok(()),
        None => Err(Refusal::died(format!("VM {vmid} not running"))),
    })
}

pub(in super::super) fn suspend(call: &Call) -> Outcome {
    task(call, "qmpause", |_, guest, vmid| pause(guest, vmid, true))
}

pub(super) fn resume(call: &Call) -> Outcome {
    task(call, "qmresume", |_, guest, vmid| pause(guest, vmid, false))
}

fn pause(guest: &mut Guest, vmid: u32, paused: bool) -> Outcome<()> {
    match &mut guest.run {
        Some(run) => {
            run.paused = paused;
            Ok(())
        }
        None => Err(Refusal::died(format!("VM {vmid} not running"))),
    }
}
