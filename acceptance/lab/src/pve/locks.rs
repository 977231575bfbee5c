//! Named locks with waiting limits: the files under `/var/lock` of a node.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default, Clone, Copy)]
struct Holders {
    shared: usize,
    exclusive: bool,
}

/// All locks of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Mutex<HashMap<String, Holders>>,
    changed: Condvar,
}

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Shared,
    Exclusive,
}

/// A held lock, given back on drop.
#[derive(Debug)]
pub(crate) struct Guard {
    locks: Arc<Locks>,
    name: String,
    mode: Mode,
    /// Somebody else had it first; tasks tell so in their log.
    pub(crate) waited: bool,
}

/// Waited in vain; displays as the real server words it.
#[derive(Debug, thiserror::Error)]
#[error("can't lock file '{0}' - got timeout")]
pub(crate) struct LockTimeout(String);

impl Locks {
    /// Takes `name` (the lock file's path), waiting up to `limit`.
    pub(crate) fn acquire(
        self: &Arc<Self>,
        name: &str,
        mode: Mode,
        limit: Duration,
    ) -> Result<Guard, LockTimeout> {
        let deadline = Instant::now() + limit;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waited = false;
        loop {
            let holders = held.entry(name.to_owned()).or_default();
            let free = !holders.exclusive && (mode == Mode::Shared || holders.shared == 0);
            if free {
                match mode {
                    Mode::Shared => holders.shared += 1,
                    Mode::Exclusive => holders.exclusive = true,
                }
                return Ok(Guard { locks: Arc::clone(self), name: name.to_owned(), mode, waited });
            }
            waited = true;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LockTimeout(name.to_owned()));
            }
            held = self.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut held = self.locks.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holders) = held.get_mut(&self.name) {
            match self.mode {
                Mode::Shared => holders.shared = holders.shared.saturating_sub(1),
                Mode::Exclusive => holders.exclusive = false,
            }
            if holders.shared == 0 && !holders.exclusive {
                held.remove(&self.name);
            }
        }
        drop(held);
        self.locks.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_writers_wait() {
        let locks = Arc::new(Locks::default());
        let short = Duration::from_millis(20);
        let first = locks.acquire("a", Mode::Shared, short).expect("free");
        let second = locks.acquire("a", Mode::Shared, short).expect("shared");
        let error = locks.acquire("a", Mode::Exclusive, short).expect_err("held");
        assert_eq!(error.to_string(), "can't lock file 'a' - got timeout");
        drop((first, second));
        assert!(!locks.acquire("a", Mode::Exclusive, short).expect("free again").waited);
    }
}
