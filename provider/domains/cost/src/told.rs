//! A decision as Terraform sees it.

use std::borrow::Cow;

use cost_engine::Decision;
use cost_engine::json::{Json, canonical};
use cost_engine::report::{NoDecision, Report, human};
use cost_engine::rules::Verdict;
use tf_framework::Model;

use crate::question::Said;

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct RuleInfo {
    /// Which rule: `hourly.max`, `budget:prod-dr:2026-03`.
    #[attr(computed)]
    pub id: String,
    /// What came of it: `skip`, `pass`, `warn` or `block`.
    #[attr(computed)]
    pub outcome: String,
    /// Why, where it did not pass: `BUDGET_EXCEEDED`.
    #[attr(computed)]
    pub reason: Option<String>,
    /// What was observed. Null for ages, which are another at each plan.
    #[attr(computed)]
    pub observed: Option<String>,
    /// From where on it warns; just this warns.
    #[attr(computed)]
    pub warn_at: Option<String>,
    /// Most that passes; just this passes.
    #[attr(computed)]
    pub limit: Option<String>,
    /// What the numbers are: `EUR`, `EUR/Hour`, `Hours`, `Seconds`.
    #[attr(computed)]
    pub unit: Option<String>,
    /// The sentence.
    #[attr(computed)]
    pub text: Option<String>,
    /// The approval that lifted it.
    #[attr(computed)]
    pub lifted_by: Option<String>,
}

/// What it would cost. Amounts are exact decimals in the currency of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ProjectionInfo {
    /// Currency of the policy.
    #[attr(computed)]
    pub currency: String,
    /// For an hour, without margin.
    #[attr(computed)]
    pub hourly: String,
    /// Once.
    #[attr(computed)]
    pub one_time: String,
    /// For the hours of the window.
    #[attr(computed)]
    pub recurring: String,
    /// For what the artefacts are not sure of.
    #[attr(computed)]
    pub margin: String,
    /// All together: what limits are compared with.
    #[attr(computed)]
    pub projected: String,
    /// Credits that the artefacts tell.
    #[attr(computed)]
    pub credits: String,
    /// What being down for as long would cost, where the policy says so.
    #[attr(computed)]
    pub outage_cost: Option<String>,
    /// By period of the budgets.
    #[attr(computed)]
    pub periods: Vec<PeriodInfo>,
}

/// What falls into a period.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct PeriodInfo {
    /// The period: `2026-03`, `2026-Q1`, `2026`.
    #[attr(computed)]
    pub period: String,
    /// Hours of the window in it.
    #[attr(computed)]
    pub hours: String,
    /// What is projected for it, with margin.
    #[attr(computed)]
    pub projected: String,
}

/// An artefact that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ArtifactInfo {
    /// Its path below the root.
    #[attr(computed)]
    pub path: String,
    /// SHA-256 of its canonical form.
    #[attr(computed)]
    pub sha256: String,
}

/// The decision without what changes by the mere passing of time: it is the same at the next plan.
pub(crate) fn lasting(decision: &Decision) -> Json<'static> {
    let mut document = decision.document().clone();
    document.take("evaluatedAt");
    document.take("validUntil");
    if let Json::Object(members) = &mut document {
        for (_, rules) in members.iter_mut().filter(|(key, _)| key == "rules") {
            if let Json::List(rules) = rules {
                rules.iter_mut().filter(|rule| is_age(rule)).for_each(|rule| drop(rule.take("observed")));
            }
        }
    }
    document
}

fn is_age(rule: &Json<'_>) -> bool {
    rule.get("unit").and_then(Json::as_text) == Some("Seconds")
}

/// A decision document in plain lines, every rule among them.
pub(crate) fn explain(document: &Json<'_>) -> Result<String, NoDecision> {
    Report::read(document).map(|report| human(&report).trim_end().to_owned())
}

/// The decision as text, and told in plain lines.
pub(crate) fn texts(decision: &Decision) -> (String, String) {
    let lasting = lasting(decision);
    (canonical(&lasting), explain(&lasting).unwrap_or_default())
}

/// The decision told to people, now.
pub(crate) fn told(decision: &Decision, problems: &[String]) -> String {
    let mut told = explain(decision.document()).unwrap_or_default();
    if !problems.is_empty() {
        told.push_str("\nCould not be read, and was judged as missing:");
        problems.iter().for_each(|problem| told.push_str(&format!("\n  {problem}")));
    }
    told
}

/// What each rule found.
pub(crate) fn rules(decision: &Decision) -> Vec<RuleInfo> {
    let document = lasting(decision);
    let Some(Json::List(rules)) = document.get("rules") else { return Vec::new() };
    let text = |rule: &Json<'_>, key: &str| rule.get(key).and_then(Json::as_text).map(str::to_owned);
    let told = |rule: &Json<'_>| RuleInfo {
        id: text(rule, "id").unwrap_or_default(),
        outcome: text(rule, "outcome").unwrap_or_default(),
        reason: text(rule, "reason"),
        observed: text(rule, "observed"),
        warn_at: text(rule, "warnAt"),
        limit: text(rule, "limit"),
        unit: text(rule, "unit"),
        text: text(rule, "text"),
        lifted_by: text(rule, "liftedBy"),
    };
    rules.iter().map(told).collect()
}

/// What it would cost.
pub(crate) fn projection(decision: &Decision, currency: &str) -> Option<ProjectionInfo> {
    let told = decision.judgement.projection.as_ref()?;
    let periods = told.periods.iter().map(|(period, hours, projected)| PeriodInfo {
        period: period.clone(),
        hours: hours.to_string(),
        projected: projected.to_string(),
    });
    Some(ProjectionInfo {
        currency: currency.to_owned(),
        hourly: told.whole.hourly.to_string(),
        one_time: told.whole.one_time.to_string(),
        recurring: told.whole.recurring.to_string(),
        margin: told.whole.margin.to_string(),
        projected: told.whole.total.to_string(),
        credits: told.credits.to_string(),
        outage_cost: told.outage.as_ref().map(ToString::to_string),
        periods: periods.collect(),
    })
}

/// What an apply compares with.
pub(crate) fn said(decision: &Decision) -> Said {
    Said {
        decision_id: decision.id.clone(),
        input_digest: decision.input_digest.to_string(),
        verdict: decision.judgement.verdict.as_str().to_owned(),
        projected: decision.judgement.projection.as_ref().map(|told| told.whole.total.to_string()),
    }
}

/// The artefacts that were judged.
pub(crate) fn artifacts(decision: &Decision) -> Vec<ArtifactInfo> {
    let Some(Json::List(entries)) = decision.document().get("artifacts") else { return Vec::new() };
    let text = |entry: &Json<'_>, key: &str| {
        entry.get(key).and_then(Json::as_text).map(Cow::Borrowed).unwrap_or_default().into_owned()
    };
    let told = |entry: &Json<'_>| ArtifactInfo { path: text(entry, "path"), sha256: text(entry, "sha256") };
    entries.iter().map(told).collect()
}

/// The reasons of a decision.
pub(crate) fn reasons(decision: &Decision) -> Vec<String> {
    decision.judgement.reasons().into_iter().map(|reason| reason.code().to_owned()).collect()
}

/// What to do next, as the document says it.
pub(crate) fn next(decision: &Decision) -> String {
    decision.document().get("next").and_then(Json::as_text).unwrap_or_default().to_owned()
}

/// One line: what the gate says.
pub(crate) fn summary(decision: &Decision) -> String {
    let reasons = reasons(decision).join(", ");
    match decision.judgement.verdict {
        Verdict::Allow if decision.judgement.allowed => "The cost gate allows it".to_owned(),
        Verdict::Allow => "The cost gate would allow it".to_owned(),
        Verdict::Warn => format!("The cost gate warns: {reasons}"),
        Verdict::Block => format!("The cost gate blocks: {reasons}"),
    }
}
