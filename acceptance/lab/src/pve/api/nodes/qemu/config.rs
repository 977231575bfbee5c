//! A machine's configuration: read, pending changes, update.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::guests::pending_view;
use super::create::mac_prefix;
use super::disks::{Disks, Log, Silent};
use super::{changes, lock_name, options, permissions};
use crate::pve::access::Principal;
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::Guest;
use crate::pve::locks::Mode;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::qemu_option;
use crate::pve::tasks;

/// A checked change of a configuration.
#[derive(Debug, Clone)]
struct Change {
    vmid: u32,
    node: String,
    set: BTreeMap<String, String>,
    delete: Vec<String>,
    revert: Vec<String>,
    digest: Option<String>,
    asker: Principal,
    skiplock: bool,
    /// Volumes that lose their slot go for good.
    force: bool,
}

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let guest = state.guest(call.node(), call.vmid()?)?;
    if let Some(name) = call.params.str("snapshot") {
        let snapshot = guest
            .snapshots
            .get(name)
            .ok_or_else(|| Refusal::died(format!("snapshot '{name}' does not exist")))?;
        return Ok(Value::Object(guest.view(&snapshot.config)).into());
    }
    let config = if call.params.flag("current") { guest.config.clone() } else { guest.future() };
    Ok(Value::Object(guest.view(&config)).into())
}

pub(super) fn pending(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let guest = state.guest(call.node(), call.vmid()?)?;
    Ok(pending_view(guest).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let change = prepare(call)?;
    apply(&call.cluster, &change, &Silent)?;
    Ok(Answer::null())
}

pub(super) fn update_async(call: &Call) -> Outcome {
    let change = prepare(call)?;
    let vmid = change.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "qmconfig", &vmid, move |worker| {
        let words: Vec<String> = change.set.iter().map(|(k, v)| format!("-{k} {}", quoted(k, v))).collect();
        let mut line = format!("update VM {}: {}", change.vmid, words.join(" "));
        if !change.delete.is_empty() {
            line.push_str(&format!(" -delete {}", change.delete.join(",")));
        }
        worker.log(line);
        apply(&worker.cluster, &change, worker)?;
        worker.work()
    })
    .into())
}

/// Secrets do not go into a task's log.
fn quoted(key: &str, value: &str) -> String {
    if key == "cipassword" { "<hidden>".to_owned() } else { value.to_owned() }
}

pub(super) fn unlink(call: &Call) -> Outcome {
    let change = Change {
        vmid: call.vmid()?,
        node: call.node().to_owned(),
        set: BTreeMap::new(),
        delete: split(call.params.need("idlist")?),
        revert: Vec::new(),
        digest: None,
        asker: call.principal.clone(),
        skiplock: false,
        force: call.params.flag("force"),
    };
    permissions::check_options(call, change.vmid, change.delete.iter().map(String::as_str))?;
    apply(&call.cluster, &change, &Silent)?;
    Ok(Answer::null())
}

fn split(text: &str) -> Vec<String> {
    text.split([',', ';', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// Everything that is decided before a worker or a lock.
fn prepare(call: &Call) -> Outcome<Change> {
    let params = &call.params;
    let vmid = call.vmid()?;
    let set = options::collect(params, &mac_prefix(call));
    let delete = split(params.str("delete").unwrap_or_default());
    let revert = split(params.str("revert").unwrap_or_default());
    if set.is_empty() && delete.is_empty() && revert.is_empty() {
        return Err(Refusal::died("no options specified"));
    }
    for key in &delete {
        if set.contains_key(key) {
            return Err(Refusal::param(
                "delete",
                format!("you can't use '-{key}' and -delete {key} at the same time"),
            ));
        }
        if qemu_option(key).is_none() {
            return Err(Refusal::param("delete", format!("unknown option '{key}'")));
        }
    }
    if params.flag("skiplock") && !call.principal.is_root() {
        return Err(Refusal::param("skiplock", "Only root may use this option."));
    }
    let keys = set.keys().chain(&delete).chain(&revert).map(String::as_str);
    permissions::check_options(call, vmid, keys)?;
    permissions::check_storages(call, vmid)?;
    permissions::check_bridges(call)?;
    let digest = params.str("digest").map(str::to_owned);
    let state = call.cluster.state();
    let guest = state.guest(call.node(), vmid)?;
    guest.check_digest(digest.as_deref())?;
    Ok(Change {
        vmid,
        node: call.node().to_owned(),
        set,
        delete,
        revert,
        digest,
        asker: call.principal.clone(),
        skiplock: params.flag("skiplock"),
        force: params.flag("force"),
    })
}

/// Makes a change under the configuration's lock.
fn apply(cluster: &Cluster, change: &Change, log: &dyn Log) -> Outcome<()> {
    let _lock = cluster
        .locks
        .acquire(&lock_name(change.vmid), Mode::Exclusive, cluster.config.lock_wait)
        .map_err(|error| Refusal::died(error.to_string()))?;
    let mut guest = cluster.state().guest(&change.node, change.vmid)?.clone();
    guest.check_digest(change.digest.as_deref())?;
    let unlocking = change.set.contains_key("lock") || change.delete.iter().any(|k| k == "lock");
    if !change.skiplock && !unlocking {
        guest.check_lock()?;
    }
    let disks = Disks { cluster, node: &change.node, vmid: change.vmid, log };
    let before = guest.run.is_some().then(|| guest.clone());
    let mut later = None;
    let unused_before: Vec<String> =
        guest.config.keys().filter(|k| k.starts_with("unused")).cloned().collect();
    for key in &change.revert {
        changes::revert(&mut guest, &disks, key)?;
    }
    for key in &change.delete {
        changes::remove(&mut guest, &disks, key)?;
    }
    for (key, value) in &change.set {
        if let Err(refusal) = changes::assign(&mut guest, &disks, key, value) {
            later = Some(refusal);
        }
    }
    if change.force {
        discard(&mut guest, &unused_before, &disks)?;
    }
    tracing::trace!(vmid = change.vmid, by = %change.asker.full_id(), "configuration changed");
    if let Some(before) = before {
        cluster.change_guest(change.vmid, &before, &guest)?;
    }
    *cluster.state().guest_mut(&change.node, change.vmid)? = guest;
    later.map_or(Ok(()), Err)
}

/// Frees what a forced change left unused.
fn discard(guest: &mut Guest, before: &[String], disks: &Disks<'_>) -> Outcome<()> {
    let fresh: Vec<String> =
        guest.config.keys().filter(|k| k.starts_with("unused") && !before.contains(k)).cloned().collect();
    for key in fresh {
        if let Some(volume) = guest.config.remove(&key) {
            disks.free(&volume)?;
        }
    }
    Ok(())
}
