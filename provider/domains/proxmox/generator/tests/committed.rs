//! The committed table is what the schema makes, and the schema can be wrong about nothing unnoticed.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may fail, and says what it skips"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain_proxmox::table::{KINDS, PLACES};
use proxmox_table::overrides::Overrides;
use proxmox_table::schema::Schema;

/// The API's description, or none, said aloud.
fn schema(skipped: &str) -> Option<PathBuf> {
    let named = std::env::var_os("HYBRIDOPS_SHARED").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|ancestor| ancestor.join("shared"));
    let mut files = named.into_iter().chain(above).map(|shared| shared.join("fixtures/pve/apischema.json"));
    let found = files.find(|file| file.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no API schema found (shared/fixtures/pve/apischema.json): {skipped}");
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../..")
}

#[test]
fn the_committed_table_is_what_the_schema_makes() {
    let Some(schema) = schema("whether the table is current") else { return };
    let made = proxmox_table::made(&schema).expect("the schema makes a table");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/table");
    let differing = catalogue_source::files::differing(&directory, &made.files).expect("the table is there");
    assert!(differing.is_empty(), "make the table again, see the generator's README: {differing:?}");
    let page = root().join("docs/guides/proxmox-api-coverage.md");
    let there = std::fs::read_to_string(page).expect("the page is there");
    assert!(there == made.page, "make the page about the API again: see the generator's README");
}

#[test]
fn every_path_that_can_be_written_to_is_served_or_left_out() {
    let Some(schema) = schema("whether every path is served or left out") else { return };
    let schema = Schema::read(&schema).expect("the schema can be read");
    let mut overrides = Overrides::load().expect("the overrides can be read");
    let faults = proxmox_table::coverage::faults(&schema, &overrides).expect("paths can be compared");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(schema.writable().count() > 200, "the whole API is there");
    // It would be found if it were otherwise.
    overrides.general.left_out.remove("/access/password").expect("it is left out");
    overrides.general.left_out.insert("/no/such/path".to_owned(), "It is not there.".to_owned());
    let faults =
        proxmox_table::coverage::faults(&schema, &overrides).expect("paths can be compared").join("\n");
    assert!(faults.contains("PUT /access/password is neither served nor left out"), "{faults}");
    assert!(faults.contains("/no/such/path means no path that can be written to"), "{faults}");
}

/// What a kind or field of the compiled-in table says goes back to the schema, or says that it does not.
#[test]
fn places_name_paths_of_the_schema() {
    let Some(schema) = schema("whether places are paths of the API") else { return };
    let schema = Schema::read(&schema).expect("the schema can be read");
    let overrides = Overrides::load().expect("the overrides can be read");
    let mut newer = BTreeSet::new();
    for facts in &overrides.kinds {
        let name = format!("proxmox_{}", facts.name);
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap_or_else(|| panic!("no kind {name}"));
        let place = PLACES
            .iter()
            .find(|place| place.kind == kind.path)
            .unwrap_or_else(|| panic!("no place of {name}"));
        if facts.source.is_some() {
            assert!(kind.available.since.is_some(), "{name} is not in the schema, so it is newer");
            newer.insert(facts.name.as_str());
            continue;
        }
        // The same path with parameters called as the API calls them.
        let bare = |path: &str| {
            let path = path.split('?').next().unwrap_or(path);
            let guest = path.replace("{guest}", "nodes/{node}/qemu/{vmid}");
            format!("/{guest}")
                .split('/')
                .map(|part| if part.starts_with('{') { "{}" } else { part })
                .collect::<Vec<_>>()
                .join("/")
        };
        let known = |path: &str| {
            facts
                .collection
                .iter()
                .chain(&facts.item)
                .any(|known| bare(known.trim_start_matches('/')) == bare(path))
        };
        assert!(known(place.collection) && known(place.item), "{name}: {} {}", place.collection, place.item);
        assert!(facts.collection.as_deref().is_some_and(|collection| schema.has(collection)), "{name}");
    }
    let expected = [
        "ha_rule_node_affinity",
        "ha_rule_resource_affinity",
        "metric_server_opentelemetry",
        "sdn_fabric_node_openfabric",
        "sdn_fabric_node_ospf",
        "sdn_fabric_openfabric",
        "sdn_fabric_ospf",
    ];
    assert_eq!(newer, BTreeSet::from(expected));
}
