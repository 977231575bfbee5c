//! Many guests of a node in one task: `startall`, `stopall`, `suspendall`, `migrateall`.

use std::time::Duration;

use serde_json::Value;

use super::migrate::{self, Job};
use crate::pve::api::nodes as work;
use crate::pve::call::{Call, Param};
use crate::pve::cluster::Cluster;
use crate::pve::guest::GuestKind;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

/// What is done to each guest.
type Step = fn(&Call, GuestKind) -> Outcome;

#[derive(Clone, Copy)]
struct Kind {
    task: &'static str,
    privilege: &'static str,
    /// As the log begins a line.
    verb: &'static str,
    /// Whether it is for guests that run, or for those that rest.
    running: bool,
    step: Step,
}

const START: Kind =
    Kind { task: "startall", privilege: "VM.PowerMgmt", verb: "Starting", running: false, step: work::start };

const STOP: Kind = Kind {
    task: "stopall",
    privilege: "VM.PowerMgmt",
    verb: "Stopping",
    running: true,
    step: work::shutdown,
};

const SUSPEND: Kind = Kind {
    task: "suspendall",
    privilege: "VM.PowerMgmt",
    verb: "Suspending",
    running: true,
    step: work::suspend,
};

pub(in super::super) fn start(call: &Call) -> Outcome {
    // Without a list only those that start with their node, unless forced.
    let all = call.params.flag("force") || call.params.str("vms").is_some();
    run(call, &START, move |onboot| all || onboot)
}

pub(in super::super) fn stop(call: &Call) -> Outcome {
    run(call, &STOP, |_| true)
}

pub(in super::super) fn suspend(call: &Call) -> Outcome {
    run(call, &SUSPEND, |_| true)
}

fn listed(call: &Call) -> Option<Vec<u32>> {
    let texts = match call.params.get("vms")? {
        Param::One(text) => vec![text.as_str()],
        Param::Many(texts) => texts.iter().map(String::as_str).collect(),
    };
    Some(texts.iter().flat_map(|t| t.split([',', ';', ' '])).filter_map(|v| v.parse().ok()).collect())
}

/// Where a task works: on one node, or on the guests of all of them.
fn everywhere(call: &Call) -> bool {
    call.params.str("node").is_none()
}

pub(in crate::pve::api) fn start_anywhere(call: &Call) -> Outcome {
    run(call, &Kind { task: "bulkstart", ..START }, |_| true)
}

pub(in crate::pve::api) fn shutdown_anywhere(call: &Call) -> Outcome {
    run(call, &Kind { task: "bulkshutdown", ..STOP }, |_| true)
}

pub(in crate::pve::api) fn suspend_anywhere(call: &Call) -> Outcome {
    run(call, &Kind { task: "bulksuspend", ..SUSPEND }, |_| true)
}

/// Guests of the node that are asked for, where the asker may.
fn chosen(call: &Call, privilege: &str) -> Outcome<Vec<(u32, GuestKind, String)>> {
    let state = call.cluster.state();
    let wanted = listed(call);
    if !state.may(&call.principal, "/", privilege) {
        let Some(list) = &wanted else {
            return Err(Refusal::forbidden(&format!("/, {privilege}")));
        };
        for vmid in list {
            state.need(&call.principal, &format!("/vms/{vmid}"), &[privilege])?;
        }
    }
    let here =
        state.guests.iter().filter(|(_, g)| (everywhere(call) || g.node == call.node()) && !g.is_template());
    Ok(here
        .filter(|(id, _)| wanted.as_ref().is_none_or(|w| w.contains(id)))
        .map(|(id, g)| (*id, g.kind, g.node.clone()))
        .collect())
}

fn run(call: &Call, kind: &Kind, takes: impl Fn(bool) -> bool + Send + 'static) -> Outcome {
    let kind = *kind;
    let guests = chosen(call, kind.privilege)?;
    let principal = call.principal.clone();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), kind.task, "", move |worker| {
        for (vmid, guest_kind, node) in guests {
            let fits = {
                let state = worker.cluster.state();
                let guest = state.guests.get(&vmid);
                guest.is_some_and(|g| g.run.is_some() == kind.running && takes(g.flag("onboot")))
            };
            if !fits {
                continue;
            }
            worker.log(format!("{} {} {vmid}", kind.verb, guest_kind.word()));
            let one = Call::about_guest(&worker.cluster, principal.clone(), &node, vmid);
            finish(worker, (kind.step)(&one, guest_kind))?;
        }
        worker.work()
    })
    .into())
}

/// Waits for a task of its own; what fails is told and does not stop the rest.
fn finish(worker: &Worker, started: Outcome) -> Outcome<()> {
    let upid = match started {
        Ok(answer) => answer.data,
        Err(refusal) => {
            worker.log(refusal.exit_text());
            return Ok(());
        }
    };
    while running(&worker.cluster, &upid) {
        worker.sleep(Duration::from_millis(10))?;
    }
    Ok(())
}

fn running(cluster: &Cluster, upid: &Value) -> bool {
    let state = cluster.state();
    state.tasks.iter().any(|t| *upid == t.upid.as_str() && t.ended().is_none())
}

pub(in crate::pve::api) fn migrate_all(call: &Call) -> Outcome {
    let target = call.params.need("target")?.to_owned();
    if !everywhere(call) && target == call.node() {
        return Err(Refusal::param("target", "target is local node."));
    }
    if !call.cluster.state().nodes.contains_key(&target) {
        return Err(Refusal::died(format!("no such cluster node '{target}'")));
    }
    let guests = chosen(call, "VM.Migrate")?;
    let local_disks = call.params.flag("with-local-disks");
    let principal = call.principal.clone();
    let task = if everywhere(call) { "bulkmigrate" } else { "migrateall" };
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), task, "", move |worker| {
        for (vmid, kind, node) in guests.into_iter().filter(|(_, _, node)| *node != target) {
            worker.log(format!("Migrating {} {vmid}", kind.word()));
            let running = worker.cluster.state().guests.get(&vmid).is_some_and(|g| g.run.is_some());
            let job = Job {
                kind,
                vmid,
                target: target.clone(),
                online: running,
                restart: running,
                local_disks,
                storages: None,
            };
            let one = Call::about_guest(&worker.cluster, principal.clone(), &node, vmid);
            finish(worker, migrate::spawn(&one, job))?;
        }
        worker.work()
    })
    .into())
}
