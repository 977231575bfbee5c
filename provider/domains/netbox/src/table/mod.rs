//! The table of all objects.
// Generated from NetBox's OpenAPI documents and the overrides beside the generator; do not edit. To make it again:
// cargo run -p netbox-table -- generate --out provider/domains/netbox/src/table <documents>

use catalogue::description::{Kind, Version};

#[rustfmt::skip]
mod circuits;
#[rustfmt::skip]
mod core;
#[rustfmt::skip]
mod dcim;
#[rustfmt::skip]
mod excluded;
#[rustfmt::skip]
mod extras;
#[rustfmt::skip]
mod ipam;
#[rustfmt::skip]
mod shared;
#[rustfmt::skip]
mod special;
#[rustfmt::skip]
mod tenancy;
#[rustfmt::skip]
mod users;
#[rustfmt::skip]
mod virtualization;
#[rustfmt::skip]
mod vpn;
#[rustfmt::skip]
mod wireless;

pub use excluded::{EXCLUDED, LEFT_OUT, OUTSIDE};
pub use special::{ALLOCATORS, SETTERS};

/// The releases that the table was made from, oldest first.
#[rustfmt::skip]
pub static VERSIONS: &[Version] = &[Version::new(4, 1), Version::new(4, 2), Version::new(4, 3), Version::new(4, 4), Version::new(4, 5), Version::new(4, 6), Version::new(4, 7)];

/// Every kind, by path.
#[rustfmt::skip]
pub static KINDS: &[&Kind] = &[
    &circuits::CIRCUIT_GROUP_ASSIGNMENTS,
    &circuits::CIRCUIT_GROUPS,
    &circuits::CIRCUIT_TERMINATIONS,
    &circuits::CIRCUIT_TYPES,
    &circuits::CIRCUITS,
    &circuits::PROVIDER_ACCOUNTS,
    &circuits::PROVIDER_NETWORKS,
    &circuits::PROVIDERS,
    &circuits::VIRTUAL_CIRCUIT_TERMINATIONS,
    &circuits::VIRTUAL_CIRCUIT_TYPES,
    &circuits::VIRTUAL_CIRCUITS,
    &core::DATA_SOURCES,
    &dcim::CABLE_BUNDLES,
    &dcim::CABLES,
    &dcim::CONSOLE_PORT_TEMPLATES,
    &dcim::CONSOLE_PORTS,
    &dcim::CONSOLE_SERVER_PORT_TEMPLATES,
    &dcim::CONSOLE_SERVER_PORTS,
    &dcim::COOLING_FEEDS,
    &dcim::COOLING_INTAKE_TEMPLATES,
    &dcim::COOLING_INTAKES,
    &dcim::COOLING_OUTFLOW_TEMPLATES,
    &dcim::COOLING_OUTFLOWS,
    &dcim::COOLING_SOURCES,
    &dcim::DEVICE_BAY_TEMPLATES,
    &dcim::DEVICE_BAYS,
    &dcim::DEVICE_ROLES,
    &dcim::DEVICE_TYPES,
    &dcim::DEVICES,
    &dcim::FRONT_PORT_TEMPLATES,
    &dcim::FRONT_PORTS,
    &dcim::INTERFACE_TEMPLATES,
    &dcim::INTERFACES,
    &dcim::INVENTORY_ITEM_ROLES,
    &dcim::INVENTORY_ITEM_TEMPLATES,
    &dcim::INVENTORY_ITEMS,
    &dcim::LOCATIONS,
    &dcim::MAC_ADDRESSES,
    &dcim::MANUFACTURERS,
    &dcim::MODULE_BAY_TEMPLATES,
    &dcim::MODULE_BAY_TYPES,
    &dcim::MODULE_BAYS,
    &dcim::MODULE_TYPE_PROFILES,
    &dcim::MODULE_TYPES,
    &dcim::MODULES,
    &dcim::PLATFORMS,
    &dcim::POWER_FEEDS,
    &dcim::POWER_OUTLET_TEMPLATES,
    &dcim::POWER_OUTLETS,
    &dcim::POWER_PANELS,
    &dcim::POWER_PORT_TEMPLATES,
    &dcim::POWER_PORTS,
    &dcim::RACK_GROUPS,
    &dcim::RACK_RESERVATIONS,
    &dcim::RACK_ROLES,
    &dcim::RACK_TYPES,
    &dcim::RACKS,
    &dcim::REAR_PORT_TEMPLATES,
    &dcim::REAR_PORTS,
    &dcim::REGIONS,
    &dcim::SITE_GROUPS,
    &dcim::SITES,
    &dcim::VIRTUAL_CHASSIS,
    &dcim::VIRTUAL_DEVICE_CONTEXTS,
    &extras::CONFIG_CONTEXT_PROFILES,
    &extras::CONFIG_CONTEXTS,
    &extras::CONFIG_TEMPLATES,
    &extras::CUSTOM_FIELD_CHOICE_SETS,
    &extras::CUSTOM_FIELDS,
    &extras::CUSTOM_LINKS,
    &extras::EVENT_RULES,
    &extras::EXPORT_TEMPLATES,
    &extras::IMAGE_ATTACHMENTS,
    &extras::JOURNAL_ENTRIES,
    &extras::NOTIFICATION_GROUPS,
    &extras::SAVED_FILTERS,
    &extras::TAGS,
    &extras::WEBHOOKS,
    &ipam::AGGREGATES,
    &ipam::ASN_RANGES,
    &ipam::ASNS,
    &ipam::FHRP_GROUP_ASSIGNMENTS,
    &ipam::FHRP_GROUPS,
    &ipam::IP_ADDRESSES,
    &ipam::IP_RANGES,
    &ipam::PREFIXES,
    &ipam::RIRS,
    &ipam::ROLES,
    &ipam::ROUTE_TARGETS,
    &ipam::SERVICE_TEMPLATES,
    &ipam::SERVICES,
    &ipam::VLAN_GROUPS,
    &ipam::VLAN_TRANSLATION_POLICIES,
    &ipam::VLAN_TRANSLATION_RULES,
    &ipam::VLANS,
    &ipam::VRFS,
    &tenancy::CONTACT_ASSIGNMENTS,
    &tenancy::CONTACT_GROUPS,
    &tenancy::CONTACT_ROLES,
    &tenancy::CONTACTS,
    &tenancy::TENANT_GROUPS,
    &tenancy::TENANTS,
    &users::GROUPS,
    &users::OWNER_GROUPS,
    &users::OWNERS,
    &users::PERMISSIONS,
    &users::TOKENS,
    &users::USERS,
    &virtualization::CLUSTER_GROUPS,
    &virtualization::CLUSTER_TYPES,
    &virtualization::CLUSTERS,
    &virtualization::INTERFACES,
    &virtualization::VIRTUAL_DISKS,
    &virtualization::VIRTUAL_MACHINE_TYPES,
    &virtualization::VIRTUAL_MACHINES,
    &vpn::IKE_POLICIES,
    &vpn::IKE_PROPOSALS,
    &vpn::IPSEC_POLICIES,
    &vpn::IPSEC_PROFILES,
    &vpn::IPSEC_PROPOSALS,
    &vpn::L2VPN_TERMINATIONS,
    &vpn::L2VPNS,
    &vpn::TUNNEL_GROUPS,
    &vpn::TUNNEL_TERMINATIONS,
    &vpn::TUNNELS,
    &wireless::WIRELESS_LAN_GROUPS,
    &wireless::WIRELESS_LANS,
    &wireless::WIRELESS_LINKS,
];
