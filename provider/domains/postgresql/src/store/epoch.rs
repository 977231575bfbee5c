//! Who may be primary: `hybridops/epoch.json`, changed with conditional writes only.
//!
//! The object is one line of JSON whose members stand in the order of [`Epoch`], so that a shell script on the host can
//! take it apart with `sed`, and put it back with `curl` and the entity tag it was read with (`If-Match`; on Google
//! Cloud Storage the generation). Every write carries a `write` of its own, by which a writer that lost the answer to
//! its request finds out whether it won.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use transport_base::Budget;

use super::Lsn;
use super::object::{Condition, Store, StoreError, Version};
use super::small;

/// The key of the object.
pub const KEY: &str = "hybridops/epoch.json";

/// Who may be primary, and until when. The members stand in this order in the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Name of the cluster.
    pub cluster: String,
    /// Its system identifier.
    #[serde(with = "small::as_text")]
    pub system_id: u64,
    /// Grows by one with each change of the holder.
    pub epoch: u64,
    /// The member that may be primary.
    pub holder: String,
    /// The holder's timeline, or the one its promotion begins: no member on an older one may take over.
    pub timeline: u32,
    /// The holder's last position in the log when it renewed: the heartbeat from which a loss is estimated.
    #[serde(with = "small::lsn_as_text")]
    pub lsn: Lsn,
    /// When the holder renewed last, in seconds since 1970.
    pub renewed: i64,
    /// When the holder must have stopped by itself unless it renewed, in seconds since 1970. 0 where nobody renews:
    /// then only a proven fence shows that the holder is gone.
    pub expires: i64,
    /// Who held the epoch before; empty for the first one.
    pub previous: String,
    /// Whether the holder before was not proven to be gone, and someone accepted that by word.
    pub unfenced: bool,
    /// Tells this write from every other.
    pub write: String,
}

/// An epoch and the version it was read as: what a conditional write needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The epoch.
    pub epoch: Epoch,
    /// Its version.
    pub version: Version,
}

/// What became of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Ours stands.
    Won(Seen),
    /// Another's stands, or none: nothing of ours was written.
    Lost(Option<Box<Seen>>),
}

/// Why an epoch must not follow another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuccessor {
    /// It does not grow by one.
    #[error("epoch {next} does not follow epoch {current}: it must be {}", current + 1)]
    Number {
        /// The epoch that is held.
        current: u64,
        /// The one that was to follow.
        next: u64,
    },
    /// It is of another cluster.
    #[error("the epoch is of cluster {theirs:?} with system id {their_id}, not of {ours:?} with {our_id}")]
    Cluster {
        /// The cluster that holds it.
        theirs: String,
        /// Its system identifier.
        their_id: u64,
        /// Ours.
        ours: String,
        /// Our system identifier.
        our_id: u64,
    },
    /// Its timeline is older.
    #[error("timeline {next} is older than timeline {current} of the epoch that is held")]
    Timeline {
        /// The timeline of the epoch that is held.
        current: u32,
        /// The one of the successor.
        next: u32,
    },
}

impl Epoch {
    /// The first epoch of a cluster.
    pub fn first(
        cluster: impl Into<String>,
        system_id: u64,
        holder: impl Into<String>,
        timeline: u32,
    ) -> Self {
        Self {
            cluster: cluster.into(),
            system_id,
            epoch: 1,
            holder: holder.into(),
            timeline,
            lsn: Lsn(0),
            renewed: small::now(),
            expires: 0,
            previous: String::new(),
            unfenced: false,
            write: nonce(),
        }
    }

    /// The epoch that follows this one, held by another member. The lease is not running: the holder starts it.
    #[must_use]
    pub fn next(&self, holder: impl Into<String>, timeline: u32) -> Self {
        Self {
            epoch: self.epoch.saturating_add(1),
            holder: holder.into(),
            timeline,
            previous: self.holder.clone(),
            renewed: small::now(),
            expires: 0,
            unfenced: false,
            write: nonce(),
            ..self.clone()
        }
    }

    /// Whether the holder must have stopped by itself at `now`, allowing `margin` seconds for clocks that differ.
    /// Never without a lease.
    pub fn has_expired(&self, now: i64, margin: i64) -> bool {
        self.expires != 0 && now > self.expires.saturating_add(margin)
    }

    /// Whether `next` may follow.
    ///
    /// # Errors
    /// [`NoSuccessor`].
    pub fn may_be_followed_by(&self, next: &Self) -> Result<(), NoSuccessor> {
        if next.system_id != self.system_id || next.cluster != self.cluster {
            return Err(NoSuccessor::Cluster {
                theirs: self.cluster.clone(),
                their_id: self.system_id,
                ours: next.cluster.clone(),
                our_id: next.system_id,
            });
        }
        if Some(next.epoch) != self.epoch.checked_add(1) {
            return Err(NoSuccessor::Number { current: self.epoch, next: next.epoch });
        }
        if next.timeline < self.timeline {
            return Err(NoSuccessor::Timeline { current: self.timeline, next: next.timeline });
        }
        Ok(())
    }

    /// The line that stands in the store, with its line feed.
    pub fn line(&self) -> String {
        String::from_utf8_lossy(&small::line(self)).into_owned()
    }

    /// The epoch that is held; `None` where there was never one. One request.
    ///
    /// # Errors
    /// [`StoreError`]; an object that cannot be read is an error, never taken for none.
    pub async fn read(store: &dyn Store, budget: &Budget) -> Result<Option<Seen>, StoreError> {
        let read = small::read(store, KEY, budget).await?;
        Ok(read.map(|(epoch, version)| Seen { epoch, version }))
    }

    /// Puts the first epoch there, unless there is one.
    ///
    /// # Errors
    /// [`StoreError`]: whether it was written is unknown then; ask again.
    pub async fn found(self, store: &dyn Store, budget: &Budget) -> Result<Written, StoreError> {
        self.write(store, Condition::Absent, budget).await
    }

    async fn write(
        self,
        store: &dyn Store,
        condition: Condition<'_>,
        budget: &Budget,
    ) -> Result<Written, StoreError> {
        match store.put(KEY, small::line(&self), condition, budget).await {
            Ok(version) => Ok(Written::Won(Seen { epoch: self, version })),
            // A request that was sent twice is refused the second time although it won the first; and where the answer
            // was lost nobody knows. What stands there tells both.
            Err(error @ (StoreError::Changed { .. } | StoreError::Failed { .. })) => {
                match (Self::read(store, budget).await?, error) {
                    (Some(seen), _) if seen.epoch == self => Ok(Written::Won(seen)),
                    (seen, StoreError::Changed { .. }) => Ok(Written::Lost(seen.map(Box::new))),
                    (_, error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}

impl Seen {
    /// Puts the next epoch in the place of this one, if this one still stands.
    ///
    /// # Errors
    /// [`StoreError`]: whether it was written is unknown then; read the epoch again before anything else.
    pub async fn replace(
        &self,
        next: Epoch,
        store: &dyn Store,
        budget: &Budget,
    ) -> Result<Written, StoreError> {
        next.write(store, Condition::Over(&self.version), budget).await
    }

    /// Renews the lease of the holder for `seconds`, telling its position in the log.
    ///
    /// # Errors
    /// As [`Seen::replace`].
    pub async fn renew(
        &self,
        seconds: i64,
        timeline: u32,
        lsn: Lsn,
        store: &dyn Store,
        budget: &Budget,
    ) -> Result<Written, StoreError> {
        let renewed = small::now();
        let expires = renewed.saturating_add(seconds);
        let next = Epoch { renewed, expires, timeline, lsn, write: nonce(), ..self.epoch.clone() };
        self.replace(next, store, budget).await
    }
}

/// Text that no other write has.
pub(super) fn nonce() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let moment = OffsetDateTime::now_utc().unix_timestamp_nanos();
    // The address of the stack differs from process to process, on machines that share clock and process id too.
    let place = std::ptr::from_ref(&count) as usize;
    let digest = Sha256::digest(format!("{moment} {count} {place} {}", std::process::id()));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
