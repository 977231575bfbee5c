//! The committed table is what the documents make, and it agrees with what was found out about NetBox otherwise.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may fail, and says what it skips"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use catalogue::description::{Availability, Field, Kind, Presence, Shape, Version};
use domain_netbox::table::{EXCLUDED, KINDS, LEFT_OUT, VERSIONS};

/// Fields that the server would take and that are read only here, with the reason.
const READ_ONLY_HERE: [(&str, &str); 18] = [
    ("circuits/providers", "accounts"),          // accounts name their provider
    ("dcim/devices", "oob_ip"),                  // a setter
    ("dcim/devices", "primary_ip4"),             // a setter
    ("dcim/devices", "primary_ip6"),             // a setter
    ("dcim/interfaces", "primary_mac_address"),  // a setter
    ("dcim/module-bays", "installed_module"),    // modules name their bay
    ("dcim/rear-port-templates", "front_ports"), // front ports name their rear ports
    ("dcim/rear-ports", "front_ports"),          // front ports name their rear ports
    ("dcim/virtual-chassis", "master"),          // a setter
    ("dcim/virtual-device-contexts", "primary_ip4"), // a setter
    ("dcim/virtual-device-contexts", "primary_ip6"), // a setter
    ("ipam/asns", "sites"),                      // sites name their AS numbers
    ("users/groups", "permissions"),             // permissions name their groups
    ("users/tokens", "pepper_id"),               // follows from the secret
    ("users/users", "permissions"),              // permissions name their users
    ("virtualization/interfaces", "primary_mac_address"), // a setter
    ("virtualization/virtual-machines", "primary_ip4"), // a setter
    ("virtualization/virtual-machines", "primary_ip6"), // a setter
];

fn kind(path: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.path == path)
}

/// The field that a key on the wire belongs to; of a pair of keys, the field both make.
fn field(kind: &'static Kind, wire: &str) -> Option<&'static Field> {
    let of_wire = |field: &&Field| match field.shape {
        Shape::Target { type_key, id_key, .. } => wire == type_key || wire == id_key,
        _ => field.wire == wire,
    };
    let found: Vec<&'static Field> = kind.fields.iter().filter(of_wire).collect();
    found.iter().copied().find(|field| field.presence != Presence::ReadOnly).or(found.first().copied())
}

/// When a field is there: no longer than its kind.
fn effective(kind: &Kind, field: &Field) -> Availability {
    Availability {
        since: field.available.since.max(kind.available.since),
        until: field.available.until.or(kind.available.until),
    }
}

#[test]
fn the_committed_table_is_what_the_documents_make() {
    let Some(fixtures) = common::fixtures("whether the table is current") else { return };
    let files = netbox_table::files(&common::documents(&fixtures)).expect("the documents make a table");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/table");
    let there: BTreeSet<String> = std::fs::read_dir(&directory)
        .expect("the table is there")
        .map(|entry| entry.expect("the table can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(there, files.keys().cloned().collect(), "make the table again: see the generator's README");
    for (name, text) in files {
        let there = std::fs::read_to_string(directory.join(&name)).expect("the file can be read");
        assert!(there == text, "{name} is not what the documents make: see the generator's README");
    }
}

#[test]
fn the_order_of_documents_does_not_count() {
    let Some(fixtures) = common::fixtures("whether the order of documents counts") else { return };
    let mut documents = common::documents(&fixtures);
    let forwards = netbox_table::files(&documents).expect("the documents make a table");
    documents.reverse();
    assert!(netbox_table::files(&documents).expect("the documents make a table") == forwards);
    documents.push(documents[0].clone());
    let twice = netbox_table::files(&documents).expect_err("one release twice is refused");
    assert!(twice.to_string().contains("two documents describe NetBox 4.7"), "{twice}");
}

/// Rows of the list of versions that the table does not follow to the letter, with what it does instead.
fn since_of_exceptions() -> BTreeMap<(&'static str, &'static str), Option<Version>> {
    [
        // Slugs as bare texts in 4.4, objects as everywhere else since.
        (("extras/config-context-profiles", "tags"), Some(Version::new(4, 5))),
    ]
    .into()
}

/// Fields whose rows the overrides correct: the documents let them be left out or null, and the server's database or its
/// serializer refuses that.
const CORRECTED: [&str; 7] = [
    "ipam/asns.rir",
    "tenancy/contact-assignments.role",
    "vpn/ike-policies.mode",
    "vpn/ike-proposals.authentication_algorithm",
    "vpn/ipsec-policies.pfs_group",
    "vpn/ipsec-proposals.encryption_algorithm",
    "vpn/ipsec-proposals.authentication_algorithm",
];

#[test]
fn types_and_fields_are_there_since_and_until_the_versions_listed() {
    let Some(fixtures) = common::fixtures("types and fields against versions.csv") else { return };
    let exceptions = since_of_exceptions();
    let mut faults = Vec::new();
    let mut compared = 0;
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in common::rows(&fixtures, "versions.csv") {
        let (path, wire) = (row["type"].as_str(), row["field"].as_str());
        let Some(kind) = kind(path) else {
            assert!(EXCLUDED.iter().any(|(excluded, _)| *excluded == path), "{path} is skipped silently");
            continue;
        };
        listed.entry(path.to_owned()).or_default().insert(wire.to_owned());
        let left_out = LEFT_OUT.iter().any(|(left, name, _)| *left == path && *name == wire);
        let Some(field) = field(kind, wire) else {
            if !left_out {
                faults.push(format!("{path}.{wire} is skipped silently"));
            }
            continue;
        };
        compared += 1;
        faults.extend(differences(kind, field, &row, exceptions.get(&(path, wire)).copied()));
    }
    let corrected = |fault: &String| CORRECTED.iter().any(|name| fault.starts_with(&format!("{name}: ")));
    let (expected, faults): (Vec<_>, Vec<_>) = faults.into_iter().partition(corrected);
    assert_eq!(expected.len(), CORRECTED.len(), "a correction is none any more: {expected:?}");
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
    assert!(compared > 1300, "only {compared} rows were compared");
    for kind in KINDS {
        for field in kind.fields.iter().filter(|field| field.presence != Presence::ReadOnly) {
            let known = |wire: &str| listed[kind.path].contains(wire);
            let there = match field.shape {
                Shape::Target { type_key, id_key, .. } => known(type_key) && known(id_key),
                _ => known(field.wire),
            };
            assert!(there, "{}.{} is writable here and in no release", kind.path, field.name);
        }
    }
}

fn differences(
    kind: &Kind,
    field: &Field,
    row: &std::collections::HashMap<String, String>,
    since: Option<Option<Version>>,
) -> Vec<String> {
    let name = format!("{}.{}", kind.path, row["field"]);
    let version = |text: &str| text.parse::<Version>().expect("a version");
    let mut faults = Vec::new();
    let read_only = field.presence == Presence::ReadOnly;
    if read_only != READ_ONLY_HERE.contains(&(kind.path, field.wire)) {
        faults.push(format!("{name}: read only here: {read_only}"));
    }
    let actual = effective(kind, field);
    let oldest = VERSIONS.first().copied();
    let listed_since = Some(version(&row["since"])).filter(|since| Some(*since) != oldest);
    let expected = since.unwrap_or(listed_since);
    let gap = !row["absent_between"].is_empty();
    if actual.since != expected && !gap {
        faults.push(format!("{name}: since {:?}, listed since {}", actual.since, row["since"]));
    }
    if gap && actual.since.is_none_or(|since| Some(since) <= listed_since) {
        faults.push(format!("{name}: since {:?}, though it was absent in between", actual.since));
    }
    let until = (!row["until"].is_empty()).then(|| version(&row["until"]));
    if actual.until != until {
        faults.push(format!("{name}: until {:?}, listed until {:?}", actual.until, row["until"]));
    }
    let newest = until.or(VERSIONS.last().copied()).expect("there is a newest version");
    let required = match field.presence {
        Presence::Required => true,
        Presence::RequiredIn(versions) => versions.covers(newest),
        _ => false,
    };
    let is_id = matches!(field.shape, Shape::Target { id_key, .. } if id_key == row["field"]);
    if required != (row["required"] == "yes") && !read_only && field.default.is_none() && !is_id {
        faults.push(format!("{name}: required here: {required}, listed: {}", row["required"]));
    }
    let nullable = row["nullable"] == "yes";
    // A required choice that may be null on paper has no use for it.
    if nullable && !field.nullable && !is_id && !required {
        faults.push(format!("{name}: not nullable here, listed as nullable"));
    }
    faults
}

#[test]
fn relations_are_those_of_the_running_server() {
    let Some(fixtures) = common::fixtures("relations against object-types.csv") else { return };
    let path_of: BTreeMap<&str, &str> = KINDS.iter().map(|kind| (kind.model, kind.path)).collect();
    let mut compared = 0;
    for row in common::rows(&fixtures, "object-types.csv") {
        let path = row["endpoint"].trim_start_matches("/api/").trim_matches('/');
        let Some(kind) = kind(path) else { continue };
        assert_eq!(kind.model, row["model"], "{path}");
        for (wire, model) in row["fk"].split("; ").filter_map(|entry| entry.split_once('>')) {
            let target = match field(kind, wire).map(|field| field.shape) {
                Some(Shape::Reference { target }) => target,
                other => panic!("{path}.{wire} refers to {model}, here it is {other:?}"),
            };
            assert_eq!(Some(&target), path_of.get(model), "{path}.{wire}");
            compared += 1;
        }
        for (wire, model) in row["m2m"].split("; ").filter_map(|entry| entry.split_once("[]>")) {
            let Some(Shape::References { target }) = field(kind, wire).map(|field| field.shape) else {
                let objects = model.ends_with("(objects)");
                assert!(objects, "{path}.{wire} refers to {model}");
                continue;
            };
            assert_eq!(Some(&target), path_of.get(model), "{path}.{wire}");
            compared += 1;
        }
        for (wire, models) in row["generic_types"].split("; ").filter_map(|entry| entry.split_once('>')) {
            let Some(Shape::Target { of, .. }) = field(kind, wire).map(|field| field.shape) else {
                continue;
            };
            assert!(!of.is_empty(), "{path}.{wire}");
            let newest = Version::new(4, 6);
            let here: BTreeSet<&str> = of
                .iter()
                .filter(|choice| choice.available.covers(newest))
                .map(|choice| choice.model)
                .collect();
            match models.strip_suffix(" types") {
                Some(count) => {
                    let count: usize = count.parse().expect("a number of types");
                    assert!(here.len() <= count, "{path}.{wire}: {here:?}");
                }
                None => assert_eq!(here, models.split('|').collect(), "{path}.{wire}"),
            }
            compared += 1;
        }
        assert_eq!(
            row["tags"] == "1",
            kind.fields.iter().any(|field| matches!(field.shape, Shape::Tags)),
            "{path}"
        );
        let custom = kind.fields.iter().any(|field| matches!(field.shape, Shape::CustomFields));
        assert_eq!(row["custom_fields"] == "1", custom, "{path}");
    }
    assert!(compared > 300, "only {compared} relations were compared");
}

#[test]
fn defaults_are_what_servers_put() {
    let Some(fixtures) = common::fixtures("defaults against recorded creations") else { return };
    let mut compared = 0;
    for entry in std::fs::read_dir(&fixtures).expect("the fixtures can be listed") {
        let path = entry.expect("the fixtures can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("crud-") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the recording can be read");
        let recording: serde_json::Value = serde_json::from_str(&text).expect("the recording is JSON");
        for exchange in recording["exchanges"].as_array().expect("exchanges") {
            compared += created(exchange, name);
        }
    }
    assert!(compared > 100, "only {compared} defaults were compared");
}

/// Compares the defaults of one creation; how many there were.
fn created(exchange: &serde_json::Value, name: &str) -> usize {
    use catalogue::description::Literal;
    let (request, response) = (&exchange["request"], &exchange["response"]);
    let (Some(sent), Some(answered)) = (request["body"].as_object(), response["body"].as_object()) else {
        return 0;
    };
    let path = request["path"].as_str().unwrap_or_default().trim_start_matches("/api/").trim_matches('/');
    let Some(kind) = kind(path) else { return 0 };
    if request["method"] != "POST" || response["status"] != 201 {
        return 0;
    }
    let mut compared = 0;
    for field in kind.fields {
        let Some(answer) = answered.get(field.wire) else { continue };
        if sent.contains_key(field.wire) || field.secret || matches!(field.shape, Shape::Target { .. }) {
            continue;
        }
        let answer = answer.get("value").unwrap_or(answer);
        let same = match field.default {
            Some(Literal::Bool(value)) => answer.as_bool() == Some(value),
            Some(Literal::Integer(value)) => answer.as_i64() == Some(value),
            Some(Literal::Decimal(value)) => answer.as_f64() == value.parse().ok(),
            Some(Literal::Text(value)) => answer.as_str() == Some(value),
            None => continue,
        };
        assert!(
            same,
            "{name}: {path}.{} is {answer} where none was sent, here {:?}",
            field.name, field.default
        );
        compared += 1;
    }
    compared
}
