//! When the next request may go out: an even rate, and the pauses a server asks for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use transport_base::{Budget, Interrupted};

/// Hands out moments, one to each try, no closer together than the rate allows.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    /// The first moment not yet handed out.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most `rate` tries a second; without one, only the server's own pauses count.
    pub(crate) fn new(rate: Option<f64>) -> Self {
        let interval = rate.filter(|rate| *rate > 0.0).map(|rate| Duration::try_from_secs_f64(1.0 / rate));
        Self { interval: interval.and_then(Result::ok).unwrap_or_default(), next: Mutex::default() }
    }

    /// Waits for the next moment.
    pub(crate) async fn turn(&self, budget: &Budget) -> Result<(), Interrupted> {
        let now = Instant::now();
        let at = self.take(now);
        if at <= now {
            return Ok(());
        }
        budget.sleep(at - now, || "the next moment at which a request may be sent".to_owned()).await
    }

    /// Nothing more goes out for a while: the server asked for it.
    pub(crate) fn hold(&self, pause: Duration) {
        let Some(until) = Instant::now().checked_add(pause) else { return };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(until, |next| next.max(until)));
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.interval);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_distance_and_do_not_pile_up() {
        let pace = Pace::new(Some(10.0));
        let start = Instant::now();
        let taken: Vec<Duration> = (0..3).map(|_| pace.take(start) - start).collect();
        assert_eq!(taken, [0, 100, 200].map(Duration::from_millis));
        let later = start + Duration::from_secs(5);
        assert_eq!(pace.take(later), later, "time not used is not saved up");
        assert_eq!(pace.take(later) - later, Duration::from_millis(100));
    }

    #[test]
    fn without_a_rate_only_pauses_count() {
        for pace in [Pace::new(None), Pace::new(Some(0.0)), Pace::new(Some(f64::NAN))] {
            let now = Instant::now();
            assert_eq!((pace.take(now), pace.take(now)), (now, now));
            pace.hold(Duration::from_secs(3));
            assert!(pace.take(now) >= now + Duration::from_secs(3));
        }
    }
}
