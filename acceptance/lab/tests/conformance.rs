//! The stand-in answers as the recorded server did, or the difference has a reason on record.

// A test says aloud what it skips, and fails where it must.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::expect_used, clippy::panic)]

use hybridops_lab::conformance;

#[tokio::test(flavor = "multi_thread")]
async fn recordings_replay() {
    let Some(fixtures) = conformance::fixtures() else {
        eprintln!("SKIPPED: no recordings found (shared/fixtures/pve): conformance is not checked here");
        return;
    };
    let report = conformance::replay(&fixtures, None).await.expect("the replay runs");
    println!("{report}");
    assert_eq!(report.unexplained(), 0, "differences without a reason:\n{report}");
    assert!(report.equal() > 870, "too little was compared: {}", report.equal());
}

#[test]
fn the_api_table_is_what_its_source_gives() {
    let Some(fixtures) = conformance::fixtures() else {
        eprintln!("SKIPPED: no API schema found (shared/fixtures/pve): the API table is not checked here");
        return;
    };
    let schema = std::fs::read_to_string(fixtures.join("apischema.json")).expect("the schema can be read");
    let table = hybridops_lab::api_table(&schema, "8.4").expect("the schema is JSON");
    let kept = include_str!("../data/api-8.4.json");
    assert!(
        table == kept,
        "data/api-8.4.json is out of date: run `hybridops-lab api-table` and commit the result"
    );
}

/// The description of 9.1 is Proxmox's own (`api-viewer/apidata.js` of its documentation) and not kept beside the
/// recordings; who has it names it.
#[test]
fn the_api_table_of_9_is_what_its_source_gives() {
    let Some(path) = std::env::var_os("HYBRIDOPS_PVE_9_SCHEMA") else {
        eprintln!(
            "SKIPPED: HYBRIDOPS_PVE_9_SCHEMA names no API schema: the API table of 9.1 is not checked here"
        );
        return;
    };
    let schema = std::fs::read_to_string(path).expect("the schema can be read");
    let table = hybridops_lab::api_table(&schema, "9.1").expect("the schema is JSON");
    assert!(table == include_str!("../data/api-9.1.json"), "data/api-9.1.json is out of date");
}

/// A recording that says something else is told apart: the replay can fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_different_answer_is_noticed() {
    let Some(fixtures) = conformance::fixtures() else {
        eprintln!(
            "SKIPPED: no recordings found (shared/fixtures/pve): the replay itself is not checked here"
        );
        return;
    };
    let text = std::fs::read_to_string(fixtures.join("storage_setup.json")).expect("a recording");
    let changed =
        text.replace("already defined", "taken by somebody").replace("\"images,rootdir\"", "\"images\"");
    assert_ne!(text, changed);
    let altered = tempfile::tempdir().expect("a directory");
    std::fs::write(altered.path().join("storage_setup.json"), changed).expect("written");
    let report = conformance::replay(altered.path(), None).await.expect("the replay runs");
    assert_eq!(report.unexplained(), 2, "{report}");
}
