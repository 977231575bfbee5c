//! Schedules as robfig/cron reads them: five fields, `@hourly` and its like, `@every 90s`.

use time::{Duration, OffsetDateTime};

/// When the next snapshot is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    Every(Duration),
    Fields([Vec<u8>; 5]),
}

const LIMITS: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

impl Schedule {
    /// Reads a schedule; none for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(every) = text.strip_prefix("@every ") {
            return duration(every.trim()).map(Self::Every);
        }
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            other => other,
        };
        let parts: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else { return None };
        let [a, b, c, d, e] = LIMITS;
        Some(Self::Fields([
            field(minute, a)?,
            field(hour, b)?,
            field(day, c)?,
            field(month, d)?,
            field(weekday, e)?,
        ]))
    }

    /// The first time after another.
    pub(crate) fn next(&self, after: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Every(every) => after + *every,
            Self::Fields([minutes, hours, days, months, weekdays]) => {
                let mut at = after.replace_nanosecond(0).unwrap_or(after);
                at += Duration::seconds(60 - i64::from(at.second()));
                // Four years hold every date there is.
                for _ in 0..(4 * 366 * 1440) {
                    let fits = minutes.contains(&at.minute())
                        && hours.contains(&at.hour())
                        && days.contains(&at.day())
                        && months.contains(&u8::from(at.month()))
                        && weekdays.contains(&at.weekday().number_days_from_sunday());
                    if fits {
                        return at;
                    }
                    at += Duration::minutes(1);
                }
                at
            }
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let number: i64 = number.parse().ok()?;
    let length = match unit {
        "s" => Duration::seconds(number),
        "m" => Duration::minutes(number),
        "h" => Duration::hours(number),
        _ => return None,
    };
    (length.is_positive()).then_some(length)
}

fn field(text: &str, (low, high): (u8, u8)) -> Option<Vec<u8>> {
    let mut values = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u8>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (low, high),
            (_, Some((from, to))) => (from.parse().ok()?, to.parse().ok()?),
            (one, None) => {
                let one: u8 = one.parse().ok()?;
                (one, if part.contains('/') { high } else { one })
            }
        };
        if from < low || to > high || from > to {
            return None;
        }
        values.extend((from..=to).step_by(usize::from(step)));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_next_time_is_the_next_that_fits() {
        let twice = Schedule::parse("0 */12 * * *").unwrap();
        assert_eq!(twice.next(datetime!(2026-11-22 03:30:10 UTC)), datetime!(2026-11-22 12:00:00 UTC));
        assert_eq!(twice.next(datetime!(2026-11-22 12:00:00 UTC)), datetime!(2026-11-23 00:00:00 UTC));
        let minute = Schedule::parse("*/5 1-2 * * *").unwrap();
        assert_eq!(minute.next(datetime!(2026-11-22 01:57:00 UTC)), datetime!(2026-11-22 02:00:00 UTC));
        assert_eq!(Schedule::parse("@every 90s"), Some(Schedule::Every(Duration::seconds(90))));
        assert!(Schedule::parse("61 * * * *").is_none() && Schedule::parse("often").is_none());
    }
}
