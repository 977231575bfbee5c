//! Versions of the server, and what exists in which.

use std::fmt;
use std::str::FromStr;

/// A feature release of the server, `4.6`. Patch releases do not change what objects look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

/// In which versions something exists. What belongs to something else (a field to a kind, a value to a field) says so
/// only where it has not been there all along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Availability {
    /// The first version that has it; `None` when the oldest version described has it.
    pub since: Option<Version>,
    /// The last version that has it; `None` when the newest version described has it.
    pub until: Option<Version>,
}

/// Text that names no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version such as 4.6")]
pub struct NotAVersion(String);

// === impl Version ===

impl Version {
    /// The version with these numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    /// Reads `4.6`, `4.6.8` and `4.7.0-beta1`; what follows the second number does not count.
    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = text.trim().split(['.', '-']);
        let mut next = || parts.next().filter(|part| digits(part)).and_then(|part| part.parse().ok());
        match (next(), next()) {
            (Some(major), Some(minor)) => Ok(Self { major, minor }),
            _ => Err(NotAVersion(text.to_owned())),
        }
    }
}

// === impl Availability ===

impl Availability {
    /// In every version described.
    pub const ALWAYS: Self = Self { since: None, until: None };

    /// From a version on.
    #[must_use]
    pub const fn since(major: u16, minor: u16) -> Self {
        Self { since: Some(Version::new(major, minor)), until: None }
    }

    /// Up to and with a version.
    #[must_use]
    pub const fn until(major: u16, minor: u16) -> Self {
        Self { since: None, until: Some(Version::new(major, minor)) }
    }

    /// From one version up to and with another.
    #[must_use]
    pub const fn between(since: Version, until: Version) -> Self {
        Self { since: Some(since), until: Some(until) }
    }

    /// Whether a version has it.
    #[must_use]
    pub fn covers(self, version: Version) -> bool {
        self.since.is_none_or(|since| since <= version) && self.until.is_none_or(|until| version <= until)
    }

    /// Which versions have it, as a clause: "since 4.5", "up to 4.1"; `None` when all have it.
    #[must_use]
    pub fn describe(self) -> Option<String> {
        match (self.since, self.until) {
            (None, None) => None,
            (Some(since), None) => Some(format!("since {since}")),
            (None, Some(until)) => Some(format!("up to {until}")),
            (Some(since), Some(until)) if since == until => Some(format!("in {since} only")),
            (Some(since), Some(until)) => Some(format!("from {since} to {until}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_and_suffix_do_not_count() {
        assert_eq!("4.6.8".parse(), Ok(Version::new(4, 6)));
        assert_eq!("4.7.0-beta1".parse(), Ok(Version::new(4, 7)));
        assert_eq!("4.10".parse(), Ok(Version::new(4, 10)));
        assert!("four".parse::<Version>().is_err());
        assert!("4".parse::<Version>().is_err());
        assert!("+4.6".parse::<Version>().is_err());
    }

    #[test]
    fn availability_is_inclusive_at_both_ends() {
        let span = Availability::between(Version::new(4, 2), Version::new(4, 4));
        let covered: Vec<bool> = (1..=5).map(|minor| span.covers(Version::new(4, minor))).collect();
        assert_eq!(covered, [false, true, true, true, false]);
        assert!(Availability::since(4, 5).covers(Version::new(4, 10)));
    }
}
