//! `/cluster`.

mod acme;
mod ha;
mod jobs;
mod notifications;
mod options;
mod resources;
mod sdn;

pub(crate) use resources::{NODE_CPUS, NODE_DISK, NODE_MEMORY, node as node_item};
use serde_json::{Value, json};

use super::Route;
use super::nodes::guests::bulk;
use crate::pve::call::Call;
use crate::pve::cluster::Reach;
use crate::pve::reply::{Outcome, Refusal};

pub(super) fn routes() -> [&'static [Route]; 7] {
    [ROUTES, BULK_ROUTES, acme::ROUTES, ha::ROUTES, jobs::ROUTES, notifications::ROUTES, sdn::ROUTES]
}

const BULK_ROUTES: &[Route] = &[
    ("POST", "/cluster/bulk-action/guest/start", bulk::start_anywhere),
    ("POST", "/cluster/bulk-action/guest/shutdown", bulk::shutdown_anywhere),
    ("POST", "/cluster/bulk-action/guest/suspend", bulk::suspend_anywhere),
    ("POST", "/cluster/bulk-action/guest/migrate", bulk::migrate_all),
];

const ROUTES: &[Route] = &[
    ("GET", "/cluster/nextid", nextid),
    ("GET", "/cluster/options", options::read),
    ("PUT", "/cluster/options", options::update),
    ("GET", "/cluster/resources", resources::list),
    ("GET", "/cluster/status", status),
    ("GET", "/cluster/tasks", tasks),
    ("GET", "/cluster", index),
    ("GET", "/cluster/mapping", mapping_index),
    ("GET", "/cluster/metrics", metrics_index),
    ("GET", "/cluster/config", config_index),
    ("GET", "/cluster/config/nodes", members),
    ("GET", "/cluster/config/totem", totem),
    ("GET", "/cluster/config/apiversion", api_version),
    ("GET", "/cluster/log", log),
];

fn names(list: &[&str]) -> Outcome {
    Ok(list.iter().map(|name| json!({ "name": name })).collect::<Value>().into())
}

fn index(_: &Call) -> Outcome {
    names(&[
        "acme",
        "backup",
        "backup-info",
        "ceph",
        "config",
        "firewall",
        "ha",
        "jobs",
        "log",
        "mapping",
        "metrics",
        "nextid",
        "notifications",
        "options",
        "replication",
        "resources",
        "sdn",
        "status",
        "tasks",
    ])
}

fn mapping_index(_: &Call) -> Outcome {
    names(&["dir", "pci", "usb"])
}

fn metrics_index(_: &Call) -> Outcome {
    names(&["server"])
}

fn config_index(_: &Call) -> Outcome {
    names(&["nodes", "totem", "join", "qdevice", "apiversion"])
}

/// Nodes of the cluster; a node alone has no cluster configuration.
fn members(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let several = state.nodes.len() > 1;
    let shown = |(index, name): (usize, &String)| {
        json!({ "node": name, "name": name, "nodeid": (index + 1).to_string(), "quorum_votes": "1",
                "ring0_addr": "127.0.0.1" })
    };
    Ok(state.nodes.keys().filter(|_| several).enumerate().map(shown).collect::<Value>().into())
}

fn totem(call: &Call) -> Outcome {
    let several = call.cluster.state().nodes.len() > 1;
    let totem = json!({ "cluster_name": "lab", "config_version": "1", "ip_version": "ipv4-6", "secauth": "on",
                        "version": "2", "interface": { "0": { "linknumber": "0" } } });
    Ok(if several { totem } else { json!({}) }.into())
}

fn api_version(_: &Call) -> Outcome {
    Ok(json!(1).into())
}

/// Nothing writes to the cluster's log here.
fn log(_: &Call) -> Outcome {
    Ok(json!([]).into())
}

/// The next free VM id. Nothing is reserved by asking.
fn nextid(call: &Call) -> Outcome {
    let state = call.cluster.state();
    if let Some(wanted) = call.params.str("vmid") {
        let taken = wanted.parse().is_ok_and(|id: u32| state.guests.contains_key(&id));
        return match taken {
            true => Err(Refusal::param("vmid", format!("VM {wanted} already exists"))),
            false => Ok(json!(wanted).into()),
        };
    }
    let (lower, upper) = options::next_id_range(&state);
    (lower..upper)
        .find(|id| !state.guests.contains_key(id))
        .map(|id| json!(id.to_string()).into())
        .ok_or_else(|| Refusal::died(format!("unable to get any free VMID in range [{lower}, {upper}]")))
}

fn status(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let single = state.nodes.len() == 1;
    let mut list = Vec::new();
    if !single {
        let online = state.nodes.values().filter(|n| n.reach == Reach::Online).count();
        list.push(json!({
            "type": "cluster", "id": "cluster", "name": "lab", "version": 1,
            "nodes": state.nodes.len(), "quorate": u8::from(online * 2 > state.nodes.len()),
        }));
    }
    for (index, (name, node)) in state.nodes.iter().enumerate() {
        list.push(json!({
            "type": "node", "id": format!("node/{name}"), "name": name, "level": "", "ip": "127.0.0.1",
            "local": u8::from(*name == call.via), "nodeid": if single { 0 } else { index + 1 },
            "online": u8::from(node.reach == Reach::Online),
        }));
    }
    Ok(Value::from(list).into())
}

/// The cluster's recent tasks, newest first.
fn tasks(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let list: Vec<Value> = state
        .tasks
        .iter()
        .rev()
        .filter(|t| {
            t.user == call.principal.user
                || state.may(&call.principal, &format!("/nodes/{}", t.node), "Sys.Audit")
        })
        .take(25)
        .map(|task| {
            let mut item = task.summary();
            if let Some(end) = task.ended() {
                item.insert("endtime".into(), json!(end.time));
                item.insert("status".into(), json!(end.text));
                // Text, as recorded; a task of the last seconds has a number instead.
                item.insert("saved".into(), json!("1"));
            }
            Value::Object(item)
        })
        .collect();
    Ok(Value::from(list).into())
}
