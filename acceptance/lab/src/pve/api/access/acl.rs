//! `/access/acl` and `/access/permissions`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::pve::access::{AclEntry, Principal, normalise_path};
use crate::pve::call::Call;
use crate::pve::reply::{Answer, Outcome, Refusal};

/// Paths the answer to a question about all paths always holds.
const ROOTS: &[&str] = &["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"];

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let all = state.may(&call.principal, "/access", "Sys.Audit");
    let entries: Vec<Value> = state
        .access
        .acl
        .iter()
        .filter(|e| all || state.may(&call.principal, &e.path, "Permissions.Modify"))
        .map(|e| {
            json!({ "path": e.path, "type": e.kind, "ugid": e.subject, "roleid": e.role,
                    "propagate": u8::from(e.propagate) })
        })
        .collect();
    Ok(Value::from(entries).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let params = &call.params;
    let kinds = [("users", "user"), ("groups", "group"), ("tokens", "token")];
    if kinds.iter().all(|(param, _)| params.str(param).is_none()) {
        let text = "either 'users', 'groups' or 'tokens' is required.".to_owned();
        return Err(Refusal::params(
            kinds.iter().map(|(param, _)| ((*param).to_owned(), text.clone())).collect(),
        ));
    }
    let given = params.need("path")?;
    let path =
        normalise_path(given).ok_or_else(|| Refusal::param("path", format!("invalid ACL path '{given}'")))?;
    let mut state = call.cluster.state();
    let failed = |text: String| Refusal::died(format!("ACL update failed: {text}"));
    let split = |text: &str| -> Vec<String> {
        text.split([',', ' ', ';']).filter(|s| !s.is_empty()).map(str::to_owned).collect()
    };
    for role in split(params.need("roles")?) {
        if !state.access.roles.contains_key(&role) {
            return Err(failed(format!("role '{role}' does not exist")));
        }
        for (param, kind) in kinds {
            for subject in params.str(param).map(&split).unwrap_or_default() {
                let exists = match kind {
                    "user" => state.access.users.contains_key(&subject),
                    "group" => state.access.groups.contains_key(&subject),
                    _ => subject
                        .split_once('!')
                        .and_then(|(u, t)| Some(state.access.users.get(u)?.tokens.contains_key(t)))
                        .unwrap_or_default(),
                };
                if !exists {
                    return Err(failed(format!("{kind} '{subject}' does not exist")));
                }
                let propagate = params.flag_or("propagate", true);
                let entry = AclEntry {
                    path: path.clone(),
                    kind: kind.into(),
                    subject,
                    role: role.clone(),
                    propagate,
                };
                state.access.acl.retain(|e| {
                    (&e.path, &e.kind, &e.subject, &e.role)
                        != (&entry.path, &entry.kind, &entry.subject, &entry.role)
                });
                if !params.flag("delete") {
                    state.access.acl.push(entry);
                    state.access.acl.sort();
                }
            }
        }
    }
    Ok(Answer::null())
}

/// Effective privileges by path; anyone may ask for their own.
pub(super) fn permissions(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let principal = match call.params.str("userid") {
        Some(id) if id != call.principal.full_id() => {
            state.need(&call.principal, "/access", &["Sys.Audit"])?;
            let (user, token) = id.split_once('!').map_or((id, None), |(u, t)| (u, Some(t)));
            let found = state.access.users.get(user);
            let privsep = token.and_then(|t| found?.tokens.get(t)).is_some_and(|t| t.privsep);
            Principal { user: user.to_owned(), token: token.map(str::to_owned), privsep }
        }
        _ => call.principal.clone(),
    };
    let paths: BTreeSet<String> = match call.params.str("path") {
        Some(path) => normalise_path(path).into_iter().collect(),
        None => ROOTS
            .iter()
            .map(|p| (*p).to_owned())
            .chain(state.access.acl.iter().map(|e| e.path.clone()))
            .collect(),
    };
    let mut found: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for path in paths {
        let held = state.access.privileges(&principal, &path, &state.pools);
        if !held.is_empty() || call.params.str("path").is_some() {
            found.insert(
                path,
                held.into_iter().map(|(p, propagate)| (p, json!(u8::from(propagate)))).collect(),
            );
        }
    }
    Ok(json!(found).into())
}
