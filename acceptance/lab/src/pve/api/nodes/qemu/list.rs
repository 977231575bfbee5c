//! The list of a node's machines.

use serde_json::{Value, json};

use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Guest, GuestKind};
use crate::pve::reply::Outcome;

/// Members that both the list and the status of one machine have.
pub(super) fn summary(cluster: &Cluster, vmid: u32, guest: &Guest) -> Value {
    let running = guest.run.is_some();
    let mut item = json!({
        "vmid": vmid, "status": if running { "running" } else { "stopped" },
        "name": guest.name(vmid),
        "cpus": guest.vcpus(), "maxmem": guest.memory(), "maxdisk": guest.boot_disk_size(),
        "mem": if running { guest.memory() / 4 } else { 0 },
        "cpu": 0, "disk": 0, "netin": 0, "netout": 0,
        "uptime": guest.run.as_ref().map_or(0, |r| cluster.now().saturating_sub(r.started)),
    });
    if let Some(run) = &guest.run {
        item["pid"] = json!(run.pid);
    }
    if guest.is_template() {
        item["template"] = json!(1);
    }
    if guest.config.contains_key("serial0") {
        item["serial"] = json!(1);
    }
    for key in ["tags", "lock"] {
        if let Some(value) = guest.config.get(key) {
            item[key] = json!(value);
        }
    }
    item
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let found: Vec<Value> = state
        .guests
        .iter()
        .filter(|(_, g)| g.kind == GuestKind::Qemu && g.node == call.node())
        .filter(|(id, _)| state.may(&call.principal, &format!("/vms/{id}"), "VM.Audit"))
        .map(|(id, guest)| summary(&call.cluster, *id, guest))
        .collect();
    Ok(Value::from(found).into())
}
