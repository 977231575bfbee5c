//! Which answers are failures, and which failures are worth another try.

use std::time::Duration;

use transport_rest::{Class, Classify, RetryRule, RetryTable, Seen, StandardStatus, When};

/// The database broke off one of two transactions that waited for each other: it undid all of it.
pub(super) const DEADLOCK: Class = Class::named("deadlock");

/// How NetBox answers.
pub(super) struct NetBoxAnswers;

impl Classify for NetBoxAnswers {
    fn classify(&self, seen: &Seen<'_>) -> Option<Class> {
        const TOLD: &[u8] = b"deadlock detected";
        let broken_off = || seen.body.windows(TOLD.len()).any(|part| part == TOLD);
        if seen.status.as_u16() == 500 && broken_off() {
            return Some(DEADLOCK);
        }
        StandardStatus.classify(seen)
    }
}

/// What is tried again; creations only where the server cannot have seen them.
pub(super) fn retries() -> RetryTable {
    let deadlock = RetryRule::new(DEADLOCK, When::IdempotentOnly, 2, Duration::from_millis(100));
    RetryTable::standard().with([deadlock])
}
