//! Moving guests between nodes.

use serde_json::{Value, json};

use super::super::qemu::disks::Disks;
use super::ha;
use crate::pve::call::Call;
use crate::pve::cluster::{Cluster, Reach, State};
use crate::pve::guest::{Drive, Guest, GuestKind, Mount, drives, mounts};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::storage::{Located, Storage, inspect};
use crate::pve::tasks::{self, Worker};

/// What is asked of a migration.
#[derive(Debug, Clone)]
pub(in super::super) struct Job {
    pub(in super::super) kind: GuestKind,
    pub(in super::super) vmid: u32,
    pub(in super::super) target: String,
    pub(in super::super) online: bool,
    /// A container stops, moves and starts again.
    pub(in super::super) restart: bool,
    pub(in super::super) local_disks: bool,
    /// `other` for all storages, or `from:to` pairs.
    pub(in super::super) storages: Option<String>,
}

pub(in super::super) fn migrate(call: &Call, kind: GuestKind) -> Outcome {
    let params = &call.params;
    let (vmid, node) = (call.vmid()?, call.node());
    let target = params.need("target")?.to_owned();
    if target == node {
        return Err(Refusal::param("target", "target is local node."));
    }
    let storages = params.str("targetstorage").or(params.str("target-storage")).map(str::to_owned);
    let mut job = Job {
        kind,
        vmid,
        target,
        online: params.flag("online"),
        restart: params.flag("restart"),
        local_disks: params.flag("with-local-disks"),
        storages,
    };
    let managed = {
        let state = call.cluster.state();
        if !state.nodes.contains_key(&job.target) {
            return Err(Refusal::died(format!("no such cluster node '{}'", job.target)));
        }
        let guest = state.guest_of(kind, node, vmid)?;
        guest.check_lock()?;
        let running = guest.run.is_some();
        match kind {
            GuestKind::Qemu if running && !job.online => {
                return Err(Refusal::died("can't migrate running VM without --online"));
            }
            GuestKind::Lxc if running && !job.online && !job.restart => {
                return Err(Refusal::died("can't migrate running container without --online or --restart"));
            }
            _ => {}
        }
        job.online &= running;
        state.ha.is_managed(kind, vmid)
    };
    if managed {
        return ha::request_move(call, kind, vmid, &job.target);
    }
    spawn(call, job)
}

/// Starts the migration itself.
pub(in super::super) fn spawn(call: &Call, job: Job) -> Outcome {
    let task = format!("{}migrate", job.kind.task());
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), &task, &id, move |worker| run(worker, &job))
        .into())
}

/// What speaks for and against a migration.
pub(in super::super) fn preconditions(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let (guest, nodes, storages) = {
        let state = call.cluster.state();
        let guest = state.guest(call.node(), vmid)?.clone();
        (guest, state.nodes.keys().cloned().collect::<Vec<_>>(), state.storages.clone())
    };
    let mut local_disks = Vec::new();
    for (key, drive) in guest.drives() {
        let Some(storage) = drive.storage().and_then(|id| storages.get(id)) else { continue };
        if !storage.shared {
            local_disks.push(json!({
                "volid": drive.file, "drivename": key, "cdrom": u8::from(drive.is_cdrom()), "is_unused": 0,
                "is_attached": 1, "shared": 0,
                "size": call.cluster.locate(call.node(), &drive.file).ok().and_then(|p| size(&p)),
            }));
        }
    }
    let mut allowed = Vec::new();
    let mut refused = serde_json::Map::new();
    for node in nodes.iter().filter(|n| *n != call.node()) {
        let missing: Vec<&str> = guest
            .drives()
            .iter()
            .filter_map(|(_, d)| d.storage().and_then(|id| storages.get(id)))
            .filter(|s| !s.on_node(node))
            .map(|s| s.id.as_str())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .filter_map(|id| storages.get(id).map(|s| s.id.as_str()))
            .collect();
        match missing.is_empty() {
            true => allowed.push(node.clone()),
            false => {
                refused.insert(node.clone(), json!({ "unavailable_storages": missing }));
            }
        }
    }
    let mut answer = json!({
        "running": u8::from(guest.run.is_some()), "local_disks": local_disks,
        "local_resources": local_devices(&guest), "mapped-resources": [], "mapped-resource-info": {},
    });
    if guest.run.is_none() {
        answer["allowed_nodes"] = json!(allowed);
        answer["not_allowed_nodes"] = Value::Object(refused);
    }
    Ok(answer.into())
}

fn size(place: &Located) -> Option<u64> {
    inspect(&place.real, Some(&place.volume.format)).map(|i| i.size)
}

/// Devices of the host a machine uses.
fn local_devices(guest: &Guest) -> Vec<String> {
    let of_host = |key: &str, value: &str| match split_number(key).map(|(family, _)| family) {
        Some("hostpci" | "usb") => !value.contains("mapping=") && !value.starts_with("spice"),
        Some("serial") => value != "socket",
        Some("parallel") => true,
        _ => false,
    };
    guest.config.iter().filter(|(k, v)| of_host(k, v)).map(|(k, _)| k.clone()).collect()
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let cluster = &worker.cluster;
    let _lock = worker.lock(&job.kind.lock_file(job.vmid), Mode::Exclusive, cluster.config.lock_wait)?;
    let before = cluster.state().guest_of(job.kind, worker.node(), job.vmid)?.clone();
    before.check_lock()?;
    let word = job.kind.word();
    worker.log(format!("starting migration of {word} {} to node '{}' (127.0.0.1)", job.vmid, job.target));
    if let Ok(guest) = cluster.state().guest_of_mut(job.kind, worker.node(), job.vmid) {
        guest.config.insert("lock".to_owned(), "migrate".to_owned());
    }
    let moved = carry(worker, job, before.clone());
    let mut state = cluster.state();
    match moved {
        Ok(guest) => {
            state.guests.insert(job.vmid, guest);
            drop(state);
            worker.log("migration finished successfully (duration 00:00:01)");
            Ok(())
        }
        Err(refusal) => {
            state.guests.insert(job.vmid, before);
            drop(state);
            worker.log(format!("ERROR: {}", refusal.exit_text()));
            worker.log("aborting phase 1 - cleanup resources");
            worker.log(format!("ERROR: migration aborted (duration 00:00:00): {}", refusal.exit_text()));
            Err(Refusal::died("migration aborted"))
        }
    }
}

/// A volume and where it goes.
struct Parcel {
    key: String,
    volid: String,
    to: Storage,
}

fn carry(worker: &Worker, job: &Job, mut guest: Guest) -> Outcome<Guest> {
    let cluster = &worker.cluster;
    check_target(cluster, job, &guest)?;
    let parcels = parcels(cluster, worker.node(), job, &guest)?;
    let restart = guest.run.is_some() && job.kind == GuestKind::Lxc;
    if restart {
        worker.log("shutdown CT");
        cluster.stop_guest(job.vmid, &mut guest)?;
    }
    let mut sent: Vec<(Located, Option<Located>, String, String)> = Vec::new();
    for parcel in &parcels {
        match send(worker, job, parcel) {
            Ok((from, to, volid)) => sent.push((from, to, parcel.volid.clone(), volid)),
            Err(refusal) => {
                undo(cluster, &sent);
                return Err(refusal);
            }
        }
    }
    if let Err(refusal) = worker.work() {
        undo(cluster, &sent);
        return Err(refusal);
    }
    for (from, to, old, new) in &sent {
        if to.is_some() {
            cluster.remove_volume(from)?;
        }
        rename(&mut guest, old, new);
    }
    guest.node.clone_from(&job.target);
    if restart {
        worker.log("start container on target node");
        cluster.start_guest(job.vmid, &mut guest)?;
    }
    Ok(guest)
}

/// Puts a volume's new name in the place of its old one everywhere in a guest.
fn rename(guest: &mut Guest, old: &str, new: &str) {
    if old == new {
        return;
    }
    let configs = guest.snapshots.values_mut().map(|s| &mut s.config).chain([&mut guest.config]);
    for value in configs.flat_map(|c| c.values_mut()) {
        match value.split_once(',') {
            Some((first, rest)) if first == old => *value = format!("{new},{rest}"),
            None if value == old => new.clone_into(value),
            _ => {}
        }
    }
}

fn undo(cluster: &Cluster, sent: &[(Located, Option<Located>, String, String)]) {
    for to in sent.iter().filter_map(|(_, to, _, _)| to.as_ref()) {
        if let Err(error) = cluster.remove_volume(to) {
            tracing::debug!(text = error.exit_text(), "a half-moved volume stays");
        }
    }
}

fn check_target(cluster: &Cluster, job: &Job, guest: &Guest) -> Outcome<()> {
    let online = |state: &State| state.nodes.get(&job.target).is_some_and(|n| n.reach == Reach::Online);
    if !online(&cluster.state()) {
        return Err(Refusal::died(format!("Can't connect to destination address of node '{}'", job.target)));
    }
    if job.kind == GuestKind::Lxc && guest.run.is_some() && !job.restart {
        return Err(Refusal::died("lxc live migration is currently not implemented"));
    }
    let devices = local_devices(guest);
    if guest.run.is_some() && !devices.is_empty() {
        return Err(Refusal::died(format!(
            "can't migrate running VM which uses local devices: {}",
            devices.join(", ")
        )));
    }
    Ok(())
}

/// Storage a volume goes to.
fn destination<'a>(job: &'a Job, from: &'a str) -> &'a str {
    let Some(map) = &job.storages else { return from };
    let pairs = || map.split([',', ';', ' ']).filter(|p| !p.is_empty());
    pairs()
        .find_map(|p| p.split_once(':').filter(|(f, _)| *f == from).map(|(_, to)| to))
        .or_else(|| pairs().find(|p| !p.contains(':') && *p != "1"))
        .unwrap_or(from)
}

fn volumes_of(guest: &Guest) -> Outcome<Vec<(String, String, bool)>> {
    let mut found: Vec<(String, String, bool)> = match guest.kind {
        GuestKind::Qemu => drives(&guest.config)
            .into_iter()
            .filter(|(_, d)| d.storage().is_some())
            .map(|(key, d)| (key, d.file.clone(), is_medium(&d)))
            .collect(),
        GuestKind::Lxc => {
            for (key, mount) in mounts(&guest.config) {
                let shared = mount.options.get("shared").is_some_and(|s| s == "1");
                if mount.storage().is_none() && !shared {
                    let kind = mount.source().word();
                    return Err(Refusal::died(format!("cannot migrate local {kind} mount point '{key}'")));
                }
            }
            let own =
                mounts(&guest.config).into_iter().filter(|(_, m): &(String, Mount)| m.storage().is_some());
            own.map(|(key, m)| (key, m.volume, false)).collect()
        }
    };
    let unused = guest.config.iter().filter(|(k, _)| k.starts_with("unused"));
    found.extend(unused.map(|(k, v)| (k.clone(), v.clone(), false)));
    Ok(found)
}

/// A CD that is not the guest's own.
fn is_medium(drive: &Drive) -> bool {
    drive.is_cdrom() && !drive.is_cloudinit()
}

fn parcels(cluster: &Cluster, node: &str, job: &Job, guest: &Guest) -> Outcome<Vec<Parcel>> {
    let mut found = Vec::new();
    for (key, volid, medium) in volumes_of(guest)? {
        let place = cluster.locate(node, &volid)?;
        let own = &place.storage.id;
        let to = cluster.state().storage_on(destination(job, own), &job.target).map_err(|_| {
            Refusal::died(format!("storage '{own}' is not available on node '{}'", job.target))
        })?;
        if place.storage.shared && to.id == place.storage.id {
            continue;
        }
        if medium {
            return Err(Refusal::died(format!("can't migrate local cdrom '{volid}'")));
        }
        if job.kind == GuestKind::Qemu
            && guest.run.is_some()
            && !job.local_disks
            && !volid.contains("-cloudinit")
        {
            return Err(Refusal::died(format!(
                "Problem found while scanning volumes - can't live migrate attached local disks without \
                 with-local-disks option ({volid})"
            )));
        }
        super::super::qemu::disks::check_base_unused(cluster, node, &place)?;
        let content = if job.kind == GuestKind::Qemu { "images" } else { "rootdir" };
        if !to.holds(content) {
            return Err(Refusal::died(format!(
                "content type '{content}' is not available on storage '{}'",
                to.id
            )));
        }
        found.push(Parcel { key, volid, to });
    }
    Ok(found)
}

/// Copies a volume to the target; answers its old and new place and its new name.
fn send(worker: &Worker, job: &Job, parcel: &Parcel) -> Outcome<(Located, Option<Located>, String)> {
    let cluster = &worker.cluster;
    let from = cluster.locate(worker.node(), &parcel.volid)?;
    worker.log(format!("found local volume '{}' (attached as {})", parcel.volid, parcel.key));
    let disks = Disks { cluster, node: &job.target, vmid: job.vmid, log: worker };
    let same = from.storage.id == parcel.to.id;
    let format = Disks::format(&parcel.to, Some(&from.volume.format)).to_owned();
    let mut to = match same {
        true => cluster.place(&job.target, parcel.to.clone(), from.volume.clone()),
        false => {
            disks.volume(&parcel.to, &Disks::file_name(&parcel.to, &disks.free_stem(&parcel.to), &format))?
        }
    };
    if to.real == from.real {
        return Ok((from, None, parcel.volid.clone()));
    }
    if to.real.exists() {
        // The name is taken over there: it gets another.
        to =
            disks.volume(&parcel.to, &Disks::file_name(&parcel.to, &disks.free_stem(&parcel.to), &format))?;
    }
    cluster.transfer_volume(&from, &to)?;
    to.volume.base = None;
    let volid = to.volume.volid(to.storage.plugin);
    worker.log(format!("volume '{}' is '{volid}' on the target", parcel.volid));
    Ok((from, Some(to), volid))
}
