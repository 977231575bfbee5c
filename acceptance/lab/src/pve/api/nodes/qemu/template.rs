//! Making a template of a machine.

use std::path::Path;

use super::lock_name;
use crate::pve::call::Call;
use crate::pve::guest::Drive;
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::Volume;
use crate::pve::tasks::{self, Worker};

pub(super) fn convert(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let disk = call.params.str("disk").map(str::to_owned);
    {
        let state = call.cluster.state();
        let guest = state.guest(call.node(), vmid)?;
        guest.check_lock()?;
        if !guest.snapshots.is_empty() {
            return Err(Refusal::died("unable to create template, because VM contains snapshots"));
        }
        if guest.is_template() && disk.is_none() {
            return Err(Refusal::died("you can't convert a template to a template"));
        }
        if guest.run.is_some() {
            return Err(Refusal::died("you can't convert a VM to template if VM is running"));
        }
    }
    let id = vmid.to_string();
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "qmtemplate", &id, move |worker| {
        run(worker, vmid, disk.as_deref())
    })
    .into())
}

fn run(worker: &Worker, vmid: u32, only: Option<&str>) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let node = worker.node();
    let mut guest = worker.cluster.state().guest(node, vmid)?.clone();
    guest.config.insert("template".to_owned(), "1".to_owned());
    for (key, mut drive) in guest.drives() {
        if only.is_some_and(|o| o != key) || drive.storage().is_none() || drive.is_cdrom() {
            continue;
        }
        rebase(worker, &mut drive)?;
        guest.config.insert(key, drive.print());
    }
    worker.work()?;
    *worker.cluster.state().guest_mut(node, vmid)? = guest;
    Ok(())
}

/// Renames a disk to its base name and protects it.
fn rebase(worker: &Worker, drive: &mut Drive) -> Outcome<()> {
    let cluster = &worker.cluster;
    let from = cluster.locate(worker.node(), &drive.file)?;
    let Some(rest) = from.volume.name.strip_prefix("vm-") else { return Ok(()) };
    // A linked clone's disk becomes a base of its own, still upon its own base.
    let volume = Volume { name: format!("base-{rest}"), ..from.volume.clone() };
    let to = cluster.place(worker.node(), from.storage.clone(), volume);
    cluster.rename_volume(&from, &to)?;
    protect(&to.real);
    drive.file = to.volume.volid(to.storage.plugin);
    Ok(())
}

/// Read-only, as far as the file system of the laboratory goes.
fn protect(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o444)) {
        tracing::debug!(%error, "a base image stays writable");
    }
}
