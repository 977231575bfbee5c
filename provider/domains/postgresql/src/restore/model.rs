//! The block `restore`.

use tf_framework::{Computed, Model, Value};

use super::target::micros;
use crate::store::{Lsn, Storage};
use crate::walg::{Credentials, Encryption};

/// What a new instance is restored from, and to which point. It counts when the instance is made; an instance that
/// exists is left alone.
#[derive(Debug, Clone, Model)]
pub struct Restore {
    /// The archive.
    pub source: RestoreSource,
    /// The point.
    pub target: RestoreTarget,
    /// What was restored; null where the instance was there before.
    #[attr(stable)]
    pub result: Computed<Option<Restored>>,
}

/// An archive to restore from.
#[derive(Debug, Clone, Model)]
pub struct RestoreSource {
    /// Where the archive is.
    pub storage: Storage,
    /// What WAL-G shows to the storage. Unless set, that of `backup.credentials` where the resource has it, or what the
    /// machine has of its own.
    pub credentials: Option<Credentials>,
    /// Key the archive was encrypted with.
    pub encryption: Option<Encryption>,
}

/// A point to recover to: exactly one of `time`, `lsn`, `xid`, `name`, `immediate` and `latest`. It must be in the
/// recovery window, which the plan looks up: what cannot be reached is refused before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct RestoreTarget {
    /// Time, RFC 3339 such as `2026-11-21T18:04:05.25Z`: everything that was committed until then.
    #[attr(validate(
        custom(is_time, "a time such as `2026-11-21T18:04:05Z`"),
        exactly_one_of(lsn, xid, name, immediate, latest)
    ))]
    pub time: Option<String>,
    /// Position in the write-ahead log, `0/3000028`.
    #[attr(validate(custom(is_lsn, "a position such as `0/3000028`")))]
    pub lsn: Option<String>,
    /// Transaction, by its number. Those that were committed before it are there whatever their numbers.
    #[attr(validate(range(3..)))]
    pub xid: Option<u64>,
    /// Restore point, made by `pg_create_restore_point`.
    #[attr(validate(matches(
        r"^[^\x00-\x1f\x7f]{1,63}$",
        "the name of a restore point, at most 63 characters"
    )))]
    pub name: Option<String>,
    /// `true`: the end of the backup, as early as it is consistent.
    #[attr(validate(one_of(true)))]
    pub immediate: Option<bool>,
    /// `true`: all that the archive has.
    #[attr(validate(one_of(true)))]
    pub latest: Option<bool>,
    /// Whether what the target names is there after the restore; not a word for `immediate`, `latest` and `name`.
    #[attr(default = true)]
    pub inclusive: bool,
    /// Timeline on which the target lies. The newest one unless set.
    #[attr(validate(range(1..)))]
    pub timeline: Option<u32>,
    /// Backup to begin with. The newest one that ends before the target unless set; with `immediate`, the newest one.
    #[attr(validate(matches("^base_[0-9A-F]{24}(_D_[0-9A-F]{24})?$", "the name of a backup")))]
    pub backup: Option<String>,
}

fn is_time(value: &Value) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    micros(text).map(drop).ok_or_else(|| format!("{text:?} is no time; write it as 2026-11-21T18:04:05Z"))
}

fn is_lsn(value: &Value) -> Result<(), String> {
    value.as_str().unwrap_or_default().parse::<Lsn>().map(drop).map_err(|error| error.to_string())
}

/// What was restored.
#[derive(Debug, Clone, Default, PartialEq, Model)]
pub struct Restored {
    /// Backup it began with.
    #[attr(stable)]
    pub backup: Computed<String>,
    /// System identifier of the cluster.
    #[attr(stable)]
    pub system_identifier: Computed<String>,
    /// Position that was replayed to.
    #[attr(stable)]
    pub lsn: Computed<String>,
    /// Time of the last commit that is there, RFC 3339; null where none was replayed.
    #[attr(stable)]
    pub committed_at: Computed<Option<String>>,
    /// Timeline it was promoted to.
    #[attr(stable)]
    pub timeline: Computed<u32>,
    /// How long it took, in milliseconds.
    #[attr(stable)]
    pub milliseconds: Computed<u64>,
}
