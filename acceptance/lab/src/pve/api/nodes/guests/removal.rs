//! Removing a guest from everything that names it.

use crate::pve::cluster::State;
use crate::pve::firewall::Scope;
use crate::pve::guest::GuestKind;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::Worker;

/// Refuses a guest that others name, unless it is to be purged from there.
pub(in crate::pve::api::nodes) fn check_references(
    state: &State,
    kind: GuestKind,
    vmid: u32,
    purge: bool,
) -> Outcome<()> {
    if purge {
        return Ok(());
    }
    let word = kind.word();
    if state.ha.is_configured(kind, vmid) {
        return Err(Refusal::died(format!(
            "unable to remove {word} {vmid} - used in HA resources and purge parameter not set."
        )));
    }
    if state.replicated.contains(&vmid) {
        return Err(Refusal::died(format!(
            "There is a replication job '{vmid}-0' for guest '{vmid}' - Please remove that first."
        )));
    }
    Ok(())
}

/// Takes the guest out of the cluster: pools, rights, and with `purge` what else names it.
pub(in crate::pve::api::nodes) fn forget(worker: &Worker, kind: GuestKind, vmid: u32, purge: bool) {
    let mut state = worker.cluster.state();
    for pool in state.pools.values_mut() {
        pool.guests.retain(|g| *g != vmid);
    }
    let path = format!("/vms/{vmid}");
    state.access.acl.retain(|e| e.path != path);
    state.firewall.forget(&Scope::Guest(vmid));
    if purge {
        let word = kind.word();
        worker.log(format!("purging {word} {vmid} from related configurations.."));
        if state.ha.remove(kind, vmid) {
            worker.log(format!("NOTE: removed {word} {vmid} from HA resource configuration."));
        }
        state.purge_jobs(vmid);
    }
    // Only now, else the number could be taken while its volumes go.
    state.guests.remove(&vmid);
    drop(state);
    worker.cluster.bury_guest(vmid);
}
