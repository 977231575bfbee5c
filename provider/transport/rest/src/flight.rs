//! Identical requests at the same moment share one answer.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};

type Work<T> = BoxFuture<'static, T>;

/// Work under way, by key. Nothing is kept once it is done.
#[derive(Debug)]
pub struct Flights<K, T: Clone> {
    under_way: Mutex<HashMap<K, WeakShared<Work<T>>>>,
}

impl<K, T: Clone> Default for Flights<K, T> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

impl<K, T> Flights<K, T>
where
    K: Eq + Hash,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the work under way for `key`, or starts it. It stops when its last waiter goes away.
    pub async fn join<F>(&self, key: K, work: impl FnOnce() -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.enter(key, work).await
    }

    fn enter<F>(&self, key: K, work: impl FnOnce() -> F) -> Shared<Work<T>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, flight| flight.upgrade().is_some_and(|flight| flight.peek().is_none()));
        if let Some(flight) = under_way.get(&key).and_then(WeakShared::upgrade) {
            return flight;
        }
        let flight = work().boxed().shared();
        if let Some(weak) = flight.downgrade() {
            under_way.insert(key, weak);
        }
        flight
    }
}
