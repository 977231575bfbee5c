//! Taking users and groups over from a directory.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::pve::access::User;
use crate::pve::call::Call;
use crate::pve::cluster::{Directory, State};
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::split_list;
use crate::pve::tasks;

/// How to take over: given, or the realm's own default.
#[derive(Debug, Clone)]
struct Wish {
    scope: String,
    enable: bool,
    vanished: Vec<String>,
}

fn wish(call: &Call, defaults: &str) -> Outcome<Wish> {
    let default = |key: &str| defaults.split(',').find_map(|p| p.strip_prefix(key)?.strip_prefix('='));
    let get = |key: &str| call.params.str(key).or_else(|| default(key));
    let Some(scope) = get("scope") else {
        let text = "Not passed as parameter and not defined in realm default sync options.";
        return Err(Refusal::param("scope", text));
    };
    let vanished = split_list(get("remove-vanished").unwrap_or_default()).map(str::to_owned).collect();
    Ok(Wish { scope: scope.to_owned(), enable: get("enable-new").is_none_or(|v| v == "1"), vanished })
}

pub(super) fn sync(call: &Call) -> Outcome {
    let realm = call.params.need("realm")?.to_owned();
    let state = call.cluster.state();
    let Some(section) = state.config.section("domains.cfg", &realm).cloned() else {
        return Err(Refusal::param("realm", "Realm does not exist."));
    };
    drop(state);
    if !matches!(section.kind.as_str(), "ldap" | "ad") {
        let text = format!("Cannot sync realm type '{}'! Only LDAP/AD realms can be synced.", section.kind);
        return Err(Refusal::died(text));
    }
    let wish = wish(call, section.str("sync-defaults-options").unwrap_or_default())?;
    let dry = call.params.flag("dry-run");
    let kind = if dry { "auth-realm-sync-test" } else { "auth-realm-sync" };
    let cluster = Arc::clone(&call.cluster);
    let id = realm.clone();
    let upid = tasks::spawn(&call.cluster, &call.principal, &call.via, kind, &id, move |worker| {
        worker.log(format!("{}starting sync for realm {realm}", if dry { "(dry test run) " } else { "" }));
        worker.work()?;
        let mut state = cluster.state();
        let server = section.str("server1").unwrap_or_default();
        if state.silent_servers.contains(server) {
            return Err(Refusal::died(format!("unable to connect to server '{server}'")));
        }
        let directory = state.directories.get(&realm).cloned().unwrap_or_default();
        if !dry {
            take_over(&mut state, &realm, &directory, &wish);
        }
        drop(state);
        let what = if wish.scope == "both" { "users and groups" } else { wish.scope.as_str() };
        worker.log(format!("got data from server, updating {what}"));
        worker.log(match dry {
            true => "NOTE: Dry test run, changes were NOT written to the configuration.".to_owned(),
            false => format!("successfully updated {what} configuration"),
        });
        Ok(())
    });
    Ok(Answer::from(upid))
}

fn take_over(state: &mut State, realm: &str, directory: &Directory, wish: &Wish) {
    let suffix = format!("@{realm}");
    let named = |name: &String| format!("{name}{suffix}");
    let found: BTreeSet<String> = directory.users.iter().map(named).collect();
    if wish.scope != "groups" {
        for user in &found {
            let fresh = || User { enable: wish.enable, ..User::default() };
            state.access.users.entry(user.clone()).or_insert_with(fresh);
        }
        if wish.vanished.iter().any(|v| v == "entry") {
            state.access.users.retain(|id, _| !id.ends_with(&suffix) || found.contains(id));
        }
        if wish.vanished.iter().any(|v| v == "acl") {
            state.access.acl.retain(|e| !e.subject.ends_with(&suffix) || found.contains(&e.subject));
        }
    }
    if wish.scope != "users" {
        for (group, members) in &directory.groups {
            let id = format!("{group}-{realm}");
            state.access.groups.entry(id.clone()).or_default();
            for user in members.iter().map(named) {
                if let Some(user) = state.access.users.get_mut(&user) {
                    user.groups.insert(id.clone());
                }
            }
        }
    }
}
