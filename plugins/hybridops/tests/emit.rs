//! Artefacts that the real program writes: the gate reads them, nothing is overwritten, half a file is never seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests, which tell what they skip"
)]

mod bench;
mod moto;

use base64::Engine as _;
use bench::Bench;
use moto::Moto;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

const TESTDATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../provider/domains/cost/engine/testdata");

fn bench() -> Bench {
    let bench = Bench::now();
    for name in ["infracost-0.2.json", "infracost-scan.json", "plan.json", "price-book.json"] {
        bench.write(name, &std::fs::read_to_string(format!("{TESTDATA}/{name}")).unwrap());
    }
    bench
}

fn about<'a>(run_id: &'a str, from: &'a str) -> Vec<&'a str> {
    vec![
        "emit",
        "--from",
        from,
        "--run-id",
        run_id,
        "--component",
        "dr-aks",
        "--env",
        "prod",
        "--owner",
        "platform",
        "--purpose",
        "dr",
        "--requires",
        "traffic.cutover",
        "--action",
        "k8s.start",
        "--action-of",
        "vcpu=db.promote",
    ]
}

fn book(run_id: &str) -> Vec<&str> {
    [
        about(run_id, "price-book.json"),
        vec!["--quantity", "aks-d4s=3", "--quantity", "egress=200", "--quantity", "vcpu=8:4"],
    ]
    .concat()
}

#[test]
fn what_is_emitted_is_decided_by() {
    let bench = bench();
    bench.remove("artifacts/dr-aks/cost-run-gha-18273645-1.json");
    let ran = bench.run(&book("run-1"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("dr-aks/cost-run-run-1.json sha256:"), "{ran:?}");
    let path = "artifacts/dr-aks/cost-run-run-1.json";
    assert_eq!(bench.run(&["verify", path]).code, 0);
    let decide = bench.decide_now("me");
    let decide: Vec<&str> = decide.iter().map(String::as_str).collect();
    let ran = bench.run(&decide);
    assert_eq!(ran.code, 0, "{ran:?}");
    // (3 × 0.2022 + 4 × 0.0041) × 1 h + 15, and a fifth.
    assert!(ran.out.contains(" 391.1476"), "{ran:?}");
    assert!(bench.leftovers("artifacts/dr-aks").is_empty());
}

#[test]
fn a_run_id_is_used_once() {
    let bench = bench();
    assert_eq!(bench.run(&book("run-1")).code, 0);
    let path = "artifacts/dr-aks/cost-run-run-1.json";
    let before = bench.read(path);
    let other = bench.run(&[book("run-1"), vec!["--uncertainty", "0"]].concat());
    assert_eq!(other.code, 30, "{other:?}");
    assert!(other.err.contains("is there and says something else; a run id is used once"), "{other:?}");
    assert_eq!(bench.read(path), before);
    assert!(bench.leftovers("artifacts/dr-aks").is_empty());
    // Many at once: one of them is first, and what it wrote is whole.
    let children: Vec<_> = (0..8)
        .map(|number| {
            let uncertainty = number.to_string();
            bench.start(&[book("run-2"), vec!["--uncertainty", &uncertainty]].concat())
        })
        .collect();
    let codes: Vec<i32> = children.into_iter().map(|child| bench::finish(child).code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(bench.run(&["verify", "artifacts/dr-aks/cost-run-run-2.json"]).code, 0);
    assert!(bench.leftovers("artifacts/dr-aks").is_empty());
}

#[test]
fn what_has_no_price_is_told_and_refused() {
    let bench = bench();
    bench.remove("artifacts/dr-aks/cost-run-gha-18273645-1.json");
    let decide = bench.decide_now("me");
    let decide: Vec<&str> = decide.iter().map(String::as_str).collect();
    let sources: [(&str, Vec<&str>, &str); 3] = [
        ("infracost-0.2.json", vec![], "Mystery: no price or no quantity"),
        (
            "infracost-scan.json",
            vec!["--prices-as-of", "2026-03-30T00:00:00Z"],
            "azurerm_lb.front/Rules: no price",
        ),
        (
            "plan.json",
            vec!["--price-book", "price-book.json"],
            "acme_thing.this: the price book on-prem-2026 knows no",
        ),
    ];
    for (index, (from, more, said)) in sources.into_iter().enumerate() {
        let run_id = format!("run-{index}");
        let ran = bench.run(&[about(&run_id, from), more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
        let decided = bench.run(&[&decide[..], &["--run-id", &run_id]].concat());
        assert_eq!(decided.code, 20, "{decided:?}");
        assert!(decided.out.contains("COVERAGE"), "{decided:?}");
    }
}

#[test]
fn what_cannot_be_written_is_30() {
    let bench = bench();
    for (what, args, said) in [
        ("no plan without a book", about("run-1", "plan.json"), "a price book is needed"),
        ("prices of no moment", about("run-1", "infracost-scan.json"), "--prices-as-of"),
        ("something else", about("run-1", "policy.json"), "neither a result of Infracost"),
        ("no lines", about("run-1", "price-book.json"), "nothing in it that costs"),
        ("a run id", book("../run"), "runId: \"../run\" is not a run id"),
        ("an SKU", [book("run-1"), vec!["--quantity", "gold=1"]].concat(), "has no such SKU"),
        ("a number", [book("run-1"), vec!["--quantity", "vcpu=1e3"]].concat(), "not a decimal number"),
        ("less than nothing", [book("run-1"), vec!["--quantity", "vcpu=-1"]].concat(), "less than nothing"),
        (
            "a key that is none",
            [book("run-1"), vec!["--signing-key", "plan.json", "--key-id", "k"]].concat(),
            "no Ed25519 key",
        ),
    ] {
        let ran = bench.run(&args);
        assert_eq!(ran.code, 30, "{what}: {ran:?}");
        assert!(ran.err.contains(said), "{what}: {ran:?}");
    }
    bench.remove("artifacts/dr-aks/cost-run-gha-18273645-1.json");
    std::fs::remove_dir(bench.path("artifacts/dr-aks")).unwrap();
    let outside = bench.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, bench.path("artifacts/dr-aks")).unwrap();
    let ran = bench.run(&book("run-1"));
    assert_eq!(ran.code, 30, "{ran:?}");
    assert!(ran.err.contains("symbolic link"), "{ran:?}");
    assert!(std::fs::read_dir(outside).unwrap().next().is_none());
}

#[test]
fn signed_by_a_key_of_the_policy() {
    let bench = bench();
    bench.remove("artifacts/dr-aks/cost-run-gha-18273645-1.json");
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", encode(pkcs8.as_ref()));
    bench.write("key.pem", &pem);
    let public = encode(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap().public_key().as_ref());
    let signers = format!(
        "\"maxAge\": 86400, \"signers\": [{{\"keyId\": \"ci\", \"publicKey\": \"{public}\", \"systems\": [\"jenkins\"]}}]"
    );
    bench.flip("policy.json", "\"maxAge\": 86400", &signers);
    let decide = bench.decide_now("me");
    let decide: Vec<&str> = decide.iter().map(String::as_str).collect();
    for (run_id, more, code) in [
        ("unsigned", vec![], 20),
        ("signed", vec!["--signing-key", "key.pem", "--key-id", "ci", "--system", "jenkins"], 0),
        ("elsewhere", vec!["--signing-key", "key.pem", "--key-id", "ci", "--system", "laptop"], 20),
        ("unknown", vec!["--signing-key", "key.pem", "--key-id", "me", "--system", "jenkins"], 20),
    ] {
        let ran = bench.run(&[book(run_id), more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        let decided = bench.run(&[&decide[..], &["--run-id", run_id]].concat());
        assert_eq!(decided.code, code, "{run_id}: {decided:?}");
        assert_eq!(decided.out.contains("ARTIFACT_UNSIGNED"), code == 20, "{run_id}: {decided:?}");
    }
    // What is changed afterwards is not what was signed.
    bench.flip(
        "artifacts/dr-aks/cost-run-signed.json",
        "\"uncertaintyPercent\": \"20\"",
        "\"uncertaintyPercent\": \"10\"",
    );
    let decided = bench.run(&[&decide[..], &["--run-id", "signed"]].concat());
    assert!(decided.code == 20 && decided.out.contains("ARTIFACT_UNSIGNED"), "{decided:?}");
}

#[test]
fn on_s3_as_on_files() {
    let Some(moto) = Moto::start("artefacts") else { return };
    let bench = bench().with_env(&moto.environment());
    let place = ["--artifacts", "s3://artefacts/cost"];
    let decide = bench.decide_now("me");
    let decide: Vec<&str> = decide.iter().map(String::as_str).collect();
    let none = bench.run(&[&decide[..], &place].concat());
    assert!(none.code == 20 && none.out.contains("ARTIFACT_MISSING"), "{none:?}");
    let first = bench.run(&[&book("run-1")[..], &place].concat());
    assert_eq!(first.code, 0, "{first:?}");
    let again = bench.run(&[&book("run-1")[..], &place, &["--uncertainty", "0"]].concat());
    assert!(again.code == 30 && again.err.contains("a run id is used once"), "{again:?}");
    let decided = bench.run(&[&decide[..], &place].concat());
    assert_eq!(decided.code, 0, "{decided:?}");
    assert!(decided.out.contains("dr-aks/cost-run-run-1.json"), "{decided:?}");
    // A store that cannot be reached is no store without artefacts.
    let gone = bench.with_env(&[("AWS_ENDPOINT".to_owned(), "http://127.0.0.1:1".to_owned())]);
    let gone = gone.run(&[&decide[..], &place].concat());
    assert!(gone.code == 20 && gone.out.contains("ARTIFACT_INVALID"), "{gone:?}");
}
