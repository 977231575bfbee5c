//! What every store can do, whatever it is made of.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
pub use objects::Counters;
use time::OffsetDateTime;
use transport_base::{Budget, Interrupted};
use transport_ssh::MachineError;

/// Where WAL-G keeps an archive, seen from here. Keys are relative to the prefix of the archive: `wal_005/…`.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// The prefix, as messages name it: `s3://walg/db01`.
    fn place(&self) -> &str;

    /// What was asked of it so far.
    fn counters(&self) -> &Counters;

    /// The objects whose keys begin with the folder `under` (all for an empty one) and come after the key `after`, in
    /// the order of their keys. A folder that is not there has none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        under: &str,
        after: Option<&str>,
        budget: &Budget,
    ) -> Result<Vec<Object>, StoreError>;

    /// An object, or the bytes of `range` of it as far as it has them; `None` where there is no such object.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn get(
        &self,
        key: &str,
        range: Option<Range<u64>>,
        budget: &Budget,
    ) -> Result<Option<Fetched>, StoreError>;

    /// Puts an object there, whole or not at all, if the condition holds; answers the version it has now.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where the condition does not hold. After any other error it is unknown whether the
    /// object was put.
    async fn put(
        &self,
        key: &str,
        content: Bytes,
        condition: Condition<'_>,
        budget: &Budget,
    ) -> Result<Version, StoreError>;

    /// Deletes objects in the order given, as far as the store keeps an order; one that is gone already is no error.
    ///
    /// # Errors
    /// [`StoreError`]; some may be gone then.
    async fn delete(&self, keys: &[String], budget: &Budget) -> Result<(), StoreError>;
}

/// An object as a listing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key, relative to the prefix.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was put there.
    pub modified: OffsetDateTime,
    /// What changes with its content, where the store tells it.
    pub tag: Option<String>,
}

/// An object, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes.
    pub content: Bytes,
    /// The version they are of.
    pub version: Version,
    /// Bytes of the whole object.
    pub size: u64,
}

/// Which version of an object was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The entity tag: S3, Azure, files.
    pub tag: Option<String>,
    /// The generation: Google Cloud Storage.
    pub generation: Option<String>,
}

/// When an object may be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Whatever is there is replaced.
    Always,
    /// Only where there is nothing yet.
    Absent,
    /// Only over this version.
    Over(&'a Version),
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The condition of a write did not hold.
    #[error("{place}/{key} was written by another in between")]
    Changed {
        /// The prefix.
        place: String,
        /// The key.
        key: String,
    },
    /// The credentials are not good for it.
    #[error("{place} refuses {what}: the credentials are wrong, or they do not allow it")]
    Refused {
        /// The prefix.
        place: String,
        /// What was asked.
        what: String,
        /// What it said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It cannot do this at all.
    #[error("{place} has no means of {what}")]
    Unsupported {
        /// The prefix.
        place: String,
        /// What was asked.
        what: String,
    },
    /// The request failed.
    #[error("{what} in {place} failed: {}", chain(source.as_ref()))]
    Failed {
        /// The prefix.
        place: String,
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The machine on which the files lie was not reached, or failed.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// An object is not what its name says.
    #[error("{place}/{key} cannot be read: {problem}")]
    Damaged {
        /// The prefix.
        place: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The time allowed ran out, or the work was called off.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// An error with its causes, each said once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}
