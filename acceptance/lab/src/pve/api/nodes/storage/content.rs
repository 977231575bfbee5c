//! Volumes of a storage: list, look at, allocate, delete.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::pve::access::Principal;
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::GuestKind;
use crate::pve::locks::Mode;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::{self, Kind, Plugin, Volume, beside, inspect, parse_size};
use crate::pve::tasks;

/// Waiting limit for a storage's lock.
const STORAGE_LOCK: Duration = Duration::from_secs(60);

/// Refuses volumes the asker may not use, as every API does that takes a volume id.
pub(crate) fn check_volume_access(
    cluster: &Cluster,
    asker: &Principal,
    node: &str,
    vmid: Option<u32>,
    volid: &str,
) -> Outcome<()> {
    let Some((id, _)) = volid.split_once(':').filter(|_| !volid.starts_with('/')) else {
        if asker.is_root() {
            return Ok(());
        }
        return Err(Refusal::died(
            "Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 581.",
        ));
    };
    let state = cluster.state();
    let storage = state.storage_on(id, node)?;
    let volume = Volume::parse(volid, &storage)?;
    let path = format!("/storage/{id}");
    match volume.kind {
        Kind::Iso | Kind::Vztmpl | Kind::Import | Kind::Snippets => {
            state.need_any(asker, &path, &["Datastore.Audit", "Datastore.AllocateSpace"])
        }
        Kind::Images if vmid.is_some() && volume.owner == vmid => Ok(()),
        Kind::Images if state.may(asker, &path, "Datastore.Allocate") => Ok(()),
        Kind::Images => match volume.owner {
            Some(owner) => state.need(asker, &format!("/vms/{owner}"), &["VM.Config.Disk"]),
            None => state.need(asker, &path, &["Datastore.Allocate"]),
        },
        Kind::Backup if state.may(asker, &path, "Datastore.Allocate") => Ok(()),
        Kind::Backup => {
            state.need(asker, &path, &["Datastore.AllocateSpace"])?;
            match volume.owner {
                Some(owner) => state.need(asker, &format!("/vms/{owner}"), &["VM.Backup"]),
                None => state.need(asker, &path, &["Datastore.Allocate"]),
            }
        }
    }
}

fn volid(call: &Call) -> Outcome<String> {
    let (storage, volume) = (call.params.need("storage")?, call.params.need("volume")?);
    match volume.split_once(':') {
        Some((named, _)) if named != storage => {
            Err(Refusal::died(format!("storage ID mismatch ({named} != {storage})")))
        }
        Some(_) => Ok(volume.to_owned()),
        None => Ok(format!("{storage}:{volume}")),
    }
}

pub(super) fn list(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let storage = call.cluster.state().storage_on(id, call.node())?;
    let wanted = call.params.str("content");
    let owner = call.params.number("vmid").and_then(|v| u32::try_from(v).ok());
    let entries = storage::list(&call.cluster, call.node(), &storage);
    let containers: BTreeSet<u32> = {
        let state = call.cluster.state();
        state.guests.iter().filter(|(_, g)| g.kind == GuestKind::Lxc).map(|(id, _)| *id).collect()
    };
    // Whose volume it is decides what it holds.
    let content = |e: &storage::Entry| match (e.volume.kind, e.volume.owner) {
        (Kind::Images, Some(owner)) if containers.contains(&owner) => "rootdir",
        _ => e.volume.content(),
    };
    let found: Vec<Value> = entries
        .iter()
        .filter(|e| storage.holds(content(e)))
        .filter(|e| wanted.is_none_or(|w| w == content(e)))
        .filter(|e| owner.is_none() || e.volume.owner == owner)
        .filter(|e| check_volume_access(&call.cluster, &call.principal, call.node(), owner, &e.volid).is_ok())
        .map(|e| {
            let mut item = e.json();
            item["content"] = json!(content(e));
            item
        })
        .collect();
    Ok(Value::from(found).into())
}

pub(super) fn read(call: &Call) -> Outcome {
    let volid = volid(call)?;
    check_volume_access(&call.cluster, &call.principal, call.node(), None, &volid)?;
    let found = call.cluster.locate(call.node(), &volid)?;
    let format =
        if matches!(found.volume.format.as_str(), "qcow2" | "vmdk") { &found.volume.format } else { "raw" };
    let image = inspect(&found.real, Some(format))
        .ok_or_else(|| Refusal::died(format!("volume_size_info on '{volid}' failed - no format")))?;
    Ok(json!({ "path": found.shown, "format": format, "size": image.size, "used": image.used }).into())
}

pub(super) fn allocate(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let node = call.node();
    let storage = call.cluster.state().storage_on(id, node)?;
    let name = call.params.need("filename")?;
    let vmid = call.vmid()?;
    let size = parse_size(call.params.need("size")?, 1024)
        .ok_or_else(|| Refusal::param("size", "value does not match the regex pattern"))?;
    let format = match (call.params.str("format"), name.rsplit_once('.')) {
        (Some(format), _) => format,
        (None, Some((_, extension @ ("raw" | "qcow2" | "vmdk")))) => extension,
        (None, _) => "raw",
    };
    let new = match storage.plugin {
        Plugin::Dir => format!("{id}:{vmid}/{name}"),
        Plugin::LvmThin => format!("{id}:{name}"),
    };
    let volume = Volume::parse(&new, &storage)?;
    let _lock = call
        .cluster
        .locks
        .acquire(&storage.lock_name(node), Mode::Exclusive, STORAGE_LOCK)
        .map_err(|error| Refusal::died(error.to_string()))?;
    let place = call.cluster.place(node, storage, volume);
    call.cluster.make_volume(&place, format, size)?;
    Ok(json!(new).into())
}

/// Notes and protection of a backup.
pub(super) fn annotate(call: &Call) -> Outcome {
    let volid = volid(call)?;
    check_volume_access(&call.cluster, &call.principal, call.node(), None, &volid)?;
    let place = call.cluster.locate(call.node(), &volid)?;
    let failed = |error: std::io::Error| Refusal::died(error.to_string());
    if !place.real.exists() {
        return Err(Refusal::died(format!("volume '{volid}' does not exist")));
    }
    if let Some(notes) = call.params.str("notes") {
        std::fs::write(beside(&place.real, "notes"), notes).map_err(failed)?;
    }
    if call.params.str("protected").is_some() {
        let mark = beside(&place.real, "protected");
        match call.params.flag("protected") {
            true => std::fs::write(mark, "").map_err(failed)?,
            false => {
                // It was not protected: just as well.
                let _ = std::fs::remove_file(mark);
            }
        }
    }
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let volid = volid(call)?;
    let (cluster, node) = (&call.cluster, call.node().to_owned());
    check_volume_access(cluster, &call.principal, &node, None, &volid)?;
    let place = cluster.locate(&node, &volid)?;
    let id = place.storage.id.clone();
    if beside(&place.real, "protected").exists() {
        return Err(Refusal::died(format!("can't remove protected backup '{volid}'")));
    }
    cluster.state().need(&call.principal, &format!("/storage/{id}"), &["Datastore.Allocate"])?;
    let task_id = place.volume.owner.map_or_else(|| id.clone(), |owner| format!("{owner}@{id}"));
    let upid = tasks::spawn(cluster, &call.principal, &node, "imgdel", &task_id, move |worker| {
        let node = worker.node().to_owned();
        let _lock = worker.lock(&place.storage.lock_name(&node), Mode::Exclusive, STORAGE_LOCK)?;
        worker.work()?;
        super::super::qemu::disks::check_base_unused(&worker.cluster, &node, &place)?;
        for ending in ["notes", "protected"] {
            let _ = std::fs::remove_file(beside(&place.real, ending));
        }
        if std::fs::remove_file(&place.real).is_err() {
            worker.log(format!("disk image '{}' does not exist", place.shown));
        }
        worker.log(format!("Removed volume '{volid}'"));
        Ok(())
    });
    // With `delay` the answer is null when the worker is done in time.
    let deadline = Instant::now() + Duration::from_secs(call.params.number("delay").unwrap_or(0));
    while Instant::now() < deadline {
        let task = cluster.state().tasks.iter().find(|t| upid == t.upid.as_str()).cloned();
        if let Some(end) = task.and_then(|t| t.ended()) {
            return if end.text == "OK" { Ok(Answer::null()) } else { Err(Refusal::died(end.text)) };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(upid.into())
}
