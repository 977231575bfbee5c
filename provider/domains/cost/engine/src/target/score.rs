//! Points of a target: whole numbers, by exact arithmetic.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Candidate, Policy, Ranked, Reading, seconds_between};
use crate::Decimal;

/// The most points of a criterion, and in all.
pub const MOST: u32 = 1000;

/// What counts how much. Only their proportion matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// What it costs after credits, against the cheapest.
    pub cost: u32,
    /// How little its data is behind, against what may be lost.
    pub lag: u32,
    /// How many probes succeed.
    pub probe: u32,
    /// How much of it is paid for by credits that are soon gone.
    pub credits: u32,
    /// How lately it was rehearsed.
    pub drill: u32,
}

/// Points by criterion, each 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// 1000 for the cheapest, 500 for what costs twice as much.
    pub cost: u32,
    /// 1000 for data that is not behind, 0 for data as far behind as may be lost.
    pub lag: u32,
    /// 1000 where all probes succeed.
    pub probe: u32,
    /// 1000 where credits that are soon gone pay for all of it.
    pub credits: u32,
    /// 1000 for a rehearsal today.
    pub drill: u32,
}

/// Candidates that passed the filters, the best first; of equals the first by name.
pub(super) fn rank<'c>(
    candidates: impl Iterator<Item = (&'c String, &'c Candidate)>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Ranked> {
    let nets: BTreeMap<&String, (&Candidate, Decimal)> =
        candidates.map(|(name, candidate)| (name, (candidate, net(candidate)))).collect();
    let cheapest = nets.values().map(|(_, net)| net).min().cloned().unwrap_or_else(Decimal::zero);
    let mut ranking: Vec<Ranked> = nets
        .into_iter()
        .map(|(name, (candidate, net))| {
            let points = Points {
                cost: share(&cheapest, &net),
                lag: lag(candidate, policy),
                probe: share(known(&candidate.probe), &Decimal::from(1)),
                credits: credits(candidate, policy, now),
                drill: drill(candidate, policy, now),
            };
            Ranked { name: name.clone(), score: policy.weights.total(&points), points, net }
        })
        .collect();
    ranking.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
    ranking
}

impl Weights {
    /// Points in all; none where nothing counts.
    fn total(&self, points: &Points) -> u32 {
        let pairs = [
            (self.cost, points.cost),
            (self.lag, points.lag),
            (self.probe, points.probe),
            (self.credits, points.credits),
            (self.drill, points.drill),
        ];
        let sum: u64 = pairs.iter().map(|(weight, points)| u64::from(*weight) * u64::from(*points)).sum();
        let all: u64 = pairs.iter().map(|(weight, _)| u64::from(*weight)).sum();
        sum.checked_div(all).and_then(|total| u32::try_from(total).ok()).unwrap_or(0)
    }
}

fn projected(candidate: &Candidate) -> Decimal {
    candidate.projected.as_ref().map_or_else(Decimal::zero, |(projected, _)| projected.clone())
}

/// What it costs after credits.
fn net(candidate: &Candidate) -> Decimal {
    (&projected(candidate) - &candidate.credits.at_least_zero()).at_least_zero()
}

fn known(reading: &Reading) -> &Decimal {
    const ZERO: Decimal = Decimal::zero();
    static NOTHING: Decimal = ZERO;
    match reading {
        Reading::Known { value, .. } => value,
        Reading::Unknown(_) => &NOTHING,
    }
}

fn lag(candidate: &Candidate, policy: &Policy) -> u32 {
    let allowed = Decimal::from(policy.rpo);
    // Where nothing may be lost, what passed has lost nothing.
    if allowed.is_zero() { MOST } else { share(&(&allowed - known(&candidate.lag)), &allowed) }
}

fn credits(candidate: &Candidate, policy: &Policy, now: Timestamp) -> u32 {
    let horizon = policy.credits_horizon.saturating_mul(86_400);
    let soon = candidate.credits_expire.is_some_and(|end| end > now && seconds_between(now, end) <= horizon);
    let cost = projected(candidate);
    if !soon || cost.is_zero() || candidate.credits.is_zero() {
        return 0;
    }
    share(&candidate.credits.at_least_zero(), &cost)
}

fn drill(candidate: &Candidate, policy: &Policy, now: Timestamp) -> u32 {
    let longest = Decimal::from(policy.max_drill_age.saturating_add(1).saturating_mul(86_400));
    let age = candidate.last_drill.map_or(u64::MAX, |drill| seconds_between(drill, now));
    share(&(&longest - &Decimal::from(age)), &longest)
}

/// The whole part of a thousandfold quotient, between 0 and 1000. Searched for, so that nothing is rounded: a product is
/// exact, a quotient is not.
fn share(part: &Decimal, whole: &Decimal) -> u32 {
    if part >= whole {
        return MOST;
    }
    let part = &part.at_least_zero() * &Decimal::from(u64::from(MOST));
    let (mut low, mut high) = (0, MOST);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if &Decimal::from(u64::from(middle)) * whole <= part { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_are_whole_parts(part in 0u64..10_000, whole in 1u64..10_000) {
            let expected = u32::try_from((part * 1000 / whole).min(1000)).expect("small");
            prop_assert_eq!(share(&Decimal::from(part), &Decimal::from(whole)), expected);
        }
    }

    #[test]
    fn nothing_of_nothing_is_all() {
        assert_eq!(share(&Decimal::zero(), &Decimal::zero()), MOST);
        assert_eq!(share(&-&Decimal::from(1), &Decimal::from(5)), 0);
    }
}
