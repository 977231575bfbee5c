//! A decision told to people and to programs: plain text, Markdown, JUnit and SARIF.

mod junit;
mod sarif;
mod text;

use serde::Serialize;

use crate::decimal::Decimal;
use crate::documents::minor_unit;
use crate::json::Json;

pub use junit::junit;
pub use sarif::sarif;
pub use text::{human, markdown};

/// What is told: a verdict, what it is about, and the rules it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is judged, such as `Cost gate`.
    pub title: String,
    /// allow, warn or block.
    pub verdict: String,
    /// What it is about, in one line.
    pub subject: String,
    /// What else is known: names and values, in order.
    pub facts: Vec<(String, String)>,
    /// Reason codes.
    pub reasons: Vec<String>,
    /// The rules.
    pub rules: Vec<ReportRule>,
    /// What to do next.
    pub advice: String,
    /// When it was judged.
    pub at: String,
    /// The file it is about, for programs that show results beside files.
    pub place: String,
    /// Version of the program that judged.
    pub version: String,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportRule {
    /// Which one.
    pub id: String,
    /// skip, pass, warn or block.
    pub outcome: String,
    /// Its reason code.
    pub reason: Option<String>,
    /// What was observed, against what.
    pub numbers: String,
    /// The sentence.
    pub text: Option<String>,
    /// The approval that lifted it.
    pub lifted_by: Option<String>,
}

/// A document that is no decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no decision of the cost gate: {0} is missing")]
pub struct NoDecision(pub &'static str);

impl Report {
    /// Tells a decision, sealed or not.
    ///
    /// # Errors
    /// The document is none.
    pub fn read(decision: &Json<'_>) -> Result<Self, NoDecision> {
        if text(decision, "schema") != Some("hybridops.cost-decision") {
            return Err(NoDecision("schema"));
        }
        let required = |key| text(decision, key).map(str::to_owned).ok_or(NoDecision(key));
        let artifacts: Vec<(&str, &str)> = list(decision, "artifacts")
            .filter_map(|entry| Some((text(entry, "path")?, text(entry, "sha256")?)))
            .collect();
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
        fact("decision", required("decisionId")?);
        fact("mode", required("mode")?);
        // A copy that is kept in a state has no times: they would be others at each plan.
        for (name, key) in [("made", "evaluatedAt"), ("valid until", "validUntil")] {
            if let Some(value) = text(decision, key) {
                fact(name, value.to_owned());
            }
        }
        if let Some(seq) = decision.get("ledger").and_then(|place| place.get("seq")?.as_count()) {
            fact("ledger", format!("record {seq}"));
        }
        for (path, sha256) in &artifacts {
            fact("artefact", format!("{path} (sha256 {})", sha256.get(..12).unwrap_or(sha256)));
        }
        let projection = decision.get("projection");
        facts.extend(projection.map(costs).unwrap_or_default());
        facts.extend(projection.map(periods).unwrap_or_default());
        let (verdict, next) = (required("verdict")?, required("next")?);
        Ok(Self {
            title: "Cost gate".to_owned(),
            advice: advice(&next).to_owned(),
            verdict,
            subject: asked(decision.get("request").ok_or(NoDecision("request"))?),
            facts,
            reasons: list(decision, "reasonCodes").filter_map(Json::as_text).map(str::to_owned).collect(),
            rules: list(decision, "rules").filter_map(rule).collect(),
            at: text(decision, "evaluatedAt").unwrap_or_default().to_owned(),
            place: artifacts.first().map_or("output/artifacts/cost", |(path, _)| path).to_owned(),
            version: decision
                .get("engine")
                .and_then(|engine| text(engine, "version"))
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

/// What to do next, as a sentence.
fn advice(next: &str) -> &'static str {
    match next {
        "proceed" => "Go on, before it is no longer valid.",
        "approval_required" => {
            "Have somebody whose key the policy names sign an approval of the rules above, and ask again."
        }
        "simulated" => "This was a simulation: nothing is allowed or reserved by it.",
        _ => "Do not go on. What is in the way is told above; no approval lifts all of it.",
    }
}

fn text<'j>(json: &'j Json<'_>, key: &str) -> Option<&'j str> {
    json.get(key)?.as_text()
}

fn list<'j>(json: &'j Json<'j>, key: &str) -> impl Iterator<Item = &'j Json<'j>> {
    match json.get(key) {
        Some(Json::List(elements)) => elements.iter(),
        _ => [].iter(),
    }
}

fn asked(request: &Json<'_>) -> String {
    let of = |key| text(request, key).unwrap_or("?");
    let components: Vec<&str> = match text(request, "component") {
        Some(only) => vec![only],
        None => list(request, "components").filter_map(Json::as_text).collect(),
    };
    let target = text(request, "target").map(|target| format!(" on {target}")).unwrap_or_default();
    let by = text(request, "requestedBy").map(|by| format!(", asked by {by}")).unwrap_or_default();
    format!(
        "{} of {} in {} ({}){target}, {} h from {}{by}",
        of("action"),
        components.join(", "),
        of("env"),
        of("purpose"),
        of("hours"),
        of("windowStart")
    )
}

/// Amounts as people read them: rounded to what the currency has.
fn costs(projection: &Json<'_>) -> Vec<(String, String)> {
    let currency = text(projection, "currency").unwrap_or_default();
    let amount = |key| {
        let amount: Decimal = text(projection, key)?.parse().ok()?;
        Some(format!("{} {currency}", amount.rounded(minor_unit(currency))))
    };
    [
        ("projected", "projected"),
        ("for each hour", "hourly"),
        ("for the hours", "recurring"),
        ("once", "oneTime"),
        ("whole months", "monthSteps"),
        ("margin", "margin"),
        ("credits", "credits"),
        ("down for as long", "outageCost"),
    ]
    .into_iter()
    .filter_map(|(name, key)| Some((name.to_owned(), amount(key)?)))
    .collect()
}

fn periods(projection: &Json<'_>) -> Vec<(String, String)> {
    let entry = |entry: &Json<'_>| {
        let of = |key| text(entry, key);
        Some((format!("in {}", of("period")?), format!("{} for {} h", of("projected")?, of("hours")?)))
    };
    list(projection, "periods").filter_map(entry).collect()
}

fn rule(rule: &Json<'_>) -> Option<ReportRule> {
    let of = |key| text(rule, key);
    let mut numbers = String::new();
    if let Some(observed) = of("observed") {
        let unit = of("unit").map(|unit| format!(" {unit}")).unwrap_or_default();
        numbers = format!("{observed}{unit}");
        if let Some(warn_at) = of("warnAt") {
            numbers.push_str(&format!(", warns from {warn_at} on"));
        }
        if let Some(limit) = of("limit") {
            numbers.push_str(&format!(", at most {limit}"));
        }
    }
    let owned = |key| of(key).map(str::to_owned);
    Some(ReportRule {
        id: owned("id")?,
        outcome: owned("outcome")?,
        reason: owned("reason"),
        numbers,
        text: owned("text"),
        lifted_by: owned("liftedBy"),
    })
}
