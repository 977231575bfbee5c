//! Where the kinds live in the API.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use crate::config::{Clear, Create, Delete, Place, Read, Settles, Update, Wire};

/// The place of every kind, by its path.
pub static PLACES: &[Place] = &[
    Place {
        create: Create::Special("acl"),
        read: Read::Listed,
        update: Update::Special("acl"),
        delete: Delete::Special("acl"),
        digest: false,
        ..Place::new("access/acl", "access/acl", "access/acl")
    },
    Place {
        constants: &[("type", "ad")],
        wires: &[("sync_defaults_options", Wire::PropertyString(None)), ("tfa", Wire::PropertyString(None))],
        ..Place::new("access/domains/ad", "access/domains", "access/domains/{realm}")
    },
    Place {
        constants: &[("type", "ldap")],
        wires: &[("sync_defaults_options", Wire::PropertyString(None)), ("tfa", Wire::PropertyString(None))],
        ..Place::new("access/domains/ldap", "access/domains", "access/domains/{realm}")
    },
    Place {
        constants: &[("type", "openid")],
        ..Place::new("access/domains/openid", "access/domains", "access/domains/{realm}")
    },
    Place {
        clear: Clear::Empty,
        digest: false,
        ..Place::new("access/groups", "access/groups", "access/groups/{groupid}")
    },
    Place {
        read: Read::Listed,
        clear: Clear::Empty,
        digest: false,
        ..Place::new("access/roles", "access/roles", "access/roles/{roleid}")
    },
    Place {
        clear: Clear::Empty,
        digest: false,
        ..Place::new("access/users", "access/users", "access/users/{userid}")
    },
    Place {
        create: Create::PostItem,
        clear: Clear::Empty,
        digest: false,
        ..Place::new("access/users/token", "access/users/{userid}/token", "access/users/{userid}/token/{tokenid}")
    },
    Place {
        clear: Clear::Empty,
        digest: false,
        found: &[("contact", "account.contact"), ("tos_url", "tos")],
        ..Place::new("cluster/acme/account", "cluster/acme/account", "cluster/acme/account/{name}")
    },
    Place {
        constants: &[("type", "dns")],
        wires: &[("data", Wire::Base64)],
        ..Place::new("cluster/acme/plugins/dns", "cluster/acme/plugins", "cluster/acme/plugins/{name}")
    },
    Place {
        constants: &[("type", "standalone")],
        ..Place::new("cluster/acme/plugins/standalone", "cluster/acme/plugins", "cluster/acme/plugins/{name}")
    },
    Place {
        digest: false,
        requires: &[("notes-template", "storage"), ("protected", "storage")],
        wires: &[("exclude_path", Wire::Repeated), ("fleecing", Wire::PropertyString(None)), ("performance", Wire::PropertyString(None)), ("prune_backups", Wire::PropertyString(None))],
        ..Place::new("cluster/backup", "cluster/backup", "cluster/backup/{name}")
    },
    Place {
        read: Read::Listed,
        update: Update::PutWhole,
        clear: Clear::LeaveOut,
        always: &["cidr"],
        ..Place::new("cluster/firewall/aliases", "cluster/firewall/aliases", "cluster/firewall/aliases/{name}")
    },
    Place {
        create: Create::Special("firewall_security_group"),
        read: Read::Special("firewall_security_group"),
        update: Update::Special("firewall_security_group"),
        delete: Delete::Special("firewall_security_group"),
        clear: Clear::Empty,
        ..Place::new("cluster/firewall/groups", "cluster/firewall/groups", "cluster/firewall/groups/{group}")
    },
    Place {
        create: Create::Special("firewall_ipset"),
        read: Read::Special("firewall_ipset"),
        update: Update::Special("firewall_ipset"),
        delete: Delete::Special("firewall_ipset"),
        clear: Clear::Empty,
        digest: false,
        ..Place::new("cluster/firewall/ipset", "cluster/firewall/ipset", "cluster/firewall/ipset/{name}")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Reset,
        wires: &[("log_ratelimit", Wire::PropertyString(Some("enable")))],
        ..Place::new("cluster/firewall/options", "cluster/firewall/options", "cluster/firewall/options")
    },
    Place {
        create: Create::Special("firewall_rules"),
        read: Read::Special("firewall_rules"),
        update: Update::Special("firewall_rules"),
        delete: Delete::Special("firewall_rules"),
        clear: Clear::Empty,
        ..Place::new("cluster/firewall/rules", "cluster/firewall/rules", "cluster/firewall/rules")
    },
    Place::new("cluster/ha/groups", "cluster/ha/groups", "cluster/ha/groups/{group}"),
    Place::new("cluster/ha/resources", "cluster/ha/resources", "cluster/ha/resources/{sid}"),
    Place {
        constants: &[("type", "node-affinity")],
        always: &["type"],
        ..Place::new("cluster/ha/rules/node-affinity", "cluster/ha/rules", "cluster/ha/rules/{rule}")
    },
    Place {
        constants: &[("type", "resource-affinity")],
        always: &["type"],
        ..Place::new("cluster/ha/rules/resource-affinity", "cluster/ha/rules", "cluster/ha/rules/{rule}")
    },
    Place {
        create: Create::PostItem,
        digest: false,
        always: &["schedule"],
        wires: &[("remove_vanished", Wire::Joined(';'))],
        ..Place::new("cluster/jobs/realm-sync", "cluster/jobs/realm-sync", "cluster/jobs/realm-sync/{name}")
    },
    Place {
        always: &["map"],
        wires: &[("map", Wire::PropertyStrings(None))],
        ..Place::new("cluster/mapping/dir", "cluster/mapping/dir", "cluster/mapping/dir/{name}")
    },
    Place {
        always: &["map"],
        wires: &[("map", Wire::PropertyStrings(None))],
        ..Place::new("cluster/mapping/pci", "cluster/mapping/pci", "cluster/mapping/pci/{name}")
    },
    Place {
        always: &["map"],
        wires: &[("map", Wire::PropertyStrings(None))],
        ..Place::new("cluster/mapping/usb", "cluster/mapping/usb", "cluster/mapping/usb/{name}")
    },
    Place {
        create: Create::PostItem,
        constants: &[("type", "graphite")],
        always: &["server", "port"],
        ..Place::new("cluster/metrics/server/graphite", "cluster/metrics/server", "cluster/metrics/server/{name}")
    },
    Place {
        create: Create::PostItem,
        constants: &[("type", "influxdb")],
        always: &["server", "port"],
        ..Place::new("cluster/metrics/server/influxdb", "cluster/metrics/server", "cluster/metrics/server/{name}")
    },
    Place {
        create: Create::PostItem,
        constants: &[("type", "opentelemetry")],
        always: &["server", "port"],
        ..Place::new("cluster/metrics/server/opentelemetry", "cluster/metrics/server", "cluster/metrics/server/{name}")
    },
    Place {
        clear: Clear::DeleteEach,
        ..Place::new("cluster/notifications/endpoints/gotify", "cluster/notifications/endpoints/gotify", "cluster/notifications/endpoints/gotify/{name}")
    },
    Place {
        clear: Clear::DeleteEach,
        wires: &[("mailto", Wire::Repeated), ("mailto_user", Wire::Repeated)],
        ..Place::new("cluster/notifications/endpoints/sendmail", "cluster/notifications/endpoints/sendmail", "cluster/notifications/endpoints/sendmail/{name}")
    },
    Place {
        clear: Clear::DeleteEach,
        wires: &[("mailto", Wire::Repeated), ("mailto_user", Wire::Repeated)],
        ..Place::new("cluster/notifications/endpoints/smtp", "cluster/notifications/endpoints/smtp", "cluster/notifications/endpoints/smtp/{name}")
    },
    Place {
        clear: Clear::DeleteEach,
        wires: &[("body", Wire::Base64), ("header", Wire::Repeated), ("secret", Wire::Repeated)],
        ..Place::new("cluster/notifications/endpoints/webhook", "cluster/notifications/endpoints/webhook", "cluster/notifications/endpoints/webhook/{name}")
    },
    Place {
        clear: Clear::DeleteEach,
        wires: &[("match_calendar", Wire::Repeated), ("match_field", Wire::Repeated), ("match_severity", Wire::Repeated), ("target", Wire::Repeated)],
        ..Place::new("cluster/notifications/matchers", "cluster/notifications/matchers", "cluster/notifications/matchers/{name}")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Reset,
        digest: false,
        wires: &[("bwlimit", Wire::PropertyString(None)), ("crs", Wire::PropertyString(None)), ("description", Wire::Lines), ("ha", Wire::PropertyString(None)), ("migration", Wire::PropertyString(Some("type"))), ("next_id", Wire::PropertyString(None)), ("notify", Wire::PropertyString(None)), ("registered_tags", Wire::Joined(';')), ("replication", Wire::PropertyString(Some("type"))), ("tag_style", Wire::PropertyString(None)), ("u2f", Wire::PropertyString(None)), ("user_tag_access", Wire::PropertyString(None)), ("webauthn", Wire::PropertyString(None))],
        ..Place::new("cluster/options", "cluster/options", "cluster/options")
    },
    Place {
        constants: &[("type", "local")],
        ..Place::new("cluster/replication/local", "cluster/replication", "cluster/replication/{job}")
    },
    Place {
        constants: &[("type", "bgp")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/controllers/bgp", "cluster/sdn/controllers", "cluster/sdn/controllers/{controller}")
    },
    Place {
        constants: &[("type", "evpn")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/controllers/evpn", "cluster/sdn/controllers", "cluster/sdn/controllers/{controller}")
    },
    Place {
        constants: &[("type", "isis")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/controllers/isis", "cluster/sdn/controllers", "cluster/sdn/controllers/{controller}")
    },
    Place {
        constants: &[("type", "powerdns")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/dns/powerdns", "cluster/sdn/dns", "cluster/sdn/dns/{dns}")
    },
    Place {
        clear: Clear::DeleteEach,
        constants: &[("protocol", "openfabric")],
        always: &["protocol"],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/fabrics/fabric/openfabric", "cluster/sdn/fabrics/fabric", "cluster/sdn/fabrics/fabric/{fabric}")
    },
    Place {
        clear: Clear::DeleteEach,
        constants: &[("protocol", "ospf")],
        always: &["protocol"],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/fabrics/fabric/ospf", "cluster/sdn/fabrics/fabric", "cluster/sdn/fabrics/fabric/{fabric}")
    },
    Place {
        clear: Clear::DeleteEach,
        constants: &[("protocol", "openfabric")],
        always: &["protocol"],
        wires: &[("interfaces", Wire::PropertyStrings(None))],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/fabrics/node/openfabric", "cluster/sdn/fabrics/node/{fabric_id}", "cluster/sdn/fabrics/node/{fabric_id}/{node_id}")
    },
    Place {
        clear: Clear::DeleteEach,
        constants: &[("protocol", "ospf")],
        always: &["protocol"],
        wires: &[("interfaces", Wire::PropertyStrings(None))],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/fabrics/node/ospf", "cluster/sdn/fabrics/node/{fabric_id}", "cluster/sdn/fabrics/node/{fabric_id}/{node_id}")
    },
    Place {
        constants: &[("type", "netbox")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/ipams/netbox", "cluster/sdn/ipams", "cluster/sdn/ipams/{ipam}")
    },
    Place {
        constants: &[("type", "phpipam")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/ipams/phpipam", "cluster/sdn/ipams", "cluster/sdn/ipams/{ipam}")
    },
    Place {
        constants: &[("type", "pve")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/ipams/pve", "cluster/sdn/ipams", "cluster/sdn/ipams/{ipam}")
    },
    Place {
        read: Read::Listed,
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/vnets", "cluster/sdn/vnets", "cluster/sdn/vnets/{vnet}")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Reset,
        ..Place::new("cluster/sdn/vnets/firewall/options", "cluster/sdn/vnets/{vnet}/firewall/options", "cluster/sdn/vnets/{vnet}/firewall/options")
    },
    Place {
        create: Create::Special("firewall_rules"),
        read: Read::Special("firewall_rules"),
        update: Update::Special("firewall_rules"),
        delete: Delete::Special("firewall_rules"),
        clear: Clear::Empty,
        ..Place::new("cluster/sdn/vnets/firewall/rules", "cluster/sdn/vnets/{vnet}/firewall/rules", "cluster/sdn/vnets/{vnet}/firewall/rules")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "subnet")],
        found: &[("subnet", "cidr")],
        wires: &[("dhcp_range", Wire::PropertyStrings(None))],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/vnets/subnets/subnet", "cluster/sdn/vnets/{vnet}/subnets", "cluster/sdn/vnets/{vnet}/subnets/{@subnet}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "evpn")],
        requires: &[("dnszone", "dns")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/zones/evpn", "cluster/sdn/zones", "cluster/sdn/zones/{zone}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "qinq")],
        requires: &[("dnszone", "dns")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/zones/qinq", "cluster/sdn/zones", "cluster/sdn/zones/{zone}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "simple")],
        requires: &[("dnszone", "dns")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/zones/simple", "cluster/sdn/zones", "cluster/sdn/zones/{zone}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "vlan")],
        requires: &[("dnszone", "dns")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/zones/vlan", "cluster/sdn/zones", "cluster/sdn/zones/{zone}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "vxlan")],
        requires: &[("dnszone", "dns")],
        settles: Some(Settles::Sdn),
        ..Place::new("cluster/sdn/zones/vxlan", "cluster/sdn/zones", "cluster/sdn/zones/{zone}")
    },
    Place {
        read: Read::Listed,
        update: Update::PutWhole,
        clear: Clear::LeaveOut,
        always: &["cidr"],
        ..Place::new("guests/firewall/aliases", "{guest}/firewall/aliases", "{guest}/firewall/aliases/{name}")
    },
    Place {
        create: Create::Special("firewall_ipset"),
        read: Read::Special("firewall_ipset"),
        update: Update::Special("firewall_ipset"),
        delete: Delete::Special("firewall_ipset"),
        clear: Clear::Empty,
        digest: false,
        ..Place::new("guests/firewall/ipset", "{guest}/firewall/ipset", "{guest}/firewall/ipset/{name}")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Reset,
        ..Place::new("guests/firewall/options", "{guest}/firewall/options", "{guest}/firewall/options")
    },
    Place {
        create: Create::Special("firewall_rules"),
        read: Read::Special("firewall_rules"),
        update: Update::Special("firewall_rules"),
        delete: Delete::Special("firewall_rules"),
        clear: Clear::Empty,
        ..Place::new("guests/firewall/rules", "{guest}/firewall/rules", "{guest}/firewall/rules")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Reset,
        wires: &[("acme", Wire::PropertyString(None)), ("acmedomain0", Wire::PropertyString(Some("domain"))), ("acmedomain1", Wire::PropertyString(Some("domain"))), ("acmedomain2", Wire::PropertyString(Some("domain"))), ("acmedomain3", Wire::PropertyString(Some("domain"))), ("acmedomain4", Wire::PropertyString(Some("domain"))), ("description", Wire::Lines), ("wakeonlan", Wire::PropertyString(Some("mac")))],
        ..Place::new("nodes/config", "nodes/{node}/config", "nodes/{node}/config")
    },
    Place {
        create: Create::Exists,
        update: Update::PutWhole,
        delete: Delete::Leave,
        clear: Clear::LeaveOut,
        digest: false,
        ..Place::new("nodes/dns", "nodes/{node}/dns", "nodes/{node}/dns")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Reset,
        ..Place::new("nodes/firewall/options", "nodes/{node}/firewall/options", "nodes/{node}/firewall/options")
    },
    Place {
        create: Create::Special("firewall_rules"),
        read: Read::Special("firewall_rules"),
        update: Update::Special("firewall_rules"),
        delete: Delete::Special("firewall_rules"),
        clear: Clear::Empty,
        ..Place::new("nodes/firewall/rules", "nodes/{node}/firewall/rules", "nodes/{node}/firewall/rules")
    },
    Place {
        create: Create::Exists,
        update: Update::Post,
        delete: Delete::Leave,
        clear: Clear::Empty,
        wires: &[("data", Wire::Lines)],
        ..Place::new("nodes/hosts", "nodes/{node}/hosts", "nodes/{node}/hosts")
    },
    Place {
        digest: false,
        constants: &[("type", "OVSBond")],
        always: &["type", "ovs_bonds", "ovs_bridge"],
        wires: &[("ovs_bonds", Wire::Joined(' ')), ("comments", Wire::Lines)],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/OVSBond", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        digest: false,
        constants: &[("type", "OVSBridge")],
        always: &["type"],
        wires: &[("comments", Wire::Lines), ("comments6", Wire::Lines), ("ovs_ports", Wire::Joined(' '))],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/OVSBridge", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        digest: false,
        constants: &[("type", "OVSIntPort")],
        always: &["type", "ovs_bridge"],
        wires: &[("comments", Wire::Lines), ("comments6", Wire::Lines)],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/OVSIntPort", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        digest: false,
        constants: &[("type", "OVSPort")],
        always: &["type", "ovs_bridge"],
        wires: &[("comments", Wire::Lines)],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/OVSPort", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        digest: false,
        constants: &[("type", "bond")],
        always: &["type"],
        wires: &[("slaves", Wire::Joined(' ')), ("comments", Wire::Lines), ("comments6", Wire::Lines)],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/bond", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        digest: false,
        constants: &[("type", "bridge")],
        always: &["type"],
        wires: &[("bridge_ports", Wire::Joined(' ')), ("bridge_vids", Wire::Joined(' ')), ("comments", Wire::Lines), ("comments6", Wire::Lines)],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/bridge", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        digest: false,
        constants: &[("type", "vlan")],
        always: &["type"],
        wires: &[("comments", Wire::Lines), ("comments6", Wire::Lines)],
        settles: Some(Settles::NodeNetwork),
        ..Place::new("nodes/network/vlan", "nodes/{node}/network", "nodes/{node}/network/{iface}")
    },
    Place {
        create: Create::Exists,
        delete: Delete::Leave,
        clear: Clear::Empty,
        digest: false,
        always: &["timezone"],
        ..Place::new("nodes/time", "nodes/{node}/time", "nodes/{node}/time")
    },
    Place {
        read: Read::Listed,
        clear: Clear::Empty,
        digest: false,
        ..Place::new("pools", "pools", "pools?poolid={poolid}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "btrfs")],
        wires: &[("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/btrfs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "cephfs")],
        wires: &[("bwlimit", Wire::PropertyString(None)), ("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/cephfs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "cifs")],
        wires: &[("bwlimit", Wire::PropertyString(None)), ("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/cifs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "dir")],
        wires: &[("bwlimit", Wire::PropertyString(None)), ("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/dir", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "esxi")],
        ..Place::new("storage/esxi", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "glusterfs")],
        always: &["server"],
        requires: &[("server2", "server")],
        wires: &[("bwlimit", Wire::PropertyString(None)), ("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/glusterfs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "iscsi")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/iscsi", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "iscsidirect")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/iscsidirect", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "lvm")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/lvm", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "lvmthin")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/lvmthin", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "nfs")],
        wires: &[("bwlimit", Wire::PropertyString(None)), ("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/nfs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "pbs")],
        wires: &[("prune_backups", Wire::PropertyString(None))],
        ..Place::new("storage/pbs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "rbd")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/rbd", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "zfs")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/zfs", "storage", "storage/{storage}")
    },
    Place {
        read: Read::Listed,
        constants: &[("type", "zfspool")],
        wires: &[("bwlimit", Wire::PropertyString(None))],
        ..Place::new("storage/zfspool", "storage", "storage/{storage}")
    },
];
