//! Disks and drives.

use tf_framework::{Choice, Computed, Model};

/// A disk of a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct VmDisk {
    /// Storage the disk is on; needs content type `images`. Another storage moves the disk in place.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// Size such as `32G`. A larger one grows the disk in place; a smaller one is refused at plan.
    #[attr(
        optional,
        stable,
        eq = size,
        validate(matches(r"^[1-9][0-9]*[KMGT]$", "a size such as `32G`"))
    )]
    pub size: Computed<Option<String>>,
    /// Format on storages that keep disks as files. The storage's own choice when unset; another one converts the
    /// disk in place.
    #[attr(optional, stable, validate(one_of("raw", "qcow2", "vmdk")))]
    pub format: Computed<Option<String>>,
    /// Volume or image the disk is copied from when it is made, `local:import/debian.qcow2`. A later change is told and has
    /// no effect.
    #[attr(optional, stable)]
    pub import_from: Computed<Option<String>>,
    /// Volume of the disk, `local-zfs:vm-101-disk-0`. Set it to attach a volume that exists.
    #[attr(
        optional,
        stable,
        validate(matches(
            r"^[A-Za-z][A-Za-z0-9._-]*:\S+$|^/dev/\S+$",
            "a volume such as `local-zfs:vm-101-disk-1`"
        ))
    )]
    pub volume: Computed<Option<String>>,
    /// How writes are cached. The cluster's default (`none`) when null.
    #[attr(optional, stable, validate(one_of("none", "writethrough", "writeback", "unsafe", "directsync")))]
    pub cache: Computed<Option<String>>,
    /// How the host reads and writes. The cluster's default when null.
    #[attr(optional, stable, validate(one_of("native", "threads", "io_uring")))]
    pub aio: Computed<Option<String>>,
    /// Whether blocks the guest frees are freed on the storage.
    #[attr(optional, stable)]
    pub discard: Computed<bool>,
    /// Whether the disk has a thread of its own; `scsi` (with the controller `virtio-scsi-single`) and `virtio`.
    #[attr(optional, stable)]
    pub iothread: Computed<bool>,
    /// Whether the disk is shown to the guest as a solid-state disk; not for `virtio`.
    #[attr(optional, stable)]
    pub ssd: Computed<bool>,
    /// Whether backups contain the disk.
    #[attr(optional, stable)]
    pub backup: Computed<bool>,
    /// Whether replication jobs copy the disk.
    #[attr(optional, stable)]
    pub replicate: Computed<bool>,
    /// Whether the guest may only read; `scsi` and `virtio`.
    #[attr(optional, stable)]
    pub read_only: Computed<bool>,
    /// Serial number shown to the guest, at most 20 characters.
    #[attr(optional, stable, validate(length(1..=20)))]
    pub serial: Computed<Option<String>>,
    /// What becomes of the volume when the disk is taken out of the configuration.
    #[attr(default = OnDetach::Keep)]
    pub on_detach: OnDetach,
}

/// What becomes of a detached volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnDetach {
    /// It stays with the guest as `unused…`.
    Keep,
    /// It is deleted with everything on it.
    Delete,
}

/// A CD drive.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Cdrom {
    /// Image in the drive, `local:iso/debian.iso`; `none` for an empty drive, `cdrom` for the host's own.
    #[attr(validate(matches(
        r"^(none|cdrom|[A-Za-z][A-Za-z0-9._-]*:\S+)$",
        "`none`, `cdrom` or a volume such as `local:iso/debian.iso`"
    )))]
    pub file: String,
}

/// Disk of the UEFI firmware's settings.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct EfiDisk {
    /// Storage it is on.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// `4m`, which Secure Boot needs, or `2m`. Used when the disk is made.
    #[attr(optional, stable, validate(one_of("2m", "4m")))]
    pub r#type: Computed<Option<String>>,
    /// Whether Microsoft's and the distributions' Secure Boot keys are enrolled. Used when the disk is made.
    #[attr(optional, stable)]
    pub pre_enrolled_keys: Computed<bool>,
    /// Its volume.
    #[attr(stable)]
    pub volume: Computed<Option<String>>,
}

/// State of a virtual TPM.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct TpmState {
    /// Storage it is on.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// Version of the TPM, `v2.0` or `v1.2`. Used when the state is made.
    #[attr(optional, stable, validate(one_of("v1.2", "v2.0")))]
    pub version: Computed<Option<String>>,
    /// Its volume.
    #[attr(stable)]
    pub volume: Computed<Option<String>>,
}
