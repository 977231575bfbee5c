//! Which failures are tried again: a table, not code.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use http::HeaderMap;

use crate::classify::Class;
use crate::request::Idempotency;

/// Which requests a rule may repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All: the failure proves that nothing took effect.
    Always,
    /// Only those whose repetition is harmless: the failure leaves open whether it took effect.
    IdempotentOnly,
}

/// How one class of failure is repeated.
#[derive(Clone, Debug)]
pub struct RetryRule {
    /// The class it speaks of.
    pub class: Class,
    /// Which requests it covers.
    pub when: When,
    /// Tries in all, the first included.
    pub max_tries: usize,
    /// Delay before the second try; doubles from there.
    pub base_delay: Duration,
    /// The longest delay between tries (before jitter).
    pub max_delay: Duration,
    /// Whether delays are spread at random, so that many clients do not return in step.
    pub jitter: bool,
}

impl RetryRule {
    /// A jittered rule with delays from `base_delay` to twenty times that.
    pub const fn new(class: Class, when: When, max_tries: usize, base_delay: Duration) -> Self {
        Self { class, when, max_tries, base_delay, max_delay: base_delay.saturating_mul(20), jitter: true }
    }

    fn backoff(&self) -> ExponentialBackoff {
        let builder = ExponentialBuilder::new()
            .with_min_delay(self.base_delay)
            .with_max_delay(self.max_delay)
            .with_max_times(self.max_tries.saturating_sub(1));
        if self.jitter { builder.with_jitter().build() } else { builder.build() }
    }
}

/// The rules by class; a class without a rule is final.
#[derive(Clone, Debug)]
pub struct RetryTable(Vec<RetryRule>);

impl RetryTable {
    /// A table of exactly these rules.
    pub fn new(rules: impl IntoIterator<Item = RetryRule>) -> Self {
        Self(rules.into_iter().collect())
    }

    /// No retries at all.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The rules that hold for any HTTP service.
    pub fn standard() -> Self {
        let ms = Duration::from_millis;
        Self::new([
            RetryRule::new(Class::CONNECT, When::Always, 4, ms(250)),
            RetryRule::new(Class::RATE_LIMITED, When::Always, 8, ms(500)),
            RetryRule::new(Class::UNAVAILABLE, When::IdempotentOnly, 5, ms(500)),
            RetryRule::new(Class::GATEWAY, When::IdempotentOnly, 4, ms(500)),
            RetryRule::new(Class::INTERRUPTED, When::IdempotentOnly, 4, ms(100)),
            RetryRule::new(Class::TIMEOUT, When::IdempotentOnly, 2, ms(100)),
        ])
    }

    /// This table with `rules` added, replacing those of the same class.
    #[must_use]
    pub fn with(mut self, rules: impl IntoIterator<Item = RetryRule>) -> Self {
        for rule in rules {
            self.0.retain(|old| old.class != rule.class);
            self.0.push(rule);
        }
        self
    }

    /// The rule of a class.
    pub fn rule(&self, class: Class) -> Option<&RetryRule> {
        self.0.iter().find(|rule| rule.class == class)
    }

    pub(crate) fn plan(&self, idempotency: Idempotency) -> RetryPlan<'_> {
        RetryPlan { table: self, idempotency, delays: HashMap::new() }
    }
}

/// The retries one request still has, each class counted for itself.
pub(crate) struct RetryPlan<'a> {
    table: &'a RetryTable,
    idempotency: Idempotency,
    delays: HashMap<Class, ExponentialBackoff>,
}

impl RetryPlan<'_> {
    /// The delay before the next try, or `None` when the failure is final.
    pub(crate) fn next_delay(&mut self, class: Class, retry_after: Option<Duration>) -> Option<Duration> {
        let rule = self.table.rule(class)?;
        if rule.when == When::IdempotentOnly && self.idempotency == Idempotency::NotIdempotent {
            return None;
        }
        let delay = self.delays.entry(class).or_insert_with(|| rule.backoff()).next()?;
        Some(retry_after.map_or(delay, |asked| asked.max(delay)))
    }
}

/// The server's `Retry-After`, as seconds or as an HTTP date, relative to `now`.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = http_date(text)?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(at.saturating_sub(now)))
}

/// Seconds since the epoch of an IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`); the obsolete forms are not read.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = text.split_once(", ")?;
    let mut words = date.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<u64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let sane = (1970..=9999).contains(&year) && (1..=31).contains(&day);
    if !sane || hour > 23 || minute > 59 || second > 60 || words.next()? != "GMT" {
        return None;
    }
    Some(days_since_epoch(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that leap days come last.
fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month + 9) % 12;
    let in_year = (153 * shifted + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + in_year;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn header(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        headers
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(retry_after(&header("7"), now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&header("Sun, 06 Nov 1994 08:49:37 GMT"), now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&header("Sun, 06 Nov 1994 08:49:00 GMT"), now), Some(Duration::ZERO));
        for bad in ["", "soon", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT", "-3"] {
            assert_eq!(retry_after(&header(bad), now), None, "{bad}");
        }
    }

    #[test]
    fn leap_days_count() {
        assert_eq!(days_since_epoch(1970, 1, 1), Some(0));
        assert_eq!(days_since_epoch(2000, 2, 29), Some(11_016));
        assert_eq!(days_since_epoch(2000, 3, 1), Some(11_017));
    }

    #[test]
    fn tries_are_counted_by_class() {
        let rule = |class, tries| RetryRule::new(class, When::Always, tries, Duration::from_millis(1));
        let table = RetryTable::new([rule(Class::CONNECT, 3), rule(Class::GATEWAY, 2)]);
        let mut plan = table.plan(Idempotency::Idempotent);
        assert!(plan.next_delay(Class::CONNECT, None).is_some());
        assert!(plan.next_delay(Class::GATEWAY, None).is_some());
        assert!(plan.next_delay(Class::CONNECT, None).is_some());
        assert!(plan.next_delay(Class::CONNECT, None).is_none());
        assert!(plan.next_delay(Class::GATEWAY, None).is_none());
        assert!(plan.next_delay(Class::SERVER, None).is_none());
    }

    #[test]
    fn ambiguous_failures_repeat_idempotent_requests_only() {
        let table = RetryTable::standard();
        for class in [Class::INTERRUPTED, Class::TIMEOUT, Class::GATEWAY, Class::UNAVAILABLE] {
            assert!(table.plan(Idempotency::NotIdempotent).next_delay(class, None).is_none(), "{class:?}");
            assert!(table.plan(Idempotency::Idempotent).next_delay(class, None).is_some(), "{class:?}");
        }
        assert!(table.plan(Idempotency::NotIdempotent).next_delay(Class::CONNECT, None).is_some());
    }
}
