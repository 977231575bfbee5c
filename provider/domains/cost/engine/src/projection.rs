//! What something would cost, by the periods of budgets.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use crate::decimal::Decimal;
use crate::documents::{Artifact, CreditGrant, Credits, FxTable, Period, Sums};

/// What all artefacts of a request add, in the policy's currency.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    /// Of each artefact, for each has a margin of its own.
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    /// Whose bill it is on.
    provider: Option<String>,
    hourly: Decimal,
    one_time: Decimal,
    month_step: Decimal,
    credits: Decimal,
    /// 1 and the uncertainty.
    factor: Decimal,
}

/// A part of a window, in one period of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// `2026-03`, `2026-Q1`, `2026` or `activation`.
    pub period: String,
    /// Hours of the window in it.
    pub hours: Decimal,
    /// Calendar months it touches.
    pub months: u64,
    /// Whether the window begins in it: what is paid once falls due here.
    pub first: bool,
    /// Begin of the period.
    pub since: Option<Timestamp>,
    /// End of the period.
    pub until: Option<Timestamp>,
}

/// The projected cost.
#[derive(Debug, Clone)]
pub struct Projected {
    /// For each hour, without margin.
    pub hourly: Decimal,
    /// Once, without margin.
    pub one_time: Decimal,
    /// For the hours, without margin.
    pub recurring: Decimal,
    /// Whole months, without margin.
    pub month_steps: Decimal,
    /// The margin for uncertainty.
    pub margin: Decimal,
    /// In all.
    pub total: Decimal,
}

/// Nanoseconds of an hour.
const HOUR: i128 = 3_600_000_000_000;

impl Costs {
    /// Adds an artefact. `None` where its currency cannot be converted.
    pub fn add(
        &mut self,
        artifact: &Artifact,
        currency: &str,
        fx: Option<&FxTable>,
        credits: Credits,
    ) -> Option<()> {
        let rate = if artifact.currency == currency {
            Decimal::from(1)
        } else {
            fx.filter(|table| table.base == currency)?.rate(&artifact.currency)?
        };
        let amount = |sums: &Sums| match credits {
            Credits::Gross => &sums.gross * &rate,
            Credits::Net => &(&sums.gross + &sums.credits) * &rate,
        };
        let incremental = &artifact.incremental;
        let all_credits = [&incremental.hourly, &incremental.one_time, &incremental.month_step];
        self.parts.push(Part {
            provider: artifact.target.as_ref().map(|target| target.provider.clone()),
            hourly: amount(&incremental.hourly),
            one_time: amount(&incremental.one_time),
            month_step: amount(&incremental.month_step),
            credits: all_credits.into_iter().map(|sums| &sums.credits * &rate).sum(),
            factor: &Decimal::from(1) + &artifact.uncertainty_percent.percent(),
        });
        Some(())
    }

    /// What a slice of the window costs.
    #[must_use]
    pub fn project(&self, slice: &Slice) -> Projected {
        let mut projected = Projected::nothing();
        let months = Decimal::from(slice.months);
        for part in &self.parts {
            let recurring = &part.hourly * &slice.hours;
            let one_time = if slice.first { part.one_time.clone() } else { Decimal::zero() };
            let month_steps = &part.month_step * &months;
            let plain = &(&recurring + &one_time) + &month_steps;
            let total = &plain * &part.factor;
            projected.margin = &projected.margin + &(&total - &plain);
            projected.total = &projected.total + &total;
            projected.hourly = &projected.hourly + &part.hourly;
            projected.recurring = &projected.recurring + &recurring;
            projected.one_time = &projected.one_time + &one_time;
            projected.month_steps = &projected.month_steps + &month_steps;
        }
        projected
    }

    /// What a slice of the window costs, with its margin, less what a purse pays of it.
    #[must_use]
    pub fn project_net(&self, slice: &Slice, purse: &mut Purse) -> Decimal {
        let alone = |part: &Part| Self { parts: vec![part.clone()] }.project(slice).total;
        self.parts.iter().map(|part| purse.pay(part.provider.as_deref(), alone(part))).sum()
    }

    /// The cost of an hour with its margin.
    #[must_use]
    pub fn hourly_with_margin(&self) -> Decimal {
        self.parts.iter().map(|part| &part.hourly * &part.factor).sum()
    }

    /// Credits in artefacts, for an hour, once and a month together: reported only.
    #[must_use]
    pub fn credits(&self) -> Decimal {
        self.parts.iter().map(|part| &part.credits).sum()
    }
}

/// Credits that a provider gave, while they are spent.
#[derive(Debug, Clone, Default)]
pub struct Purse {
    grants: Vec<CreditGrant>,
    /// What was paid, by the name of the grant.
    pub paid: BTreeMap<String, Decimal>,
}

impl Purse {
    /// Those that last until the end of a window.
    #[must_use]
    pub fn until(end: Timestamp, grants: &[CreditGrant]) -> Self {
        let lasting = grants.iter().filter(|grant| grant.expires >= end).cloned().collect();
        Self { grants: lasting, paid: BTreeMap::new() }
    }

    /// What is left to pay of a bill of a provider. Only bills of the provider that gave a credit are paid with it.
    fn pay(&mut self, provider: Option<&str>, bill: Decimal) -> Decimal {
        let mut left = bill;
        for grant in self.grants.iter_mut().filter(|grant| Some(grant.provider.as_str()) == provider) {
            if left <= Decimal::zero() {
                break;
            }
            let taken = if grant.amount < left { grant.amount.clone() } else { left.clone() };
            grant.amount = &grant.amount - &taken;
            left = &left - &taken;
            let paid = self.paid.entry(grant.id.clone()).or_default();
            *paid = &*paid + &taken;
        }
        left
    }
}

impl Slice {
    /// No time at all.
    pub(crate) fn empty() -> Self {
        Self {
            period: String::new(),
            hours: Decimal::zero(),
            months: 0,
            first: true,
            since: None,
            until: None,
        }
    }
}

impl Projected {
    fn nothing() -> Self {
        let zero = Decimal::zero;
        Self {
            hourly: zero(),
            one_time: zero(),
            recurring: zero(),
            month_steps: zero(),
            margin: zero(),
            total: zero(),
        }
    }
}

/// Splits a window over the periods of a budget. `start` is at a full quarter of an hour.
#[must_use]
pub fn split(start: Timestamp, hours: &Decimal, period: Period, timezone: &TimeZone) -> Vec<Slice> {
    let mut slices = Vec::new();
    let mut left = hours.clone();
    let mut at = start.to_zoned(timezone.clone());
    while left > Decimal::zero() {
        let end = if period == Period::Activation { None } else { end_of(&at, period) };
        let room = end.as_ref().map(|end| hours_between(at.timestamp(), end.timestamp()));
        let taken = match room {
            Some(room) if room < left => room,
            _ => left.clone(),
        };
        slices.push(Slice {
            period: name(&at, period),
            months: months(&at, &taken),
            first: slices.is_empty(),
            since: begin_of(&at, period),
            until: end.as_ref().map(Zoned::timestamp),
            hours: taken.clone(),
        });
        left = &left - &taken;
        match end {
            Some(end) => at = end,
            None => break,
        }
    }
    slices
}

/// Hours between two moments, both at a full quarter of an hour: exact with two digits.
fn hours_between(from: Timestamp, to: Timestamp) -> Decimal {
    let quarters = (to.as_nanosecond() - from.as_nanosecond()) / (HOUR / 4);
    &Decimal::from(u64::try_from(quarters).unwrap_or(0) * 25).percent() + &Decimal::zero()
}

fn name(at: &Zoned, period: Period) -> String {
    match period {
        Period::Month => format!("{:04}-{:02}", at.year(), at.month()),
        Period::Quarter => format!("{:04}-Q{}", at.year(), (at.month() - 1) / 3 + 1),
        Period::Year => format!("{:04}", at.year()),
        Period::Activation => "activation".to_owned(),
    }
}

/// The first moment of the period.
fn begin_of(at: &Zoned, period: Period) -> Option<Timestamp> {
    let first = at.date().first_of_month();
    let behind = match period {
        Period::Month => 0,
        Period::Quarter => (first.month() - 1) % 3,
        Period::Year => first.month() - 1,
        Period::Activation => return None,
    };
    let begin = first.checked_sub(i64::from(behind).months()).ok()?;
    begin.to_zoned(at.time_zone().clone()).ok().map(|begin| begin.timestamp())
}

/// The first moment after the period.
fn end_of(at: &Zoned, period: Period) -> Option<Zoned> {
    let first = at.date().first_of_month();
    let ahead = match period {
        Period::Month => 1,
        Period::Quarter => 3 - (first.month() - 1) % 3,
        Period::Year => 13 - first.month(),
        Period::Activation => return None,
    };
    let next = first.checked_add(i64::from(ahead).months()).ok()?;
    next.to_zoned(at.time_zone().clone()).ok()
}

/// Calendar months that a part of a window touches.
fn months(at: &Zoned, hours: &Decimal) -> u64 {
    let whole: f64 = hours.to_string().parse().unwrap_or(0.0);
    // The last moment that still belongs to the window.
    let length = SignedDuration::try_from_secs_f64(whole * 3600.0 - 0.001).unwrap_or(SignedDuration::ZERO);
    let end = at.checked_add(length).unwrap_or_else(|_| at.clone());
    let number = |zoned: &Zoned| i64::from(zoned.year()) * 12 + i64::from(zoned.month());
    u64::try_from(number(&end) - number(at) + 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::parse;
    use crate::moment;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn told(start: &str, hours: &str, period: Period, zone: &str) -> Vec<(String, String, u64)> {
        let zone = TimeZone::get(zone).unwrap();
        let slices = split(moment(start).unwrap(), &d(hours), period, &zone);
        slices
            .into_iter()
            .map(|slice| (slice.period, slice.hours.normalized().to_string(), slice.months))
            .collect()
    }

    fn slice(period: &str, hours: &str, months: u64) -> (String, String, u64) {
        (period.to_owned(), hours.to_owned(), months)
    }

    #[test]
    fn windows_are_split_where_the_budget_says() {
        let start = "2026-03-30T22:00:00Z";
        assert_eq!(
            told(start, "48", Period::Month, "UTC"),
            [slice("2026-03", "26", 1), slice("2026-04", "22", 1)]
        );
        // Summer time has come the day before: midnight there is 22:00 in UTC.
        assert_eq!(
            told(start, "48", Period::Month, "Europe/Berlin"),
            [slice("2026-03", "24", 1), slice("2026-04", "24", 1)]
        );
        assert_eq!(
            told(start, "48", Period::Quarter, "UTC"),
            [slice("2026-Q1", "26", 1), slice("2026-Q2", "22", 1)]
        );
        assert_eq!(told(start, "48", Period::Year, "UTC"), [slice("2026", "48", 2)]);
        assert_eq!(told(start, "48", Period::Activation, "UTC"), [slice("activation", "48", 2)]);
        assert_eq!(told(start, "26", Period::Month, "UTC"), [slice("2026-03", "26", 1)], "half open");
        assert_eq!(
            told("2026-12-31T23:30:00Z", "0.75", Period::Year, "Asia/Kathmandu"),
            [slice("2027", "0.75", 1)]
        );
        // The day on which an hour is left out has 23.
        assert_eq!(told("2026-03-28T23:00:00Z", "24", Period::Activation, "Europe/Berlin")[0].1, "24");
    }

    #[test]
    fn the_published_projection() {
        let text = include_str!("../testdata/cost-run-gha-18273645-1.json");
        let artifact = Artifact::read(&parse(text.as_bytes()).unwrap()).unwrap();
        let mut costs = Costs::default();
        costs.add(&artifact, "EUR", None, Credits::Gross).unwrap();
        let slices = split(moment("2026-03-30T22:00:00Z").unwrap(), &d("48"), Period::Month, &TimeZone::UTC);
        let shown: Vec<String> = slices.iter().map(|slice| costs.project(slice).total.to_string()).collect();
        assert_eq!(shown, ["44.26728", "22.22616"]);
        let whole =
            split(moment("2026-03-30T22:00:00Z").unwrap(), &d("48"), Period::Activation, &TimeZone::UTC);
        let all = costs.project(&whole[0]);
        assert_eq!(
            [&all.hourly, &all.one_time, &all.recurring, &all.margin, &all.total].map(ToString::to_string),
            ["0.8419", "15.0000", "40.4112", "11.08224", "66.49344"]
        );
        assert_eq!(costs.hourly_with_margin().to_string(), "1.01028");
        assert!(costs.add(&artifact, "USD", None, Credits::Gross).is_none(), "currencies are not mixed");
    }

    proptest! {
        #[test]
        fn no_hour_is_lost_or_counted_twice(start in 0i64..4_000_000, quarters in 1u64..35_040, period in 0usize..4) {
            let period = [Period::Month, Period::Quarter, Period::Year, Period::Activation][period];
            let start = Timestamp::from_second(start * 900).unwrap();
            let hours = Decimal::from(quarters * 25).percent();
            for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"] {
                let slices = split(start, &hours, period, &TimeZone::get(zone).unwrap());
                let sum: Decimal = slices.iter().map(|slice| &slice.hours).sum();
                prop_assert_eq!(&sum, &hours);
                prop_assert!(slices.iter().filter(|slice| slice.first).count() == 1);
            }
        }
    }
}
