//! Wishes at about the same time become one piece of work.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};

/// How long the first wish waits for company.
const WINDOW: Duration = Duration::from_millis(4);

type Work<T> = BoxFuture<'static, T>;
type Wishes<K> = Arc<Mutex<Option<BTreeSet<K>>>>;

/// Gathers wishes. Pieces of work follow each other, so that each begins with what the one before it learned, and
/// with all wishes that came up meanwhile.
pub(super) struct Collector<K, T: Clone> {
    /// The piece that still takes wishes.
    open: Mutex<Option<(Wishes<K>, WeakShared<Work<T>>)>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl<K, T: Clone> Default for Collector<K, T> {
    fn default() -> Self {
        Self { open: Mutex::default(), turn: Arc::default() }
    }
}

impl<K, T> Collector<K, T>
where
    K: Ord + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Adds wishes to the piece of work that has not begun, or opens one. It is driven by whoever waits for it, and
    /// stops with its last waiter.
    pub(super) fn join<F>(
        &self,
        wishes: impl IntoIterator<Item = K>,
        work: impl FnOnce(BTreeSet<K>) -> F + Send + 'static,
    ) -> Shared<Work<T>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let wishes: BTreeSet<K> = wishes.into_iter().collect();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((gathered, flight)) = open.as_ref().and_then(|(wishes, f)| Some((wishes, f.upgrade()?))) {
            let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(gathered) = gathered.as_mut() {
                gathered.extend(wishes);
                return flight;
            }
        }
        let gathered: Wishes<K> = Arc::new(Mutex::new(Some(wishes)));
        let (taken, turn) = (gathered.clone(), self.turn.clone());
        let flight = async move {
            tokio::time::sleep(WINDOW).await;
            let _turn = turn.lock().await;
            // From here on wishes open the next piece.
            let wishes = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            work(wishes.unwrap_or_default()).await
        };
        let flight = flight.boxed().shared();
        *open = flight.downgrade().map(|weak| (gathered, weak));
        flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn wishes_during_work_wait_for_the_next_piece_together() {
        let collector: Collector<u32, Vec<u32>> = Collector::default();
        let pieces = Arc::new(AtomicUsize::new(0));
        let wish = |key: u32| {
            let pieces = pieces.clone();
            collector.join([key], move |keys| async move {
                pieces.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                keys.into_iter().collect()
            })
        };
        let first = tokio::spawn(futures::future::join(wish(1), wish(2)));
        tokio::time::sleep(Duration::from_millis(25)).await;
        let (third, fourth) = futures::future::join(wish(3), wish(4)).await;
        assert_eq!(first.await.unwrap(), (vec![1, 2], vec![1, 2]));
        assert_eq!((third, fourth), (vec![3, 4], vec![3, 4]));
        assert_eq!(pieces.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_piece_that_nobody_waits_for_does_not_block_the_next() {
        let collector: Collector<u32, u32> = Collector::default();
        let stuck = collector.join([1], |_| std::future::pending());
        assert!(tokio::time::timeout(Duration::from_millis(30), stuck).await.is_err());
        let next = collector.join([2], |keys| async move { keys.into_iter().sum() });
        assert_eq!(tokio::time::timeout(Duration::from_secs(5), next).await, Ok(2));
    }
}
