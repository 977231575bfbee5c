//! Restore drills on machines: how old one may be, how old it is, and what happens when it is too old.

use std::str::FromStr;
use std::time::Duration;

use tf_framework::{Choice, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A number of minutes, hours, days or weeks: `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(Duration);

/// What happens when the last drill is older than `max_age`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum WhenOld {
    /// The plan warns.
    Warn,
    /// The plan fails.
    Fail,
    /// The drill is planned again.
    Run,
}

/// A text that is no age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no age such as \"7d\", \"36h\" or \"2w\"")]
pub struct NotAnAge(String);

impl FromStr for Age {
    type Err = NotAnAge;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAnAge(text.to_owned());
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let seconds: u64 = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return Err(wrong()),
        };
        let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
        Ok(Self(Duration::from_secs(u64::from(number) * seconds)))
    }
}

impl Age {
    /// How much older than this something is that was made at `at`, RFC 3339; nothing where it is young enough.
    pub fn exceeded(self, at: &str, now: OffsetDateTime) -> Option<Duration> {
        let at = OffsetDateTime::parse(at, &Rfc3339).ok()?;
        let old = Duration::try_from(now - at).ok()?;
        old.checked_sub(self.0).filter(|more| !more.is_zero())
    }
}

/// What is told of the drill `name` that ran `last`, RFC 3339, where that is longer ago than `max_age` allows: a summary, and the
/// rest.
pub fn too_old(name: &str, max_age: &str, last: &str, now: OffsetDateTime) -> Option<(String, String)> {
    let more = max_age.parse::<Age>().ok()?.exceeded(last, now)?;
    let detail = format!(
        "It was run at {last}, {} beyond `max_age` ({max_age}). Nobody knows whether what was saved since can be restored. Change \
         `run` to run it again.",
        roughly(more)
    );
    Some((format!("The last restore drill {name:?} is too old"), detail))
}

/// Whether a text is an age, for validation.
///
/// # Errors
/// It is none.
pub fn is_age(value: &Value) -> Result<(), String> {
    value.as_str().unwrap_or_default().parse::<Age>().map(drop).map_err(|error| error.to_string())
}

/// A length of time, roughly.
fn roughly(length: Duration) -> String {
    match length.as_secs() {
        seconds @ 0..=119 => format!("{seconds} seconds"),
        seconds @ 120..=7_199 => format!("{} minutes", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} hours", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!("7d".parse(), Ok(Age(Duration::from_secs(604_800))));
        for bad in ["", "d", "7", "0d", "-1d", "1y", "7é", "1.5h"] {
            assert!(bad.parse::<Age>().is_err(), "{bad}");
        }
        let now = OffsetDateTime::from_unix_timestamp(1_000_000).expect("a time");
        let age = Age(Duration::from_secs(100));
        let text = |seconds| rfc(now - time::Duration::seconds(seconds));
        assert_eq!(age.exceeded(&text(160), now), Some(Duration::from_secs(60)));
        assert_eq!(age.exceeded(&text(100), now), None);
        assert_eq!(age.exceeded(&text(-5), now), None);
        assert_eq!(age.exceeded("never", now), None);
        let (summary, detail) = too_old("weekly", "1m", &text(7_260), now).expect("it is too old");
        assert!(
            summary.contains("\"weekly\"") && detail.contains("2 hours beyond `max_age` (1m)"),
            "{detail}"
        );
        assert_eq!(too_old("weekly", "1d", &text(160), now), None);
    }

    fn rfc(time: OffsetDateTime) -> String {
        time.format(&Rfc3339).expect("a time")
    }
}
