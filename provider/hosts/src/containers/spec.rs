//! What a domain wants of a container.

use std::collections::{BTreeMap, BTreeSet};

/// A container as a domain wants it. It is always unprivileged. What is `None` is the hypervisor's choice for a new
/// container, and is left as it is in one that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerSpec {
    /// Host name.
    pub name: String,
    /// Number; the cluster chooses where it is `None`. Another number means another container.
    pub vmid: Option<u32>,
    /// Where it may be.
    pub place: ContainerPlace,
    /// Template it is made from. Another template means that the container is built anew.
    pub template: Option<String>,
    /// Processors it may use.
    pub cores: Option<u32>,
    /// Processor time it may use, in processors.
    pub cpu_limit: Option<f64>,
    /// Its weight when processor time is short.
    pub cpu_units: Option<u32>,
    /// Memory in MiB.
    pub memory: Option<u32>,
    /// Swap in MiB.
    pub swap: Option<u32>,
    /// Its root disk.
    pub root_disk: Option<RootDisk>,
    /// Mount points by slot, `mp0`. Slots that are not named are left alone.
    pub mounts: BTreeMap<String, ContainerMount>,
    /// Its interface. Others are left alone.
    pub network: Option<ContainerNetwork>,
    /// Name resolution inside.
    pub dns: Option<ContainerDns>,
    /// Tags.
    pub tags: Option<BTreeSet<String>>,
    /// Cost tags of the hypervisor's domain, put beside the others. See [`super::Containers::cost_tags`].
    pub cost_tags: BTreeSet<String>,
    /// Notes.
    pub description: Option<String>,
    /// Resource pool.
    pub pool: Option<String>,
    /// Features of the kernel.
    pub features: Option<ContainerFeatures>,
    /// Whether it starts with its node.
    pub on_boot: Option<bool>,
    /// When it starts and stops among the guests of its node.
    pub startup: Option<ContainerStartup>,
    /// Whether it is guarded against removal.
    pub protection: Option<bool>,
    /// Time zone.
    pub timezone: Option<String>,
    /// Public keys of root, used when it is made.
    pub ssh_keys: Vec<String>,
    /// Whether it runs; `None` leaves it as it is.
    pub running: Option<bool>,
    /// What may happen to it when a change takes a restart.
    pub change: ChangeMode,
    /// Seconds it may take to shut down before it is switched off.
    pub shutdown_timeout: u32,
}

/// Where a container may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerPlace {
    /// The node it must be on.
    pub node: Option<String>,
    /// Nodes it may be on.
    pub nodes: Option<BTreeSet<String>>,
    /// How one of several nodes is chosen.
    pub policy: PlacePolicy,
    /// Group of guests that keep apart.
    pub anti_affinity: Option<String>,
}

/// How one of several nodes is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlacePolicy {
    /// The node with the fewest guests.
    #[default]
    Spread,
    /// The node with the most free memory.
    MostFreeMemory,
    /// The first by name that is online.
    First,
}

/// The root disk of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDisk {
    /// Storage it is kept on.
    pub storage: String,
    /// Size such as `8G`; it only grows.
    pub size: String,
}

/// A mount point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerMount {
    /// Where it is mounted in the container.
    pub path: String,
    /// What is mounted.
    pub source: MountSource,
    /// Whether backups of the container include it.
    pub backup: bool,
    /// Mount options such as `noatime`.
    pub options: BTreeSet<String>,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A directory of the node.
    Directory {
        /// The directory.
        path: String,
        /// Whether every node has the same under this name.
        shared: bool,
    },
    /// A volume. It is kept when its mount is taken away.
    Volume {
        /// Storage it is kept on.
        storage: String,
        /// Size such as `32G`; it only grows.
        size: String,
    },
}

/// The interface of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerNetwork {
    /// Bridge or vnet.
    pub bridge: String,
    /// IPv4 address with prefix length, or `dhcp`.
    pub address: Option<String>,
    /// IPv4 gateway.
    pub gateway: Option<String>,
    /// IPv6 address with prefix length, `auto` or `dhcp`.
    pub address6: Option<String>,
    /// IPv6 gateway.
    pub gateway6: Option<String>,
    /// Hardware address; drawn and then kept where it is `None`.
    pub mac_address: Option<String>,
    /// VLAN tag.
    pub vlan: Option<u32>,
    /// Maximum transmission unit.
    pub mtu: Option<u32>,
    /// Limit in MB/s.
    pub rate: Option<f64>,
    /// Whether the guest's firewall filters it.
    pub firewall: bool,
}

/// Name resolution inside a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerDns {
    /// Name servers.
    pub servers: Option<Vec<String>>,
    /// Search domain.
    pub search_domain: Option<String>,
}

/// Features of the kernel that a container may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerFeatures {
    /// Containers inside the container; recent systemd needs it.
    pub nesting: bool,
    /// The keyctl system call.
    pub keyctl: bool,
    /// FUSE file systems.
    pub fuse: bool,
    /// Types of file systems that may be mounted inside.
    pub mount: BTreeSet<String>,
}

/// When a container starts and stops among the guests of its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContainerStartup {
    /// Its place in the order.
    pub order: Option<u32>,
    /// Seconds before the next starts.
    pub up_delay: Option<u32>,
    /// Seconds before the next stops.
    pub down_delay: Option<u32>,
}

/// What may happen to a running container whose change takes a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeMode {
    /// Nothing: such a plan is refused.
    Hotplug,
    /// It is restarted, once, after all changes.
    Reboot,
    /// It goes on running; such changes wait for its next start.
    #[default]
    Stage,
}
