//! Reads everything a decision is made from, and decides.

use std::collections::BTreeSet;

use cost_engine::documents::{Approval, FxTable, Policy, Spend};
use cost_engine::files::FileError;
use cost_engine::json::{Digest, parse};
use cost_engine::ledger::{Entry, Ledger, LedgerError, State};
use cost_engine::rules::{Found, Inputs};
use cost_engine::{Decision, Mode, Request};
use jiff::Timestamp;
use tf_framework::{Diagnostics, Path, Result};

use crate::client::Cost;
use crate::places::ARTIFACTS;
use crate::question::Sources;

/// Everything but the ledger.
#[derive(Debug)]
pub(crate) struct Documents {
    request: Request,
    mode: Mode,
    pin: Option<Digest>,
    policy: Policy,
    artifacts: Vec<Found>,
    spend: Option<Spend>,
    rates: Option<FxTable>,
    approvals: Vec<Approval>,
    /// What could not be read and is judged as missing.
    pub(crate) problems: Vec<String>,
}

/// What stands in where a decision needs no policy and there is none to be had: spending less is never gated.
const NO_POLICY: &[u8] = br#"{"schema":"hybridops.cost-policy","schemaVersion":"1.0.0","version":"none",
    "validUntil":"9999-01-01T00:00:00Z","currency":"EUR","budgets":[],"artifact":{"maxAge":0}}"#;

/// What is asked, and how.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) request: Request,
    pub(crate) mode: Mode,
    pub(crate) pin: Option<Digest>,
}

impl Documents {
    /// Reads them. That the policy is missing or malformed is an error; what is wrong with anything else is for the rules
    /// to judge, so that the answer names every rule and a destroy is not stopped.
    pub(crate) async fn read(cost: &Cost, sources: &Sources, question: Question) -> Result<Self> {
        let reader = Reader { cost, sources };
        let Question { request, mode, pin } = question;
        let costly = request.is_costly();
        let mut problems = Vec::new();
        let policy = match reader.policy().await {
            Ok(policy) => policy,
            Err(_) if !costly => stand_in()?,
            Err(error) => return Err(error),
        };
        if !costly {
            let (artifacts, approvals) = (Vec::new(), Vec::new());
            return Ok(Self {
                request,
                mode,
                pin,
                policy,
                artifacts,
                spend: None,
                rates: None,
                approvals,
                problems,
            });
        }
        let spend = reader.optional("spend", &mut problems, Spend::read).await?;
        let rates = reader.optional("rates", &mut problems, FxTable::read).await?;
        let approvals = reader.approvals(&mut problems).await?;
        let root = reader.location("artifacts").unwrap_or(ARTIFACTS);
        let artifacts = cost.source(root, &reader.at("artifacts"))?.find_all(&request, &policy).await;
        Ok(Self { request, mode, pin, policy, artifacts, spend, rates, approvals, problems })
    }

    /// Decides, with what the ledger holds.
    pub(crate) fn decide(&self, state: &State, now: Timestamp) -> Decision {
        let state = state.beside(&self.request);
        let used: &BTreeSet<String> = &state.used_approvals;
        Decision::make(&Inputs {
            request: &self.request,
            mode: self.mode,
            policy: &self.policy,
            policy_pin: self.pin,
            artifacts: self.artifacts.clone(),
            spend: self.spend.as_ref(),
            reserved: state.reserved(self.spend.as_ref().map(|spend| spend.as_of)),
            fx: self.rates.as_ref(),
            approvals: &self.approvals,
            used_approvals: used,
            history: state.history.clone(),
            now,
        })
    }

    /// The currency of the policy.
    pub(crate) fn currency(&self) -> &str {
        &self.policy.currency
    }

    /// SHA-256 of the policy.
    pub(crate) fn policy_digest(&self) -> Digest {
        self.policy.digest
    }

    /// What was asked.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }
}

fn stand_in() -> Result<Policy> {
    let read = parse(NO_POLICY).ok().and_then(|value| Policy::read(&value).ok());
    read.ok_or_else(|| Diagnostics::error("There is no policy", "The policy cannot be read."))
}

/// The open decision about the same request, if there is one.
pub(crate) fn open<'s>(state: &'s State, request: &Request) -> Option<&'s Entry> {
    let asked = cost_engine::json::digest(&request.to_json());
    state.open.values().find(|entry| entry.request == asked)
}

/// What a ledger holds; nothing where there is none yet.
pub(crate) async fn held(ledger: Option<&Ledger>) -> Result<State, LedgerError> {
    match ledger {
        Some(ledger) => ledger.state().await,
        None => Ok(State::empty()),
    }
}

/// An error with its causes, each said once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

pub(crate) struct Reader<'a> {
    pub(crate) cost: &'a Cost,
    pub(crate) sources: &'a Sources,
}

impl<'a> Reader<'a> {
    /// Where something is: as the object says, else as the provider's section does.
    pub(crate) fn location(&self, what: &str) -> Option<&'a str> {
        let (own, config) = (self.sources, &self.cost.config);
        let (own, usual) = match what {
            "artifacts" => (&own.artifacts, &config.artifacts),
            "policy" => (&own.policy, &config.policy),
            "spend" => (&own.spend, &config.spend),
            "rates" => (&own.rates, &config.rates),
            "approvals" => (&own.approvals, &config.approvals),
            _ => (&own.ledger, &config.ledger),
        };
        own.as_deref().or(usual.as_deref())
    }

    /// The attribute to blame; one of the provider's section cannot be pointed at from here.
    pub(crate) fn at(&self, what: &str) -> Path {
        Path::root().attribute("sources").attribute(what)
    }

    async fn policy(&self) -> Result<Policy> {
        let at = self.at("policy");
        let Some(location) = self.location("policy") else {
            return Err(Diagnostics::error(
                "The cost gate has no policy",
                "Set `policy` in the provider's `cost` section, or `sources.policy` here. Nothing is allowed without one.",
            ));
        };
        let failed = |why: String| {
            let detail = format!("{location}: {why}. Nothing is allowed without a policy.");
            Diagnostics::error("The policy of the cost gate cannot be read", detail)
        };
        let source = self.cost.source(location, &at)?;
        let bytes = source.document().await.map_err(|error| failed(chain(&error)))?;
        let value = parse(&bytes).map_err(|error| failed(error.to_string()))?;
        Policy::read(&value).map_err(|error| failed(error.to_string()))
    }

    /// A document without which there is a verdict, too.
    async fn optional<T, E: std::fmt::Display>(
        &self,
        what: &str,
        problems: &mut Vec<String>,
        read: impl Fn(&cost_engine::json::Json<'_>) -> std::result::Result<T, E>,
    ) -> Result<Option<T>> {
        let Some(location) = self.location(what) else { return Ok(None) };
        let source = self.cost.source(location, &self.at(what))?;
        let problem = match source.document().await {
            Err(error) => chain(&error),
            Ok(bytes) => match parse(&bytes).map_err(|error| error.to_string()) {
                Err(error) => error,
                Ok(value) => match read(&value) {
                    Ok(document) => return Ok(Some(document)),
                    Err(error) => error.to_string(),
                },
            },
        };
        problems.push(format!("{what}: {location}: {problem}"));
        Ok(None)
    }

    async fn approvals(&self, problems: &mut Vec<String>) -> Result<Vec<Approval>> {
        let Some(location) = self.location("approvals") else { return Ok(Vec::new()) };
        let source = self.cost.source(location, &self.at("approvals"))?;
        match source.approvals().await {
            Ok(approvals) => {
                let told = |(name, why): (String, String)| format!("approvals: {location}/{name}: {why}");
                problems.extend(approvals.unreadable.into_iter().map(told));
                Ok(approvals.read)
            }
            Err(FileError::Missing) => Ok(Vec::new()),
            Err(error) => {
                problems.push(format!("approvals: {location}: {}", chain(&error)));
                Ok(Vec::new())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_for_a_policy_is_one() {
        assert_eq!(stand_in().unwrap().version, "none");
    }
}
