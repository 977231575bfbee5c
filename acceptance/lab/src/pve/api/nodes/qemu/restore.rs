//! A machine out of a backup.

use super::super::archive;
use super::create::mac_prefix;
use super::disks::Disks;
use super::{lock_name, options};
use crate::pve::call::Call;
use crate::pve::guest::{Config, Drive, Guest, drives, normalise_net, random_uuid};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::storage::parse_size;
use crate::pve::tasks::{self, Worker};

struct Job {
    vmid: u32,
    archive: String,
    storage: Option<String>,
    unique: bool,
    start: bool,
    pool: Option<String>,
    /// Options given with the restore win over what was backed up.
    given: Config,
    mac_prefix: String,
}

pub(super) fn restore(call: &Call, archive: &str) -> Outcome {
    let params = &call.params;
    let vmid = call.vmid()?;
    let node = call.node();
    super::super::storage::check_volume_access(&call.cluster, &call.principal, node, Some(vmid), archive)?;
    if let Some(id) = params.str("storage") {
        let state = call.cluster.state();
        let storage = state.storage_on(id, node)?;
        state.need(&call.principal, &format!("/storage/{id}"), &["Datastore.AllocateSpace"])?;
        if !storage.holds("images") {
            return Err(Refusal::param("storage", format!("storage '{id}' does not support vm images")));
        }
    }
    let prefix = mac_prefix(call);
    let text = |key: &str| params.str(key).map(str::to_owned);
    let job = Job {
        vmid,
        archive: archive.to_owned(),
        storage: text("storage"),
        unique: params.flag("unique"),
        start: params.flag("start"),
        pool: text("pool"),
        given: options::collect(params, &prefix),
        mac_prefix: prefix,
    };
    let replaced = reserve(call, vmid)?;
    let id = vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, node, "qmrestore", &id, move |worker| {
        run(worker, &job, replaced)
    })
    .into())
}

/// Claims the number, or with `force` what has it.
fn reserve(call: &Call, vmid: u32) -> Outcome<Option<Guest>> {
    let failed = |text: &str| Refusal::died(format!("unable to restore VM {vmid} - {text}"));
    let mut state = call.cluster.state();
    let force = call.params.flag("force");
    match state.guests.get_mut(&vmid) {
        Some(guest)
            if force && guest.node == call.node() && guest.kind == crate::pve::guest::GuestKind::Qemu =>
        {
            if guest.run.is_some() {
                return Err(failed("vm is running"));
            }
            if guest.flag("protection") {
                return Err(failed("protection mode enabled"));
            }
            guest.check_lock()?;
            let old = guest.clone();
            guest.config.insert("lock".to_owned(), "create".to_owned());
            Ok(Some(old))
        }
        Some(_) => {
            state.check_vmid_unused(vmid).map_err(|taken| failed(&taken.message))?;
            Ok(None)
        }
        None => {
            let config = Config::from([("lock".to_owned(), "create".to_owned())]);
            state.guests.insert(vmid, Guest { node: call.node().to_owned(), config, ..Guest::default() });
            Ok(None)
        }
    }
}

fn run(worker: &Worker, job: &Job, replaced: Option<Guest>) -> Outcome<()> {
    let cluster = &worker.cluster;
    let _lock = worker.lock(&lock_name(job.vmid), Mode::Exclusive, cluster.config.lock_wait)?;
    let disks = Disks { cluster, node: worker.node(), vmid: job.vmid, log: worker };
    let mut made = Vec::new();
    match build(worker, job, &disks, &mut made) {
        Ok(config) => {
            replaced.iter().flat_map(Guest::volumes).try_for_each(|volume| disks.free(&volume))?;
            let mut guest = Guest { node: worker.node().to_owned(), config, ..Guest::default() };
            {
                let mut state = cluster.state();
                if let Some(pool) = job.pool.as_ref().and_then(|p| state.pools.get_mut(p)) {
                    pool.guests.push(job.vmid);
                }
                state.guests.insert(job.vmid, guest.clone());
            }
            if job.start {
                cluster.start_guest(job.vmid, &mut guest)?;
                cluster.state().guests.insert(job.vmid, guest);
            }
            Ok(())
        }
        Err(refusal) => {
            for volume in &made {
                if let Err(error) = disks.free(volume) {
                    worker.log(error.exit_text());
                }
            }
            let mut state = cluster.state();
            match replaced {
                Some(old) => state.guests.insert(job.vmid, old),
                None => state.guests.remove(&job.vmid),
            };
            Err(Refusal::died(format!("unable to restore VM {} - {}", job.vmid, refusal.exit_text())))
        }
    }
}

fn build(worker: &Worker, job: &Job, disks: &Disks<'_>, made: &mut Vec<String>) -> Outcome<Config> {
    let cluster = &worker.cluster;
    let place = cluster.locate(worker.node(), &job.archive)?;
    worker.log(format!("restore vma archive: {}", place.shown));
    let backup = archive::open(cluster, &place)?;
    let mut config = backup.config.clone();
    config.retain(|key, _| !key.starts_with("unused") && !matches!(key.as_str(), "lock" | "parent"));
    for (key, mut drive) in drives(&backup.config) {
        let own = drive.storage().is_some() && (!drive.is_cdrom() || drive.is_cloudinit());
        if !own {
            continue;
        }
        let origin = drive.storage().unwrap_or("local").to_owned();
        let storage = disks.storage(job.storage.as_deref().unwrap_or(&origin))?;
        if drive.is_cloudinit() {
            drive.file = format!("{}:cloudinit", storage.id);
            drive.options.remove("size");
            let (drive, volume) = disks.realise(&key, drive)?;
            made.extend(volume);
            config.insert(key, drive.print());
            continue;
        }
        let bytes = drive.options.get("size").and_then(|s| parse_size(s, 1)).unwrap_or_default();
        let format = Disks::format(&storage, None).to_owned();
        let target = disks.allocate(&storage, None, &format, bytes)?;
        drive.file = target.volume.volid(storage.plugin);
        made.push(drive.file.clone());
        worker.log(format!("new volume ID is '{}'", drive.file));
        backup.pour(cluster, &key, &target)?;
        config.insert(key, drive.print());
    }
    worker.work()?;
    if job.unique {
        renew(&mut config, &job.mac_prefix);
    }
    config.extend(job.given.iter().filter(|(k, _)| !Drive::is_key(k)).map(|(k, v)| (k.clone(), v.clone())));
    config.insert("vmgenid".to_owned(), random_uuid());
    Ok(config)
}

/// New addresses and a new identity.
fn renew(config: &mut Config, prefix: &str) {
    let nets: Vec<String> =
        config.keys().filter(|k| split_number(k).is_some_and(|(f, _)| f == "net")).cloned().collect();
    for key in nets {
        let Some(text) = config.get(&key) else { continue };
        let (model, rest) = text.split_once(',').map_or((text.as_str(), ""), |(m, r)| (m, r));
        let model = model.split('=').next().unwrap_or(model);
        let bare = if rest.is_empty() { model.to_owned() } else { format!("{model},{rest}") };
        if let Some(fresh) = normalise_net(&key, &bare, prefix) {
            config.insert(key, fresh);
        }
    }
    let rest: String = config
        .get("smbios1")
        .map(|s| s.split(',').filter(|p| !p.starts_with("uuid=")).map(|p| format!(",{p}")).collect())
        .unwrap_or_default();
    config.insert("smbios1".to_owned(), format!("uuid={}{rest}", random_uuid()));
}
