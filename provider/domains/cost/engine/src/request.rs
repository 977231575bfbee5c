//! What is asked of the gate.

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::documents::{is_component, is_env, is_run_id};
use crate::json::Json;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// What would be done.
    pub action: String,
    /// Environment.
    pub env: String,
    /// Components, each with its artefact.
    pub components: Vec<String>,
    /// dr, burst, drill or baseline.
    pub purpose: String,
    /// Where it would be done.
    pub target: Option<String>,
    /// From when on.
    pub window_start: Timestamp,
    /// For how many hours.
    pub hours: Decimal,
    /// Hours that this activation has run already: they count towards its longest.
    pub hours_used: Decimal,
    /// Who asks.
    pub requested_by: Option<String>,
    /// The run whose artefacts count; the newest where it is left out.
    pub run_id: Option<String>,
}

/// How the gate is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For real.
    Enforce,
    /// What would be: nothing is ever allowed, nothing reserved.
    Simulate,
    /// A rehearsal, with budgets of its own.
    Drill,
}

/// Why a request is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {found:?} is not {expected}")]
pub struct RequestError {
    /// The field.
    pub field: &'static str,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: &'static str,
}

/// Actions by which less is spent: never gated.
pub const NOT_COSTLY: [&str; 4] = ["none", "failback", "scale_down", "stop"];

impl Request {
    /// Checks what can be checked without documents.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), RequestError> {
        let name = "lower-case letters, digits, `-` and `_`, 1 to 63";
        let is_name = |text: &str| {
            !text.is_empty()
                && text.len() <= 63
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        };
        let wrong =
            |field, found: &str, expected| Err(RequestError { field, found: found.to_owned(), expected });
        if !is_name(&self.action) {
            return wrong("action", &self.action, name);
        }
        if !is_env(&self.env) {
            return wrong("env", &self.env, "lower-case letters, digits and hyphens, 1 to 63");
        }
        if self.components.is_empty() {
            return wrong("components", "[]", "one component or more");
        }
        for component in &self.components {
            if !is_component(component) {
                return wrong("components", component, "lower-case letters, digits and hyphens, 1 to 63");
            }
        }
        if !["dr", "burst", "drill", "baseline"].contains(&self.purpose.as_str()) {
            return wrong("purpose", &self.purpose, "dr, burst, drill or baseline");
        }
        if let Some(run_id) = self.run_id.as_ref().filter(|run_id| !is_run_id(run_id)) {
            return wrong("run_id", run_id, "letters, digits, `.`, `_` and `-`, 1 to 128, without `..`");
        }
        if self.window_start.as_nanosecond().rem_euclid(QUARTER) != 0 {
            let found = self.window_start.to_string();
            return wrong(
                "window_start",
                &found,
                "a full quarter of an hour, so that hours are exact decimals",
            );
        }
        if self.hours <= Decimal::zero() || self.hours > Decimal::from(8760) {
            return wrong("hours", &self.hours.to_string(), "more than 0 and at most 8760");
        }
        if self.hours_used.is_negative() {
            return wrong("hours_used", &self.hours_used.to_string(), "0 or more");
        }
        Ok(())
    }

    /// Whether it costs more than before: what does not is never gated.
    #[must_use]
    pub fn is_costly(&self) -> bool {
        !NOT_COSTLY.contains(&self.action.as_str())
    }

    /// The request as decisions record it, and as it is digested.
    #[must_use]
    pub fn to_json(&self) -> Json<'static> {
        let mut json = Json::object([("action", Json::of(&self.action)), ("env", Json::of(&self.env))]);
        match self.components.as_slice() {
            [only] => json.set("component", Json::of(only)),
            several => {
                let mut sorted: Vec<&String> = several.iter().collect();
                sorted.sort();
                json.set("components", Json::List(sorted.into_iter().map(Json::of).collect()));
            }
        }
        json.set("purpose", Json::of(&self.purpose));
        if let Some(target) = &self.target {
            json.set("target", Json::of(target));
        }
        json.set("windowStart", Json::of(self.window_start));
        json.set("hours", Json::of(&self.hours));
        if !self.hours_used.is_zero() {
            json.set("hoursUsed", Json::of(&self.hours_used));
        }
        if let Some(requested_by) = &self.requested_by {
            json.set("requestedBy", Json::of(requested_by));
        }
        if let Some(run_id) = &self.run_id {
            json.set("runId", Json::of(run_id));
        }
        json
    }
}

const QUARTER: i128 = 15 * 60 * 1_000_000_000;

impl Mode {
    /// As documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Simulate => "simulate",
            Self::Drill => "drill",
        }
    }
}
