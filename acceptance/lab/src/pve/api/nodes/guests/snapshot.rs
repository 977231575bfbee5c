//! Snapshots: inside qcow2 images, beside the volumes of thin LVM, and nowhere else.

use serde_json::{Value, json};

use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Guest, GuestKind, Snapshot};
use crate::pve::locks::Mode;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::{Located, Plugin, Volume, qemu_img};
use crate::pve::tasks::{self, Worker};

/// Volumes a snapshot covers, by option.
fn images(cluster: &Cluster, guest: &Guest) -> Outcome<Vec<(String, Located)>> {
    let all: Vec<(String, String)> = match guest.kind {
        GuestKind::Qemu => guest
            .drives()
            .into_iter()
            .filter(|(_, d)| d.storage().is_some() && !d.is_cdrom())
            .map(|(key, d)| (key, d.file))
            .collect(),
        GuestKind::Lxc => crate::pve::guest::mounts(&guest.config)
            .into_iter()
            .filter(|(_, m)| m.storage().is_some())
            .map(|(key, m)| (key, m.volume))
            .collect(),
    };
    all.into_iter().map(|(key, volid)| Ok((key, cluster.locate(&guest.node, &volid)?))).collect()
}

fn can_snapshot(place: &Located) -> bool {
    place.volume.format == "qcow2" || place.storage.plugin == Plugin::LvmThin
}

/// Where a snapshot of a thin volume lies.
fn beside(place: &Located, name: &str) -> Located {
    let own = format!("snap_{}_{name}", place.volume.name);
    let volume = Volume { name: own.clone(), ..place.volume.clone() };
    Located { volume, real: place.real.with_file_name(own), ..place.clone() }
}

fn inside(place: &Located, how: &str, name: &str) -> Outcome<()> {
    qemu_img(&["snapshot", how, name, &place.real.to_string_lossy()]).map(|_| ())
}

fn take(cluster: &Cluster, place: &Located, name: &str) -> Outcome<()> {
    match place.storage.plugin {
        Plugin::LvmThin => cluster.duplicate_volume(place, &beside(place, name)),
        Plugin::Dir => inside(place, "-c", name),
    }
}

fn drop_one(cluster: &Cluster, place: &Located, name: &str) -> Outcome<()> {
    match place.storage.plugin {
        Plugin::LvmThin => cluster.remove_volume(&beside(place, name)),
        Plugin::Dir => inside(place, "-d", name),
    }
}

fn return_to(cluster: &Cluster, place: &Located, name: &str) -> Outcome<()> {
    match place.storage.plugin {
        Plugin::LvmThin => cluster.duplicate_volume(&beside(place, name), place),
        Plugin::Dir => inside(place, "-a", name),
    }
}

pub(in super::super) fn feature(call: &Call, kind: GuestKind) -> Outcome {
    let cluster = &call.cluster;
    let guest = cluster.state().guest_of(kind, call.node(), call.vmid()?)?.clone();
    let images = images(cluster, &guest)?;
    let has = match call.params.need("feature")? {
        "snapshot" => images.iter().all(|(_, p)| can_snapshot(p)),
        "clone" => {
            let can_link = |p: &Located| kind == GuestKind::Qemu || p.storage.plugin == Plugin::LvmThin;
            guest.is_template() && images.iter().all(|(_, p)| p.volume.is_base() && can_link(p))
        }
        _ => true,
    };
    let mut answer = json!({ "hasFeature": u8::from(has) });
    if kind == GuestKind::Qemu {
        let shared = images.iter().all(|(_, p)| p.storage.shared);
        let nodes: Vec<String> = match shared {
            true => cluster.state().nodes.keys().cloned().collect(),
            false => vec![guest.node.clone()],
        };
        answer["nodes"] = json!(nodes);
    }
    Ok(answer.into())
}

pub(in super::super) fn list(call: &Call, kind: GuestKind) -> Outcome {
    let state = call.cluster.state();
    let guest = state.guest_of(kind, call.node(), call.vmid()?)?;
    let mut found: Vec<Value> = guest
        .snapshots
        .iter()
        .map(|(name, s)| {
            let mut item = json!({ "name": name, "snaptime": s.time, "description": s.description });
            if kind == GuestKind::Qemu {
                item["vmstate"] = json!(u8::from(s.memory));
            }
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

fn absent(name: &str) -> Refusal {
    Refusal::died(format!("snapshot '{name}' does not exist"))
}

pub(in super::super) fn read(call: &Call, kind: GuestKind) -> Outcome {
    let name = call.params.need("snapname")?;
    let state = call.cluster.state();
    let guest = state.guest_of(kind, call.node(), call.vmid()?)?;
    let snapshot = guest.snapshots.get(name).ok_or_else(|| absent(name))?;
    let mut view = guest.view(&snapshot.config);
    view.remove("parent");
    view.insert("snaptime".into(), json!(snapshot.time));
    view.insert("description".into(), json!(snapshot.description));
    view.extend(snapshot.parent.as_ref().map(|parent| ("parent".to_owned(), json!(parent))));
    Ok(Value::Object(view).into())
}

pub(in super::super) fn describe(call: &Call, kind: GuestKind) -> Outcome {
    let name = call.params.need("snapname")?;
    let mut state = call.cluster.state();
    let guest = state.guest_of_mut(kind, call.node(), call.vmid()?)?;
    guest.check_lock()?;
    let snapshot = guest.snapshots.get_mut(name).ok_or_else(|| absent(name))?;
    if let Some(description) = call.params.str("description") {
        description.clone_into(&mut snapshot.description);
    }
    Ok(Answer::null())
}

/// Runs a change of snapshots as a task, the guest locked meanwhile.
fn task(
    call: &Call,
    kind: GuestKind,
    what: (&str, &'static str),
    change: impl FnOnce(&Worker, &mut Guest) -> Outcome<()> + Send + 'static,
) -> Outcome {
    let vmid = call.vmid()?;
    let (task, lock) = (format!("{}{}", kind.task(), what.0), what.1);
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), &task, &vmid.to_string(), move |worker| {
        let (cluster, node) = (&worker.cluster, worker.node());
        let _lock = worker.lock(&kind.lock_file(vmid), Mode::Exclusive, cluster.config.lock_wait)?;
        let before = cluster.state().guest_of(kind, node, vmid)?.clone();
        before.check_lock()?;
        let mut guest = before.clone();
        cluster.state().guest_of_mut(kind, node, vmid)?.config.insert("lock".to_owned(), lock.to_owned());
        let done = change(worker, &mut guest).and_then(|()| worker.work());
        *cluster.state().guest_of_mut(kind, node, vmid)? = if done.is_ok() { guest } else { before };
        done
    })
    .into())
}

pub(in super::super) fn create(call: &Call, kind: GuestKind) -> Outcome {
    let name = call.params.need("snapname")?.to_owned();
    if matches!(name.as_str(), "current" | "pending") {
        return Err(Refusal::died(format!("unable to use snapshot name '{name}' (reserved name)")));
    }
    let description = call.params.str("description").unwrap_or_default().to_owned();
    let memory = call.params.flag("vmstate");
    task(call, kind, ("snapshot", "snapshot"), move |worker, guest| {
        if guest.snapshots.contains_key(&name) {
            return Err(Refusal::died(format!("snapshot name '{name}' already used")));
        }
        let images = images(&worker.cluster, guest)?;
        if !images.iter().all(|(_, place)| can_snapshot(place)) {
            return Err(Refusal::died("snapshot feature is not available"));
        }
        for (key, place) in &images {
            if kind == GuestKind::Qemu {
                let volid = place.volume.volid(place.storage.plugin);
                worker.log(format!("snapshotting 'drive-{key}' ({volid})"));
            }
            take(&worker.cluster, place, &name)?;
        }
        let snapshot = Snapshot {
            time: worker.cluster.now(),
            description,
            parent: guest.parent.clone(),
            memory: memory && guest.run.is_some(),
            config: guest.config.clone(),
        };
        guest.snapshots.insert(name.clone(), snapshot);
        guest.parent = Some(name);
        Ok(())
    })
}

pub(in super::super) fn delete(call: &Call, kind: GuestKind) -> Outcome {
    let name = call.params.need("snapname")?.to_owned();
    task(call, kind, ("delsnapshot", "snapshot-delete"), move |worker, guest| {
        let gone = guest.snapshots.remove(&name).ok_or_else(|| absent(&name))?;
        for (_, place) in images(&worker.cluster, guest)? {
            drop_one(&worker.cluster, &place, &name)?;
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

pub(in super::super) fn rollback(call: &Call, kind: GuestKind) -> Outcome {
    let name = call.params.need("snapname")?.to_owned();
    let (vmid, start) = (call.vmid()?, call.params.flag("start"));
    task(call, kind, ("rollback", "rollback"), move |worker, guest| {
        let snapshot = guest.snapshots.get(&name).cloned().ok_or_else(|| absent(&name))?;
        if guest.run.is_some() {
            worker.cluster.stop_guest(vmid, guest)?;
        }
        guest.config = snapshot.config;
        guest.pending.clear();
        for (_, place) in images(&worker.cluster, guest)? {
            return_to(&worker.cluster, &place, &name)?;
        }
        if start || snapshot.memory {
            worker.cluster.start_guest(vmid, guest)?;
        }
        guest.parent = Some(name);
        Ok(())
    })
}
