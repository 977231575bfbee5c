//! Kinds of the chapter `firewall`.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use super::shared::*;

pub(super) static FIREWALL_ALIAS: Kind = Kind {
    name: "proxmox_firewall_alias",
    plural: "proxmox_firewall_aliases",
    label: "firewall alias",
    path: "cluster/firewall/aliases",
    model: "cluster/firewall/aliases",
    subcategory: "Proxmox VE: firewall",
    description: "A name for an address or a network, for rules of the whole cluster.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: Some(2), max: Some(64), format: Format::Plain }, "The name of the alias. The server keeps it in lower case.") },
        Field { presence: Presence::Required, ..field("cidr", Shape::Text { min: None, max: None, format: Format::Plain }, "The address or network that it stands for.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the alias.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Works while rules use it; they then no longer hold."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static FIREWALL_SECURITY_GROUP: Kind = Kind {
    name: "proxmox_firewall_security_group",
    plural: "proxmox_firewall_security_groups",
    label: "security group",
    path: "cluster/firewall/groups",
    model: "cluster/firewall/groups",
    subcategory: "Proxmox VE: firewall",
    description: "Rules under one name, which rules of guests and nodes put in with the type `group`.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("group", Shape::Text { min: Some(2), max: Some(18), format: Format::Plain }, "The name of the group.") },
        Field { nullable: true, ..field("rules", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("action", Shape::Text { min: Some(2), max: Some(20), format: Format::Plain }, "What becomes of the packets: `ACCEPT`, `DROP`, `REJECT`; or the name of the security group.") }, Field { presence: Presence::Required, ..field("type", Shape::Choice { values: &[value("in"), value("out"), value("forward"), value("group")] }, "Whether the rule is about packets that come in, go out or are passed on, or puts in the rules of a security group.") }, Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the rule.") }, Field { nullable: true, ..field("dest", Shape::Text { min: None, max: Some(512), format: Format::Plain }, "Where packets go: an address, a network, a range, several of them with commas between them, an alias, or an IP set as `+name`.") }, Field { nullable: true, ..field("dport", Shape::Text { min: None, max: None, format: Format::Plain }, "The port they go to: a number, a name, a range as `80:85`, or several with commas between them.") }, Field { default: Some(Literal::Bool(false)), ..field("enable", Shape::Bool, "Whether the rule holds. A rule that does not say so does not.") }, Field { wire: "icmp-type", nullable: true, ..field("icmp_type", Shape::Text { min: None, max: None, format: Format::Plain }, "The type of ICMP packets. It goes with the protocols `icmp`, `icmpv6` and `ipv6-icmp`.") }, Field { nullable: true, ..field("iface", Shape::Text { min: Some(2), max: Some(20), format: Format::Plain }, "The network device: of a guest such as `net0`, of a node such as `vmbr0`.") }, Field { nullable: true, ..field("log", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that the rule fits are logged.") }, Field { nullable: true, ..field("macro", Shape::Text { min: None, max: Some(128), format: Format::Plain }, "A ready rule such as `SSH`, `HTTPS` or `Ping`, which stands for protocol and ports.") }, Field { nullable: true, ..field("proto", Shape::Text { min: None, max: None, format: Format::Plain }, "The protocol: a name such as `tcp` or a number.") }, Field { nullable: true, ..field("source", Shape::Text { min: None, max: Some(512), format: Format::Plain }, "Where packets come from, in the forms of `dest`.") }, Field { nullable: true, ..field("sport", Shape::Text { min: None, max: None, format: Format::Plain }, "The port they come from, in the forms of `dport`.") }], ordered: true }, "The rules, in the order in which they are tried; the first that fits counts. All of them are managed: others are removed.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the group.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "group", filter: "group" }], enforced: true },
    ],
    lookup: &["group"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Its rules go with it. Rules that put it in then no longer hold."),
    nature: Nature::named(&["group"], 0),
};

pub(super) static FIREWALL_IPSET: Kind = Kind {
    name: "proxmox_firewall_ipset",
    plural: "proxmox_firewall_ipsets",
    label: "IP set",
    path: "cluster/firewall/ipset",
    model: "cluster/firewall/ipset",
    subcategory: "Proxmox VE: firewall",
    description: "A set of addresses and networks under one name, for rules of the whole cluster. A set called `blacklist` bars what is in it from every guest, `management` lets it in to the nodes.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: Some(2), max: Some(64), format: Format::Plain }, "The name of the set. The server keeps it in lower case.") },
        Field { nullable: true, ..field("entries", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("cidr", Shape::Text { min: None, max: None, format: Format::Plain }, "The address, network, range or alias.") }, Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the entry.") }, Field { nullable: true, ..field("nomatch", Shape::Bool, "Whether what the entry means is taken out of the set.") }], ordered: false }, "The addresses and networks in the set. All of them are managed: others are removed.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the set.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Its entries go with it. Works while rules use it; they then no longer hold."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static FIREWALL_OPTIONS: Kind = Kind {
    name: "proxmox_firewall_options",
    plural: "proxmox_firewall_options_list",
    label: "firewall options",
    path: "cluster/firewall/options",
    model: "cluster/firewall/options",
    subcategory: "Proxmox VE: firewall",
    description: "Options of the cluster's firewall. There is one such object; options that are not set here are left as they are.",
    available: Availability::ALWAYS,
    fields: &[
        Field { nullable: true, ..field("ebtables", Shape::Bool, "Whether rules for layer 2 are set for the whole cluster. Without it, the server takes `true`.") },
        Field { nullable: true, ..field("enable", Shape::Bool, "Whether the firewall works at all, on any node. Make sure that rules let you in before you set it.") },
        Field { nullable: true, ..field("log_ratelimit", Shape::Object { fields: &[Field { presence: Presence::Required, ..field("enable", Shape::Bool, "Whether there is such a limit. Without it, the server takes `true`.") }, Field { nullable: true, ..field("burst", Shape::Integer { min: Some(0), max: None }, "How many packets are logged before the limit holds. Without it, the server takes `5`.") }, Field { nullable: true, ..field("rate", Shape::Text { min: None, max: None, format: Format::Plain }, "How many are logged after that, such as `1/second`.") }] }, "How much is logged at most.") },
        Field { nullable: true, ..field("policy_forward", Shape::Choice { values: &[value("ACCEPT"), value("DROP")] }, "What becomes of packets that are passed on and meet no rule.") },
        Field { nullable: true, ..field("policy_in", Shape::Choice { values: &[value("ACCEPT"), value("REJECT"), value("DROP")] }, "What becomes of packets that come in and meet no rule.") },
        Field { nullable: true, ..field("policy_out", Shape::Choice { values: &[value("ACCEPT"), value("REJECT"), value("DROP")] }, "What becomes of packets that go out and meet no rule.") },
    ],
    keys: &[
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::only("firewall"),
};

pub(super) static FIREWALL_RULES: Kind = Kind {
    name: "proxmox_firewall_rules",
    plural: "proxmox_firewall_rules_list",
    label: "firewall rules",
    path: "cluster/firewall/rules",
    model: "cluster/firewall/rules",
    subcategory: "Proxmox VE: firewall",
    description: "The rules of the cluster's firewall, which hold on every node. There is one such list.",
    available: Availability::ALWAYS,
    fields: &[
        RULES_FIELD,
    ],
    keys: &[
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::only("rules"),
};

pub(super) static VNET_FIREWALL_OPTIONS: Kind = Kind {
    name: "proxmox_vnet_firewall_options",
    plural: "proxmox_vnet_firewall_options_list",
    label: "VNet firewall options",
    path: "cluster/sdn/vnets/firewall/options",
    model: "cluster/sdn/vnets/firewall/options",
    subcategory: "Proxmox VE: firewall",
    description: "Options of the firewall of a VNet. Options that are not set here are left as they are.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("vnet", Shape::Text { min: None, max: None, format: Format::Plain }, "The VNet.") },
        Field { nullable: true, ..field("enable", Shape::Bool, "Whether the VNet's rules hold. They need nftables. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("log_level_forward", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that are passed on and meet no rule are logged.") },
        Field { nullable: true, ..field("policy_forward", Shape::Choice { values: &[value("ACCEPT"), value("DROP")] }, "What becomes of packets that are passed on and meet no rule.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vnet", filter: "vnet" }], enforced: true },
    ],
    lookup: &["vnet"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::standing(&["vnet"]),
};

pub(super) static VNET_FIREWALL_RULES: Kind = Kind {
    name: "proxmox_vnet_firewall_rules",
    plural: "proxmox_vnet_firewall_rules_list",
    label: "VNet firewall rules",
    path: "cluster/sdn/vnets/firewall/rules",
    model: "cluster/sdn/vnets/firewall/rules",
    subcategory: "Proxmox VE: firewall",
    description: "The rules of a VNet's firewall, which are about packets that are passed on.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("vnet", Shape::Text { min: None, max: None, format: Format::Plain }, "The VNet.") },
        RULES_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vnet", filter: "vnet" }], enforced: true },
    ],
    lookup: &["vnet"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::standing(&["vnet"]),
};

pub(super) static GUEST_FIREWALL_ALIAS: Kind = Kind {
    name: "proxmox_guest_firewall_alias",
    plural: "proxmox_guest_firewall_aliases",
    label: "guest firewall alias",
    path: "guests/firewall/aliases",
    model: "guests/firewall/aliases",
    subcategory: "Proxmox VE: firewall",
    description: "A name for an address or a network, for rules of one virtual machine or container.",
    available: Availability::ALWAYS,
    fields: &[
        VMID_FIELD,
        Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: Some(2), max: Some(64), format: Format::Plain }, "The name of the alias. The server keeps it in lower case.") },
        Field { presence: Presence::Required, ..field("cidr", Shape::Text { min: None, max: None, format: Format::Plain }, "The address or network that it stands for.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the alias.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vmid", filter: "vmid" }, KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Works while rules use it; they then no longer hold."),
    nature: Nature::named(&["vmid", "name"], 1),
};

pub(super) static GUEST_FIREWALL_IPSET: Kind = Kind {
    name: "proxmox_guest_firewall_ipset",
    plural: "proxmox_guest_firewall_ipsets",
    label: "guest IP set",
    path: "guests/firewall/ipset",
    model: "guests/firewall/ipset",
    subcategory: "Proxmox VE: firewall",
    description: "A set of addresses and networks under one name, for rules of one virtual machine or container. A set called `ipfilter-net<n>` names the addresses that a network device may use.",
    available: Availability::ALWAYS,
    fields: &[
        VMID_FIELD,
        Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: Some(2), max: Some(64), format: Format::Plain }, "The name of the set. The server keeps it in lower case.") },
        Field { nullable: true, ..field("entries", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("cidr", Shape::Text { min: None, max: None, format: Format::Plain }, "The address, network, range or alias.") }, Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the entry.") }, Field { nullable: true, ..field("nomatch", Shape::Bool, "Whether what the entry means is taken out of the set.") }], ordered: false }, "The addresses and networks in the set. All of them are managed: others are removed.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the set.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vmid", filter: "vmid" }, KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Its entries go with it. Works while rules use it; they then no longer hold."),
    nature: Nature::named(&["vmid", "name"], 1),
};

pub(super) static GUEST_FIREWALL_OPTIONS: Kind = Kind {
    name: "proxmox_guest_firewall_options",
    plural: "proxmox_guest_firewall_options_list",
    label: "guest firewall options",
    path: "guests/firewall/options",
    model: "guests/firewall/options",
    subcategory: "Proxmox VE: firewall",
    description: "Options of the firewall of a virtual machine or container. Options that are not set here are left as they are. The firewall works on network devices that have it switched on.",
    available: Availability::ALWAYS,
    fields: &[
        VMID_FIELD,
        Field { nullable: true, ..field("dhcp", Shape::Bool, "Whether DHCP is let through. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("enable", Shape::Bool, "Whether the guest's rules hold. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("ipfilter", Shape::Bool, "Whether each network device may use only the addresses that are configured for it or are in its set `ipfilter-net<n>`.") },
        Field { nullable: true, ..field("log_level_in", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that come in and meet no rule are logged.") },
        Field { nullable: true, ..field("log_level_out", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that go out and meet no rule are logged.") },
        Field { nullable: true, ..field("macfilter", Shape::Bool, "Whether each network device may use only its own MAC address. Without it, the server takes `true`.") },
        Field { nullable: true, ..field("ndp", Shape::Bool, "Whether neighbour discovery of IPv6 is let through. Without it, servers since 9.0 let it through and older ones do not.") },
        Field { nullable: true, ..field("policy_in", Shape::Choice { values: &[value("ACCEPT"), value("REJECT"), value("DROP")] }, "What becomes of packets that come in and meet no rule.") },
        Field { nullable: true, ..field("policy_out", Shape::Choice { values: &[value("ACCEPT"), value("REJECT"), value("DROP")] }, "What becomes of packets that go out and meet no rule.") },
        Field { nullable: true, ..field("radv", Shape::Bool, "Whether the guest may send router advertisements.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vmid", filter: "vmid" }], enforced: true },
    ],
    lookup: &["vmid"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::standing(&["vmid"]),
};

pub(super) static GUEST_FIREWALL_RULES: Kind = Kind {
    name: "proxmox_guest_firewall_rules",
    plural: "proxmox_guest_firewall_rules_list",
    label: "guest firewall rules",
    path: "guests/firewall/rules",
    model: "guests/firewall/rules",
    subcategory: "Proxmox VE: firewall",
    description: "The rules of the firewall of a virtual machine or container.",
    available: Availability::ALWAYS,
    fields: &[
        VMID_FIELD,
        RULES_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vmid", filter: "vmid" }], enforced: true },
    ],
    lookup: &["vmid"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::standing(&["vmid"]),
};

pub(super) static NODE_FIREWALL_OPTIONS: Kind = Kind {
    name: "proxmox_node_firewall_options",
    plural: "proxmox_node_firewall_options_list",
    label: "node firewall options",
    path: "nodes/firewall/options",
    model: "nodes/firewall/options",
    subcategory: "Proxmox VE: firewall",
    description: "Options of a node's firewall. Options that are not set here are left as they are.",
    available: Availability::ALWAYS,
    fields: &[
        NODE_FIELD,
        Field { nullable: true, ..field("enable", Shape::Bool, "Whether the node's own rules hold. Without it, the server takes `true`.") },
        Field { nullable: true, ..field("log_level_forward", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that are passed on and meet no rule are logged.") },
        Field { nullable: true, ..field("log_level_in", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that come in and meet no rule are logged.") },
        Field { nullable: true, ..field("log_level_out", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets that go out and meet no rule are logged.") },
        Field { nullable: true, ..field("log_nf_conntrack", Shape::Bool, "Whether connections are logged. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("ndp", Shape::Bool, "Whether neighbour discovery of IPv6 is let through. Without it, servers since 9.0 let it through and older ones do not.") },
        Field { nullable: true, ..field("nf_conntrack_allow_invalid", Shape::Bool, "Whether packets that belong to no known connection are let through. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("nf_conntrack_helpers", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Helpers for protocols that open further connections: `amanda`, `ftp`, `irc`, `netbios-ns`, `pptp`, `sane`, `sip`, `snmp`, `tftp`.") },
        Field { nullable: true, ..field("nf_conntrack_max", Shape::Integer { min: Some(32768), max: None }, "How many connections are followed at most. Without it, the server takes `262144`.") },
        Field { nullable: true, ..field("nf_conntrack_tcp_timeout_established", Shape::Integer { min: Some(7875), max: None }, "For how long an idle TCP connection is followed, in seconds. Without it, the server takes `432000`.") },
        Field { nullable: true, ..field("nf_conntrack_tcp_timeout_syn_recv", Shape::Integer { min: Some(30), max: Some(60) }, "For how long a TCP connection that is being opened is followed, in seconds. Without it, the server takes `60`.") },
        Field { nullable: true, ..field("nftables", Shape::Bool, "Whether the firewall is built on nftables. It is a preview on servers of 8. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("nosmurfs", Shape::Bool, "Whether packets from broadcast addresses are dropped.") },
        Field { nullable: true, ..field("protection_synflood", Shape::Bool, "Whether the node is protected from floods of new TCP connections. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("protection_synflood_burst", Shape::Integer { min: None, max: None }, "How many new connections of one address pass before the limit holds. Without it, the server takes `1000`.") },
        Field { nullable: true, ..field("protection_synflood_rate", Shape::Integer { min: None, max: None }, "How many new connections of one address a second pass after that. Without it, the server takes `200`.") },
        Field { nullable: true, ..field("smurf_log_level", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets from broadcast addresses are logged.") },
        Field { nullable: true, ..field("tcp_flags_log_level", Shape::Choice { values: LOG_LEVEL_FORWARD_VALUES }, "How packets with illegal TCP flags are logged.") },
        Field { nullable: true, ..field("tcpflags", Shape::Bool, "Whether packets with illegal TCP flags are dropped. Without it, the server takes `false`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "node", filter: "node" }], enforced: true },
    ],
    lookup: &["node"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::standing(&["node"]),
};

pub(super) static NODE_FIREWALL_RULES: Kind = Kind {
    name: "proxmox_node_firewall_rules",
    plural: "proxmox_node_firewall_rules_list",
    label: "node firewall rules",
    path: "nodes/firewall/rules",
    model: "nodes/firewall/rules",
    subcategory: "Proxmox VE: firewall",
    description: "The rules of a node's firewall.",
    available: Availability::ALWAYS,
    fields: &[
        NODE_FIELD,
        RULES_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "node", filter: "node" }], enforced: true },
    ],
    lookup: &["node"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::standing(&["node"]),
};
