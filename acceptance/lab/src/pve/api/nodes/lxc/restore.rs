//! A container out of a backup.

use super::create::{Plan, defaults};
use super::volumes::Volumes;
use crate::pve::api::nodes::archive;
use crate::pve::call::Call;
use crate::pve::guest::{Config, Mount, mounts, normalise_lxc_net};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::pve::storage::parse_size;
use crate::pve::tasks::Worker;

/// What is special about a restore.
pub(super) struct Restore {
    /// May replace a container that is there.
    pub(super) force: bool,
    /// New addresses for its network devices.
    pub(super) unique: bool,
    /// Root keeps mounts of the host.
    pub(super) by_root: bool,
}

impl Restore {
    pub(super) fn asked(call: &Call) -> Option<Self> {
        call.params.flag("restore").then(|| Self {
            force: call.params.flag("force"),
            unique: call.params.flag("unique"),
            by_root: call.principal.is_root(),
        })
    }
}

pub(super) fn build(
    worker: &Worker,
    plan: &Plan,
    asked: &Restore,
    volumes: &Volumes<'_>,
    made: &mut Vec<String>,
) -> Outcome<Config> {
    worker.log(format!("recovering backed-up configuration from '{}'", plan.archive));
    let place = worker.cluster.locate(worker.node(), &plan.archive)?;
    let backup = archive::open(&worker.cluster, &place)?;
    let mut config = Config::new();
    let wanted =
        if plan.mounts.is_empty() { recovered(&backup.config, plan, asked)? } else { plan.mounts.clone() };
    let mut fill = Vec::new();
    for (key, mount) in &wanted {
        let (mount, volume) = volumes.realise(mount.clone())?;
        fill.extend(volume.clone().map(|v| (key.clone(), v)));
        made.extend(volume);
        config.insert(key.clone(), mount.print());
    }
    worker.log(format!("restoring '{}' now..", plan.archive));
    worker.log(format!("extracting archive '{}'", place.shown));
    for (key, volume) in &fill {
        let target = worker.cluster.locate(worker.node(), volume)?;
        backup.pour(&worker.cluster, key, &target)?;
    }
    worker.work()?;
    worker.log(format!("Total bytes read: {} ({}MiB, 234MiB/s)", backup.size, backup.size >> 20));
    worker.log("merging backed-up and given configuration..");
    merge(&mut config, &backup.config, plan, asked);
    defaults(&mut config, plan);
    Ok(config)
}

/// The mounts the container had, to be made anew.
fn recovered(old: &Config, plan: &Plan, asked: &Restore) -> Outcome<Vec<(String, Mount)>> {
    let mut found = mounts(old);
    if !found.iter().any(|(key, _)| key == "rootfs") {
        return Err(Refusal::died(
            "rootfs configuration could not be recovered, please check and specify manually!",
        ));
    }
    for (key, mount) in &mut found {
        if mount.storage().is_none() {
            if !asked.by_root {
                let kind = mount.source().word();
                return Err(Refusal::died(format!(
                    "restoring '{key}' to {kind} mount is only possible for root"
                )));
            }
            continue;
        }
        let bytes = mount.options.remove("size").and_then(|s| parse_size(&s, 1)).unwrap_or_default();
        // Sizes are told in GiB; the fraction keeps odd ones exact.
        #[allow(clippy::cast_precision_loss)]
        let size = bytes as f64 / (1_u64 << 30) as f64;
        mount.volume = format!("{}:{size}", plan.storage);
    }
    Ok(found)
}

/// What is given wins over what was backed up.
fn merge(config: &mut Config, old: &Config, plan: &Plan, asked: &Restore) {
    let kept = old.iter().filter(|(key, _)| {
        !Mount::is_key(key)
            && !key.starts_with("unused")
            && !matches!(key.as_str(), "lock" | "parent" | "template" | "unprivileged")
    });
    for (key, text) in kept {
        let net = split_number(key).is_some_and(|(family, _)| family == "net");
        let fresh = || {
            let bare: Vec<&str> = text.split(',').filter(|p| !p.starts_with("hwaddr=")).collect();
            normalise_lxc_net(key, &bare.join(","), &plan.mac_prefix)
        };
        let value = (net && asked.unique).then(fresh).flatten().unwrap_or_else(|| text.clone());
        config.insert(key.clone(), value);
    }
    config.extend(plan.rest.iter().map(|(k, v)| (k.clone(), v.clone())));
    if old.get("unprivileged").is_some_and(|v| v == "1") {
        config.insert("unprivileged".to_owned(), "1".to_owned());
    }
}
