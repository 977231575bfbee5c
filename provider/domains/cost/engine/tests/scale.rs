//! Deciding among many artefacts takes no longer than reading them does, and no more memory than one of them.
//!
//! `HYBRIDOPS_SCALE` says how many artefacts; 300 unless said otherwise. The ratio is asserted in optimised builds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "helpers of tests, which tell what they measured"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use cost_engine::documents::{Policy, Spend};
use cost_engine::files::Source;
use cost_engine::json::parse;
use cost_engine::rules::{History, Inputs, Verdict};
use cost_engine::{Decimal, Decision, Mode, Request, moment};

const LINES: usize = 50;

/// An artefact of many lines, each with resources of its own.
fn artifact(number: usize) -> String {
    let lines: Vec<String> = (0..LINES)
        .map(|line| {
            format!(
                r#"    {{ "x_LineId": "line-{line}", "x_Action": "k8s.start", "x_Kind": "recurring", "ChargeCategory": "Usage", "ServiceName": "Virtual Machines", "ResourceType": "azurerm_linux_virtual_machine", "ResourceId": "module.dr.azurerm_linux_virtual_machine.node[{line}]", "PricingUnit": "Hours", "PricingQuantity": "1", "x_BaselineQuantity": "0", "ListUnitPrice": "0.0100", "ContractedUnitPrice": "0.0100" }}"#
            )
        })
        .collect();
    format!(
        r#"{{ "schema": "hybridops.cost-artifact", "schemaVersion": "1.0.0",
  "runId": "run-{number}", "component": "dr-aks", "currency": "EUR", "hoursPerMonth": "730",
  "timeGenerated": "2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z", "validUntil": "2026-04-06T20:05:11Z",
  "tags": {{ "cost:env": "prod", "cost:owner": "platform", "cost:component": "dr-aks", "cost:run_id": "run-{number}", "cost:purpose": "dr" }},
  "emitter": {{ "system": "github-actions" }}, "scenario": "dr-active", "baseline": "dr-standby",
  "lines": [
{lines}
  ],
  "totalHourlyCost": "0.5", "pastTotalHourlyCost": "0", "diffTotalHourlyCost": "0.5",
  "totalMonthlyCost": "365", "pastTotalMonthlyCost": "0", "diffTotalMonthlyCost": "365", "oneTimeCost": "0",
  "uncertaintyPercent": "20",
  "summary": {{ "totalDetectedResources": 50, "totalSupportedResources": 50, "totalUnsupportedResources": 0, "totalNoPriceResources": 0, "totalUsageBasedResources": 0 }},
  "priceSource": {{ "kind": "price-book", "id": "azure", "asOf": "2026-03-28T00:00:00Z" }} }}
"#,
        day = 10 + number / 86_400,
        hour = number / 3600 % 24,
        minute = number / 60 % 60,
        second = number % 60,
        lines = lines.join(",\n")
    )
}

fn decide(root: &Path, newest: usize) -> Duration {
    let policy = include_str!("../testdata/policy.json")
        .replace("[\"k8s.start\", \"db.promote\", \"traffic.cutover\"]", "[\"k8s.start\"]");
    let policy = Policy::read(&parse(policy.as_bytes()).unwrap()).unwrap();
    let spend = br#"{"schema":"hybridops.cost-spend","schemaVersion":"1.0.0","currency":"EUR","asOf":"2026-03-10T00:00:00Z",
        "spend":[{"budget":"prod-dr","period":"2026-03","actual":"1"}]}"#;
    let spend = Spend::read(&parse(spend).unwrap()).unwrap();
    let request = Request {
        action: "failover".into(),
        env: "prod".into(),
        components: vec!["dr-aks".into()],
        purpose: "dr".into(),
        target: None,
        window_start: moment("2026-03-10T00:00:00Z").unwrap(),
        hours: Decimal::from(48),
        hours_used: Decimal::zero(),
        requested_by: None,
        run_id: None,
    };
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let source = Source::Directory(root.to_owned());
    let artifacts = runtime.block_on(source.find_all(&request, &policy));
    let path = artifacts[0].artifact.as_ref().unwrap().path.clone();
    let decision = Decision::make(&Inputs {
        request: &request,
        mode: Mode::Enforce,
        policy: &policy,
        policy_pin: None,
        artifacts,
        spend: Some(&spend),
        reserved: Default::default(),
        fx: None,
        approvals: &[],
        used_approvals: &Default::default(),
        history: History::default(),
        now: moment("2026-03-10T12:00:00Z").unwrap(),
    });
    let took = begun.elapsed();
    assert_eq!(path, format!("dr-aks/cost-run-run-{newest}.json"));
    assert_eq!(decision.judgement.verdict, Verdict::Allow, "{:?}", decision.judgement.rules);
    took
}

/// What reading the same files and parsing them as JSON takes.
fn plain(root: &Path) -> Duration {
    let begun = Instant::now();
    let mut parsed = 0;
    for entry in std::fs::read_dir(root.join("dr-aks")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        parsed += usize::from(value.is_object());
    }
    assert!(parsed > 0);
    begun.elapsed()
}

/// Most memory the process had, in MiB, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kib| kib / 1024)
}

#[test]
fn among_many_artefacts() {
    let count = std::env::var("HYBRIDOPS_SCALE").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("dr-aks")).unwrap();
    let mut bytes = 0;
    for number in 0..count {
        let text = artifact(number);
        bytes += text.len();
        std::fs::write(dir.path().join(format!("dr-aks/cost-run-run-{number}.json")), text).unwrap();
    }
    // Once for the cache of the system, then the best of three each.
    plain(dir.path());
    let before = peak();
    let ours = (0..3).map(|_| decide(dir.path(), count - 1)).min().unwrap();
    let after = peak();
    let theirs = (0..3).map(|_| plain(dir.path())).min().unwrap();
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    eprintln!(
        "{count} artefacts of {LINES} lines ({} MiB): decided in {ours:.2?}, read and parsed in {theirs:.2?}, \
         ratio {ratio:.2}, peak memory {before:?} MiB before and {after:?} MiB after deciding",
        bytes >> 20
    );
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after - before < 16, "memory grows with the number of artefacts: {before} to {after} MiB");
    }
    if !cfg!(debug_assertions) {
        assert!(ratio < 2.0, "{ratio}");
    }
}
