//! A container's configuration: read, pending changes, update (synchronous).

use serde_json::Value;

use super::permissions::Asked;
use super::volumes::{Volumes, check_storage};
use super::{container, container_mut, lock_name, options, pending as changes};
use crate::pve::call::Call;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Config, Mount};
use crate::pve::locks::Mode;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::lxc_option;

use super::super::guests::pending_view;
use super::super::qemu::disks::Silent;

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let guest = container(&state, call.node(), call.vmid()?)?;
    if let Some(name) = call.params.str("snapshot") {
        let snapshot = guest
            .snapshots
            .get(name)
            .ok_or_else(|| Refusal::died(format!("snapshot '{name}' does not exist")))?;
        return Ok(Value::Object(guest.view(&snapshot.config)).into());
    }
    let config = if call.params.flag("current") { guest.config.clone() } else { guest.future() };
    Ok(Value::Object(guest.view(&config)).into())
}

pub(super) fn pending(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let guest = container(&state, call.node(), call.vmid()?)?;
    Ok(pending_view(guest).into())
}

fn split(text: &str) -> Vec<String> {
    text.split([',', ';', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

pub(super) fn update(call: &Call) -> Outcome {
    let params = &call.params;
    let vmid = call.vmid()?;
    let set = options::collect(params, &super::create::mac_prefix(call));
    let list = |key: &str| split(params.str(key).unwrap_or_default());
    let (delete, revert) = (list("delete"), list("revert"));
    if set.is_empty() && delete.is_empty() && revert.is_empty() {
        return Err(Refusal::died("no options specified"));
    }
    check_delete(&set, &delete)?;
    let cluster = &call.cluster;
    let _lock = cluster
        .locks
        .acquire(&lock_name(vmid), Mode::Exclusive, cluster.config.lock_wait)
        .map_err(|error| Refusal::died(error.to_string()))?;
    let mut guest = container(&cluster.state(), call.node(), vmid)?.clone();
    guest.check_lock()?;
    guest.check_digest(params.str("digest"))?;
    let asked = Asked {
        cluster,
        asker: &call.principal,
        node: call.node(),
        vmid,
        pool: None,
        old: Some(&guest.config),
        unprivileged: guest.flag("unprivileged"),
    };
    asked.check(&set, &delete)?;
    check_storages(cluster, call.node(), &set)?;
    let before = guest.run.is_some().then(|| guest.clone());
    changes::stage(&mut guest, vmid, &set, &delete, &revert)?;
    let touched: Vec<String> = set.keys().chain(&delete).cloned().collect();
    let volumes = Volumes::new(cluster, call.node(), vmid, &Silent);
    let errors = changes::settle(&mut guest, &volumes, Some(&touched))?;
    if let Some(before) = before {
        cluster.change_guest(vmid, &before, &guest)?;
    }
    *container_mut(&mut cluster.state(), call.node(), vmid)? = guest;
    if errors.is_empty() { Ok(Answer::null()) } else { Err(Refusal::params(errors)) }
}

fn check_delete(set: &Config, delete: &[String]) -> Outcome<()> {
    for key in delete {
        if set.contains_key(key) {
            return Err(Refusal::param(
                "delete",
                format!("you can't use '-{key}' and -delete {key}' at the same time"),
            ));
        }
        if lxc_option(key).is_none() {
            return Err(Refusal::param("delete", format!("unknown option '{key}'")));
        }
    }
    Ok(())
}

/// Refuses mounts on storages that hold no container directories.
pub(super) fn check_storages(cluster: &Cluster, node: &str, set: &Config) -> Outcome<()> {
    for (key, text) in set.iter().filter(|(k, _)| Mount::is_key(k)) {
        let mount = Mount::parse(key, text);
        if let Some(id) = mount.as_ref().and_then(Mount::storage) {
            check_storage(&cluster.state().storage_on(id, node)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_cannot_be_deleted_too() {
        let set = Config::from([("cores".to_owned(), "2".to_owned())]);
        let refusal = check_delete(&set, &["cores".to_owned()]).expect_err("refused");
        assert_eq!(refusal.errors["delete"], "you can't use '-cores' and -delete cores' at the same time");
        assert!(check_delete(&set, &["nosuch".to_owned()]).is_err());
        assert!(check_delete(&set, &["mp3".to_owned()]).is_ok());
    }
}
