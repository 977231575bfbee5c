//! `hybridops_cost_gate`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path as FilePath;

use cost_engine::Decision;
use cost_engine::json::{Digest, canonical};
use cost_engine::rules::Verdict;
use jiff::Timestamp;
use tf_framework::{Choice, Computed, DataContext, DataSource, Diagnostic, Diagnostics, Model, Path, Result};

use crate::assess::{Documents, Question, Reader, chain, held, open};
use crate::client::Cost;
use crate::question::{
    Asked, AskedRequest, CostRequest, Said, Sources, is_action, is_component_name, is_digest, is_env_name,
    is_hours, is_moment, is_run,
};
use crate::told::{self, ArtifactInfo, ProjectionInfo, RuleInfo};

/// Asks whether something may be paid for, and explains the answer rule by rule.
///
/// The gate reads files and reckons. It changes nothing, reserves nothing, and needs neither Proxmox VE nor NetBox nor, as
/// long as its places are directories, a network: it works while the site is down. Everything missing, stale or
/// contradictory is a verdict that does not allow, and never an older file taken instead.
///
/// Feed it with variables and literals only, and never put `depends_on` on it: a gate that waits for something is read at
/// apply, when its neighbours have been made. An apply of a saved plan does not read it again: what stops such an apply is
/// `hybridops_cost_decision`.
#[derive(Debug, Clone, Model)]
pub struct CostGate {
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
    /// From when on, such as `2026-03-30T22:00:00Z`: a full quarter of an hour. The hour that runs unless set: then the
    /// decision is another one every hour, so pin it.
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
    /// How it is asked: `enforce`, `simulate` (nothing is ever allowed) or `drill`. `enforce` unless set.
    pub mode: Option<Asked>,
    /// The moment a simulation takes for now. Only with `mode = "simulate"`: otherwise the clock counts.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub now: Option<String>,
    /// SHA-256 that the policy's canonical form must have. Any policy at its place unless set.
    #[attr(validate(custom(is_digest, "64 hex digits")))]
    pub policy_sha256: Option<String>,
    /// What comes of a verdict: `report` shows it and stops nothing, `warn` shows it where it is not `allow`, `error` stops
    /// the plan at `block`, `error_on_warn` at `warn`, too. `report` unless set. An error of a data source also stops a
    /// destroy that refreshes: prefer a postcondition, or `hybridops_cost_decision`.
    pub enforce: Option<Enforce>,
    /// Where documents are, in place of what the provider's `cost` section says.
    pub sources: Option<Sources>,
    /// Directory into which the decision is written as `<decision_id>.json`, once. Nothing is written unless set.
    pub record_dir: Option<String>,
    /// What was asked, for `request` of `hybridops_cost_decision`.
    pub request: Computed<AskedRequest>,
    /// What the gate says, in short, for `pin` of `hybridops_cost_decision`: an apply compares with it.
    pub pin: Computed<Said>,
    /// Name of the decision: `cd_` and the first half of `input_digest`. The same inputs give the same name.
    pub decision_id: Computed<String>,
    /// SHA-256 over everything the decision is made from: request, policy, artefacts, spend and reservations.
    pub input_digest: Computed<String>,
    /// SHA-256 of the policy.
    pub policy_digest: Computed<String>,
    /// `allow`, `warn` or `block`.
    pub verdict: Computed<String>,
    /// Whether it may be done: `true` only for `allow`, or what a valid approval made one.
    pub allowed: Computed<bool>,
    /// Why it is not simply allowed: `BUDGET_WARN`, `ARTIFACT_MISSING` …
    pub reason_codes: Computed<Vec<String>>,
    /// What to do next: `proceed`, `approval_required`, `refused` or `simulated`.
    pub next: Computed<String>,
    /// What it would cost; null where that cannot be told.
    pub projection: Computed<Option<ProjectionInfo>>,
    /// What every rule found, in their order.
    pub rules: Computed<Vec<RuleInfo>>,
    /// The artefacts that were judged.
    pub artifacts: Computed<Vec<ArtifactInfo>>,
    /// What could not be read and was judged as missing.
    pub problems: Computed<Vec<String>>,
    /// The decision about this very request that is open in the ledger: it is not counted against itself. Null where there
    /// is none, and without a ledger.
    pub open_decision_id: Computed<Option<String>>,
    /// The answer in plain lines, every rule among them.
    pub explanation: Computed<String>,
    /// The decision as JSON, without what changes by the mere passing of time.
    pub decision: Computed<String>,
}

/// What comes of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Enforce {
    /// It is shown.
    Report,
    /// It is shown where it is not `allow`.
    Warn,
    /// `block` is an error.
    Error,
    /// `warn` is an error, too.
    ErrorOnWarn,
}

impl DataSource for CostGate {
    const NAME: &'static str = "cost_gate";
    const SUBCATEGORY: &'static str = "Cost";
    type Client = Cost;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let cost = cx.client()?;
        let sources = config.sources.clone().unwrap_or_default();
        let asked = config.asked();
        let now = config.now();
        let question = Question {
            request: asked.read(now, &Path::root())?,
            mode: config.mode.unwrap_or(Asked::Enforce).into(),
            pin: config.policy_sha256.as_deref().and_then(Digest::parse),
        };
        let documents = Documents::read(&cost, &sources, question).await?;
        let state = config.reservations(cx, &cost, &sources, &documents).await?;
        let decision = documents.decide(&state, now);
        let open = open(&state, documents.request()).map(|entry| entry.id.clone());
        config.record(cx, &decision);
        config.enforce(cx, &decision, &documents.problems)?;
        let (text, explanation) = told::texts(&decision);
        Ok(Self {
            request: asked.into(),
            pin: told::said(&decision).into(),
            decision_id: decision.id.clone().into(),
            input_digest: decision.input_digest.to_string().into(),
            policy_digest: documents.policy_digest().to_string().into(),
            verdict: decision.judgement.verdict.as_str().to_owned().into(),
            allowed: decision.judgement.allowed.into(),
            reason_codes: told::reasons(&decision).into(),
            next: told::next(&decision).into(),
            projection: told::projection(&decision, documents.currency()).into(),
            rules: told::rules(&decision).into(),
            artifacts: told::artifacts(&decision).into(),
            problems: documents.problems.clone().into(),
            open_decision_id: open.into(),
            explanation: explanation.into(),
            decision: text.into(),
            ..config
        })
    }

    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let simulates = config.mode.is_unknown() || config.mode.known() == Some(&Asked::Simulate);
        if config.now.known().is_some() && !simulates {
            diagnostics.push(
                Diagnostic::error(
                    "The clock can be set in a simulation only",
                    "`now` needs `mode = \"simulate\"`. A decision that counts is made at the time it is.",
                )
                .at(Path::root().attribute("now")),
            );
        }
    }
}

impl CostGate {
    fn asked(&self) -> CostRequest {
        CostRequest {
            action: self.action.clone(),
            env: self.env.clone(),
            components: self.components.clone(),
            purpose: self.purpose.clone(),
            target: self.target.clone(),
            hours: self.hours.clone(),
            window_start: self.window_start.clone(),
            hours_used: self.hours_used.clone(),
            run_id: self.run_id.clone(),
            requested_by: self.requested_by.clone(),
        }
    }

    fn now(&self) -> Timestamp {
        let simulated = self.now.as_deref().filter(|_| self.mode == Some(Asked::Simulate));
        simulated.and_then(cost_engine::moment).unwrap_or_else(Timestamp::now)
    }

    /// What the ledger holds. That it cannot be read stops what costs: money that is reserved elsewhere would be spent
    /// twice.
    async fn reservations(
        &self,
        cx: &DataContext<Self>,
        cost: &Cost,
        sources: &Sources,
        documents: &Documents,
    ) -> Result<cost_engine::ledger::State> {
        let reader = Reader { cost, sources };
        let Some(location) = reader.location("ledger") else {
            return held(None).await.map_err(|error| never(&error));
        };
        let env = &documents.request().env;
        let ledger = cost.ledger(location, env, false, &reader.at("ledger"));
        let read = match ledger {
            Ok(ledger) => held(ledger.as_ref()).await.map_err(|error| {
                let detail = format!(
                    "{location}: {}. What it holds is not known, and nothing is allowed without that.",
                    chain(&error)
                );
                Diagnostics::error("The ledger of the cost gate cannot be read", detail)
            }),
            Err(error) => Err(error),
        };
        match read {
            Err(problem) if !documents.request().is_costly() => {
                for problem in problem.iter() {
                    cx.warn(Diagnostic::warning(problem.summary.clone(), problem.detail.clone()));
                }
                held(None).await.map_err(|error| never(&error))
            }
            other => other,
        }
    }

    /// Writes the decision where it is not written yet. That it cannot be written is no reason to judge otherwise.
    fn record(&self, cx: &DataContext<Self>, decision: &Decision) {
        let Some(directory) = &self.record_dir else { return };
        let path = FilePath::new(directory).join(format!("{}.json", decision.id));
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(directory)?;
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(canonical(decision.document()).as_bytes())?;
            file.sync_all()
        };
        match write() {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let detail = format!("{}: {error}. The decision itself stands.", path.display());
                let warning = Diagnostic::warning("The decision could not be written", detail);
                cx.warn(warning.at(Path::root().attribute("record_dir")));
            }
        }
    }

    fn enforce(&self, cx: &DataContext<Self>, decision: &Decision, problems: &[String]) -> Result<()> {
        let enforce = self.enforce.unwrap_or(Enforce::Report);
        let verdict = decision.judgement.verdict;
        let told = told::told(decision, problems);
        let stops = match enforce {
            Enforce::Report | Enforce::Warn => false,
            Enforce::Error => verdict == Verdict::Block,
            Enforce::ErrorOnWarn => verdict >= Verdict::Warn,
        };
        if stops {
            return Err(Diagnostics::error(told::summary(decision), told));
        }
        if enforce == Enforce::Report {
            let detail = format!(
                "{told}\nNothing enforces this here: put a postcondition on it, or use hybridops_cost_decision."
            );
            cx.warn(Diagnostic::warning(told::summary(decision), detail));
        } else if verdict >= Verdict::Warn {
            cx.warn(Diagnostic::warning(told::summary(decision), told));
        }
        Ok(())
    }
}

fn never(error: &cost_engine::ledger::LedgerError) -> Diagnostics {
    Diagnostics::error("The ledger of the cost gate cannot be read", chain(error))
}
