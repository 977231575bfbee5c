//! The compiled-in table is sound by itself.

#![allow(clippy::panic, reason = "a test may fail, and says what it skips")]

use std::collections::BTreeSet;

use catalogue::description::{Availability, Format, Kind, Literal, Presence, Shape, Version};
use domain_netbox::table::{ALLOCATORS, EXCLUDED, KINDS, LEFT_OUT, OUTSIDE, SETTERS, VERSIONS};

fn kind(path: &str) -> &'static Kind {
    KINDS.iter().copied().find(|kind| kind.path == path).unwrap_or_else(|| panic!("no kind at {path}"))
}

fn field(path: &str, name: &str) -> &'static catalogue::description::Field {
    let found = kind(path).fields.iter().find(|field| field.name == name);
    found.unwrap_or_else(|| panic!("no field {name} at {path}"))
}

#[test]
fn nothing_is_wrong_with_it() {
    let faults = netbox_table::check::check(KINDS, SETTERS, ALLOCATORS, OUTSIDE);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_fault_is_found() {
    let site = kind("dcim/sites");
    let broken = Kind { lookup: &["slug", "colour"], plural: site.name, ..*site };
    let faults = netbox_table::check::check(&[&broken], &[], &[], &[]).join("\n");
    assert!(faults.contains("two things are called netbox_site"), "{faults}");
    assert!(faults.contains("looked up by colour, which is no field"), "{faults}");
    assert!(faults.contains("region points to dcim/regions, which is no kind"), "{faults}");
}

#[test]
fn every_type_worth_managing_is_there() {
    let newest = VERSIONS.last().copied();
    assert_eq!(newest, Some(Version::new(4, 7)));
    let there = |version| KINDS.iter().filter(|kind| kind.available.covers(version)).count();
    let counts: Vec<usize> = VERSIONS.iter().map(|version| there(*version)).collect();
    // Types that releases can write (versions.md), less what is excluded and was there.
    assert_eq!(counts, [113 - 5, 119 - 5, 121 - 6, 122 - 6, 124 - 6, 127 - 6, 134 - 6]);
    for (path, reason) in EXCLUDED {
        assert!(reason.ends_with('.') && !KINDS.iter().any(|kind| kind.path == *path), "{path}");
    }
    for (path, name, reason) in LEFT_OUT {
        assert!(
            reason.ends_with('.') && !kind(path).fields.iter().any(|field| field.wire == *name),
            "{path}"
        );
    }
}

#[test]
fn names_follow_the_rule_and_its_exceptions() {
    let named = [
        ("dcim/sites", "netbox_site", "netbox_sites", "site"),
        ("dcim/interfaces", "netbox_interface", "netbox_interfaces", "interface"),
        ("virtualization/interfaces", "netbox_vm_interface", "netbox_vm_interfaces", "VM interface"),
        ("circuits/providers", "netbox_circuit_provider", "netbox_circuit_providers", "circuit provider"),
        ("dcim/virtual-chassis", "netbox_virtual_chassis", "netbox_virtual_chassis_list", "virtual chassis"),
        ("ipam/roles", "netbox_ipam_role", "netbox_ipam_roles", "IPAM role"),
        ("users/users", "netbox_user", "netbox_users", "user"),
        ("users/groups", "netbox_user_group", "netbox_user_groups", "user group"),
        ("users/permissions", "netbox_object_permission", "netbox_object_permissions", "object permission"),
        ("vpn/ike-policies", "netbox_ike_policy", "netbox_ike_policies", "IKE policy"),
    ];
    for (path, name, plural, label) in named {
        let kind = kind(path);
        assert_eq!((kind.name, kind.plural, kind.label), (name, plural, label));
    }
    assert_eq!(field("circuits/circuits", "circuit_provider").wire, "provider");
}

#[test]
fn generic_relations_and_many_to_many_have_their_targets() {
    let scope = field("ipam/vlan-groups", "scope");
    let Shape::Target { type_key: "scope_type", id_key: "scope_id", of } = scope.shape else {
        panic!("{scope:?}")
    };
    let names: Vec<&str> = of.iter().map(|choice| choice.name).collect();
    let expected =
        ["cluster", "cluster_group", "location", "rack", "rack_group", "region", "site", "site_group"];
    assert_eq!(names, expected);
    let rack_group = of.iter().find(|choice| choice.name == "rack_group").map(|choice| choice.available);
    assert_eq!(rack_group, Some(Availability::since(4, 6)));
    let many: BTreeSet<(&str, &str)> = KINDS
        .iter()
        .flat_map(|kind| kind.fields.iter().map(|field| (kind.path, field)))
        .filter(|(_, field)| matches!(field.shape, Shape::References { .. }))
        .map(|(path, field)| (path, field.name))
        .collect();
    assert!(many.contains(&("extras/config-contexts", "roles")), "{many:?}");
    assert!(matches!(
        field("extras/config-contexts", "roles").shape,
        Shape::References { target: "dcim/device-roles" }
    ));
    // 37 in the documents of 4.6, and what came or went in the others: the three of module bay types.
    assert_eq!(many.len(), 37 + 3);
}

#[test]
fn secrets_are_secret_and_heavy_fields_omitted() {
    let secrets: Vec<(&str, &str)> = KINDS
        .iter()
        .flat_map(|kind| kind.fields.iter().filter(|field| field.secret).map(|field| (kind.path, field.name)))
        .collect();
    let expected = [
        ("core/data-sources", "parameters"),
        ("extras/webhooks", "secret"),
        ("ipam/fhrp-groups", "auth_key"),
        ("users/tokens", "plaintext"),
        ("users/tokens", "token"),
        ("users/users", "password"),
        ("vpn/ike-policies", "preshared_key"),
        ("wireless/wireless-lans", "auth_psk"),
        ("wireless/wireless-links", "auth_psk"),
    ];
    assert_eq!(secrets, expected);
    for path in ["dcim/devices", "virtualization/virtual-machines"] {
        assert_eq!(kind(path).omit, ["config_context"]);
    }
}

#[test]
fn what_the_documents_lack_is_known() {
    assert_eq!(field("dcim/sites", "status").default, Some(Literal::Text("active")));
    assert_eq!(field("dcim/cables", "status").default, Some(Literal::Text("connected")));
    assert!(field("extras/custom-fields", "type").replace);
    assert_eq!(field("ipam/vlan-groups", "vid_ranges").available, Availability::ALWAYS);
    assert_eq!(field("virtualization/virtual-machines", "disk").presence, Presence::OptionalComputed(&[]));
    assert_eq!(field("dcim/racks", "width").presence, Presence::OptionalComputed(&["rack_type"]));
    assert_eq!(
        field("ipam/services", "parent_object").presence,
        Presence::RequiredIn(Availability::since(4, 3))
    );
    let formats = [
        ("ipam/prefixes", "prefix", Format::IpNetwork),
        ("ipam/ip-addresses", "address", Format::IpInterface),
        ("ipam/ip-addresses", "dns_name", Format::DnsName),
        ("dcim/mac-addresses", "mac_address", Format::Mac),
        ("dcim/interfaces", "wwn", Format::Wwn),
        ("extras/tags", "slug", Format::UnicodeSlug),
        ("extras/tags", "color", Format::Color),
        ("users/users", "username", Format::Username),
    ];
    for (path, name, expected) in formats {
        let shape = field(path, name).shape;
        assert!(
            matches!(shape, Shape::Text { format, .. } if format == expected),
            "{path}.{name}: {shape:?}"
        );
    }
    // Exclusive in the documents, so the last number inside counts.
    let vcpus = field("virtualization/virtual-machines", "vcpus").shape;
    assert!(
        matches!(vcpus, Shape::Decimal { min: Some("0.01"), max: Some("9999.99"), places: Some(2) }),
        "{vcpus:?}"
    );
    // The widest range of all releases.
    let power = field("dcim/interfaces", "tx_power").shape;
    assert!(matches!(power, Shape::Integer { min: Some(-40), max: Some(127) }), "{power:?}");
}

#[test]
fn setters_take_their_fields_from_the_kinds() {
    let names: Vec<&str> = SETTERS.iter().map(|setter| setter.name).collect();
    let expected = [
        "netbox_device_primary_ip",
        "netbox_device_oob_ip",
        "netbox_virtual_device_context_primary_ip",
        "netbox_virtual_machine_primary_ip",
        "netbox_interface_primary_mac_address",
        "netbox_vm_interface_primary_mac_address",
        "netbox_virtual_chassis_master",
    ];
    assert_eq!(names, expected);
    let endpoints: Vec<&str> = ALLOCATORS
        .iter()
        .flat_map(|allocator| allocator.parents.iter().map(|parent| parent.endpoint))
        .collect();
    assert_eq!(
        endpoints,
        ["available-ips", "available-ips", "available-prefixes", "available-vlans", "available-asns"]
    );
}
