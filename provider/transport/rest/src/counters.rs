//! What was asked of whom: numbers for diagnostics and for the request budgets of tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What one line of the counters speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey {
    /// Host and port.
    pub host: String,
    /// HTTP method.
    pub method: String,
    /// `ok`, or the class of the failure.
    pub class: String,
}

/// Totals of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Tries sent, repeated ones included.
    pub requests: u64,
    /// Those of them that repeated an earlier try.
    pub retries: u64,
    /// Body bytes sent.
    pub bytes_sent: u64,
    /// Body bytes received.
    pub bytes_received: u64,
    /// Time between sending and the end of the answer, summed.
    pub time: Duration,
}

/// Totals by host, method and class.
#[derive(Debug, Default)]
pub struct Counters(Mutex<BTreeMap<CounterKey, Counter>>);

impl Counters {
    pub(crate) fn add(&self, key: CounterKey, one: Counter) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total = counters.entry(key).or_default();
        total.requests += one.requests;
        total.retries += one.retries;
        total.bytes_sent += one.bytes_sent;
        total.bytes_received += one.bytes_received;
        total.time += one.time;
    }

    /// The totals so far.
    pub fn snapshot(&self) -> BTreeMap<CounterKey, Counter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All tries sent so far.
    pub fn requests(&self) -> u64 {
        self.snapshot().values().map(|counter| counter.requests).sum()
    }

    /// The totals as text for people, a line each; empty while nothing was asked.
    pub fn describe(&self) -> String {
        let line = |(key, counter): (CounterKey, Counter)| {
            format!(
                "{} {} {}: {} requests ({} repeated), {} bytes sent, {} received, {} ms",
                key.host,
                key.method,
                key.class,
                counter.requests,
                counter.retries,
                counter.bytes_sent,
                counter.bytes_received,
                counter.time.as_millis()
            )
        };
        self.snapshot().into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Writes the totals to the log at DEBUG.
    pub fn log(&self) {
        for (key, counter) in self.snapshot() {
            tracing::debug!(
                host = key.host,
                method = key.method,
                class = key.class,
                requests = counter.requests,
                retries = counter.retries,
                bytes_sent = counter.bytes_sent,
                bytes_received = counter.bytes_received,
                time_ms = u64::try_from(counter.time.as_millis()).unwrap_or(u64::MAX),
                "HTTP totals"
            );
        }
    }
}
