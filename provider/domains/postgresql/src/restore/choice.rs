//! Which backup a restore begins with, and which timeline it comes to: looked up in the store, before anything is done.

use time::OffsetDateTime;

use super::model::RestoreTarget;
use super::target::Target;
use crate::store::{Archive, Point, Unreachable, window};

/// How a target is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The backup to begin with.
    pub(crate) backup: String,
    /// The timeline to follow.
    pub(crate) timeline: u32,
    /// The timeline that a promotion must come to: the first one that the archive knows nothing of.
    pub(crate) next: u32,
    /// System identifier of the cluster.
    pub(crate) system_id: u64,
    /// Its major version.
    pub(crate) major: u32,
    /// Bytes of a WAL segment.
    pub(crate) segment: u64,
    /// The segment that its recovery begins with.
    pub(crate) first: String,
    /// Bytes of the data directory.
    pub(crate) size: u64,
    /// The last point the archive can be replayed to.
    pub(crate) until: Point,
}

/// Why there is no way to a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWay {
    /// It is not in the recovery window.
    #[error("the target cannot be reached: {0}")]
    Unreachable(#[from] Unreachable),
    /// It has no target.
    #[error("no target is set")]
    NoTarget,
    /// Nobody can tell whose backup it is.
    #[error("backup {0} does not say which cluster it is of: it was made by a WAL-G that is too old")]
    Nobodys(String),
    /// The next timeline has been used without a history.
    #[error(
        "the archive has segments of timeline {0} without its history: a promotion would use that timeline again"
    )]
    Used(u32),
}

impl Choice {
    /// Chooses.
    ///
    /// # Errors
    /// [`NoWay`].
    pub(crate) fn of(archive: &Archive, block: &RestoreTarget) -> Result<Self, NoWay> {
        let target = Target::of(block).ok_or(NoWay::NoTarget)?;
        let reached = archive.reachable(&wanted(&target), block.timeline, block.backup.as_deref())?;
        let backup = archive.backup(&reached.backup).ok_or_else(|| NoWay::Nobodys(reached.backup.clone()))?;
        let system_id = backup.system_id.ok_or_else(|| NoWay::Nobodys(backup.name.clone()))?;
        let next = (reached.timeline.saturating_add(1)..)
            .find(|timeline| !archive.histories.contains_key(timeline))
            .unwrap_or(u32::MAX);
        if archive.wal.timelines().contains(&next) {
            return Err(NoWay::Used(next));
        }
        Ok(Self {
            backup: reached.backup,
            timeline: reached.timeline,
            next,
            system_id,
            major: backup.major(),
            segment: archive.segment_size.bytes(),
            first: backup.segment.to_string(),
            size: backup.uncompressed_size,
            until: reached.until,
        })
    }

    /// When the newest WAL on the way was archived, in microseconds since 1970.
    pub(crate) fn archived_until(&self) -> Option<i64> {
        i64::try_from(self.until.time.unix_timestamp_nanos().div_euclid(1_000)).ok()
    }
}

/// The target as the store looks it up.
fn wanted(target: &Target) -> window::Target {
    match target {
        Target::Time(micros) => {
            let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(*micros) * 1_000);
            window::Target::Time(time.unwrap_or(OffsetDateTime::UNIX_EPOCH))
        }
        Target::Position(lsn) => window::Target::Lsn(*lsn),
        Target::Transaction(xid) => window::Target::Xid(*xid),
        Target::Named(name) => window::Target::Name(name.clone()),
        Target::Immediate => window::Target::Immediate,
        Target::Latest => window::Target::Latest,
    }
}
