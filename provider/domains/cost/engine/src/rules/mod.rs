//! The rules, in their order: what may stop, then what is always judged whole.

mod approvals;
mod intake;
mod limits;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};

use crate::decimal::Decimal;
use crate::documents::{Approval, Artifact, FxTable, Policy, Reaction, Spend};
use crate::json::Digest;
use crate::projection::{Costs, Projected};
use crate::request::{Mode, Request};

/// Everything a decision is made from. Reading it is somebody else's work: the engine opens nothing.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// What is asked.
    pub request: &'a Request,
    /// How.
    pub mode: Mode,
    /// The policy.
    pub policy: &'a Policy,
    /// Digest that the policy must have, where it is pinned.
    pub policy_pin: Option<Digest>,
    /// For each component what was found.
    pub artifacts: Vec<Found>,
    /// What was spent.
    pub spend: Option<&'a Spend>,
    /// What open reservations hold, by budget and period.
    pub reserved: BTreeMap<(String, String), Decimal>,
    /// The table amounts are converted with.
    pub fx: Option<&'a FxTable>,
    /// Approvals there are.
    pub approvals: &'a [Approval],
    /// Ids of approvals that were used up.
    pub used_approvals: &'a BTreeSet<String>,
    /// Earlier activations, as far as the ledger knows them.
    pub history: History,
    /// Now.
    pub now: Timestamp,
}

/// Earlier activations.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// When the ones of the last day began.
    pub begun: Vec<Timestamp>,
    /// When the last one ended.
    pub last_end: Option<Timestamp>,
}

/// What was found for a component.
#[derive(Debug, Clone)]
pub struct Found {
    /// The component.
    pub component: String,
    /// The artefact, or why there is none to judge.
    pub artifact: Result<Signed, NotFound>,
}

/// An artefact, and who signed it.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Its path below the root, as decisions name it.
    pub path: String,
    /// What it says.
    pub artifact: Artifact,
    /// The key whose signature beside it holds.
    pub key_id: Option<String>,
}

/// Why there is no artefact to judge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// There is none.
    #[error("there is no artefact at {0}")]
    Missing(String),
    /// There is one that cannot be read.
    #[error("{path}: {why}")]
    Invalid {
        /// Its path.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// There is one that is of something else than its path says.
    #[error("{path}: {why}")]
    Mismatch {
        /// Its path.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Two with the same claim to be the newest, or two of one run, say different things.
    #[error("{0}")]
    Integrity(String),
}

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which rule: `hourly.max`, `budget:prod-dr:2026-03`.
    pub id: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Why, where it did not pass.
    pub reason: Option<Reason>,
    /// What was observed.
    pub observed: Option<String>,
    /// From where on it warns.
    pub warn_at: Option<String>,
    /// Most that passes.
    pub limit: Option<String>,
    /// What the numbers are.
    pub unit: Option<String>,
    /// The sentence.
    pub text: Option<String>,
    /// The approval that lifted it.
    pub lifted_by: Option<String>,
}

/// What came of a rule. A later one is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It does not apply.
    Skip,
    /// It is kept.
    Pass,
    /// It is kept, but only just.
    Warn,
    /// It is broken.
    Block,
}

/// What the gate says. A later one is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Go on.
    Allow,
    /// Only with an approval.
    Warn,
    /// No.
    Block,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal),+ $(,)?) => {
        /// Why something was not simply allowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its code, as documents have it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

reasons! {
    /// It does not cost more than before.
    NotCostly = "NOT_COSTLY",
    /// The policy is no longer valid.
    PolicyExpired = "POLICY_EXPIRED",
    /// The policy is another one than was pinned.
    PolicyMismatch = "POLICY_MISMATCH",
    /// There is no artefact.
    ArtifactMissing = "ARTIFACT_MISSING",
    /// The artefact cannot be read.
    ArtifactInvalid = "ARTIFACT_INVALID",
    /// The artefact is of something else.
    ArtifactMismatch = "ARTIFACT_MISMATCH",
    /// Two artefacts contradict each other.
    Integrity = "INTEGRITY",
    /// The artefact is not signed by a key of the policy.
    ArtifactUnsigned = "ARTIFACT_UNSIGNED",
    /// The artefact, or its prices, are too old.
    ArtifactStale = "ARTIFACT_STALE",
    /// The artefact is said to be made later than now.
    FromFuture = "FROM_FUTURE",
    /// It says that it costs nothing, and not why.
    Empty = "EMPTY",
    /// Something that must be priced is not.
    Coverage = "COVERAGE",
    /// Amounts are of several currencies and cannot be converted.
    Currency = "CURRENCY",
    /// Two artefacts count the same resource.
    DoubleCount = "DOUBLE_COUNT",
    /// It would run longer than it may.
    DurationMax = "DURATION_MAX",
    /// An hour costs more than it may.
    HourlyMax = "HOURLY_MAX",
    /// It costs more in all than it may.
    ActivationMax = "ACTIVATION_MAX",
    /// A budget would be nearly used up.
    BudgetWarn = "BUDGET_WARN",
    /// A budget would be exceeded.
    BudgetExceeded = "BUDGET_EXCEEDED",
    /// There is no budget for it.
    NoBudget = "NO_BUDGET",
    /// What was spent is not known, or only what was spent long ago.
    SpendStale = "SPEND_STALE",
    /// A budget would be exceeded if the rest of the period costs what its past did.
    Forecast = "FORECAST",
    /// There were too many activations.
    RateLimit = "RATE_LIMIT",
    /// The last activation ended only just.
    Cooldown = "COOLDOWN",
    /// An approval lifted what was in the way.
    Approved = "APPROVED",
}

/// What the rules say together.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What came of each rule, in their order.
    pub rules: Vec<Rule>,
    /// The worst of them.
    pub verdict: Verdict,
    /// Whether it may be done.
    pub allowed: bool,
    /// The approval that was needed, where one lifted a rule.
    pub approval: Option<String>,
    /// What it would cost, where that could be told.
    pub projection: Option<Projection>,
    /// What was spent and reserved, for each budget and period that is touched.
    pub spent: Vec<Spent>,
}

/// What it would cost.
#[derive(Debug, Clone)]
pub struct Projection {
    /// For the whole window.
    pub whole: Projected,
    /// Credits told in artefacts.
    pub credits: Decimal,
    /// By period, of the first budget that has more than one.
    pub periods: Vec<(String, Decimal, Decimal)>,
    /// What being down for as long would cost, where the policy says so.
    pub outage: Option<Decimal>,
}

/// What was spent of a budget in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The budget.
    pub budget: String,
    /// The period.
    pub period: String,
    /// What was spent.
    pub actual: Decimal,
    /// What open reservations hold.
    pub reserved: Decimal,
    /// What this would add.
    pub projected: Decimal,
    /// When the figure held.
    pub as_of: Option<Timestamp>,
}

/// How far clocks may differ.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Judges. The same inputs at the same moment always give the same judgement, in whatever order artefacts come.
#[must_use]
pub fn judge(inputs: &Inputs<'_>) -> Judgement {
    if !inputs.request.is_costly() {
        let rule = Rule::new("action", Outcome::Pass)
            .because(Reason::NotCostly)
            .text(format!("{} spends no more than before", inputs.request.action));
        return Judgement::of(vec![rule], inputs.mode);
    }
    let mut rules = intake::policy(inputs);
    if rules.iter().any(|rule| rule.outcome == Outcome::Block) {
        return Judgement::of(rules, inputs.mode);
    }
    let (found, intake) = intake::artifacts(inputs);
    let complete = found.len() == inputs.request.components.len();
    rules.extend(intake);
    let mut costs = Costs::default();
    rules.extend(intake::currency(inputs, &found, &mut costs));
    if !complete || rules.iter().any(|rule| rule.reason == Some(Reason::Currency)) {
        // Without every amount there is nothing to compare: what is known so far is told.
        rules.extend(limits::duration(inputs));
        rules.extend(limits::rate(inputs));
        return Judgement::of(rules, inputs.mode);
    }
    let limits = limits::money(inputs, &found, &costs);
    rules.extend(limits::duration(inputs));
    rules.extend(limits.rules);
    rules.extend(limits::rate(inputs));
    let approval = approvals::lift(inputs, &found, &limits.projection.whole.total, &mut rules, &limits.spent);
    Judgement {
        approval,
        projection: Some(limits.projection),
        spent: limits.spent,
        ..Judgement::of(rules, inputs.mode)
    }
}

impl Judgement {
    fn of(rules: Vec<Rule>, mode: Mode) -> Self {
        let standing = rules.iter().filter(|rule| rule.lifted_by.is_none());
        let verdict = match standing.map(|rule| rule.outcome).max() {
            Some(Outcome::Block) => Verdict::Block,
            Some(Outcome::Warn) => Verdict::Warn,
            _ => Verdict::Allow,
        };
        let allowed = verdict == Verdict::Allow && mode != Mode::Simulate;
        Self { rules, verdict, allowed, approval: None, projection: None, spent: Vec::new() }
    }

    /// The reasons, each once, in the order of the rules.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let mut seen = BTreeSet::new();
        let reasons = self.rules.iter().filter_map(|rule| rule.reason).filter(|reason| seen.insert(*reason));
        let mut reasons: Vec<Reason> = reasons.collect();
        if self.approval.is_some() {
            reasons.push(Reason::Approved);
        }
        reasons
    }
}

impl Rule {
    pub(crate) fn new(id: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            id: id.into(),
            outcome,
            reason: None,
            observed: None,
            warn_at: None,
            limit: None,
            unit: None,
            text: None,
            lifted_by: None,
        }
    }

    pub(crate) fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    pub(crate) fn text(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    pub(crate) fn numbers(self, observed: &dyn Display, limit: &dyn Display, unit: &str) -> Self {
        Self {
            observed: Some(observed.to_string()),
            limit: Some(limit.to_string()),
            unit: Some(unit.to_owned()),
            ..self
        }
    }
}

impl From<Reaction> for Outcome {
    fn from(reaction: Reaction) -> Self {
        match reaction {
            Reaction::Block => Self::Block,
            Reaction::Warn => Self::Warn,
        }
    }
}

impl Outcome {
    /// As documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

impl Verdict {
    /// As documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}
