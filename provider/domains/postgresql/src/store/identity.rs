//! Whose archive a prefix is: `hybridops/identity.json`, made once with a conditional write.

use serde::{Deserialize, Serialize};
use transport_base::Budget;

use super::object::{Condition, Store, StoreError};
use super::small::{self, now};

/// The key of the marker.
pub const KEY: &str = "hybridops/identity.json";

/// Whose archive a prefix is. One line of JSON with its members in this order, so that a shell script can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The system identifier of the cluster.
    #[serde(with = "super::small::as_text")]
    pub system_id: u64,
    /// Its major version.
    pub major: u32,
    /// Its name.
    pub cluster: String,
    /// When the marker was made, in seconds since 1970.
    pub made: i64,
}

/// What became of the wish to own a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The marker was made now.
    Made(Identity),
    /// It was there, and says the same system identifier and major version.
    Ours(Identity),
    /// The prefix belongs to another cluster, or to another major version of this one.
    Foreign(Identity),
}

impl Identity {
    /// A marker made now.
    pub fn new(system_id: u64, major: u32, cluster: impl Into<String>) -> Self {
        Self { system_id, major, cluster: cluster.into(), made: now() }
    }

    /// Whether the other is the same cluster in the same major version.
    pub fn same(&self, other: &Self) -> bool {
        (self.system_id, self.major) == (other.system_id, other.major)
    }

    /// The marker of a prefix; `None` where it has none. One request.
    ///
    /// # Errors
    /// [`StoreError`]; a marker that cannot be read is an error, never taken for none.
    pub async fn read(store: &dyn Store, budget: &Budget) -> Result<Option<Self>, StoreError> {
        Ok(small::read(store, KEY, budget).await?.map(|(identity, _)| identity))
    }

    /// Makes the prefix ours unless it has an owner already. Two requests at most; safe to repeat, and of two that
    /// claim at the same time one is told that it lost, if the store is atomic.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, store: &dyn Store, budget: &Budget) -> Result<Claim, StoreError> {
        let put = store.put(KEY, small::line(self), Condition::Absent, budget).await;
        let Err(refused) = put else { return Ok(Claim::Made(self.clone())) };
        match refused {
            StoreError::Changed { .. } => {}
            // A lost answer: what stands there tells.
            error @ StoreError::Failed { .. } => match Self::read(store, budget).await {
                Ok(Some(_)) => {}
                _ => return Err(error),
            },
            error => return Err(error),
        }
        let there = Self::read(store, budget).await?;
        Ok(match there {
            Some(there) if there == *self => Claim::Made(there),
            Some(there) if there.same(self) => Claim::Ours(there),
            Some(there) => Claim::Foreign(there),
            None => {
                return Err(StoreError::Unsupported {
                    place: store.place().to_owned(),
                    what:
                        "a write that is refused where there is an object: it refused one where there is none"
                            .to_owned(),
                });
            }
        })
    }
}
