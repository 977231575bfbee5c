//! The decision as configurations and states have it.

use cost_engine::ledger::Entry;
use cost_engine::{Decimal, Decision, Mode, moment};
use jiff::Timestamp;
use tf_framework::{Choice, Computed, Diagnostic, Path, PlanContext, Resource};

use super::hours_between;
use crate::assess::Documents;
use crate::question::{CostRequest, Pin, Sources, is_digest};
use crate::told;

/// A decision to spend, made at apply: the gate is asked again, the money is reserved, and both are sealed in a ledger.
///
/// Everything costly belongs behind it (`depends_on`): a plan that is not allowed fails, and a saved plan whose facts got
/// worse is stopped before anything is made. The decision is made once. It is not made again because a plan runs, but only
/// where `request` changes, as one record that takes the place of the earlier one. A destroy closes the window with the
/// hours it really was, and gives back what was reserved. Scaling down, failing back and destroying are never stopped, not
/// even where the ledger cannot be reached.
#[derive(Debug, Clone, Resource)]
#[resource(name = "cost_decision", subcategory = "Cost", version = 0)]
pub struct CostDecision {
    /// What is asked: `request` of `hybridops_cost_gate`, or the same attributes written out.
    pub request: CostRequest,
    /// How it is asked: `enforce` or `drill`. `enforce` unless set.
    pub mode: Option<DecisionMode>,
    /// SHA-256 that the policy's canonical form must have when it is decided. Any policy at its place unless set.
    #[attr(validate(custom(is_digest, "64 hex digits")))]
    pub policy_sha256: Option<String>,
    /// What the gate said at the plan: `pin` of `hybridops_cost_gate`. An apply compares with it what is known by then.
    /// What the gate says later, when this is decided, is no change. Without it, an apply goes by what is allowed alone.
    pub pin: Option<Pin>,
    /// What an apply does where the facts are other ones than those of `pin`: `fail`, or `accept_not_worse`, which accepts
    /// what is allowed and costs no more.
    #[attr(default = OnChange::AcceptNotWorse)]
    pub on_change: OnChange,
    /// The decision that was looked at, by its name: what the gate or `hybridops cost decide` told. Any other one is
    /// refused. Any unless set.
    #[attr(validate(matches("^cd_[0-9a-f]{32}$", "`cd_` and 32 hex digits")))]
    pub expected_decision_id: Option<String>,
    /// Where documents are, in place of what the provider's `cost` section says.
    pub sources: Option<Sources>,
    /// Name of the decision: `cd_` and the first half of `input_digest`.
    #[attr(stable)]
    pub decision_id: Computed<String>,
    /// SHA-256 over everything the decision was made from.
    #[attr(stable)]
    pub input_digest: Computed<String>,
    /// SHA-256 of the policy.
    #[attr(stable)]
    pub policy_digest: Computed<String>,
    /// The verdict.
    #[attr(stable)]
    pub verdict: Computed<String>,
    /// Reasons that an approval lifted, and `NOT_COSTLY`.
    #[attr(stable)]
    pub reason_codes: Computed<Vec<String>>,
    /// The approval it needed; null where it needed none.
    #[attr(stable)]
    pub approval: Computed<Option<String>>,
    /// What it is projected to cost in all; null where it spends no more than before.
    #[attr(stable)]
    pub projected: Computed<Option<String>>,
    /// Currency of the policy.
    #[attr(stable)]
    pub currency: Computed<String>,
    /// When the window begins.
    #[attr(stable)]
    pub window_start: Computed<String>,
    /// When the window ends. From then on every plan warns.
    #[attr(stable)]
    pub window_end: Computed<String>,
    /// Hours that the activation had run before this window.
    #[attr(stable)]
    pub hours_used: Computed<String>,
    /// Whether it holds money of budgets: not where it spends no more than before.
    #[attr(stable)]
    pub reserved: Computed<bool>,
    /// Where it is recorded; null where it could not be, which happens only where it spends no more than before.
    #[attr(stable)]
    pub ledger: Computed<Option<String>>,
    /// Number of its record.
    #[attr(stable)]
    pub ledger_seq: Computed<Option<u64>>,
    /// The decision in plain lines, every rule among them.
    #[attr(stable)]
    pub explanation: Computed<String>,
    /// The decision as JSON, without what changes by the mere passing of time.
    #[attr(stable)]
    pub decision: Computed<String>,
}

/// How a decision is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum DecisionMode {
    /// For real.
    Enforce,
    /// A rehearsal: what was spent may be told late.
    Drill,
}

impl From<DecisionMode> for Mode {
    fn from(mode: DecisionMode) -> Self {
        match mode {
            DecisionMode::Enforce => Self::Enforce,
            DecisionMode::Drill => Self::Drill,
        }
    }
}

/// What an apply does where the facts are other ones than at the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnChange {
    /// It fails.
    Fail,
    /// It goes on where it is allowed and costs no more.
    AcceptNotWorse,
}

impl CostDecision {
    /// What a decision fills in.
    pub(super) const DECIDED: [&'static str; 16] = [
        "decision_id",
        "input_digest",
        "policy_digest",
        "verdict",
        "reason_codes",
        "approval",
        "projected",
        "currency",
        "window_start",
        "window_end",
        "hours_used",
        "reserved",
        "ledger",
        "ledger_seq",
        "explanation",
        "decision",
    ];

    /// Whether another decision is needed.
    pub(super) fn asks_something_else(&self, prior: &Self) -> bool {
        self.request != prior.request
            || self.mode != prior.mode
            || prior.decision_id.known().is_none_or(String::is_empty)
    }

    /// With what was decided before, and what is only written down.
    pub(super) fn keeping(self, prior: &Self) -> Self {
        Self {
            request: self.request,
            mode: self.mode,
            policy_sha256: self.policy_sha256,
            pin: self.pin,
            on_change: self.on_change,
            expected_decision_id: self.expected_decision_id,
            sources: self.sources,
            ..prior.clone()
        }
    }

    /// The window.
    fn window(&self) -> Option<(Timestamp, Timestamp)> {
        Some((moment(self.window_start.known()?)?, moment(self.window_end.known()?)?))
    }

    /// Hours that the window was really used.
    pub(super) fn actual_hours(&self, now: Timestamp) -> Decimal {
        self.window().map_or_else(Decimal::zero, |(start, end)| hours_between(start, now.min(end)))
    }

    /// Says that the time that was decided about is over.
    pub(super) fn warn_of_the_end(&self, cx: &PlanContext<Self>) {
        let reserved = self.reserved.known().copied().unwrap_or(false);
        let Some((_, end)) = self.window().filter(|(_, end)| reserved && *end <= Timestamp::now()) else {
            return;
        };
        let detail = format!(
            "The window ended at {end}, and what it allowed may still run and cost. Ask for more `hours`, or scale down and \
             destroy the decision."
        );
        let id = self.decision_id.known().map_or("", String::as_str);
        cx.warn(
            Diagnostic::warning(format!("The window of the decision {id} is over"), detail)
                .at(Path::root().attribute("request").attribute("hours")),
        );
    }

    /// With what was decided.
    pub(super) fn filled(
        self,
        decision: &Decision,
        documents: &Documents,
        ledger: Option<String>,
        seq: Option<u64>,
    ) -> Self {
        let request = documents.request();
        let judgement = &decision.judgement;
        let (text, explanation) = told::texts(decision);
        let total = judgement.projection.as_ref().map(|told| told.whole.total.to_string());
        Self {
            decision_id: decision.id.clone().into(),
            input_digest: decision.input_digest.to_string().into(),
            policy_digest: documents.policy_digest().to_string().into(),
            verdict: judgement.verdict.as_str().to_owned().into(),
            reason_codes: told::reasons(decision).into(),
            approval: judgement.approval.clone().into(),
            projected: total.into(),
            currency: documents.currency().to_owned().into(),
            window_start: request.window_start.to_string().into(),
            window_end: Entry::end(request.window_start, &request.hours)
                .unwrap_or(request.window_start)
                .to_string()
                .into(),
            hours_used: request.hours_used.to_string().into(),
            reserved: (seq.is_some() && request.is_costly()).into(),
            ledger: ledger.into(),
            ledger_seq: seq.into(),
            explanation: explanation.into(),
            decision: text.into(),
            ..self
        }
    }
}
