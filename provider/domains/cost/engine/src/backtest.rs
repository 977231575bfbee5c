//! Past decisions judged again: by another policy, with what was known then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::decision::Decision;
use crate::documents::{Approval, FxTable, Policy, Spend};
use crate::fields::moment;
use crate::json::{Digest, Json};
use crate::request::{Mode, Request};
use crate::rules::{Found, History, Inputs, NotFound};

/// A decision that was recorded, as it is needed to judge it again.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its name.
    pub id: String,
    /// What was decided.
    pub verdict: String,
    /// What was asked.
    pub request: Request,
    /// When.
    pub at: Timestamp,
    mode: Mode,
    artifacts: BTreeMap<String, Digest>,
    currency: Option<String>,
    spend: Vec<Known>,
}

/// What was known of a budget in a period.
#[derive(Debug, Clone)]
struct Known {
    key: (String, String),
    actual: Decimal,
    reserved: Decimal,
    as_of: Option<Timestamp>,
}

/// What is judged by.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// What was spent of budgets that the record says nothing of.
    pub spend: Option<&'a Spend>,
    /// The table amounts are converted with.
    pub fx: Option<&'a FxTable>,
    /// Approvals there are.
    pub approvals: &'a [Approval],
}

impl Past {
    /// Reads a recorded decision. `None` where it is none.
    #[must_use]
    pub fn read(record: &Json<'_>) -> Option<Self> {
        let text = |key| record.get(key).and_then(Json::as_text);
        if text("schema") != Some("hybridops.cost-decision") {
            return None;
        }
        let artifact = |entry: &Json<'_>| {
            let of = |key| entry.get(key).and_then(Json::as_text);
            Some((of("path")?.to_owned(), Digest::parse(of("sha256")?)?))
        };
        Some(Self {
            id: text("decisionId")?.to_owned(),
            verdict: text("verdict")?.to_owned(),
            request: request(record.get("request")?)?,
            at: moment(text("evaluatedAt")?)?,
            mode: [Mode::Enforce, Mode::Simulate, Mode::Drill]
                .into_iter()
                .find(|mode| Some(mode.as_str()) == text("mode"))?,
            artifacts: list(record, "artifacts").map(artifact).collect::<Option<_>>()?,
            currency: record
                .get("projection")
                .and_then(|told| told.get("currency")?.as_text())
                .map(str::to_owned),
            spend: list(record, "spend").map(known).collect::<Option<_>>()?,
        })
    }

    /// The run whose artefact of a component counted.
    #[must_use]
    pub fn run_of(&self, component: &str) -> Option<String> {
        let start = format!("{component}/cost-run-");
        let run = |path: &String| Some(path.strip_prefix(&start)?.strip_suffix(".json")?.to_owned());
        self.artifacts.keys().find_map(run)
    }

    /// Judges it again. `found` are the artefacts that [`Self::run_of`] names; one that is not what it was is none.
    #[must_use]
    pub fn again(&self, by: By<'_>, mut found: Vec<Found>, history: History) -> Decision {
        for found in &mut found {
            let changed = found.artifact.as_ref().ok().is_some_and(|signed| {
                self.artifacts.get(&signed.path).is_some_and(|digest| *digest != signed.artifact.digest)
            });
            if changed {
                let text = format!("{}: it is not what it was when {} was made", found.component, self.id);
                found.artifact = Err(NotFound::Integrity(text));
            }
        }
        let spend = self.spend(by);
        let reserved = self.spend.iter().map(|known| (known.key.clone(), known.reserved.clone())).collect();
        Decision::make(&Inputs {
            request: &self.request,
            mode: self.mode,
            policy: by.policy,
            policy_pin: None,
            artifacts: found,
            spend: spend.as_ref(),
            reserved,
            fx: by.fx,
            approvals: by.approvals,
            used_approvals: &BTreeSet::new(),
            history,
            now: self.at,
        })
    }

    /// What was known then, and what is known now of budgets that it says nothing of.
    fn spend(&self, by: By<'_>) -> Option<Spend> {
        let as_of = self.spend.iter().filter_map(|known| known.as_of).min();
        let mut spend = match (as_of, by.spend) {
            (Some(as_of), _) => Spend {
                currency: self.currency.clone().unwrap_or_else(|| by.policy.currency.clone()),
                as_of,
                actual: BTreeMap::new(),
                digest: Digest::of(b""),
            },
            // Nothing was known then; what is known now was not.
            (None, _) if !self.spend.is_empty() => return None,
            (None, Some(now)) => Spend { as_of: self.at, ..now.clone() },
            (None, None) => return None,
        };
        if let Some(now) = by.spend.filter(|now| now.currency == spend.currency) {
            spend.actual.extend(now.actual.clone());
        }
        spend.actual.extend(self.spend.iter().map(|known| (known.key.clone(), known.actual.clone())));
        Some(spend)
    }
}

fn list<'j>(json: &'j Json<'j>, key: &str) -> impl Iterator<Item = &'j Json<'j>> {
    match json.get(key) {
        Some(Json::List(elements)) => elements.iter(),
        _ => [].iter(),
    }
}

fn known(entry: &Json<'_>) -> Option<Known> {
    let of = |key| entry.get(key).and_then(Json::as_text);
    let as_of = match of("asOf") {
        None => None,
        Some(text) => Some(moment(text)?),
    };
    let number = |key| of(key).and_then(Decimal::foreign);
    Some(Known {
        key: (of("budget")?.to_owned(), of("period")?.to_owned()),
        actual: number("actual")?,
        reserved: number("reserved")?,
        as_of,
    })
}

fn request(request: &Json<'_>) -> Option<Request> {
    let of = |key| request.get(key).and_then(Json::as_text);
    let owned = |key| of(key).map(str::to_owned);
    let components = match of("component") {
        Some(only) => vec![only.to_owned()],
        None => list(request, "components").filter_map(Json::as_text).map(str::to_owned).collect(),
    };
    let hours_used = match of("hoursUsed") {
        None => Decimal::zero(),
        Some(text) => text.parse().ok()?,
    };
    let read = Request {
        action: owned("action")?,
        env: owned("env")?,
        components,
        purpose: owned("purpose")?,
        target: owned("target"),
        window_start: moment(of("windowStart")?)?,
        hours: of("hours")?.parse().ok()?,
        hours_used,
        requested_by: owned("requestedBy"),
        run_id: owned("runId"),
    };
    read.check().is_ok().then_some(read)
}
