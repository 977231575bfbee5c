//! Rules 10 to 16: what it would cost against what it may.

use super::{Inputs, Outcome, Projection, Reason, Rule, Signed, Spent, intake};
use crate::decimal::Decimal;
use crate::documents::{Budget, Credits, Period};
use crate::projection::{Costs, Purse, Slice, split};

/// What the rules about money found.
pub(super) struct Money {
    pub(super) rules: Vec<Rule>,
    pub(super) projection: Projection,
    pub(super) spent: Vec<Spent>,
}

/// Rule 11: how long, with the hours that were used already.
pub(super) fn duration(inputs: &Inputs<'_>) -> Option<Rule> {
    let limit = inputs.policy.caps.hours.as_ref()?;
    let request = inputs.request;
    let hours = &request.hours + &request.hours_used;
    let rule = Rule::new("duration.max", Outcome::Pass).numbers(&hours, &limit, "Hours");
    Some(if hours > *limit {
        let used = if request.hours_used.is_zero() {
            String::new()
        } else {
            format!(", {} of them used already", request.hours_used)
        };
        let text = format!("{hours} hours{used}, more than {limit}");
        Rule { outcome: Outcome::Block, ..rule }.because(Reason::DurationMax).text(text)
    } else {
        rule
    })
}

/// Rules 10, 12, 13, 14 and 16.
pub(super) fn money(inputs: &Inputs<'_>, found: &[&Signed], costs: &Costs) -> Money {
    let request = inputs.request;
    let utc = jiff::tz::TimeZone::UTC;
    let window = split(request.window_start, &request.hours, Period::Activation, &utc);
    let window = window.into_iter().next().unwrap_or_else(Slice::empty);
    let whole = costs.project(&window);
    let purse = purse(inputs);
    let mut spending = purse.clone();
    let net = costs.project_net(&window, &mut spending);
    let mut rules = caps(inputs, costs, &net);
    rules.extend(credits(inputs, &spending));
    let mut spent = Vec::new();
    let mut periods: Vec<(String, Decimal, Decimal)> = Vec::new();
    let mut matched = false;
    let mut unknown = Vec::new();
    for budget in inputs.policy.budgets.iter().filter(|budget| is_for(budget, inputs, found)) {
        matched = true;
        // Budgets are views of the same money: each sees the same credits.
        let mut purse = purse.clone();
        for slice in split(request.window_start, &request.hours, budget.period, &budget.timezone) {
            let projected = at_least_zero(costs.project_net(&slice, &mut purse));
            if budget.period != Period::Activation
                && !periods.iter().any(|(period, ..)| *period == slice.period)
            {
                periods.push((slice.period.clone(), slice.hours.normalized(), projected.clone()));
            }
            unknown.extend(unknown_spend(inputs, budget, &slice));
            let entry = spent_of(inputs, budget, &slice, projected);
            rules.push(judged(inputs, budget, &entry));
            rules.extend(forecast(inputs, budget, &slice, &entry));
            spent.push(entry);
        }
    }
    if matched {
        rules.extend(intake::spend(inputs, &unknown));
    } else {
        let text = format!(
            "no budget is for {} in {} ({})",
            request.components.join(", "),
            request.env,
            request.purpose
        );
        let outcome = inputs.policy.on.no_budget.into();
        rules.push(Rule::new("budget", outcome).because(Reason::NoBudget).text(text));
    }
    let outage = inputs.policy.outage_cost_per_hour.as_ref().map(|cost| cost * &request.hours);
    Money { rules, projection: Projection { whole, credits: costs.credits(), periods, outage }, spent }
}

/// A saving counts as nothing against limits.
fn at_least_zero(amount: Decimal) -> Decimal {
    if amount.is_negative() { Decimal::zero() } else { amount }
}

/// Rule 16: credits there are, where the policy lets them count.
fn purse(inputs: &Inputs<'_>) -> Purse {
    let request = inputs.request;
    let window = seconds(&request.hours);
    let end = window.and_then(|window| request.window_start.checked_add(window).ok());
    match (inputs.policy.credits, end) {
        (Credits::Net, Some(end)) => Purse::until(end, &inputs.policy.credit_grants),
        _ => Purse::default(),
    }
}

/// Hours as a duration, rounded up to a second.
fn seconds(hours: &Decimal) -> Option<jiff::SignedDuration> {
    let seconds = (hours * &Decimal::from(3600)).rounded_up(0);
    seconds.to_string().parse().ok().map(jiff::SignedDuration::from_secs)
}

/// Which credits counted, for people.
fn credits(inputs: &Inputs<'_>, purse: &Purse) -> Vec<Rule> {
    let told = |(grant, paid): (&String, &Decimal)| {
        let text = format!("{paid} {} are paid by the credit {grant}", inputs.policy.currency);
        Rule::new(format!("credits:{grant}"), Outcome::Pass).text(text)
    };
    purse.paid.iter().map(told).collect()
}

/// Rule 12.
fn caps(inputs: &Inputs<'_>, costs: &Costs, total: &Decimal) -> Vec<Rule> {
    let caps = &inputs.policy.caps;
    let currency = &inputs.policy.currency;
    let cap = |id: &str, observed: &Decimal, limit: &Option<Decimal>, unit: String, reason| {
        let limit = limit.as_ref()?;
        let rule = Rule::new(id, Outcome::Pass).numbers(&observed, &limit, &unit);
        Some(if at_least_zero(observed.clone()) > *limit {
            let text = format!("{observed} {unit}, more than {limit}");
            Rule { outcome: Outcome::Block, ..rule }.because(reason).text(text)
        } else {
            rule
        })
    };
    let hourly = costs.hourly_with_margin();
    [
        cap("hourly.max", &hourly, &caps.hourly, format!("{currency}/Hour"), Reason::HourlyMax),
        cap("activation.max", total, &caps.activation, currency.clone(), Reason::ActivationMax),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a budget is for one of the components.
fn is_for(budget: &Budget, inputs: &Inputs<'_>, found: &[&Signed]) -> bool {
    let request = inputs.request;
    found.iter().any(|signed| {
        let artifact = &signed.artifact;
        let region = artifact.target.as_ref().map(|target| target.provider.as_str());
        let target = request.target.as_deref().or(region);
        budget.matches.covers(
            &request.env,
            &artifact.component,
            &artifact.tags.owner,
            &request.purpose,
            target,
        )
    })
}

fn spent_of(inputs: &Inputs<'_>, budget: &Budget, slice: &Slice, projected: Decimal) -> Spent {
    let key = (budget.id.clone(), slice.period.clone());
    let spend = inputs.spend.filter(|spend| spend.currency == inputs.policy.currency);
    Spent {
        budget: budget.id.clone(),
        period: slice.period.clone(),
        actual: spend.and_then(|spend| spend.actual.get(&key).cloned()).unwrap_or_default(),
        reserved: inputs.reserved.get(&key).cloned().unwrap_or_default(),
        projected,
        as_of: spend.map(|spend| spend.as_of),
    }
}

/// A period that had begun when the snapshot was taken, and that it says nothing of: unknown is not nothing.
fn unknown_spend(inputs: &Inputs<'_>, budget: &Budget, slice: &Slice) -> Option<String> {
    let (spend, since) = (inputs.spend?, slice.since?);
    let key = (budget.id.clone(), slice.period.clone());
    (since <= spend.as_of && !spend.actual.contains_key(&key))
        .then(|| format!("{} in {}", budget.id, slice.period))
}

/// Rule 13: just the limit passes, just the warning level warns.
fn judged(inputs: &Inputs<'_>, budget: &Budget, spent: &Spent) -> Rule {
    let sum = &(&spent.actual + &spent.reserved) + &spent.projected;
    let told = format!(
        "{} spent + {} reserved + {} projected = {sum}",
        spent.actual, spent.reserved, spent.projected
    );
    let id = format!("budget:{}:{}", budget.id, spent.period);
    let rule = Rule {
        warn_at: budget.warn_at.as_ref().map(ToString::to_string),
        ..Rule::new(id, Outcome::Pass).numbers(&sum, &budget.limit, &inputs.policy.currency)
    };
    match &budget.warn_at {
        _ if sum > budget.limit => Rule { outcome: Outcome::Block, ..rule }
            .because(Reason::BudgetExceeded)
            .text(format!("{told}, above the limit {}", budget.limit)),
        Some(warn_at) if sum >= *warn_at => Rule { outcome: Outcome::Warn, ..rule }
            .because(Reason::BudgetWarn)
            .text(format!("{told}, at or above the warning level {warn_at}")),
        _ => rule,
    }
}

/// Rule 14: the rest of the period at the rate of its past. It warns, and never makes anything better.
fn forecast(inputs: &Inputs<'_>, budget: &Budget, slice: &Slice, spent: &Spent) -> Option<Rule> {
    let until = slice.until.filter(|_| inputs.policy.forecast)?;
    let begin = slice.since?;
    let as_of = spent.as_of.filter(|as_of| *as_of > begin && *as_of < until)?;
    let seconds = |from: jiff::Timestamp, to: jiff::Timestamp| {
        u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
    };
    let (past, rest) = (seconds(begin, as_of), seconds(as_of, until));
    // actual / past * rest + sum > limit, without a division.
    let sum = &(&spent.actual + &spent.reserved) + &spent.projected;
    let left = &(&spent.actual * &Decimal::from(rest)) + &(&sum * &Decimal::from(past));
    let limit = &budget.limit * &Decimal::from(past);
    let id = format!("forecast:{}:{}", budget.id, spent.period);
    Some(if left > limit {
        let text =
            format!("at the rate of {} since {begin} the period ends above {}", spent.actual, budget.limit);
        Rule::new(id, Outcome::Warn).because(Reason::Forecast).text(text)
    } else {
        Rule::new(id, Outcome::Pass)
    })
}

/// Rule 15: how often.
pub(super) fn rate(inputs: &Inputs<'_>) -> Vec<Rule> {
    let limits = &inputs.policy.rate;
    let mut rules = Vec::new();
    if let Some(limit) = limits.per_day {
        let day = jiff::SignedDuration::from_hours(24);
        let begun =
            inputs.history.begun.iter().filter(|begun| inputs.now.duration_since(**begun) < day).count();
        let rule = Rule::new("rate.day", Outcome::Pass).numbers(&(begun + 1), &limit, "Activations");
        rules.push(if u64::try_from(begun).unwrap_or(u64::MAX) >= limit {
            let text = format!("{begun} activations in the last 24 hours; {limit} are allowed");
            Rule { outcome: Outcome::Block, ..rule }.because(Reason::RateLimit).text(text)
        } else {
            rule
        });
    }
    if let (Some(cooldown), Some(end)) = (limits.cooldown, inputs.history.last_end) {
        let since = intake::seconds_since(end, inputs.now).unwrap_or(0);
        let rule = Rule::new("rate.cooldown", Outcome::Pass).numbers(&since, &cooldown, "Seconds");
        rules.push(if since < cooldown {
            let text = format!("the last activation ended {since} seconds ago; wait {cooldown}");
            Rule { outcome: Outcome::Block, ..rule }.because(Reason::Cooldown).text(text)
        } else {
            rule
        });
    }
    rules
}
