//! When base backups are taken.

use std::fmt;
use std::str::FromStr;

/// A calendar expression of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule(String);

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a time of day such as \"02:00\" nor a calendar expression such as \"Mon,Thu 03:30\""
)]
pub(crate) struct NotASchedule(String);

/// Words that systemd knows by themselves.
const WORDS: &[&str] =
    &["minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "annually"];

const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotASchedule(text.to_owned());
        if WORDS.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let mut parts = text.split(' ').peekable();
        if parts.peek().is_some_and(|part| is_days(part)) {
            parts.next();
        }
        if parts.peek().is_some_and(|part| is_date(part)) {
            parts.next();
        }
        let timed = parts.peek().is_some_and(|part| is_time(part));
        if timed {
            parts.next();
        }
        // A zone such as "UTC" or "Europe/Berlin" may follow a time.
        if timed && parts.peek().is_some_and(|part| is_zone(part)) {
            parts.next();
        }
        if parts.next().is_some() || !timed { Err(wrong()) } else { Ok(Self::of(text)) }
    }
}

impl Schedule {
    /// `02:00` is every day.
    fn of(text: &str) -> Self {
        let alone = text.split(' ').next().is_some_and(is_time);
        Self(if alone { format!("*-*-* {text}") } else { text.to_owned() })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_days(part: &str) -> bool {
    let known = |day: &str| {
        let day = day.to_ascii_lowercase();
        let short = day.get(..3).unwrap_or_default();
        DAYS.contains(&short) && day.chars().all(|c| c.is_ascii_alphabetic())
    };
    part.split(',').all(|range| range.split("..").all(known))
}

fn is_date(part: &str) -> bool {
    let fields: Vec<&str> = part.split('-').collect();
    matches!(fields.len(), 2 | 3) && fields.iter().all(|field| is_field(field))
}

fn is_time(part: &str) -> bool {
    let fields: Vec<&str> = part.split(':').collect();
    let limits: [u32; 3] = [23, 59, 59];
    matches!(fields.len(), 2 | 3)
        && fields.iter().zip(limits).all(|(field, limit)| is_field(field) && within(field, limit))
}

/// `*`, `7`, `1,15`, `0/6`, `1..5`.
fn is_field(field: &str) -> bool {
    let number =
        |n: &str| n == "*" || (!n.is_empty() && n.len() <= 4 && n.chars().all(|c| c.is_ascii_digit()));
    field.split(',').all(|item| {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        range.split("..").all(number) && number(step) && step != "*"
    })
}

fn within(field: &str, limit: u32) -> bool {
    field.split([',', '.', '/']).filter_map(|n| n.parse::<u32>().ok()).all(|n| n <= limit)
}

fn is_zone(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_uppercase())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_every_day() {
        for (text, calendar) in [
            ("02:00", "*-*-* 02:00"),
            ("02:00:30 UTC", "*-*-* 02:00:30 UTC"),
            ("Mon,Thu 03:30", "Mon,Thu 03:30"),
            ("Mon..Fri *-*-* 00/6:00", "Mon..Fri *-*-* 00/6:00"),
            ("*-*-1,15 04:00 Europe/Berlin", "*-*-1,15 04:00 Europe/Berlin"),
            ("daily", "daily"),
        ] {
            assert_eq!(text.parse::<Schedule>().map(|s| s.to_string()).as_deref(), Ok(calendar), "{text}");
        }
    }

    #[test]
    fn what_systemd_would_refuse_is_refused() {
        for text in
            ["", "at night", "25:00", "02:61", "Mon", "Moonday 02:00", "02:00; rm -rf /", "02:00\nUser=root"]
        {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
