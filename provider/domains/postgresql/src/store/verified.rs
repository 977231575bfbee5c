//! Marks of backups that were proven to be good: `hybridops/verified/<backup>.json`.

use serde::{Deserialize, Serialize};
use transport_base::Budget;

use super::Lsn;
use super::object::{Condition, Store, StoreError};
use super::small::{self, FOLDER};

/// The proof that a backup was restored, or read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The backup.
    pub backup: String,
    /// The cluster whose backup it is: a mark does not count for another cluster's backup of the same name.
    #[serde(with = "small::as_text")]
    pub system_id: u64,
    /// When it was proven, in seconds since 1970.
    pub at: i64,
    /// How: `drill`, `restore` or `verify`.
    pub how: String,
    /// How far the log was replayed over it.
    #[serde(with = "small::lsn_as_text")]
    pub replayed: Lsn,
}

impl Verified {
    /// A proof of now.
    pub fn now(backup: impl Into<String>, system_id: u64, how: impl Into<String>, replayed: Lsn) -> Self {
        Self { backup: backup.into(), system_id, at: small::now(), how: how.into(), replayed }
    }

    /// Writes the mark. A later proof replaces an earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, store: &dyn Store, budget: &Budget) -> Result<(), StoreError> {
        store.put(&key(&self.backup), small::line(self), Condition::Always, budget).await.map(drop)
    }
}

/// The key of the mark of a backup.
pub(super) fn key(backup: &str) -> String {
    format!("{FOLDER}/verified/{backup}.json")
}

/// The backup whose mark has this key.
pub(super) fn backup_of(key: &str) -> Option<&str> {
    key.strip_prefix(FOLDER)?.strip_prefix("/verified/")?.strip_suffix(".json")
}
