//! Where to go in a disaster: hard filters first, then a score, with reasons for everything.
//!
//! A target that fails one filter is out, however good it is otherwise; nothing that is not known passes. Those that are
//! left get 0 to 1000 points for each criterion and in all, so that the difference between two can be told in a sentence.
//! One does not move for a few points: the target one is at stays unless another is better by more than a margin and one
//! has been there for a while.

mod score;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::Decimal;
use crate::rules::Verdict;

pub use score::{MOST, Points, Weights};

/// A target that may be chosen. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its region.
    pub region: String,
    /// What the gate says to it.
    pub verdict: Verdict,
    /// What it is projected to cost, with the currency; absent where the gate could not tell.
    pub projected: Option<(Decimal, String)>,
    /// Credits that pay for it, in the same currency.
    pub credits: Decimal,
    /// When they are gone.
    pub credits_expire: Option<Timestamp>,
    /// How far its data is behind, in seconds.
    pub lag: Reading,
    /// The share of probes that succeed, from 0 to 1.
    pub probe: Reading,
    /// Whether there is capacity for it: free quota, or reserved.
    pub capacity: Option<bool>,
    /// When a failover to it was last rehearsed with success.
    pub last_drill: Option<Timestamp>,
}

/// A number that was measured, and how long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It is known.
    Known {
        /// The number.
        value: Decimal,
        /// Its age in seconds.
        age: u64,
    },
    /// It is not, and why.
    Unknown(String),
}

/// What a target has to be, and what counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Seconds of data that may be lost.
    pub rpo: u64,
    /// Seconds after which a measurement is of the past.
    pub max_signal_age: u64,
    /// The least share of probes that succeed.
    pub min_probe: Decimal,
    /// Regions that are allowed; all where there are none.
    pub regions: BTreeSet<String>,
    /// Days after which a rehearsal is of the past.
    pub max_drill_age: u64,
    /// Days before their end in which credits are worth using up.
    pub credits_horizon: u64,
    /// What counts how much.
    pub weights: Weights,
    /// Points by which another target has to be better, and more, to move to it.
    pub margin: u32,
    /// Seconds one stays at a target at least.
    pub min_dwell: u64,
}

/// The target one is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// Why a target is out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The gate blocks it.
    #[error("the cost gate blocks it")]
    Blocked,
    /// What it costs is not known.
    #[error("what it costs is not known")]
    NoCost,
    /// Its cost cannot be compared.
    #[error("it is reckoned in {currency}, others in {others}: money of two currencies is not compared")]
    Currency {
        /// Its currency.
        currency: String,
        /// Those of the others.
        others: String,
    },
    /// Its region is not allowed.
    #[error("its region {region} is not among those allowed")]
    Region {
        /// The region.
        region: String,
    },
    /// Whether there is capacity is not known.
    #[error("whether there is capacity is not known")]
    CapacityUnknown,
    /// There is no capacity.
    #[error("there is no capacity for it")]
    NoCapacity,
    /// A measurement is not there.
    #[error("{what} is not known: {reason}")]
    Unmeasured {
        /// Which.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A measurement is of the past.
    #[error("{what} was measured {age} s ago, at most {limit} s count")]
    Old {
        /// Which.
        what: &'static str,
        /// Seconds.
        age: u64,
        /// Seconds.
        limit: u64,
    },
    /// Too much data would be lost.
    #[error("its data is {lag} s behind, at most {rpo} s may be lost")]
    Lag {
        /// Seconds.
        lag: String,
        /// Seconds.
        rpo: u64,
    },
    /// Too few probes succeed.
    #[error("{share} of its probes succeed, at least {least} have to")]
    Probe {
        /// From 0 to 1.
        share: String,
        /// From 0 to 1.
        least: String,
    },
    /// A measurement makes no sense.
    #[error("{what} is {value}, which cannot be")]
    Nonsense {
        /// Which.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// It was never rehearsed.
    #[error("a failover to it was never rehearsed")]
    NeverDrilled,
    /// It was not rehearsed for long.
    #[error("a failover to it was last rehearsed {days} days ago, at most {limit} count")]
    DrillOld {
        /// Days.
        days: u64,
        /// Days.
        limit: u64,
    },
}

impl Rejection {
    /// Its code, for conditions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Blocked => "GATE_BLOCKS",
            Self::NoCost => "COST_UNKNOWN",
            Self::Currency { .. } => "CURRENCY_MIXED",
            Self::Region { .. } => "REGION_NOT_ALLOWED",
            Self::CapacityUnknown => "CAPACITY_UNKNOWN",
            Self::NoCapacity => "NO_CAPACITY",
            Self::Unmeasured { .. } => "SIGNAL_MISSING",
            Self::Old { .. } => "SIGNAL_STALE",
            Self::Lag { .. } => "LAG_ABOVE_RPO",
            Self::Probe { .. } => "PROBES_FAIL",
            Self::Nonsense { .. } => "SIGNAL_NONSENSE",
            Self::NeverDrilled => "NEVER_DRILLED",
            Self::DrillOld { .. } => "DRILL_TOO_OLD",
        }
    }
}

/// What was chosen and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The target; none where all are out.
    pub selected: Option<String>,
    /// Why this one.
    pub reason: Reason,
    /// Those that passed the filters, the best first.
    pub ranking: Vec<Ranked>,
    /// Those that did not, with every reason.
    pub rejected: BTreeMap<String, Vec<Rejection>>,
}

/// A target that passed the filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// Its name.
    pub name: String,
    /// Its points in all.
    pub score: u32,
    /// Its points by criterion.
    pub points: Points,
    /// What it costs after credits.
    pub net: Decimal,
}

/// Why a target was chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is the best.
    #[error("it has the most points")]
    Best,
    /// It is the best, and one is there.
    #[error("it has the most points, and is where one is")]
    BestAndCurrent,
    /// Another is better, but not by enough.
    #[error("{other} is better by {advantage} points, and one moves for more than {margin} only")]
    WithinMargin {
        /// The best.
        other: String,
        /// Points.
        advantage: u32,
        /// Points.
        margin: u32,
    },
    /// Another is better, but one has not been here for long.
    #[error("{other} is better by {advantage} points, and one stays for {dwell} s at least")]
    Dwells {
        /// The best.
        other: String,
        /// Points.
        advantage: u32,
        /// Seconds.
        dwell: u64,
    },
    /// The target one is at is out.
    #[error("it has the most points among those that are left: {current}, where one is, is out")]
    CurrentOut {
        /// Where one is.
        current: String,
    },
    /// All are out.
    #[error("no target passes the filters")]
    None,
}

impl Reason {
    /// Its code, for conditions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Best => "BEST",
            Self::BestAndCurrent => "BEST_AND_CURRENT",
            Self::WithinMargin { .. } => "WITHIN_MARGIN",
            Self::Dwells { .. } => "DWELLS",
            Self::CurrentOut { .. } => "CURRENT_REJECTED",
            Self::None => "NO_TARGET",
        }
    }
}

/// Chooses a target.
#[must_use]
pub fn choose(
    candidates: &BTreeMap<String, Candidate>,
    policy: &Policy,
    current: Option<&Current>,
    now: Timestamp,
) -> Choice {
    let mut rejected: BTreeMap<String, Vec<Rejection>> = BTreeMap::new();
    for (name, candidate) in candidates {
        let faults = filter(candidate, policy, now);
        if !faults.is_empty() {
            rejected.insert(name.clone(), faults);
        }
    }
    currencies(candidates, &mut rejected);
    let left = candidates.iter().filter(|(name, _)| !rejected.contains_key(*name));
    let ranking = score::rank(left, policy, now);
    let (selected, reason) = settle(&ranking, &rejected, policy, current, now);
    Choice { selected, reason, ranking, rejected }
}

/// Everything that is wrong with a candidate.
fn filter(candidate: &Candidate, policy: &Policy, now: Timestamp) -> Vec<Rejection> {
    let mut faults = Vec::new();
    if candidate.verdict == Verdict::Block {
        faults.push(Rejection::Blocked);
    }
    match &candidate.projected {
        None => faults.push(Rejection::NoCost),
        Some((projected, _)) if projected.is_negative() => {
            faults.push(Rejection::Nonsense { what: "its projected cost", value: projected.to_string() });
        }
        Some(_) => {}
    }
    if !policy.regions.is_empty() && !policy.regions.contains(&candidate.region) {
        faults.push(Rejection::Region { region: candidate.region.clone() });
    }
    match candidate.capacity {
        None => faults.push(Rejection::CapacityUnknown),
        Some(false) => faults.push(Rejection::NoCapacity),
        Some(true) => {}
    }
    let one = Decimal::from(1);
    match measured("the lag of its data", &candidate.lag, policy) {
        Err(fault) => faults.push(fault),
        Ok(lag) if lag.is_negative() => {
            faults.push(Rejection::Nonsense { what: "the lag of its data", value: lag.to_string() });
        }
        Ok(lag) if *lag > Decimal::from(policy.rpo) => {
            faults.push(Rejection::Lag { lag: lag.to_string(), rpo: policy.rpo });
        }
        Ok(_) => {}
    }
    match measured("the success of its probes", &candidate.probe, policy) {
        Err(fault) => faults.push(fault),
        Ok(share) if share.is_negative() || *share > one => {
            faults.push(Rejection::Nonsense { what: "the success of its probes", value: share.to_string() });
        }
        Ok(share) if *share < policy.min_probe => {
            faults.push(Rejection::Probe { share: share.to_string(), least: policy.min_probe.to_string() });
        }
        Ok(_) => {}
    }
    match candidate.last_drill.map(|drill| days_between(drill, now)) {
        None => faults.push(Rejection::NeverDrilled),
        Some(_) if candidate.last_drill.is_some_and(|drill| drill > now) => {
            let value = candidate.last_drill.map(|drill| drill.to_string()).unwrap_or_default();
            faults.push(Rejection::Nonsense { what: "its last rehearsal", value });
        }
        Some(days) if days > policy.max_drill_age => {
            faults.push(Rejection::DrillOld { days, limit: policy.max_drill_age });
        }
        Some(_) => {}
    }
    faults
}

fn measured<'r>(what: &'static str, reading: &'r Reading, policy: &Policy) -> Result<&'r Decimal, Rejection> {
    match reading {
        Reading::Unknown(reason) => Err(Rejection::Unmeasured { what, reason: reason.clone() }),
        Reading::Known { age, .. } if *age > policy.max_signal_age => {
            Err(Rejection::Old { what, age: *age, limit: policy.max_signal_age })
        }
        Reading::Known { value, .. } => Ok(value),
    }
}

/// Money of two currencies is not compared: all whose currency is not that of all are out.
fn currencies(candidates: &BTreeMap<String, Candidate>, rejected: &mut BTreeMap<String, Vec<Rejection>>) {
    let of = |candidate: &Candidate| candidate.projected.as_ref().map(|(_, currency)| currency.clone());
    let left = candidates.iter().filter(|(name, _)| !rejected.contains_key(*name));
    let known: Vec<(String, String)> =
        left.filter_map(|(name, one)| Some((name.clone(), of(one)?))).collect();
    let all: BTreeSet<&String> = known.iter().map(|(_, currency)| currency).collect();
    if all.len() < 2 {
        return;
    }
    for (name, currency) in &known {
        let others: Vec<&str> = all.iter().filter(|one| **one != currency).map(|one| one.as_str()).collect();
        let fault = Rejection::Currency { currency: currency.clone(), others: others.join(", ") };
        rejected.entry(name.clone()).or_default().push(fault);
    }
}

/// The best, unless one stays where one is.
fn settle(
    ranking: &[Ranked],
    rejected: &BTreeMap<String, Vec<Rejection>>,
    policy: &Policy,
    current: Option<&Current>,
    now: Timestamp,
) -> (Option<String>, Reason) {
    let Some(best) = ranking.first() else { return (None, Reason::None) };
    let chosen = |name: &str, reason| (Some(name.to_owned()), reason);
    let Some(current) = current else { return chosen(&best.name, Reason::Best) };
    if best.name == current.name {
        return chosen(&best.name, Reason::BestAndCurrent);
    }
    let Some(here) = ranking.iter().find(|one| one.name == current.name) else {
        let out = rejected.contains_key(&current.name);
        let reason = if out { Reason::CurrentOut { current: current.name.clone() } } else { Reason::Best };
        return chosen(&best.name, reason);
    };
    let other = best.name.clone();
    let advantage = best.score.saturating_sub(here.score);
    if advantage <= policy.margin {
        return chosen(&here.name, Reason::WithinMargin { other, advantage, margin: policy.margin });
    }
    // Since when one is here is not known: then it may have been a moment ago.
    let stayed = current.since.map_or(0, |since| seconds_between(since, now));
    if stayed < policy.min_dwell {
        return chosen(&here.name, Reason::Dwells { other, advantage, dwell: policy.min_dwell });
    }
    chosen(&best.name, Reason::Best)
}

/// Seconds from one moment to another; none where it lies ahead.
fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second().saturating_sub(from.as_second())).unwrap_or(0)
}

fn days_between(from: Timestamp, to: Timestamp) -> u64 {
    seconds_between(from, to) / 86_400
}

#[cfg(test)]
mod tests;
