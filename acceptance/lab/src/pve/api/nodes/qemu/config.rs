//! A machine's configuration: read, pending changes, update.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::create::mac_prefix;
use super::disks::{Disks, Log, Silent, keep_unused};
use super::{lock_name, options, permissions};
use crate::pve::access::Principal;
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Config, Drive, Guest, shown};
use crate::pve::locks::Mode;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::{qemu_option, split_number};
use crate::pve::tasks;

/// Options that change at once even on a running machine.
const FAST: &[&str] = &[
    "lock",
    "name",
    "onboot",
    "shares",
    "startup",
    "description",
    "protection",
    "vmstatestorage",
    "hookscript",
    "tags",
];

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
    let mut list: Vec<Value> = guest
        .config
        .iter()
        .map(|(key, value)| {
            let mut item = json!({ "key": key, "value": shown(key, value) });
            match guest.pending.get(key) {
                Some(Some(next)) => item["pending"] = shown(key, next),
                Some(None) => item["delete"] = json!(1),
                None => {}
            }
            item
        })
        .collect();
    for (key, value) in guest.pending.iter().filter(|(k, _)| !guest.config.contains_key(*k)) {
        list.extend(value.as_ref().map(|next| json!({ "key": key, "pending": shown(key, next) })));
    }
    list.push(json!({ "key": "digest", "value": guest.digest() }));
    Ok(Value::from(list).into())
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
    let mut later = None;
    for key in &change.revert {
        guest.pending.remove(key);
    }
    for key in &change.delete {
        remove(&mut guest, &disks, key)?;
    }
    for (key, value) in &change.set {
        if let Err(refusal) = assign(&mut guest, &disks, key, value) {
            later = Some(refusal);
        }
    }
    tracing::trace!(vmid = change.vmid, by = %change.asker.full_id(), "configuration changed");
    *cluster.state().guest_mut(&change.node, change.vmid)? = guest;
    later.map_or(Ok(()), Err)
}

/// Whether a change takes effect at once.
fn at_once(guest: &Guest, key: &str) -> bool {
    guest.run.is_none()
        || FAST.contains(&key)
        || key.starts_with("unused")
        || (Drive::is_key(key) && !key.starts_with("ide"))
        || split_number(key).is_some_and(|(family, _)| matches!(family, "net" | "usb"))
}

fn remove(guest: &mut Guest, disks: &Disks<'_>, key: &str) -> Outcome<()> {
    guest.pending.remove(key);
    let Some(old) = guest.config.get(key).cloned() else { return Ok(()) };
    if !at_once(guest, key) {
        guest.pending.insert(key.to_owned(), None);
        return Ok(());
    }
    if key.starts_with("unused") {
        disks.free(&old)?;
    } else if Drive::is_key(key) {
        let drive = Drive::parse(key, &old);
        guest.config.remove(key);
        drop_drive(guest, disks, drive)?;
    }
    guest.config.remove(key);
    Ok(())
}

/// What becomes of a drive that lost its slot: kept as unused, or gone if it was only made from the configuration.
fn drop_drive(guest: &mut Guest, disks: &Disks<'_>, drive: Option<Drive>) -> Outcome<()> {
    let Some(drive) = drive.filter(|d| d.storage().is_some()) else { return Ok(()) };
    if drive.is_cloudinit() {
        return disks.free(&drive.file);
    }
    if !drive.is_cdrom() {
        keep_unused(&mut guest.config, &drive.file);
    }
    Ok(())
}

fn assign(guest: &mut Guest, disks: &Disks<'_>, key: &str, value: &str) -> Outcome<()> {
    if Drive::is_key(key) {
        return assign_drive(guest, disks, key, value);
    }
    if !at_once(guest, key) {
        match guest.config.get(key).is_some_and(|v| v == value) {
            true => guest.pending.remove(key),
            false => guest.pending.insert(key.to_owned(), Some(value.to_owned())),
        };
        return Ok(());
    }
    let bridge = value.split(',').find_map(|p| p.strip_prefix("bridge="));
    let plugged = guest.run.is_some() && key.starts_with("net");
    if let Some(bridge) = bridge.filter(|b| plugged && !super::super::system::BRIDGES.contains(b)) {
        tracing::debug!(bridge, "no such bridge");
        guest.pending.insert(key.to_owned(), Some(value.to_owned()));
        return Err(Refusal::param(
            key,
            format!(
                "hotplug problem - VM {} qmp command 'netdev_add' failed - network script \
                 /usr/libexec/qemu-server/pve-bridge-hotplug failed with status 512\n",
                disks.vmid
            ),
        ));
    }
    guest.pending.remove(key);
    guest.config.insert(key.to_owned(), value.to_owned());
    Ok(())
}

fn assign_drive(guest: &mut Guest, disks: &Disks<'_>, key: &str, value: &str) -> Outcome<()> {
    let Some(drive) = Drive::parse(key, value) else { return Ok(()) };
    let (drive, _) = disks.realise(key, drive)?;
    let old = guest.config.get(key).and_then(|text| Drive::parse(key, text));
    if !at_once(guest, key) {
        guest.pending.insert(key.to_owned(), Some(drive.print()));
        return Ok(());
    }
    guest.config.insert(key.to_owned(), drive.print());
    unplug_from_unused(&mut guest.config, &drive.file);
    match old.filter(|o| o.file != drive.file) {
        Some(old) => drop_drive(guest, disks, Some(old)),
        None => Ok(()),
    }
}

/// A volume that is attached again is unused no more.
fn unplug_from_unused(config: &mut Config, volid: &str) {
    config.retain(|k, v| !(k.starts_with("unused") && v == volid));
}
