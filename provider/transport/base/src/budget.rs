//! How long a caller is willing to wait, and how it calls the wait off.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// The limits of one operation: an optional deadline and a cancellation.
///
/// A budget is handed down whole: every request, retry delay and queue inside the operation draws on it.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// The moment at which waiting ends; `None` waits as long as the work takes.
    pub deadline: Option<Instant>,
    /// Cancelled when the caller no longer wants the result.
    pub cancel: CancellationToken,
}

/// Why a wait ended without its result.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Interrupted {
    /// The caller called the operation off.
    #[error("cancelled while waiting for {waiting_for}")]
    Cancelled {
        /// What the operation was doing.
        waiting_for: String,
    },
    /// The deadline passed.
    #[error("the time allowed ran out while waiting for {waiting_for}")]
    DeadlineExceeded {
        /// What the operation was doing.
        waiting_for: String,
    },
}

impl Budget {
    /// No deadline, never cancelled.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// A deadline this far from now.
    pub fn within(duration: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(duration), cancel: CancellationToken::new() }
    }

    /// A deadline and a cancellation.
    pub fn new(deadline: Option<Instant>, cancel: CancellationToken) -> Self {
        Self { deadline, cancel }
    }

    /// The same cancellation with a deadline no later than `duration` from now.
    #[must_use]
    pub fn shortened(&self, duration: Duration) -> Self {
        let limit = Instant::now().checked_add(duration);
        let deadline = match (self.deadline, limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { deadline, cancel: self.cancel.clone() }
    }

    /// The time left; `None` when there is no deadline.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether `duration` fits before the deadline.
    pub fn affords(&self, duration: Duration) -> bool {
        self.remaining().is_none_or(|left| left > duration)
    }

    /// Fails when the budget is already spent.
    ///
    /// # Errors
    /// [`Interrupted`] when cancelled or past the deadline.
    pub fn check(&self, waiting_for: impl FnOnce() -> String) -> Result<(), Interrupted> {
        if self.cancel.is_cancelled() {
            return Err(Interrupted::Cancelled { waiting_for: waiting_for() });
        }
        if self.remaining().is_some_and(|left| left.is_zero()) {
            return Err(Interrupted::DeadlineExceeded { waiting_for: waiting_for() });
        }
        Ok(())
    }

    /// Runs `work` until it ends, the deadline passes or the budget is cancelled; then `work` is dropped.
    ///
    /// # Errors
    /// [`Interrupted`] naming `waiting_for`.
    pub async fn run<F: Future>(
        &self,
        waiting_for: impl Fn() -> String,
        work: F,
    ) -> Result<F::Output, Interrupted> {
        self.check(&waiting_for)?;
        let deadline = self.deadline;
        let expiry = async move {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Interrupted::Cancelled { waiting_for: waiting_for() }),
            done = work => Ok(done),
            () = expiry => Err(Interrupted::DeadlineExceeded { waiting_for: waiting_for() }),
        }
    }

    /// Sleeps, or fails at once when the sleep would outlast the deadline.
    ///
    /// # Errors
    /// [`Interrupted`] naming `waiting_for`.
    pub async fn sleep(
        &self,
        duration: Duration,
        waiting_for: impl Fn() -> String,
    ) -> Result<(), Interrupted> {
        if !self.affords(duration) {
            self.check(&waiting_for)?;
            return Err(Interrupted::DeadlineExceeded { waiting_for: waiting_for() });
        }
        self.run(waiting_for, tokio::time::sleep(duration)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn cancel_ends_a_wait_at_once() {
        let budget = Budget::unlimited();
        let cancel = budget.cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            cancel.cancel();
        });
        let start = Instant::now();
        let ended = budget.sleep(Duration::from_secs(60), || "the moon".into()).await;
        assert_eq!(ended, Err(Interrupted::Cancelled { waiting_for: "the moon".into() }));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test]
    async fn a_sleep_beyond_the_deadline_fails_without_sleeping() {
        let start = Instant::now();
        let ended =
            Budget::within(Duration::from_secs(5)).sleep(Duration::from_secs(60), || "x".into()).await;
        assert!(matches!(ended, Err(Interrupted::DeadlineExceeded { .. })));
        assert!(start.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn shortened_never_extends() {
        let budget = Budget::within(Duration::from_secs(1));
        assert_eq!(budget.shortened(Duration::from_secs(9)).deadline, budget.deadline);
        assert!(Budget::unlimited().shortened(Duration::from_secs(9)).deadline.is_some());
    }
}
