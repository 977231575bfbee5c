//! What this client has written: one writer for each object, and which states its own writes have superseded.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use transport_rest::{Budget, Interrupted};

use super::object::{Etag, Object};

/// Locks by key, kept while anyone holds or wants them.
pub(super) struct Locks<K>(Mutex<HashMap<K, Weak<AsyncMutex<()>>>>);

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Locks<K> {
    /// Waits until nobody else holds `key`.
    pub(super) async fn hold(
        &self,
        key: K,
        what: &str,
        budget: &Budget,
    ) -> Result<OwnedMutexGuard<()>, Interrupted> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| lock.strong_count() > 0);
            match locks.get(&key).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::new(AsyncMutex::new(()));
                    locks.insert(key, Arc::downgrade(&lock));
                    lock
                }
            }
        };
        budget.run(|| format!("the end of another write to {what}"), lock.lock_owned()).await
    }
}

/// An object of a path.
pub(super) type Key = (String, u64);

/// The states of objects, as far as this client has seen and made them.
#[derive(Default)]
pub(super) struct History(Mutex<HashMap<Key, Chain>>);

/// The states of one object.
#[derive(Debug)]
struct Chain {
    latest: Etag,
    /// States between which and the latest there were only writes of ours.
    superseded: HashSet<Etag>,
}

impl History {
    /// Notes the state in which an object was read.
    pub(super) fn saw(&self, path: &str, object: &Object) {
        let Some(etag) = object.etag() else { return };
        let mut chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chain = chains.entry((path.to_owned(), object.id)).or_insert_with(|| Chain::at(etag.clone()));
        // A superseded state is an answer that a write of ours overtook.
        if chain.latest != etag && !chain.superseded.contains(&etag) {
            *chain = Chain::at(etag);
        }
    }

    /// Notes a write of ours, made on the condition that the object was in the state `on`.
    pub(super) fn wrote(&self, path: &str, id: u64, on: Option<&Etag>, now: Option<Etag>) {
        let mut chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (path.to_owned(), id);
        let Some(now) = now else {
            chains.remove(&key);
            return;
        };
        let mut superseded = match chains.remove(&key) {
            Some(chain) if Some(&chain.latest) == on => chain.superseded,
            _ => HashSet::new(),
        };
        superseded.extend(on.cloned());
        superseded.remove(&now);
        chains.insert(key, Chain { latest: now, superseded });
    }

    /// The object is no more.
    pub(super) fn forget(&self, path: &str, id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(path.to_owned(), id));
    }

    /// The state to insist on where the caller has seen `seen`: a newer one when only we have changed it since.
    pub(super) fn current(&self, path: &str, id: u64, seen: &Etag) -> Etag {
        let chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match chains.get(&(path.to_owned(), id)) {
            Some(chain) if chain.superseded.contains(seen) => chain.latest.clone(),
            _ => seen.clone(),
        }
    }

    /// The last state known.
    pub(super) fn latest(&self, path: &str, id: u64) -> Option<Etag> {
        let chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chains.get(&(path.to_owned(), id)).map(|chain| chain.latest.clone())
    }
}

impl Chain {
    fn at(latest: Etag) -> Self {
        Self { latest, superseded: HashSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(second: u32) -> Object {
        Object::from_json(json!({"id": 1, "last_updated": format!("2026-01-01T00:00:0{second}Z")})).unwrap()
    }

    fn etag(second: u32) -> Etag {
        object(second).etag().unwrap()
    }

    #[test]
    fn our_own_writes_lead_from_state_to_state() {
        let history = History::default();
        history.saw("a", &object(1));
        history.wrote("a", 1, Some(&etag(1)), Some(etag(2)));
        history.wrote("a", 1, Some(&etag(2)), Some(etag(3)));
        for seen in 1..=3 {
            assert_eq!(history.current("a", 1, &etag(seen)), etag(3));
        }
        assert_eq!(history.current("b", 1, &etag(1)), etag(1), "another object");
        history.saw("a", &object(2));
        assert_eq!(history.latest("a", 1), Some(etag(3)), "an overtaken answer is no news");
    }

    #[test]
    fn a_change_by_others_breaks_the_chain() {
        let history = History::default();
        history.wrote("a", 1, Some(&etag(1)), Some(etag(2)));
        history.saw("a", &object(5));
        assert_eq!(history.current("a", 1, &etag(1)), etag(1), "the server must refuse it");
        // A write without a condition may have hidden a change by others.
        history.wrote("a", 1, None, Some(etag(6)));
        assert_eq!(history.current("a", 1, &etag(5)), etag(5));
        history.forget("a", 1);
        assert_eq!(history.latest("a", 1), None);
    }

    #[tokio::test]
    async fn one_key_is_held_once() {
        let locks = Locks::default();
        let held = locks.hold(("a", 1), "it", &Budget::unlimited()).await.unwrap();
        let short = Budget::within(std::time::Duration::from_millis(20));
        assert!(locks.hold(("a", 1), "it", &short).await.is_err());
        let _other = locks.hold(("a", 2), "it", &Budget::unlimited()).await.unwrap();
        drop(held);
        let _again = locks.hold(("a", 1), "it", &Budget::unlimited()).await.unwrap();
    }
}
