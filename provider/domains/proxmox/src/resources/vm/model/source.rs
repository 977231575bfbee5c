//! What a guest is made from.

use tf_framework::{Computed, Model};

/// The guest a virtual machine is cloned from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct CloneSource {
    /// VMID of the template or guest. One of `vmid` and `template`.
    #[attr(optional, stable, validate(range(100..=999_999_999)))]
    pub vmid: Computed<Option<u32>>,
    /// Name of a template. Of several of that name the one on the guest's node is taken, then the one of the highest
    /// VMID.
    #[attr(optional, stable)]
    pub template: Computed<Option<String>>,
    /// Whether the disks are copied. A linked clone shares them with its template, needs no copy, and keeps the
    /// template from being removed. Copied when unset.
    #[attr(optional, stable)]
    pub full: Computed<Option<bool>>,
    /// Storage the disks are copied to. Each disk's own when unset. Only for full clones.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// Format of copied disks on storages that keep disks as files.
    #[attr(optional, stable, validate(one_of("raw", "qcow2", "vmdk")))]
    pub format: Computed<Option<String>>,
    /// Snapshot of the source to clone.
    #[attr(optional, stable)]
    pub snapshot: Computed<Option<String>>,
}

/// The backup a virtual machine is restored from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct RestoreSource {
    /// Volume of the backup, `local:backup/vzdump-qemu-100-2026_11_21-06_26_23.vma.zst`, also on a Proxmox Backup
    /// Server.
    #[attr(optional, stable)]
    pub archive: Computed<Option<String>>,
    /// Storage the disks are restored to. Where they were when unset.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// Whether the guest gets hardware addresses and an identity of its own. True when unset; false takes over those of
    /// the guest that was backed up, which must then not run any more.
    #[attr(optional, stable)]
    pub unique: Computed<Option<bool>>,
}
