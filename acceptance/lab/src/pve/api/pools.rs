//! `/pools`.

use serde_json::{Value, json};

use super::Route;
use crate::pve::call::Call;
use crate::pve::cluster::{Cluster, Pool, State};
use crate::pve::reply::{Answer, Outcome, Refusal};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/pools", list),
    ("POST", "/pools", create),
    ("PUT", "/pools", update),
    ("DELETE", "/pools", delete),
    ("GET", "/pools/{poolid}", read),
    ("PUT", "/pools/{poolid}", update),
    ("DELETE", "/pools/{poolid}", delete),
];

fn members(cluster: &Cluster, state: &State, pool: &Pool) -> Vec<Value> {
    let mut list: Vec<Value> = pool
        .guests
        .iter()
        .filter_map(|id| Some((id, state.guests.get(id)?)))
        .map(|(id, guest)| {
            let kind = guest.kind.api();
            json!({ "id": format!("{kind}/{id}"), "type": kind, "vmid": id, "node": guest.node,
                    "name": guest.name(*id), "status": if guest.run.is_some() { "running" } else { "stopped" } })
        })
        .collect();
    for storage in pool.storages.iter().filter_map(|id| state.storages.get(id)) {
        list.extend(state.nodes.keys().filter(|n| storage.on_node(n)).map(|node| {
            json!({ "id": format!("storage/{node}/{}", storage.id), "type": "storage", "storage": storage.id,
                    "node": node, "plugintype": storage.kind, "content": storage.content_text(),
                    "shared": u8::from(storage.shared), "status": "available", "maxdisk": storage.capacity,
                    "disk": cluster.storage_used(node, storage) })
        }));
    }
    list
}

fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let wanted = call.params.str("poolid");
    let found: Vec<Value> = state
        .pools
        .iter()
        .filter(|(id, _)| wanted.is_none_or(|w| w == *id))
        .filter(|(id, _)| state.may(&call.principal, &format!("/pool/{id}"), "Pool.Audit"))
        .map(|(id, pool)| {
            let mut item = json!({ "poolid": id });
            if !pool.comment.is_empty() {
                item["comment"] = json!(pool.comment);
            }
            if wanted.is_some() {
                item["members"] = json!(members(&call.cluster, &state, pool));
            }
            item
        })
        .collect();
    if let (Some(wanted), true) = (wanted, found.is_empty()) {
        return Err(Refusal::died(format!("pool '{wanted}' does not exist")));
    }
    Ok(Value::from(found).into())
}

fn read(call: &Call) -> Outcome {
    let id = call.params.need("poolid")?;
    let state = call.cluster.state();
    let pool = state.pools.get(id).ok_or_else(|| Refusal::died(format!("pool '{id}' does not exist")))?;
    let mut item = json!({ "poolid": id, "members": members(&call.cluster, &state, pool) });
    if !pool.comment.is_empty() {
        item["comment"] = json!(pool.comment);
    }
    Ok(item.into())
}

fn create(call: &Call) -> Outcome {
    let id = call.params.need("poolid")?;
    let mut state = call.cluster.state();
    if state.pools.contains_key(id) {
        return Err(Refusal::died(format!("create pool failed: pool '{id}' already exists")));
    }
    let comment = call.params.str("comment").unwrap_or_default().to_owned();
    state.pools.insert(id.to_owned(), Pool { comment, ..Pool::default() });
    Ok(Answer::null())
}

fn update(call: &Call) -> Outcome {
    let id = call.params.need("poolid")?;
    let mut state = call.cluster.state();
    let others: Vec<u32> =
        state.pools.iter().filter(|(name, _)| *name != id).flat_map(|(_, p)| p.guests.clone()).collect();
    let existing: Vec<u32> = state.guests.keys().copied().collect();
    let failed = |text: String| Refusal::died(format!("update pools failed: {text}"));
    let pool = state.pools.get_mut(id).ok_or_else(|| failed(format!("pool '{id}' does not exist")))?;
    if let Some(comment) = call.params.str("comment") {
        comment.clone_into(&mut pool.comment);
    }
    let list = |key: &str| -> Vec<String> {
        call.params
            .str(key)
            .unwrap_or_default()
            .split(',')
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let remove = call.params.flag("delete");
    let mut moved = Vec::new();
    for vmid in list("vms").iter().filter_map(|v| v.parse::<u32>().ok()) {
        if !remove && others.contains(&vmid) && !call.params.flag("allow-move") {
            return Err(failed(format!(
                "VM {vmid} belongs already to another pool and 'allow-move' is not set"
            )));
        }
        pool.guests.retain(|g| *g != vmid);
        // Ids without a machine are taken without complaint and forgotten.
        if !remove && existing.contains(&vmid) {
            pool.guests.push(vmid);
            moved.push(vmid);
        }
    }
    for storage in list("storage") {
        pool.storages.retain(|s| *s != storage);
        if !remove {
            pool.storages.push(storage);
        }
    }
    // A guest is in one pool at a time.
    for (_, other) in state.pools.iter_mut().filter(|(name, _)| *name != id) {
        other.guests.retain(|vmid| !moved.contains(vmid));
    }
    Ok(Answer::null())
}

fn delete(call: &Call) -> Outcome {
    let id = call.params.need("poolid")?;
    let mut state = call.cluster.state();
    let failed = |text: String| Refusal::died(format!("delete pool failed: {text}"));
    let pool = state.pools.get(id).ok_or_else(|| failed(format!("pool '{id}' does not exist")))?;
    if let Some(vmid) = pool.guests.first() {
        return Err(failed(format!("pool '{id}' is not empty (contains VM {vmid})")));
    }
    if let Some(storage) = pool.storages.first() {
        return Err(failed(format!("pool '{id}' is not empty (contains storage '{storage}')")));
    }
    state.pools.remove(id);
    Ok(Answer::null())
}
