//! Cloning a container or a template.
//!
//! Unlike a machine's clone, the source carries `lock: disk` from the call to the end of the task: a second clone
//! of the same source is refused at once.

use super::volumes::Volumes;
use super::{container, container_mut, create, lock_name};
use crate::pve::access::Principal;
use crate::pve::call::Call;
use crate::pve::cluster::{Cluster, State};
use crate::pve::guest::{Config, Guest, GuestKind, Mount, mounts, normalise_lxc_net};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::storage::Plugin;
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    newid: u32,
    full: bool,
    target: Option<String>,
    storage: Option<String>,
    pool: Option<String>,
    snapshot: Option<String>,
    /// Options of the new container, mounts left out.
    config: Config,
    mounts: Vec<(String, Mount)>,
}

pub(super) fn clone(call: &Call) -> Outcome {
    let params = &call.params;
    let vmid = call.vmid()?;
    let newid = params.need("newid")?.parse().map_err(|_| Refusal::param("newid", "type check failed"))?;
    let text = |key: &str| params.str(key).map(str::to_owned);
    let cluster = &call.cluster;
    let lock = cluster
        .locks
        .acquire(&lock_name(vmid), Mode::Exclusive, cluster.config.lock_wait)
        .map_err(|error| Refusal::died(error.to_string()))?;
    let mut job = Job {
        vmid,
        newid,
        full: false,
        target: text("target").filter(|t| t != call.node()),
        storage: text("storage"),
        pool: text("pool"),
        snapshot: text("snapname"),
        config: Config::new(),
        mounts: Vec::new(),
    };
    prepare(call, &mut job)?;
    drop(lock);
    let id = vmid.to_string();
    Ok(tasks::spawn(cluster, &call.principal, call.node(), "vzclone", &id, move |worker| {
        let done = run(worker, &job);
        unlock(worker, &job);
        done.map_err(|refusal| Refusal::died(format!("clone failed: {}", refusal.exit_text())))
    })
    .into())
}

/// Everything decided at the call; claims the new number and locks the source.
fn prepare(call: &Call, job: &mut Job) -> Outcome<()> {
    let prefix = create::mac_prefix(call);
    let mut state = call.cluster.state();
    if let Some(target) = job.target.as_ref().filter(|t| !state.nodes.contains_key(*t)) {
        return Err(Refusal::died(format!("no such cluster node '{target}'")));
    }
    if let Some(pool) = job.pool.as_ref().filter(|p| !state.pools.contains_key(*p)) {
        return Err(Refusal::died(format!("pool '{pool}' does not exist")));
    }
    let guest = container(&state, call.node(), job.vmid)?.clone();
    state.check_vmid_unused(job.newid)?;
    guest.check_lock()?;
    let source = match &job.snapshot {
        Some(name) => {
            let found = guest.snapshots.get(name);
            &found.ok_or_else(|| Refusal::died(format!("snapshot '{name}' does not exist")))?.config
        }
        None => &guest.config,
    };
    job.full = call.params.flag_or("full", !guest.is_template());
    if !job.full && job.storage.is_some() {
        return Err(Refusal::died("parameter 'storage' not allowed for linked clones"));
    }
    job.mounts = mounts(source);
    check_volumes(&state, &call.principal, call.node(), &guest, job)?;
    job.config = new_config(source, &prefix, call, job);
    let mut config = job.config.clone();
    config.insert("lock".to_owned(), "create".to_owned());
    let node = call.node().to_owned();
    let new = Guest { kind: GuestKind::Lxc, node, config, ..Guest::default() };
    state.guests.insert(job.newid, new);
    container_mut(&mut state, call.node(), job.vmid)?.config.insert("lock".to_owned(), "disk".to_owned());
    Ok(())
}

fn check_volumes(state: &State, asker: &Principal, node: &str, guest: &Guest, job: &Job) -> Outcome<()> {
    let mut all_shared = true;
    for (key, mount) in &job.mounts {
        let Some(own) = mount.storage() else {
            let kind = mount.source().word();
            return Err(Refusal::died(format!("unable to clone mountpoint '{key}' (type {kind})")));
        };
        let id = job.storage.as_deref().unwrap_or(own);
        let storage = state.storage_on(id, node)?;
        all_shared &= storage.shared;
        state.need(asker, &format!("/storage/{id}"), &["Datastore.AllocateSpace"])?;
        if job.full && guest.run.is_some() && job.snapshot.is_none() {
            return Err(Refusal::died("Cannot do full clones on a running container without snapshots"));
        }
        // A directory's raw images cannot carry one upon another.
        let can_link = storage.plugin == Plugin::LvmThin && mount.volume.contains(":base-");
        if !job.full && !can_link {
            let volume = &mount.volume;
            return Err(Refusal::died(format!("Linked clone feature for '{volume}' is not available")));
        }
    }
    match &job.target {
        Some(target) if !all_shared => {
            Err(Refusal::died(format!("can't clone CT to node '{target}' (CT uses local storage)")))
        }
        _ => Ok(()),
    }
}

fn new_config(source: &Config, prefix: &str, call: &Call, job: &Job) -> Config {
    let mut config = source.clone();
    config.retain(|key, _| {
        !key.starts_with("unused")
            && !Mount::is_key(key)
            && !matches!(key.as_str(), "lock" | "template" | "parent")
    });
    for (key, text) in &mut config {
        if split_number(key).is_some_and(|(family, _)| family == "net") {
            let bare: Vec<&str> = text.split(',').filter(|p| !p.starts_with("hwaddr=")).collect();
            *text = normalise_lxc_net(key, &bare.join(","), prefix).unwrap_or_else(|| text.clone());
        }
    }
    // Without a name of its own it keeps its source's.
    for (parameter, key) in [("hostname", "hostname"), ("description", "description")] {
        if let Some(value) = call.params.str(parameter) {
            config.insert(key.to_owned(), value.to_owned());
        }
    }
    tracing::trace!(from = job.vmid, to = job.newid, "container cloned");
    config
}

/// The source is free again, whatever came of the clone.
fn unlock(worker: &Worker, job: &Job) {
    let mut state = worker.cluster.state();
    if let Ok(guest) = container_mut(&mut state, worker.node(), job.vmid)
        && guest.lock() == Some("disk")
    {
        guest.config.remove("lock");
    }
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let volumes = Volumes::new(&worker.cluster, worker.node(), job.newid, worker);
    let mut made = Vec::new();
    let copied = copy(&volumes, job, &mut made).and_then(|config| worker.work().map(|()| config));
    match copied {
        Ok(config) => {
            commit(&worker.cluster, job, config);
            Ok(())
        }
        Err(refusal) => {
            for volume in &made {
                if let Err(error) = volumes.disks.free(volume) {
                    worker.log(error.exit_text());
                }
            }
            worker.cluster.state().guests.remove(&job.newid);
            Err(refusal)
        }
    }
}

fn copy(volumes: &Volumes<'_>, job: &Job, made: &mut Vec<String>) -> Outcome<Config> {
    let mut config = job.config.clone();
    for (key, mount) in &job.mounts {
        let log = volumes.disks.log;
        let volume = if job.full {
            log.line(format!("create full clone of mountpoint {key} ({})", mount.volume));
            volumes.copy(&mount.volume, job.storage.as_deref())?
        } else {
            log.line(format!("create linked clone of mount point {key} ({})", mount.volume));
            volumes.link(&mount.volume)?
        };
        made.push(volume.clone());
        config.insert(key.clone(), Mount { volume, options: mount.options.clone() }.print());
    }
    Ok(config)
}

fn commit(cluster: &Cluster, job: &Job, config: Config) {
    let mut state = cluster.state();
    if let Some(pool) = job.pool.as_ref().and_then(|p| state.pools.get_mut(p)) {
        pool.guests.push(job.newid);
    }
    if let Some(guest) = state.guests.get_mut(&job.newid) {
        guest.config = config;
        if let Some(target) = &job.target {
            guest.node.clone_from(target);
        }
    }
}
