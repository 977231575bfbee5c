//! What a container looks like in configuration and state.

mod mounts;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, Resource, Timeouts, WriteOnly};

pub(crate) use mounts::*;
pub(crate) use parts::*;

/// A Linux container on Proxmox VE.
///
/// Mount points are a map by slot and are changed in place: adding, growing, moving or detaching one never replaces
/// the container, and a volume that is detached is kept unless its mount says `on_remove = "delete"`. What can only be
/// chosen when a container is made (`unprivileged`, `template`, `vmid`) is changed by a **rebuild**: the new container
/// is built beside the old one, the volumes of its mount points are handed over to it, and only then is the old one
/// destroyed. The plan shows an update and says so in a warning; what is on the root disk is lost, what is on mount
/// points stays.
///
/// The container may be moved among `nodes` by high availability or by hand without a difference in the plan.
/// Settings that are left out stay as they are, those of a clone's source included.
///
/// A global `lxc.idmap` is not part of the API: set it in the container's file on the node. Bind mounts, device
/// mounts, `devices`, `hookscript` and features other than `nesting` are reserved to root@pam logged in with a
/// password; the plan names each attribute another account cannot set.
#[derive(Debug, Clone, Resource)]
#[resource(name = "proxmox_lxc", subcategory = "Proxmox VE", version = 0, identity(vmid))]
pub struct Lxc {
    /// VMID as text, for references.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Host name of the container, a DNS name.
    #[attr(validate(matches(
        r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$",
        "a DNS name of at most 63 characters"
    )))]
    pub name: String,
    /// Guest number; the cluster chooses when unset. Changing it rebuilds the container.
    #[attr(optional, stable, validate(range(100..=999_999_999)))]
    pub vmid: Computed<u32>,
    /// Node the container must be on; changing it migrates the container, by a restart where it runs. Leave it out, or
    /// use `nodes`, where high availability may move the container.
    #[attr(validate(conflicts_with(nodes)))]
    pub node: Option<String>,
    /// Nodes the container may be on. One of them is chosen when it is made; it is migrated only when it is on none of
    /// them.
    #[attr(validate(items(1..)))]
    pub nodes: Option<BTreeSet<String>>,
    /// How one of `nodes` is chosen, or of all where neither `node` nor `nodes` is set. Used when the container is made.
    pub placement: Option<Placement>,
    /// Node the container is on now.
    #[attr(stable)]
    pub current_node: Computed<String>,
    /// Container template to make it from, a volume such as `local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst`. At
    /// most one of `template`, `clone` and `restore`; one is needed to make a container, none for an imported one.
    /// Changing it rebuilds the container, see `on_source_change`.
    #[attr(validate(
        matches(
            r"^[A-Za-z][A-Za-z0-9._-]*:vztmpl/[^/\s,]+$",
            "a template volume such as `local:vztmpl/debian.tar.zst`"
        ),
        conflicts_with(clone, restore)
    ))]
    pub template: Option<String>,
    /// Container to clone. Used when the container is made.
    #[attr(validate(conflicts_with(restore)))]
    pub clone: Option<LxcClone>,
    /// Backup to make the container from. Used when the container is made.
    pub restore: Option<LxcRestore>,
    /// What a changed `template` does to a container that exists.
    #[attr(default = OnSourceChange::Rebuild)]
    pub on_source_change: OnSourceChange,
    /// Whether root inside is an ordinary user of the host. True unless set when the container is made; changing it
    /// rebuilds the container.
    #[attr(optional, stable)]
    pub unprivileged: Computed<bool>,
    /// The root disk. Required with `template`.
    #[attr(optional, stable)]
    pub root_disk: Computed<RootDisk>,
    /// Mount points by slot, `mp0` to `mp255`. Where it is left out, mount points are not managed; with `{}` all are
    /// detached.
    #[attr(
        optional,
        stable,
        validate(keys(matches(
            r"^mp([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$",
            "a slot from `mp0` to `mp255`"
        )))
    )]
    pub mounts: Computed<BTreeMap<String, Mount>>,
    /// Volumes that were detached from mount points and are kept with the container, by their slot `unused0` and so on.
    #[attr(stable)]
    pub detached_volumes: Computed<BTreeMap<String, String>>,
    /// Whether a rebuild hands the volumes of mount points over to the new container. With false they are destroyed
    /// with the old container and the new one begins with empty volumes.
    #[attr(default = true)]
    pub preserve_volumes: bool,
    /// Processors it may use; all of the node's when null.
    #[attr(optional, stable, validate(range(1..=8192)))]
    pub cores: Computed<Option<u32>>,
    /// Processor time it may use, in processors; no limit when null or 0.
    #[attr(optional, stable, validate(range(0..=8192)))]
    pub cpu_limit: Computed<Option<f64>>,
    /// Weight of the container among others when processor time is short; the node's default when null.
    #[attr(optional, stable, validate(range(0..=500_000)))]
    pub cpu_units: Computed<Option<u32>>,
    /// Memory in MiB. 512 unless set.
    #[attr(optional, stable, validate(range(16..)))]
    pub memory: Computed<u32>,
    /// Swap in MiB. 512 unless set.
    #[attr(optional, stable)]
    pub swap: Computed<u32>,
    /// Network interfaces by slot, `net0` to `net31`. Where it is left out, interfaces are not managed.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^net([0-9]|[12][0-9]|3[01])$", "a slot from `net0` to `net31`")))
    )]
    pub network: Computed<BTreeMap<String, LxcNetwork>>,
    /// Name resolution inside the container.
    #[attr(optional, stable)]
    pub dns: Computed<Option<Dns>>,
    /// Tags. Compared without regard to case, as the cluster stores them in lower case.
    #[attr(optional, stable, eq = case_insensitive, validate(each(matches(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", "a tag: letters, digits, `_`, `.`, `+` and `-`"))))]
    pub tags: Computed<BTreeSet<String>>,
    /// Tags of the provider's `cost_tags` that the container carries beside `tags`, such as `cost-env.prod`. One whose
    /// fact `tags` states is left out. Null when there are none.
    #[attr(stable)]
    pub cost_tags: Computed<Option<BTreeSet<String>>>,
    /// Notes, in Markdown. A stamp is kept below them that the web interface does not show.
    #[attr(optional, stable)]
    pub description: Computed<Option<String>>,
    /// Resource pool.
    #[attr(optional, stable)]
    pub pool: Computed<Option<String>>,
    /// Whether the container starts with its node. False unless set when the container is made.
    #[attr(optional, stable)]
    pub on_boot: Computed<bool>,
    /// When it starts and stops among the guests of its node.
    #[attr(optional, stable)]
    pub startup: Computed<Option<Startup>>,
    /// Whether the container and its volumes are guarded against removal. A protected container is neither destroyed
    /// nor rebuilt.
    #[attr(optional, stable)]
    pub protection: Computed<bool>,
    /// Features of the kernel the container may use. `nesting` takes VM.Allocate on the guest; the others, and all of
    /// a privileged container, take root@pam.
    #[attr(optional, stable)]
    pub features: Computed<Features>,
    /// Devices of the node by slot, `dev0` to `dev255`. Takes root@pam. Where it is left out, devices are not managed.
    #[attr(
        optional,
        stable,
        validate(keys(matches(
            r"^dev([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$",
            "a slot from `dev0` to `dev255`"
        )))
    )]
    pub devices: Computed<BTreeMap<String, Device>>,
    /// Operating system inside, which decides how it is set up. Found out when the container is made unless set.
    #[attr(
        optional,
        stable,
        validate(one_of(
            "debian",
            "devuan",
            "ubuntu",
            "centos",
            "fedora",
            "opensuse",
            "archlinux",
            "alpine",
            "gentoo",
            "nixos",
            "unmanaged"
        ))
    )]
    pub os_type: Computed<String>,
    /// Architecture. Found out when the container is made unless set.
    #[attr(optional, stable, validate(one_of("amd64", "i386", "arm64", "armhf", "riscv32", "riscv64")))]
    pub arch: Computed<String>,
    /// What the console shows: `tty` a login on a terminal, `console` the first one, `shell` a root shell.
    #[attr(optional, stable)]
    pub console_mode: Computed<ConsoleMode>,
    /// Whether there is a console device. True unless set.
    #[attr(optional, stable)]
    pub console: Computed<bool>,
    /// Terminals. 2 unless set.
    #[attr(optional, stable, validate(range(0..=6)))]
    pub tty: Computed<u32>,
    /// Time zone such as `Europe/Zurich`, or `host`.
    #[attr(optional, stable)]
    pub timezone: Computed<Option<String>>,
    /// Script that runs as the container starts and stops, a volume such as `local:snippets/hook.pl`. Takes root@pam.
    #[attr(optional, stable)]
    pub hookscript: Computed<Option<String>>,
    /// Environment of the first process. Takes Proxmox VE 9.1.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^[A-Za-z_][A-Za-z0-9_]*$", "a name of letters, digits and `_`")))
    )]
    pub environment: Computed<Option<BTreeMap<String, String>>>,
    /// Command of the first process instead of `/sbin/init`. Takes Proxmox VE 9.1.
    #[attr(optional, stable)]
    pub entrypoint: Computed<Option<String>>,
    /// SSH public keys of root, one a line as in `authorized_keys`. Used when the container is made from a template.
    pub ssh_keys: Option<Vec<String>>,
    /// Password of root. Never stored; used when the container is made from a template, also by a rebuild.
    #[attr(validate(length(5..)))]
    pub password: WriteOnly<String>,
    /// High availability. Left alone when unset.
    #[attr(optional, stable)]
    pub ha: Computed<Option<Ha>>,
    /// Whether the container runs. Left alone when unset; a container that is made then stays stopped.
    #[attr(optional, stable)]
    pub power: Computed<Power>,
    /// What creating waits for; takes `power = "running"`. Nothing when unset.
    pub wait_for: Option<LxcWaitFor>,
    /// Addresses the configuration fixes, and those that creating waited for with `wait_for`, without prefix length.
    #[attr(stable)]
    pub addresses: Computed<Vec<String>>,
    /// Settings to take away, which may have come from a clone's source or be of no more use: the container then has the
    /// server's default, or none.
    #[attr(
        default = [],
        validate(each(one_of(
            "cores", "cpu_limit", "cpu_units", "description", "dns", "entrypoint", "environment", "ha", "hookscript",
            "pool", "startup", "timezone"
        )))
    )]
    pub remove: BTreeSet<String>,
    /// How changes are made that a running container cannot take. The plan names them.
    #[attr(default = ApplyMode::Stage)]
    pub apply_mode: ApplyMode,
    /// Whether changes wait for the next start.
    #[attr(stable)]
    pub reboot_required: Computed<bool>,
    /// Seconds the container may take to shut down before it is switched off.
    #[attr(default = 60, validate(range(0..=3600)))]
    pub shutdown_timeout: u32,
    /// What destroying this resource does to the container.
    #[attr(default = LxcOnDestroy::Delete)]
    pub on_destroy: LxcOnDestroy,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}
