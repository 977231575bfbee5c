//! Guests for the tests of pure functions.

use std::collections::BTreeMap;

use serde_json::json;

use super::model::Vm;
use super::state::{Seen, observe};
use crate::api::{GuestConfig, Pending};
use crate::guest::Here;

/// A guest's configuration.
pub(super) fn config(values: &BTreeMap<String, String>) -> GuestConfig {
    serde_json::from_value(json!(values)).unwrap()
}

/// The state of a guest that runs or not, as an import reads it.
pub(super) fn observed(values: &BTreeMap<String, String>, status: &str) -> Vm {
    let entries: Vec<_> = values.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let pending: Pending = serde_json::from_value(json!(entries)).unwrap();
    let guest = json!({"type": "qemu", "vmid": 101, "node": "pve1", "name": "g", "status": status});
    let here = Here { guest: serde_json::from_value(guest).unwrap(), pending };
    observe(&Seen { here, ha: None, cost_tags: Default::default() }, None)
}

/// Keys and values.
pub(super) fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
