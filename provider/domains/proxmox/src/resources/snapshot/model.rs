//! What a snapshot looks like in configuration and state.

use tf_framework::{Computed, Resource, Timeouts};

use crate::api::Vmid;

/// A snapshot of a virtual machine or container of Proxmox VE.
///
/// It is taken when the resource is created and deleted when the resource is destroyed; nothing ever rolls the guest back
/// to it. That is what the action `hybridops_proxmox_rollback` does, after which the snapshot is still there and its
/// `parent` as it was.
///
/// Snapshots need disks on storages that have them (ZFS, Ceph, LVM-thin, qcow2 files); a guest that cannot have any is
/// refused at plan. With `vmstate` the memory of a running virtual machine is part of the snapshot.
///
/// A snapshot that a killed run took is found by its name and the mark in its description. One of the same name that
/// somebody else took is left alone: import it, or choose another name.
#[derive(Debug, Clone, PartialEq, Resource)]
#[resource(name = "proxmox_snapshot", subcategory = "Proxmox VE", version = 0, identity(vmid, name))]
pub struct Snapshot {
    /// VMID and name, `101/before-upgrade`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// The guest's number.
    #[attr(replace, validate(range(100..=999_999_999)))]
    pub vmid: Vmid,
    /// Name of the snapshot: a letter, then letters, digits, `_` and `-`, 40 at most.
    #[attr(
        replace,
        validate(matches(
            r"^[A-Za-z][A-Za-z0-9_-]{1,39}$",
            "a letter, then 1 to 39 letters, digits, `_` or `-`"
        ))
    )]
    pub name: String,
    /// What the snapshot is for. Changed in place.
    #[attr(validate(length(1..=6000)))]
    pub description: Option<String>,
    /// Whether the memory of a virtual machine that runs is part of the snapshot. A rollback then goes on where the
    /// guest was, instead of leaving it stopped.
    #[attr(replace, default = false)]
    pub vmstate: bool,
    /// The snapshot that this one follows; null for the first.
    pub parent: Computed<Option<String>>,
    /// When it was taken, in seconds since 1970.
    #[attr(stable)]
    pub taken: Computed<u64>,
    /// The same as a timestamp in UTC, as RFC 3339 writes it.
    #[attr(stable)]
    pub taken_at: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}
