//! The container, as the configuration names it.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Choice, Computed, Model};

use hosts::Connection;

/// The container the instance stands in. It is unprivileged.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Container {
    /// Node the container must be on. Required with `data.host_path`, unless every node has the same directory there.
    #[attr(validate(conflicts_with(nodes)))]
    pub node: Option<String>,
    /// Nodes the container may be on. One of them is chosen when it is made.
    #[attr(validate(items(1..)))]
    pub nodes: Option<BTreeSet<String>>,
    /// How one of several nodes is chosen. Used when the container is made.
    pub placement: Option<Placement>,
    /// How the shells of nodes are reached, by node. A node that is left out is reached at the address the cluster
    /// tells, or else by its name, with what the provider's `ssh` section says.
    #[attr(default = [])]
    pub node_machines: BTreeMap<String, Connection>,
    /// Container template to make it from, a volume such as `local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst`:
    /// Debian or Ubuntu with systemd. With another template the container is built anew, and the data is attached.
    #[attr(validate(matches(
        r"^[A-Za-z][A-Za-z0-9._-]*:vztmpl/[^/\s,]+$",
        "a template volume such as `local:vztmpl/debian.tar.zst`"
    )))]
    pub template: Option<String>,
    /// Guest number; the cluster chooses when unset. With another number the container is built anew, and the data is
    /// attached.
    #[attr(optional, stable, validate(range(100..=999_999_999)))]
    pub vmid: Computed<u32>,
    /// Node the container is on now.
    #[attr(stable)]
    pub current_node: Computed<String>,
    /// Processors it may use. All of the node's unless set.
    #[attr(validate(range(1..=8192)))]
    pub cores: Option<u32>,
    /// Processor time it may use, in processors. No limit unless set.
    #[attr(validate(range(0..=8192)))]
    pub cpu_limit: Option<f64>,
    /// Weight of the container among others when processor time is short. The node's default unless set.
    #[attr(validate(range(0..=500_000)))]
    pub cpu_units: Option<u32>,
    /// Memory in MiB. Settings of the server are derived from it.
    #[attr(validate(range(128..)))]
    pub memory: u32,
    /// Swap in MiB.
    #[attr(default = 512)]
    pub swap: u32,
    /// The root disk. Nothing on it is missed when the container is built anew.
    pub root_disk: RootDisk,
    /// Its network interface.
    pub network: Network,
    /// Name resolution inside. The node's unless set.
    pub dns: Option<Dns>,
    /// Tags. Compared without regard to case, as the cluster stores them in lower case. Left alone unless set.
    #[attr(eq = case_insensitive, validate(each(matches(
        r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$",
        "a tag: letters, digits, `_`, `.`, `+` and `-`"
    ))))]
    pub tags: Option<BTreeSet<String>>,
    /// Tags of the provider's `cost_tags` that the container carries beside `tags`, such as `cost-env.prod`. One whose
    /// fact `tags` states is left out. Null when there are none.
    #[attr(stable)]
    pub cost_tags: Computed<Option<BTreeSet<String>>>,
    /// Notes, in Markdown. Left alone unless set.
    #[attr(validate(length(..=4000)))]
    pub description: Option<String>,
    /// Resource pool. Left alone unless set.
    pub pool: Option<String>,
    /// Features of the kernel. `nesting`, which recent systemd needs, unless set.
    pub features: Option<Features>,
    /// Whether the container starts with its node.
    #[attr(default = true)]
    pub on_boot: bool,
    /// When it starts and stops among the guests of its node. Left alone unless set.
    pub startup: Option<Startup>,
    /// Whether Proxmox VE guards the container and its volumes against removal. A protected container is neither
    /// destroyed nor built anew. Left alone unless set.
    pub protection: Option<bool>,
    /// Time zone such as `Europe/Zurich`, or `host`. Left alone unless set.
    pub timezone: Option<String>,
    /// SSH public keys of root, one a line as in `authorized_keys`. Used when the container is made.
    #[attr(default = [])]
    pub ssh_keys: Vec<String>,
    /// What may happen to the container when a change of it takes a restart.
    #[attr(default = ApplyMode::Stage)]
    pub apply_mode: ApplyMode,
    /// Whether changes wait for its next start.
    #[attr(stable)]
    pub reboot_required: Computed<bool>,
    /// Seconds the container may take to shut down before it is switched off. The server ends its work in that time.
    #[attr(default = 120, validate(range(0..=3600)))]
    pub shutdown_timeout: u32,
    /// Hardware address of its interface.
    #[attr(stable)]
    pub mac_address: Computed<Option<String>>,
}

/// How one of several nodes is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Placement {
    /// What counts.
    #[attr(default = PlacementPolicy::Spread)]
    pub policy: PlacementPolicy,
    /// Guests of the same group are put on different nodes as long as there are enough: give a primary and its standby
    /// the same.
    #[attr(validate(matches(
        r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
        "lower-case letters, digits and `-`, at most 32"
    )))]
    pub anti_affinity: Option<String>,
}

/// What counts when a node is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum PlacementPolicy {
    /// The node with the fewest guests.
    Spread,
    /// The node with the most free memory.
    MostFreeMemory,
    /// The first node by name that is online.
    First,
}

/// The root disk.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct RootDisk {
    /// Storage it is kept on; needs content type `rootdir`.
    pub storage: String,
    /// Size such as `8G`. A disk only grows.
    #[attr(eq = size, validate(matches(r"^[1-9][0-9]*[MGT]$", "a size such as `8G`")))]
    pub size: String,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Network {
    /// Bridge or SDN vnet.
    pub bridge: String,
    /// IPv4 address with prefix length such as `10.6.0.10/24`, or `dhcp`.
    #[attr(validate(matches(
        r"^(dhcp|manual|[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2})$",
        "an address such as `10.6.0.10/24`, `dhcp` or `manual`"
    )))]
    pub address: Option<String>,
    /// IPv4 gateway.
    #[attr(validate(matches(r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$", "an IPv4 address"), required_with(address)))]
    pub gateway: Option<String>,
    /// IPv6 address with prefix length, `auto` or `dhcp`.
    #[attr(eq = case_insensitive, validate(matches(
        r"^(auto|dhcp|manual|[0-9A-Fa-f:.]+/[0-9]{1,3})$",
        "an address such as `fd00::10/64`, `auto`, `dhcp` or `manual`"
    )))]
    pub address6: Option<String>,
    /// IPv6 gateway.
    #[attr(eq = case_insensitive, validate(matches(r"^[0-9A-Fa-f:.]+$", "an IPv6 address"), required_with(address6)))]
    pub gateway6: Option<String>,
    /// MAC address; drawn when the container is made unless set, and kept when it is built anew.
    #[attr(eq = mac, validate(matches(r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$", "a MAC address")))]
    pub mac_address: Option<String>,
    /// VLAN tag.
    #[attr(validate(range(1..=4094)))]
    pub vlan: Option<u32>,
    /// Maximum transmission unit; the bridge's unless set.
    #[attr(validate(range(64..=65535)))]
    pub mtu: Option<u32>,
    /// Limit in MB/s.
    #[attr(validate(range(0..)))]
    pub rate: Option<f64>,
    /// Whether the guest's firewall filters the interface.
    #[attr(default = false)]
    pub firewall: bool,
}

/// Name resolution.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Dns {
    /// Name servers. The node's unless set.
    #[attr(validate(items(1..)))]
    pub servers: Option<Vec<String>>,
    /// Search domain. The node's unless set.
    pub search_domain: Option<String>,
}

/// Features of the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Features {
    /// Containers inside the container; recent systemd needs it.
    #[attr(default = true)]
    pub nesting: bool,
    /// The keyctl system call. Takes root@pam.
    #[attr(default = false)]
    pub keyctl: bool,
    /// FUSE file systems. Takes root@pam.
    #[attr(default = false)]
    pub fuse: bool,
    /// Types of file systems that may be mounted inside, `nfs` or `cifs`. Takes root@pam.
    #[attr(default = [], validate(each(matches(r"^[A-Za-z0-9_]+$", "a file system type"))))]
    pub mount: BTreeSet<String>,
}

/// When a container starts and stops.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Startup {
    /// Place in the order: lower starts first and stops last.
    pub order: Option<u32>,
    /// Seconds before the next starts.
    pub up_delay: Option<u32>,
    /// Seconds before the next stops.
    pub down_delay: Option<u32>,
}

/// What may happen to a running container whose change takes a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ApplyMode {
    /// Nothing: a plan that would need a restart is refused.
    Hotplug,
    /// It is restarted, once, after all changes.
    Reboot,
    /// It goes on running; such changes wait for its next start. See `reboot_required`.
    Stage,
}
