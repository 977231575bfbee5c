//! The nodes themselves: list, figures, version.

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
