//! Cloning a machine or a template.

use super::disks::Disks;
use super::{CLONE_LOCK, lock_name};
use crate::pve::call::Call;
use crate::pve::guest::{Config, Guest, normalise_net, random_uuid};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::storage::Volume;
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    newid: u32,
    full: bool,
    target: Option<String>,
    storage: Option<String>,
    format: Option<String>,
    name: Option<String>,
    description: Option<String>,
    pool: Option<String>,
    mac_prefix: String,
}

pub(super) fn clone(call: &Call) -> Outcome {
    let params = &call.params;
    let vmid = call.vmid()?;
    let newid = params.need("newid")?.parse().map_err(|_| Refusal::param("newid", "type check failed"))?;
    let text = |key: &str| params.str(key).map(str::to_owned);
    let mut job = Job {
        vmid,
        newid,
        full: false,
        target: text("target").filter(|t| t != call.node()),
        storage: text("storage"),
        format: text("format"),
        name: text("name"),
        description: text("description"),
        pool: text("pool"),
        mac_prefix: super::create::mac_prefix(call),
    };
    check(call, &mut job)?;
    let (id, source) = (vmid.to_string(), lock_name(vmid));
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "qmclone", &id, move |worker| {
        // Clones of a resting source may run side by side; of a running one only one at a time.
        let running = worker.cluster.state().guests.get(&vmid).is_some_and(|g| g.run.is_some());
        let mode = if running { Mode::Exclusive } else { Mode::Shared };
        let _source = worker.lock(&source, mode, CLONE_LOCK)?;
        run(worker, &job).map_err(|refusal| Refusal::died(format!("clone failed: {}", refusal.exit_text())))
    })
    .into())
}

fn check(call: &Call, job: &mut Job) -> Outcome<()> {
    let state = call.cluster.state();
    let (vmid, newid) = (job.vmid, job.newid);
    if let Some(target) = job.target.as_ref().filter(|t| !state.nodes.contains_key(*t)) {
        return Err(Refusal::died(format!("no such cluster node '{target}'")));
    }
    let node = call.node();
    let guest = state.guests.get(&vmid).filter(|g| g.node == node).ok_or_else(|| {
        Refusal::died(format!("unable to find configuration file for VM {vmid} on node '{node}'"))
    })?;
    job.full = call.params.flag_or("full", !guest.is_template());
    if state.guests.contains_key(&newid) {
        return Err(Refusal::died(format!("unable to create VM {newid}: config file already exists")));
    }
    for (parameter, value) in [("storage", &job.storage), ("format", &job.format)] {
        if !job.full && value.is_some() {
            return Err(Refusal::died(format!("parameter '{parameter}' not allowed for linked clones")));
        }
    }
    guest.check_lock()?;
    let mut all_shared = true;
    for (key, drive) in guest.drives() {
        let Some(id) = drive.storage() else { continue };
        let storage = state.storage_on(id, node)?;
        all_shared &= storage.shared;
        let volume = Volume::parse(&drive.file, &storage)?;
        if !job.full && !drive.is_cdrom() && !volume.is_base() {
            let file = &drive.file;
            return Err(Refusal::died(format!("Linked clone feature is not supported for '{file}' ({key})")));
        }
        let used = job.storage.as_deref().unwrap_or(id);
        if !drive.is_cdrom() || drive.is_cloudinit() {
            state.need(&call.principal, &format!("/storage/{used}"), &["Datastore.AllocateSpace"])?;
        }
    }
    if let Some(target) = &job.target {
        if !all_shared {
            return Err(Refusal::died(format!("Can't clone VM to node '{target}' (VM uses local storage)")));
        }
        if let Some(id) = &job.storage
            && !state.storage_on(id, node)?.shared
        {
            return Err(Refusal::died(format!("can't clone to non-shared storage '{id}'")));
        }
    }
    if let Some(pool) = job.pool.as_ref().filter(|p| !state.pools.contains_key(*p)) {
        return Err(Refusal::died(format!("pool '{pool}' does not exist")));
    }
    Ok(())
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    let node = worker.node();
    let source = {
        let mut state = worker.cluster.state();
        let source = state.guest(node, job.vmid)?.clone();
        if state.guests.contains_key(&job.newid) {
            return Err(Refusal::died(format!(
                "unable to create VM {}: config file already exists",
                job.newid
            )));
        }
        let config = Config::from([("lock".to_owned(), "clone".to_owned())]);
        state.guests.insert(job.newid, Guest { node: node.to_owned(), config, ..Guest::default() });
        source
    };
    let disks = Disks { cluster: &worker.cluster, node, vmid: job.newid, log: worker };
    let mut made = Vec::new();
    let built = build(&disks, job, &source, &mut made).and_then(|config| worker.work().map(|()| config));
    match built {
        Ok(config) => {
            let mut state = worker.cluster.state();
            if let Some(pool) = job.pool.as_ref().and_then(|p| state.pools.get_mut(p)) {
                pool.guests.push(job.newid);
            }
            if let Some(guest) = state.guests.get_mut(&job.newid) {
                guest.config = config;
                if let Some(target) = &job.target {
                    guest.node.clone_from(target);
                }
            }
            Ok(())
        }
        Err(refusal) => {
            for volume in &made {
                if let Err(error) = disks.free(volume) {
                    worker.log(error.exit_text());
                }
            }
            worker.cluster.state().guests.remove(&job.newid);
            Err(refusal)
        }
    }
}

fn build(disks: &Disks<'_>, job: &Job, source: &Guest, made: &mut Vec<String>) -> Outcome<Config> {
    let mut config = source.config.clone();
    config.retain(|key, _| {
        !key.starts_with("unused") && !matches!(key.as_str(), "lock" | "template" | "parent")
    });
    for (key, drive) in source.drives() {
        if drive.storage().is_none() || (drive.is_cdrom() && !drive.is_cloudinit()) {
            continue;
        }
        let copy = if job.full || drive.is_cdrom() {
            disks.full_clone(&key, &drive, job.storage.as_deref(), job.format.as_deref())?
        } else {
            disks.linked_clone(&key, &drive)?
        };
        made.push(copy.file.clone());
        config.insert(key, copy.print());
    }
    let nets: Vec<String> =
        config.keys().filter(|k| split_number(k).is_some_and(|(f, _)| f == "net")).cloned().collect();
    for key in nets {
        if let Some(fresh) = config.get(&key).and_then(|net| without_address(&key, net, &job.mac_prefix)) {
            config.insert(key, fresh);
        }
    }
    config.insert("vmgenid".to_owned(), random_uuid());
    let smbios: String = config
        .get("smbios1")
        .map(|s| s.split(',').filter(|p| !p.starts_with("uuid=")).map(|p| format!(",{p}")).collect())
        .unwrap_or_default();
    config.insert("smbios1".to_owned(), format!("uuid={}{smbios}", random_uuid()));
    let old = source.config.get("name").cloned().unwrap_or_else(|| job.vmid.to_string());
    config.insert("name".to_owned(), job.name.clone().unwrap_or_else(|| format!("Copy-of-VM-{old}")));
    if let Some(description) = &job.description {
        config.insert("description".to_owned(), description.clone());
    }
    Ok(config)
}

/// A network device with a fresh address.
fn without_address(key: &str, net: &str, prefix: &str) -> Option<String> {
    let (model, rest) = net.split_once(',').map_or((net, String::new()), |(m, r)| (m, format!(",{r}")));
    let model = model.split('=').next()?;
    normalise_net(key, &format!("{model}{rest}"), prefix)
}
