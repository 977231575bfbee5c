//! What the recorded server made up and the stand-in makes up differently: ids, digests, secrets.
//!
//! Learned from pairs of answers and put into later requests.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;

use super::normal;

/// Everything but what Python's `quote` leaves alone.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Debug, Default)]
pub(super) struct Learned {
    pairs: BTreeMap<String, String>,
}

impl Learned {
    pub(super) fn insert(&mut self, recorded: &str, actual: &str) {
        self.pairs.insert(recorded.to_owned(), actual.to_owned());
    }

    pub(super) fn knows(&self, recorded: &str) -> bool {
        self.pairs.contains_key(recorded)
    }

    /// Learns from an answer and its recording.
    pub(super) fn compare(&mut self, recorded: &Value, actual: &Value) {
        match (recorded, actual) {
            (Value::String(r), Value::String(a)) if r != a && normal::made_up(r) && normal::made_up(a) => {
                self.insert(r, a);
            }
            (Value::Object(r), Value::Object(a)) => {
                for (key, value) in r {
                    if let Some(other) = a.get(key) {
                        self.compare(value, other);
                    }
                }
            }
            (Value::Array(r), Value::Array(a)) if r.len() == a.len() => {
                for (value, other) in r.iter().zip(a) {
                    self.compare(value, other);
                }
            }
            _ => {}
        }
    }

    /// Puts what is known into a path, header or body.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (recorded, actual) in &self.pairs {
            if text.contains(recorded.as_str()) {
                text = text.replace(recorded.as_str(), actual);
            }
            let encoded = percent_encode(recorded.as_bytes(), QUOTED).to_string();
            if text.contains(&encoded) {
                text = text.replace(&encoded, &percent_encode(actual.as_bytes(), QUOTED).to_string());
            }
        }
        text
    }
}
