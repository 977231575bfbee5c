//! Volumes of a container: make, copy, link.

use super::super::qemu::STORAGE_LOCK;
use super::super::qemu::disks::{Disks, Log};
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Mount, random_uuid};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{Storage, format_size, inspect, parse_size};

/// Volume work for one container on one node.
pub(super) struct Volumes<'a> {
    pub(super) disks: Disks<'a>,
}

/// What a copy leaves out of the log of the real server: figures of files this stand-in does not unpack.
fn file_system_lines(log: &dyn Log, size: u64) {
    let blocks = size / 4096;
    log.line(format!("Creating filesystem with {blocks} 4k blocks and {} inodes", size / 16384));
    log.line(format!("Filesystem UUID: {}", random_uuid()));
    log.line("Superblock backups stored on blocks: ".to_owned());
    // Copies stand in the groups whose number is a power of 3, 5 or 7.
    let power = |base: u64| (0..).map(move |n| base.pow(n)).take_while(move |g| g * 32768 < blocks);
    let mut groups: Vec<u64> = power(3).chain(power(5)).chain(power(7)).collect();
    groups.sort_unstable();
    groups.dedup();
    let list: Vec<String> = groups.iter().map(|g| (g * 32768).to_string()).collect();
    log.line(format!("\t{}", list.join(", ")));
}

/// Refuses a storage that may not hold container directories.
pub(super) fn check_storage(storage: &Storage) -> Outcome<()> {
    if storage.holds("rootdir") {
        return Ok(());
    }
    let text = format!("storage '{}' does not support container directories", storage.id);
    Err(Refusal::param("storage", text))
}

impl<'a> Volumes<'a> {
    pub(super) fn new(cluster: &'a Cluster, node: &'a str, vmid: u32, log: &'a dyn Log) -> Self {
        Self { disks: Disks { cluster, node, vmid, log } }
    }

    /// Makes what a mount asks for; answers the mount as it is kept, and the new volume.
    pub(super) fn realise(&self, mut mount: Mount) -> Outcome<(Mount, Option<String>)> {
        if let Some((id, size)) = mount.new_volume() {
            let storage = self.disks.storage(id)?;
            let bytes = parse_size(size, 1 << 30).unwrap_or_default();
            let place = self.disks.allocate(&storage, None, "raw", bytes)?;
            file_system_lines(self.disks.log, bytes);
            self.disks.cluster.format_volume(&place)?;
            mount.volume = place.volume.volid(storage.plugin);
            mount.options.insert("size".into(), format_size(bytes));
            let made = mount.volume.clone();
            return Ok((mount, Some(made)));
        }
        if mount.storage().is_some() {
            mount.options.insert("size".into(), format_size(self.size(&mount.volume)?));
        }
        Ok((mount, None))
    }

    /// Size of a volume that must exist.
    pub(super) fn size(&self, volid: &str) -> Outcome<u64> {
        let place = self.disks.cluster.locate(self.disks.node, volid)?;
        if !place.real.exists() {
            return Err(Refusal::died(format!("volume '{volid}' does not exist")));
        }
        let image = inspect(&place.real, Some(&place.volume.format));
        image
            .map(|i| i.size)
            .ok_or_else(|| Refusal::died(format!("Could not determine current size of volume '{volid}'")))
    }

    /// Copies a volume into a new one.
    pub(super) fn copy(&self, volid: &str, storage: Option<&str>) -> Outcome<String> {
        let from = self.disks.cluster.locate(self.disks.node, volid)?;
        let target = match storage {
            Some(id) => self.disks.storage(id)?,
            None => from.storage.clone(),
        };
        let size = self.size(volid)?;
        let to = self.disks.allocate(&target, None, "raw", size)?;
        file_system_lines(self.disks.log, size);
        if let Err(refusal) = self.disks.cluster.fill_volume(&from, &from.volume.format, &to) {
            self.disks.cluster.remove_volume(&to)?;
            return Err(refusal);
        }
        Ok(to.volume.volid(target.plugin))
    }

    /// Builds a volume upon a template's.
    pub(super) fn link(&self, volid: &str) -> Outcome<String> {
        let base = self.disks.cluster.locate(self.disks.node, volid)?;
        let guard = self.disks.cluster.locks.acquire(
            &base.storage.lock_name(self.disks.node),
            Mode::Exclusive,
            STORAGE_LOCK,
        );
        let _guard = guard.map_err(|error| Refusal::died(error.to_string()))?;
        let stem = self.disks.free_stem(&base.storage);
        let to = self.disks.volume(&base.storage, &stem)?;
        self.disks.cluster.duplicate_volume(&base, &to)?;
        self.disks.log.line(format!("  Logical volume \"{stem}\" created."));
        Ok(to.volume.volid(to.storage.plugin))
    }
}
