//! `/nodes/{node}/vzdump`: backups.

use serde_json::json;

use super::super::Route;
use super::archive;
use super::storage::check_volume_access;
use crate::pve::call::Call;
use crate::pve::guest::{Guest, GuestKind, mounts};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{Kind, Located, Volume, beside};
use crate::pve::tasks::{self, Worker};

pub(super) const ROUTES: &[Route] = &[
    ("POST", "/nodes/{node}/vzdump", create),
    ("GET", "/nodes/{node}/vzdump/defaults", defaults),
    ("GET", "/nodes/{node}/vzdump/extractconfig", extract),
];

/// Endings by the packing asked for.
fn ending(kind: GuestKind, compress: Option<&str>) -> String {
    let plain = if kind == GuestKind::Lxc { "tar" } else { "vma" };
    match compress {
        Some("zstd") => format!("{plain}.zst"),
        Some("gzip" | "1") => format!("{plain}.gz"),
        Some("lzo") => format!("{plain}.lzo"),
        _ => plain.to_owned(),
    }
}

struct Job {
    guests: Vec<u32>,
    storage: String,
    mode: String,
    compress: Option<String>,
    notes: Option<String>,
    protected: bool,
    remove: bool,
    /// KiB a second.
    bwlimit: Option<u64>,
    /// The command line as the log shows it.
    shown: String,
}

fn defaults(_: &Call) -> Outcome {
    Ok(json!({ "mode": "snapshot", "compress": "0", "remove": 1, "prune-backups": { "keep-all": 1 } }).into())
}

fn create(call: &Call) -> Outcome {
    let params = &call.params;
    let guests = wanted(call)?;
    let text = |key: &str| params.str(key).map(str::to_owned);
    {
        let state = call.cluster.state();
        for vmid in &guests {
            if state.guests.contains_key(vmid) {
                state.need(&call.principal, &format!("/vms/{vmid}"), &["VM.Backup"])?;
            }
        }
        if params.str("dumpdir").is_some() && !call.principal.is_root() {
            return Err(Refusal::forbidden("parameter 'dumpdir' is only allowed for root@pam"));
        }
    }
    let single = guests.first().filter(|_| guests.len() == 1).map(u32::to_string);
    let storage = text("storage").unwrap_or_else(|| "local".to_owned());
    let shown = shown(call, &guests);
    let job = Job {
        guests,
        storage: storage.clone(),
        mode: text("mode").unwrap_or_else(|| "snapshot".to_owned()),
        compress: text("compress").filter(|c| c != "0"),
        notes: text("notes-template"),
        protected: params.flag("protected"),
        remove: params.flag("remove"),
        bwlimit: params.number("bwlimit").filter(|n| *n > 0),
        shown,
    };
    let id = single.unwrap_or_default();
    let known = call.cluster.state().storages.contains_key(&storage);
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "vzdump", &id, move |worker| {
        if !known {
            return Err(Refusal::died(format!(
                "could not get storage information for '{storage}': storage '{storage}' does not exist"
            )));
        }
        run(worker, &job)
    })
    .into())
}

fn wanted(call: &Call) -> Outcome<Vec<u32>> {
    let params = &call.params;
    let parse = |text: &str| -> Vec<u32> { text.split([',', ' ']).filter_map(|v| v.parse().ok()).collect() };
    let state = call.cluster.state();
    if let Some(list) = params.str("vmid") {
        return Ok(parse(list));
    }
    let left_out = params.str("exclude").map(parse).unwrap_or_default();
    let of_pool = match params.str("pool") {
        Some(pool) => {
            let missing = || Refusal::died(format!("pool '{pool}' does not exist"));
            Some(state.pools.get(pool).ok_or_else(missing)?.guests.clone())
        }
        None if params.flag("all") => None,
        None => return Err(Refusal::param("vmid", "property is missing and it is not optional")),
    };
    let here = state.guests.iter().filter(|(_, g)| g.node == call.node()).map(|(id, _)| *id);
    Ok(here.filter(|id| !left_out.contains(id) && of_pool.as_ref().is_none_or(|p| p.contains(id))).collect())
}

fn shown(call: &Call, guests: &[u32]) -> String {
    let list: Vec<String> = guests.iter().map(u32::to_string).collect();
    let mut line = format!("vzdump {}", list.join(" "));
    for (key, _) in call.params.iter().filter(|(key, _)| *key != "vmid") {
        let value = call.params.str(key).unwrap_or_default();
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@".contains(c));
        let value = if plain { value.to_owned() } else { format!("'{value}'") };
        line.push_str(&format!(" --{key} {value}"));
    }
    line
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    worker.log(format!("INFO: starting new backup job: {}", job.shown));
    let mut errors = false;
    for vmid in &job.guests {
        if let Err(refusal) = one(worker, job, *vmid) {
            worker.log(format!("ERROR: Backup of VM {vmid} failed - {}", refusal.exit_text()));
            worker.log(format!("INFO: Failed at {}", worker.cluster.now_text()));
            errors = true;
            if worker.stopped() {
                break;
            }
        }
    }
    if errors {
        worker.log("INFO: Backup job finished with errors");
        return Err(Refusal::died("job errors"));
    }
    worker.log("INFO: Backup job finished successfully");
    Ok(())
}

fn one(worker: &Worker, job: &Job, vmid: u32) -> Outcome<()> {
    let (cluster, node) = (&worker.cluster, worker.node());
    let guest = {
        let mut state = cluster.state();
        let found = state.guests.get_mut(&vmid).filter(|g| g.node == node);
        let guest = found.ok_or_else(|| Refusal::died(format!("unable to find VM '{vmid}'")))?;
        guest.check_lock()?;
        let copy = guest.clone();
        guest.config.insert("lock".to_owned(), "backup".to_owned());
        copy
    };
    let done = dump(worker, job, vmid, &guest);
    if let Some(guest) = cluster.state().guests.get_mut(&vmid).filter(|g| g.lock() == Some("backup")) {
        guest.config.remove("lock");
    }
    done
}

/// Volumes that go into a backup.
fn included(worker: &Worker, guest: &Guest) -> Outcome<Vec<(String, Located)>> {
    let named: Vec<(String, String)> = match guest.kind {
        GuestKind::Lxc => mounts(&guest.config)
            .into_iter()
            .filter(|(key, m)| {
                let root = key == "rootfs";
                let asked = m.options.get("backup").is_some_and(|b| b == "1");
                let at = if root { "/" } else { m.options.get("mp").map_or("", String::as_str) };
                let takes = m.storage().is_some() && (root || asked);
                let (verb, side) = if takes { ("including", "in") } else { ("excluding", "from") };
                let kind = if m.storage().is_some() { "" } else { m.source().word() };
                let sort =
                    if kind.is_empty() { "mount point".to_owned() } else { format!("{kind} mount point") };
                worker.log(format!("INFO: {verb} {sort} {key} ('{at}') {side} backup"));
                takes
            })
            .map(|(key, m)| (key, m.volume))
            .collect(),
        GuestKind::Qemu => guest
            .drives()
            .into_iter()
            .filter(|(_, d)| d.storage().is_some() && (!d.is_cdrom() || d.is_cloudinit()))
            .filter(|(key, d)| {
                let takes = d.options.get("backup").is_none_or(|b| b != "0");
                let verb = if takes { "include" } else { "exclude" };
                worker.log(format!("INFO: {verb} disk '{key}' '{}'", d.file));
                takes
            })
            .map(|(key, d)| (key, d.file))
            .collect(),
    };
    named.into_iter().map(|(key, volid)| Ok((key, worker.cluster.locate(worker.node(), &volid)?))).collect()
}

fn dump(worker: &Worker, job: &Job, vmid: u32, guest: &Guest) -> Outcome<()> {
    let (cluster, node) = (&worker.cluster, worker.node());
    let kind = guest.kind.api();
    worker.log(format!("INFO: Starting Backup of VM {vmid} ({kind})"));
    worker.log(format!("INFO: Backup started at {}", cluster.now_text()));
    worker.log(format!("INFO: status = {}", if guest.run.is_some() { "running" } else { "stopped" }));
    let mode = if guest.run.is_some() { job.mode.as_str() } else { "stop" };
    worker.log(format!("INFO: backup mode: {mode}"));
    if let Some(limit) = job.bwlimit {
        worker.log(format!("INFO: bandwidth limit: {limit} KiB/s"));
    }
    worker.log("INFO: ionice priority: 7");
    worker.log(format!("INFO: {} Name: {}", guest.kind.word(), guest.name(vmid)));
    let volumes = included(worker, guest)?;
    let storage = cluster.state().storage_on(&job.storage, node)?;
    if !storage.holds("backup") {
        return Err(Refusal::died(format!("storage '{}' does not support backups", job.storage)));
    }
    let stamp = cluster.now_text().replace('-', "_").replace(' ', "-").replace(':', "_");
    let name = format!("vzdump-{kind}-{vmid}-{stamp}.{}", ending(guest.kind, job.compress.as_deref()));
    let volume = Volume::parse(&format!("{}:backup/{name}", job.storage), &storage)?;
    let place = cluster.place(node, storage, volume);
    worker.log(format!("INFO: creating vzdump archive '{}'", place.shown));
    throttle(worker, job, guest)?;
    worker.work()?;
    let size = archive::write(cluster, guest, &volumes, &place.real)?;
    worker.log(format!("INFO: Total bytes written: {size} ({}MiB, 174MiB/s)", size >> 20));
    worker.log(format!("INFO: archive file size: {}MB", size >> 20));
    annotate(worker, job, vmid, guest, &place)?;
    if job.remove {
        worker.log("INFO: prune older backups with retention: keep-all=1");
    }
    worker.log(format!("INFO: Finished Backup of VM {vmid} (00:00:01)"));
    worker.log(format!("INFO: Backup finished at {}", cluster.now_text()));
    Ok(())
}

/// A limited backup takes the time a file system of that size would.
fn throttle(worker: &Worker, job: &Job, guest: &Guest) -> Outcome<()> {
    let Some(limit) = job.bwlimit else { return Ok(()) };
    let bytes = guest.boot_disk_size() / 16;
    worker.sleep(std::time::Duration::from_secs(bytes / 1024 / limit.max(1)))
}

fn annotate(worker: &Worker, job: &Job, vmid: u32, guest: &Guest, place: &Located) -> Outcome<()> {
    if let Some(template) = &job.notes {
        worker.log("INFO: adding notes to backup");
        let notes = template
            .replace("{{guestname}}", &guest.name(vmid))
            .replace("{{vmid}}", &vmid.to_string())
            .replace("{{node}}", worker.node())
            .replace("{{cluster}}", "lab");
        std::fs::write(beside(&place.real, "notes"), notes)
            .map_err(|error| Refusal::died(error.to_string()))?;
    }
    if job.protected {
        worker.log("INFO: marking backup as protected");
        std::fs::write(beside(&place.real, "protected"), "")
            .map_err(|error| Refusal::died(error.to_string()))?;
    }
    Ok(())
}

fn extract(call: &Call) -> Outcome {
    let volid = call.params.need("volume")?;
    check_volume_access(&call.cluster, &call.principal, call.node(), None, volid)?;
    let place = call.cluster.locate(call.node(), volid)?;
    if place.volume.kind != Kind::Backup {
        return Err(Refusal::died(format!("'{volid}' is no backup")));
    }
    let backup = archive::open(&call.cluster, &place)?;
    Ok(json!(archive::config_text(&backup.config)).into())
}
