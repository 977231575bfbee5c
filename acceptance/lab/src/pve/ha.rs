//! High availability: what is managed, what is asked of it, and the manager that sees to it a moment later.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::Principal;
use super::api::nodes as work;
use super::call::Call;
use super::cluster::{Cluster, Reach};
use super::guest::GuestKind;

/// A managed guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) kind: GuestKind,
    pub(crate) vmid: u32,
    /// `started`, `stopped`, `enabled`, `disabled` or `ignored`.
    pub(crate) state: String,
    /// group, comment, `max_restart`, `max_relocate`, failback: those that are set.
    pub(crate) options: BTreeMap<String, String>,
}

/// Everything HA knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ha {
    /// By service id (`vm:100`).
    pub(crate) resources: BTreeMap<String, Resource>,
}

/// The service id of a guest.
pub(crate) fn sid(kind: GuestKind, vmid: u32) -> String {
    format!("{}:{vmid}", kind.service())
}

impl Ha {
    pub(crate) fn resource(&self, kind: GuestKind, vmid: u32) -> Option<&Resource> {
        self.resources.get(&sid(kind, vmid))
    }

    /// Whether HA has a hand on the guest's power and place.
    pub(crate) fn is_managed(&self, kind: GuestKind, vmid: u32) -> bool {
        self.resource(kind, vmid).is_some_and(|r| r.state != "ignored")
    }

    /// Whether HA names the guest, be it to leave it alone.
    pub(crate) fn is_configured(&self, kind: GuestKind, vmid: u32) -> bool {
        self.resource(kind, vmid).is_some()
    }

    /// Forgets a guest; tells whether it was known.
    pub(crate) fn remove(&mut self, kind: GuestKind, vmid: u32) -> bool {
        self.resources.remove(&sid(kind, vmid)).is_some()
    }
}

/// A call as the manager of a node makes it.
fn own_call(cluster: &Arc<Cluster>, node: &str, vmid: u32) -> Call {
    let root = Principal { user: "root@pam".to_owned(), ..Principal::default() };
    Call::about_guest(cluster, root, node, vmid)
}

fn later(cluster: &Arc<Cluster>, what: impl FnOnce(&Arc<Cluster>) + Send + 'static) {
    let cluster = Arc::clone(cluster);
    let spawned = std::thread::Builder::new().name("ha-manager".to_owned()).spawn(move || {
        std::thread::sleep(cluster.config.ha_delay);
        what(&cluster);
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "the HA manager cannot act");
    }
}

/// Takes a new guest under management.
pub(crate) fn manage(cluster: &Cluster, kind: GuestKind, vmid: u32, started: bool) {
    let state = if started { "started" } else { "stopped" }.to_owned();
    let resource = Resource { kind, vmid, state, options: BTreeMap::new() };
    cluster.state().ha.resources.insert(sid(kind, vmid), resource);
}

/// Brings a guest to its requested state, by a task of its own that follows a moment later.
pub(crate) fn follow(cluster: &Arc<Cluster>, kind: GuestKind, vmid: u32) {
    later(cluster, move |cluster| {
        let wanted = {
            let state = cluster.state();
            let resource = state.ha.resource(kind, vmid).map(|r| r.state.clone());
            let guest = state.guests.get(&vmid).filter(|g| g.kind == kind);
            guest.zip(resource).map(|(g, r)| (g.node.clone(), g.run.is_some(), r))
        };
        let Some((node, running, wanted)) = wanted else { return };
        let call = own_call(cluster, &node, vmid);
        let done = match (wanted.as_str(), running) {
            ("started" | "enabled", false) => work::start(&call, kind),
            ("stopped", true) => work::shutdown(&call, kind),
            ("disabled", true) => work::stop(&call, kind),
            _ => return,
        };
        if let Err(refusal) = done {
            tracing::debug!(text = refusal.exit_text(), "HA could not do what is asked");
        }
    });
}

/// Moves a running guest, by a task that follows a moment later; one that is off stays where it is.
pub(crate) fn follow_move(cluster: &Arc<Cluster>, kind: GuestKind, vmid: u32, target: &str) {
    let target = target.to_owned();
    later(cluster, move |cluster| {
        let node = {
            let state = cluster.state();
            state.guests.get(&vmid).filter(|g| g.kind == kind && g.run.is_some()).map(|g| g.node.clone())
        };
        let Some(node) = node.filter(|n| *n != target) else { return };
        let call = own_call(cluster, &node, vmid);
        if let Err(refusal) = work::relocate(&call, kind, vmid, &target) {
            tracing::debug!(text = refusal.exit_text(), "HA could not move a guest");
        }
    });
}

/// Recovers the managed guests of a node that is gone on the first node that answers; tells which.
pub(crate) fn fence(cluster: &Cluster, node: &str) -> Vec<u32> {
    let mut state = cluster.state();
    let answering = |(name, n): &(&String, &super::cluster::Node)| *name != node && n.reach == Reach::Online;
    let Some(target) = state.nodes.iter().find(answering).map(|(name, _)| name.clone()) else {
        return Vec::new();
    };
    let managed: Vec<(GuestKind, u32)> =
        state.ha.resources.values().filter(|r| r.state != "ignored").map(|r| (r.kind, r.vmid)).collect();
    let mut moved = Vec::new();
    for (kind, vmid) in managed {
        if let Some(guest) = state.guests.get_mut(&vmid).filter(|g| g.kind == kind && g.node == node) {
            guest.node.clone_from(&target);
            moved.push(vmid);
        }
    }
    moved
}
