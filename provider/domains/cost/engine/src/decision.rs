//! The decision: what was judged, written down so that anyone can reckon it again.

use jiff::{SignedDuration, Timestamp};

use crate::documents::Policy;
use crate::json::{Digest, Json, digest};
use crate::request::Mode;
use crate::rules::{Inputs, Judgement, Outcome, Projection, Rule, Signed, Spent, Verdict, judge};

/// A decision, not yet in a ledger.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Its name: `cd_` and the first half of the digest of its inputs. The same inputs give the same name.
    pub id: String,
    /// SHA-256 over its inputs.
    pub input_digest: Digest,
    /// What was judged.
    pub judgement: Judgement,
    /// Until when it may be acted on.
    pub valid_until: Timestamp,
    document: Json<'static>,
}

/// How long a decision may be acted on.
const VALID: SignedDuration = SignedDuration::from_hours(1);
/// Version of the rules: the same inputs under the same rules give the same verdict.
pub const RULESET: &str = "1";

impl Decision {
    /// Decides.
    #[must_use]
    pub fn make(inputs: &Inputs<'_>) -> Self {
        let judgement = judge(inputs);
        let found: Vec<&Signed> =
            inputs.artifacts.iter().filter_map(|found| found.artifact.as_ref().ok()).collect();
        let input_digest = input_digest(inputs, &found, &judgement.spent);
        let id = format!("cd_{}", input_digest.hex().get(..32).unwrap_or_default());
        let hour = inputs.now.checked_add(VALID).unwrap_or(inputs.now);
        let valid_until = found.iter().map(|signed| signed.artifact.valid_until).fold(hour, Timestamp::min);
        let document = document(inputs, &found, &judgement, &id, input_digest, valid_until);
        Self { id, input_digest, judgement, valid_until, document }
    }

    /// The record, without its place in a ledger.
    #[must_use]
    pub const fn document(&self) -> &Json<'static> {
        &self.document
    }
}

/// SHA-256 over what a decision is made from. What changes by the mere passing of time is not in it.
pub(crate) fn input_digest(inputs: &Inputs<'_>, found: &[&Signed], spent: &[Spent]) -> Digest {
    let mut json = Json::object([
        ("artifacts", artifacts(found)),
        ("mode", Json::of(inputs.mode.as_str())),
        ("policyDigest", Json::of(inputs.policy.digest)),
        ("request", inputs.request.to_json()),
        ("spend", spend(spent)),
    ]);
    if let Some(fx) =
        inputs.fx.filter(|_| found.iter().any(|signed| signed.artifact.currency != inputs.policy.currency))
    {
        json.set("fx", Json::of(fx.digest));
    }
    let missing: Vec<String> = unfound(inputs);
    if !missing.is_empty() {
        json.set("notFound", Json::List(missing.into_iter().map(Json::of).collect()));
    }
    digest(&json)
}

fn unfound(inputs: &Inputs<'_>) -> Vec<String> {
    let problem = |found: &crate::rules::Found| {
        let error = found.artifact.as_ref().err()?;
        Some(format!("{}: {error}", found.component))
    };
    let mut missing: Vec<String> = inputs.artifacts.iter().filter_map(problem).collect();
    missing.sort();
    missing
}

fn artifacts(found: &[&Signed]) -> Json<'static> {
    let mut sorted = found.to_vec();
    sorted.sort_by(|left, right| left.path.cmp(&right.path));
    let entry = |signed: &&Signed| {
        Json::object([("path", Json::of(&signed.path)), ("sha256", Json::of(signed.artifact.digest.hex()))])
    };
    Json::List(sorted.iter().map(entry).collect())
}

fn spend(spent: &[Spent]) -> Json<'static> {
    let entry = |spent: &Spent| {
        let mut json = Json::object([
            ("budget", Json::of(&spent.budget)),
            ("period", Json::of(&spent.period)),
            ("actual", Json::of(&spent.actual)),
            ("reserved", Json::of(&spent.reserved)),
        ]);
        if let Some(as_of) = spent.as_of {
            json.set("asOf", Json::of(as_of));
        }
        json
    };
    Json::List(spent.iter().map(entry).collect())
}

fn document(
    inputs: &Inputs<'_>,
    found: &[&Signed],
    judgement: &Judgement,
    id: &str,
    input_digest: Digest,
    valid_until: Timestamp,
) -> Json<'static> {
    let reasons = judgement.reasons().into_iter().map(|reason| Json::of(reason.code())).collect();
    let mut json = Json::object([
        ("schema", Json::of("hybridops.cost-decision")),
        ("schemaVersion", Json::of("1.0.0")),
        ("decisionId", Json::of(id)),
        ("inputDigest", Json::of(input_digest)),
        ("policyDigest", Json::of(inputs.policy.digest)),
        ("mode", Json::of(inputs.mode.as_str())),
        ("verdict", Json::of(judgement.verdict.as_str())),
        ("allowed", Json::Bool(judgement.allowed)),
        ("reasonCodes", Json::List(reasons)),
        ("next", Json::of(next(inputs.policy, inputs.mode, judgement))),
        ("approval", judgement.approval.as_ref().map_or(Json::Null, Json::of)),
        ("evaluatedAt", Json::of(second(inputs.now))),
        ("validUntil", Json::of(second(valid_until))),
        ("request", inputs.request.to_json()),
        ("artifacts", artifacts(found)),
        ("spend", spend(&judgement.spent)),
    ]);
    if let Some(told) = &judgement.projection {
        json.set("projection", projection(inputs.policy, told));
    }
    json.set("rules", Json::List(judgement.rules.iter().map(rule).collect()));
    let engine = [
        ("name", Json::of("hybridops-cost")),
        ("version", Json::of(env!("CARGO_PKG_VERSION"))),
        ("ruleset", Json::of(RULESET)),
    ];
    json.set("engine", Json::object(engine));
    json
}

fn second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// What to do next.
fn next(policy: &Policy, mode: Mode, judgement: &Judgement) -> &'static str {
    let liftable = |rule: &Rule| {
        let budget = rule.id.strip_prefix("budget:").and_then(|rest| rest.split(':').next());
        rule.outcome != Outcome::Block
            || match budget {
                Some(name) => policy.budgets.iter().any(|budget| budget.id == name && budget.overridable),
                None => policy.overridable.contains(&rule.id),
            }
    };
    match judgement.verdict {
        _ if mode == Mode::Simulate => "simulated",
        Verdict::Allow => "proceed",
        _ if judgement.rules.iter().all(liftable) => "approval_required",
        _ => "refused",
    }
}

fn projection(policy: &Policy, told: &Projection) -> Json<'static> {
    let periods = told.periods.iter().map(|(period, hours, projected)| {
        Json::object([
            ("period", Json::of(period)),
            ("hours", Json::of(hours)),
            ("projected", Json::of(projected)),
        ])
    });
    let mut json = Json::object([
        ("currency", Json::of(&policy.currency)),
        ("hourly", Json::of(&told.whole.hourly)),
        ("oneTime", Json::of(&told.whole.one_time)),
        ("recurring", Json::of(&told.whole.recurring)),
        ("margin", Json::of(&told.whole.margin)),
        ("projected", Json::of(&told.whole.total)),
        ("credits", Json::of(&told.credits)),
    ]);
    if !told.whole.month_steps.is_zero() {
        json.set("monthSteps", Json::of(&told.whole.month_steps));
    }
    if let Some(outage) = &told.outage {
        json.set("outageCost", Json::of(outage));
    }
    json.set("periods", Json::List(periods.collect()));
    json
}

fn rule(rule: &Rule) -> Json<'static> {
    let mut json = Json::object([("id", Json::of(&rule.id)), ("outcome", Json::of(rule.outcome.as_str()))]);
    for (key, value) in [
        ("observed", &rule.observed),
        ("warnAt", &rule.warn_at),
        ("limit", &rule.limit),
        ("unit", &rule.unit),
        ("text", &rule.text),
        ("liftedBy", &rule.lifted_by),
    ] {
        if let Some(value) = value {
            json.set(key, Json::of(value));
        }
    }
    if let Some(reason) = rule.reason {
        json.set("reason", Json::of(reason.code()));
    }
    json
}
