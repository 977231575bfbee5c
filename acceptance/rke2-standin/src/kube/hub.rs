//! The watch cache: one watch on the store per process feeds every watcher of the API and the controllers
//! (kubernetes/staging/src/k8s.io/apiserver/pkg/storage/cacher). Gets and lists of clients do not read from here: they
//! go to etcd, so an API without a quorum behind it answers nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::kinds::Kinds;
use super::store::{Change, Range, Store, StoreError};

/// Everything the API stores lies below.
pub(crate) const ROOT: &str = "/registry/";
/// Where the definitions of custom resources lie.
pub(crate) const DEFINITIONS: &str = "/registry/apiextensions.k8s.io/customresourcedefinitions/";
/// How many changes a watcher may be behind.
const HISTORY: usize = 4096;

/// One change of one object.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) key: String,
    /// The object; none when it was deleted.
    pub(crate) object: Option<Arc<Value>>,
    /// The object before.
    pub(crate) previous: Option<Arc<Value>>,
    pub(crate) revision: i64,
}

/// What watchers receive.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Event(Arc<Event>),
    /// The cache lost its place: watchers have to list again.
    Reset,
}

/// What a watcher starts with.
pub(crate) struct Subscription {
    pub(crate) past: Vec<Arc<Event>>,
    pub(crate) live: broadcast::Receiver<News>,
}

/// The cache.
pub(crate) struct Hub {
    state: Mutex<State>,
    news: broadcast::Sender<News>,
    revision: watch::Sender<i64>,
    kinds: Arc<Kinds>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Arc<Value>>,
    history: VecDeque<Arc<Event>>,
    /// Changes up to this revision are no more in the history.
    forgotten: i64,
    revision: i64,
}

/// Reads a stored object and gives it the revision it lies at.
pub(crate) fn decode(bytes: &[u8], revision: i64) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    value
        .get_mut("metadata")?
        .as_object_mut()?
        .insert("resourceVersion".to_owned(), revision.to_string().into());
    Some(value)
}

impl Hub {
    pub(crate) fn new(kinds: Arc<Kinds>) -> Self {
        Hub {
            state: Mutex::default(),
            news: broadcast::channel(HISTORY).0,
            revision: watch::channel(0).0,
            kinds,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the store until stopped.
    pub(crate) async fn run(&self, store: Arc<dyn Store>, stop: CancellationToken) {
        let follow = async {
            loop {
                match self.follow(&*store).await {
                    Err(StoreError::Compacted) => self.forget(),
                    Err(error) => tracing::debug!(%error, "the watch cache lost the store"),
                    Ok(()) => {}
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::select! {
            () = follow => {}
            () = stop.cancelled() => {}
        }
    }

    async fn follow(&self, store: &dyn Store) -> Result<(), StoreError> {
        let known = self.lock().revision;
        let from = if known == 0 { self.load(store).await? } else { known };
        let mut changes = store.watch(ROOT, from + 1).await?;
        while let Some(changes) = changes.next().await {
            for change in changes? {
                self.take(change);
            }
        }
        Ok(())
    }

    async fn load(&self, store: &dyn Store) -> Result<i64, StoreError> {
        let listing = store.range(Range { prefix: ROOT.to_owned(), ..Range::default() }).await?;
        let objects: BTreeMap<String, Arc<Value>> = listing
            .entries
            .into_iter()
            .filter_map(|entry| Some((entry.key, Arc::new(decode(&entry.value, entry.mod_revision)?))))
            .collect();
        for (key, object) in objects.range(DEFINITIONS.to_owned()..) {
            let Some(name) = key.strip_prefix(DEFINITIONS) else { break };
            self.kinds.define(name, Some(object));
        }
        let mut state = self.lock();
        state.objects = objects;
        state.revision = listing.revision;
        state.forgotten = listing.revision;
        self.revision.send_replace(listing.revision);
        Ok(listing.revision)
    }

    fn forget(&self) {
        *self.lock() = State::default();
        self.revision.send_replace(0);
        let _nobody = self.news.send(News::Reset);
    }

    fn take(&self, change: Change) {
        if let Some(name) = change.key.strip_prefix(DEFINITIONS) {
            let definition = change.value.as_deref().and_then(|bytes| decode(bytes, change.mod_revision));
            self.kinds.define(name, definition.as_ref());
        }
        let decoded = |bytes: Option<Vec<u8>>| {
            bytes.and_then(|bytes| decode(&bytes, change.mod_revision)).map(Arc::new)
        };
        let mut state = self.lock();
        if change.mod_revision <= state.forgotten {
            return;
        }
        let object = decoded(change.value);
        let previous = state.objects.get(&change.key).cloned().or_else(|| decoded(change.previous));
        match &object {
            Some(object) => state.objects.insert(change.key.clone(), Arc::clone(object)),
            None => state.objects.remove(&change.key),
        };
        let event = Arc::new(Event { key: change.key, object, previous, revision: change.mod_revision });
        state.revision = change.mod_revision;
        state.history.push_back(Arc::clone(&event));
        if state.history.len() > HISTORY
            && let Some(oldest) = state.history.pop_front()
        {
            state.forgotten = oldest.revision;
        }
        let _nobody = self.news.send(News::Event(event));
        self.revision.send_replace(change.mod_revision);
    }

    /// Whether the cache has been filled.
    pub(crate) fn is_synced(&self) -> bool {
        *self.revision.borrow() != 0
    }

    /// Everything after a revision, past and to come. None: the revision is no more known.
    pub(crate) fn subscribe(&self, after: i64) -> Option<Subscription> {
        let state = self.lock();
        if state.revision == 0 || after < state.forgotten {
            return None;
        }
        Some(Subscription {
            past: state.history.iter().filter(|event| event.revision > after).cloned().collect(),
            live: self.news.subscribe(),
        })
    }

    /// Only what comes from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// The objects under a prefix as the cache knows them.
    pub(crate) fn objects(&self, prefix: &str) -> Vec<Arc<Value>> {
        let state = self.lock();
        state
            .objects
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }

    /// One object as the cache knows it.
    pub(crate) fn object(&self, key: &str) -> Option<Arc<Value>> {
        self.lock().objects.get(key).cloned()
    }

    /// Every key with its object.
    pub(crate) fn everything(&self) -> Vec<(String, Arc<Value>)> {
        self.lock().objects.iter().map(|(key, object)| (key.clone(), Arc::clone(object))).collect()
    }

    /// Waits until the cache knows a revision, a second at most.
    pub(crate) async fn catch_up(&self, revision: i64) {
        let mut at = self.revision.subscribe();
        let _late = tokio::time::timeout(Duration::from_secs(1), at.wait_for(|at| *at >= revision)).await;
    }

    /// Waits until the cache has been filled.
    pub(crate) async fn synced(&self) {
        let mut at = self.revision.subscribe();
        let _gone = at.wait_for(|at| *at != 0).await;
    }
}
