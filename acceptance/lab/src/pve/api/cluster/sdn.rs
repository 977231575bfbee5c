//! `/cluster/sdn` beside its objects: index and apply.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::config::families::SDN_FILES;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::tasks;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/cluster/sdn", index),
    ("PUT", "/cluster/sdn", apply),
    ("GET", "/cluster/sdn/ipams/{ipam}/status", ipam_status),
    ("POST", "/cluster/sdn/vnets/{vnet}/ips", no_guest),
    ("PUT", "/cluster/sdn/vnets/{vnet}/ips", no_guest),
    ("DELETE", "/cluster/sdn/vnets/{vnet}/ips", no_guest),
    ("POST", "/cluster/sdn/lock", lock),
    ("DELETE", "/cluster/sdn/lock", unlock),
    ("POST", "/cluster/sdn/rollback", rollback),
];

fn index(_: &Call) -> Outcome {
    let names = ["vnets", "zones", "controllers", "ipams", "dns"];
    Ok(names.iter().map(|id| json!({ "id": id })).collect::<Value>().into())
}

/// Puts what was changed in force, on all nodes, by a task.
fn apply(call: &Call) -> Outcome {
    check_lock(call)?;
    if call.params.str("lock-token").is_some() && call.params.flag_or("release-lock", true) {
        call.cluster.state().sdn_lock = None;
    }
    let nodes: Vec<String> = call.cluster.state().nodes.keys().cloned().collect();
    // What is in force is settled before the nodes are told.
    call.cluster.state().config.apply(SDN_FILES);
    let upid =
        tasks::spawn(&call.cluster, &call.principal, &call.via, "reloadnetworkall", "", move |worker| {
            for node in &nodes {
                worker.log(format!("{node}: reloading network config"));
            }
            worker.work()
        });
    Ok(Answer::from(upid))
}

/// Addresses the built-in IPAM knows: the gateways of subnets.
fn ipam_status(call: &Call) -> Outcome {
    let ipam = call.params.need("ipam")?;
    if ipam != "pve" {
        return Err(Refusal::died("Currently only PVE IPAM is supported!"));
    }
    let state = call.cluster.state();
    let vnets = state.config.running("sdn/vnets.cfg");
    let found: Vec<Value> = state
        .config
        .running("sdn/subnets.cfg")
        .iter()
        .filter_map(|(id, subnet)| {
            let vnet = subnet.str("vnet")?;
            let zone = vnets.get(vnet)?.str("zone")?;
            let cidr = id.strip_prefix(zone)?.strip_prefix('-')?.replacen('-', "/", 1);
            Some(json!({ "vnet": vnet, "zone": zone, "subnet": cidr, "ip": subnet.str("gateway")?, "gateway": 1 }))
        })
        .collect();
    Ok(Value::from(found).into())
}

/// Leases belong to guests' interfaces, which this stand-in does not give addresses.
fn no_guest(call: &Call) -> Outcome {
    Err(Refusal::not_served("*", call.template))
}

/// Refuses who does not hold a configuration that is held (9.x).
fn check_lock(call: &Call) -> Outcome<()> {
    call.cluster.state().config_unlocked(call.params.str("lock-token"))
}

fn lock(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    state.config_unlocked(None)?;
    let waiting = SDN_FILES.iter().any(|file| state.config.file(file) != state.config.running(file));
    if waiting && !call.params.flag("allow-pending") {
        return Err(Refusal::died("configuration has pending changes"));
    }
    let token = crate::pve::guest::random_uuid();
    state.sdn_lock = Some(token.clone());
    Ok(json!(token).into())
}

fn unlock(call: &Call) -> Outcome {
    if !call.params.flag("force") {
        check_lock(call)?;
    }
    call.cluster.state().sdn_lock = None;
    Ok(Answer::null())
}

/// Takes back what was changed and not applied.
fn rollback(call: &Call) -> Outcome {
    check_lock(call)?;
    let mut state = call.cluster.state();
    for file in SDN_FILES {
        let running = state.config.running(file).clone();
        *state.config.file_mut(file) = running;
    }
    if call.params.str("lock-token").is_some() && call.params.flag_or("release-lock", true) {
        state.sdn_lock = None;
    }
    Ok(Answer::null())
}
