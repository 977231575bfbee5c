//! A store in memory, for the tests of the API: revisions, history and watches as etcd has them, no durability.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::broadcast;

use super::store::{Change, Entry, Listing, Range, Store, StoreError, StoreFuture};

/// Keys, and every change that led to them.
pub(crate) struct MemoryStore {
    state: Mutex<State>,
    changes: broadcast::Sender<Change>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<String, Entry>,
    revision: i64,
    history: Vec<Change>,
}

impl State {
    /// The keys as they stood at a revision: the history is taken back.
    fn at(&self, revision: i64) -> BTreeMap<String, Entry> {
        let mut keys = self.keys.clone();
        for change in self.history.iter().rev().take_while(|change| change.mod_revision > revision) {
            match &change.previous {
                Some(previous) => {
                    let mod_revision = self
                        .history
                        .iter()
                        .rev()
                        .find(|earlier| {
                            earlier.key == change.key && earlier.mod_revision < change.mod_revision
                        })
                        .map_or(change.create_revision, |earlier| earlier.mod_revision);
                    keys.insert(
                        change.key.clone(),
                        Entry {
                            key: change.key.clone(),
                            value: previous.clone(),
                            create_revision: change.create_revision,
                            mod_revision,
                        },
                    );
                }
                None => {
                    keys.remove(&change.key);
                }
            }
        }
        keys
    }
}

impl MemoryStore {
    /// An empty store.
    pub(crate) fn new() -> Self {
        MemoryStore {
            state: Mutex::new(State { revision: 1, ..State::default() }),
            changes: broadcast::channel(4096).0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: &str, value: Option<Vec<u8>>, expected: i64) -> Result<i64, StoreError> {
        let mut state = self.lock();
        let current = state.keys.get(key).cloned();
        if current.as_ref().map_or(0, |entry| entry.mod_revision) != expected {
            return Err(StoreError::Conflict);
        }
        if value.is_none() && current.is_none() {
            return Err(StoreError::Conflict);
        }
        state.revision += 1;
        let revision = state.revision;
        let create_revision = current.as_ref().map_or(revision, |entry| entry.create_revision);
        match &value {
            Some(value) => {
                let entry = Entry {
                    key: key.to_owned(),
                    value: value.clone(),
                    create_revision,
                    mod_revision: revision,
                };
                state.keys.insert(key.to_owned(), entry);
            }
            None => {
                state.keys.remove(key);
            }
        }
        let change = Change {
            key: key.to_owned(),
            value,
            previous: current.map(|entry| entry.value),
            create_revision,
            mod_revision: revision,
        };
        state.history.push(change.clone());
        // Sent under the lock, so that watchers see the order of the revisions.
        let _no_watcher = self.changes.send(change);
        Ok(revision)
    }
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Entry>> {
        Box::pin(async move { Ok(self.lock().keys.get(key).cloned()) })
    }

    fn range(&self, range: Range) -> StoreFuture<'_, Listing> {
        Box::pin(async move {
            let state = self.lock();
            let revision = if range.revision == 0 { state.revision } else { range.revision };
            let mut found: Vec<Entry> =
                if range.revision == 0 { state.keys.clone() } else { state.at(revision) }
                    .into_values()
                    .filter(|entry| entry.key.starts_with(&range.prefix))
                    .filter(|entry| range.start_after.as_ref().is_none_or(|after| entry.key > *after))
                    .collect();
            let remaining = if range.limit == 0 { 0 } else { found.len().saturating_sub(range.limit) };
            found.truncate(found.len() - remaining);
            Ok(Listing { entries: found, revision, remaining })
        })
    }

    fn put<'a>(&'a self, key: &'a str, value: Vec<u8>, expected: i64) -> StoreFuture<'a, i64> {
        Box::pin(async move { self.write(key, Some(value), expected) })
    }

    fn delete<'a>(&'a self, key: &'a str, expected: i64) -> StoreFuture<'a, i64> {
        Box::pin(async move { self.write(key, None, expected) })
    }

    fn watch(
        &self,
        prefix: &str,
        from_revision: i64,
    ) -> StoreFuture<'_, BoxStream<'static, Result<Vec<Change>, StoreError>>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            let state = self.lock();
            let live = self.changes.subscribe();
            let past: Vec<Change> = state
                .history
                .iter()
                .filter(|change| change.mod_revision >= from_revision && change.key.starts_with(&prefix))
                .cloned()
                .collect();
            drop(state);
            let live = futures::stream::unfold((live, prefix), |(mut live, prefix)| async move {
                loop {
                    match live.recv().await {
                        Ok(change) if change.key.starts_with(&prefix) => {
                            return Some((Ok(vec![change]), (live, prefix)));
                        }
                        Ok(_) => {}
                        Err(broadcast::error::RecvError::Lagged(_)) => {
                            return Some((Err(StoreError::Compacted), (live, prefix)));
                        }
                        Err(broadcast::error::RecvError::Closed) => return None,
                    }
                }
            });
            let past = futures::stream::iter((!past.is_empty()).then_some(Ok(past)));
            Ok(past.chain(live).boxed())
        })
    }
}
