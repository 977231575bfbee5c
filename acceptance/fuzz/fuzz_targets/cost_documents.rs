//! Bytes as documents of the cost gate, and as what is imported into them.
//!
//! What is read is the same after being written in canonical form and read again, and what can be imported can be written
//! as an artefact that is never refused.

#![no_main]

use cost_engine::Decimal;
use cost_engine::documents::{Approval, Artifact, FxTable, Policy, PriceBook, PriceSource, Spend};
use cost_engine::emit::{Head, emit};
use cost_engine::import::import;
use cost_engine::json::{Digest, Json, canonical, digest, parse};
use cost_engine::ledger::Record;
use cost_engine::report::{Report, human, junit, markdown, sarif};
use libfuzzer_sys::fuzz_target;

const BOOK: &str = include_str!("../../../provider/domains/cost/engine/testdata/price-book.json");

/// Whether each kind of document takes it.
fn taken(value: &Json<'_>) -> [bool; 6] {
    [
        Artifact::read(value).is_ok(),
        Policy::read(value).is_ok(),
        Spend::read(value).is_ok(),
        FxTable::read(value).is_ok(),
        Approval::read(value).is_ok(),
        PriceBook::read(value).is_ok(),
    ]
}

fn head() -> Head {
    let moment = |text| cost_engine::moment(text).expect("a moment");
    Head {
        run_id: "run".into(),
        component: "part".into(),
        env: "prod".into(),
        owner: "team".into(),
        purpose: "dr".into(),
        scenario: "active".into(),
        baseline: "standby".into(),
        currency: "EUR".into(),
        generated: moment("2026-03-30T20:00:00Z"),
        valid_until: moment("2026-04-06T20:00:00Z"),
        uncertainty: Decimal::from(20),
        emitter: vec![("system", "fuzz".into())],
        target: None,
        requires: Vec::new(),
        action: "start".into(),
        actions: Vec::new(),
        prices: PriceSource {
            kind: "fuzz".into(),
            id: "fuzz".into(),
            as_of: moment("2026-03-30T20:00:00Z"),
            sha256: None,
        },
        source: Digest::of(b"fuzz"),
        zero_cost_reason: None,
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = Record::read(data, 1);
    let Ok(value) = parse(data) else { return };
    let written = canonical(&value);
    let again = parse(written.as_bytes()).expect("what was written can be read");
    assert_eq!(canonical(&again), written);
    assert_eq!(digest(&again), digest(&value));
    assert_eq!(taken(&again), taken(&value));
    if let Ok(report) = Report::read(&value) {
        for text in [human(&report), markdown(&report), junit(&report), sarif(&report)] {
            assert!(!text.is_empty());
        }
    }
    let book = parse(BOOK.as_bytes()).expect("a book");
    let book = PriceBook::read(&book).expect("a book");
    if let Ok(imported) = import(&value, data, Some(&book)) {
        // A number of many digits may have no place in a document; nothing else may be wrong.
        match emit(&head(), &imported) {
            Ok((json, artifact)) => {
                let text = canonical(&json);
                let read = parse(text.as_bytes()).expect("what was emitted can be read");
                assert_eq!(Artifact::read(&read).expect("an artefact").digest, artifact.digest);
            }
            Err(cost_engine::emit::EmitError::Wrong(error)) => {
                let told = error.to_string();
                assert!(told.contains("digits before") || told.contains("is not"), "{told}");
            }
            Err(_) => {}
        }
    }
});
