//! Creating a container, from a template or from a backup.

use super::permissions::Asked;
use super::restore::{self, Restore};
use super::volumes::{Volumes, check_storage};
use super::{config, container, lock_name, options};
use crate::pve::call::Call;
use crate::pve::guest::{Config, Guest, GuestKind, Mount, mounts};
use crate::pve::ha;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

/// What the worker of a create is given.
pub(super) struct Plan {
    pub(super) vmid: u32,
    pub(super) archive: String,
    /// Options that are no mounts.
    pub(super) rest: Config,
    pub(super) mounts: Vec<(String, Mount)>,
    /// Storage for what names none.
    pub(super) storage: String,
    pub(super) unprivileged: bool,
    pub(super) pool: Option<String>,
    pub(super) start: bool,
    /// HA is to take a hand in it (9.x).
    pub(super) ha: bool,
    pub(super) restore: Option<Restore>,
    pub(super) mac_prefix: String,
}

/// Prefix of generated addresses.
pub(super) fn mac_prefix(call: &Call) -> String {
    call.cluster.state().options.get("mac_prefix").cloned().unwrap_or_else(|| "BC:24:11".to_owned())
}

pub(super) fn create(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let restore = Restore::asked(call);
    let replaces = check_vmid(call, vmid, restore.as_ref())?;
    options::check_keys(call)?;
    check_allowed(call, vmid)?;
    let mut plan = plan(call, vmid, restore)?;
    let mut set = plan.rest.clone();
    set.extend(plan.mounts.iter().map(|(k, m)| (k.clone(), m.print())));
    let asked = Asked {
        cluster: &call.cluster,
        asker: &call.principal,
        node: call.node(),
        vmid,
        pool: plan.pool.as_deref(),
        old: None,
        unprivileged: plan.unprivileged,
    };
    asked.check(&set, &[])?;
    super::super::storage::check_volume_access(
        &call.cluster,
        &call.principal,
        call.node(),
        Some(vmid),
        &plan.archive,
    )?;
    if !plan.mounts.is_empty() && !plan.mounts.iter().any(|(k, _)| k == "rootfs") {
        return Err(Refusal::died("mount points configured, but 'rootfs' not set - aborting"));
    }
    config::check_storages(&call.cluster, call.node(), &set)?;
    if plan.mounts.is_empty() {
        let state = call.cluster.state();
        check_storage(&state.storage_on(&plan.storage, call.node())?)?;
        let path = format!("/storage/{}", plan.storage);
        state.need(&call.principal, &path, &["Datastore.AllocateSpace"])?;
    }
    if plan.restore.is_none() && plan.mounts.is_empty() {
        let volume = format!("{}:4", plan.storage);
        plan.mounts.push(("rootfs".to_owned(), Mount { volume, ..Mount::default() }));
    }
    if let Some(real) = call.cluster.real.get() {
        real.remember_template(vmid, &plan.archive);
    }
    let replaced = reserve(call, vmid, replaces)?;
    let kind = if plan.restore.is_some() { "vzrestore" } else { "vzcreate" };
    let id = vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), kind, &id, move |worker| {
        run(worker, &plan, replaced)
    })
    .into())
}

fn plan(call: &Call, vmid: u32, restore: Option<Restore>) -> Outcome<Plan> {
    let params = &call.params;
    let prefix = mac_prefix(call);
    let storage = params.str("storage").unwrap_or("local").to_owned();
    let mut rest = options::collect(params, &prefix);
    let unprivileged = rest.remove("unprivileged").is_some_and(|v| v == "1");
    let mut found = Config::new();
    for key in rest.keys().filter(|k| Mount::is_key(k)).cloned().collect::<Vec<_>>() {
        if let Some(text) = rest.remove(&key) {
            // A bare number is a size on the default storage.
            let first = text.split(',').next().unwrap_or_default();
            let bare = first.parse::<f64>().is_ok();
            found.insert(key, if bare { format!("{storage}:{text}") } else { text });
        }
    }
    rest.retain(|k, _| !k.starts_with("unused"));
    Ok(Plan {
        vmid,
        archive: params.need("ostemplate")?.to_owned(),
        rest,
        mounts: mounts(&found),
        storage,
        unprivileged,
        pool: params.str("pool").map(str::to_owned),
        start: params.flag("start"),
        ha: params.flag("ha-managed"),
        restore,
        mac_prefix: prefix,
    })
}

/// Refuses a number in use, unless a restore may replace what has it; tells whether it does.
fn check_vmid(call: &Call, vmid: u32, restore: Option<&Restore>) -> Outcome<bool> {
    let state = call.cluster.state();
    let Ok(guest) = container(&state, call.node(), vmid) else {
        return state.check_vmid_unused(vmid).map(|()| false);
    };
    if !restore.is_some_and(|r| r.force) {
        return state.check_vmid_unused(vmid).map(|()| false);
    }
    if guest.run.is_some() {
        return Err(Refusal::died("can't overwrite running container"));
    }
    if guest.flag("protection") {
        return Err(Refusal::died(format!("unable to restore CT {vmid} - protection mode enabled")));
    }
    guest.check_lock()?;
    Ok(true)
}

/// VM.Allocate on the container or on its pool.
fn check_allowed(call: &Call, vmid: u32) -> Outcome<()> {
    let state = call.cluster.state();
    let pool = call.params.str("pool");
    if let Some(pool) = pool.filter(|p| !state.pools.contains_key(*p)) {
        return Err(Refusal::forbidden(&format!("pool '{pool}' does not exist")));
    }
    let allowed = state.may(&call.principal, &format!("/vms/{vmid}"), "VM.Allocate")
        || pool.is_some_and(|p| state.may(&call.principal, &format!("/pool/{p}"), "VM.Allocate"));
    if allowed { Ok(()) } else { Err(Refusal::forbidden("")) }
}

/// Claims the number: of several at once one wins. Answers what is replaced.
fn reserve(call: &Call, vmid: u32, replaces: bool) -> Outcome<Option<Guest>> {
    let mut state = call.cluster.state();
    if replaces && let Ok(guest) = super::container_mut(&mut state, call.node(), vmid) {
        let old = guest.clone();
        guest.config.insert("lock".to_owned(), "create".to_owned());
        return Ok(Some(old));
    }
    state.check_vmid_unused(vmid)?;
    let config = Config::from([("lock".to_owned(), "create".to_owned())]);
    let guest = Guest { kind: GuestKind::Lxc, node: call.node().to_owned(), config, ..Guest::default() };
    state.guests.insert(vmid, guest);
    Ok(None)
}

fn run(worker: &Worker, plan: &Plan, replaced: Option<Guest>) -> Outcome<()> {
    let vmid = plan.vmid;
    let what = if plan.restore.is_some() { "restore" } else { "create" };
    let _lock = worker.lock(&lock_name(vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let volumes = Volumes::new(&worker.cluster, worker.node(), vmid, worker);
    let mut made = Vec::new();
    let built = match &plan.restore {
        Some(asked) => restore::build(worker, plan, asked, &volumes, &mut made),
        None => build(worker, plan, &volumes, &mut made),
    };
    match built {
        Ok(config) => {
            // What it replaced goes only now that there is something in its place.
            for volume in replaced.iter().flat_map(Guest::volumes) {
                volumes.disks.free(&volume)?;
            }
            commit(worker, plan, config)
        }
        Err(refusal) => {
            for volume in &made {
                if let Err(error) = volumes.disks.free(volume) {
                    worker.log(error.exit_text());
                }
            }
            let mut state = worker.cluster.state();
            match replaced {
                Some(old) => state.guests.insert(vmid, old),
                None => state.guests.remove(&vmid),
            };
            Err(Refusal::died(format!("unable to {what} CT {vmid} - {}", refusal.exit_text())))
        }
    }
}

fn build(worker: &Worker, plan: &Plan, volumes: &Volumes<'_>, made: &mut Vec<String>) -> Outcome<Config> {
    let mut config = plan.rest.clone();
    for (key, mount) in &plan.mounts {
        let (mount, volume) = volumes.realise(mount.clone())?;
        made.extend(volume);
        config.insert(key.clone(), mount.print());
    }
    let archive = worker.cluster.locate(worker.node(), &plan.archive)?;
    let size = archive
        .real
        .metadata()
        .map(|m| m.len())
        .map_err(|_| Refusal::died(format!("volume '{}' does not exist", plan.archive)))?;
    worker.log(format!("extracting archive '{}'", archive.shown));
    worker.work()?;
    worker.log(format!("Total bytes read: {size} ({}MiB, 214MiB/s)", size >> 20));
    worker.log("Detected container architecture: amd64");
    config.entry("arch".to_owned()).or_insert_with(|| "amd64".to_owned());
    config.entry("ostype".to_owned()).or_insert_with(|| options::ostype(&plan.archive).to_owned());
    defaults(&mut config, plan);
    let host = config.get("hostname").cloned().unwrap_or_default();
    for kind in ["rsa", "ecdsa", "ed25519"] {
        worker.log(format!("Creating SSH host key 'ssh_host_{kind}_key' - this may take some time ..."));
        worker.log(format!("done: SHA256:{} root@{host}", made_up_key()));
    }
    Ok(config)
}

/// A fingerprint of the form SSH prints: 43 letters of base 64.
fn made_up_key() -> String {
    let digits = crate::pve::storage::sha1_hex(crate::pve::guest::random_uuid().as_bytes());
    format!("{digits}abc")
}

/// What a container gets where nothing is said.
pub(super) fn defaults(config: &mut Config, plan: &Plan) {
    let vmid = plan.vmid;
    config.entry("hostname".to_owned()).or_insert_with(|| format!("CT{vmid}"));
    config.entry("memory".to_owned()).or_insert_with(|| "512".to_owned());
    config.entry("swap".to_owned()).or_insert_with(|| "512".to_owned());
    if plan.unprivileged {
        config.insert("unprivileged".to_owned(), "1".to_owned());
    }
}

/// The guest is there; what it is to start with comes after, and its failure leaves it.
fn commit(worker: &Worker, plan: &Plan, config: Config) -> Outcome<()> {
    let (cluster, vmid) = (&worker.cluster, plan.vmid);
    let node = worker.node().to_owned();
    let mut guest = Guest { kind: GuestKind::Lxc, node, config, ..Guest::default() };
    {
        let mut state = cluster.state();
        if let Some(pool) = plan.pool.as_ref().and_then(|p| state.pools.get_mut(p)) {
            pool.guests.push(vmid);
        }
        state.guests.insert(vmid, guest.clone());
    }
    if plan.start {
        cluster.start_guest(vmid, &mut guest)?;
        cluster.state().guests.insert(vmid, guest);
    }
    if plan.ha {
        ha::manage(cluster, GuestKind::Lxc, vmid, plan.start);
    }
    Ok(())
}
