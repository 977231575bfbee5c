//! Disks of a machine: make, import, copy, free.

use crate::pve::cluster::Cluster;
use crate::pve::guest::{Config, Drive};
use crate::pve::locks::Mode;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{
    self, Kind, Located, Plugin, Storage, Volume, format_size, inspect, parse_size, qemu_img,
};
use crate::pve::tasks::Worker;

use super::STORAGE_LOCK;

/// Where progress of disk work is written: a task's log, or nowhere for synchronous updates.
pub(in crate::pve::api::nodes) trait Log {
    fn line(&self, text: String);
}

impl Log for Worker {
    fn line(&self, text: String) {
        self.log(text);
    }
}

/// No log.
pub(in crate::pve::api::nodes) struct Silent;

impl Log for Silent {
    fn line(&self, _: String) {}
}

/// Disk work for one machine on one node.
pub(in crate::pve::api::nodes) struct Disks<'a> {
    pub(in crate::pve::api::nodes) cluster: &'a Cluster,
    pub(in crate::pve::api::nodes) node: &'a str,
    pub(in crate::pve::api::nodes) vmid: u32,
    pub(in crate::pve::api::nodes) log: &'a dyn Log,
}

/// Size of a cloud-init drive.
const CLOUDINIT_SIZE: u64 = 4 << 20;
/// Size of the variable store of the firmware, and of a TPM's state.
const EFI_SIZE: u64 = 540_672;
const TPM_SIZE: u64 = 4 << 20;

impl Disks<'_> {
    pub(in crate::pve::api::nodes) fn storage(&self, id: &str) -> Outcome<Storage> {
        self.cluster.state().storage_on(id, self.node)
    }

    pub(in crate::pve::api::nodes) fn volume(&self, storage: &Storage, name: &str) -> Outcome<Located> {
        let volid = match storage.plugin {
            Plugin::Dir => format!("{}:{}/{name}", storage.id, self.vmid),
            Plugin::LvmThin => format!("{}:{name}", storage.id),
        };
        let volume = Volume::parse(&volid, storage)?;
        Ok(self.cluster.place(self.node, storage.clone(), volume))
    }

    /// Format a new disk gets on a storage.
    pub(in crate::pve::api::nodes) fn format<'f>(storage: &Storage, wanted: Option<&'f str>) -> &'f str {
        match (storage.plugin, wanted) {
            (Plugin::LvmThin, _) => "raw",
            (Plugin::Dir, Some(format)) => format,
            (Plugin::Dir, None) => storage.default_format(),
        }
    }

    /// Name with the ending its storage wants.
    pub(in crate::pve::api::nodes) fn file_name(storage: &Storage, stem: &str, format: &str) -> String {
        match storage.plugin {
            Plugin::Dir => format!("{stem}.{format}"),
            Plugin::LvmThin => stem.to_owned(),
        }
    }

    /// First free `vm-<id>-disk-<n>`, whatever the format of those there.
    pub(in crate::pve::api::nodes) fn free_stem(&self, storage: &Storage) -> String {
        let taken: Vec<String> = storage::list(self.cluster, self.node, storage)
            .into_iter()
            .filter(|e| e.volume.owner == Some(self.vmid))
            .filter_map(|e| {
                let rest =
                    e.volume.name.strip_prefix("vm-").or_else(|| e.volume.name.strip_prefix("base-"))?;
                rest.split('.').next().map(str::to_owned)
            })
            .collect();
        (0..)
            .map(|n| format!("{}-disk-{n}", self.vmid))
            .find(|stem| !taken.contains(stem))
            .map(|stem| format!("vm-{stem}"))
            .unwrap_or_default()
    }

    /// Allocates an empty disk.
    pub(in crate::pve::api::nodes) fn allocate(
        &self,
        storage: &Storage,
        stem: Option<&str>,
        format: &str,
        size: u64,
    ) -> Outcome<Located> {
        let guard = self.cluster.locks.acquire(&storage.lock_name(self.node), Mode::Exclusive, STORAGE_LOCK);
        let guard = guard.map_err(|error| Refusal::died(error.to_string()))?;
        if guard.waited {
            self.log.line("trying to acquire lock...".into());
            self.log.line(" OK".into());
        }
        let stem = stem.map_or_else(|| self.free_stem(storage), str::to_owned);
        let place = self.volume(storage, &Self::file_name(storage, &stem, format))?;
        let line = self.cluster.make_volume(&place, format, size)?;
        match storage.plugin {
            Plugin::Dir => self.log.line(line),
            Plugin::LvmThin => self.log.line(format!("  Logical volume \"{stem}\" created.")),
        }
        Ok(place)
    }

    /// Makes what a drive option asks for; answers the option as it is kept, and the new volume.
    pub(super) fn realise(&self, key: &str, mut drive: Drive) -> Outcome<(Drive, Option<String>)> {
        let wanted = drive.options.get("format").cloned();
        if let Some(id) = drive.new_cloudinit().map(str::to_owned) {
            let storage = self.storage(&id)?;
            // Directories keep cloud-init drives as qcow2.
            let format = Self::format(&storage, Some(wanted.as_deref().unwrap_or("qcow2"))).to_owned();
            let place = self.allocate(
                &storage,
                Some(&format!("vm-{}-cloudinit", self.vmid)),
                &format,
                CLOUDINIT_SIZE,
            )?;
            drive.file = place.volume.volid(storage.plugin);
            drive.options.insert("media".into(), "cdrom".into());
            self.log.line(format!("{key}: successfully created disk '{}'", drive.print()));
            return Ok((drive.clone(), Some(drive.file)));
        }
        if let Some((id, size)) = drive.new_volume().map(|(s, n)| (s.to_owned(), n.to_owned())) {
            let storage = self.storage(&id)?;
            let format = Self::format(&storage, wanted.as_deref()).to_owned();
            let (place, bytes) = match drive.options.get("import-from").cloned() {
                Some(source) => self.import(&storage, &format, &source)?,
                None => {
                    let bytes = match key {
                        "efidisk0" => EFI_SIZE,
                        "tpmstate0" => TPM_SIZE,
                        _ => parse_size(&size, 1 << 30).unwrap_or_default(),
                    };
                    (self.allocate(&storage, None, &format, bytes)?, bytes)
                }
            };
            drive.file = place.volume.volid(storage.plugin);
            drive.options.insert("size".into(), format_size(bytes));
            self.log.line(format!("{key}: successfully created disk '{}'", drive.print()));
            return Ok((drive.clone(), Some(drive.file)));
        }
        if drive.storage().is_some() {
            let place = self.cluster.locate(self.node, &drive.file)?;
            if !place.real.exists() {
                return Err(Refusal::died(format!("volume '{}' does not exist", drive.file)));
            }
            match place.volume.kind {
                Kind::Images if !drive.is_cdrom() => {
                    if let Some(image) = inspect(&place.real, Some(&place.volume.format)) {
                        drive.options.insert("size".into(), format_size(image.size));
                    }
                }
                _ if drive.is_cdrom() && !drive.is_cloudinit() => {
                    let size = place.real.metadata().map_or(0, |m| m.len());
                    drive.options.insert("size".into(), format_size(size));
                }
                _ => {}
            }
        }
        Ok((drive, None))
    }

    /// Copies an image into a new disk.
    fn import(&self, storage: &Storage, format: &str, source: &str) -> Outcome<(Located, u64)> {
        let from = if source.starts_with('/') {
            return Err(Refusal::died(format!("failed to stat '{source}'")));
        } else {
            self.cluster.locate(self.node, source)?
        };
        if !from.real.exists() {
            return Err(Refusal::died(format!("failed to stat '{}'", from.shown)));
        }
        let source_format = match from.volume.kind {
            // An ISO-type image is taken as raw or what it shows itself to be.
            Kind::Iso => inspect(&from.real, None).map_or_else(|| "raw".to_owned(), |i| i.format),
            _ => from.volume.format.clone(),
        };
        let image = inspect(&from.real, Some(&source_format))
            .ok_or_else(|| Refusal::died(format!("unable to get size of '{}'", from.shown)))?;
        self.log.line(format!("create full clone of drive ({source})"));
        let to = self.allocate(storage, None, format, image.size)?;
        if let Err(refusal) = self.copy(&from, &source_format, &to, image.size) {
            self.cluster.remove_volume(&to)?;
            return Err(refusal);
        }
        Ok((to, image.size))
    }

    fn copy(&self, from: &Located, from_format: &str, to: &Located, size: u64) -> Outcome<()> {
        let human = human_size(size);
        self.log.line(format!("transferred 0.0 B of {human} (0.00%)"));
        self.cluster.fill_volume(from, from_format, to)?;
        self.log.line(format!("transferred {human} of {human} (100.00%)"));
        Ok(())
    }

    /// Copies a drive of another machine in full.
    pub(super) fn full_clone(
        &self,
        key: &str,
        drive: &Drive,
        storage: Option<&str>,
        format: Option<&str>,
    ) -> Outcome<Drive> {
        let from = self.cluster.locate(self.node, &drive.file)?;
        let target = match storage {
            Some(id) => self.storage(id)?,
            None => from.storage.clone(),
        };
        let format = Self::format(&target, Some(format.unwrap_or(&from.volume.format))).to_owned();
        self.log.line(format!("create full clone of drive {key} ({})", drive.file));
        let mut copy = drive.clone();
        if drive.is_cloudinit() {
            let stem = format!("vm-{}-cloudinit", self.vmid);
            let place = self.allocate(&target, Some(&stem), &format, CLOUDINIT_SIZE)?;
            copy.file = place.volume.volid(target.plugin);
            copy.options.insert("size".into(), format_size(CLOUDINIT_SIZE));
            return Ok(copy);
        }
        let image = inspect(&from.real, Some(&from.volume.format))
            .ok_or_else(|| Refusal::died(format!("no such volume '{}'", drive.file)))?;
        let to = self.allocate(&target, None, &format, image.size)?;
        copy.file = to.volume.volid(target.plugin);
        copy.options.insert("size".into(), format_size(image.size));
        match self.copy(&from, &from.volume.format, &to, image.size) {
            Ok(()) => Ok(copy),
            Err(refusal) => {
                self.cluster.remove_volume(&to)?;
                Err(refusal)
            }
        }
    }

    /// Builds a drive upon a template's.
    pub(super) fn linked_clone(&self, key: &str, drive: &Drive) -> Outcome<Drive> {
        let base = self.cluster.locate(self.node, &drive.file)?;
        self.log.line(format!("create linked clone of drive {key} ({})", drive.file));
        let guard =
            self.cluster.locks.acquire(&base.storage.lock_name(self.node), Mode::Exclusive, STORAGE_LOCK);
        let _guard = guard.map_err(|error| Refusal::died(error.to_string()))?;
        let storage = &base.storage;
        let format = if storage.plugin == Plugin::Dir { "qcow2" } else { "raw" };
        let name = Self::file_name(storage, &self.free_stem(storage), format);
        let mut to = self.volume(storage, &name)?;
        let mut copy = drive.clone();
        let image = inspect(&base.real, Some(&base.volume.format))
            .ok_or_else(|| Refusal::died(format!("no such volume '{}'", drive.file)))?;
        if storage.plugin == Plugin::Dir {
            let owner = base.volume.owner.unwrap_or_default();
            let backing = format!("../{owner}/{}", base.volume.name);
            self.log.line(format!(
                "clone {owner}/{}: images, {name}, {} to {name} (base={backing})",
                base.volume.name, self.vmid
            ));
            if let Some(parent) = to.real.parent() {
                std::fs::create_dir_all(parent).map_err(|e| Refusal::died(e.to_string()))?;
            }
            qemu_img(&[
                "create",
                "-b",
                &backing,
                "-F",
                &base.volume.format,
                "-f",
                "qcow2",
                &to.real.to_string_lossy(),
            ])?;
            self.log.line(format!(
                "Formatting '{}', fmt=qcow2 cluster_size=65536 extended_l2=off compression_type=zlib size={} \
                 backing_file={backing} backing_fmt={} lazy_refcounts=off refcount_bits=16",
                to.shown, image.size, base.volume.format
            ));
            to.volume.base = Some((owner, base.volume.name.clone()));
        } else {
            self.cluster.duplicate_volume(&base, &to)?;
            self.log.line(format!("  Logical volume \"{name}\" created."));
        }
        copy.file = to.volume.volid(storage.plugin);
        copy.options.insert("size".into(), format_size(image.size));
        Ok(copy)
    }

    /// Removes a volume; one that is gone already is no error.
    pub(in crate::pve::api::nodes) fn free(&self, volid: &str) -> Outcome<()> {
        let place = self.cluster.locate(self.node, volid)?;
        check_base_unused(self.cluster, self.node, &place)?;
        self.cluster.remove_volume(&place)
    }

    /// Volumes of the machine on a storage that may hold guest disks.
    pub(in crate::pve::api::nodes) fn owned(&self) -> Vec<String> {
        let storages: Vec<Storage> = self
            .cluster
            .state()
            .storages
            .values()
            .filter(|s| s.holds("images") && s.on_node(self.node) && !s.disabled)
            .cloned()
            .collect();
        storages
            .iter()
            .flat_map(|s| storage::list(self.cluster, self.node, s))
            .filter(|e| e.volume.kind == Kind::Images && e.volume.owner == Some(self.vmid))
            .map(|e| e.volid)
            .collect()
    }
}

/// Refuses to take a base away from under its linked clones.
pub(in super::super) fn check_base_unused(cluster: &Cluster, node: &str, place: &Located) -> Outcome<()> {
    if !place.volume.is_base() {
        return Ok(());
    }
    let used = storage::list(cluster, node, &place.storage)
        .iter()
        .any(|e| e.volume.base.as_ref().is_some_and(|(_, name)| *name == place.volume.name));
    if used {
        let volid = place.volume.volid(place.storage.plugin);
        return Err(Refusal::died(format!("base volume '{volid}' is still in use by linked cloned")));
    }
    Ok(())
}

/// Puts a volume that lost its slot on the first free `unused`.
pub(in crate::pve::api::nodes) fn keep_unused(config: &mut Config, volid: &str) {
    if config.iter().any(|(k, v)| k.starts_with("unused") && v == volid) {
        return;
    }
    if let Some(slot) = (0..256).map(|n| format!("unused{n}")).find(|k| !config.contains_key(k)) {
        config.insert(slot, volid.to_owned());
    }
}

/// `2.0 GiB`, as transfers are told.
fn human_size(bytes: u64) -> String {
    // Display only: the loss is far behind the decimal.
    #[allow(clippy::cast_precision_loss)]
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}
