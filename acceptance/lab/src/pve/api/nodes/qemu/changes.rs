//! Changes of a machine: made at once where that can be, kept for its next start otherwise.

use super::super::guests::missing_bridge;
use super::disks::{Disks, keep_unused};
use super::hotplug;
use crate::pve::guest::{Config, Drive, Guest};
use crate::pve::reply::{Outcome, Refusal};

/// A waiting change is taken back; the volume made for it is kept as unused.
pub(super) fn revert(guest: &mut Guest, disks: &Disks<'_>, key: &str) -> Outcome<()> {
    let Some(Some(text)) = guest.pending.remove(key) else { return Ok(()) };
    if !Drive::is_key(key) {
        return Ok(());
    }
    let current = guest.config.get(key).and_then(|t| Drive::parse(key, t)).map(|d| d.file);
    let drive = Drive::parse(key, &text).filter(|d| Some(&d.file) != current.as_ref());
    drop_drive(guest, disks, drive)
}

/// Takes an option away.
pub(super) fn remove(guest: &mut Guest, disks: &Disks<'_>, key: &str) -> Outcome<()> {
    if guest.flag("protection") {
        let kept = if key.starts_with("unused") { "unused disk" } else { "drive" };
        if key.starts_with("unused") || Drive::is_key(key) {
            return Err(Refusal::died(format!("can't remove {kept} '{key}' - protection mode enabled")));
        }
    }
    revert(guest, disks, key)?;
    if !guest.config.contains_key(key) {
        return Ok(());
    }
    if !hotplug::at_once(guest, key, None) {
        guest.pending.insert(key.to_owned(), None);
        return Ok(());
    }
    clear(guest, disks, key)
}

fn clear(guest: &mut Guest, disks: &Disks<'_>, key: &str) -> Outcome<()> {
    let Some(old) = guest.config.remove(key) else { return Ok(()) };
    if key.starts_with("unused") {
        return disks.free(&old);
    }
    if Drive::is_key(key) {
        return drop_drive(guest, disks, Drive::parse(key, &old));
    }
    Ok(())
}

/// What becomes of a drive that lost its slot: kept as unused, or gone if it was only made from the configuration.
fn drop_drive(guest: &mut Guest, disks: &Disks<'_>, drive: Option<Drive>) -> Outcome<()> {
    let Some(drive) = drive.filter(|d| d.storage().is_some()) else { return Ok(()) };
    if drive.is_cloudinit() {
        return disks.free(&drive.file);
    }
    let still_used = guest.drives().iter().any(|(_, d)| d.file == drive.file);
    if !drive.is_cdrom() && !still_used {
        keep_unused(&mut guest.config, &drive.file);
    }
    Ok(())
}

/// Sets an option.
pub(super) fn assign(guest: &mut Guest, disks: &Disks<'_>, key: &str, value: &str) -> Outcome<()> {
    let value = match Drive::is_key(key).then(|| Drive::parse(key, value)).flatten() {
        Some(drive) => {
            revert(guest, disks, key)?;
            disks.realise(key, drive)?.0.print()
        }
        None => value.to_owned(),
    };
    if guest.config.get(key) == Some(&value) {
        guest.pending.remove(key);
        return Ok(());
    }
    if !hotplug::at_once(guest, key, Some(&value)) {
        guest.pending.insert(key.to_owned(), Some(value));
        return Ok(());
    }
    if guest.run.is_some()
        && key.starts_with("net")
        && missing_bridge(&disks.cluster.state(), disks.node, &value).is_some()
    {
        guest.pending.insert(key.to_owned(), Some(value));
        return Err(unpluggable(disks.vmid, key));
    }
    guest.pending.remove(key);
    put(guest, disks, key, &value)
}

fn unpluggable(vmid: u32, key: &str) -> Refusal {
    let text = format!(
        "hotplug problem - VM {vmid} qmp command 'netdev_add' failed - network script \
         /usr/libexec/qemu-server/pve-bridge-hotplug failed with status 512\n"
    );
    Refusal::param(key, text)
}

fn put(guest: &mut Guest, disks: &Disks<'_>, key: &str, value: &str) -> Outcome<()> {
    let old = guest.config.insert(key.to_owned(), value.to_owned());
    let Some(drive) = Drive::is_key(key).then(|| Drive::parse(key, value)).flatten() else {
        return Ok(());
    };
    unplug_from_unused(&mut guest.config, &drive.file);
    let old = old.and_then(|text| Drive::parse(key, &text)).filter(|o| o.file != drive.file);
    drop_drive(guest, disks, old)
}

/// A volume that is attached again is unused no more.
fn unplug_from_unused(config: &mut Config, volid: &str) {
    config.retain(|k, v| !(k.starts_with("unused") && v == volid));
}

/// What waited for the machine to be off now counts.
pub(super) fn settle(guest: &mut Guest, disks: &Disks<'_>) -> Outcome<()> {
    for (key, value) in std::mem::take(&mut guest.pending) {
        match value {
            Some(value) => put(guest, disks, &key, &value)?,
            None => clear(guest, disks, &key)?,
        }
    }
    Ok(())
}
