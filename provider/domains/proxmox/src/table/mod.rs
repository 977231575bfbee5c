//! The table of all configuration objects.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use catalogue::description::Kind;

#[rustfmt::skip]
mod access;
#[rustfmt::skip]
mod cluster;
#[rustfmt::skip]
mod firewall;
#[rustfmt::skip]
mod jobs;
#[rustfmt::skip]
mod mappings;
#[rustfmt::skip]
mod node;
#[rustfmt::skip]
mod notifications;
#[rustfmt::skip]
mod places;
#[rustfmt::skip]
mod sdn;
#[allow(dead_code, unused_imports, reason = "what every table begins with")]
#[rustfmt::skip]
mod shared;
#[rustfmt::skip]
mod storage;

pub use places::PLACES;

/// Every kind, by path.
#[rustfmt::skip]
pub static KINDS: &[&Kind] = &[
    &access::ACL,
    &access::REALM_AD,
    &access::REALM_LDAP,
    &access::REALM_OPENID,
    &access::GROUP,
    &access::ROLE,
    &access::USER,
    &access::USER_TOKEN,
    &cluster::ACME_ACCOUNT,
    &cluster::ACME_PLUGIN_DNS,
    &cluster::ACME_PLUGIN_STANDALONE,
    &jobs::BACKUP_JOB,
    &firewall::FIREWALL_ALIAS,
    &firewall::FIREWALL_SECURITY_GROUP,
    &firewall::FIREWALL_IPSET,
    &firewall::FIREWALL_OPTIONS,
    &firewall::FIREWALL_RULES,
    &cluster::HA_GROUP,
    &cluster::HA_RESOURCE,
    &cluster::HA_RULE_NODE_AFFINITY,
    &cluster::HA_RULE_RESOURCE_AFFINITY,
    &jobs::REALM_SYNC_JOB,
    &mappings::MAPPING_DIR,
    &mappings::MAPPING_PCI,
    &mappings::MAPPING_USB,
    &cluster::METRIC_SERVER_GRAPHITE,
    &cluster::METRIC_SERVER_INFLUXDB,
    &cluster::METRIC_SERVER_OPENTELEMETRY,
    &notifications::NOTIFICATION_GOTIFY,
    &notifications::NOTIFICATION_SENDMAIL,
    &notifications::NOTIFICATION_SMTP,
    &notifications::NOTIFICATION_WEBHOOK,
    &notifications::NOTIFICATION_MATCHER,
    &cluster::CLUSTER_OPTIONS,
    &jobs::REPLICATION_JOB,
    &sdn::SDN_CONTROLLER_BGP,
    &sdn::SDN_CONTROLLER_EVPN,
    &sdn::SDN_CONTROLLER_ISIS,
    &sdn::SDN_DNS_POWERDNS,
    &sdn::SDN_FABRIC_OPENFABRIC,
    &sdn::SDN_FABRIC_OSPF,
    &sdn::SDN_FABRIC_NODE_OPENFABRIC,
    &sdn::SDN_FABRIC_NODE_OSPF,
    &sdn::SDN_IPAM_NETBOX,
    &sdn::SDN_IPAM_PHPIPAM,
    &sdn::SDN_IPAM_PVE,
    &sdn::SDN_VNET,
    &firewall::VNET_FIREWALL_OPTIONS,
    &firewall::VNET_FIREWALL_RULES,
    &sdn::SDN_SUBNET,
    &sdn::SDN_ZONE_EVPN,
    &sdn::SDN_ZONE_QINQ,
    &sdn::SDN_ZONE_SIMPLE,
    &sdn::SDN_ZONE_VLAN,
    &sdn::SDN_ZONE_VXLAN,
    &firewall::GUEST_FIREWALL_ALIAS,
    &firewall::GUEST_FIREWALL_IPSET,
    &firewall::GUEST_FIREWALL_OPTIONS,
    &firewall::GUEST_FIREWALL_RULES,
    &node::NODE_CONFIG,
    &node::NODE_DNS,
    &firewall::NODE_FIREWALL_OPTIONS,
    &firewall::NODE_FIREWALL_RULES,
    &node::NODE_HOSTS,
    &node::NODE_NETWORK_OVS_BOND,
    &node::NODE_NETWORK_OVS_BRIDGE,
    &node::NODE_NETWORK_OVS_INT_PORT,
    &node::NODE_NETWORK_OVS_PORT,
    &node::NODE_NETWORK_BOND,
    &node::NODE_NETWORK_BRIDGE,
    &node::NODE_NETWORK_VLAN,
    &node::NODE_TIME,
    &access::POOL,
    &storage::STORAGE_BTRFS,
    &storage::STORAGE_CEPHFS,
    &storage::STORAGE_CIFS,
    &storage::STORAGE_DIR,
    &storage::STORAGE_ESXI,
    &storage::STORAGE_GLUSTERFS,
    &storage::STORAGE_ISCSI,
    &storage::STORAGE_ISCSIDIRECT,
    &storage::STORAGE_LVM,
    &storage::STORAGE_LVMTHIN,
    &storage::STORAGE_NFS,
    &storage::STORAGE_PBS,
    &storage::STORAGE_RBD,
    &storage::STORAGE_ZFS,
    &storage::STORAGE_ZFSPOOL,
];
