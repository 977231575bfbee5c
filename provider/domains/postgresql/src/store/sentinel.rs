//! What WAL-G writes about a backup: its sentinel and its metadata.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Lsn;
use super::names::{SegmentName, backup_segment};
use super::verified::Verified;

/// A finished backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its name: `base_000000010000000000000003`.
    pub name: String,
    /// The segment in which it began.
    pub segment: SegmentName,
    /// Where its recovery begins.
    pub start_lsn: Lsn,
    /// Where it is consistent: no point before can be recovered to.
    pub finish_lsn: Lsn,
    /// When it began.
    pub start_time: OffsetDateTime,
    /// When it ended.
    pub finish_time: OffsetDateTime,
    /// The cluster it is of; `None` in backups of old versions of WAL-G.
    pub system_id: Option<u64>,
    /// Version of the server, `150018`.
    pub pg_version: u32,
    /// Whether retention must leave it alone.
    pub permanent: bool,
    /// The backup it holds the difference to; `None` for a full one.
    pub parent: Option<String>,
    /// The full backup at the beginning of its chain; its own name for a full one.
    pub full: String,
    /// Backups between it and the full one, itself included.
    pub delta_count: u32,
    /// Bytes of the data directory that are in it.
    pub uncompressed_size: u64,
    /// Bytes it takes in the store.
    pub compressed_size: u64,
    /// The host it was made on.
    pub hostname: String,
    /// The data directory it was made of.
    pub data_directory: String,
    /// The proof that it was restored, if there is one.
    pub verified: Option<Verified>,
}

impl Backup {
    /// Its timeline.
    pub fn timeline(&self) -> u32 {
        self.segment.timeline
    }

    /// Its major version.
    pub fn major(&self) -> u32 {
        if self.pg_version >= 100_000 { self.pg_version / 10_000 } else { self.pg_version / 100 }
    }
}

/// Why a sentinel tells no backup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSentinel {
    /// It is not named as backups are.
    #[error("{0:?} is no name of a backup")]
    Name(String),
    /// It is no JSON of the kind.
    #[error("{0}")]
    Json(String),
    /// It lacks what a recovery needs.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A time cannot be read.
    #[error("{text:?} is no time: {problem}")]
    Time {
        /// What it says.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The sentinel; from version 2 on it holds the times too. Null where a pointer of WAL-G's was none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sentinel {
    #[serde(rename = "LSN")]
    start: Option<u64>,
    #[serde(rename = "FinishLSN")]
    finish: Option<u64>,
    #[serde(rename = "SystemIdentifier")]
    system: Option<u64>,
    #[serde(rename = "PgVersion")]
    version: Option<i64>,
    #[serde(rename = "DeltaFrom")]
    parent: Option<String>,
    #[serde(rename = "DeltaFullName")]
    full: Option<String>,
    #[serde(rename = "DeltaCount")]
    count: Option<i64>,
    #[serde(rename = "UncompressedSize")]
    uncompressed: Option<i64>,
    #[serde(rename = "CompressedSize")]
    compressed: Option<i64>,
    #[serde(rename = "StartTime")]
    start_time: Option<String>,
    #[serde(rename = "FinishTime")]
    finish_time: Option<String>,
    #[serde(rename = "Hostname")]
    hostname: Option<String>,
    #[serde(rename = "DataDir")]
    directory: Option<String>,
    #[serde(rename = "IsPermanent")]
    permanent: Option<bool>,
}

/// `metadata.json`; the word of `permanent` is here: the sentinel keeps what it was when the backup was made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    start_time: Option<String>,
    finish_time: Option<String>,
    hostname: Option<String>,
    data_dir: Option<String>,
    is_permanent: Option<bool>,
    system_identifier: Option<u64>,
    start_lsn: Option<u64>,
    finish_lsn: Option<u64>,
    pg_version: Option<i64>,
    uncompressed_size: Option<i64>,
    compressed_size: Option<i64>,
}

impl Backup {
    /// Reads the backup `name` from its sentinel and, where it is there, its metadata.
    ///
    /// # Errors
    /// [`BadSentinel`].
    pub fn parse(name: &str, sentinel: &[u8], metadata: Option<&[u8]>) -> Result<Self, BadSentinel> {
        let segment = backup_segment(name).ok_or_else(|| BadSentinel::Name(name.to_owned()))?;
        let json = |error: serde_json::Error| BadSentinel::Json(error.to_string());
        let sentinel: Sentinel = serde_json::from_slice(sentinel).map_err(json)?;
        let metadata: Metadata =
            metadata.map(serde_json::from_slice).transpose().map_err(json)?.unwrap_or_default();
        let start =
            sentinel.start.or(metadata.start_lsn).ok_or(BadSentinel::Missing("its start position"))?;
        let finish =
            sentinel.finish.or(metadata.finish_lsn).ok_or(BadSentinel::Missing("its finish position"))?;
        let times =
            (metadata.start_time.or(sentinel.start_time), metadata.finish_time.or(sentinel.finish_time));
        let (Some(start_time), Some(finish_time)) = times else {
            return Err(BadSentinel::Missing("its time, in metadata and sentinel,"));
        };
        let size =
            |a: Option<i64>, b: Option<i64>| u64::try_from(a.or(b).unwrap_or_default()).unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            segment,
            start_lsn: Lsn(start),
            finish_lsn: Lsn(finish),
            start_time: parse_time(&start_time)?,
            finish_time: parse_time(&finish_time)?,
            system_id: sentinel.system.or(metadata.system_identifier).filter(|id| *id != 0),
            pg_version: sentinel
                .version
                .or(metadata.pg_version)
                .and_then(|v| u32::try_from(v).ok())
                .unwrap_or(0),
            permanent: metadata.is_permanent.or(sentinel.permanent).unwrap_or(false),
            full: sentinel.full.filter(|_| sentinel.parent.is_some()).unwrap_or_else(|| name.to_owned()),
            parent: sentinel.parent,
            delta_count: sentinel.count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
            uncompressed_size: size(sentinel.uncompressed, metadata.uncompressed_size),
            compressed_size: size(sentinel.compressed, metadata.compressed_size),
            hostname: metadata.hostname.or(sentinel.hostname).unwrap_or_default(),
            data_directory: metadata.data_dir.or(sentinel.directory).unwrap_or_default(),
            verified: None,
        })
    }
}

fn parse_time(text: &str) -> Result<OffsetDateTime, BadSentinel> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| BadSentinel::Time { text: text.to_owned(), problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "base_000000010000000000000003";

    #[test]
    fn numbers_beyond_floating_point_stay_exact() {
        let sentinel = br#"{"LSN":18446744073709551557,"FinishLSN":18446744073709551615,
            "SystemIdentifier":9223372036854775809,"PgVersion":150018,"ChkpNum":null,"Spec":null,
            "UncompressedSize":12,"CompressedSize":-1,"Version":2,"StartTime":"2026-11-21T18:00:00.123456789Z",
            "FinishTime":"2026-11-21T18:01:00+01:00","IsPermanent":false}"#;
        let metadata = br#"{"start_time":"2026-11-21T18:00:00Z","finish_time":"2026-11-21T18:01:00Z",
            "is_permanent":true,"user_data":{"x":[1]}}"#;
        let backup = Backup::parse(NAME, sentinel, Some(metadata)).unwrap();
        assert_eq!(backup.start_lsn, Lsn(18_446_744_073_709_551_557));
        assert_eq!(backup.system_id, Some(9_223_372_036_854_775_809));
        assert_eq!((backup.major(), backup.permanent, backup.compressed_size), (15, true, 0));
        assert_eq!((backup.full.as_str(), backup.parent), (NAME, None));
        assert!(!Backup::parse(NAME, sentinel, None).unwrap().permanent);
    }

    #[test]
    fn what_tells_no_backup_is_refused() {
        for bad in ["", "{", "[]", "{}", r#"{"LSN":1}"#, r#"{"LSN":1,"FinishLSN":2}"#, r#"{"LSN":1.5}"#] {
            assert!(Backup::parse(NAME, bad.as_bytes(), None).is_err(), "{bad}");
        }
        assert!(matches!(Backup::parse("base_1", b"{}", None), Err(BadSentinel::Name(_))));
    }
}
