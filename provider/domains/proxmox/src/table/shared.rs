//! What many kinds share.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

pub(super) use catalogue::description::{
    Allocator, AllocatorParent, Availability, Choice, Field, Filter, FilterSuffixes, Format, Key, KeyPart, Kind, Literal,
    Nature, PairElement, Presence, Setter, Shape, TargetChoice, Version,
};

/// An optional field that is there in every release.
pub(super) const fn field(name: &'static str, shape: Shape, description: &'static str) -> Field {
    Field {
        name,
        wire: name,
        shape,
        presence: Presence::Optional,
        nullable: false,
        default: None,
        replace: false,
        secret: false,
        unread: false,
        available: Availability::ALWAYS,
        description,
    }
}

/// A filter that is there in every release.
pub(super) const fn filter(name: &'static str, suffixes: u32) -> Filter {
    Filter { name, suffixes: FilterSuffixes(suffixes), available: Availability::ALWAYS }
}

/// A value that is there in every release.
pub(super) const fn value(value: &'static str) -> Choice {
    Choice { value, available: Availability::ALWAYS }
}

/// A kind that may be pointed to in every release.
pub(super) const fn target(name: &'static str, model: &'static str, kind: &'static str) -> TargetChoice {
    TargetChoice { name, model, kind, available: Availability::ALWAYS }
}

pub(super) const BOND_MODE_VALUES: &[Choice] = &[value("balance-rr"), value("active-backup"), value("balance-xor"), value("broadcast"), value("802.3ad"), value("balance-tlb"), value("balance-alb"), value("balance-slb"), value("lacp-balance-slb"), value("lacp-balance-tcp")];

pub(super) const CONTENT_VALUES: &[Choice] = &[value("images"), value("rootdir"), value("vztmpl"), value("iso"), value("backup"), value("snippets"), value("import"), value("none")];

pub(super) const FORMAT_VALUES: &[Choice] = &[value("raw"), value("qcow2"), value("subvol"), value("vmdk")];

pub(super) const LOG_LEVEL_FORWARD_VALUES: &[Choice] = &[value("emerg"), value("alert"), value("crit"), value("err"), value("warning"), value("notice"), value("info"), value("debug"), value("nolog")];

pub(super) const PREALLOCATION_VALUES: &[Choice] = &[value("off"), value("metadata"), value("falloc"), value("full")];

pub(super) const SSLVERSION_VALUES: &[Choice] = &[value("tlsv1"), value("tlsv1_1"), value("tlsv1_2"), value("tlsv1_3")];

pub(super) const AUTOSTART_FIELD: Field = Field { default: Some(Literal::Bool(false)), ..field("autostart", Shape::Bool, "Whether it is brought up when the node starts.") };

pub(super) const BWLIMIT_FIELD: Field = Field { nullable: true, ..field("bwlimit", Shape::Object { fields: &[Field { nullable: true, ..field("clone", Shape::Decimal { min: Some("0"), max: None, places: None }, "For cloning disks.") }, Field { nullable: true, ..field("default", Shape::Decimal { min: Some("0"), max: None, places: None }, "For what is not named here.") }, Field { nullable: true, ..field("migration", Shape::Decimal { min: Some("0"), max: None, places: None }, "For migrating guests.") }, Field { nullable: true, ..field("move", Shape::Decimal { min: Some("0"), max: None, places: None }, "For moving disks.") }, Field { nullable: true, ..field("restore", Shape::Decimal { min: Some("0"), max: None, places: None }, "For restoring guests from backups.") }] }, "The bandwidth that operations on the storage may use at most, in KiB a second.") };

pub(super) const CIDR6_FIELD: Field = Field { nullable: true, ..field("cidr6", Shape::Text { min: None, max: None, format: Format::Plain }, "The IPv6 address with its mask.") };

pub(super) const CIDR_FIELD: Field = Field { nullable: true, ..field("cidr", Shape::Text { min: None, max: None, format: Format::Plain }, "The IPv4 address with its mask, such as `10.0.0.2/24`.") };

pub(super) const COMMENTS6_FIELD: Field = Field { nullable: true, ..field("comments6", Shape::Text { min: None, max: None, format: Format::Plain }, "A text about its IPv6 part.") };

pub(super) const COMMENTS_FIELD: Field = Field { nullable: true, ..field("comments", Shape::Text { min: None, max: None, format: Format::Plain }, "A text about the device.") };

pub(super) const CONTENT_DIRS_FIELD: Field = Field { wire: "content-dirs", nullable: true, ..field("content_dirs", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Directories other than the usual ones, each as `content=path` such as `iso=/images`.") };

pub(super) const CONTENT_FIELD: Field = Field { presence: Presence::OptionalComputed(&[]), nullable: true, ..field("content", Shape::Texts { ordered: false, values: CONTENT_VALUES, format: Format::Plain }, "What may be stored there: disks of virtual machines (`images`) and of containers (`rootdir`), container templates (`vztmpl`), installation images (`iso`), backups (`backup`), snippets (`snippets`), images to be imported (`import`). Without it, the server takes what is usual for the type.") };

pub(super) const CONTROLLER_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("controller", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the controller.") };

pub(super) const CREATE_BASE_PATH_FIELD: Field = Field { wire: "create-base-path", nullable: true, ..field("create_base_path", Shape::Bool, "Whether the directory itself is made where it is missing. Without it, the server takes `true`.") };

pub(super) const CREATE_SUBDIRS_FIELD: Field = Field { wire: "create-subdirs", nullable: true, ..field("create_subdirs", Shape::Bool, "Whether the directories for the contents are made where they are missing. Without it, the server takes `true`.") };

pub(super) const DEFAULT_FIELD: Field = Field { nullable: true, ..field("default", Shape::Bool, "Whether the login dialogue proposes this realm. Setting it takes it from the realm that had it.") };

pub(super) const DESCRIPTION_FIELD: Field = Field { nullable: true, ..field("description", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A text about the mapping.") };

pub(super) const DNSZONE_FIELD: Field = Field { nullable: true, ..field("dnszone", Shape::Text { min: None, max: None, format: Format::Plain }, "The domain in which they are entered.") };

pub(super) const DNS_FIELD: Field = Field { nullable: true, ..field("dns", Shape::Text { min: None, max: None, format: Format::Plain }, "The DNS in which guests of the zone are entered.") };

pub(super) const FINGERPRINT_FIELD: Field = Field { nullable: true, ..field("fingerprint", Shape::Text { min: None, max: None, format: Format::Plain }, "The SHA-256 fingerprint of the server's certificate, as pairs of hexadecimal digits with colons between them. Needed where no known authority has signed the certificate.") };

pub(super) const FORMAT_FIELD: Field = Field { nullable: true, ..field("format", Shape::Choice { values: FORMAT_VALUES }, "The format of disks that are not told another one.") };

pub(super) const GATEWAY6_FIELD: Field = Field { nullable: true, ..field("gateway6", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The IPv6 address of the default gateway.") };

pub(super) const GATEWAY_FIELD: Field = Field { nullable: true, ..field("gateway", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The IPv4 address of the default gateway.") };

pub(super) const IPAM_FIELD_1: Field = Field { nullable: true, ..field("ipam", Shape::Text { min: None, max: None, format: Format::Plain }, "The IPAM that gives addresses to guests of the zone, such as `pve`.") };

pub(super) const IPAM_FIELD_2: Field = Field { presence: Presence::Required, replace: true, ..field("ipam", Shape::Text { min: None, max: None, format: Format::Plain }, "The name under which zones refer to it.") };

pub(super) const MAX_PROTECTED_BACKUPS_FIELD: Field = Field { wire: "max-protected-backups", nullable: true, ..field("max_protected_backups", Shape::Integer { min: Some(-1), max: None }, "How many backups of a guest may be protected; `-1` for any number. Without it, `5`, and any number for those who may change the storage.") };

pub(super) const MKDIR_FIELD: Field = Field { nullable: true, ..field("mkdir", Shape::Bool, "Whether directories are made where they are missing. Newer servers have `create_base_path` and `create_subdirs` instead. Without it, the server takes `true`.") };

pub(super) const MTU_FIELD_1: Field = Field { nullable: true, ..field("mtu", Shape::Integer { min: None, max: None }, "The largest packet, in bytes.") };

pub(super) const MTU_FIELD_2: Field = Field { nullable: true, ..field("mtu", Shape::Integer { min: Some(1280), max: Some(65520) }, "The largest packet, in bytes.") };

pub(super) const NAME_FIELD_1: Field = Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the target, by which matchers refer to it.") };

pub(super) const NAME_FIELD_2: Field = Field { wire: "id", presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the mapping, by which guests refer to it.") };

pub(super) const NAME_FIELD_3: Field = Field { wire: "id", presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the metric server.") };

pub(super) const NODES_FIELD_1: Field = Field { nullable: true, ..field("nodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes that have the storage. Without it, all have it.") };

pub(super) const NODES_FIELD_2: Field = Field { nullable: true, ..field("nodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes that have the zone. Without it, all have it.") };

pub(super) const NODE_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("node", Shape::Text { min: None, max: None, format: Format::Plain }, "The node.") };

pub(super) const OPTIONS_FIELD: Field = Field { nullable: true, ..field("options", Shape::Text { min: None, max: None, format: Format::Plain }, "Options of the mount, as `mount` takes them, with commas between them.") };

pub(super) const OVS_BRIDGE_FIELD: Field = Field { presence: Presence::Required, ..field("ovs_bridge", Shape::Text { min: None, max: None, format: Format::Plain }, "The Open vSwitch bridge that it is part of.") };

pub(super) const OVS_OPTIONS_FIELD: Field = Field { nullable: true, ..field("ovs_options", Shape::Text { min: None, max: Some(1024), format: Format::Plain }, "Options that Open vSwitch is given.") };

pub(super) const OVS_TAG_FIELD: Field = Field { nullable: true, ..field("ovs_tag", Shape::Integer { min: Some(1), max: Some(4094) }, "The VLAN of untagged packets.") };

pub(super) const PASSWORD_FIELD: Field = Field { nullable: true, secret: true, ..field("password", Shape::Text { min: None, max: Some(256), format: Format::Plain }, "The password that belongs to `username`.") };

pub(super) const PATH_FIELD: Field = Field { presence: Presence::OptionalComputed(&[]), nullable: true, replace: true, ..field("path", Shape::Text { min: None, max: None, format: Format::Plain }, "Where it is mounted. Without it, at `/mnt/pve/<storage>`.") };

pub(super) const PORTAL_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("portal", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the iSCSI portal, perhaps with its port.") };

pub(super) const PORT_FIELD: Field = Field { presence: Presence::Required, ..field("port", Shape::Integer { min: Some(1), max: Some(65536) }, "The port of the server.") };

pub(super) const PREALLOCATION_FIELD: Field = Field { nullable: true, ..field("preallocation", Shape::Choice { values: PREALLOCATION_VALUES }, "How much of an image file is set aside when it is made. Without it, the server takes `metadata`.") };

pub(super) const PRUNE_BACKUPS_FIELD: Field = Field { wire: "prune-backups", nullable: true, ..field("prune_backups", Shape::Object { fields: &[Field { wire: "keep-all", nullable: true, ..field("keep_all", Shape::Bool, "Whether all backups are kept. It cannot stand beside the others.") }, Field { wire: "keep-daily", nullable: true, ..field("keep_daily", Shape::Integer { min: Some(0), max: None }, "For how many days the last backup of the day is kept.") }, Field { wire: "keep-hourly", nullable: true, ..field("keep_hourly", Shape::Integer { min: Some(0), max: None }, "For how many hours the last backup of the hour is kept.") }, Field { wire: "keep-last", nullable: true, ..field("keep_last", Shape::Integer { min: Some(0), max: None }, "How many of the last backups are kept.") }, Field { wire: "keep-monthly", nullable: true, ..field("keep_monthly", Shape::Integer { min: Some(0), max: None }, "For how many months the last backup of the month is kept.") }, Field { wire: "keep-weekly", nullable: true, ..field("keep_weekly", Shape::Integer { min: Some(0), max: None }, "For how many weeks the last backup of the week is kept.") }, Field { wire: "keep-yearly", nullable: true, ..field("keep_yearly", Shape::Integer { min: Some(0), max: None }, "For how many years the last backup of the year is kept.") }] }, "Which backups are kept. Without it, all are.") };

pub(super) const REALM_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("realm", Shape::Text { min: None, max: Some(32), format: Format::Plain }, "The name of the realm, which stands after the `@` in the names of its users.") };

pub(super) const REVERSEDNS_FIELD: Field = Field { nullable: true, ..field("reversedns", Shape::Text { min: None, max: None, format: Format::Plain }, "The DNS in which addresses of the zone are entered.") };

pub(super) const RULES_FIELD: Field = Field { presence: Presence::Required, ..field("rules", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("action", Shape::Text { min: Some(2), max: Some(20), format: Format::Plain }, "What becomes of the packets: `ACCEPT`, `DROP`, `REJECT`; or the name of the security group.") }, Field { presence: Presence::Required, ..field("type", Shape::Choice { values: &[value("in"), value("out"), value("forward"), value("group")] }, "Whether the rule is about packets that come in, go out or are passed on, or puts in the rules of a security group.") }, Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the rule.") }, Field { nullable: true, ..field("dest", Shape::Text { min: None, max: Some(512), format: Format::Plain }, "Where packets go: an address, a network, a range, several of them with commas between them, an alias, or an IP set as `+name`.") }, Field { nullable: true, ..field("dport", Shape::Text { min: None, max: None, format: Format::Plain }, "The port they go to: a number, a name, a range as `80:85`, or several with commas between them.") }, Field { default: Some(Literal::Bool(false)), ..field("enable", Shape::Bool, "Whether the rule holds. A rule that does not say so does not.") }, Field { wire: "icmp-type", nullable: true, ..field("icmp_type", Shape::Text { min: None, max: None, format: Format::Plain }, "The type of ICMP packets. It goes with the protocols `icmp`, `icmpv6` and `ipv6-icmp`.") }, Field { nullable: true, ..field("iface", Shape::Text { min: Some(2), max: Some(20), format: Format::Plain }, "The network device: of a guest such as `net0`, of a node such as `vmbr0`.") }, Field { nullable: true, ..field("log", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that the rule fits are logged.") }, Field { nullable: true, ..field("macro", Shape::Text { min: None, max: Some(128), format: Format::Plain }, "A ready rule such as `SSH`, `HTTPS` or `Ping`, which stands for protocol and ports.") }, Field { nullable: true, ..field("proto", Shape::Text { min: None, max: None, format: Format::Plain }, "The protocol: a name such as `tcp` or a number.") }, Field { nullable: true, ..field("source", Shape::Text { min: None, max: Some(512), format: Format::Plain }, "Where packets come from, in the forms of `dest`.") }, Field { nullable: true, ..field("sport", Shape::Text { min: None, max: None, format: Format::Plain }, "The port they come from, in the forms of `dport`.") }], ordered: true }, "The rules, in the order in which they are tried; the first that fits counts. All of them are managed: others are removed.") };

pub(super) const SERVER_FIELD_1: Field = Field { presence: Presence::Required, ..field("server", Shape::Text { min: None, max: None, format: Format::Plain }, "The name or address of the server.") };

pub(super) const SERVER_FIELD_2: Field = Field { presence: Presence::Required, replace: true, ..field("server", Shape::Text { min: None, max: None, format: Format::Plain }, "The name or address of the server.") };

pub(super) const SHARED_FIELD: Field = Field { nullable: true, ..field("shared", Shape::Bool, "Whether all nodes see the same contents there. The server believes it; it makes nothing shared.") };

pub(super) const SNAPSHOT_AS_VOLUME_CHAIN_FIELD: Field = Field { wire: "snapshot-as-volume-chain", nullable: true, replace: true, available: Availability::since(9, 0), ..field("snapshot_as_volume_chain", Shape::Bool, "Whether snapshots of disks are volumes of their own that build on each other. It is a preview.") };

pub(super) const STORAGE_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("storage", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the storage.") };

pub(super) const TARGET_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("target", Shape::Text { min: None, max: None, format: Format::Plain }, "The iSCSI target.") };

pub(super) const VMID_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("vmid", Shape::Integer { min: Some(100), max: Some(999999999) }, "The number of the virtual machine or container.") };

pub(super) const ZONE_FIELD: Field = Field { presence: Presence::Required, replace: true, ..field("zone", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the zone: at most 8 letters and digits.") };
