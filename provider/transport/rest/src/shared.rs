//! One read for many readers, until something is written.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};

type Work<T, E> = BoxFuture<'static, Result<Arc<T>, E>>;

/// A read whose answer serves every reader until it is invalidated.
///
/// A reader is never given an answer that was asked for before the last invalidation that precedes its own
/// arrival: each read carries the generation in which it began, and serves only that generation.
/// Failures are not kept.
pub struct SharedRead<T, E> {
    state: Arc<Mutex<State<T, E>>>,
}

struct State<T, E> {
    generation: u64,
    value: Option<Arc<T>>,
    /// Weak: a read that nobody waits for is dropped, not left half done for a later reader.
    flight: Option<WeakShared<Work<T, E>>>,
}

impl<T, E> Default for SharedRead<T, E> {
    fn default() -> Self {
        Self { state: Arc::new(Mutex::new(State { generation: 0, value: None, flight: None })) }
    }
}

impl<T, E> std::fmt::Debug for SharedRead<T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("SharedRead")
            .field("generation", &state.generation)
            .field("kept", &state.value.is_some())
            .field("under_way", &state.flight.is_some())
            .finish()
    }
}

impl<T, E> SharedRead<T, E>
where
    T: Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// The kept answer, the one under way, or a new one made by `read`.
    ///
    /// The read is driven by whoever waits for it: a waiter that goes away does not disturb the others, and a
    /// read that nobody waits for stops.
    ///
    /// # Errors
    /// The error of the read, shared by all its waiters.
    pub async fn get<F>(&self, read: impl FnOnce() -> F) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let flight = {
            let mut state = lock(&self.state);
            if let Some(value) = &state.value {
                return Ok(value.clone());
            }
            match state.flight.as_ref().and_then(WeakShared::upgrade) {
                Some(flight) => flight,
                None => {
                    let flight = self.launch(state.generation, read());
                    state.flight = flight.downgrade();
                    flight
                }
            }
        };
        flight.await
    }

    /// Forgets the answer: readers that arrive from now on cause a new read.
    pub fn invalidate(&self) {
        let mut state = lock(&self.state);
        state.generation += 1;
        state.value = None;
        state.flight = None;
    }

    /// The kept answer, if there is one.
    pub fn peek(&self) -> Option<Arc<T>> {
        lock(&self.state).value.clone()
    }

    fn launch<F>(&self, generation: u64, read: F) -> Shared<Work<T, E>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        // Weak: the flight is kept inside the state it reports to.
        let state = Arc::downgrade(&self.state);
        let flight = async move {
            let answer = read.await.map(Arc::new);
            if let Some(state) = state.upgrade() {
                let mut state = lock(&state);
                if state.generation == generation {
                    state.value = answer.as_ref().ok().cloned();
                    state.flight = None;
                }
            }
            answer
        };
        flight.boxed().shared()
    }
}

fn lock<T, E>(state: &Mutex<State<T, E>>) -> MutexGuard<'_, State<T, E>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
