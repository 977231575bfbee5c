//! Names of snapshots. The name that is asked for is not the name of the file: the node and the time follow it.

use std::fmt;
use std::str::FromStr;

/// What RKE2 and K3s call those they take by schedule.
const SCHEDULED: &str = "etcd-snapshot";
/// End of the name of a packed one.
const PACKED: &str = ".zip";

/// The name of a snapshot's file, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    /// The whole name.
    whole: String,
    /// Where name and node end.
    stem: usize,
    /// When it was begun, in seconds since 1970.
    at: i64,
}

/// Text that is no name of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a snapshot: those end in `-<node>-<seconds since 1970>`")]
pub struct BadName(String);

impl SnapshotName {
    /// When it was begun, in seconds since 1970.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// Whether the name says that it was taken by schedule.
    pub fn scheduled(&self) -> bool {
        self.stem().strip_prefix(SCHEDULED).is_some_and(|rest| rest.starts_with('-'))
    }

    /// Whether it is packed.
    pub fn packed(&self) -> bool {
        self.whole.ends_with(PACKED)
    }

    /// Whether it is one that was asked for by `name`, on `node`.
    pub fn is_of(&self, name: &str, node: &str) -> bool {
        self.stem().strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) == Some(node)
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// Name and node.
    fn stem(&self) -> &str {
        self.whole.get(..self.stem).unwrap_or_default()
    }
}

impl FromStr for SnapshotName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let bad = || BadName(text.to_owned());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if text.is_empty() || text.starts_with(['-', '.']) || !text.chars().all(plain) {
            return Err(bad());
        }
        let bare = text.strip_suffix(PACKED).unwrap_or(text);
        let (stem, at) = bare.rsplit_once('-').ok_or_else(bad)?;
        let digits = !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit());
        let at = at.parse().ok().filter(|_| digits && stem.contains('-')).ok_or_else(bad)?;
        Ok(Self { whole: text.to_owned(), stem: stem.len(), at })
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let name: SnapshotName = "etcd-snapshot-node-a-1763778000".parse().unwrap();
        assert_eq!((name.at(), name.scheduled(), name.packed()), (1_763_778_000, true, false));
        assert!(name.is_of("etcd-snapshot", "node-a") && !name.is_of("etcd-snapshot-node", "b"));
        let name: SnapshotName = "before-upgrade-a-1763778000.zip".parse().unwrap();
        assert_eq!((name.scheduled(), name.packed()), (false, true));
        for bad in [
            "",
            "a",
            "a-b",
            "1763778000",
            "a-1763778000",
            "../a-b-1",
            "a-b-1/c",
            "a-b-+1",
            "-a-b-1",
            "a-b-1 ",
        ] {
            assert!(bad.parse::<SnapshotName>().is_err(), "{bad}");
        }
    }
}
