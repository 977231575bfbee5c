//! The cases of the gate, and what holds for all of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod scene;

use cost_engine::json::{Digest, canonical, parse};
use cost_engine::rules::{Outcome, Reason, Verdict};
use cost_engine::{Mode, moment};
use proptest::prelude::*;
use scene::Scene;

#[test]
fn the_published_decision() {
    let decision = Scene::published().decide();
    let text = include_str!("../testdata/decision-cd_bac26599f15ca630b5f6db6d48473a69.json");
    let published = parse(text.as_bytes()).unwrap();
    assert_eq!(decision.id, "cd_bac26599f15ca630b5f6db6d48473a69");
    assert_eq!(
        decision.input_digest.to_string(),
        "sha256:bac26599f15ca630b5f6db6d48473a69bce5c75f8064b3a4d78819d586c79811"
    );
    // Every member but the place in the ledger and the version of the program, written the same way.
    for key in [
        "schema",
        "schemaVersion",
        "policyDigest",
        "mode",
        "verdict",
        "allowed",
        "reasonCodes",
        "next",
        "approval",
        "evaluatedAt",
        "validUntil",
        "request",
        "artifacts",
        "spend",
        "projection",
    ] {
        let (ours, theirs) = (decision.document().get(key).unwrap(), published.get(key).unwrap());
        assert_eq!(canonical(ours), canonical(theirs), "{key}");
    }
    assert_eq!(decision.judgement.verdict, Verdict::Warn);
}

#[test]
fn the_limit_passes_and_the_warning_level_warns() {
    // 372.40 are spent and reserved, 44.26728 would be added in March.
    for (limit, warn_at, expected) in [
        ("416.66728", "416.66728", Outcome::Warn),
        ("416.66728", "400", Outcome::Warn),
        ("416.66727", "400", Outcome::Block),
        ("416.66727999999999", "400", Outcome::Block),
        ("500", "416.66729", Outcome::Pass),
        ("500", "416.66728000000001", Outcome::Pass),
    ] {
        let scene = Scene::published()
            .policy("\"limit\": \"500.00\"", &format!("\"limit\": \"{limit}\""))
            .policy("\"warnAt\": \"400.00\"", &format!("\"warnAt\": \"{warn_at}\""));
        let outcome = scene.outcome("budget:prod-dr:2026-03").unwrap();
        assert_eq!(outcome, expected, "limit {limit}, warning level {warn_at}");
    }
}

#[test]
fn budgets_of_nothing_and_no_budget() {
    let nothing = Scene::published()
        .policy("\"warnAt\": \"400.00\",", "")
        .policy("\"limit\": \"500.00\"", "\"limit\": \"0\"")
        .spend(&[("2026-03", "0")]);
    assert_eq!(nothing.reason(), [Reason::BudgetExceeded]);
    let none =
        Scene::published().policy("\"env\": [\"prod\"], \"purpose\": [\"dr\"]", "\"env\": [\"stage\"]");
    assert_eq!(none.reason(), [Reason::NoBudget]);
    assert_eq!(none.decide().judgement.verdict, Verdict::Block);
    let lenient = none.policy("\"on_missing\"", "\"on_no_budget\": \"warn\", \"on_missing\"");
    assert_eq!(lenient.decide().judgement.verdict, Verdict::Warn);
}

#[test]
fn what_spends_no_more_is_never_gated() {
    for action in ["none", "failback", "scale_down", "stop"] {
        let mut scene = Scene::published().without_artifact();
        scene.request.action = action.to_owned();
        let decision = scene.decide();
        assert_eq!((decision.judgement.verdict, decision.judgement.allowed), (Verdict::Allow, true));
        assert_eq!(decision.judgement.reasons(), [Reason::NotCostly]);
    }
}

#[test]
fn every_bad_input_has_its_reason() {
    let published = Scene::published;
    let cases: Vec<(&str, Scene, Reason)> = vec![
        ("no artefact", published().without_artifact(), Reason::ArtifactMissing),
        ("unreadable", published().invalid_artifact(), Reason::ArtifactInvalid),
        ("two of one run", published().ambiguous_artifact(), Reason::Integrity),
        ("another environment", published().artifact("\"cost:env\": \"prod\"", "\"cost:env\": \"stage\""), Reason::ArtifactMismatch),
        ("another purpose", published().artifact("\"cost:purpose\": \"dr\"", "\"cost:purpose\": \"burst\""), Reason::ArtifactMismatch),
        ("old", published().at("2026-03-31T20:05:12Z"), Reason::ArtifactStale),
        ("made later", published().at("2026-03-30T20:00:10Z"), Reason::FromFuture),
        (
            "old prices",
            published().policy("\"maxAge\": 86400", "\"maxAge\": 86400, \"priceMaxAge\": 86400"),
            Reason::ArtifactStale,
        ),
        (
            "unsigned",
            published().policy(
                "\"maxAge\": 86400",
                "\"maxAge\": 86400, \"signers\": [{\"keyId\": \"k\", \"publicKey\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}]",
            ),
            Reason::ArtifactUnsigned,
        ),
        ("an action without a price", published().policy("\"traffic.cutover\"", "\"dns.cutover\""), Reason::Coverage),
        (
            "a resource without a price",
            published().artifact("\"totalNoPriceResources\": 0", "\"totalNoPriceResources\": 1"),
            Reason::Coverage,
        ),
        ("another currency", published().artifact("\"currency\": \"EUR\"", "\"currency\": \"USD\""), Reason::Currency),
        ("no snapshot of what was spent", published().no_spend(), Reason::SpendStale),
        ("a snapshot that leaves the budget out", published().spend(&[]), Reason::SpendStale),
        ("an old snapshot", published().policy("\"caps\"", "\"spendMaxAge\": 3600, \"caps\""), Reason::SpendStale),
        ("an old policy", published().policy("2026-12-31T23:59:59Z", "2026-03-30T20:31:07Z"), Reason::PolicyExpired),
        ("an hour too dear", published().policy("\"hourly\": \"5.00\"", "\"hourly\": \"1.01027\""), Reason::HourlyMax),
        ("too long", published().policy("\"hours\": \"72\"", "\"hours\": \"47.99\""), Reason::DurationMax),
        ("too long with what it ran", published().used("24.25"), Reason::DurationMax),
        (
            "too dear in all",
            published().policy("\"hours\": \"72\"", "\"hours\": \"72\", \"activation\": \"66.49343\""),
            Reason::ActivationMax,
        ),
        ("too often", published().policy("\"caps\"", "\"rateLimits\": {\"activationsPerDay\": 1}, \"caps\"").begun(1), Reason::RateLimit),
        ("too soon", published().policy("\"caps\"", "\"rateLimits\": {\"cooldown\": 7200}, \"caps\"").ended("2026-03-30T20:00:00Z"), Reason::Cooldown),
        ("counted twice", published().second_component(), Reason::DoubleCount),
    ];
    for (name, scene, reason) in cases {
        let judgement = scene.decide().judgement;
        assert!(judgement.reasons().contains(&reason), "{name}: {:?}", judgement.reasons());
        assert_eq!((judgement.verdict, judgement.allowed), (Verdict::Block, false), "{name}");
        let rule = judgement.rules.iter().find(|rule| rule.reason == Some(reason)).unwrap();
        assert!(rule.text.is_some(), "{name} says what to do");
    }
}

#[test]
fn a_pinned_policy_is_that_policy() {
    let mut scene = Scene::published();
    scene.pin = Some(Digest::of(b"another"));
    assert_eq!(scene.reason(), [Reason::PolicyMismatch]);
}

#[test]
fn a_saving_counts_as_nothing() {
    // The baseline costs more than the scenario.
    let scene = Scene::published()
        .artifact("\"x_BaselineQuantity\": \"1\"", "\"x_BaselineQuantity\": \"10\"")
        .artifact("\"pastTotalHourlyCost\": \"0.2050\"", "\"pastTotalHourlyCost\": \"2.050\"")
        .artifact("\"diffTotalHourlyCost\": \"0.8419\"", "\"diffTotalHourlyCost\": \"-1.0031\"")
        .artifact("\"pastTotalMonthlyCost\": \"149.6500\"", "\"pastTotalMonthlyCost\": \"1496.5\"")
        .artifact("\"diffTotalMonthlyCost\": \"614.5870\"", "\"diffTotalMonthlyCost\": \"-732.263\"");
    let decision = scene.decide();
    let rules = &decision.judgement.rules;
    let hourly = rules.iter().find(|rule| rule.id == "hourly.max").unwrap();
    assert_eq!(
        (hourly.outcome, hourly.observed.as_deref()),
        (Outcome::Pass, Some("-1.20372")),
        "told as it is"
    );
    let march = rules.iter().find(|rule| rule.id == "budget:prod-dr:2026-03").unwrap();
    assert_eq!(march.observed.as_deref(), Some("372.40"));
}

#[test]
fn rates_convert_where_the_policy_pins_them() {
    let scene = Scene::published().artifact("\"currency\": \"EUR\"", "\"currency\": \"USD\"").rates("0.5");
    let decision = scene.decide();
    let march = decision.judgement.rules.iter().find(|rule| rule.id == "budget:prod-dr:2026-03").unwrap();
    assert_eq!(march.observed.as_deref(), Some("394.533640"), "312.40 + 60.00 + half of 44.26728");
    assert!(!decision.judgement.reasons().contains(&Reason::Currency));
    let old = scene.at("2026-04-02T06:00:01Z");
    assert!(old.reason().contains(&Reason::Currency));
}

#[test]
fn approvals_lift_what_they_name_up_to_their_ceiling() {
    let scene = Scene::published();
    let lifted = scene.clone().approval(|text| text);
    let judgement = lifted.decide().judgement;
    assert_eq!((judgement.verdict, judgement.allowed), (Verdict::Allow, true));
    assert_eq!(judgement.reasons(), [Reason::BudgetWarn, Reason::Approved]);
    for (what, change) in [
        ("the ceiling", ("\"ceiling\":\"70\"", "\"ceiling\":\"66.49343\"")),
        ("the time", ("\"expiresAt\":\"2026-03-31T20:00:00Z\"", "\"expiresAt\":\"2026-03-30T20:31:07Z\"")),
        ("the rule", ("budget:prod-dr:2026-03", "budget:prod-dr:2026-05")),
        ("the scope", ("\"component\":\"dr-aks\"", "\"component\":\"dr-gke\"")),
        ("the currency", ("\"currency\":\"EUR\"", "\"currency\":\"USD\"")),
        ("the person", ("\"approver\":\"alice\"", "\"approver\":\"repo:acme/dr:environment:dr-prod\"")),
    ] {
        let not = scene.clone().approval(|text| text.replace(change.0, change.1));
        assert!(!not.decide().judgement.allowed, "{what}");
    }
    let mut used = lifted.clone();
    used.used.insert("ap-1".to_owned());
    assert!(!used.decide().judgement.allowed, "used once");
    let forged = scene.clone().forged_approval();
    assert!(!forged.decide().judgement.allowed, "signed by somebody else");
    // Above the limit only where the policy lets it.
    let above = scene.policy("\"limit\": \"500.00\"", "\"limit\": \"400.00\"").approval(|text| text);
    assert!(above.decide().judgement.allowed);
    assert!(!above.policy("\"overridable\": true", "\"overridable\": false").decide().judgement.allowed);
}

#[test]
fn a_simulation_allows_nothing() {
    let mut scene = Scene::published().spend(&[("2026-03", "0")]);
    assert!(scene.decide().judgement.allowed);
    scene.mode = Mode::Simulate;
    let judgement = scene.decide().judgement;
    assert_eq!((judgement.verdict, judgement.allowed), (Verdict::Allow, false));
}

#[test]
fn a_rehearsal_uses_the_artefact_of_the_real_thing_and_its_own_budget() {
    let mut scene = Scene::published().no_spend();
    scene.mode = Mode::Drill;
    scene.request.purpose = "drill".to_owned();
    scene.request.window_start = moment("2026-03-01T00:00:00Z").unwrap();
    let judgement = scene.decide().judgement;
    assert!(judgement.rules.iter().any(|rule| rule.id == "budget:prod-drill:2026-Q1"));
    assert_eq!(judgement.reasons(), [Reason::SpendStale]);
    assert_eq!(judgement.verdict, Verdict::Warn, "a rehearsal goes on without figures, but says so");
}

#[test]
fn clocks_may_differ_a_little() {
    // Made at 20:05:11: five minutes earlier is within what clocks may differ, and counts as new.
    let judgement = Scene::published().at("2026-03-30T20:00:11Z").decide().judgement;
    let fresh = judgement.rules.iter().find(|rule| rule.id == "artifact.fresh").unwrap();
    assert_eq!((fresh.outcome, fresh.observed.as_deref()), (Outcome::Pass, Some("0")));
    let at_the_end = Scene::published().artifact("2026-04-06T20:05:11Z", "2026-03-30T20:31:07Z").reason();
    assert!(at_the_end.contains(&Reason::ArtifactStale), "valid until is not included: {at_the_end:?}");
    let a_day = Scene::published().at("2026-03-31T20:05:11Z").decide().judgement;
    assert!(!a_day.reasons().contains(&Reason::ArtifactStale), "just the oldest passes");
}

#[test]
fn a_decision_is_valid_for_an_hour_or_as_long_as_what_it_is_made_from() {
    let told = |scene: Scene| scene.decide().valid_until.to_string();
    assert_eq!(told(Scene::published()), "2026-03-30T21:31:07Z");
    let short = Scene::published().artifact("2026-04-06T20:05:11Z", "2026-03-30T21:00:00Z");
    assert_eq!(told(short), "2026-03-30T21:00:00Z");
}

/// An artefact whose only line costs nothing more.
fn nothing(scene: Scene) -> Scene {
    let mut scene = scene;
    for (name, before) in [("aks-cp", "1"), ("aks-nodes", "3"), ("egress", "200")] {
        scene = scene.baseline(name, before);
    }
    scene
        .artifact(
            "\"PricingQuantity\": \"1\", \"x_BaselineQuantity\": \"0\", \"ListUnitPrice\": \"0.4100\"",
            "\"PricingQuantity\": \"0.5\", \"x_BaselineQuantity\": \"0\", \"ListUnitPrice\": \"0.4100\"",
        )
        .totals(&[
            ("totalHourlyCost", "1.0469", "0.8419"),
            ("pastTotalHourlyCost", "0.2050", "0.8419"),
            ("diffTotalHourlyCost", "0.8419", "0"),
            ("totalMonthlyCost", "764.2370", "614.587"),
            ("pastTotalMonthlyCost", "149.6500", "614.587"),
            ("diffTotalMonthlyCost", "614.5870", "0"),
            ("oneTimeCost", "15.0000", "0"),
        ])
}

#[test]
fn what_costs_nothing_must_say_why() {
    let free = nothing(Scene::published());
    assert!(free.reason().contains(&Reason::Empty), "{:?}", free.reason());
    assert_eq!(free.decide().judgement.verdict, Verdict::Block);
    let said =
        free.artifact("\"uncertaintyPercent\"", "\"x_ZeroCostReason\": \"reserved\", \"uncertaintyPercent\"");
    // A budget of nothing allows just that.
    let said = said
        .policy("\"warnAt\": \"400.00\",", "")
        .policy("\"limit\": \"500.00\"", "\"limit\": \"0\"")
        .spend(&[("2026-03", "0")])
        .reserved(&[]);
    let judgement = said.decide().judgement;
    assert_eq!((judgement.verdict, judgement.allowed), (Verdict::Allow, true), "{:?}", judgement.rules);
}

#[test]
fn components_are_added_up_after_they_were_converted() {
    // The second component is in dollars, of which one is half a euro.
    let mut scene = Scene::published().components(2).rates("0.5");
    scene.in_currency(0, "USD");
    let judgement = scene.decide().judgement;
    let march = judgement.rules.iter().find(|rule| rule.id == "budget:prod-dr:2026-03").unwrap();
    // 372.40 + 44.26728 + 22.13364
    assert_eq!(march.observed.as_deref(), Some("438.800920"));
    let both = judgement.rules.iter().find(|rule| rule.id == "currency:part-1").unwrap();
    assert!(both.text.as_ref().unwrap().contains("0.8419 USD/Hour at 0.5 are 0.42095 EUR/Hour"), "{both:?}");
}

#[test]
fn a_forecast_warns_and_lifts_nothing() {
    // 312.40 until the 30th at 06:00: the rest of March would add 18.68.
    let scene = Scene::published()
        .policy("\"warnAt\": \"400.00\",", "")
        .policy("\"caps\"", "\"forecast\": true, \"caps\"");
    let judgement = scene.clone().policy("\"limit\": \"500.00\"", "\"limit\": \"430.00\"").decide().judgement;
    assert_eq!(judgement.reasons(), [Reason::Forecast]);
    assert_eq!(judgement.verdict, Verdict::Warn);
    let judgement = scene.clone().policy("\"limit\": \"500.00\"", "\"limit\": \"440.00\"").decide().judgement;
    assert_eq!(judgement.verdict, Verdict::Allow);
    let judgement = scene.policy("\"limit\": \"500.00\"", "\"limit\": \"416.00\"").decide().judgement;
    assert_eq!(judgement.verdict, Verdict::Block, "what is above the limit stays above it");
}

#[test]
fn credits_count_where_the_policy_says_so_and_they_last() {
    let grant = |provider: &str, expires: &str| {
        format!(
            "\"creditGrants\": [{{\"id\": \"start\", \"provider\": \"{provider}\", \"amount\": \"50\", \
             \"expires\": \"{expires}\"}}], \"caps\""
        )
    };
    let march = |more: &str, credits: &str| {
        let scene = Scene::published().policy("\"caps\"", more);
        let scene = scene.policy("\"caps\"", &format!("\"credits\": \"{credits}\", \"caps\""));
        let judgement = scene.decide().judgement;
        let of =
            |id: &str| judgement.rules.iter().find(|rule| rule.id == id).unwrap().observed.clone().unwrap();
        (of("budget:prod-dr:2026-03"), of("budget:prod-dr:2026-04"))
    };
    let lasting = grant("Microsoft", "2026-04-01T22:00:00Z");
    let told = |march: &str, april: &str| (march.to_owned(), april.to_owned());
    let gross = told("416.66728", "22.22616");
    assert_eq!(march(&lasting, "gross"), gross);
    // 44.26728 of the 50 in March, the rest in April.
    assert_eq!(march(&lasting, "net"), told("372.40000", "16.49344"));
    assert_eq!(
        march(&grant("Microsoft", "2026-04-01T21:59:59Z"), "net"),
        gross,
        "it ends inside of the window"
    );
    assert_eq!(march(&grant("Google", "2026-12-31T00:00:00Z"), "net"), gross, "of another provider");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn more_cost_or_less_budget_never_makes_it_better(
        price in 0u32..400, more in 0u32..400, limit in 0u32..900, less in 0u32..900, hours in 1u32..100, spent in 0u32..600,
    ) {
        let scene = |price: u32, limit: u32| {
            let hours = hours.to_string();
            let mut scene = Scene::published().egress_price(price).policy("\"warnAt\": \"400.00\",", "");
            scene = scene.policy("\"limit\": \"500.00\"", &format!("\"limit\": \"{limit}\""));
            scene = scene.spend(&[("2026-03", &spent.to_string())]);
            scene.request.hours = hours.parse().unwrap();
            scene.decide().judgement.verdict
        };
        let now = scene(price, limit);
        prop_assert!(scene(price + more, limit) >= now);
        prop_assert!(scene(price, limit.saturating_sub(less)) >= now);
    }

    #[test]
    fn the_order_of_artefacts_does_not_matter(seed in 0usize..24) {
        let mut scene = Scene::published().components(4);
        let before = canonical(scene.decide().document());
        scene.shuffle(seed);
        prop_assert_eq!(before, canonical(scene.decide().document()));
    }

    #[test]
    fn currencies_are_never_mixed_silently(currency in "USD|CHF|GBP|JPY") {
        let to = format!("\"currency\": \"{currency}\"");
        let judgement = Scene::published().artifact("\"currency\": \"EUR\"", &to).decide().judgement;
        prop_assert!(judgement.reasons().contains(&Reason::Currency) && judgement.projection.is_none());
    }

    #[test]
    fn nothing_is_rounded_before_it_is_compared(digits in 1u32..15) {
        // Above the limit by the smallest part that can be written.
        let sliver = format!("0.{}1", "0".repeat(digits as usize));
        let limit = "416.66728";
        let scene = Scene::published()
            .policy("\"warnAt\": \"400.00\",", "")
            .policy("\"limit\": \"500.00\"", &format!("\"limit\": \"{limit}\""));
        prop_assert_eq!(scene.outcome("budget:prod-dr:2026-03").unwrap(), Outcome::Pass);
        let spent = (&"312.40".parse::<cost_engine::Decimal>().unwrap() + &sliver.parse().unwrap()).to_string();
        prop_assert_eq!(scene.spend(&[("2026-03", &spent)]).outcome("budget:prod-dr:2026-03").unwrap(), Outcome::Block);
    }
}
