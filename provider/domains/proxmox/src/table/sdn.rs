//! Kinds of the chapter `sdn`.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use super::shared::*;

pub(super) static SDN_CONTROLLER_BGP: Kind = Kind {
    name: "proxmox_sdn_controller_bgp",
    plural: "proxmox_sdn_controllers_bgp",
    label: "BGP controller",
    path: "cluster/sdn/controllers/bgp",
    model: "cluster/sdn/controllers/bgp",
    subcategory: "Proxmox VE: SDN",
    description: "A controller of one node, which speaks BGP with routers outside.",
    available: Availability::ALWAYS,
    fields: &[
        CONTROLLER_FIELD,
        Field { presence: Presence::Required, ..field("asn", Shape::Integer { min: Some(0), max: Some(4294967295) }, "The AS number.") },
        Field { presence: Presence::Required, ..field("node", Shape::Text { min: None, max: None, format: Format::Plain }, "The node that it is about.") },
        Field { presence: Presence::Required, ..field("peers", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The addresses of the peers.") },
        Field { wire: "bgp-multipath-as-path-relax", nullable: true, ..field("bgp_multipath_as_path_relax", Shape::Bool, "Whether routes of one length through different neighbours are used together.") },
        Field { nullable: true, ..field("ebgp", Shape::Bool, "Whether the peers are of other autonomous systems.") },
        Field { wire: "ebgp-multihop", nullable: true, ..field("ebgp_multihop", Shape::Integer { min: Some(1), max: Some(255) }, "How many hops away such peers may be.") },
        Field { nullable: true, ..field("loopback", Shape::Text { min: None, max: None, format: Format::Plain }, "The network device whose address the node's routes come from.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "controller", filter: "controller" }], enforced: true },
    ],
    lookup: &["controller"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["controller"], 0),
};

pub(super) static SDN_CONTROLLER_EVPN: Kind = Kind {
    name: "proxmox_sdn_controller_evpn",
    plural: "proxmox_sdn_controllers_evpn",
    label: "EVPN controller",
    path: "cluster/sdn/controllers/evpn",
    model: "cluster/sdn/controllers/evpn",
    subcategory: "Proxmox VE: SDN",
    description: "A controller of EVPN zones: the nodes speak BGP with each other and with route reflectors.",
    available: Availability::ALWAYS,
    fields: &[
        CONTROLLER_FIELD,
        Field { presence: Presence::Required, ..field("asn", Shape::Integer { min: Some(0), max: Some(4294967295) }, "The AS number.") },
        Field { nullable: true, available: Availability::since(9, 0), ..field("fabric", Shape::Text { min: None, max: None, format: Format::Plain }, "The fabric over which the nodes speak with each other, instead of `peers`.") },
        Field { nullable: true, ..field("peers", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The addresses of the peers.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "controller", filter: "controller" }], enforced: true },
    ],
    lookup: &["controller"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["controller"], 0),
};

pub(super) static SDN_CONTROLLER_ISIS: Kind = Kind {
    name: "proxmox_sdn_controller_isis",
    plural: "proxmox_sdn_controllers_isis",
    label: "IS-IS controller",
    path: "cluster/sdn/controllers/isis",
    model: "cluster/sdn/controllers/isis",
    subcategory: "Proxmox VE: SDN",
    description: "A controller of one node, which speaks IS-IS with its neighbours.",
    available: Availability::ALWAYS,
    fields: &[
        CONTROLLER_FIELD,
        Field { wire: "isis-domain", presence: Presence::Required, ..field("isis_domain", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the domain.") },
        Field { wire: "isis-ifaces", presence: Presence::Required, ..field("isis_ifaces", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The network devices on which it is spoken.") },
        Field { wire: "isis-net", presence: Presence::Required, ..field("isis_net", Shape::Text { min: None, max: None, format: Format::Plain }, "The network entity title of the node, such as `49.0001.1921.6800.1002.00`.") },
        Field { presence: Presence::Required, ..field("node", Shape::Text { min: None, max: None, format: Format::Plain }, "The node that it is about.") },
        Field { nullable: true, ..field("loopback", Shape::Text { min: None, max: None, format: Format::Plain }, "The network device whose address the node's routes come from.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "controller", filter: "controller" }], enforced: true },
    ],
    lookup: &["controller"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["controller"], 0),
};

pub(super) static SDN_DNS_POWERDNS: Kind = Kind {
    name: "proxmox_sdn_dns_powerdns",
    plural: "proxmox_sdn_dns_powerdns_list",
    label: "PowerDNS",
    path: "cluster/sdn/dns/powerdns",
    model: "cluster/sdn/dns/powerdns",
    subcategory: "Proxmox VE: SDN",
    description: "A PowerDNS server in which guests are entered.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("dns", Shape::Text { min: None, max: None, format: Format::Plain }, "The name under which zones refer to it.") },
        Field { presence: Presence::Required, secret: true, ..field("key", Shape::Text { min: None, max: None, format: Format::Plain }, "The key of the API.") },
        Field { presence: Presence::Required, ..field("url", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the API, such as `https://dns.example.com:8081/api/v1/servers/localhost`.") },
        FINGERPRINT_FIELD,
        Field { nullable: true, ..field("reversemaskv6", Shape::Integer { min: Some(1), max: Some(128) }, "The length of the prefixes that IPv6 zones for addresses have.") },
        Field { nullable: true, ..field("ttl", Shape::Integer { min: Some(1), max: None }, "For how long records may be kept elsewhere, in seconds.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "dns", filter: "dns" }], enforced: true },
    ],
    lookup: &["dns"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["dns"], 0),
};

pub(super) static SDN_FABRIC_OPENFABRIC: Kind = Kind {
    name: "proxmox_sdn_fabric_openfabric",
    plural: "proxmox_sdn_fabrics_openfabric",
    label: "OpenFabric fabric",
    path: "cluster/sdn/fabrics/fabric/openfabric",
    model: "cluster/sdn/fabrics/fabric/openfabric",
    subcategory: "Proxmox VE: SDN",
    description: "A network between the nodes that finds its routes by OpenFabric. It carries zones or Ceph.",
    available: Availability::since(9, 0),
    fields: &[
        Field { wire: "id", presence: Presence::Required, replace: true, ..field("fabric", Shape::Text { min: None, max: Some(8), format: Format::Plain }, "The name of the fabric: at most 8 letters and digits.") },
        Field { nullable: true, ..field("csnp_interval", Shape::Integer { min: Some(1), max: Some(600) }, "How often nodes tell each other what they know, in seconds.") },
        Field { nullable: true, ..field("hello_interval", Shape::Integer { min: Some(1), max: Some(600) }, "How often nodes greet their neighbours, in seconds.") },
        Field { nullable: true, ..field("ip6_prefix", Shape::Text { min: None, max: None, format: Format::Plain }, "The network that IPv6 addresses of the nodes are in.") },
        Field { nullable: true, ..field("ip_prefix", Shape::Text { min: None, max: None, format: Format::Plain }, "The network that IPv4 addresses of the nodes are in.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "fabric", filter: "id" }], enforced: true },
    ],
    lookup: &["fabric"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while nodes are in it."),
    nature: Nature::named(&["fabric"], 0),
};

pub(super) static SDN_FABRIC_OSPF: Kind = Kind {
    name: "proxmox_sdn_fabric_ospf",
    plural: "proxmox_sdn_fabrics_ospf",
    label: "OSPF fabric",
    path: "cluster/sdn/fabrics/fabric/ospf",
    model: "cluster/sdn/fabrics/fabric/ospf",
    subcategory: "Proxmox VE: SDN",
    description: "A network between the nodes that finds its routes by OSPF. It carries zones or Ceph.",
    available: Availability::since(9, 0),
    fields: &[
        Field { wire: "id", presence: Presence::Required, replace: true, ..field("fabric", Shape::Text { min: None, max: Some(8), format: Format::Plain }, "The name of the fabric: at most 8 letters and digits.") },
        Field { presence: Presence::Required, ..field("area", Shape::Text { min: None, max: None, format: Format::Plain }, "The OSPF area: a number, or written like an IPv4 address.") },
        Field { nullable: true, ..field("ip_prefix", Shape::Text { min: None, max: None, format: Format::Plain }, "The network that IPv4 addresses of the nodes are in.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "fabric", filter: "id" }], enforced: true },
    ],
    lookup: &["fabric"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while nodes are in it."),
    nature: Nature::named(&["fabric"], 0),
};

pub(super) static SDN_FABRIC_NODE_OPENFABRIC: Kind = Kind {
    name: "proxmox_sdn_fabric_node_openfabric",
    plural: "proxmox_sdn_fabric_nodes_openfabric",
    label: "node of an OpenFabric fabric",
    path: "cluster/sdn/fabrics/node/openfabric",
    model: "cluster/sdn/fabrics/node/openfabric",
    subcategory: "Proxmox VE: SDN",
    description: "Makes a node part of an OpenFabric fabric.",
    available: Availability::since(9, 0),
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("fabric_id", Shape::Text { min: None, max: None, format: Format::Plain }, "The fabric.") },
        Field { presence: Presence::Required, replace: true, ..field("node_id", Shape::Text { min: None, max: None, format: Format::Plain }, "The node.") },
        Field { nullable: true, ..field("interfaces", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The network device.") }, Field { nullable: true, ..field("hello_multiplier", Shape::Integer { min: Some(2), max: Some(100) }, "After how many missed greetings a neighbour counts as gone.") }, Field { nullable: true, ..field("ip", Shape::Text { min: None, max: None, format: Format::Plain }, "Its IPv4 address with the mask. Without it, the device needs none.") }, Field { nullable: true, ..field("ip6", Shape::Text { min: None, max: None, format: Format::Plain }, "Its IPv6 address with the mask. Without it, the device needs none.") }], ordered: false }, "The network devices through which the node reaches its neighbours.") },
        Field { nullable: true, ..field("ip", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The IPv4 address of the node in the fabric.") },
        Field { nullable: true, ..field("ip6", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The IPv6 address of the node in the fabric.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "fabric_id", filter: "fabric_id" }, KeyPart { field: "node_id", filter: "node_id" }], enforced: true },
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("The node leaves the fabric once the change is applied."),
    nature: Nature::named(&["fabric_id", "node_id"], 1),
};

pub(super) static SDN_FABRIC_NODE_OSPF: Kind = Kind {
    name: "proxmox_sdn_fabric_node_ospf",
    plural: "proxmox_sdn_fabric_nodes_ospf",
    label: "node of an OSPF fabric",
    path: "cluster/sdn/fabrics/node/ospf",
    model: "cluster/sdn/fabrics/node/ospf",
    subcategory: "Proxmox VE: SDN",
    description: "Makes a node part of an OSPF fabric.",
    available: Availability::since(9, 0),
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("fabric_id", Shape::Text { min: None, max: None, format: Format::Plain }, "The fabric.") },
        Field { presence: Presence::Required, replace: true, ..field("node_id", Shape::Text { min: None, max: None, format: Format::Plain }, "The node.") },
        Field { nullable: true, ..field("interfaces", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The network device.") }, Field { nullable: true, ..field("ip", Shape::Text { min: None, max: None, format: Format::Plain }, "Its IPv4 address with the mask. Without it, the device needs none.") }], ordered: false }, "The network devices through which the node reaches its neighbours.") },
        Field { nullable: true, ..field("ip", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The IPv4 address of the node in the fabric.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "fabric_id", filter: "fabric_id" }, KeyPart { field: "node_id", filter: "node_id" }], enforced: true },
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("The node leaves the fabric once the change is applied."),
    nature: Nature::named(&["fabric_id", "node_id"], 1),
};

pub(super) static SDN_IPAM_NETBOX: Kind = Kind {
    name: "proxmox_sdn_ipam_netbox",
    plural: "proxmox_sdn_ipams_netbox",
    label: "NetBox IPAM",
    path: "cluster/sdn/ipams/netbox",
    model: "cluster/sdn/ipams/netbox",
    subcategory: "Proxmox VE: SDN",
    description: "A NetBox server in which addresses that are given out are entered.",
    available: Availability::ALWAYS,
    fields: &[
        IPAM_FIELD_2,
        Field { presence: Presence::Required, secret: true, ..field("token", Shape::Text { min: None, max: None, format: Format::Plain }, "The token of the API.") },
        Field { presence: Presence::Required, ..field("url", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the API, such as `https://netbox.example.com/api`.") },
        FINGERPRINT_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "ipam", filter: "ipam" }], enforced: true },
    ],
    lookup: &["ipam"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["ipam"], 0),
};

pub(super) static SDN_IPAM_PHPIPAM: Kind = Kind {
    name: "proxmox_sdn_ipam_phpipam",
    plural: "proxmox_sdn_ipams_phpipam",
    label: "phpIPAM",
    path: "cluster/sdn/ipams/phpipam",
    model: "cluster/sdn/ipams/phpipam",
    subcategory: "Proxmox VE: SDN",
    description: "A phpIPAM server in which addresses that are given out are entered.",
    available: Availability::ALWAYS,
    fields: &[
        IPAM_FIELD_2,
        Field { presence: Presence::Required, ..field("section", Shape::Integer { min: None, max: None }, "The number of the section there.") },
        Field { presence: Presence::Required, secret: true, ..field("token", Shape::Text { min: None, max: None, format: Format::Plain }, "The token of the API.") },
        Field { presence: Presence::Required, ..field("url", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the API, such as `https://ipam.example.com/api/pve`.") },
        FINGERPRINT_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "ipam", filter: "ipam" }], enforced: true },
    ],
    lookup: &["ipam"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["ipam"], 0),
};

pub(super) static SDN_IPAM_PVE: Kind = Kind {
    name: "proxmox_sdn_ipam_pve",
    plural: "proxmox_sdn_ipams_pve",
    label: "built-in IPAM",
    path: "cluster/sdn/ipams/pve",
    model: "cluster/sdn/ipams/pve",
    subcategory: "Proxmox VE: SDN",
    description: "The cluster's own list of addresses that are given out. One called `pve` is always there.",
    available: Availability::ALWAYS,
    fields: &[
        IPAM_FIELD_2,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "ipam", filter: "ipam" }], enforced: true },
    ],
    lookup: &["ipam"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while zones use it."),
    nature: Nature::named(&["ipam"], 0),
};

pub(super) static SDN_VNET: Kind = Kind {
    name: "proxmox_sdn_vnet",
    plural: "proxmox_sdn_vnets",
    label: "VNet",
    path: "cluster/sdn/vnets",
    model: "cluster/sdn/vnets",
    subcategory: "Proxmox VE: SDN",
    description: "A virtual network of a zone. Guests connect to it as to a bridge.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("vnet", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the VNet: at most 8 letters and digits.") },
        Field { presence: Presence::Required, ..field("zone", Shape::Text { min: None, max: None, format: Format::Plain }, "The zone that it is in.") },
        Field { nullable: true, ..field("alias", Shape::Text { min: None, max: Some(256), format: Format::Plain }, "A longer name.") },
        Field { wire: "isolate-ports", nullable: true, ..field("isolate_ports", Shape::Bool, "Whether guests of the VNet on one node cannot reach each other.") },
        Field { nullable: true, ..field("tag", Shape::Integer { min: Some(1), max: Some(16777215) }, "The number of its VLAN or VXLAN. Zones of the type simple need none.") },
        Field { nullable: true, ..field("vlanaware", Shape::Bool, "Whether guests may use VLANs of their own in it.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vnet", filter: "vnet" }], enforced: true },
    ],
    lookup: &["vnet"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while subnets are in it."),
    nature: Nature::named(&["vnet"], 0),
};

pub(super) static SDN_SUBNET: Kind = Kind {
    name: "proxmox_sdn_subnet",
    plural: "proxmox_sdn_subnets",
    label: "SDN subnet",
    path: "cluster/sdn/vnets/subnets/subnet",
    model: "cluster/sdn/vnets/subnets/subnet",
    subcategory: "Proxmox VE: SDN",
    description: "A subnet of a VNet, with its gateway and the addresses that are handed out in it.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("vnet", Shape::Text { min: None, max: None, format: Format::Plain }, "The VNet that it is in.") },
        Field { presence: Presence::Required, replace: true, ..field("subnet", Shape::Text { min: None, max: None, format: Format::Plain }, "The network, such as `10.0.0.0/24`.") },
        Field { wire: "dhcp-dns-server", nullable: true, ..field("dhcp_dns_server", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The DNS server that guests are told of.") },
        Field { wire: "dhcp-range", nullable: true, ..field("dhcp_range", Shape::Objects { fields: &[Field { wire: "end-address", presence: Presence::Required, ..field("end_address", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The last address of the range.") }, Field { wire: "start-address", presence: Presence::Required, ..field("start_address", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The first address of the range.") }], ordered: false }, "Ranges of addresses that are handed out.") },
        Field { nullable: true, ..field("dnszoneprefix", Shape::Text { min: None, max: None, format: Format::Plain }, "What goes before the zone's domain in names of guests.") },
        Field { nullable: true, ..field("gateway", Shape::Text { min: None, max: None, format: Format::IpAddress }, "The address of the gateway, which the nodes have.") },
        Field { nullable: true, ..field("snat", Shape::Bool, "Whether nodes translate addresses of guests to their own, so that guests reach the outside.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "vnet", filter: "vnet" }, KeyPart { field: "subnet", filter: "subnet" }], enforced: true },
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while addresses of it are in use."),
    nature: Nature::named(&["vnet", "subnet"], 1),
};

pub(super) static SDN_ZONE_EVPN: Kind = Kind {
    name: "proxmox_sdn_zone_evpn",
    plural: "proxmox_sdn_zones_evpn",
    label: "EVPN zone",
    path: "cluster/sdn/zones/evpn",
    model: "cluster/sdn/zones/evpn",
    subcategory: "Proxmox VE: SDN",
    description: "A zone whose VNets span the nodes in tunnels and are routed between each other and outwards, by BGP.",
    available: Availability::ALWAYS,
    fields: &[
        ZONE_FIELD,
        Field { presence: Presence::Required, ..field("controller", Shape::Text { min: None, max: None, format: Format::Plain }, "The controller of the type EVPN.") },
        Field { wire: "vrf-vxlan", presence: Presence::Required, ..field("vrf_vxlan", Shape::Integer { min: Some(1), max: Some(16777215) }, "The VXLAN number over which the zone is routed. No VNet may have it.") },
        Field { wire: "advertise-subnets", nullable: true, ..field("advertise_subnets", Shape::Bool, "Whether whole subnets are announced, for guests that are silent.") },
        Field { wire: "disable-arp-nd-suppression", nullable: true, ..field("disable_arp_nd_suppression", Shape::Bool, "Whether ARP and neighbour discovery go through the tunnels instead of being answered by the node.") },
        DNS_FIELD,
        DNSZONE_FIELD,
        Field { nullable: true, ..field("exitnodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes that route from the zone outwards.") },
        Field { wire: "exitnodes-local-routing", nullable: true, ..field("exitnodes_local_routing", Shape::Bool, "Whether guests reach the exit nodes themselves.") },
        Field { wire: "exitnodes-primary", nullable: true, ..field("exitnodes_primary", Shape::Text { min: None, max: None, format: Format::Plain }, "The exit node that is used before the others.") },
        IPAM_FIELD_1,
        Field { presence: Presence::OptionalComputed(&[]), nullable: true, ..field("mac", Shape::Text { min: None, max: None, format: Format::Plain }, "The MAC address of the gateway in all VNets of the zone. Without it, the server makes one up.") },
        MTU_FIELD_1,
        NODES_FIELD_2,
        REVERSEDNS_FIELD,
        Field { wire: "rt-import", nullable: true, ..field("rt_import", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Route targets whose routes are taken in, such as `65000:1`.") },
        Field { wire: "vxlan-port", nullable: true, ..field("vxlan_port", Shape::Integer { min: Some(1), max: Some(65536) }, "The UDP port of the tunnels. Without it, the server takes `4789`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "zone", filter: "zone" }], enforced: true },
    ],
    lookup: &["zone"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while VNets are in it."),
    nature: Nature::named(&["zone"], 0),
};

pub(super) static SDN_ZONE_QINQ: Kind = Kind {
    name: "proxmox_sdn_zone_qinq",
    plural: "proxmox_sdn_zones_qinq",
    label: "QinQ zone",
    path: "cluster/sdn/zones/qinq",
    model: "cluster/sdn/zones/qinq",
    subcategory: "Proxmox VE: SDN",
    description: "A zone whose VNets are VLANs within one VLAN of a bridge of the nodes.",
    available: Availability::ALWAYS,
    fields: &[
        ZONE_FIELD,
        Field { presence: Presence::Required, ..field("bridge", Shape::Text { min: None, max: None, format: Format::Plain }, "The bridge of the nodes that carries the zone.") },
        Field { presence: Presence::Required, ..field("tag", Shape::Integer { min: Some(0), max: None }, "The outer VLAN's number.") },
        Field { wire: "bridge-disable-mac-learning", nullable: true, ..field("bridge_disable_mac_learning", Shape::Bool, "Whether bridges learn no MAC addresses, but are told those of the guests.") },
        DNS_FIELD,
        DNSZONE_FIELD,
        IPAM_FIELD_1,
        MTU_FIELD_1,
        NODES_FIELD_2,
        REVERSEDNS_FIELD,
        Field { wire: "vlan-protocol", nullable: true, ..field("vlan_protocol", Shape::Choice { values: &[value("802.1q"), value("802.1ad")] }, "The protocol of the outer VLAN. Without it, the server takes `802.1q`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "zone", filter: "zone" }], enforced: true },
    ],
    lookup: &["zone"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while VNets are in it."),
    nature: Nature::named(&["zone"], 0),
};

pub(super) static SDN_ZONE_SIMPLE: Kind = Kind {
    name: "proxmox_sdn_zone_simple",
    plural: "proxmox_sdn_zones_simple",
    label: "simple zone",
    path: "cluster/sdn/zones/simple",
    model: "cluster/sdn/zones/simple",
    subcategory: "Proxmox VE: SDN",
    description: "A zone whose VNets are isolated bridges on each node. Nodes can route and translate addresses for them.",
    available: Availability::ALWAYS,
    fields: &[
        ZONE_FIELD,
        Field { nullable: true, ..field("dhcp", Shape::Choice { values: &[value("dnsmasq")] }, "What hands out addresses in the zone.") },
        DNS_FIELD,
        DNSZONE_FIELD,
        IPAM_FIELD_1,
        MTU_FIELD_1,
        NODES_FIELD_2,
        REVERSEDNS_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "zone", filter: "zone" }], enforced: true },
    ],
    lookup: &["zone"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while VNets are in it."),
    nature: Nature::named(&["zone"], 0),
};

pub(super) static SDN_ZONE_VLAN: Kind = Kind {
    name: "proxmox_sdn_zone_vlan",
    plural: "proxmox_sdn_zones_vlan",
    label: "VLAN zone",
    path: "cluster/sdn/zones/vlan",
    model: "cluster/sdn/zones/vlan",
    subcategory: "Proxmox VE: SDN",
    description: "A zone whose VNets are VLANs on a bridge of the nodes.",
    available: Availability::ALWAYS,
    fields: &[
        ZONE_FIELD,
        Field { presence: Presence::Required, ..field("bridge", Shape::Text { min: None, max: None, format: Format::Plain }, "The bridge of the nodes that carries the zone.") },
        Field { wire: "bridge-disable-mac-learning", nullable: true, ..field("bridge_disable_mac_learning", Shape::Bool, "Whether bridges learn no MAC addresses, but are told those of the guests.") },
        DNS_FIELD,
        DNSZONE_FIELD,
        IPAM_FIELD_1,
        MTU_FIELD_1,
        NODES_FIELD_2,
        REVERSEDNS_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "zone", filter: "zone" }], enforced: true },
    ],
    lookup: &["zone"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while VNets are in it."),
    nature: Nature::named(&["zone"], 0),
};

pub(super) static SDN_ZONE_VXLAN: Kind = Kind {
    name: "proxmox_sdn_zone_vxlan",
    plural: "proxmox_sdn_zones_vxlan",
    label: "VXLAN zone",
    path: "cluster/sdn/zones/vxlan",
    model: "cluster/sdn/zones/vxlan",
    subcategory: "Proxmox VE: SDN",
    description: "A zone whose VNets span the nodes in tunnels over any network. Packets must be 50 bytes smaller than that network's.",
    available: Availability::ALWAYS,
    fields: &[
        ZONE_FIELD,
        DNS_FIELD,
        DNSZONE_FIELD,
        Field { nullable: true, available: Availability::since(9, 0), ..field("fabric", Shape::Text { min: None, max: None, format: Format::Plain }, "The fabric that carries the tunnels, instead of `peers`.") },
        IPAM_FIELD_1,
        MTU_FIELD_1,
        NODES_FIELD_2,
        Field { nullable: true, ..field("peers", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The addresses of the nodes. The server needs them unless it has a fabric for the zone, as 9.0 can.") },
        REVERSEDNS_FIELD,
        Field { wire: "vxlan-port", nullable: true, ..field("vxlan_port", Shape::Integer { min: Some(1), max: Some(65536) }, "The UDP port of the tunnels. Without it, the server takes `4789`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "zone", filter: "zone" }], enforced: true },
    ],
    lookup: &["zone"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while VNets are in it."),
    nature: Nature::named(&["zone"], 0),
};
