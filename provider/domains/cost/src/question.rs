//! What is asked of the gate, and where its documents are, as configurations write it.

use cost_engine::documents::{is_component, is_env, is_run_id};
use cost_engine::json::Digest;
use cost_engine::{Decimal, Mode, Request, moment};
use jiff::Timestamp;
use tf_framework::{Choice, Computed, Diagnostics, Model, Path, Result, Value};

use crate::places::is_location;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct CostRequest {
    /// What would be done: `failover`, `burst`. `none`, `failback`, `scale_down` and `stop` spend no more than before and
    /// are always allowed.
    #[attr(validate(custom(is_action, "lower-case letters, digits, `-` and `_`")))]
    pub action: String,
    /// Environment, such as `prod`.
    #[attr(validate(custom(is_env_name, "lower-case letters, digits and hyphens")))]
    pub env: String,
    /// Components that would be started, each with its artefact.
    #[attr(validate(length(1..), each(custom(is_component_name, "lower-case letters, digits and hyphens"))))]
    pub components: Vec<String>,
    /// What for: `dr`, `burst`, `drill` or `baseline`.
    #[attr(validate(one_of("dr", "burst", "drill", "baseline")))]
    pub purpose: String,
    /// Where it would be done, for budgets that tell targets apart. The target of the artefacts unless set.
    pub target: Option<String>,
    /// For how many hours, more than 0 and at most 8760: `48`, `0.25`.
    #[attr(validate(custom(is_hours, "a decimal number of hours")))]
    pub hours: String,
    /// From when on, such as `2026-03-30T22:00:00Z`: a full quarter of an hour. It is pinned, so that the decision stays
    /// the same.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub window_start: Option<String>,
    /// Hours that this activation has run already: they count towards the longest that the policy allows.
    #[attr(validate(custom(is_hours, "a decimal number of hours")))]
    pub hours_used: Option<String>,
    /// The run whose artefacts count: exact in production. The newest artefact of each component unless set.
    #[attr(validate(custom(is_run, "letters, digits, `.`, `_` and `-`")))]
    pub run_id: Option<String>,
    /// Who asks, such as `repo:acme/dr:environment:dr-prod`. Nobody approves what they ask for themselves.
    pub requested_by: Option<String>,
}

/// Where documents are, in place of what the provider's `cost` section says. Each is a path, relative to the directory
/// Terraform runs in, or a place in an object store: `s3://bucket/folder`, `gs://bucket/folder`,
/// `azure://container/folder`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Sources {
    /// Root of the cost artefacts: that of a run is `<component>/cost-run-<run_id>.json` below it.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub artifacts: Option<String>,
    /// The policy: a JSON file.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub policy: Option<String>,
    /// The snapshot of what was spent: a JSON file.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub spend: Option<String>,
    /// The table of rates that other currencies are converted with: a JSON file.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub rates: Option<String>,
    /// Directory of approvals: every `*.json` in it is one.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub approvals: Option<String>,
    /// Root of the ledgers: decisions and reservations of an environment stand in `<env>/` below it.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub ledger: Option<String>,
}

/// How the gate is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Asked {
    /// For real.
    Enforce,
    /// What would be: nothing is ever allowed.
    Simulate,
    /// A rehearsal: what was spent may be told late.
    Drill,
}

impl From<Asked> for Mode {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Enforce => Self::Enforce,
            Asked::Simulate => Self::Simulate,
            Asked::Drill => Self::Drill,
        }
    }
}

type Checked = std::result::Result<(), String>;

fn checked(value: &Value, is: impl FnOnce(&str) -> bool, must: &str) -> Checked {
    let text = value.as_str().unwrap_or_default();
    if is(text) { Ok(()) } else { Err(format!("{text:?} must be {must}")) }
}

pub(crate) fn is_action(value: &Value) -> Checked {
    let plain = |text: &str| {
        (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    checked(value, plain, "lower-case letters, digits, `-` and `_`, 1 to 63")
}

pub(crate) fn is_env_name(value: &Value) -> Checked {
    checked(value, is_env, "lower-case letters, digits and hyphens, 1 to 63")
}

pub(crate) fn is_component_name(value: &Value) -> Checked {
    checked(value, is_component, "lower-case letters, digits and hyphens, 1 to 63, none of them at an end")
}

pub(crate) fn is_run(value: &Value) -> Checked {
    checked(value, is_run_id, "letters, digits, `.`, `_` and `-`, 1 to 128, without `..`")
}

pub(crate) fn is_hours(value: &Value) -> Checked {
    let good = |text: &str| text.parse::<Decimal>().is_ok_and(|hours| !hours.is_negative());
    checked(value, good, "a decimal number of hours such as 48 or 0.25, without exponent or sign")
}

pub(crate) fn is_moment(value: &Value) -> Checked {
    checked(value, |text| moment(text).is_some(), "a time in UTC such as 2026-03-30T22:00:00Z")
}

pub(crate) fn is_digest(value: &Value) -> Checked {
    checked(value, |text| Digest::parse(text).is_some(), "64 hex digits, with or without `sha256:`")
}

impl CostRequest {
    /// The request as the engine knows it. `now` is when a window begins that says no beginning: at the hour.
    pub(crate) fn read(&self, now: Timestamp, at: &Path) -> Result<Request> {
        let wrong = |field: &str, text: &str, expected: &str| {
            let detail = format!("{text:?} is not {expected}.");
            Diagnostics::error_at(at.clone().attribute(field), "The request is not one", detail)
        };
        let hours = |field: &str, text: &str| {
            text.parse::<Decimal>()
                .map_err(|error| wrong(field, text, &format!("a number of hours: {error}")))
        };
        let window_start = match &self.window_start {
            Some(text) => moment(text).ok_or_else(|| wrong("window_start", text, "a time in UTC"))?,
            None => Timestamp::from_second(now.as_second().div_euclid(3600) * 3600).unwrap_or(now),
        };
        let request = Request {
            action: self.action.clone(),
            env: self.env.clone(),
            components: self.components.clone(),
            purpose: self.purpose.clone(),
            target: self.target.clone(),
            window_start,
            hours: hours("hours", &self.hours)?,
            hours_used: self
                .hours_used
                .as_ref()
                .map_or_else(|| Ok(Decimal::zero()), |text| hours("hours_used", text))?,
            requested_by: self.requested_by.clone(),
            run_id: self.run_id.clone(),
        };
        request.check().map_err(|error| wrong(error.field, &error.found, error.expected))?;
        Ok(request)
    }
}

/// What the gate said when it was asked: it stands in a plan, and an apply compares.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Pin {
    /// Name of the decision.
    pub decision_id: String,
    /// SHA-256 over everything it was made from.
    #[attr(validate(custom(is_digest, "64 hex digits")))]
    pub input_digest: String,
    /// The verdict.
    pub verdict: String,
    /// What it was projected to cost in all; null where that could not be told.
    pub projected: Option<String>,
}

/// What the gate says, to be handed to `hybridops_cost_decision`.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Said {
    /// Name of the decision.
    #[attr(computed)]
    pub decision_id: String,
    /// SHA-256 over everything it was made from.
    #[attr(computed)]
    pub input_digest: String,
    /// The verdict.
    #[attr(computed)]
    pub verdict: String,
    /// What it was projected to cost in all; null where that could not be told.
    #[attr(computed)]
    pub projected: Option<String>,
}

/// What was asked, to be handed to `hybridops_cost_decision`.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct AskedRequest {
    /// What would be done.
    #[attr(computed)]
    pub action: String,
    /// Environment.
    #[attr(computed)]
    pub env: String,
    /// Components that would be started.
    #[attr(computed)]
    pub components: Vec<String>,
    /// What for.
    #[attr(computed)]
    pub purpose: String,
    /// Where it would be done.
    #[attr(computed)]
    pub target: Option<String>,
    /// For how many hours.
    #[attr(computed)]
    pub hours: String,
    /// From when on; null where the gate was not told.
    #[attr(computed)]
    pub window_start: Option<String>,
    /// Hours that this activation has run already.
    #[attr(computed)]
    pub hours_used: Option<String>,
    /// The run whose artefacts count.
    #[attr(computed)]
    pub run_id: Option<String>,
    /// Who asks.
    #[attr(computed)]
    pub requested_by: Option<String>,
}

impl From<CostRequest> for Computed<AskedRequest> {
    fn from(asked: CostRequest) -> Self {
        Self::Known(AskedRequest {
            action: asked.action,
            env: asked.env,
            components: asked.components,
            purpose: asked.purpose,
            target: asked.target,
            hours: asked.hours,
            window_start: asked.window_start,
            hours_used: asked.hours_used,
            run_id: asked.run_id,
            requested_by: asked.requested_by,
        })
    }
}
