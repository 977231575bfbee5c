//! Two processes that decide at once never reserve more than there is: on files, and on S3.
//!
//! `HYBRIDOPS_RACE_ROUNDS` says how many rounds; 60 on files and 25 on S3 unless said otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests, which tell what they did"
)]

mod bench;
mod moto;

use std::time::Instant;

use bench::{Bench, Ran, finish};
use moto::Moto;
use serde_json::Value;

fn rounds(usual: usize) -> usize {
    std::env::var("HYBRIDOPS_RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

/// One of the two fits: 30 are left, and each takes 19.01028.
fn bench() -> Bench {
    let bench = Bench::now();
    let month = jiff::Timestamp::now().to_string().get(..7).unwrap().to_owned();
    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string();
    bench.spend(&now, &[(&month, "470.00")]);
    bench
}

/// Races two processes for each ledger, and counts what they were told.
fn race(bench: &Bench, place: &str, ledger: impl Fn(usize) -> String, rounds: usize) {
    let begun = Instant::now();
    let mut contended = 0;
    for round in 0..rounds {
        let ledger = ledger(round);
        let start = |who: &str| {
            let args = bench.decide_now(who);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            bench.start(&[&args[..], &["--ledger", &ledger, "--format", "json"]].concat())
        };
        let children = [start("first"), start("second")];
        let ended: Vec<Ran> = children.into_iter().map(finish).collect();
        let mut codes: Vec<i32> = ended.iter().map(|ran| ran.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 20], "{place}, round {round}: {ended:?}");
        let records: Vec<Value> = ended.iter().map(|ran| serde_json::from_str(&ran.out).unwrap()).collect();
        let allowed = records.iter().find(|record| record["allowed"] == true).unwrap();
        let refused = records.iter().find(|record| record["allowed"] == false).unwrap();
        assert_eq!(allowed["ledger"]["seq"], 1, "{place}, round {round}");
        assert_eq!(refused["ledger"]["seq"], 2, "{place}, round {round}");
        assert_eq!(refused["ledger"]["prev"], allowed["ledger"]["hash"], "{place}, round {round}");
        assert_eq!(
            refused["spend"][0]["reserved"], "19.01028",
            "{place}, round {round}: it saw what was taken"
        );
        // Who comes second by a long way has nothing to race for.
        contended += usize::from(refused["evaluatedAt"] == allowed["evaluatedAt"]);
        if round % 10 == 0 {
            let whole = bench.run(&["verify", "--ledger", &ledger, "--env", "prod"]);
            assert_eq!(whole.code, 0, "{whole:?}");
            assert!(whole.out.contains("2 records follow each other"), "{whole:?}");
        }
    }
    let took = begun.elapsed().as_secs_f64();
    eprintln!(
        "{place}: {rounds} rounds of two processes in {took:.1} s, each time one allowed and one refused \
         ({contended} within the same second)"
    );
}

#[test]
fn on_files() {
    let bench = bench();
    race(&bench, "files", |round| format!("ledgers/{round}"), rounds(60));
}

#[test]
fn on_s3() {
    let Some(moto) = Moto::start("ledger") else { return };
    let bench = bench().with_env(&moto.environment());
    race(&bench, "S3 (moto)", |round| format!("s3://ledger/{round}"), rounds(25));
}
