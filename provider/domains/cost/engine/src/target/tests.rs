use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn now() -> Timestamp {
    at("2026-03-30T20:00:00Z")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn reading(value: &str) -> Reading {
    Reading::Known { value: decimal(value), age: 30 }
}

fn candidate(cost: &str) -> Candidate {
    Candidate {
        region: "westeurope".to_owned(),
        verdict: Verdict::Allow,
        projected: Some((decimal(cost), "EUR".to_owned())),
        credits: Decimal::zero(),
        credits_expire: None,
        lag: reading("0"),
        probe: reading("1"),
        capacity: Some(true),
        last_drill: Some(at("2026-03-01T00:00:00Z")),
    }
}

fn policy() -> Policy {
    Policy {
        rpo: 60,
        max_signal_age: 120,
        min_probe: decimal("0.9"),
        regions: BTreeSet::new(),
        max_drill_age: 90,
        credits_horizon: 30,
        weights: Weights { cost: 400, lag: 300, probe: 150, credits: 50, drill: 100 },
        margin: 50,
        min_dwell: 3600,
    }
}

fn two(azure: Candidate, gcp: Candidate) -> BTreeMap<String, Candidate> {
    BTreeMap::from([("azure".to_owned(), azure), ("gcp".to_owned(), gcp)])
}

fn current(name: &str, since: &str) -> Current {
    Current { name: name.to_owned(), since: Some(at(since)) }
}

fn codes(candidate: Candidate) -> Vec<&'static str> {
    let all = BTreeMap::from([("one".to_owned(), candidate)]);
    let choice = choose(&all, &policy(), None, now());
    choice.rejected.get("one").map(|faults| faults.iter().map(Rejection::code).collect()).unwrap_or_default()
}

#[test]
fn the_cheaper_of_equals_is_chosen() {
    let choice = choose(&two(candidate("100"), candidate("80")), &policy(), None, now());
    assert_eq!((choice.selected.as_deref(), &choice.reason), (Some("gcp"), &Reason::Best));
    let points: Vec<_> = choice.ranking.iter().map(|one| (one.name.as_str(), one.points.cost)).collect();
    assert_eq!(points, [("gcp", 1000), ("azure", 800)]);
}

#[test]
fn of_equals_the_first_by_name_is_chosen() {
    let choice = choose(&two(candidate("80"), candidate("80.00")), &policy(), None, now());
    assert_eq!(choice.selected.as_deref(), Some("azure"));
}

#[test]
fn filters() {
    let with = |change: fn(&mut Candidate)| {
        let mut one = candidate("1");
        change(&mut one);
        codes(one)
    };
    assert_eq!(codes(candidate("1")), [""; 0]);
    assert_eq!(with(|one| one.verdict = Verdict::Warn), [""; 0]);
    assert_eq!(with(|one| one.verdict = Verdict::Block), ["GATE_BLOCKS"]);
    assert_eq!(with(|one| one.projected = None), ["COST_UNKNOWN"]);
    assert_eq!(with(|one| one.capacity = None), ["CAPACITY_UNKNOWN"]);
    assert_eq!(with(|one| one.capacity = Some(false)), ["NO_CAPACITY"]);
    assert_eq!(with(|one| one.lag = reading("60")), [""; 0], "as much as may be lost");
    assert_eq!(with(|one| one.lag = reading("60.001")), ["LAG_ABOVE_RPO"]);
    assert_eq!(with(|one| one.lag = reading("-1")), ["SIGNAL_NONSENSE"]);
    assert_eq!(with(|one| one.lag = Reading::Unknown("STALE".to_owned())), ["SIGNAL_MISSING"]);
    assert_eq!(with(|one| one.probe = Reading::Known { value: decimal("1"), age: 121 }), ["SIGNAL_STALE"]);
    assert_eq!(with(|one| one.probe = reading("0.89")), ["PROBES_FAIL"]);
    assert_eq!(with(|one| one.probe = reading("1.01")), ["SIGNAL_NONSENSE"]);
    assert_eq!(with(|one| one.last_drill = None), ["NEVER_DRILLED"]);
    assert_eq!(with(|one| one.last_drill = Some(at("2025-12-30T20:00:00Z"))), [""; 0], "90 days");
    assert_eq!(with(|one| one.last_drill = Some(at("2025-12-29T19:59:59Z"))), ["DRILL_TOO_OLD"]);
    assert_eq!(with(|one| one.last_drill = Some(at("2026-03-30T20:00:01Z"))), ["SIGNAL_NONSENSE"], "not yet");
    let all = with(|one| {
        one.verdict = Verdict::Block;
        one.capacity = None;
        one.last_drill = None;
    });
    assert_eq!(all, ["GATE_BLOCKS", "CAPACITY_UNKNOWN", "NEVER_DRILLED"], "every reason is told");
}

#[test]
fn regions_that_are_not_allowed_are_out() {
    let mut policy = policy();
    policy.regions = BTreeSet::from(["europe-west4".to_owned()]);
    let choice = choose(&two(candidate("1"), candidate("2")), &policy, None, now());
    assert_eq!((choice.selected, choice.reason), (None, Reason::None));
    assert_eq!(choice.rejected.len(), 2);
}

#[test]
fn currencies_are_not_mixed() {
    let mut dollars = candidate("1");
    dollars.projected = Some((decimal("1"), "USD".to_owned()));
    let choice = choose(&two(candidate("100"), dollars), &policy(), None, now());
    assert_eq!(choice.selected, None);
    assert!(choice.rejected.values().all(|faults| faults[0].code() == "CURRENCY_MIXED"));
}

#[test]
fn credits_pay_and_count_more_when_they_are_soon_gone() {
    let mut azure = candidate("100");
    azure.credits = decimal("50");
    let choice = choose(&two(azure.clone(), candidate("50")), &policy(), None, now());
    assert_eq!(choice.ranking[0].net, choice.ranking[1].net);
    azure.credits_expire = Some(at("2026-04-10T00:00:00Z"));
    let choice = choose(&two(azure.clone(), candidate("50")), &policy(), None, now());
    assert_eq!(choice.ranking[0].points.credits, 500);
    azure.credits_expire = Some(at("2026-03-29T00:00:00Z"));
    let choice = choose(&two(azure, candidate("50")), &policy(), None, now());
    assert!(choice.ranking.iter().all(|one| one.points.credits == 0), "gone already");
}

#[test]
fn one_stays_unless_it_is_worth_it() {
    let slightly = two(candidate("100"), candidate("90"));
    let here = current("azure", "2026-03-01T00:00:00Z");
    let choice = choose(&slightly, &policy(), Some(&here), now());
    assert_eq!((choice.selected.as_deref(), choice.reason.code()), (Some("azure"), "WITHIN_MARGIN"));
    let clearly = two(candidate("100"), candidate("50"));
    let choice = choose(&clearly, &policy(), Some(&here), now());
    assert_eq!((choice.selected.as_deref(), choice.reason.code()), (Some("gcp"), "BEST"));
    let lately = current("azure", "2026-03-30T19:30:00Z");
    let choice = choose(&clearly, &policy(), Some(&lately), now());
    assert_eq!((choice.selected.as_deref(), choice.reason.code()), (Some("azure"), "DWELLS"));
    let unknown = Current { since: None, ..lately };
    assert_eq!(choose(&clearly, &policy(), Some(&unknown), now()).reason.code(), "DWELLS");
    let mut out = clearly.clone();
    out.get_mut("azure").expect("there").capacity = Some(false);
    let choice = choose(&out, &policy(), Some(&here), now());
    assert_eq!((choice.selected.as_deref(), choice.reason.code()), (Some("gcp"), "CURRENT_REJECTED"));
    let best = current("gcp", "2026-03-30T19:59:59Z");
    assert_eq!(choose(&clearly, &policy(), Some(&best), now()).reason.code(), "BEST_AND_CURRENT");
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    (0u64..1000, 0u64..100, 0u64..=100, 0u64..200, any::<bool>(), 0u64..200, 0..3u8).prop_map(
        |(cost, lag, probe, age, capacity, credits, verdict)| {
            let mut one = candidate(&cost.to_string());
            one.lag = Reading::Known { value: Decimal::from(lag), age };
            one.probe = Reading::Known { value: Decimal::from(probe).percent(), age: 0 };
            one.capacity = Some(capacity || cost % 2 == 0);
            one.credits = Decimal::from(credits);
            one.verdict = [Verdict::Allow, Verdict::Warn, Verdict::Block][usize::from(verdict)];
            one
        },
    )
}

fn any_candidates() -> impl Strategy<Value = BTreeMap<String, Candidate>> {
    proptest::collection::btree_map("[a-e]", any_candidate(), 0..5)
}

proptest! {
    /// Who is out is never chosen, and everybody is either ranked or out.
    #[test]
    fn filters_come_first(candidates in any_candidates(), here in proptest::option::of("[a-e]")) {
        let here = here.map(|name| Current { name, since: None });
        let choice = choose(&candidates, &policy(), here.as_ref(), now());
        prop_assert_eq!(choice.ranking.len() + choice.rejected.len(), candidates.len());
        match &choice.selected {
            None => prop_assert!(choice.ranking.is_empty()),
            Some(name) => {
                prop_assert!(choice.ranking.iter().any(|one| one.name == *name));
                prop_assert!(candidates[name].verdict != Verdict::Block);
            }
        }
        prop_assert!(choice.ranking.iter().all(|one| one.score <= MOST));
    }

    /// Dearer is never better.
    #[test]
    fn cost_never_helps(candidates in any_candidates(), name in "[a-e]", more in 1u64..1000) {
        prop_assume!(candidates.contains_key(&name));
        let before = choose(&candidates, &policy(), None, now());
        let mut dearer = candidates.clone();
        if let Some((cost, _)) = dearer.get_mut(&name).and_then(|one| one.projected.as_mut()) {
            *cost = &*cost + &Decimal::from(more);
        }
        let after = choose(&dearer, &policy(), None, now());
        let score = |choice: &Choice| choice.ranking.iter().find(|one| one.name == name).map(|one| one.score);
        prop_assert!(score(&after) <= score(&before));
        if after.selected.as_ref() == Some(&name) {
            prop_assert_eq!(before.selected.as_ref(), Some(&name));
        }
    }

    /// One who moved stays: choosing again at once chooses the same.
    #[test]
    fn a_choice_is_stable(candidates in any_candidates(), here in proptest::option::of("[a-e]")) {
        let here = here.map(|name| Current { name, since: Some(Timestamp::UNIX_EPOCH) });
        let first = choose(&candidates, &policy(), here.as_ref(), now());
        if let Some(name) = first.selected.clone() {
            let again = Current { name: name.clone(), since: Some(now()) };
            prop_assert_eq!(choose(&candidates, &policy(), Some(&again), now()).selected, Some(name));
        }
    }
}
