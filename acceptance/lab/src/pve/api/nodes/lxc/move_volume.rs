//! Moving a volume to another storage, or to another container.

use super::super::qemu::disks::keep_unused;
use super::volumes::{Volumes, check_storage};
use super::{container, container_mut, lock_name};
use crate::pve::call::Call;
use crate::pve::guest::{Guest, Mount};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::Volume;
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    key: String,
    delete: bool,
    digest: Option<String>,
}

struct Adoption {
    vmid: u32,
    key: String,
    digest: Option<String>,
}

pub(super) fn move_volume(call: &Call) -> Outcome {
    let params = &call.params;
    let job = Job {
        vmid: call.vmid()?,
        key: params.need("volume")?.to_owned(),
        delete: params.flag("delete"),
        digest: params.str("digest").map(str::to_owned),
    };
    let target = params.str("target-vmid").and_then(|t| t.parse::<u32>().ok());
    match (target, params.str("storage")) {
        (Some(_), Some(_)) => {
            let text = "cannot be used together with parameter 'target-vmid'";
            Err(Refusal::param("storage", text))
        }
        (None, None) => {
            let text = "either 'storage' or 'target-vmid' has to be given";
            Err(Refusal::param("storage", text))
        }
        (Some(target), None) => {
            let adoption = Adoption {
                vmid: target,
                key: params.str("target-volume").unwrap_or(&job.key).to_owned(),
                digest: params.str("target-digest").map(str::to_owned),
            };
            to_container(call, job, adoption)
        }
        (None, Some(storage)) => to_storage(call, job, storage.to_owned()),
    }
}

fn source(guest: &Guest, job: &Job) -> Outcome<Mount> {
    guest.check_lock()?;
    guest.check_digest(job.digest.as_deref())?;
    let key = &job.key;
    let mount = guest.config.get(key).and_then(|text| Mount::parse(key, text));
    let mount = mount.ok_or_else(|| Refusal::died(format!("volume '{key}' does not exist")))?;
    if mount.storage().is_none() {
        return Err(Refusal::died(format!("can't move volume of type {}", mount.source().word())));
    }
    Ok(mount)
}

fn to_storage(call: &Call, job: Job, storage: String) -> Outcome {
    let state = call.cluster.state();
    state.need(&call.principal, &format!("/storage/{storage}"), &["Datastore.AllocateSpace"])?;
    let guest = container(&state, call.node(), job.vmid)?;
    if guest.run.is_some() {
        return Err(Refusal::died("cannot move volumes of a running container"));
    }
    let mount = source(guest, &job)?;
    if mount.storage() == Some(storage.as_str()) {
        return Err(Refusal::died("you can't move to the same storage"));
    }
    check_storage(&state.storage_on(&storage, call.node())?)?;
    drop(state);
    let id = job.vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "move_volume", &id, move |worker| {
        copy(worker, &job, &storage)
    })
    .into())
}

fn copy(worker: &Worker, job: &Job, storage: &str) -> Outcome<()> {
    let (cluster, node) = (&worker.cluster, worker.node());
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, cluster.config.lock_wait)?;
    let mut guest = container(&cluster.state(), node, job.vmid)?.clone();
    let old = source(&guest, job)?;
    container_mut(&mut cluster.state(), node, job.vmid)?.config.insert("lock".to_owned(), "disk".to_owned());
    let volumes = Volumes::new(cluster, node, job.vmid, worker);
    let copied = volumes.copy(&old.volume, Some(storage)).and_then(|volume| match worker.work() {
        Ok(()) => Ok(volume),
        Err(refusal) => {
            // Stopped: the half-made copy goes.
            volumes.disks.free(&volume)?;
            Err(refusal)
        }
    });
    let freed = match &copied {
        Ok(volume) => {
            let mount = Mount { volume: volume.clone(), options: old.options.clone() };
            guest.config.insert(job.key.clone(), mount.print());
            if !job.delete {
                keep_unused(&mut guest.config, &old.volume);
            }
            job.delete
        }
        Err(_) => false,
    };
    *container_mut(&mut cluster.state(), node, job.vmid)? = guest;
    if freed {
        volumes.disks.free(&old.volume)?;
    }
    copied.map(|_| ())
}

fn to_container(call: &Call, job: Job, adoption: Adoption) -> Outcome {
    let state = call.cluster.state();
    state.need(&call.principal, &format!("/vms/{}", adoption.vmid), &["VM.Config.Disk"])?;
    if adoption.vmid == job.vmid {
        let text = "must be different than source VMID to move disk to another container";
        return Err(Refusal::param("target-vmid", text));
    }
    check_adoption(container(&state, call.node(), job.vmid)?, &state, call.node(), &job, &adoption)?;
    drop(state);
    let id = format!("{}-{}>{}-{}", job.vmid, job.key, adoption.vmid, adoption.key);
    let (principal, node) = (&call.principal, call.node());
    Ok(tasks::spawn(&call.cluster, principal, node, "move_volume", &id, move |worker| {
        adopt(worker, &job, &adoption)
    })
    .into())
}

fn check_adoption(
    from: &Guest,
    state: &crate::pve::cluster::State,
    node: &str,
    job: &Job,
    adoption: &Adoption,
) -> Outcome<Mount> {
    let to = container(state, node, adoption.vmid)?;
    to.check_lock()?;
    to.check_digest(adoption.digest.as_deref())?;
    if from.run.is_some() {
        return Err(Refusal::died("cannot move volumes of a running container to another container"));
    }
    let mount = match job.key.starts_with("unused") {
        true => {
            from.check_lock()?;
            let volume = from.config.get(&job.key).cloned();
            let volume =
                volume.ok_or_else(|| Refusal::died(format!("volume '{}' does not exist", job.key)))?;
            Mount { volume, ..Mount::default() }
        }
        false => source(from, job)?,
    };
    if job.key == "rootfs" && adoption.key != "rootfs" && !adoption.key.starts_with("unused") {
        let text = "cannot move a root file system to a mount point of another container";
        return Err(Refusal::param("target-volume", text));
    }
    if to.config.contains_key(&adoption.key) {
        return Err(Refusal::died(format!(
            "Target volume key '{}' is already in use for container '{}'",
            adoption.key, adoption.vmid
        )));
    }
    Ok(mount)
}

/// Hands a volume over: renamed to its new owner, its bytes untouched.
fn adopt(worker: &Worker, job: &Job, adoption: &Adoption) -> Outcome<()> {
    let (cluster, node) = (&worker.cluster, worker.node());
    let wait = cluster.config.lock_wait;
    let _from = worker.lock(&lock_name(job.vmid), Mode::Exclusive, wait)?;
    let _to = worker.lock(&lock_name(adoption.vmid), Mode::Exclusive, wait)?;
    let mut mount = {
        let state = cluster.state();
        check_adoption(container(&state, node, job.vmid)?, &state, node, job, adoption)?
    };
    worker.work()?;
    worker.log(format!("moving volume '{}' from container '{}' to '{}'", job.key, job.vmid, adoption.vmid));
    let place = cluster.locate(node, &mount.volume)?;
    let volumes = Volumes::new(cluster, node, adoption.vmid, worker);
    let stem = volumes.disks.free_stem(&place.storage);
    let name = match place.volume.name.rsplit_once('.') {
        Some((_, extension)) => format!("{stem}.{extension}"),
        None => stem,
    };
    let volume = Volume { owner: Some(adoption.vmid), name, ..place.volume.clone() };
    let to = cluster.place(node, place.storage.clone(), volume);
    cluster.rename_volume(&place, &to)?;
    mount.volume = to.volume.volid(to.storage.plugin);
    let mut state = cluster.state();
    container_mut(&mut state, node, job.vmid)?.config.remove(&job.key);
    let text = if adoption.key.starts_with("unused") { mount.volume.clone() } else { mount.print() };
    container_mut(&mut state, node, adoption.vmid)?.config.insert(adoption.key.clone(), text);
    Ok(())
}
