//! Power: what a simulated machine does when asked.

use serde_json::json;

use super::{list, lock_name};
use crate::pve::call::Call;
use crate::pve::guest::{Guest, Run, random_uuid};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

pub(super) fn current(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    let guest = state.guest(call.node(), vmid)?;
    let mut item = list::summary(&call.cluster, vmid, guest);
    let paused = guest.run.as_ref().is_some_and(|r| r.paused);
    item["qmpstatus"] = if paused { json!("paused") } else { item["status"].clone() };
    item["ha"] = json!({ "managed": 0 });
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
        guest.config = guest.future();
        guest.pending.clear();
        if guest.config.contains_key("vmgenid") {
            guest.config.insert("vmgenid".to_owned(), random_uuid());
        }
        power_on(worker, guest);
        Ok(())
    })
}

fn power_on(worker: &Worker, guest: &mut Guest) {
    guest.run = Some(Run { pid: worker.cluster.next_pid(), started: worker.cluster.now(), paused: false });
}

/// Off; what waited for it now counts.
fn power_off(guest: &mut Guest) {
    guest.run = None;
    guest.config = guest.future();
    guest.pending.clear();
}

pub(super) fn stop(call: &Call) -> Outcome {
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
    task(call, "qmstop", |_, guest, _| {
        guest.check_lock()?;
        power_off(guest);
        Ok(())
    })
}

pub(super) fn shutdown(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let force = call.params.flag("forceStop");
    let paused = {
        let state = call.cluster.state();
        state.guests.get(&vmid).and_then(|g| g.run.as_ref()).is_some_and(|r| r.paused)
    };
    if paused && !force {
        return Err(Refusal::died("VM is paused - cannot shutdown"));
    }
    task(call, "qmshutdown", |_, guest, _| {
        guest.check_lock()?;
        power_off(guest);
        Ok(())
    })
}

pub(super) fn reboot(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    if call.cluster.state().guest(call.node(), vmid)?.run.is_none() {
        return Err(Refusal::died(format!("VM {vmid} not running")));
    }
    task(call, "qmreboot", |worker, guest, _| {
        power_off(guest);
        power_on(worker, guest);
        Ok(())
    })
}

pub(super) fn reset(call: &Call) -> Outcome {
    task(call, "qmreset", |_, guest, vmid| match guest.run {
        Some(_) => Ok(()),
        None => Err(Refusal::died(format!("VM {vmid} not running"))),
    })
}

pub(super) fn suspend(call: &Call) -> Outcome {
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
