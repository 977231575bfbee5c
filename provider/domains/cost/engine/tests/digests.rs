//! Canonical digests, reckoned by another implementation in another language.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "helpers of tests")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use cost_engine::json::{canonical, digest, parse};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// Reads a document from each line, and prints the digest of its canonical form: keys sorted by UTF-16, no space.
const PYTHON: &str = r#"
import hashlib, json, sys

def write(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(write(key) + ":" + write(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)

for line in sys.stdin.buffer:
    value = json.loads(line)
    if isinstance(value, dict) and isinstance(value.get("ledger"), dict) and "hash" in value["ledger"]:
        sealed = value["ledger"].pop("hash")
        text = "hybridops-ledger-v1\n" + write(value)
        assert "sha256:" + hashlib.sha256(text.encode()).hexdigest() == sealed, "the seal"
        value["ledger"]["hash"] = sealed
    print("sha256:" + hashlib.sha256(write(value).encode()).hexdigest())
"#;

fn of_python(documents: &[String]) -> Option<Vec<String>> {
    let child =
        Command::new("python3").args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("SKIPPED: python3 is not installed, digests are not cross-checked");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let text = documents.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\u{0}-\\u{ff}\\u{7f}\\u{e000}\\u{ffff}\\u{1f600}\"\\\\]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof!["[a-zA-Z_:]{0,4}", "[\\u{80}-\\u{2ff}\\u{e000}\\u{fb33}\\u{1f600}]{1,3}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn another_implementation_comes_to_the_same_digests() {
    let published = [
        include_str!("../testdata/cost-run-gha-18273645-1.json"),
        include_str!("../testdata/policy.json"),
        include_str!("../testdata/price-book.json"),
        include_str!("../testdata/decision-cd_bac26599f15ca630b5f6db6d48473a69.json"),
    ];
    let mut all: Vec<String> = published.iter().map(|text| text.replace('\n', " ")).collect();
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        all.push(documents().new_tree(&mut runner).unwrap().current().to_string());
    }
    let Some(theirs) = of_python(&all) else { return };
    assert_eq!(theirs.len(), all.len());
    for (text, theirs) in all.iter().zip(&theirs) {
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(digest(&value).to_string(), *theirs, "{text}\n{}", canonical(&value));
    }
    assert_eq!(theirs[0], "sha256:a89cdf30e42743078c56e3a69a9f09f19a799c289b5e70d9fbfe0227131228ca");
}
