//! Changes of a container: what takes effect at once, and what waits for its next start.

use std::collections::BTreeMap;

use super::super::guests::missing_bridge;
use super::super::qemu::disks::keep_unused;
use super::volumes::Volumes;
use crate::pve::guest::{Guest, Mount};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;

/// Options a running container takes at once.
const FAST: &[&str] = &[
    "description",
    "onboot",
    "startup",
    "protection",
    "hostname",
    "hookscript",
    "cores",
    "tags",
    "lock",
    "memory",
    "swap",
    "cpulimit",
    "cpuunits",
];

/// What could not be done at once, by option.
pub(super) type Errors = BTreeMap<String, String>;

/// Whether a waiting change can take effect now.
fn ready(guest: &Guest, key: &str) -> bool {
    if guest.run.is_none() || FAST.contains(&key) {
        return true;
    }
    match split_number(key).map(|(family, _)| family) {
        Some("net" | "unused") => true,
        // A new mount is plugged in; a changed or detached one waits.
        Some("mp") => guest.pending.get(key).is_some_and(Option::is_some) && !guest.config.contains_key(key),
        _ => false,
    }
}

/// Lets waiting changes take effect, of some options or of all.
pub(super) fn settle(guest: &mut Guest, volumes: &Volumes<'_>, only: Option<&[String]>) -> Outcome<Errors> {
    let keys: Vec<String> = guest
        .pending
        .keys()
        .filter(|k| only.is_none_or(|o| o.contains(k)) && ready(guest, k))
        .cloned()
        .collect();
    let mut errors = Errors::new();
    // Detaching comes first: what it sets free may be attached again by the same change.
    let (gone, set): (Vec<String>, Vec<String>) =
        keys.into_iter().partition(|k| guest.pending.get(k).is_some_and(Option::is_none));
    for key in gone {
        guest.pending.remove(&key);
        remove(guest, volumes, &key)?;
    }
    for key in set {
        let Some(value) = guest.pending.remove(&key).flatten() else { continue };
        if guest.run.is_some()
            && let Some(problem) = unpluggable(volumes, &key, &value)
        {
            errors.insert(key.clone(), format!("unable to hotplug {key}: {problem}\n"));
            continue;
        }
        assign(guest, volumes, &key, &value)?;
    }
    Ok(errors)
}

fn unpluggable(volumes: &Volumes<'_>, key: &str, value: &str) -> Option<String> {
    split_number(key).filter(|(family, _)| *family == "net")?;
    let bridge = missing_bridge(&volumes.disks.cluster.state(), volumes.disks.node, value)?;
    Some(format!("bridge '{bridge}' does not exist"))
}

fn remove(guest: &mut Guest, volumes: &Volumes<'_>, key: &str) -> Outcome<()> {
    let Some(old) = guest.config.get(key).cloned() else { return Ok(()) };
    if key.starts_with("unused") {
        volumes.disks.free(&old)?;
    }
    guest.config.remove(key);
    detach(guest, key, &old);
    Ok(())
}

/// A volume that lost its mount is kept as unused.
fn detach(guest: &mut Guest, key: &str, old: &str) {
    let mount = Mount::is_key(key).then(|| Mount::parse(key, old)).flatten();
    let Some(mount) = mount.filter(|m| m.storage().is_some()) else { return };
    if !guest.kind.volumes(&guest.config).contains(&mount.volume) {
        keep_unused(&mut guest.config, &mount.volume);
    }
}

fn assign(guest: &mut Guest, volumes: &Volumes<'_>, key: &str, value: &str) -> Outcome<()> {
    let mount = Mount::is_key(key).then(|| Mount::parse(key, value)).flatten();
    let Some(mount) = mount else {
        guest.config.insert(key.to_owned(), value.to_owned());
        return Ok(());
    };
    let (mount, _) = volumes.realise(mount)?;
    let old = guest.config.insert(key.to_owned(), mount.print());
    // A volume that is attached again is unused no more.
    guest.config.retain(|k, v| !(k.starts_with("unused") && *v == mount.volume));
    if let Some(old) = old {
        detach(guest, key, &old);
    }
    Ok(())
}

/// Puts a change among those that wait.
pub(super) fn stage(
    guest: &mut Guest,
    vmid: u32,
    set: &BTreeMap<String, String>,
    delete: &[String],
    revert: &[String],
) -> Outcome<()> {
    for key in revert {
        guest.pending.remove(key);
    }
    let check_protection = |what: &str, key: &str, guest: &Guest| match guest.flag("protection") {
        true => Err(Refusal::died(format!("{what} CT {vmid} drive '{key}' - protection mode enabled"))),
        false => Ok(()),
    };
    for key in delete {
        if !guest.config.contains_key(key) && !guest.pending.contains_key(key) {
            continue;
        }
        match key.as_str() {
            "memory" | "rootfs" | "ostype" => {
                return Err(Refusal::died(format!("unable to delete required option '{key}'")));
            }
            "unprivileged" => {
                return Err(Refusal::died(format!("unable to delete read-only option: '{key}'")));
            }
            _ if Mount::is_key(key) || key.starts_with("unused") => {
                check_protection("can't remove", key, guest)?;
            }
            _ => {}
        }
        match guest.config.contains_key(key) {
            true => guest.pending.insert(key.clone(), None),
            // It only ever waited.
            false => guest.pending.remove(key),
        };
    }
    for (key, value) in set {
        if key == "unprivileged" {
            return Err(Refusal::died(format!("unable to modify read-only option: '{key}'")));
        }
        if Mount::is_key(key) {
            check_protection("can't update", key, guest)?;
        }
        match guest.config.get(key) == Some(value) {
            true => guest.pending.remove(key),
            false => guest.pending.insert(key.clone(), Some(value.clone())),
        };
    }
    Ok(())
}
