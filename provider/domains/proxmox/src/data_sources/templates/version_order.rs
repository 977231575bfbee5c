//! Versions and stamps: what makes one template newer than another.

use regex::Regex;
use std::sync::LazyLock;

/// A version in a form that compares as people expect: numbers by value, `1.10` after `1.9`, `1.0-rc1` before `1.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VersionOrder(Vec<Part>);

/// In order of age: a pre-release comes before the release, which comes before what follows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    PreRelease(usize),
    End,
    Word(String),
    /// Digits without leading zeros: longer is greater, so that no number is too large.
    Number(usize, String),
}

/// Words that make a version earlier than the one without them, in order.
const PRE_RELEASES: [&str; 7] = ["dev", "snapshot", "alpha", "beta", "pre", "preview", "rc"];

impl VersionOrder {
    pub(super) fn of(version: &str) -> Self {
        static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[0-9]+|[a-z]+|~").ok());
        let lower = version.to_ascii_lowercase();
        let parts =
            PARTS.iter().flat_map(|parts| parts.find_iter(&lower)).map(|found| Part::of(found.as_str()));
        Self(parts.chain([Part::End]).collect())
    }
}

impl Part {
    fn of(text: &str) -> Self {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            let digits = text.trim_start_matches('0');
            return Self::Number(digits.len(), digits.to_owned());
        }
        // A tilde comes before everything, as in Debian's versions.
        if text == "~" {
            return Self::PreRelease(0);
        }
        match PRE_RELEASES.iter().position(|word| *word == text) {
            Some(rank) => Self::PreRelease(rank + 1),
            None => Self::Word(text.to_owned()),
        }
    }
}

/// Seconds since the epoch from the date or the timestamp in a name: `debian-12-20241103`, `base-2024-11-03-1530`,
/// `packer-1730600000`. The last one counts.
pub(super) fn name_stamp(name: &str) -> Option<i64> {
    static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?P<y>20[0-9]{2})[-_.]?(?P<mo>[01][0-9])[-_.]?(?P<d>[0-3][0-9])",
            r"(?:[-_.tT]?(?P<h>[0-2][0-9])[-_.:]?(?P<mi>[0-5][0-9])(?:[-_.:]?(?P<s>[0-5][0-9]))?)?",
        ))
        .ok()
    });
    static EPOCH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"1[0-9]{9}").ok());
    let alone = |start: usize, end: usize| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let before = name.get(..start).and_then(|text| text.chars().next_back());
        let after = name.get(end..).and_then(|text| text.chars().next());
        !digit(before) && !digit(after)
    };
    let dates = DATE.iter().flat_map(|date| date.captures_iter(name)).filter_map(|found| {
        let whole = found.get(0)?;
        let number = |group: &str| found.name(group).map_or(Some(0), |text| text.as_str().parse::<u8>().ok());
        let year: i32 = found.name("y")?.as_str().parse().ok()?;
        let month = time::Month::try_from(number("mo")?).ok()?;
        let date = time::Date::from_calendar_date(year, month, number("d")?).ok()?;
        let clock = time::Time::from_hms(number("h")?, number("mi")?, number("s")?).ok()?;
        let seconds = time::PrimitiveDateTime::new(date, clock).assume_utc().unix_timestamp();
        alone(whole.start(), whole.end()).then_some((whole.start(), seconds))
    });
    let epochs = EPOCH.iter().flat_map(|epoch| epoch.find_iter(name)).filter_map(|found| {
        let seconds: i64 = found.as_str().parse().ok()?;
        alone(found.start(), found.end()).then_some((found.start(), seconds))
    });
    dates.chain(epochs).max_by_key(|(start, _)| *start).map(|(_, seconds)| seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_in_the_order_people_expect() {
        let ascending = [
            "0.9",
            "1.0~beta",
            "1.0-dev",
            "1.0-alpha",
            "1.0-alpha2",
            "1.0-beta",
            "1.0-rc1",
            "1.0-rc2",
            "1.0",
            "1.0a",
            "1.0.1",
            "1.2",
            "1.10",
            "2",
            "2024.11",
            "2024-11-3",
            "20241103",
            "99999999999999999999999999",
            "100000000000000000000000000",
        ];
        for (index, pair) in ascending.windows(2).enumerate() {
            assert!(VersionOrder::of(pair[0]) < VersionOrder::of(pair[1]), "{index}: {pair:?}");
        }
        for (one, other) in [("1.0", "1-0"), ("v1.02", "V1.2"), ("2024.11", "2024-11")] {
            assert_eq!(VersionOrder::of(one), VersionOrder::of(other));
        }
    }

    #[test]
    fn stamps_in_names() {
        let day = Some(1_730_592_000);
        assert_eq!(name_stamp("debian-12-20241103"), day);
        assert_eq!(name_stamp("debian-12-2024-11-03"), day);
        assert_eq!(name_stamp("debian-2024.11.03-r1"), day);
        assert_eq!(name_stamp("base-20241103T1530"), Some(1_730_592_000 + 15 * 3600 + 30 * 60));
        assert_eq!(name_stamp("base-20241103-153059"), Some(1_730_592_000 + 15 * 3600 + 30 * 60 + 59));
        assert_eq!(name_stamp("packer-1730592000"), day);
        assert_eq!(name_stamp("20230101-then-20241103"), day);
        for none in ["debian-12", "ubuntu-24.04", "x-20241399", "x-120241103", "x-17305920001", ""] {
            assert_eq!(name_stamp(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_one(a in "[0-9a-z.~-]{0,12}", b in "[0-9a-z.~-]{0,12}", c in "[0-9a-z.~-]{0,12}") {
            let (a, b, c) = (VersionOrder::of(&a), VersionOrder::of(&b), VersionOrder::of(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c { prop_assert!(a <= c); }
        }

        #[test]
        fn numbers_compare_by_value(a: u64, b: u64) {
            let version = |number: u64| VersionOrder::of(&format!("1.{number}"));
            prop_assert_eq!(version(a).cmp(&version(b)), a.cmp(&b));
        }

        #[test]
        fn any_name_is_read(name in "\\PC{0,40}") {
            let _ = name_stamp(&name);
        }
    }
}
