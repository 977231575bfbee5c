//! The request log: what was asked, by whom, and what came of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Counts from 1 in the order the requests arrived.
    pub sequence: u64,
    /// Milliseconds since 1970 when it arrived.
    pub time: u64,
    /// HTTP method.
    pub method: String,
    /// Decoded path without `/api2/json`.
    pub path: String,
    /// Path template of the API, where there is one (`/nodes/{node}/qemu`).
    pub route: Option<String>,
    /// Query and body parameters; secrets are masked.
    pub params: BTreeMap<String, String>,
    /// `user@realm!token`, or empty.
    pub principal: String,
    /// Status answered; 0 while the answer is out or when the connection was cut.
    pub status: u16,
    /// Text of the status line where it is not a success.
    pub message: String,
    /// Fault that struck it.
    pub fault: Option<String>,
    /// Milliseconds it took.
    pub millis: u64,
}

/// The log.
#[derive(Debug, Default)]
pub struct Journal {
    entries: Mutex<Vec<Entry>>,
}

/// Parameters never written down.
const SECRETS: &[&str] =
    &["password", "cipassword", "value", "otp", "tfa-challenge", "confirmation-password"];

/// Masks a value that is a secret.
pub(crate) fn redact(key: &str, value: &str) -> String {
    if SECRETS.contains(&key) { "<redacted>".to_owned() } else { value.to_owned() }
}

impl Journal {
    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens an entry and answers its sequence number.
    pub(crate) fn open(&self, mut entry: Entry) -> u64 {
        let mut entries = self.entries();
        let sequence = entries.last().map_or(1, |e| e.sequence + 1);
        entry.sequence = sequence;
        entries.push(entry);
        sequence
    }

    /// Changes an open entry.
    pub(crate) fn update(&self, sequence: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries().iter_mut().rev().find(|e| e.sequence == sequence) {
            change(entry);
        }
    }

    /// All entries so far.
    pub fn all(&self) -> Vec<Entry> {
        self.entries().clone()
    }

    /// Entries after a sequence number.
    pub fn since(&self, sequence: u64) -> Vec<Entry> {
        self.entries().iter().filter(|e| e.sequence > sequence).cloned().collect()
    }

    /// Number of requests by `METHOD route`.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for entry in self.entries().iter() {
            let route = entry.route.as_deref().unwrap_or(&entry.path);
            *counts.entry(format!("{} {route}", entry.method)).or_default() += 1;
        }
        counts
    }

    /// Forgets everything; sequence numbers begin anew.
    pub fn clear(&self) {
        self.entries().clear();
    }
}
