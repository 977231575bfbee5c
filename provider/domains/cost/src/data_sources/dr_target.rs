//! `hybridops_dr_target`.

use std::collections::{BTreeMap, BTreeSet};

use cost_engine::rules::Verdict;
use cost_engine::target::{Candidate, Choice as Chosen, Current, Policy, Ranked, Reading, Weights, choose};
use cost_engine::{Decimal, moment};
use jiff::Timestamp;
use serde_json::Value as Json;
use tf_framework::{Choice, Computed, DataContext, DataSource, Diagnostics, Model, Path, Result, Value};

use crate::client::Cost;
use crate::question::is_moment;

/// Chooses where to go in a disaster, and says why.
///
/// A target that fails one filter is out, however good it is otherwise: its decision blocks, what it costs is not known, its
/// region is not allowed, its capacity is not known, its data is too far behind, too few of its probes succeed, one of these
/// was measured too long ago, or a failover to it was not rehearsed lately. What is not known passes no filter. Those that are
/// left get 0 to 1000 points by weights, in whole numbers: what they cost after credits against the cheapest, how far their
/// data is behind against what may be lost, their probes, credits that are soon gone, and how lately they were rehearsed. Of
/// equals the first by name is chosen. The target one is at stays unless another is better by more than a margin and one has
/// been there for a while.
///
/// It reads nothing but its arguments, and works with everything else down. Feed it with `hybridops_cost_gate` and
/// `hybridops_prometheus_query` with `on_fault = "report"`.
#[derive(Debug, Clone, Model)]
pub struct DrTarget {
    /// The targets, by name: `azure`, `gcp`.
    #[attr(validate(length(1..=16)))]
    pub candidates: BTreeMap<String, DrCandidate>,
    /// What a target has to be, and what counts.
    pub policy: DrPolicy,
    /// The target one is at; none unless set.
    pub current: Option<String>,
    /// Since when one is there, such as `2026-03-30T22:00:00Z`. Where it is not known one stays.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub current_since: Option<String>,
    /// The moment that is taken for now, for rehearsals on paper. The clock unless set.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub now: Option<String>,
    /// What comes of it where no target passes: `error` stops the plan, `report` gives null. `error` unless set.
    pub on_none: Option<OnNone>,
    /// The target to go to; null where none passes.
    pub selected: Computed<Option<String>>,
    /// Its region.
    pub region: Computed<Option<String>>,
    /// Why this one: `BEST`, `BEST_AND_CURRENT`, `WITHIN_MARGIN`, `DWELLS`, `CURRENT_REJECTED` or `NO_TARGET`.
    pub reason: Computed<String>,
    /// The choice in plain lines, every target among them.
    pub explanation: Computed<String>,
    /// Targets that passed, the best first.
    pub ranking: Computed<Vec<DrRanked>>,
    /// Targets that did not, each with every reason.
    pub rejected: Computed<BTreeMap<String, Vec<DrRejection>>>,
}

/// A target that may be chosen. What is not known is left out, or null.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrCandidate {
    /// Its region.
    pub region: String,
    /// What the gate decided about it: `decision` of `hybridops_cost_gate`.
    pub decision: String,
    /// Credits that pay for it, in the currency of the decision: `250.00`. Those of the decision unless set.
    #[attr(validate(custom(is_amount, "a decimal number such as `250.00`, not negative")))]
    pub credits: Option<String>,
    /// When they are gone.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub credits_expire: Option<String>,
    /// How far its data is behind, in seconds: a `hybridops_prometheus_query`.
    pub lag: DrSignal,
    /// The share of probes that succeed, from 0 to 1: a `hybridops_prometheus_query`.
    pub probe: DrSignal,
    /// Whether there is capacity: free quota, or reserved.
    pub capacity: Option<bool>,
    /// When a failover to it was last rehearsed with success.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub last_drill: Option<String>,
}

/// What is measured: a whole `hybridops_prometheus_query`, or its attributes written out.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrSignal {
    /// The number; not known unless set.
    pub value: Option<String>,
    /// Seconds since it was measured; not known unless set.
    pub age_seconds: Option<u64>,
    /// Why it is not known.
    pub fault: Option<String>,
}

/// What a target has to be, and what counts.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrPolicy {
    /// Seconds of data that may be lost.
    pub rpo_seconds: u64,
    /// Seconds after which a measurement is of the past. 120 unless set.
    pub max_signal_age_seconds: Option<u64>,
    /// The least share of probes that succeed, from 0 to 1. `0.9` unless set.
    #[attr(validate(custom(is_amount, "a decimal number such as `0.9`")))]
    pub min_probe_success: Option<String>,
    /// Regions that are allowed. All unless set.
    #[attr(validate(length(1..)))]
    pub allowed_regions: Option<BTreeSet<String>>,
    /// Days after which a rehearsal is of the past. 120 unless set.
    pub max_drill_age_days: Option<u64>,
    /// Days before their end in which credits are worth using up. 30 unless set.
    pub credits_horizon_days: Option<u64>,
    /// Points by which another target has to be better, and more, to move to it. 50 unless set.
    #[attr(validate(range(0..=1000)))]
    pub margin: Option<u32>,
    /// Seconds one stays at a target at least. 3600 unless set.
    pub min_dwell_seconds: Option<u64>,
    /// What counts how much. Only their proportion matters.
    pub weights: Option<DrWeights>,
}

/// What counts how much.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrWeights {
    /// What it costs after credits, against the cheapest. 400 unless set.
    #[attr(validate(range(0..=1000)))]
    pub cost: Option<u32>,
    /// How little its data is behind. 300 unless set.
    #[attr(validate(range(0..=1000)))]
    pub lag: Option<u32>,
    /// How many probes succeed. 150 unless set.
    #[attr(validate(range(0..=1000)))]
    pub probe: Option<u32>,
    /// How much of it is paid for by credits that are soon gone. 50 unless set.
    #[attr(validate(range(0..=1000)))]
    pub credits: Option<u32>,
    /// How lately it was rehearsed. 100 unless set.
    #[attr(validate(range(0..=1000)))]
    pub drill: Option<u32>,
}

/// What comes of it where no target passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnNone {
    /// The plan stops.
    Error,
    /// `selected` is null.
    Report,
}

/// A target that passed, with its points, each 0 to 1000.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrRanked {
    /// Its name.
    pub name: String,
    /// Its points in all.
    pub score: u32,
    /// What it costs after credits.
    pub net_cost: String,
    /// Points for its cost.
    pub cost: u32,
    /// Points for its lag.
    pub lag: u32,
    /// Points for its probes.
    pub probe: u32,
    /// Points for credits that are soon gone.
    pub credits: u32,
    /// Points for its last rehearsal.
    pub drill: u32,
}

/// Why a target is out.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrRejection {
    /// `GATE_BLOCKS`, `COST_UNKNOWN`, `CURRENCY_MIXED`, `REGION_NOT_ALLOWED`, `CAPACITY_UNKNOWN`, `NO_CAPACITY`,
    /// `SIGNAL_MISSING`, `SIGNAL_STALE`, `SIGNAL_NONSENSE`, `LAG_ABOVE_RPO`, `PROBES_FAIL`, `NEVER_DRILLED` or
    /// `DRILL_TOO_OLD`.
    pub code: String,
    /// The reason in words.
    pub text: String,
}

fn is_amount(value: &Value) -> std::result::Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    match text.parse::<Decimal>() {
        Ok(number) if number.is_negative() => Err(format!("{text:?} is negative")),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{text:?} is {error}")),
    }
}

impl DataSource for DrTarget {
    const NAME: &'static str = "dr_target";
    const SUBCATEGORY: &'static str = "Cost";
    type Client = Cost;

    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let Some(weights) = config.policy.known().and_then(|policy| policy.weights.known()) else { return };
        let all = [&weights.cost, &weights.lag, &weights.probe, &weights.credits, &weights.drill];
        if all.iter().all(|weight| weight.known() == Some(&0)) {
            let at = Path::root().attribute("policy").attribute("weights");
            diagnostics.push(
                tf_framework::Diagnostic::error("Nothing counts", "Give one weight more than 0.").at(at),
            );
        }
    }

    async fn read(_: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let now = config.now.as_deref().and_then(moment).unwrap_or_else(Timestamp::now);
        let candidates = config
            .candidates
            .iter()
            .map(|(name, candidate)| Ok((name.clone(), candidate.read(name)?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        let since = config.current_since.as_deref().and_then(moment);
        let current = config.current.clone().map(|name| Current { name, since });
        let chosen = choose(&candidates, &config.policy.read(), current.as_ref(), now);
        let explanation = explained(&chosen);
        if chosen.selected.is_none() && config.on_none.unwrap_or(OnNone::Error) == OnNone::Error {
            let at = Path::root().attribute("candidates");
            return Err(Diagnostics::error_at(at, "No target passes the filters", explanation));
        }
        let region =
            chosen.selected.as_ref().and_then(|name| candidates.get(name)).map(|one| one.region.clone());
        Ok(Self {
            region: region.into(),
            reason: chosen.reason.code().to_owned().into(),
            explanation: explanation.into(),
            ranking: chosen.ranking.iter().map(DrRanked::from).collect::<Vec<_>>().into(),
            rejected: rejected(&chosen).into(),
            selected: chosen.selected.into(),
            ..config
        })
    }
}

fn rejected(chosen: &Chosen) -> BTreeMap<String, Vec<DrRejection>> {
    let told = |fault: &cost_engine::target::Rejection| DrRejection {
        code: fault.code().to_owned(),
        text: fault.to_string(),
    };
    chosen.rejected.iter().map(|(name, faults)| (name.clone(), faults.iter().map(told).collect())).collect()
}

fn explained(chosen: &Chosen) -> String {
    let mut lines = vec![match &chosen.selected {
        Some(name) => format!("{name}: {}.", chosen.reason),
        None => format!("Nowhere to go: {}.", chosen.reason),
    }];
    for Ranked { name, score, points, net } in &chosen.ranking {
        lines.push(format!(
            "  {name}: {score} points (cost {} for {net}, lag {}, probes {}, credits {}, rehearsal {})",
            points.cost, points.lag, points.probe, points.credits, points.drill
        ));
    }
    for (name, faults) in &chosen.rejected {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        lines.push(format!("  {name} is out: {}", faults.join("; ")));
    }
    lines.join("\n")
}

impl From<&Ranked> for DrRanked {
    fn from(ranked: &Ranked) -> Self {
        let points = &ranked.points;
        Self {
            name: ranked.name.clone(),
            score: ranked.score,
            net_cost: ranked.net.to_string(),
            cost: points.cost,
            lag: points.lag,
            probe: points.probe,
            credits: points.credits,
            drill: points.drill,
        }
    }
}

impl DrPolicy {
    fn read(&self) -> Policy {
        let weight =
            |of: fn(&DrWeights) -> Option<u32>, usual| self.weights.as_ref().and_then(of).unwrap_or(usual);
        let ninety = || Decimal::from(90).percent();
        Policy {
            rpo: self.rpo_seconds,
            max_signal_age: self.max_signal_age_seconds.unwrap_or(120),
            min_probe: self
                .min_probe_success
                .as_deref()
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(ninety),
            regions: self.allowed_regions.clone().unwrap_or_default(),
            max_drill_age: self.max_drill_age_days.unwrap_or(120),
            credits_horizon: self.credits_horizon_days.unwrap_or(30),
            weights: Weights {
                cost: weight(|weights| weights.cost, 400),
                lag: weight(|weights| weights.lag, 300),
                probe: weight(|weights| weights.probe, 150),
                credits: weight(|weights| weights.credits, 50),
                drill: weight(|weights| weights.drill, 100),
            },
            margin: self.margin.unwrap_or(50),
            min_dwell: self.min_dwell_seconds.unwrap_or(3600),
        }
    }
}

impl DrCandidate {
    fn read(&self, name: &str) -> Result<Candidate> {
        let decision = Decided::read(&self.decision).ok_or_else(|| {
            let at = Path::root().attribute("candidates").key(name.to_owned()).attribute("decision");
            Diagnostics::error_at(
                at,
                "It is no decision",
                "Give what `hybridops_cost_gate` tells in `decision`: a decision as JSON, with its verdict.",
            )
        })?;
        let own = self.credits.as_deref().and_then(|text| text.parse().ok());
        Ok(Candidate {
            region: self.region.clone(),
            verdict: decision.verdict,
            projected: decision.projected,
            credits: own.unwrap_or(decision.credits),
            credits_expire: self.credits_expire.as_deref().and_then(moment),
            lag: self.lag.read(),
            probe: self.probe.read(),
            capacity: self.capacity,
            last_drill: self.last_drill.as_deref().and_then(moment),
        })
    }
}

/// What counts of a decision.
#[derive(Debug, PartialEq, Eq)]
struct Decided {
    verdict: Verdict,
    projected: Option<(Decimal, String)>,
    credits: Decimal,
}

impl Decided {
    fn read(text: &str) -> Option<Self> {
        let document: Json = serde_json::from_str(text).ok()?;
        if document.get("schema").and_then(Json::as_str) != Some("hybridops.cost-decision") {
            return None;
        }
        let verdict = match document.get("verdict").and_then(Json::as_str)? {
            "allow" => Verdict::Allow,
            "warn" => Verdict::Warn,
            // An approval may have lifted it.
            "block" if document.get("allowed").and_then(Json::as_bool) == Some(true) => Verdict::Warn,
            "block" => Verdict::Block,
            _ => return None,
        };
        let projection = document.get("projection");
        let amount = |name: &str| projection?.get(name)?.as_str()?.parse::<Decimal>().ok();
        let currency = projection.and_then(|projection| projection.get("currency")).and_then(Json::as_str);
        let projected = amount("projected").zip(currency.map(str::to_owned));
        Some(Self { verdict, projected, credits: amount("credits").unwrap_or_else(Decimal::zero) })
    }
}

impl DrSignal {
    fn read(&self) -> Reading {
        let number = self.value.as_deref().map(plain);
        match (number, self.age_seconds, &self.fault) {
            (_, _, Some(fault)) => Reading::Unknown(fault.clone()),
            (Some(Some(value)), Some(age), None) => Reading::Known { value, age },
            (Some(None), _, None) => {
                Reading::Unknown(format!("{:?} is no number", self.value.as_deref().unwrap_or_default()))
            }
            (Some(_), None, None) => Reading::Unknown("its age is not told".to_owned()),
            (None, _, None) => Reading::Unknown("nothing is told".to_owned()),
        }
    }
}

/// A number as Prometheus writes it, which may have an exponent, as a decimal one.
fn plain(text: &str) -> Option<Decimal> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    // A billionth of a second, or of a share, is less than anybody measures.
    format!("{number:.9}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_read() {
        let read = |verdict: &str, allowed: bool| {
            Decided::read(&format!(
                r#"{{"schema":"hybridops.cost-decision","verdict":"{verdict}","allowed":{allowed},
                    "projection":{{"currency":"EUR","projected":"66.49","credits":"1"}}}}"#
            ))
        };
        let allowed = read("allow", true).expect("a decision");
        assert_eq!(allowed.projected, Some(("66.49".parse().expect("a number"), "EUR".to_owned())));
        assert_eq!(read("block", false).map(|one| one.verdict), Some(Verdict::Block));
        assert_eq!(read("block", true).map(|one| one.verdict), Some(Verdict::Warn), "lifted by an approval");
        assert_eq!(read("maybe", true), None);
        assert_eq!(Decided::read("{}"), None);
        assert_eq!(Decided::read("allow"), None);
    }

    #[test]
    fn signals_are_read() {
        let signal = |value: Option<&str>, age, fault: Option<&str>| {
            DrSignal { value: value.map(str::to_owned), age_seconds: age, fault: fault.map(str::to_owned) }
                .read()
        };
        assert!(matches!(signal(Some("0.25"), Some(3), None), Reading::Known { age: 3, .. }));
        assert!(matches!(signal(Some("1e-05"), Some(3), None), Reading::Known { .. }));
        for unknown in [
            signal(None, Some(3), None),
            signal(Some("1"), None, None),
            signal(Some("NaN"), Some(3), None),
            signal(Some("1"), Some(3), Some("STALE")),
        ] {
            assert!(matches!(unknown, Reading::Unknown(_)), "{unknown:?}");
        }
        assert_eq!(plain("1e-05"), "0.00001".parse().ok());
        assert_eq!(plain("1e+400"), None);
    }
}
