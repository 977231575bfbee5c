//! Rules 3 to 9: whether there is something to judge, and whether it may be believed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Inputs, NotFound, Outcome, Reason, Rule, SKEW, Signed};
use crate::documents::Artifact;
use crate::projection::Costs;
use crate::request::Mode;

/// Rule 3: the policy is valid and the one that is meant.
pub(super) fn policy(inputs: &Inputs<'_>) -> Vec<Rule> {
    let policy = inputs.policy;
    let mut rules = Vec::new();
    if inputs.now >= policy.valid_until {
        let text = format!(
            "the policy {} was valid until {}; publish a new one",
            policy.version, policy.valid_until
        );
        rules.push(Rule::new("policy.valid", Outcome::Block).because(Reason::PolicyExpired).text(text));
    }
    if let Some(pin) = inputs.policy_pin.filter(|pin| *pin != policy.digest) {
        let text = format!("the policy is {}, but {pin} was asked for", policy.digest);
        rules.push(Rule::new("policy.pinned", Outcome::Block).because(Reason::PolicyMismatch).text(text));
    }
    rules
}

/// Rules 4 to 8, for each component: what may be counted, and what each rule found.
pub(super) fn artifacts<'a>(inputs: &'a Inputs<'_>) -> (Vec<&'a Signed>, Vec<Rule>) {
    let mut found = Vec::new();
    let mut rules = Vec::new();
    let mut asked: Vec<&String> = inputs.request.components.iter().collect();
    asked.sort();
    let several = asked.len() > 1;
    for component in asked {
        let id = |rule: &str| if several { format!("{rule}:{component}") } else { rule.to_owned() };
        let entry = inputs.artifacts.iter().find(|found| found.component == *component);
        match entry.map(|found| &found.artifact) {
            None => {
                let missing = NotFound::Missing(format!("{component}/"));
                rules.push(not_found(inputs, id("artifact.present"), &missing));
            }
            Some(Err(problem)) => rules.push(not_found(inputs, id("artifact.present"), problem)),
            Some(Ok(signed)) => {
                let problems = mismatch(inputs, component, &signed.artifact);
                if !problems.is_empty() {
                    let text = format!("{}: {}", signed.path, problems.join("; "));
                    rules.push(blocked(id("artifact.agrees"), Reason::ArtifactMismatch, text));
                    continue;
                }
                rules.extend(signature(inputs, id("artifact.signed"), signed));
                rules.extend(age(inputs, &id, signed));
                rules.extend(content(id("artifact.covers"), inputs, &signed.artifact));
                found.push(signed);
            }
        }
    }
    rules.extend(required(inputs, &found));
    rules.extend(double_count(&found));
    (found, rules)
}

fn blocked(id: String, reason: Reason, text: String) -> Rule {
    Rule::new(id, Outcome::Block).because(reason).text(text)
}

fn not_found(inputs: &Inputs<'_>, id: String, problem: &NotFound) -> Rule {
    let (outcome, reason) = match problem {
        NotFound::Missing(_) => (inputs.policy.on.missing.into(), Reason::ArtifactMissing),
        NotFound::Invalid { .. } => (Outcome::Block, Reason::ArtifactInvalid),
        NotFound::Mismatch { .. } => (Outcome::Block, Reason::ArtifactMismatch),
        NotFound::Integrity(_) => (Outcome::Block, Reason::Integrity),
    };
    let next = match problem {
        NotFound::Missing(_) => "run the pipeline that emits it, or name another run_id",
        NotFound::Mismatch { .. } => "put it where it belongs, or mend what wrote it",
        NotFound::Invalid { .. } => "mend what wrote it; an older file is never taken instead",
        NotFound::Integrity(_) => "find out which one is true and remove the other",
    };
    Rule::new(id, outcome).because(reason).text(format!("{problem}; {next}"))
}

/// Rule 5: it is of what is asked.
fn mismatch(inputs: &Inputs<'_>, component: &str, artifact: &Artifact) -> Vec<String> {
    let request = inputs.request;
    let mut problems = Vec::new();
    if artifact.component != component {
        problems.push(format!("is of the component {:?}", artifact.component));
    }
    if artifact.tags.env != request.env {
        problems.push(format!("is of the environment {:?}, asked for {:?}", artifact.tags.env, request.env));
    }
    // A rehearsal may use what was reckoned for the real thing.
    let rehearsed = request.purpose == "drill" && artifact.tags.purpose == "dr";
    if artifact.tags.purpose != request.purpose && !rehearsed {
        problems.push(format!("is for {:?}, asked for {:?}", artifact.tags.purpose, request.purpose));
    }
    if let Some(run_id) = request.run_id.as_ref().filter(|run_id| **run_id != artifact.run_id) {
        problems.push(format!("is of the run {:?}, asked for {run_id:?}", artifact.run_id));
    }
    problems
}

/// Rule 6: who says so.
fn signature(inputs: &Inputs<'_>, id: String, signed: &Signed) -> Option<Rule> {
    let signers = &inputs.policy.artifact.signers;
    if signers.is_empty() {
        return None;
    }
    let key = signed.key_id.as_ref().and_then(|key_id| signers.get(key_id));
    let emitter = &signed.artifact.emitter;
    let text = match key {
        Some(key) if key.systems.is_empty() || key.systems.contains(emitter) => {
            return Some(Rule::new(id, Outcome::Pass));
        }
        Some(_) => format!("{}: its key does not sign for {emitter}", signed.path),
        None => format!("{}: not signed by a key of the policy", signed.path),
    };
    Some(Rule::new(id, inputs.policy.on.unsigned.into()).because(Reason::ArtifactUnsigned).text(text))
}

/// Rule 7: it, and its prices, are of now.
fn age(inputs: &Inputs<'_>, id: &dyn Fn(&str) -> String, signed: &Signed) -> Vec<Rule> {
    let artifact = &signed.artifact;
    let policy = &inputs.policy.artifact;
    let stale = Outcome::from(inputs.policy.on.stale);
    let mut rules = Vec::new();
    let Some(old) = seconds_since(artifact.generated, inputs.now) else {
        let text =
            format!("{}: made at {}, later than now; look at the clocks", signed.path, artifact.generated);
        return vec![blocked(id("artifact.fresh"), Reason::FromFuture, text)];
    };
    let fresh = Rule::new(id("artifact.fresh"), Outcome::Pass).numbers(&old, &policy.max_age, "Seconds");
    rules.push(if old > policy.max_age {
        let text = format!(
            "{}: {old} seconds old, more than {}; run the pipeline again",
            signed.path, policy.max_age
        );
        Rule { outcome: stale, ..fresh }.because(Reason::ArtifactStale).text(text)
    } else if inputs.now >= artifact.valid_until {
        let text =
            format!("{}: was valid until {}; run the pipeline again", signed.path, artifact.valid_until);
        Rule { outcome: stale, ..fresh }.because(Reason::ArtifactStale).text(text)
    } else {
        fresh
    });
    if let Some(limit) = policy.price_max_age {
        let prices = Rule::new(id("prices.fresh"), Outcome::Pass);
        rules.push(match seconds_since(artifact.prices.as_of, inputs.now) {
            None => prices_stale(prices, Outcome::Block, Reason::FromFuture, signed),
            Some(old) if old > limit => {
                prices_stale(prices.numbers(&old, &limit, "Seconds"), stale, Reason::ArtifactStale, signed)
            }
            Some(old) => prices.numbers(&old, &limit, "Seconds"),
        });
    }
    rules
}

fn prices_stale(rule: Rule, outcome: Outcome, reason: Reason, signed: &Signed) -> Rule {
    let prices = &signed.artifact.prices;
    let text = format!("{}: its prices ({}) are of {}", signed.path, prices.id, prices.as_of);
    Rule { outcome, ..rule }.because(reason).text(text)
}

/// Whole seconds since a moment; none where it lies ahead by more than clocks may differ.
pub(super) fn seconds_since(moment: Timestamp, now: Timestamp) -> Option<u64> {
    let age = now.duration_since(moment);
    if age < -SKEW { None } else { Some(u64::try_from(age.as_secs()).unwrap_or(0)) }
}

/// Rule 8: everything has a price, and something is there to be priced.
fn content(id: String, inputs: &Inputs<'_>, artifact: &Artifact) -> Vec<Rule> {
    let policy = &inputs.policy.artifact;
    let mut rules = Vec::new();
    let missing: Vec<&str> = artifact
        .requires
        .iter()
        .filter(|action| !artifact.actions.contains(*action))
        .map(String::as_str)
        .collect();
    let coverage = artifact.coverage;
    let unpriced = coverage.unsupported + coverage.without_price.max(coverage.lines_without_price);
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("no price for {}", missing.join(", ")));
    }
    if unpriced > policy.tolerance {
        problems.push(format!("{unpriced} resources or lines have no price, {} may", policy.tolerance));
    }
    if !problems.is_empty() {
        let outcome = inputs.policy.on.uncovered.into();
        rules.push(Rule::new(id, outcome).because(Reason::Coverage).text(problems.join("; ")));
    }
    let nothing =
        [&artifact.incremental.hourly, &artifact.incremental.one_time, &artifact.incremental.month_step]
            .into_iter()
            .all(|sums| sums.gross.is_zero());
    if nothing && artifact.zero_cost_reason.is_none() {
        let text = "it says that nothing is added; say why in x_ZeroCostReason where that is so";
        rules.push(Rule::new("artifact.empty", Outcome::Block).because(Reason::Empty).text(text));
    }
    rules
}

/// What the policy wants priced may be spread over the components.
fn required(inputs: &Inputs<'_>, found: &[&Signed]) -> Option<Rule> {
    let priced = |action: &&String| found.iter().any(|signed| signed.artifact.actions.contains(*action));
    let missing: Vec<&str> =
        inputs.policy.artifact.requires.iter().filter(|action| !priced(action)).map(String::as_str).collect();
    if missing.is_empty() || found.is_empty() {
        return None;
    }
    let text = format!("no artefact has a price for {}", missing.join(", "));
    Some(
        Rule::new("artifact.requires", inputs.policy.on.uncovered.into())
            .because(Reason::Coverage)
            .text(text),
    )
}

fn double_count(found: &[&Signed]) -> Option<Rule> {
    let mut seen: BTreeMap<&String, &String> = BTreeMap::new();
    for signed in found {
        for resource in &signed.artifact.resources {
            if let Some(other) = seen.insert(resource, &signed.artifact.component) {
                let text = format!("{resource} is counted by {other} and by {}", signed.artifact.component);
                return Some(
                    Rule::new("artifact.distinct", Outcome::Block).because(Reason::DoubleCount).text(text),
                );
            }
        }
    }
    None
}

/// Rule 9: one currency, or a table that converts.
pub(super) fn currency(inputs: &Inputs<'_>, found: &[&Signed], costs: &mut Costs) -> Vec<Rule> {
    let policy = inputs.policy;
    let mut rules = Vec::new();
    let foreign = found.iter().any(|signed| signed.artifact.currency != policy.currency);
    let mut fx = None;
    if foreign {
        match (inputs.fx, &policy.fx) {
            (Some(table), Some(rule)) if table.digest == rule.digest => {
                let old = seconds_since(table.as_of, inputs.now);
                if old.is_some_and(|old| old <= rule.max_age) {
                    fx = Some(table);
                    let text = format!("converted by {} of {}", table.id, table.as_of);
                    rules.push(Rule::new("currency", Outcome::Pass).text(text));
                } else {
                    let text = format!("the rates {} are of {}, too old", table.id, table.as_of);
                    rules.push(Rule::new("currency", Outcome::Block).because(Reason::Currency).text(text));
                }
            }
            (Some(table), Some(rule)) => {
                let text =
                    format!("the table of rates is {}, the policy names {}", table.digest, rule.digest);
                rules.push(Rule::new("currency", Outcome::Block).because(Reason::Currency).text(text));
            }
            _ => {}
        }
    }
    for signed in found {
        let artifact = &signed.artifact;
        let rate = fx.filter(|_| artifact.currency != policy.currency);
        if let Some(rate) = rate.and_then(|table| table.rate(&artifact.currency)) {
            // Both amounts, so that anyone can reckon it again.
            let own = &artifact.incremental.hourly.gross;
            let text = format!(
                "{}: {own} {}/Hour at {rate} are {} {}/Hour",
                signed.path,
                artifact.currency,
                own * &rate,
                policy.currency
            );
            rules.push(Rule::new(format!("currency:{}", artifact.component), Outcome::Pass).text(text));
        }
        if costs.add(artifact, &policy.currency, fx, policy.credits).is_none()
            && rules.iter().all(|rule| rule.outcome != Outcome::Block)
        {
            let text = format!(
                "{} is in {}, the policy in {}; pin a table of rates in the policy that has it",
                signed.path, artifact.currency, policy.currency
            );
            rules.push(Rule::new("currency", Outcome::Block).because(Reason::Currency).text(text));
        }
    }
    rules
}

/// Whether a snapshot of what was spent may be believed: none where it may.
pub(super) fn spend(inputs: &Inputs<'_>, unknown: &[String]) -> Option<Rule> {
    let text = match inputs.spend {
        None => "what was spent is not known; publish a snapshot".to_owned(),
        Some(spend) if spend.currency != inputs.policy.currency => {
            format!(
                "what was spent is told in {}, the policy is in {}",
                spend.currency, inputs.policy.currency
            )
        }
        Some(spend) => match seconds_since(spend.as_of, inputs.now) {
            Some(old) if old <= inputs.policy.spend_max_age && unknown.is_empty() => return None,
            Some(old) if old <= inputs.policy.spend_max_age => {
                format!("the snapshot does not say what was spent of {}", unknown.join(", of "))
            }
            Some(old) => format!(
                "what was spent was told {old} seconds ago, more than {}",
                inputs.policy.spend_max_age
            ),
            None => format!("what was spent is told of {}, later than now", spend.as_of),
        },
    };
    // A rehearsal may go on with a warning.
    let drill = inputs.mode == Mode::Drill || inputs.request.purpose == "drill";
    let outcome = if drill { Outcome::Warn } else { inputs.policy.on.stale_spend.into() };
    Some(Rule::new("spend.fresh", outcome).because(Reason::SpendStale).text(text))
}
