//! What was asked of a store.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Requests by their kind.
#[derive(Debug, Default)]
pub struct Counters(Mutex<BTreeMap<String, u64>>);

impl Counters {
    /// Counts one request.
    pub fn count(&self, kind: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(kind.to_owned()).or_default() += 1;
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// The requests by kind, `GET 4, PUT 1`; empty before the first one.
    pub fn describe(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told: Vec<String> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        told.join(", ")
    }
}
