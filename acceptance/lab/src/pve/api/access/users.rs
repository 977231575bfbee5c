//! `/access/users` and the realms.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::pve::access::{User, hash_password};
use crate::pve::call::Call;
use crate::pve::reply::{Answer, Outcome, Refusal};

const DETAILS: &[&str] = &["comment", "email", "firstname", "lastname", "keys"];

pub(crate) fn no_such_user(user: &str) -> Refusal {
    Refusal::died(format!("no such user ('{user}')"))
}

fn details(user: &User) -> Map<String, Value> {
    let mut map: Map<String, Value> = user.details.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    map.insert("enable".into(), json!(u8::from(user.enable)));
    map.insert("expire".into(), json!(user.expire));
    map
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let all = state.need_any(&call.principal, "/access/groups", &["User.Modify", "Sys.Audit"]).is_ok();
    let mine = call.principal.full_id();
    let users: Vec<Value> = state
        .access
        .users
        .iter()
        .filter(|(id, user)| (all || **id == mine) && (!call.params.flag("enabled") || user.enable))
        .map(|(id, user)| {
            let mut item = details(user);
            item.insert("userid".into(), json!(id));
            item.insert("realm-type".into(), json!(id.rsplit_once('@').map_or("", |(_, r)| r)));
            Value::Object(item)
        })
        .collect();
    Ok(Value::from(users).into())
}

fn apply(call: &Call, user: &mut User) {
    for key in DETAILS {
        match call.params.str(key) {
            Some("") => {
                user.details.remove(*key);
            }
            Some(text) => {
                user.details.insert((*key).to_owned(), text.to_owned());
            }
            None => {}
        }
    }
    if let Some(groups) = call.params.str("groups") {
        let named: BTreeSet<String> =
            groups.split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
        user.groups = if call.params.flag("append") { &user.groups | &named } else { named };
    }
    user.expire = call.params.number("expire").unwrap_or(user.expire);
    user.enable = call.params.flag_or("enable", user.enable);
}

pub(super) fn create(call: &Call) -> Outcome {
    let id = call.params.need("userid")?;
    let mut state = call.cluster.state();
    if state.access.users.contains_key(id) {
        return Err(Refusal::died(format!("create user failed: user '{id}' already exists")));
    }
    let password = call.params.str("password").map(hash_password);
    let mut user = User { enable: true, password, ..User::default() };
    apply(call, &mut user);
    state.access.users.insert(id.to_owned(), user);
    Ok(Answer::null())
}

pub(super) fn read(call: &Call) -> Outcome {
    let id = call.params.need("userid")?;
    let state = call.cluster.state();
    let user = state.access.users.get(id).ok_or_else(|| no_such_user(id))?;
    let mut item = details(user);
    item.insert("groups".into(), json!(user.groups));
    let tokens: Map<String, Value> = user
        .tokens
        .iter()
        .map(|(id, t)| (id.clone(), json!({ "expire": t.expire, "privsep": u8::from(t.privsep) })))
        .collect();
    item.insert("tokens".into(), if tokens.is_empty() { Value::Null } else { Value::Object(tokens) });
    Ok(Value::Object(item).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let id = call.params.need("userid")?;
    let mut state = call.cluster.state();
    let user = state.access.users.get_mut(id).ok_or_else(|| no_such_user(id))?;
    apply(call, user);
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let id = call.params.need("userid")?;
    let mut state = call.cluster.state();
    state.access.users.remove(id).ok_or_else(|| no_such_user(id))?;
    let of_user = format!("{id}!");
    state.access.acl.retain(|e| e.subject != id && !e.subject.starts_with(&of_user));
    Ok(Answer::null())
}
