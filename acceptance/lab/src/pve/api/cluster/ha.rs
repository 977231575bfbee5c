//! `/cluster/ha/resources` and `/cluster/ha/status`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::cluster::{Reach, State};
use crate::pve::guest::GuestKind;
use crate::pve::ha::{Resource, follow, follow_move, sid};
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::sha1_hex;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/cluster/ha/resources", list),
    ("POST", "/cluster/ha/resources", create),
    ("GET", "/cluster/ha/resources/{sid}", read),
    ("PUT", "/cluster/ha/resources/{sid}", update),
    ("DELETE", "/cluster/ha/resources/{sid}", delete),
    ("POST", "/cluster/ha/resources/{sid}/migrate", migrate),
    ("POST", "/cluster/ha/resources/{sid}/relocate", migrate),
    ("GET", "/cluster/ha/status/current", status),
];

/// Options kept as they come.
const OPTIONS: &[&str] = &["group", "comment", "max_restart", "max_relocate", "failback"];

fn digest(state: &State) -> String {
    sha1_hex(format!("{:?}", state.ha.resources).as_bytes())
}

fn item(state: &State, id: &str, resource: &Resource) -> Value {
    let mut item = json!({
        "sid": id, "type": resource.kind.service(), "state": resource.state, "digest": digest(state),
    });
    for (key, value) in &resource.options {
        item[key] = value.parse::<u64>().map_or_else(|_| json!(value), |n| json!(n));
    }
    item
}

/// `vm:100`, or a bare number, to a guest that exists.
fn parse(state: &State, text: &str) -> Outcome<(GuestKind, u32)> {
    let invalid = || Refusal::param("sid", "invalid format - value does not look like a valid sid\n");
    let (kind, number) = match text.split_once(':') {
        Some(("vm", number)) => (Some(GuestKind::Qemu), number),
        Some(("ct", number)) => (Some(GuestKind::Lxc), number),
        Some(_) => return Err(invalid()),
        None => (None, text),
    };
    let vmid: u32 = number.parse().map_err(|_| invalid())?;
    let guest = state.guests.get(&vmid).filter(|g| kind.is_none_or(|k| k == g.kind));
    match (guest, kind) {
        (Some(guest), _) => Ok((guest.kind, vmid)),
        // What is configured can be reached although its guest is gone.
        (None, Some(kind)) if state.ha.is_configured(kind, vmid) => Ok((kind, vmid)),
        _ => Err(Refusal::died(format!("resource '{text}' does not exist in cluster"))),
    }
}

fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let wanted = call.params.str("type");
    let found = state.ha.resources.iter().filter(|(_, r)| wanted.is_none_or(|w| w == r.kind.service()));
    Ok(found.map(|(id, r)| item(&state, id, r)).collect::<Value>().into())
}

fn missing(id: &str) -> Refusal {
    Refusal::died(format!("no such resource '{id}'"))
}

fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let asked = call.params.need("sid")?;
    let (kind, vmid) = parse(&state, asked)?;
    let id = sid(kind, vmid);
    state.ha.resources.get(&id).map(|r| item(&state, &id, r).into()).ok_or_else(|| missing(&id))
}

fn options(call: &Call) -> BTreeMap<String, String> {
    OPTIONS.iter().filter_map(|k| Some(((*k).to_owned(), call.params.str(k)?.to_owned()))).collect()
}

fn create(call: &Call) -> Outcome {
    let (kind, vmid) = {
        let mut state = call.cluster.state();
        let (kind, vmid) = parse(&state, call.params.need("sid")?)?;
        let id = sid(kind, vmid);
        if state.ha.resources.contains_key(&id) {
            return Err(Refusal::died(format!("resource ID '{id}' already defined")));
        }
        if call.params.str("type").is_some_and(|t| t != kind.service()) {
            return Err(Refusal::param("type", "type does not match the resource ID"));
        }
        let wanted = call.params.str("state").unwrap_or("started").to_owned();
        state.ha.resources.insert(id, Resource { kind, vmid, state: wanted, options: options(call) });
        (kind, vmid)
    };
    follow(&call.cluster, kind, vmid);
    Ok(Answer::null())
}

fn update(call: &Call) -> Outcome {
    let (kind, vmid) = {
        let mut state = call.cluster.state();
        let (kind, vmid) = parse(&state, call.params.need("sid")?)?;
        if call.params.str("digest").is_some_and(|d| d != digest(&state)) {
            return Err(Refusal::died(
                "detected modified configuration - file changed by other user? Try again.",
            ));
        }
        let id = sid(kind, vmid);
        let resource = state.ha.resources.get_mut(&id).ok_or_else(|| missing(&id))?;
        for key in call.params.str("delete").unwrap_or_default().split([',', ' ']) {
            resource.options.remove(key);
        }
        resource.options.extend(options(call));
        if let Some(wanted) = call.params.str("state") {
            wanted.clone_into(&mut resource.state);
        }
        (kind, vmid)
    };
    follow(&call.cluster, kind, vmid);
    Ok(Answer::null())
}

fn delete(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let (kind, vmid) = parse(&state, call.params.need("sid")?)?;
    if !state.ha.remove(kind, vmid) {
        return Err(Refusal::died(format!("cannot delete service '{}', not HA managed!", sid(kind, vmid))));
    }
    Ok(Answer::null())
}

fn migrate(call: &Call) -> Outcome {
    let target = call.params.need("node")?.to_owned();
    let (kind, vmid) = {
        let state = call.cluster.state();
        if !state.nodes.contains_key(&target) {
            return Err(Refusal::died(format!("no such cluster node '{target}'")));
        }
        parse(&state, call.params.need("sid")?)?
    };
    if !call.cluster.state().ha.is_managed(kind, vmid) {
        return Err(missing(&sid(kind, vmid)));
    }
    follow_move(&call.cluster, kind, vmid, &target);
    Ok(Answer::null())
}

fn status(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let online = state.nodes.values().filter(|n| n.reach == Reach::Online).count();
    let quorate = online * 2 > state.nodes.len();
    let node = &call.via;
    let mut list = vec![json!({
        "id": "quorum", "type": "quorum", "node": node, "quorate": u8::from(quorate),
        "status": if quorate { "OK" } else { "No quorum on node" },
    })];
    if !state.ha.resources.is_empty() {
        let now = call.cluster.now();
        let master = state.nodes.iter().find(|(_, n)| n.reach == Reach::Online).map(|(name, _)| name);
        if let Some(master) = master {
            list.push(json!({ "id": "master", "type": "master", "node": master, "timestamp": now,
                              "status": format!("{master} (active, {})", call.cluster.now_text()) }));
        }
        for (name, n) in &state.nodes {
            let word = if n.reach == Reach::Online { "active" } else { "old timestamp - dead?" };
            list.push(json!({ "id": format!("lrm:{name}"), "type": "lrm", "node": name, "timestamp": now,
                              "status": format!("{name} ({word}, {})", call.cluster.now_text()) }));
        }
    }
    for (id, resource) in &state.ha.resources {
        let node = state.guests.get(&resource.vmid).map_or("", |g| g.node.as_str());
        let mut service = json!({
            "id": format!("service:{id}"), "type": "service", "sid": id, "node": node,
            "state": resource.state, "crm_state": resource.state, "request_state": resource.state,
            "status": format!("{id} ({node}, {})", resource.state),
        });
        for key in ["group", "max_restart", "max_relocate"] {
            if let Some(value) = resource.options.get(key) {
                service[key] = value.parse::<u64>().map_or_else(|_| json!(value), |n| json!(n));
            }
        }
        list.push(service);
    }
    Ok(Value::from(list).into())
}
