//! The real program: exit codes, the five forms, what it records, and what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod bench;

use bench::{Bench, Ran};
use serde_json::Value;

const DECIDE: &[&str] = &[
    "decide",
    "--action",
    "failover",
    "--env",
    "prod",
    "--component",
    "dr-aks",
    "--purpose",
    "dr",
    "--hours",
    "48",
    "--window-start",
    "2026-03-30T22:00:00Z",
    "--requested-by",
    "repo:acme/dr:environment:dr-prod",
];
const THEN: &[&str] = &["--mode", "simulate", "--now", "2026-03-30T20:31:07Z"];

fn decide(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(&[DECIDE, more].concat())
}

#[test]
fn verdicts_are_exit_codes() {
    for (spent, reserved, expected) in
        [("300.00", "ALLOW", 0), ("372.40", "WARN", 10), ("499.00", "BLOCK", 20)]
    {
        let bench = Bench::published();
        bench.spend("2026-03-30T06:00:00Z", &[("2026-03", spent), ("2026-04", "0")]);
        let ran = decide(&bench, THEN);
        assert_eq!(ran.code, expected, "{ran:?}");
        assert!(ran.out.starts_with(reserved), "{ran:?}");
        assert!(ran.out.contains("simulation: nothing is allowed"), "{ran:?}");
    }
}

#[test]
fn what_leads_to_no_verdict_is_30() {
    let bench = Bench::published();
    let cases: &[(&str, &[&str], &str)] = &[
        ("no such flag", &["--maybe"], "unexpected argument"),
        ("now for real", &["--now", "2026-03-30T20:31:07Z"], "--mode simulate only"),
        ("no such mode", &["--mode", "maybe"], "not enforce, simulate or drill"),
        ("no policy", &["--policy", "nothing.json"], "nothing.json: there is no such file"),
        ("a policy that is none", &["--policy", "spend.json"], "spend.json: schema"),
        ("an environment", &["--ledger", "ftp://x/y"], "neither a directory nor s3://"),
    ];
    for (what, more, said) in cases {
        let ran = decide(&bench, more);
        assert_eq!(ran.code, 30, "{what}: {ran:?}");
        assert!(ran.err.contains(said) && ran.out.is_empty(), "{what}: {ran:?}");
    }
    let ran = bench.run(&[
        "decide",
        "--action",
        "failover",
        "--env",
        "../prod",
        "--component",
        "a",
        "--purpose",
        "dr",
        "--hours",
        "1",
    ]);
    assert_eq!(ran.code, 30);
    assert!(ran.err.contains("--env: \"../prod\" is not"), "{ran:?}");
    assert_eq!(bench.run(&["--help"]).code, 0);
    assert_eq!(bench.run(&[]).code, 30);
}

#[test]
fn nothing_that_is_missing_is_allowed() {
    let bench = Bench::published();
    bench.remove("artifacts/dr-aks/cost-run-gha-18273645-1.json");
    let ran = decide(&bench, THEN);
    assert_eq!(ran.code, 20, "{ran:?}");
    assert!(
        ran.out
            .contains("ARTIFACT_MISSING: there is no artefact at dr-aks/cost-run-*.json; run the pipeline"),
        "{ran:?}"
    );
    let back = bench.run(&[
        "decide",
        "--action",
        "failback",
        "--env",
        "prod",
        "--component",
        "dr-aks",
        "--purpose",
        "dr",
        "--hours",
        "1",
    ]);
    assert_eq!(back.code, 0, "spending less is never refused: {back:?}");
}

#[test]
fn every_form_is_well_formed() {
    let bench = Bench::published();
    let form = |format: &str| {
        let ran = decide(&bench, &[THEN, &["--format", format]].concat());
        assert_eq!(ran.code, 10, "{ran:?}");
        ran.out
    };
    let human = form("human");
    assert!(human.contains("BUDGET_WARN: 372.40 spent + 0 reserved + 44.26728 projected"), "{human}");
    assert!(human.lines().all(|line| line == line.trim_end()), "{human}");

    let json: Value = serde_json::from_str(&form("json")).unwrap();
    assert_eq!(json["schema"], "hybridops.cost-decision");
    assert_eq!((&json["verdict"], &json["allowed"]), (&Value::from("warn"), &Value::from(false)));

    let markdown = form("markdown");
    assert!(markdown.starts_with("## Cost gate: warn\n"), "{markdown}");
    let rows: Vec<usize> = markdown
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.matches(" |").count())
        .collect();
    assert!(rows.iter().all(|cells| matches!(cells, 2 | 4)), "{markdown}");

    let junit = form("junit");
    let told = bench.python(
        "import sys, xml.etree.ElementTree as e\nr = e.fromstring(sys.stdin.read()); s = r.find('testsuite')\n\
         print(r.tag, s.get('tests'), s.get('failures'), len(s.findall('testcase')), s.find('.//failure').get('type'))",
        &junit,
    );
    if let Some(told) = told {
        let rules = json["rules"].as_array().unwrap().len();
        assert_eq!(told.trim(), format!("testsuites {rules} 1 {rules} BUDGET_WARN"), "{junit}");
    }

    let sarif: Value = serde_json::from_str(&form("sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let failed: Vec<&Value> = results.iter().filter(|result| result["kind"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{sarif:#}");
    assert_eq!(
        (&failed[0]["ruleId"], &failed[0]["level"]),
        (&Value::from("budget"), &Value::from("warning"))
    );
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        // SARIF wants no level but none where nothing failed.
        assert!(result["kind"] == "fail" || result["level"] == "none");
        assert!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string());
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
}

#[test]
fn results_go_to_a_file_where_that_is_asked() {
    let bench = Bench::published();
    let ran = decide(&bench, &[THEN, &["--format", "json", "--output", "decision.json"]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (10, ""));
    let explained = bench.run(&["explain", "decision.json"]);
    assert_eq!(explained.code, 10);
    assert!(
        explained.out.starts_with("WARN  Cost gate: failover of dr-aks in prod (dr), 48 h from"),
        "{explained:?}"
    );
}

#[test]
fn a_decision_is_recorded_once_and_told_again() {
    let bench = Bench::now();
    let args = bench.decide_now("run-1");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let first = bench.run(&[&args[..], &["--ledger", "ledger", "--format", "json"]].concat());
    assert_eq!(first.code, 0, "{first:?}");
    let record: Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!(record["ledger"]["seq"], 1);
    let again = bench.run(&[&args[..], &["--ledger", "ledger"]].concat());
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.err.contains("is in the ledger already"), "{again:?}");

    let whole = bench.run(&["verify", "--ledger", "ledger", "--env", "prod"]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(whole.out.contains("1 records follow each other"), "{whole:?}");
    let id = record["decisionId"].as_str().unwrap();
    let told = bench.run(&["explain", "--decision", id, "--ledger", "ledger", "--env", "prod"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("record 1"), "{told:?}");
    let none = bench.run(&["explain", "--decision", "cd_0", "--ledger", "ledger", "--env", "prod"]);
    assert_eq!(none.code, 30);

    let anchor = format!("1:{}", record["ledger"]["hash"].as_str().unwrap());
    bench.flip("ledger/prod/000000000001.json", "\"hourly\":\"0.8419\"", "\"hourly\":\"0.8418\"");
    for format in ["human", "json", "markdown", "junit", "sarif"] {
        let broken = bench.run(&["verify", "--ledger", "ledger", "--env", "prod", "--format", format]);
        assert_eq!(broken.code, 20, "{broken:?}");
        assert!(broken.out.contains("record 1 of the ledger is wrong: it was changed"), "{broken:?}");
    }
    let record = bench.run(&["explain", "ledger/prod/000000000001.json"]);
    assert_eq!(record.code, 20, "{record:?}");
    bench.remove("ledger/prod/000000000001.json");
    assert_eq!(
        bench.run(&["verify", "--ledger", "ledger", "--env", "prod"]).code,
        0,
        "nothing says that it was there"
    );
    let lost = bench.run(&["verify", "--ledger", "ledger", "--env", "prod", "--anchor", &anchor]);
    assert_eq!(lost.code, 20, "{lost:?}");
    let not = bench.run(&["verify", "--ledger", "no-ledger", "--env", "prod"]);
    assert_eq!(not.code, 30, "a ledger that is not there is not whole: {not:?}");
    assert!(!bench.path("no-ledger").exists());
}

#[test]
fn documents_are_verified_one_by_one() {
    let bench = Bench::published();
    let ran =
        bench.run(&["verify", "policy.json", "spend.json", "artifacts/dr-aks/cost-run-gha-18273645-1.json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("sha256:a89cdf30e42743078c56e3a69a9f09f19a799c289b5e70d9fbfe0227131228ca"),
        "{ran:?}"
    );
    bench.flip(
        "artifacts/dr-aks/cost-run-gha-18273645-1.json",
        "\"oneTimeCost\": \"15.0000\"",
        "\"oneTimeCost\": \"5.0000\"",
    );
    let ran = bench.run(&["verify", "policy.json", "artifacts/dr-aks/cost-run-gha-18273645-1.json"]);
    assert_eq!(ran.code, 20, "{ran:?}");
    assert!(ran.out.contains("oneTimeCost: is 5.0000, but the lines make 15"), "{ran:?}");
}

#[test]
fn several_at_once_take_no_more_than_there_is() {
    // 127.60 of the budget are left, each takes 19.01028: the processes race for the last of it.
    let bench = Bench::now();
    let runs: Vec<Vec<String>> = (0..8).map(|number| bench.decide_now(&format!("run-{number}"))).collect();
    let children: Vec<_> = runs
        .iter()
        .map(|args| {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            bench.start(&[&args[..], &["--ledger", "ledger", "--format", "json"]].concat())
        })
        .collect();
    let ended: Vec<Ran> = children.into_iter().map(bench::finish).collect();
    let allowed = ended.iter().filter(|ran| ran.code == 0).count();
    assert_eq!(allowed, 6, "{ended:?}");
    assert!(ended.iter().all(|ran| ran.code == 0 || ran.code == 20), "{ended:?}");
    let whole = bench.run(&["verify", "--ledger", "ledger", "--env", "prod"]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(whole.out.contains("8 records follow each other"), "refusals are recorded too: {whole:?}");
}

#[test]
fn past_decisions_are_judged_by_another_policy() {
    let bench = Bench::now();
    for number in 0..8 {
        let args = bench.decide_now(&format!("run-{number}"));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = bench.run(&[&args[..], &["--ledger", "ledger"]].concat());
        assert_eq!(ran.code, if number < 6 { 0 } else { 20 }, "{ran:?}");
    }
    let backtest =
        |more: &[&str]| bench.run(&[&["backtest", "--ledger", "ledger", "--env", "prod"], more].concat());
    let same = backtest(&[]);
    assert_eq!(same.code, 0, "{same:?}");
    assert!(
        same.out.contains("allow, as it was") && same.out.contains("block, as it was (BUDGET_EXCEEDED)"),
        "{same:?}"
    );
    // A larger budget lets the two go that were refused; a smaller one refuses the last of the six.
    for (limit, changes) in [
        ("550.00", ["was block, would be allow"; 2].as_slice()),
        ("480.00", &["was allow, would be block (BUDGET_EXCEEDED)"]),
    ] {
        bench.write(
            "proposed.json",
            &bench.read("policy.json").replace("\"limit\": \"500.00\"", &format!("\"limit\": \"{limit}\"")),
        );
        let ran = backtest(&["--policy", "proposed.json"]);
        assert_eq!(ran.code, 10, "{ran:?}");
        assert_eq!(ran.out.matches("would be").count(), changes.len(), "{ran:?}");
        assert!(ran.out.contains(changes[0]), "{ran:?}");
    }
    // What an artefact said then cannot be told any more.
    let place = "artifacts/dr-aks/cost-run-gha-18273645-1.json";
    bench.flip(place, "\"uncertaintyPercent\": \"20\"", "\"uncertaintyPercent\": \"0\"");
    let ran = backtest(&["--format", "markdown"]);
    assert_eq!((ran.code, ran.out.matches("INTEGRITY").count()), (10, 8), "{ran:?}");
    assert_eq!(bench.run(&["backtest", "--ledger", "none", "--env", "prod"]).code, 30);
}
