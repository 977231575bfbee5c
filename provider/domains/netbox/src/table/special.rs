//! Resources that are no kind: setters and allocators.
// Generated from NetBox's OpenAPI documents and the overrides beside the generator; do not edit. To make it again:
// cargo run -p netbox-table -- generate --out provider/domains/netbox/src/table <documents>

use super::shared::*;

/// Resources that keep single fields of an object.
pub static SETTERS: &[Setter] = &[
    Setter {
        name: "netbox_device_primary_ip",
        kind: "dcim/devices",
        object: "device",
        fields: &[
            PRIMARY_IP4_FIELD,
            PRIMARY_IP6_FIELD,
        ],
        description: "The primary addresses of a device. They are kept apart from the device because the addresses need its interfaces, and those need the device, to be there first.",
    },
    Setter {
        name: "netbox_device_oob_ip",
        kind: "dcim/devices",
        object: "device",
        fields: &[
            Field { nullable: true, ..field("oob_ip", Shape::Reference { target: "ipam/ip-addresses" }, "The address at which the device is managed out of band.") },
        ],
        description: "The address at which a device is managed out of band. It is kept apart from the device because the address needs one of its interfaces to be there first.",
    },
    Setter {
        name: "netbox_virtual_device_context_primary_ip",
        kind: "dcim/virtual-device-contexts",
        object: "virtual_device_context",
        fields: &[
            PRIMARY_IP4_FIELD,
            PRIMARY_IP6_FIELD,
        ],
        description: "The primary addresses of a virtual device context. They are kept apart because the addresses need interfaces that are in the context already.",
    },
    Setter {
        name: "netbox_virtual_machine_primary_ip",
        kind: "virtualization/virtual-machines",
        object: "virtual_machine",
        fields: &[
            PRIMARY_IP4_FIELD,
            PRIMARY_IP6_FIELD,
        ],
        description: "The primary addresses of a virtual machine. They are kept apart from the machine because the addresses need its interfaces, and those need the machine, to be there first.",
    },
    Setter {
        name: "netbox_interface_primary_mac_address",
        kind: "dcim/interfaces",
        object: "interface",
        fields: &[
            Field { nullable: true, available: Availability::since(4, 2), ..field("primary_mac_address", Shape::Reference { target: "dcim/mac-addresses" }, "The primary MAC address.") },
        ],
        description: "The primary MAC address of a device's interface, one of those assigned to it. It is kept apart because the MAC address needs the interface to be there first.",
    },
    Setter {
        name: "netbox_vm_interface_primary_mac_address",
        kind: "virtualization/interfaces",
        object: "vm_interface",
        fields: &[
            Field { nullable: true, available: Availability::since(4, 2), ..field("primary_mac_address", Shape::Reference { target: "dcim/mac-addresses" }, "The primary MAC address.") },
        ],
        description: "The primary MAC address of a virtual machine's interface, one of those assigned to it. It is kept apart because the MAC address needs the interface to be there first.",
    },
    Setter {
        name: "netbox_virtual_chassis_master",
        kind: "dcim/virtual-chassis",
        object: "virtual_chassis",
        fields: &[
            Field { nullable: true, ..field("master", Shape::Reference { target: "dcim/devices" }, "The member that leads the chassis.") },
        ],
        description: "The master of a virtual chassis, one of its members. It is kept apart because a device can be a member only of a chassis that is there.",
    },
];

/// Resources that take the next free object from a pool.
pub static ALLOCATORS: &[Allocator] = &[
    Allocator {
        name: "netbox_available_ip_address",
        kind: "ipam/ip-addresses",
        parents: &[
            AllocatorParent { name: "prefix", kind: "ipam/prefixes", endpoint: "available-ips" },
            AllocatorParent { name: "ip_range", kind: "ipam/ip-ranges", endpoint: "available-ips" },
        ],
        decided: &["address", "vrf"],
        request: &[],
        description: "The next free address of a prefix or of an IP range, with all attributes an address may have. The address is in the VRF of what it was taken from, and free again once the resource is destroyed.",
    },
    Allocator {
        name: "netbox_available_prefix",
        kind: "ipam/prefixes",
        parents: &[
            AllocatorParent { name: "parent_prefix", kind: "ipam/prefixes", endpoint: "available-prefixes" },
        ],
        decided: &["prefix", "vrf"],
        request: &[Field { presence: Presence::Required, replace: true, unread: true, ..field("prefix_length", Shape::Integer { min: Some(1), max: Some(128) }, "How many bits the mask of the prefix taken has.") }],
        description: "The next free prefix of a length within another prefix, with all attributes a prefix may have. It is in the VRF of the other, and free again once the resource is destroyed.",
    },
    Allocator {
        name: "netbox_available_vlan",
        kind: "ipam/vlans",
        parents: &[
            AllocatorParent { name: "vlan_group", kind: "ipam/vlan-groups", endpoint: "available-vlans" },
        ],
        decided: &["vid", "group"],
        request: &[],
        description: "The lowest free VLAN ID of a VLAN group, with all attributes a VLAN may have. It is free again once the resource is destroyed.",
    },
    Allocator {
        name: "netbox_available_asn",
        kind: "ipam/asns",
        parents: &[
            AllocatorParent { name: "asn_range", kind: "ipam/asn-ranges", endpoint: "available-asns" },
        ],
        decided: &["asn", "rir"],
        request: &[],
        description: "The lowest free AS number of an ASN range, with all attributes an AS number may have. It has the registry of the range, and is free again once the resource is destroyed.",
    },
];
