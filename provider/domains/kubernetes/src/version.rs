//! Versions of the distributions, and how far one is from another.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::distribution::Distribution;

/// A version such as `v1.33.4+rke2r1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Version {
    /// Major, minor and patch of Kubernetes.
    pub(crate) number: (u32, u32, u32),
    /// What comes behind a `-`, `rc1`; nothing for a release.
    pub(crate) pre: Option<String>,
    /// Whose it is.
    pub(crate) distribution: Distribution,
    /// Revision of the distribution, 1 of `rke2r1`.
    pub(crate) revision: u32,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version such as v1.33.4+rke2r1 or v1.33.4+k3s1")]
pub(crate) struct NoVersion(String);

/// What a change from one version to another is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hop {
    /// There is nothing to do.
    Same,
    /// It may be done in one go.
    Forward,
    /// It leaves out minor versions that must be gone through, each of which is told.
    Skips(Vec<String>),
    /// It goes backwards.
    Back,
    /// It goes to the other distribution.
    Other,
}

impl Version {
    /// Version of Kubernetes, `v1.33.4`, as its API server tells it without the revision.
    pub(crate) fn kubernetes(&self) -> String {
        let (major, minor, patch) = self.number;
        let pre = self.pre.as_ref().map(|pre| format!("-{pre}")).unwrap_or_default();
        format!("v{major}.{minor}.{patch}{pre}")
    }

    /// As it stands in tags of images, where `+` is not allowed.
    pub(crate) fn tag(&self) -> String {
        self.to_string().replace('+', "-")
    }

    /// Whether it is at least this minor version.
    pub(crate) fn at_least(&self, major: u32, minor: u32) -> bool {
        (self.number.0, self.number.1) >= (major, minor)
    }

    /// What a change to `to` is.
    pub(crate) fn hop(&self, to: &Self) -> Hop {
        if self.distribution != to.distribution {
            return Hop::Other;
        }
        match self.cmp_precedence(to) {
            Ordering::Equal => Hop::Same,
            Ordering::Greater => Hop::Back,
            Ordering::Less if self.number.0 == to.number.0 && to.number.1 > self.number.1 + 1 => {
                let between = (self.number.1 + 1)..to.number.1;
                Hop::Skips(between.map(|minor| format!("v{}.{minor}", to.number.0)).collect())
            }
            Ordering::Less => Hop::Forward,
        }
    }

    /// Which of two comes first: semantic versioning, then the revision as a number.
    pub(crate) fn cmp_precedence(&self, other: &Self) -> Ordering {
        let pre = match (&self.pre, &other.pre) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => pre_release(a, b),
        };
        self.number.cmp(&other.number).then(pre).then(self.revision.cmp(&other.revision))
    }
}

fn pre_release(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let ordering = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                // `rc2` comes before `rc10`: upstream counts candidates without a dot.
                (Err(_), Err(_)) => numbered(x).cmp(&numbered(y)),
            },
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

fn numbered(text: &str) -> (&str, u64) {
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
    (word, text.get(word.len()..).and_then(|digits| digits.parse().ok()).unwrap_or_default())
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        parse(text).ok_or_else(|| NoVersion(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Version> {
    let (kubernetes, build) = text.strip_prefix('v')?.split_once('+')?;
    let (distribution, revision) = match build.strip_prefix("rke2r") {
        Some(revision) => (Distribution::Rke2, revision),
        None => (Distribution::K3s, build.strip_prefix("k3s")?),
    };
    let (numbers, pre) = match kubernetes.split_once('-') {
        Some((numbers, pre)) => (numbers, Some(pre)),
        None => (kubernetes, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if pre.is_some_and(|pre| pre.is_empty() || !pre.chars().all(plain)) {
        return None;
    }
    let number = |text: &str| {
        let canonical = text == "0" || !text.starts_with('0');
        text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok()).flatten().filter(|_| canonical)
    };
    let mut parts = numbers.split('.');
    let number3 = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    Some(Version { number: number3, pre: pre.map(str::to_owned), distribution, revision: number(revision)? })
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revision = self.revision;
        match self.distribution {
            Distribution::Rke2 => write!(f, "{}+rke2r{revision}", self.kubernetes()),
            Distribution::K3s => write!(f, "{}+k3s{revision}", self.kubernetes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn precedence() {
        let ascending = [
            "v1.32.9+rke2r1",
            "v1.33.0-rc2+rke2r1",
            "v1.33.0-rc10+rke2r1",
            "v1.33.0+rke2r1",
            "v1.33.4+rke2r1",
            "v1.33.4+rke2r2",
            "v1.33.4+rke2r10",
            "v1.33.10+rke2r1",
        ];
        for (index, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(version(a).cmp_precedence(&version(b)), index.cmp(&other), "{a} {b}");
            }
        }
    }

    #[test]
    fn hops() {
        let hop = |a: &str, b: &str| version(a).hop(&version(b));
        assert_eq!(hop("v1.33.4+rke2r1", "v1.33.4+rke2r1"), Hop::Same);
        assert_eq!(hop("v1.33.4+rke2r1", "v1.33.4+rke2r2"), Hop::Forward);
        assert_eq!(hop("v1.32.8+rke2r1", "v1.33.4+rke2r1"), Hop::Forward);
        let skipped = vec!["v1.33".to_owned(), "v1.34".to_owned()];
        assert_eq!(hop("v1.32.8+rke2r1", "v1.35.0+rke2r1"), Hop::Skips(skipped));
        assert_eq!(hop("v1.33.4+rke2r2", "v1.33.4+rke2r1"), Hop::Back);
        assert_eq!(hop("v1.33.4+rke2r1", "v1.33.5+k3s1"), Hop::Other);
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "1.33.4+rke2r1",
            "v1.33.4",
            "v1.33+rke2r1",
            "v1.33.4.1+rke2r1",
            "v1.33.4+rke2",
            "v1.33.4+rke2r",
            "v1.33.4+k3s",
            "v1.033.4+rke2r1",
            "v1.33.4-+rke2r1",
            "v1.33.4+rke2r1 ",
            "v1.33.-4+rke2r1",
        ] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn spellings() {
        let it = version("v1.33.4+rke2r1");
        assert_eq!((it.tag().as_str(), it.kubernetes().as_str()), ("v1.33.4-rke2r1", "v1.33.4"));
    }

    proptest! {
        #[test]
        fn what_is_told_is_the_same(text in "v1\\.[1-9][0-9]?\\.[0-9]{1,2}(-rc[0-9])?\\+(rke2r|k3s)[1-9]") {
            if let Ok(it) = text.parse::<Version>() {
                prop_assert_eq!(it.to_string(), text);
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = text.parse::<Version>();
        }

        #[test]
        fn a_hop_back_is_a_hop_forward_the_other_way(a in 20u32..40, b in 20u32..40, x in 0u32..9, y in 0u32..9) {
            let (a, b) = (version(&format!("v1.{a}.{x}+k3s1")), version(&format!("v1.{b}.{y}+k3s1")));
            prop_assert_eq!(a.hop(&b) == Hop::Back, matches!(b.hop(&a), Hop::Forward | Hop::Skips(_)));
        }
    }
}
