//! `/access/roles`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::pve::access::Role;
use crate::pve::call::Call;
use crate::pve::reply::{Answer, Outcome, Refusal};

fn privileges(call: &Call) -> BTreeSet<String> {
    let text = call.params.str("privs").unwrap_or_default();
    text.split([',', ' ', ';']).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// Refuses privileges the release does not know.
fn known(call: &Call, wanted: &BTreeSet<String>) -> Outcome<()> {
    let all = call.cluster.state().access.all_privileges();
    match wanted.iter().find(|p| !all.contains(*p)) {
        Some(bad) => Err(Refusal::param("privs", format!("invalid format - invalid privilege '{bad}'\n"))),
        None => Ok(()),
    }
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let roles: Vec<Value> = state
        .access
        .roles
        .iter()
        .map(|(id, role)| {
            let list: Vec<&str> = role.privileges.iter().map(String::as_str).collect();
            json!({ "roleid": id, "privs": list.join(","), "special": u8::from(role.special) })
        })
        .collect();
    Ok(Value::from(roles).into())
}

pub(super) fn create(call: &Call) -> Outcome {
    let id = call.params.need("roleid")?;
    let privileges = privileges(call);
    known(call, &privileges)?;
    let mut state = call.cluster.state();
    if state.access.roles.contains_key(id) {
        return Err(Refusal::died(format!("create role failed: role '{id}' already exists")));
    }
    state.access.roles.insert(id.to_owned(), Role { privileges, special: false });
    Ok(Answer::null())
}

pub(super) fn read(call: &Call) -> Outcome {
    let id = call.params.need("roleid")?;
    let state = call.cluster.state();
    let role =
        state.access.roles.get(id).ok_or_else(|| Refusal::died(format!("role '{id}' does not exist")))?;
    let held: Map<String, Value> = role.privileges.iter().map(|p| (p.clone(), json!(1))).collect();
    Ok(Value::Object(held).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let id = call.params.need("roleid")?;
    let wanted = privileges(call);
    known(call, &wanted)?;
    let mut state = call.cluster.state();
    let role = state
        .access
        .roles
        .get_mut(id)
        .ok_or_else(|| Refusal::died(format!("update role failed: role '{id}' does not exist")))?;
    if role.special {
        return Err(Refusal::died(format!("auto-generated role '{id}' cannot be modified")));
    }
    role.privileges = if call.params.flag("append") { &role.privileges | &wanted } else { wanted };
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let id = call.params.need("roleid")?;
    let mut state = call.cluster.state();
    match state.access.roles.get(id) {
        None => return Err(Refusal::died(format!("delete role failed: role '{id}' does not exist"))),
        Some(role) if role.special => {
            return Err(Refusal::died(format!("auto-generated role '{id}' cannot be deleted")));
        }
        Some(_) => {}
    }
    state.access.roles.remove(id);
    state.access.acl.retain(|e| e.role != id);
    Ok(Answer::null())
}
