//! `hybridops_cost_decision`.

mod enforce;
mod model;

pub use model::{CostDecision, DecisionMode, OnChange};

use cost_engine::ledger::{Ledger, LedgerError, Recorded, State};
use cost_engine::{Decimal, Decision, moment};
use jiff::Timestamp;
use tf_framework::{
    Context, Diagnostic, Diagnostics, Model as _, Path, PlanContext, PlannedAction, Resource, Result,
};

use crate::assess::{Documents, Question, Reader, chain, held};
use crate::client::Cost;
use enforce::{Planned, refusal};

/// How often a decision is made anew because others wrote in between.
const ATTEMPTS: usize = 200;

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl Resource for CostDecision {
    type Client = Cost;
    type Private = ();

    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let Some(request) = config.request.known() else { return };
        let costly =
            request.action.known().is_some_and(|action| !cost_engine::NOT_COSTLY.contains(&action.as_str()));
        if costly && request.window_start.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "The window of a decision has no beginning",
                    "Set `window_start` to a time such as 2026-03-30T22:00:00Z, in a variable. A window that begins \
                     whenever it is planned would be another decision every hour.",
                )
                .at(at("request").attribute("window_start")),
            );
        }
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        if cx.action() == PlannedAction::Destroy {
            return Ok(());
        }
        let prior = cx.prior().cloned();
        let plan = Self::from_object(cx.planned_value().clone()).ok();
        if let (Some(plan), Some(prior)) = (&plan, &prior)
            && !plan.asks_something_else(prior)
        {
            prior.warn_of_the_end(cx);
            if plan.pin.is_some() && prior.pin.is_some() {
                // What the gate says now is no change: this was decided.
                cx.plan(&at("pin"), &prior.pin)?;
            }
            return Ok(());
        }
        for name in CostDecision::DECIDED {
            cx.plan_unknown(&at(name))?;
        }
        let (Some(plan), Some(cost)) = (plan, cx.try_client()) else { return Ok(()) };
        if let Some(prior) = &prior
            && prior.ledger_of(&cost) != plan.ledger_of(&cost)
        {
            cx.require_replace(at("request"));
        }
        plan.preview(&cost, prior.as_ref()).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        plan.decide(cx, None).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let Some(id) = state.held() else { return Ok(Some(state)) };
        let found = match state.ledger(cx) {
            Ok(Some(ledger)) => ledger.state().await.map_err(|error| chain(&error)),
            Ok(None) => Ok(State::empty()),
            Err(problems) => {
                Err(problems.iter().map(|problem| problem.detail.clone()).collect::<Vec<_>>().join(" "))
            }
        };
        match found {
            // The site may be down, and a destroy must go on: what is in the state is the best there is.
            Err(problem) => {
                let detail = format!(
                    "{problem}. The decision is taken to be open, as the state has it. `hybridops cost verify` names what is \
                     wrong with a ledger."
                );
                cx.warn(Diagnostic::warning(format!("The decision {id} could not be verified"), detail));
                Ok(Some(state))
            }
            Ok(found) if found.open.contains_key(id) => Ok(Some(state)),
            Ok(_) => {
                let detail = "It was closed elsewhere, or another one took its place. Nothing is reserved by it any more: what \
                              it allowed needs another decision.";
                cx.warn(Diagnostic::warning(format!("The decision {id} is not open any more"), detail));
                Ok(None)
            }
        }
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        if !plan.asks_something_else(&prior) {
            return Ok(plan.keeping(&prior));
        }
        plan.decide(cx, Some(&prior)).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        state.close(cx).await;
        Ok(())
    }
}

impl CostDecision {
    /// What the ledger holds for this decision, where it holds anything.
    fn held(&self) -> Option<&String> {
        let reserved = self.reserved.known().copied().unwrap_or(false);
        self.decision_id.known().filter(|_| reserved)
    }

    fn ledger(&self, cx: &Context<Self>) -> Result<Option<Ledger>> {
        let Some(location) = self.ledger.known().and_then(Option::as_deref) else { return Ok(None) };
        cx.client()?.ledger(location, &self.request.env, false, &at("ledger"))
    }

    /// Where this decision's ledger is: the place, and the environment.
    fn ledger_of(&self, cost: &Cost) -> (Option<String>, String) {
        let sources = self.sources.clone().unwrap_or_default();
        let location = Reader { cost, sources: &sources }.location("ledger").map(str::to_owned);
        (location, self.request.env.clone())
    }

    /// The question, with the hours that an activation has used that is asked to go on.
    fn question(&self, prior: Option<&Self>) -> Result<Question> {
        let mut request = self.request.read(Timestamp::now(), &at("request"))?;
        if self.request.hours_used.is_none()
            && request.is_costly()
            && let Some(prior) = prior.filter(|prior| prior.held().is_some())
        {
            let used = prior.hours_used.known().and_then(|hours| hours.parse().ok()).unwrap_or_default();
            let begun = prior.window_start.known().and_then(|start| moment(start));
            let moved =
                begun.map(|begun| hours_between(begun, request.window_start)).unwrap_or_else(Decimal::zero);
            request.hours_used = &used + &moved;
        }
        let mode = self.mode.unwrap_or(DecisionMode::Enforce).into();
        let pin = self.policy_sha256.as_deref().and_then(cost_engine::json::Digest::parse);
        Ok(Question { request, mode, pin })
    }

    async fn documents(&self, cost: &Cost, prior: Option<&Self>) -> Result<Documents> {
        let sources = self.sources.clone().unwrap_or_default();
        Documents::read(cost, &sources, self.question(prior)?).await
    }

    /// Whether it would be allowed now. Terraform plans once more when it applies: then this is what stops a saved plan
    /// whose facts got worse. Nothing of it is planned, for it may be other facts by then.
    async fn preview(&self, cost: &Cost, prior: Option<&Self>) -> Result<()> {
        let documents = self.documents(cost, prior).await?;
        let (location, env) = self.ledger_of(cost);
        let state = match &location {
            Some(location) if documents.request().is_costly() => {
                let ledger = cost.ledger(location, &env, false, &at("sources").attribute("ledger"))?;
                held(ledger.as_ref()).await.map_err(|error| unreadable(location, &error))?
            }
            None if documents.request().is_costly() => return Err(no_ledger()),
            _ => State::empty(),
        };
        let state = without(&state, prior);
        let decision = documents.decide(&state, Timestamp::now());
        self.accepts(&decision, &documents.problems)
    }

    /// Decides, and records it.
    async fn decide(self, cx: &mut Context<Self>, prior: Option<&Self>) -> Result<Self> {
        let cost = cx.client()?;
        let documents = self.documents(&cost, prior).await?;
        let (location, env) = self.ledger_of(&cost);
        let costly = documents.request().is_costly();
        if costly && location.is_none() {
            return Err(no_ledger());
        }
        let place = at("sources").attribute("ledger");
        let ledger = match &location {
            Some(location) => cost.ledger(location, &env, true, &place),
            None => Ok(None),
        };
        let ledger = match ledger {
            Err(problem) if costly => return Err(problem),
            other => other.ok().flatten(),
        };
        let sealed = match &ledger {
            Some(ledger) => self.seal(ledger, &documents, prior).await,
            None => Ok((documents.decide(&State::empty(), Timestamp::now()), None)),
        };
        let (decision, seq) = match sealed {
            // Spending less never waits for a ledger.
            Err(Stopped::Ledger(error)) if !costly => {
                let detail = format!("{}. It spends no more than before, and goes on.", chain(&error));
                cx.warn(Diagnostic::warning("The decision could not be recorded", detail));
                (documents.decide(&State::empty(), Timestamp::now()), None)
            }
            Err(Stopped::Ledger(error)) => {
                return Err(unreadable(location.as_deref().unwrap_or_default(), &error));
            }
            Err(Stopped::Refused(problem)) => return Err(problem),
            Ok(sealed) => sealed,
        };
        if !costly && let Some(prior) = prior {
            prior.close(cx).await;
        }
        let decided = self.filled(&decision, &documents, location.filter(|_| seq.is_some()), seq);
        cx.checkpoint(&decided)?;
        Ok(decided)
    }

    /// Decides on what the ledger holds until nobody comes in between.
    async fn seal(
        &self,
        ledger: &Ledger,
        documents: &Documents,
        prior: Option<&Self>,
    ) -> std::result::Result<(Decision, Option<u64>), Stopped> {
        let mut state = ledger.state().await?;
        for _ in 0..ATTEMPTS {
            let decision = documents.decide(&without(&state, prior), Timestamp::now());
            if let Err(problem) = self.accepts(&decision, &documents.problems) {
                if !decision.judgement.allowed {
                    // That it was refused is worth a record, but not having one changes nothing.
                    let _ = ledger.append(&state, &decision).await;
                }
                return Err(Stopped::Refused(problem));
            }
            let costly = documents.request().is_costly();
            let earlier = prior.and_then(Self::held).filter(|id| costly && state.open.contains_key(*id));
            match ledger.replace(&state, &decision, earlier.map(String::as_str)).await? {
                Recorded::Sealed(record) => return Ok((decision, Some(record.seq))),
                Recorded::There(entry) => return Ok((decision, Some(entry.seq))),
                Recorded::Overtaken => ledger.advance(&mut state).await?,
            }
        }
        Err(Stopped::Ledger(LedgerError::Contended { env: self.request.env.clone(), attempts: ATTEMPTS }))
    }

    fn accepts(&self, decision: &Decision, problems: &[String]) -> Result<()> {
        let planned = self.pin.as_ref();
        if !decision.judgement.allowed {
            return Err(refusal(decision, problems, planned));
        }
        self.expected(decision)?;
        match planned {
            Some(planned) => Planned { planned, on_change: self.on_change }.accepts(decision),
            None => Ok(()),
        }
    }

    fn expected(&self, decision: &Decision) -> Result<()> {
        match &self.expected_decision_id {
            Some(expected) if *expected != decision.id => Err(Diagnostics::error_at(
                at("expected_decision_id"),
                "The decision is not the expected one",
                format!(
                    "{expected} was expected, and what is known now makes {}: the request, the policy, an artefact, what was \
                     spent or what is reserved is another. Run the gate again, and have its decision looked at again.",
                    decision.id
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Ends the window with the hours it really was. Nothing that goes wrong here may stop a destroy.
    async fn close(&self, cx: &Context<Self>) {
        let Some(id) = self.held() else { return };
        let now = Timestamp::now();
        let hours = self.actual_hours(now);
        let closed = match self.ledger(cx) {
            Ok(Some(ledger)) => ledger.close(id, now, &hours).await.map(drop).map_err(|error| chain(&error)),
            Ok(None) => Err("the ledger is not there any more".to_owned()),
            Err(problems) => {
                Err(problems.iter().map(|problem| problem.detail.clone()).collect::<Vec<_>>().join(" "))
            }
        };
        if let Err(problem) = closed {
            let detail = format!(
                "{problem}. What it reserved counts until its window has ended and the snapshot of what was spent is later \
                 than that. It was {hours} hours."
            );
            cx.warn(Diagnostic::warning(
                format!("The window of the decision {id} could not be closed"),
                detail,
            ));
        }
    }
}

/// Why nothing was sealed.
enum Stopped {
    Refused(Diagnostics),
    Ledger(LedgerError),
}

impl From<LedgerError> for Stopped {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// What is held without the decision that this one takes the place of.
fn without(state: &State, prior: Option<&CostDecision>) -> State {
    match prior.and_then(CostDecision::held) {
        Some(id) => state.without(id),
        None => state.clone(),
    }
}

/// Hours from one moment to a later one, rounded up to a hundredth; none where it is not later.
fn hours_between(from: Timestamp, to: Timestamp) -> Decimal {
    let seconds = u64::try_from(to.as_second() - from.as_second()).unwrap_or(0);
    Decimal::from((seconds * 100).div_ceil(3600)).percent().normalized()
}

fn no_ledger() -> Diagnostics {
    Diagnostics::error(
        "The decision has no ledger",
        "Set `ledger` in the provider's `cost` section, or `sources.ledger` here. Without one, two runs could spend the same \
         money.",
    )
}

fn unreadable(location: &str, error: &LedgerError) -> Diagnostics {
    Diagnostics::error(
        "The ledger of the cost gate cannot be used",
        format!("{location}: {}. Nothing is allowed that cannot be reserved.", chain(error)),
    )
}
