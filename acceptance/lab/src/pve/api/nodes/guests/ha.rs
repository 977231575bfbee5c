//! Power and place of guests that HA has a hand on: requests only note what is wanted, the work follows.

use crate::pve::call::Call;
use crate::pve::guest::GuestKind;
use crate::pve::ha;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks;

/// Notes a requested state where HA manages the guest; `None` where it does not.
pub(in super::super) fn request(call: &Call, kind: GuestKind, wanted: &'static str) -> Option<Outcome> {
    let vmid = call.vmid().ok()?;
    if !call.cluster.state().ha.is_managed(kind, vmid) {
        return None;
    }
    let (task, verb) = if wanted == "started" { ("hastart", "start") } else { ("hastop", "stop") };
    let id = vmid.to_string();
    let upid = tasks::spawn(&call.cluster, &call.principal, call.node(), task, &id, move |worker| {
        worker.log(format!("Requesting HA {verb} for {} {vmid}", kind.word()));
        let mut state = worker.cluster.state();
        let resource = state.ha.resources.get_mut(&ha::sid(kind, vmid));
        let resource = resource.ok_or_else(|| Refusal::died(format!("no such resource '{vmid}'")))?;
        wanted.clone_into(&mut resource.state);
        drop(state);
        ha::follow(&worker.cluster, kind, vmid);
        Ok(())
    });
    Some(Ok(upid.into()))
}

/// Asks HA to move a guest: a running one is moved later, a resting one stays.
pub(in super::super) fn request_move(call: &Call, kind: GuestKind, vmid: u32, target: &str) -> Outcome {
    let (id, target) = (vmid.to_string(), target.to_owned());
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "hamigrate", &id, move |worker| {
        worker.log(format!("Requesting HA migration for {} {vmid} to node {target}", kind.word()));
        ha::follow_move(&worker.cluster, kind, vmid, &target);
        Ok(())
    })
    .into())
}
