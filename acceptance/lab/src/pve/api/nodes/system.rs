//! The nodes themselves: list, figures, version, network.

use serde_json::{Value, json};

use super::super::Route;
use super::super::cluster::{NODE_CPUS, NODE_DISK, NODE_MEMORY, node_item};
use crate::pve::call::Call;
use crate::pve::cluster::Reach;
use crate::pve::reply::Outcome;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes", list),
    ("GET", "/nodes/{node}", index),
    ("GET", "/nodes/{node}/status", status),
    ("GET", "/nodes/{node}/version", super::super::version::version),
    ("GET", "/nodes/{node}/network", network),
    ("GET", "/nodes/{node}/dns", dns),
    ("GET", "/nodes/{node}/time", time),
    ("GET", "/nodes/{node}/lxc", containers),
];

const INDEX: &[&str] = &[
    "aplinfo",
    "apt",
    "capabilities",
    "ceph",
    "certificates",
    "config",
    "disks",
    "dns",
    "firewall",
    "hardware",
    "hosts",
    "journal",
    "lxc",
    "migrateall",
    "netstat",
    "network",
    "qemu",
    "query-url-metadata",
    "replication",
    "report",
    "rrd",
    "rrddata",
    "scan",
    "services",
    "spiceshell",
    "startall",
    "status",
    "stopall",
    "storage",
    "subscription",
    "suspendall",
    "syslog",
    "tasks",
    "termproxy",
    "time",
    "version",
    "vncshell",
    "vzdump",
    "wakeonlan",
    "sdn",
];

/// Bridges every node has.
pub(crate) const BRIDGES: &[&str] = &["vmbr0"];

fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let nodes: Vec<Value> = state
        .nodes
        .iter()
        // A node without a certificate known is one that never answered.
        .map(|(name, node)| {
            let mut item = node_item(&call.cluster, &state, &call.principal, name);
            if node.reach == Reach::Online {
                item["ssl_fingerprint"] = json!(node.fingerprint);
            }
            item
        })
        .collect();
    Ok(Value::from(nodes).into())
}

fn index(_: &Call) -> Outcome {
    Ok(INDEX.iter().map(|name| json!({ "name": name })).collect::<Value>().into())
}

fn status(call: &Call) -> Outcome {
    let p = call.cluster.personality();
    let used = NODE_MEMORY / 8;
    Ok(json!({
        "boot-info": { "mode": "legacy-bios" },
        "cpu": 0.0125, "wait": 0, "idle": 0,
        "cpuinfo": {
            "cores": NODE_CPUS, "cpus": NODE_CPUS, "sockets": 1, "model": "stand-in", "mhz": "2000.000",
            "hvm": "1", "user_hz": 100, "flags": "fpu",
        },
        "current-kernel": {
            "sysname": "Linux", "release": "6.8.12-pve", "machine": "x86_64", "version": "#1 SMP PREEMPT_DYNAMIC",
        },
        "kversion": "Linux 6.8.12-pve #1 SMP PREEMPT_DYNAMIC",
        "ksm": { "shared": 0 },
        "loadavg": ["0.10", "0.10", "0.10"],
        "memory": { "total": NODE_MEMORY, "used": used, "free": NODE_MEMORY - used },
        "pveversion": format!("pve-manager/pve-manager/{}/{}", p.version, p.repoid),
        "rootfs": { "total": NODE_DISK, "used": NODE_DISK / 10, "free": NODE_DISK / 10 * 9, "avail": NODE_DISK / 10 * 9 },
        "swap": { "total": 0, "used": 0, "free": 0 },
        "uptime": call.cluster.uptime(),
    })
    .into())
}

fn network(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let may = |bridge: &str| {
        state.may(&call.principal, &format!("/sdn/zones/localnetwork/{bridge}"), "SDN.Audit")
            || state.may(&call.principal, &format!("/sdn/zones/localnetwork/{bridge}"), "SDN.Use")
    };
    let mut list = vec![json!({
        "iface": "enp1s0", "type": "eth", "active": 1, "method": "manual", "method6": "manual",
        "priority": 3, "families": ["inet"],
    })];
    list.extend(BRIDGES.iter().filter(|b| may(b)).map(|bridge| {
        json!({
            "iface": bridge, "type": "bridge", "active": 1, "autostart": 1, "method": "static", "method6": "manual",
            "address": "10.77.0.1", "netmask": "24", "cidr": "10.77.0.1/24", "families": ["inet"], "priority": 4,
            "bridge_ports": "enp1s0", "bridge_stp": "off", "bridge_fd": "0",
        })
    }));
    if let Some(wanted) = call.params.str("type") {
        list.retain(|item| item["type"] == wanted || (wanted == "any_bridge" && item["type"] == "bridge"));
    }
    Ok(Value::from(list).into())
}

fn dns(_: &Call) -> Outcome {
    Ok(json!({ "dns1": "10.77.0.1", "search": "example.test" }).into())
}

fn time(call: &Call) -> Outcome {
    let now = call.cluster.now();
    Ok(json!({ "timezone": "Etc/UTC", "time": now, "localtime": now }).into())
}

/// Containers are not served yet, so there are none.
fn containers(_: &Call) -> Outcome {
    Ok(json!([]).into())
}
