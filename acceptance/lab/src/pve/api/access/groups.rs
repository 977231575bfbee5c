//! `/access/groups`.

use serde_json::{Value, json};

use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::reply::{Answer, Outcome, Refusal};

fn members<'a>(state: &'a State, group: &str) -> Vec<&'a str> {
    state.access.users.iter().filter(|(_, u)| u.groups.contains(group)).map(|(id, _)| id.as_str()).collect()
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let all = state
        .need_any(&call.principal, "/access/groups", &["User.Modify", "Sys.Audit", "Group.Allocate"])
        .is_ok();
    let groups: Vec<Value> = state
        .access
        .groups
        .iter()
        .filter(|_| all)
        .map(|(id, comment)| {
            let mut item = json!({ "groupid": id, "users": members(&state, id).join(",") });
            if !comment.is_empty() {
                item["comment"] = json!(comment);
            }
            item
        })
        .collect();
    Ok(Value::from(groups).into())
}

pub(super) fn create(call: &Call) -> Outcome {
    let id = call.params.need("groupid")?;
    let mut state = call.cluster.state();
    if state.access.groups.contains_key(id) {
        return Err(Refusal::died(format!("create group failed: group '{id}' already exists")));
    }
    state.access.groups.insert(id.to_owned(), call.params.str("comment").unwrap_or_default().to_owned());
    Ok(Answer::null())
}

pub(super) fn read(call: &Call) -> Outcome {
    let id = call.params.need("groupid")?;
    let state = call.cluster.state();
    let comment =
        state.access.groups.get(id).ok_or_else(|| Refusal::died(format!("group '{id}' does not exist")))?;
    let mut item = json!({ "members": members(&state, id) });
    if !comment.is_empty() {
        item["comment"] = json!(comment);
    }
    Ok(item.into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let id = call.params.need("groupid")?;
    let mut state = call.cluster.state();
    let comment = state
        .access
        .groups
        .get_mut(id)
        .ok_or_else(|| Refusal::died(format!("update group failed: group '{id}' does not exist")))?;
    if let Some(text) = call.params.str("comment") {
        text.clone_into(comment);
    }
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let id = call.params.need("groupid")?;
    let mut state = call.cluster.state();
    state
        .access
        .groups
        .remove(id)
        .ok_or_else(|| Refusal::died(format!("delete group failed: group '{id}' does not exist")))?;
    for user in state.access.users.values_mut() {
        user.groups.remove(id);
    }
    state.access.acl.retain(|e| e.kind != "group" || e.subject != id);
    Ok(Answer::null())
}
