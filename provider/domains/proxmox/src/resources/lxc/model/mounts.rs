//! Root disk and mount points.

use std::collections::BTreeSet;

use tf_framework::{Choice, Computed, Model};

/// The root disk of a container.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct RootDisk {
    /// Storage it is kept on; needs content type `rootdir`. Changing it moves the disk, for which the container is
    /// stopped.
    #[attr(optional, stable)]
    pub storage: Computed<String>,
    /// Size such as `8G`. A disk only grows.
    #[attr(optional, stable, eq = size, validate(matches(r"^[1-9][0-9]*[MGT]$", "a size such as `8G`")))]
    pub size: Computed<String>,
    /// Access control lists; the storage's default when unset.
    pub acl: Option<bool>,
    /// Whether quotas can be used inside; privileged containers only.
    #[attr(default = false)]
    pub quota: bool,
    /// Whether storage replication includes it.
    #[attr(default = true)]
    pub replicate: bool,
    /// Mount options.
    #[attr(default = [], validate(each(one_of("discard", "lazytime", "noatime", "nodev", "noexec", "nosuid"))))]
    pub mount_options: BTreeSet<String>,
    /// Its volume, `local-zfs:subvol-101-disk-0`.
    #[attr(stable)]
    pub volume: Computed<String>,
}

/// A mount point. It mounts a new volume (`storage` and `size`), a volume that exists (`volume`), a directory of the
/// node (`bind`) or a block device of the node (`device`).
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Mount {
    /// Where it is mounted in the container.
    #[attr(validate(matches(r"^/[^,\s]*[^,/\s]$", "an absolute path")))]
    pub path: String,
    /// Storage of the volume; needs content type `rootdir`. Changing it moves the volume, for which the container is
    /// stopped.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// Size of the volume such as `32G`. A volume only grows.
    #[attr(optional, stable, eq = size, validate(matches(r"^[1-9][0-9]*[MGT]$", "a size such as `32G`")))]
    pub size: Computed<Option<String>>,
    /// The volume, `local-zfs:subvol-101-disk-1`. Set it to attach a volume that exists, for example one of
    /// `detached_volumes`.
    #[attr(optional, stable)]
    pub volume: Computed<Option<String>>,
    /// Directory of the node to mount. Takes root@pam; the container then only moves to other nodes with `shared`.
    #[attr(validate(matches(
        r"^/([^d,\s]|d[^e,\s]|de[^v,\s]|dev[^/,\s])[^,\s]*$",
        "an absolute path outside /dev"
    )))]
    pub bind: Option<String>,
    /// Block device of the node to mount. Takes root@pam.
    #[attr(validate(matches(r"^/dev/[^,\s]+$", "a path below /dev/")))]
    pub device: Option<String>,
    /// Access control lists; the storage's default when unset.
    pub acl: Option<bool>,
    /// Whether backups include the volume.
    #[attr(default = false)]
    pub backup: bool,
    /// Whether quotas can be used inside; privileged containers only.
    #[attr(default = false)]
    pub quota: bool,
    /// Whether storage replication includes the volume.
    #[attr(default = true)]
    pub replicate: bool,
    /// Whether it is mounted read-only.
    #[attr(default = false)]
    pub read_only: bool,
    /// Whether every node has the same under this name, so that the container can move with it. Says so, makes nothing
    /// shared.
    #[attr(default = false)]
    pub shared: bool,
    /// Mount options.
    #[attr(default = [], validate(each(one_of("discard", "lazytime", "noatime", "nodev", "noexec", "nosuid"))))]
    pub mount_options: BTreeSet<String>,
    /// Mapping of user and group ids of this mount, as Proxmox VE 9.2 takes it. None when unset.
    #[attr(validate(matches(r"^[^,\s]+$", "a mapping without commas and spaces")))]
    pub idmap: Option<String>,
    /// What becomes of the volume when the mount is taken out of the configuration.
    #[attr(default = OnRemove::Detach)]
    pub on_remove: OnRemove,
}

/// What becomes of a volume whose mount is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnRemove {
    /// It is kept with the container, see `detached_volumes`.
    Detach,
    /// It is destroyed with everything on it.
    Delete,
}
