//! Creating a machine.

use std::collections::BTreeMap;

use super::disks::Disks;
use super::{lock_name, options, permissions};
use crate::pve::call::Call;
use crate::pve::guest::{Config, Drive, Guest, GuestKind, default_boot, random_uuid};
use crate::pve::ha;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::tasks::{self, Worker};

/// What the worker of a create is given.
struct Plan {
    vmid: u32,
    drives: Vec<(String, Drive)>,
    rest: BTreeMap<String, String>,
    pool: Option<String>,
    start: bool,
    ha: bool,
}

pub(super) fn create(call: &Call) -> Outcome {
    let params = &call.params;
    let vmid = call.vmid()?;
    check_allowed(call, vmid)?;
    if let Some(archive) = params.str("archive") {
        return super::restore::restore(call, archive);
    }
    permissions::check_storages(call, vmid)?;
    let prefix = mac_prefix(call);
    let all = options::collect(params, &prefix);
    permissions::check_options(call, vmid, all.keys().map(String::as_str))?;
    permissions::check_bridges(call)?;
    let (drives, rest) = options::split_drives(all);
    reserve(call, vmid)?;
    let plan = Plan {
        vmid,
        drives,
        rest,
        pool: params.str("pool").map(str::to_owned),
        start: params.flag("start"),
        ha: params.flag("ha-managed"),
    };
    let upid = tasks::spawn(
        &call.cluster,
        &call.principal,
        call.node(),
        "qmcreate",
        &vmid.to_string(),
        move |worker| {
            run(worker, &plan).map_err(|refusal| {
                Refusal::died(format!("unable to create VM {vmid} - {}", refusal.exit_text()))
            })
        },
    );
    Ok(upid.into())
}

/// Prefix of generated addresses.
pub(super) fn mac_prefix(call: &Call) -> String {
    call.cluster.state().options.get("mac_prefix").cloned().unwrap_or_else(|| "BC:24:11".to_owned())
}

/// VM.Allocate on the machine or on its pool.
fn check_allowed(call: &Call, vmid: u32) -> Outcome<()> {
    let state = call.cluster.state();
    let on_pool = call.params.str("pool").map(|pool| format!("/pool/{pool}"));
    let allowed = state.may(&call.principal, &format!("/vms/{vmid}"), "VM.Allocate")
        || on_pool.as_ref().is_some_and(|path| state.may(&call.principal, path, "VM.Allocate"));
    if !allowed {
        return Err(Refusal::forbidden(""));
    }
    match call.params.str("pool") {
        Some(pool) if !state.pools.contains_key(pool) => {
            Err(Refusal::died(format!("pool '{pool}' does not exist")))
        }
        _ => Ok(()),
    }
}

/// Claims the id: of several at once one wins.
fn reserve(call: &Call, vmid: u32) -> Outcome<()> {
    let mut state = call.cluster.state();
    state
        .check_vmid_unused(vmid)
        .map_err(|taken| Refusal::died(format!("unable to create VM {vmid} - {}", taken.message)))?;
    let config = Config::from([("lock".to_owned(), "create".to_owned())]);
    state.guests.insert(vmid, Guest { node: call.node().to_owned(), config, ..Guest::default() });
    Ok(())
}

fn run(worker: &Worker, plan: &Plan) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(plan.vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let node = worker.node();
    let disks = Disks { cluster: &worker.cluster, node, vmid: plan.vmid, log: worker };
    let mut made = Vec::new();
    let built = build(worker, plan, &disks, &mut made);
    match built {
        Ok(config) => commit(worker, plan, config),
        Err(refusal) => {
            for volume in &made {
                if let Err(error) = disks.free(volume) {
                    worker.log(error.exit_text());
                }
            }
            worker.cluster.state().guests.remove(&plan.vmid);
            Err(refusal)
        }
    }
}

fn build(worker: &Worker, plan: &Plan, disks: &Disks<'_>, made: &mut Vec<String>) -> Outcome<Config> {
    let mut config: Config = plan.rest.clone();
    for (key, drive) in &plan.drives {
        let (drive, volume) = disks.realise(key, drive.clone())?;
        made.extend(volume);
        config.insert(key.clone(), drive.print());
    }
    worker.work()?;
    let now = worker.cluster.now();
    let qemu = worker.cluster.personality().qemu;
    config.entry("boot".to_owned()).or_default();
    if config["boot"].is_empty() {
        config.remove("boot");
        let order = default_boot(&config);
        config.insert("boot".to_owned(), order);
    }
    config.entry("vmgenid".to_owned()).or_insert_with(random_uuid);
    let smbios = config.entry("smbios1".to_owned()).or_default();
    if !smbios.contains("uuid=") {
        let rest = if smbios.is_empty() { String::new() } else { format!(",{smbios}") };
        *smbios = format!("uuid={}{rest}", random_uuid());
    }
    config.insert("meta".to_owned(), format!("creation-qemu={qemu},ctime={now}"));
    Ok(config)
}

/// The guest is there; what it is to start with comes after, and its failure leaves it.
fn commit(worker: &Worker, plan: &Plan, config: Config) -> Outcome<()> {
    let (cluster, vmid) = (&worker.cluster, plan.vmid);
    let node = worker.node().to_owned();
    let mut guest = Guest { kind: GuestKind::Qemu, node, config, ..Guest::default() };
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
        ha::manage(cluster, GuestKind::Qemu, vmid, plan.start);
    }
    Ok(())
}
