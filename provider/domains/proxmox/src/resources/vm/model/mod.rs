//! What a virtual machine looks like in configuration and state, by topic.

mod cloud_init;
mod devices;
mod disks;
mod hardware;
mod network;
mod place;
mod policy;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, Resource, Timeouts};

pub(crate) use cloud_init::*;
pub(crate) use devices::*;
pub(crate) use disks::*;
pub(crate) use hardware::*;
pub(crate) use network::*;
pub(crate) use place::*;
pub(crate) use policy::*;
pub(crate) use source::*;

pub(crate) use crate::resources::template::Firmware;

/// A virtual machine on Proxmox VE: cloned from a template, restored from a backup, or created.
///
/// **Only what is declared is managed.** A clone keeps what its template has; an attribute that is left out keeps
/// whatever the guest has, and `remove` takes inherited slots and settings away. Disks, network cards and other
/// devices are maps by slot and change in place: a disk grows, moves between storages and is detached without the
/// guest being replaced, and the volume of a detached disk stays with the guest as `unused…` unless `on_detach` says
/// otherwise.
///
/// `changes` tells in the plan, key by key, what takes effect at once, what needs a restart and what waits for one;
/// `apply_mode` decides about restarts. A guest that high availability or somebody else moved is found wherever it
/// is; within `nodes` that is no difference.
///
/// A run that was killed is picked up by the next one: a guest that was begun is found by the stamp in its notes.
#[derive(Debug, Clone, Resource)]
#[resource(name = "proxmox_vm", subcategory = "Proxmox VE", version = 0, identity(vmid))]
pub struct Vm {
    /// VMID as text, for references.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Name of the guest, a DNS name.
    #[attr(validate(matches(
        r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$",
        "a DNS name of at most 63 characters"
    )))]
    pub name: String,
    /// Node the guest is to be on. Another node migrates it. One of `node` and `nodes`; the node of the clone's
    /// source when both are unset.
    #[attr(optional, stable, validate(conflicts_with(nodes)))]
    pub node: Computed<Option<String>>,
    /// Nodes the guest may be on. Where it is told in `current_node`; a move among these nodes is no difference.
    #[attr(optional, stable, validate(items(1..)))]
    pub nodes: Computed<Option<BTreeSet<String>>>,
    /// How one of `nodes` is chosen when the guest is made.
    #[attr(validate(required_with(nodes)))]
    pub placement: Option<Placement>,
    /// Guest number; the cluster chooses when unset. A change replaces the guest.
    #[attr(optional, stable, replace_if_configured, validate(range(100..=999_999_999)))]
    pub vmid: Computed<u32>,
    /// Makes the guest as a clone. Used when the guest is made; a later change is told and has no effect. At most one
    /// of `clone` and `restore`; an empty guest is created without either.
    #[attr(optional, stable, validate(conflicts_with(restore)))]
    pub clone: Computed<CloneSource>,
    /// Makes the guest from a backup. Used when the guest is made; a later change is told and has no effect.
    #[attr(optional, stable)]
    pub restore: Computed<RestoreSource>,
    /// Processors.
    #[attr(optional, stable)]
    pub cpu: Computed<VmCpu>,
    /// Memory in MiB.
    #[attr(optional, stable, validate(range(16..=4_194_304)))]
    pub memory: Computed<u32>,
    /// Least memory in MiB the balloon may leave the guest; 0 switches the balloon off.
    #[attr(optional, stable, validate(range(0..=4_194_304)))]
    pub balloon: Computed<Option<u32>>,
    /// Firmware. `ovmf` wants an `efi_disk`.
    #[attr(optional, stable)]
    pub firmware: Computed<Firmware>,
    /// Machine type such as `q35`. The cluster's default when null.
    #[attr(optional, stable)]
    pub machine: Computed<Option<String>>,
    /// SCSI controller.
    #[attr(
        optional,
        stable,
        validate(one_of("lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"))
    )]
    pub scsi_controller: Computed<String>,
    /// Guest operating system as Proxmox names it, `l26` for Linux.
    #[attr(
        optional,
        stable,
        validate(one_of(
            "other", "wxp", "w2k", "w2k3", "w2k8", "wvista", "win7", "win8", "win10", "win11", "l24", "l26",
            "solaris"
        ))
    )]
    pub os_type: Computed<String>,
    /// Whether the QEMU guest agent is expected.
    #[attr(optional, stable)]
    pub agent: Computed<bool>,
    /// Whether NUMA is shown to the guest. Memory can be hotplugged only with it.
    #[attr(optional, stable)]
    pub numa: Computed<bool>,
    /// What may be changed while the guest runs: `network`, `disk`, `usb`, `memory`, `cpu`, `cloudinit`. The
    /// cluster's default (`network`, `disk`, `usb`) when null; an empty set allows nothing.
    #[attr(optional, stable, validate(each(one_of("network", "disk", "usb", "memory", "cpu", "cloudinit"))))]
    pub hotplug: Computed<Option<BTreeSet<String>>>,
    /// Network cards by slot, `net0` to `net31`.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^net([0-9]|[12][0-9]|3[01])$", "a slot from `net0` to `net31`")))
    )]
    pub network: Computed<BTreeMap<String, VmNetwork>>,
    /// Disks by slot: `scsi0` to `scsi30`, `virtio0` to `virtio15`, `sata0` to `sata5`, `ide0` to `ide3`.
    #[attr(
        optional,
        stable,
        validate(keys(matches(
            r"^(scsi([0-9]|[12][0-9]|30)|virtio([0-9]|1[0-5])|sata[0-5]|ide[0-3])$",
            "a slot such as `scsi0`, `virtio0`, `sata0` or `ide0`"
        )))
    )]
    pub disks: Computed<BTreeMap<String, VmDisk>>,
    /// CD drives by slot.
    #[attr(
        optional,
        stable,
        validate(keys(matches(
            r"^(scsi([0-9]|[12][0-9]|30)|sata[0-5]|ide[0-3])$",
            "a slot such as `ide2`, `sata0` or `scsi1`"
        )))
    )]
    pub cdrom: Computed<BTreeMap<String, Cdrom>>,
    /// Disk of the UEFI firmware's settings.
    #[attr(optional, stable)]
    pub efi_disk: Computed<Option<EfiDisk>>,
    /// State of a virtual TPM.
    #[attr(optional, stable)]
    pub tpm_state: Computed<Option<TpmState>>,
    /// Order to boot from, slots such as `scsi0` and `net0`.
    #[attr(optional, stable)]
    pub boot_order: Computed<Vec<String>>,
    /// Serial ports by slot, `serial0` to `serial3`: `socket`, or a device of the host (root@pam only).
    #[attr(
        optional,
        stable,
        validate(
            keys(matches(r"^serial[0-3]$", "a slot from `serial0` to `serial3`")),
            each(matches(r"^(socket|/dev/.+)$", "`socket` or a device such as `/dev/ttyS0`"))
        )
    )]
    pub serial: Computed<BTreeMap<String, String>>,
    /// USB devices by slot, `usb0` to `usb13`.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^usb([0-9]|1[0-3])$", "a slot from `usb0` to `usb13`")))
    )]
    pub usb: Computed<BTreeMap<String, Usb>>,
    /// PCI devices by slot, `hostpci0` to `hostpci15`.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^hostpci([0-9]|1[0-5])$", "a slot from `hostpci0` to `hostpci15`")))
    )]
    pub pci: Computed<BTreeMap<String, Pci>>,
    /// Display.
    #[attr(optional, stable)]
    pub vga: Computed<Option<Vga>>,
    /// Random number generator.
    #[attr(optional, stable)]
    pub rng: Computed<Option<Rng>>,
    /// Watchdog.
    #[attr(optional, stable)]
    pub watchdog: Computed<Option<Watchdog>>,
    /// Cloud-init: settings of Proxmox's own, or documents of yours in a seed image.
    #[attr(optional, stable)]
    pub cloud_init: Computed<Option<VmCloudInit>>,
    /// Whether the guest is started with its node.
    #[attr(optional, stable)]
    pub on_boot: Computed<bool>,
    /// Order and delays of starting and stopping with the node. Needs Sys.Modify on `/`.
    #[attr(optional, stable)]
    pub startup: Computed<Option<Startup>>,
    /// Whether Proxmox refuses to remove the guest and its disks. Destroying it is then refused at plan.
    #[attr(optional, stable)]
    pub protection: Computed<bool>,
    /// Hook script, a volume such as `local:snippets/hook.pl`. Only root@pam with a password may set it.
    #[attr(optional, stable)]
    pub hookscript: Computed<Option<String>>,
    /// Arguments passed to QEMU as they are. Only root@pam with a password may set them.
    #[attr(optional, stable)]
    pub args: Computed<Option<String>>,
    /// Tags. Compared without regard to case, as the cluster stores them in lower case.
    #[attr(optional, stable, eq = case_insensitive, validate(each(matches(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", "a tag: letters, digits, `_`, `.`, `+` and `-`"))))]
    pub tags: Computed<BTreeSet<String>>,
    /// Tags of the provider's `cost_tags` that the guest carries beside `tags`, such as `cost-env.prod`. One whose fact
    /// `tags` states is left out. Null when there are none.
    #[attr(stable)]
    pub cost_tags: Computed<Option<BTreeSet<String>>>,
    /// Notes, in Markdown. A stamp is kept below them that the web interface does not show.
    #[attr(optional, stable)]
    pub description: Computed<Option<String>>,
    /// Pool the guest is in. It is moved there from another pool.
    #[attr(optional, stable)]
    pub pool: Computed<Option<String>>,
    /// High availability.
    #[attr(optional, stable)]
    pub ha: Computed<Option<Ha>>,
    /// Whether the guest runs: `running` or `stopped`. Left alone when unset.
    #[attr(optional, stable)]
    pub power: Computed<Power>,
    /// What may happen to a running guest whose change needs a restart.
    #[attr(default = ApplyMode::Stage)]
    pub apply_mode: ApplyMode,
    /// How long the guest may take to shut down before it is switched off, in seconds.
    #[attr(default = 180, validate(range(0..=86_400)))]
    pub shutdown_timeout: u32,
    /// What to wait for when the guest is made and started. Nothing is waited for later.
    #[attr(optional, stable)]
    pub wait_for: Computed<WaitFor>,
    /// Inherited slots and settings to take away, as Proxmox names them: `net1`, `scsi1`, `balloon`, also `pool` and
    /// `ha`. A disk's volume stays with the guest as `unused…`.
    #[attr(
        default = [],
        validate(each(matches(r"^[a-z][a-z0-9]*$", "a slot or setting such as `net1` or `balloon`")))
    )]
    pub remove: BTreeSet<String>,
    /// What destroying this resource does to the guest. `delete` unless set; a change that replaces the guest needs
    /// it to be said.
    #[attr(default = VmOnDestroy::Delete)]
    pub on_destroy: VmOnDestroy,
    /// Slots and settings the configuration manages, as Proxmox names them. Others of the guest are left alone.
    #[attr(stable)]
    pub managed: Computed<BTreeSet<String>>,
    /// What the last change did, key by key: `now` (took effect at once), `hotplug` (while the guest ran), `reboot`
    /// (the guest was restarted for it), `staged` (waits for the next start), or a volume `deleted` that a running guest
    /// had held back. The plan tells it beforehand.
    #[attr(stable)]
    pub changes: Computed<BTreeMap<String, String>>,
    /// Whether changes wait for the guest's next start.
    #[attr(stable)]
    pub reboot_required: Computed<bool>,
    /// Addresses of the guest as its agent told them when it was made; see `wait_for`. They are not read again.
    #[attr(stable)]
    pub addresses: Computed<Vec<String>>,
    /// Node the guest is on now.
    #[attr(stable)]
    pub current_node: Computed<String>,
    /// SMBIOS UUID of the guest: tells it from another guest that got its VMID.
    #[attr(stable)]
    pub uuid: Computed<String>,
    /// How long operations may take.
    #[attr(optional, stable)]
    pub timeouts: Computed<Option<Timeouts>>,
}
