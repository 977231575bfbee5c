//! The smaller parts. What virtual machines have too is theirs.

use std::collections::BTreeSet;

use tf_framework::{Choice, Computed, GoDuration, Model};

pub(crate) use crate::resources::vm::{ApplyMode, Ha, HaState, Placement, PlacementPolicy, Power, Startup};

/// A container to clone.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct LxcClone {
    /// VMID of the source.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
    /// Whether the clone is whole. Linked clones take a template as source, and a storage that can link; the cluster's
    /// choice when unset: linked for templates, whole for others.
    pub full: Option<bool>,
    /// Storage of a whole clone's volumes. The source's when unset.
    pub storage: Option<String>,
    /// Snapshot of the source to clone. Its present state when unset.
    pub snapshot: Option<String>,
}

/// A backup to restore.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct LxcRestore {
    /// The backup, a volume such as `local:backup/vzdump-lxc-310-2026_11_21-06_26_23.tar.zst`.
    #[attr(validate(matches(r"^[A-Za-z][A-Za-z0-9._-]*:\S+$", "a backup volume")))]
    pub archive: String,
    /// Storage of the restored volumes; needs content type `rootdir`.
    pub storage: String,
    /// Whether interfaces get new MAC addresses.
    #[attr(default = true)]
    pub unique: bool,
}

/// What a changed source does to a container that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnSourceChange {
    /// A new container is built from it and gets the volumes of the mount points.
    Rebuild,
    /// Nothing; it counts for the next rebuild. The plan says so.
    Ignore,
}

/// A network interface of a container.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct LxcNetwork {
    /// Bridge or SDN vnet.
    pub bridge: String,
    /// Name inside the container. `eth` and the number of the slot unless set.
    #[attr(
        optional,
        stable,
        validate(matches(r"^[A-Za-z0-9._-]{1,15}$", "an interface name of at most 15 characters"))
    )]
    pub name: Computed<String>,
    /// IPv4 address with prefix length such as `10.0.0.10/24`, `dhcp` or `manual`. None when unset.
    #[attr(validate(matches(
        r"^(dhcp|manual|[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2})$",
        "an address such as `10.0.0.10/24`, `dhcp` or `manual`"
    )))]
    pub address: Option<String>,
    /// IPv4 gateway.
    #[attr(validate(matches(r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$", "an IPv4 address"), required_with(address)))]
    pub gateway: Option<String>,
    /// IPv6 address with prefix length, `auto`, `dhcp` or `manual`. None when unset.
    #[attr(eq = case_insensitive, validate(matches(r"^(auto|dhcp|manual|[0-9A-Fa-f:.]+/[0-9]{1,3})$", "an address such as `fd00::10/64`, `auto`, `dhcp` or `manual`")))]
    pub address6: Option<String>,
    /// IPv6 gateway.
    #[attr(eq = case_insensitive, validate(matches(r"^[0-9A-Fa-f:.]+$", "an IPv6 address"), required_with(address6)))]
    pub gateway6: Option<String>,
    /// MAC address; drawn when the interface is made unless set, and kept by a rebuild.
    #[attr(optional, stable, eq = mac, validate(matches(r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$", "a MAC address")))]
    pub mac_address: Computed<String>,
    /// VLAN tag.
    #[attr(validate(range(1..=4094)))]
    pub vlan: Option<u32>,
    /// VLANs passed through.
    #[attr(validate(each(range(1..=4094))))]
    pub trunks: Option<Vec<u32>>,
    /// Whether the guest's firewall filters the interface.
    #[attr(default = false)]
    pub firewall: bool,
    /// Limit in MB/s.
    #[attr(validate(range(0..)))]
    pub rate: Option<f64>,
    /// Maximum transmission unit; the bridge's when unset.
    #[attr(validate(range(64..=65535)))]
    pub mtu: Option<u32>,
    /// Whether the cable is unplugged.
    #[attr(default = false)]
    pub link_down: bool,
}

/// Name resolution.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Dns {
    /// Name servers. The node's when unset.
    #[attr(validate(items(1..)))]
    pub servers: Option<Vec<String>>,
    /// Search domain. The node's when unset.
    pub search_domain: Option<String>,
}

/// Kernel features.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Features {
    /// Containers inside the container; recent systemd needs it.
    #[attr(default = false)]
    pub nesting: bool,
    /// The keyctl system call, which Docker in an unprivileged container needs.
    #[attr(default = false)]
    pub keyctl: bool,
    /// FUSE file systems.
    #[attr(default = false)]
    pub fuse: bool,
    /// Device nodes made by an unprivileged container.
    #[attr(default = false)]
    pub mknod: bool,
    /// `/sys` writable in an unprivileged container.
    #[attr(default = false)]
    pub force_rw_sys: bool,
    /// Types of file systems that may be mounted inside, `nfs` or `cifs`.
    #[attr(default = [], validate(each(matches(r"^[A-Za-z0-9_]+$", "a file system type"))))]
    pub mount: BTreeSet<String>,
}

/// A device of the node inside the container.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Device {
    /// Its path, `/dev/ttyUSB0`.
    #[attr(validate(matches(r"^/dev/[^,\s]+$", "a path below /dev/")))]
    pub path: String,
    /// Access mode in octal, `0660`. The node's when unset.
    #[attr(validate(matches(r"^0[0-7]{3}$", "four octal digits")))]
    pub mode: Option<String>,
    /// Owner inside the container. Root when unset.
    pub uid: Option<u32>,
    /// Group inside the container. Root when unset.
    pub gid: Option<u32>,
    /// Whether writing is denied.
    #[attr(default = false)]
    pub deny_write: bool,
}

/// What the console shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ConsoleMode {
    /// A login on one of the terminals.
    Tty,
    /// The first terminal.
    Console,
    /// A root shell without a login.
    Shell,
}

/// What creating waits for.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct LxcWaitFor {
    /// Whether to wait until the container has an address that others can reach.
    #[attr(default = false)]
    pub addresses: bool,
    /// How long to wait. Five minutes unless set.
    pub timeout: Option<GoDuration>,
}

/// What destroying the resource does to the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum LxcOnDestroy {
    /// It is deleted with the volumes of its mount points. Refused while volumes are kept with it that were detached.
    Delete,
    /// The same, with the detached volumes.
    DeleteAll,
    /// It stays; Terraform forgets it.
    Keep,
}
