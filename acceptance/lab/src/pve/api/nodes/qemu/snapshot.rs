//! Snapshots, kept inside the qcow2 images.

use serde_json::{Value, json};

use super::lock_name;
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Guest, Snapshot};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{Located, qemu_img};
use crate::pve::tasks::{self, Worker};

/// Disks a snapshot covers.
fn images(cluster: &Cluster, guest: &Guest) -> Outcome<Vec<(String, Located)>> {
    guest
        .drives()
        .into_iter()
        .filter(|(_, d)| d.storage().is_some() && !d.is_cdrom())
        .map(|(key, drive)| Ok((key, cluster.locate(&guest.node, &drive.file)?)))
        .collect()
}

fn can_snapshot(cluster: &Cluster, guest: &Guest) -> Outcome<bool> {
    Ok(images(cluster, guest)?.iter().all(|(_, place)| place.volume.format == "qcow2"))
}

pub(super) fn feature(call: &Call) -> Outcome {
    let guest = call.cluster.state().guest(call.node(), call.vmid()?)?.clone();
    let has = match call.params.need("feature")? {
        "snapshot" => can_snapshot(&call.cluster, &guest)?,
        "clone" => {
            guest.is_template() && images(&call.cluster, &guest)?.iter().all(|(_, p)| p.volume.is_base())
        }
        _ => true,
    };
    Ok(json!({ "hasFeature": u8::from(has), "nodes": [guest.node] }).into())
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let guest = state.guest(call.node(), call.vmid()?)?;
    let mut found: Vec<Value> = guest
        .snapshots
        .iter()
        .map(|(name, s)| {
            let mut item =
                json!({ "name": name, "snaptime": s.time, "description": s.description, "vmstate": 0 });
            if let Some(parent) = &s.parent {
                item["parent"] = json!(parent);
            }
            item
        })
        .collect();
    let mut current = json!({
        "name": "current", "description": "You are here!", "digest": guest.digest(),
        "running": u8::from(guest.run.is_some()),
    });
    if let Some(parent) = &guest.parent {
        current["parent"] = json!(parent);
    }
    found.push(current);
    Ok(Value::from(found).into())
}

/// Runs a change of snapshots as a task.
fn task(
    call: &Call,
    kind: &str,
    change: impl FnOnce(&Worker, &mut Guest) -> Outcome<()> + Send + 'static,
) -> Outcome {
    let vmid = call.vmid()?;
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), kind, &vmid.to_string(), move |worker| {
        let _lock = worker.lock(&lock_name(vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
        let mut guest = worker.cluster.state().guest(worker.node(), vmid)?.clone();
        guest.check_lock()?;
        change(worker, &mut guest)?;
        worker.work()?;
        *worker.cluster.state().guest_mut(worker.node(), vmid)? = guest;
        Ok(())
    })
    .into())
}

pub(super) fn create(call: &Call) -> Outcome {
    let name = call.params.need("snapname")?.to_owned();
    let description = call.params.str("description").unwrap_or_default().to_owned();
    task(call, "qmsnapshot", move |worker, guest| {
        if guest.snapshots.contains_key(&name) {
            return Err(Refusal::died(format!("snapshot name '{name}' already used")));
        }
        if !can_snapshot(&worker.cluster, guest)? {
            return Err(Refusal::died("snapshot feature is not available"));
        }
        for (key, drive) in guest.drives().iter().filter(|(_, d)| !d.is_cdrom() && d.storage().is_some()) {
            worker.log(format!("snapshotting 'drive-{key}' ({})", drive.file));
            let place = worker.cluster.locate(&guest.node, &drive.file)?;
            qemu_img(&["snapshot", "-c", &name, &place.real.to_string_lossy()])?;
        }
        let snapshot = Snapshot {
            time: worker.cluster.now(),
            description,
            parent: guest.parent.clone(),
            config: guest.config.clone(),
        };
        guest.snapshots.insert(name.clone(), snapshot);
        guest.parent = Some(name);
        Ok(())
    })
}

pub(super) fn delete(call: &Call) -> Outcome {
    let name = call.params.need("snapname")?.to_owned();
    task(call, "qmdelsnapshot", move |worker, guest| {
        let gone = guest
            .snapshots
            .remove(&name)
            .ok_or_else(|| Refusal::died(format!("snapshot '{name}' does not exist")))?;
        for (_, place) in images(&worker.cluster, guest)? {
            qemu_img(&["snapshot", "-d", &name, &place.real.to_string_lossy()])?;
        }
        for other in guest.snapshots.values_mut().filter(|s| s.parent.as_deref() == Some(&name)) {
            other.parent.clone_from(&gone.parent);
        }
        if guest.parent.as_deref() == Some(&name) {
            guest.parent = gone.parent;
        }
        Ok(())
    })
}

pub(super) fn rollback(call: &Call) -> Outcome {
    let name = call.params.need("snapname")?.to_owned();
    task(call, "qmrollback", move |worker, guest| {
        let snapshot = guest
            .snapshots
            .get(&name)
            .cloned()
            .ok_or_else(|| Refusal::died(format!("snapshot '{name}' does not exist")))?;
        for (_, place) in images(&worker.cluster, guest)? {
            qemu_img(&["snapshot", "-a", &name, &place.real.to_string_lossy()])?;
        }
        guest.config = snapshot.config;
        guest.pending.clear();
        guest.run = None;
        guest.parent = Some(name);
        Ok(())
    })
}
