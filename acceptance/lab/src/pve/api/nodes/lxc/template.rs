//! Making a template of a container.

use super::{container, container_mut, lock_name};
use crate::pve::call::Call;
use crate::pve::guest::{Guest, mounts};
use crate::pve::locks::Mode;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::Volume;
use crate::pve::tasks::{self, Worker};

fn check(guest: &Guest) -> Outcome<()> {
    guest.check_lock()?;
    if !guest.snapshots.is_empty() {
        return Err(Refusal::died("unable to create template, because CT contains snapshots"));
    }
    if guest.is_template() {
        return Err(Refusal::died("you can't convert a template to a template"));
    }
    if guest.run.is_some() {
        return Err(Refusal::died("you can't convert a CT to template if the CT is running"));
    }
    Ok(())
}

/// Answers nothing although a worker goes on: the template is there only a moment later.
pub(super) fn convert(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    check(container(&call.cluster.state(), call.node(), vmid)?)?;
    let id = vmid.to_string();
    tasks::spawn(&call.cluster, &call.principal, call.node(), "vztemplate", &id, move |worker| {
        run(worker, vmid)
    });
    Ok(Answer::null())
}

fn run(worker: &Worker, vmid: u32) -> Outcome<()> {
    let _lock = worker.lock(&lock_name(vmid), Mode::Exclusive, worker.cluster.config.lock_wait)?;
    let cluster = &worker.cluster;
    let mut guest = container(&cluster.state(), worker.node(), vmid)?.clone();
    check(&guest)?;
    worker.work()?;
    for (key, mut mount) in mounts(&guest.config) {
        if mount.storage().is_none() {
            return Err(Refusal::died(format!("can't convert mount point '{key}'")));
        }
        let from = cluster.locate(worker.node(), &mount.volume)?;
        let Some(rest) = from.volume.name.strip_prefix("vm-") else { continue };
        let volume = Volume { name: format!("base-{rest}"), ..from.volume.clone() };
        let to = cluster.place(worker.node(), from.storage.clone(), volume);
        cluster.rename_volume(&from, &to)?;
        mount.volume = to.volume.volid(to.storage.plugin);
        guest.config.insert(key, mount.print());
    }
    guest.config.insert("template".to_owned(), "1".to_owned());
    *container_mut(&mut cluster.state(), worker.node(), vmid)? = guest;
    Ok(())
}
