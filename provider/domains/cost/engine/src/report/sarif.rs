//! SARIF 2.1.0: each rule a result, at the artefact it is about.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::text::told;
use super::{Report, ReportRule};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// SARIF, as code scanning takes it.
#[must_use]
pub fn sarif(report: &Report) -> String {
    let families: BTreeSet<&str> = report.rules.iter().map(|rule| family(&rule.id)).collect();
    let rules: Vec<Value> = families.iter().map(|id| json!({ "id": id, "name": id })).collect();
    let index = |id: &str| families.iter().position(|known| *known == family(id));
    let results: Vec<Value> = report.rules.iter().map(|rule| result(report, rule, index(&rule.id))).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "hybridops-cost", "version": report.version, "rules": rules } },
            "invocations": [{ "executionSuccessful": true, "endTimeUtc": report.at }],
            "properties": {
                "subject": report.subject, "verdict": report.verdict, "reasonCodes": report.reasons,
                "facts": report.facts,
            },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

/// `budget:prod-dr:2026-03` is the rule `budget` about something.
fn family(id: &str) -> &str {
    id.split(':').next().unwrap_or(id)
}

fn result(report: &Report, rule: &ReportRule, index: Option<usize>) -> Value {
    let lifted = rule.lifted_by.is_some();
    let (kind, level) = match rule.outcome.as_str() {
        "block" => ("fail", "error"),
        "warn" => ("fail", "warning"),
        "skip" => ("notApplicable", "none"),
        _ => ("pass", "none"),
    };
    let mut said = vec![format!("{}: {}", rule.id, rule.outcome)];
    said.extend((!rule.numbers.is_empty()).then(|| rule.numbers.clone()));
    said.extend(told(rule));
    // Code scanning shows what has a place. Rules about money are about what the first artefact says.
    let mut result = json!({
        "ruleId": family(&rule.id),
        "kind": kind,
        "level": level,
        "message": { "text": said.join("; ") },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&report.place) } } }],
        "partialFingerprints": { "rule/v1": rule.id },
        "properties": { "reason": rule.reason },
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if lifted {
        result["suppressions"] = json!([{ "kind": "external", "justification": rule.lifted_by }]);
    }
    result
}

/// A relative reference: paths of artefacts have no characters that need more.
fn uri(path: &str) -> String {
    path.chars().map(|character| if character.is_ascii_graphic() { character } else { '_' }).collect()
}
