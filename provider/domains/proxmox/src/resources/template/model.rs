//! What a template looks like in configuration and state.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Choice, Computed, Model, Resource, Timeouts, WriteOnly};

/// A virtual machine template on Proxmox VE, made from a cloud image or taken over from a build such as Packer's.
///
/// The image is verified against its checksum, the disk is imported through the API (no SSH), and the guest is
/// turned into a template. Changing `version`, `image`, `disk` or `node` builds the new template **beside** the old
/// one, swaps the VMID in state, and then reaps templates beyond `retain`; a template that linked clones
/// still use is never reaped. Everything else is changed in place.
///
/// A run that was killed is picked up by the next one: what it made is found by the stamp in the guest's notes.
/// The pair of `name` and `version` names a template in a cluster; two configurations must not share it.
#[derive(Debug, Clone, Resource)]
#[resource(name = "proxmox_template", subcategory = "Proxmox VE", version = 0, identity(vmid))]
pub struct Template {
    /// VMID as text, for references.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Name of the guest, a DNS name. Templates of one name are versions of each other.
    #[attr(validate(matches(
        r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$",
        "a DNS name of at most 63 characters"
    )))]
    pub name: String,
    /// Version of the template, kept in its notes and as the tag `version-…`. Changing it builds a new template.
    #[attr(validate(matches(
        r"^[a-z0-9][a-z0-9._+-]{0,47}$",
        "lower-case letters, digits, `.`, `_`, `+` and `-`, at most 48"
    )))]
    pub version: Option<String>,
    /// Node to build on. A template that was migrated since stays where it is: see `current_node`.
    pub node: String,
    /// Guest number; the cluster chooses when unset. Leave it unset for templates that get new versions.
    #[attr(optional, stable, validate(range(100..=999_999_999)))]
    pub vmid: Computed<u32>,
    /// The cloud image to build from. Exactly one of `image` and `adopt`.
    #[attr(validate(exactly_one_of(adopt)))]
    pub image: Option<TemplateImage>,
    /// An existing guest to take over instead of building one, for example a Packer build.
    pub adopt: Option<Adopt>,
    /// The disk made from the image. Required with `image`.
    pub disk: Option<TemplateDisk>,
    /// Processors. Two cores of type `x86-64-v2-AES` unless set when built.
    #[attr(optional, stable)]
    pub cpu: Computed<Cpu>,
    /// Memory in MiB. 2048 unless set when built.
    #[attr(optional, stable, validate(range(16..=4_194_304)))]
    pub memory: Computed<u32>,
    /// Firmware. `seabios` unless set when built; `ovmf` adds an EFI disk beside the disk.
    #[attr(optional, stable)]
    pub firmware: Computed<Firmware>,
    /// Machine type such as `q35`. The cluster's default when null.
    #[attr(optional, stable)]
    pub machine: Computed<Option<String>>,
    /// SCSI controller. `virtio-scsi-single` unless set when built.
    #[attr(
        optional,
        stable,
        validate(one_of("lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"))
    )]
    pub scsi_controller: Computed<String>,
    /// Guest operating system as Proxmox names it. `l26` (Linux) unless set when built.
    #[attr(
        optional,
        stable,
        validate(one_of(
            "other", "wxp", "w2k", "w2k3", "w2k8", "wvista", "win7", "win8", "win10", "win11", "l24", "l26",
            "solaris"
        ))
    )]
    pub os_type: Computed<String>,
    /// Whether the QEMU guest agent is expected. True unless set when built.
    #[attr(optional, stable)]
    pub agent: Computed<bool>,
    /// Whether the console is a serial port, as cloud images expect. True unless set when built.
    #[attr(optional, stable)]
    pub serial_console: Computed<bool>,
    /// Network interfaces by slot, `net0` to `net31`.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^net([0-9]|[12][0-9]|3[01])$", "a slot from `net0` to `net31`")))
    )]
    pub network: Computed<BTreeMap<String, Network>>,
    /// Cloud-init settings that clones inherit. Without it the template has no cloud-init drive.
    pub cloud_init: Option<CloudInit>,
    /// Tags. Compared without regard to case, as the cluster stores them in lower case.
    #[attr(optional, stable, eq = case_insensitive, validate(each(matches(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", "a tag: letters, digits, `_`, `.`, `+` and `-`"))))]
    pub tags: Computed<BTreeSet<String>>,
    /// Tags of the provider's `cost_tags` that the template carries beside `tags`, such as `cost-env.prod`. One whose
    /// fact `tags` states is left out. Null when there are none. Full clones and linked ones inherit them.
    #[attr(stable)]
    pub cost_tags: Computed<Option<BTreeSet<String>>>,
    /// Notes, in Markdown. A stamp is kept below them that the web interface does not show.
    pub description: Option<String>,
    /// How many earlier versions of this name to keep when a new one is built.
    #[attr(default = 0, validate(range(0..=100)))]
    pub retain: u32,
    /// What destroying this resource does to the guest, and a new version to the earlier ones. `delete` for built
    /// templates, `keep` for adopted ones.
    #[attr(optional, stable)]
    pub on_destroy: Computed<OnDestroy>,
    /// Node the template is on now.
    #[attr(stable)]
    pub current_node: Computed<String>,
    /// SMBIOS UUID of the guest: tells the template from another guest that got its VMID.
    #[attr(stable)]
    pub uuid: Computed<String>,
    /// Volume of the disk, `local-zfs:base-9000-disk-0`; null for a guest without a disk.
    #[attr(stable)]
    pub volume_id: Computed<Option<String>>,
    /// Checksum the image was verified with, `sha256:…`; null for adopted guests.
    #[attr(stable)]
    pub image_checksum: Computed<Option<String>>,
    /// Earlier versions that are kept, or cannot be reaped because linked clones use them.
    #[attr(stable)]
    pub previous: Computed<Vec<Previous>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// A cloud image and how it is verified and brought to the node.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct TemplateImage {
    /// Where the image is published: `http://` or `https://`. Images packed with gz, xz, zst or bz2 are
    /// unpacked on the way.
    #[attr(validate(matches(r"^https?://\S+$", "an http:// or https:// URL")))]
    pub url: String,
    /// Checksum of the published file, `sha256:…` or `sha512:…`. Exactly one of `checksum` and `checksum_url`.
    #[attr(eq = case_insensitive, validate(matches(r"^(sha256:[0-9A-Fa-f]{64}|sha512:[0-9A-Fa-f]{128})$", "`sha256:` or `sha512:` and the digest in hexadecimal"), exactly_one_of(checksum_url)))]
    pub checksum: Option<String>,
    /// The publisher's sums file (SHA256SUMS or SHA512SUMS) that names the image. A new sum there is a new image: the plan
    /// shows it.
    #[attr(validate(matches(r"^https?://\S+$", "an http:// or https:// URL")))]
    pub checksum_url: Option<String>,
    /// Storage the image passes through; needs content type `import`. The disk's storage when unset.
    pub storage: Option<String>,
    /// Who downloads: the `node`, or the `provider` which then uploads. The node, unless the image is packed.
    pub transfer: Option<Transfer>,
    /// Whether the image stays on the storage after the template is built. One that does not stay is named
    /// `….build.qcow2` while it is there.
    #[attr(default = false)]
    pub keep: bool,
}

/// Who downloads an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Transfer {
    /// The Proxmox node, by the API's download-url.
    Node,
    /// The machine Terraform runs on, which uploads the image.
    Provider,
}

/// An existing guest to take over.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Adopt {
    /// VMID of the guest. A guest that is no template yet must be stopped; it is turned into one.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
}

/// The disk of a template.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct TemplateDisk {
    /// Storage the disk is kept on; needs content type `images`.
    pub storage: String,
    /// Size such as `32G`, at least the image's. The image's own when unset.
    #[attr(eq = size, validate(matches(r"^[1-9][0-9]*[KMGT]$", "a size such as `32G`")))]
    pub size: Option<String>,
    /// Slot the disk is attached at.
    #[attr(
        default = "scsi0",
        validate(matches(
            r"^(scsi([0-9]|[12][0-9]|30)|virtio([0-9]|1[0-5])|sata[0-5])$",
            "a slot such as `scsi0`, `virtio0` or `sata0`"
        ))
    )]
    pub slot: String,
    /// Format of the disk on storages that keep disks as files: `qcow2` allows linked clones there. The storage's own
    /// choice when unset.
    #[attr(validate(one_of("raw", "qcow2", "vmdk")))]
    pub format: Option<String>,
    /// Whether blocks the guest frees are freed on the storage.
    #[attr(default = true)]
    pub discard: bool,
    /// Whether the disk is shown to the guest as a solid-state disk.
    #[attr(default = false)]
    pub ssd: bool,
}

/// Processors of a template.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Cpu {
    /// Cores per socket.
    #[attr(optional, stable, validate(range(1..=1024)))]
    pub cores: Computed<u32>,
    /// Sockets.
    #[attr(optional, stable, validate(range(1..=4)))]
    pub sockets: Computed<u32>,
    /// Processor type, `x86-64-v2-AES`, `host` …; the cluster's default when null.
    #[attr(optional, stable)]
    pub r#type: Computed<Option<String>>,
}

/// Firmware of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Firmware {
    /// PC BIOS.
    Seabios,
    /// UEFI.
    Ovmf,
}

/// What destroying the resource does to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnDestroy {
    /// The guest is deleted.
    Delete,
    /// The guest stays; Terraform forgets it. Earlier versions stay as well.
    Keep,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Network {
    /// Bridge or SDN vnet.
    pub bridge: String,
    /// Card the guest sees.
    #[attr(default = "virtio", validate(one_of("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3")))]
    pub model: String,
    /// VLAN tag.
    #[attr(validate(range(1..=4094)))]
    pub vlan: Option<u32>,
    /// Whether the guest's firewall filters the interface.
    #[attr(default = false)]
    pub firewall: bool,
}

/// Cloud-init settings.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct CloudInit {
    /// Storage of the cloud-init drive. The disk's storage when unset.
    pub storage: Option<String>,
    /// User to create.
    pub user: Option<String>,
    /// Password of the user. Never stored; sent when the template is built and when `password_version` changes.
    #[attr(validate(required_with(password_version)))]
    pub password: WriteOnly<String>,
    /// Change it to send `password` again.
    pub password_version: Option<u32>,
    /// SSH public keys of the user, one a line as in `authorized_keys`.
    pub ssh_keys: Option<Vec<String>>,
    /// DNS search domain.
    pub search_domain: Option<String>,
    /// DNS servers.
    pub nameservers: Option<Vec<String>>,
    /// Whether packages are upgraded at first boot. The cluster's default when unset.
    pub upgrade: Option<bool>,
}

/// An earlier version of a template that still exists.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Previous {
    /// Its VMID.
    pub vmid: u32,
    /// Its version, where it had one.
    pub version: Option<String>,
    /// Its SMBIOS UUID: tells it from another guest that got its number. Null while it is half made.
    pub uuid: Option<String>,
}
