//! The compiled-in table is sound by itself.

#![allow(clippy::panic, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};

use catalogue::description::{Field, Identity, Kind, Literal, Presence, Shape};
use domain_proxmox::config::{Clear, Create, Delete, Place, Read, Update, Wire};
use domain_proxmox::table::{KINDS, PLACES};

fn kind(name: &str) -> &'static Kind {
    let found = KINDS.iter().copied().find(|kind| kind.name == format!("proxmox_{name}"));
    found.unwrap_or_else(|| panic!("no kind {name}"))
}

fn place(name: &str) -> &'static Place {
    let path = kind(name).path;
    PLACES.iter().find(|place| place.kind == path).unwrap_or_else(|| panic!("no place of {name}"))
}

fn field(name: &str, of: &str) -> &'static Field {
    let found = kind(name).fields.iter().find(|field| field.name == of);
    found.unwrap_or_else(|| panic!("{name} has no field {of}"))
}

#[test]
fn nothing_is_wrong_with_it() {
    let faults = proxmox_table::check::check(KINDS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(KINDS.len(), 88);
}

#[test]
fn a_fault_is_found() {
    let pool = kind("pool");
    let mute = [Field { description: "no sentence", name: "count", ..*field("pool", "comment") }];
    let broken = Kind { plural: pool.name, fields: &*mute.to_vec().leak(), description: "A pool", ..*pool };
    let faults = proxmox_table::check::check(&[&broken]).join("\n");
    for fault in [
        "two things are called proxmox_pool",
        "\"count\" is no name for an attribute",
        "\"no sentence\" is no sentence",
        "\"A pool\" is no sentence",
        "its id has poolid, which is no field",
    ] {
        assert!(faults.contains(fault), "{fault} not in {faults}");
    }
}

#[test]
fn every_kind_has_one_place_that_names_its_fields() {
    let places: BTreeMap<&str, &Place> = PLACES.iter().map(|place| (place.kind, place)).collect();
    assert_eq!(places.len(), PLACES.len(), "no kind has two places");
    assert_eq!(PLACES.len(), KINDS.len());
    for kind in KINDS {
        let place = places.get(kind.path).unwrap_or_else(|| panic!("{} has no place", kind.name));
        let parts = kind.nature.identity.parts();
        let has = |name: &str| kind.fields.iter().any(|field| field.name == name);
        for path in [place.collection, place.item] {
            for placeholder in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let known = match placeholder {
                    "guest" => parts.contains(&"vmid"),
                    _ if placeholder.starts_with('@') => place.read == Read::Listed,
                    name => parts.contains(&name),
                };
                assert!(known, "{}: {path} names {placeholder}", kind.name);
            }
            assert!(!path.starts_with('/') && !path.ends_with('/'), "{path}");
        }
        for (name, _) in place
            .wires
            .iter()
            .map(|(name, wire)| (name, Some(wire)))
            .chain(place.found.iter().map(|(name, _)| (name, None)))
        {
            assert!(has(name), "{}: {name} is no field", kind.name);
        }
        for key in place.always {
            let known = place.constants.iter().any(|(constant, _)| constant == key)
                || kind.fields.iter().any(|field| field.wire == *key);
            assert!(known, "{}: {key} is sent always, but is neither a constant nor a field", kind.name);
        }
        let constants: BTreeSet<&str> = place.constants.iter().map(|(key, _)| *key).collect();
        assert!(
            !kind.fields.iter().any(|field| constants.contains(field.wire)),
            "{}: a constant is a field",
            kind.name
        );
    }
}

#[test]
fn habits_fit_together() {
    for place in PLACES {
        let kind =
            KINDS.iter().find(|kind| kind.path == place.kind).unwrap_or_else(|| panic!("no {}", place.kind));
        let name = kind.name;
        if place.clear == Clear::LeaveOut {
            assert_eq!(place.update, Update::PutWhole, "{name}: what is left out of a part is not lost");
        }
        if place.create == Create::Exists {
            assert!(kind.nature.standing, "{name} is always there");
            assert!(matches!(place.delete, Delete::Reset | Delete::Leave), "{name}");
        }
        if place.delete == Delete::Reset {
            assert_eq!(place.clear, Clear::DeleteList, "{name}: what was set is put back by clearing it");
        }
        if place.update == Update::Never {
            let changes =
                kind.fields.iter().find(|field| !field.replace && field.presence != Presence::ReadOnly);
            assert!(changes.is_none(), "{name}: {changes:?} cannot be changed");
        }
        for field in kind.fields {
            let wire = place.wires.iter().find(|(of, _)| *of == field.name).map(|(_, wire)| *wire);
            let fits = match wire {
                None => true,
                Some(Wire::Joined(_) | Wire::Repeated) => {
                    matches!(field.shape, Shape::Texts { .. } | Shape::Integers { .. })
                }
                Some(Wire::PropertyString(key)) => match field.shape {
                    Shape::Object { fields } => {
                        key.is_none_or(|key| fields.iter().any(|part| part.wire == key))
                    }
                    _ => false,
                },
                Some(Wire::PropertyStrings(_)) => matches!(field.shape, Shape::Objects { .. }),
                Some(Wire::Lines | Wire::Base64) => matches!(field.shape, Shape::Text { .. }),
                Some(Wire::Inverted) => matches!(field.shape, Shape::Bool),
            };
            assert!(fits, "{name}: {} is {:?} as {wire:?}", field.name, field.shape);
        }
    }
}

#[test]
fn secrets_are_secret() {
    let secrets: BTreeSet<(&str, &str)> = KINDS
        .iter()
        .flat_map(|kind| kind.fields.iter().filter(|field| field.secret).map(|field| (kind.name, field.name)))
        .collect();
    let expected = [
        ("proxmox_acme_account", "eab_hmac_key"),
        ("proxmox_acme_plugin_dns", "data"),
        ("proxmox_metric_server_influxdb", "token"),
        ("proxmox_metric_server_opentelemetry", "otel_headers"),
        ("proxmox_notification_gotify", "token"),
        ("proxmox_notification_smtp", "password"),
        ("proxmox_notification_webhook", "secret"),
        ("proxmox_realm_ad", "password"),
        ("proxmox_realm_ldap", "password"),
        ("proxmox_realm_openid", "client_key"),
        ("proxmox_sdn_dns_powerdns", "key"),
        ("proxmox_sdn_ipam_netbox", "token"),
        ("proxmox_sdn_ipam_phpipam", "token"),
        ("proxmox_storage_cephfs", "keyring"),
        ("proxmox_storage_cifs", "password"),
        ("proxmox_storage_esxi", "password"),
        ("proxmox_storage_pbs", "encryption_key"),
        ("proxmox_storage_pbs", "password"),
        ("proxmox_storage_rbd", "keyring"),
        ("proxmox_user", "password"),
    ];
    assert_eq!(secrets, BTreeSet::from(expected));
    // Nothing whose name speaks of a secret is shown.
    let telling = ["password", "keyring", "token", "secret", "encryption_key"];
    for kind in KINDS {
        let shown = kind.fields.iter().find(|field| telling.contains(&field.name) && !field.secret);
        assert!(shown.is_none(), "{}: {shown:?}", kind.name);
    }
}

#[test]
fn what_the_schema_does_not_say_is_known() {
    assert!(field("storage_nfs", "server").replace && field("storage_dir", "path").replace);
    assert!(!field("storage_glusterfs", "server").replace && !field("storage_rbd", "pool").replace);
    assert_eq!(field("storage_nfs", "path").presence, Presence::OptionalComputed(&[]));
    assert_eq!(field("user", "enable").default, Some(Literal::Bool(true)));
    assert_eq!(place("storage_nfs").constants, [("type", "nfs")]);
    assert_eq!(place("node_network_bridge").always, ["type"]);
    assert_eq!(place("notification_smtp").clear, Clear::DeleteEach);
    assert_eq!((place("role").read, place("sdn_subnet").read), (Read::Listed, Read::Listed));
    assert_eq!(place("metric_server_graphite").create, Create::PostItem);
    let bridged = place("node_network_bridge").wires.iter().find(|(name, _)| *name == "bridge_ports");
    assert_eq!(bridged.map(|(_, wire)| *wire), Some(Wire::Joined(' ')));
    let Shape::Object { fields } = field("cluster_options", "migration").shape else {
        panic!("migration is an object")
    };
    assert!(fields.iter().any(|part| part.name == "network"));
    let migration = place("cluster_options").wires.iter().find(|(name, _)| *name == "migration");
    assert_eq!(migration.map(|(_, wire)| *wire), Some(Wire::PropertyString(Some("type"))));
    let Shape::Objects { fields, ordered: true } = field("firewall_rules", "rules").shape else {
        panic!("rules are a list")
    };
    let names: BTreeSet<&str> = fields.iter().map(|part| part.name).collect();
    assert!(names.contains("icmp_type") && !names.contains("pos"), "{names:?}");
    assert_eq!(
        kind("guest_firewall_alias").nature.identity,
        Identity::Parts { parts: &["vmid", "name"], within: 1 }
    );
    assert_eq!(kind("ha_group").available.describe().as_deref(), Some("up to 8.4"));
}
