//! `/cluster/resources`: the index of everything, filtered by what the asker may see.

use serde_json::{Value, json};

use crate::pve::access::Principal;
use crate::pve::call::Call;
use crate::pve::cluster::{Cluster, Reach, State};
use crate::pve::guest::Guest;
use crate::pve::reply::Outcome;
use crate::pve::storage::Storage;

/// Memory, processors and disk of every node.
pub(crate) const NODE_MEMORY: u64 = 25_276_502_016;
pub(crate) const NODE_CPUS: u64 = 2;
pub(crate) const NODE_DISK: u64 = 270_553_174_016;

pub(super) fn list(call: &Call) -> Outcome {
    let wanted = call.params.str("type");
    let of = |kind: &str| wanted.is_none_or(|w| w == kind);
    let cluster = &call.cluster;
    let mut found = Vec::new();
    let mut on_storage: Vec<(String, Storage)> = Vec::new();
    {
        let state = cluster.state();
        if of("vm") {
            found.extend(
                state.guests.iter().filter_map(|(id, g)| guest(cluster, &state, &call.principal, *id, g)),
            );
        }
        if of("node") {
            found.extend(state.nodes.keys().map(|name| {
                let mut item = node(cluster, &state, &call.principal, name);
                item["cgroup-mode"] = json!(1);
                item
            }));
        }
        if of("storage") {
            let visible = |s: &&Storage| {
                let path = format!("/storage/{}", s.id);
                !s.disabled
                    && (state.may(&call.principal, &path, "Datastore.Audit")
                        || state.may(&call.principal, &path, "Datastore.AllocateSpace"))
            };
            for storage in state.storages.values().filter(visible) {
                for name in state.nodes.keys().filter(|n| storage.on_node(n)) {
                    on_storage.push((name.clone(), storage.clone()));
                }
            }
        }
        if of("sdn") {
            let may = state.may(&call.principal, "/sdn/zones/localnetwork", "SDN.Audit")
                || state.may(&call.principal, "/sdn/zones/localnetwork", "SDN.Use");
            found.extend(state.nodes.keys().filter(|_| may).map(|name| {
                json!({ "type": "sdn", "sdn": "localnetwork", "node": name, "status": "ok",
                        "id": format!("sdn/{name}/localnetwork") })
            }));
        }
    }
    found.extend(on_storage.into_iter().map(|(name, storage)| storage_item(cluster, &name, &storage)));
    Ok(Value::from(found).into())
}

fn guest(cluster: &Cluster, state: &State, asker: &Principal, vmid: u32, guest: &Guest) -> Option<Value> {
    if !state.may(asker, &format!("/vms/{vmid}"), "VM.Audit") {
        return None;
    }
    let mut item = json!({
        "id": format!("{}/{vmid}", guest.kind.api()), "type": guest.kind.api(), "vmid": vmid, "node": guest.node,
        "name": guest.name(vmid),
        "template": u8::from(guest.is_template()),
        "status": if guest.run.is_some() { "running" } else { "stopped" },
        "uptime": guest.run.as_ref().map_or(0, |r| cluster.now().saturating_sub(r.started)),
        "maxmem": guest.memory(), "maxcpu": guest.vcpus(), "maxdisk": guest.boot_disk_size(),
        "mem": if guest.run.is_some() { guest.memory() / 4 } else { 0 },
        "cpu": 0, "disk": 0, "diskread": 0, "diskwrite": 0, "netin": 0, "netout": 0,
    });
    if let Some(tags) = guest.config.get("tags") {
        item["tags"] = json!(tags);
    }
    if let Some(lock) = guest.lock() {
        item["lock"] = json!(lock);
    }
    if let Some(resource) = state.ha.resource(guest.kind, vmid) {
        item["hastate"] = json!(resource.state);
    }
    let reachable = state.nodes.get(&guest.node).is_some_and(|n| n.reach == Reach::Online);
    if !reachable && let Some(item) = item.as_object_mut() {
        // Nobody tells how it is: what is left is what the cluster's files say.
        item.retain(|key, _| {
            matches!(key.as_str(), "id" | "type" | "vmid" | "node" | "hastate" | "lock" | "tags" | "template")
        });
        item.insert("status".into(), json!("unknown"));
        item.insert("name".into(), json!(guest.name(vmid)));
    }
    let pool = state.pools.iter().find(|(_, pool)| pool.guests.contains(&vmid));
    if let Some((name, _)) = pool.filter(|(name, _)| state.may(asker, &format!("/pool/{name}"), "Pool.Audit"))
    {
        item["pool"] = json!(name);
    }
    Some(item)
}

/// A node; figures only for those who may see them.
pub(crate) fn node(cluster: &Cluster, state: &State, asker: &Principal, name: &str) -> Value {
    let online = state.nodes.get(name).is_some_and(|n| n.reach == Reach::Online);
    let mut item = json!({
        "id": format!("node/{name}"), "type": "node", "node": name, "level": "",
        "status": if online { "online" } else { "offline" },
    });
    if online && state.may(asker, &format!("/nodes/{name}"), "Sys.Audit") {
        let figures = json!({
            "uptime": cluster.uptime(), "cpu": 0.0125, "maxcpu": NODE_CPUS, "mem": NODE_MEMORY / 8,
            "maxmem": NODE_MEMORY, "disk": NODE_DISK / 10, "maxdisk": NODE_DISK,
        });
        if let (Some(item), Some(figures)) = (item.as_object_mut(), figures.as_object()) {
            item.extend(figures.clone());
        }
    }
    item
}

fn storage_item(cluster: &Cluster, node: &str, storage: &Storage) -> Value {
    let reachable = cluster.state().nodes.get(node).is_some_and(|n| n.reach == Reach::Online);
    let dark = storage.broken || !reachable;
    let mut item = json!({
        "id": format!("storage/{node}/{}", storage.id), "type": "storage", "storage": storage.id, "node": node,
        "plugintype": storage.kind, "content": storage.content_text(), "shared": u8::from(storage.shared),
        "status": if dark { "unknown" } else { "available" },
    });
    if !dark {
        item["maxdisk"] = json!(storage.capacity);
        item["disk"] = json!(cluster.storage_used(node, storage));
    }
    item
}
