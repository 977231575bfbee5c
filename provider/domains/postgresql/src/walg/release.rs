//! Which WAL-G runs where: versions, and the C library that a release was built on.

use std::fmt;
use std::str::FromStr;

/// A version of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32, pub(crate) u32);

/// The oldest WAL-G we use: older ones may leave a torn segment under its final name in file and SFTP storages.
pub(crate) const MINIMUM: Version = Version(3, 0, 9);

/// Why a program is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// It is older than the oldest we use.
    #[error(
        "it is WAL-G {found}, and {MINIMUM} is the oldest that may be used: older ones can leave torn WAL in the archive"
    )]
    Old {
        /// Its version.
        found: Version,
    },
    /// It is not the version that is wanted.
    #[error("it is WAL-G {found}, and `wal_g.version` says {wanted}")]
    Other {
        /// Its version.
        found: Version,
        /// The version that is wanted.
        wanted: Version,
    },
    /// It does not name a version.
    #[error(
        "it calls its version {said:?}, which says nothing. Where you know what it was built from, say so by `wal_g.version`"
    )]
    Unnamed {
        /// What it says.
        said: String,
    },
    /// It was built on a newer C library than the machine has.
    #[error("{asset} was built with glibc {needs}, and the machine has {has}. Take {instead}")]
    Library {
        /// Name of the release's file.
        asset: String,
        /// Version it needs.
        needs: &'static str,
        /// Version of the machine.
        has: String,
        /// What would run.
        instead: String,
    },
    /// It was built for another processor.
    #[error("{asset} is for {built_for}, and the machine is {machine}")]
    Processor {
        /// Name of the release's file.
        asset: String,
        /// Processor it is for.
        built_for: &'static str,
        /// The machine's.
        machine: String,
    },
}

/// The Ubuntu that the files of a release are named after, and its glibc. Newest first.
const BUILDS: [(&str, &str, (u32, u32)); 3] =
    [("24.04", "2.39", (2, 39)), ("22.04", "2.35", (2, 35)), ("20.04", "2.31", (2, 31))];

/// How releases and Debian call a processor.
const PROCESSORS: [(&str, &str); 2] = [("amd64", "amd64"), ("aarch64", "arm64")];

/// Whether a file of a release can run on a machine, by its name. A file with a name of one's own is tried as it is.
pub(crate) fn asset_fits(asset: &str, glibc: &str, architecture: &str) -> Result<(), Unfit> {
    let name = asset.rsplit('/').next().unwrap_or(asset);
    if !name.starts_with("wal-g-pg-") {
        return Ok(());
    }
    if let Some((built_for, debian)) = PROCESSORS.iter().find(|(processor, _)| name.contains(processor))
        && !architecture.is_empty()
        && architecture != *debian
    {
        return Err(Unfit::Processor { asset: name.to_owned(), built_for, machine: architecture.to_owned() });
    }
    let Some(has) = two_numbers(glibc) else { return Ok(()) };
    match BUILDS.iter().find(|(ubuntu, _, _)| name.contains(ubuntu)) {
        Some((ubuntu, needs, number)) if *number > has => {
            let instead = BUILDS
                .iter()
                .find(|(_, _, number)| *number <= has)
                .map_or("a build of your own".to_owned(), |(other, _, _)| name.replace(ubuntu, other));
            Err(Unfit::Library { asset: name.to_owned(), needs, has: glibc.to_owned(), instead })
        }
        _ => Ok(()),
    }
}

/// Whether a program may be used, by what it says to `--version`.
pub(crate) fn version_fits(said: &str, wanted: Option<&str>) -> Result<Version, Unfit> {
    let wanted = wanted.and_then(|text| text.parse::<Version>().ok());
    let found = said.split_whitespace().find_map(|word| word.parse::<Version>().ok());
    let found = match (found, wanted) {
        (Some(found), Some(wanted)) if found != wanted => return Err(Unfit::Other { found, wanted }),
        (Some(found), _) => found,
        (None, Some(wanted)) => wanted,
        (None, None) => return Err(Unfit::Unnamed { said: said.chars().take(80).collect() }),
    };
    if found < MINIMUM { Err(Unfit::Old { found }) } else { Ok(found) }
}

fn two_numbers(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = text.split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) => Ok(Self(major, minor, patch)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_runs_where_the_library_is_as_new() {
        for (asset, glibc, fits) in [
            ("wal-g-pg-22.04-amd64.tar.gz", "2.36", true),
            ("wal-g-pg-24.04-amd64.tar.gz", "2.36", false),
            ("https://x/wal-g-pg-20.04-amd64", "2.31", true),
            ("wal-g-pg-ubuntu-22.04-amd64", "2.31", false),
            ("my-own-wal-g", "2.17", true),
            ("wal-g-pg-24.04-amd64", "2.41", true),
        ] {
            assert_eq!(asset_fits(asset, glibc, "amd64").is_ok(), fits, "{asset} on {glibc}");
        }
        let told = asset_fits("wal-g-pg-24.04-amd64.tar.gz", "2.36", "amd64").map_err(|e| e.to_string());
        assert!(told.is_err_and(|told| told.ends_with("Take wal-g-pg-22.04-amd64.tar.gz")));
        assert!(matches!(
            asset_fits("wal-g-pg-22.04-aarch64", "2.36", "amd64"),
            Err(Unfit::Processor { .. })
        ));
    }

    #[test]
    fn versions() {
        let released = "wal-g version v3.0.9 3e493188-without-yckms 2026.08.20_10:00:00 PostgreSQL";
        assert_eq!(version_fits(released, None), Ok(MINIMUM));
        assert!(matches!(version_fits("wal-g version v3.0.7 aaaa", None), Err(Unfit::Old { .. })));
        assert!(matches!(
            version_fits("wal-g version devel devel devel PostgreSQL", None),
            Err(Unfit::Unnamed { .. })
        ));
        assert_eq!(version_fits("wal-g version devel devel devel PostgreSQL", Some("3.0.9")), Ok(MINIMUM));
        assert!(matches!(version_fits(released, Some("3.1.0")), Err(Unfit::Other { .. })));
    }
}
