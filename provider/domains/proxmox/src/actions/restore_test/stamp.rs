//! What the guest of a restore test says of itself in its notes.

use serde::{Deserialize, Serialize};

use crate::api::GuestConfig;
use crate::guest::{join_notes, split_notes};

/// How the names of such guests begin.
pub(super) const NAME: &str = "restore-test-";

/// The stamp. It tells the guest from every other, those of resources included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrialStamp {
    kind: Marker,
    owner: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Marker {
    #[serde(rename = "restore-test")]
    RestoreTest,
}

impl TrialStamp {
    pub(super) fn new(owner: &str) -> Self {
        Self { kind: Marker::RestoreTest, owner: owner.to_owned() }
    }

    /// The notes of such a guest.
    pub(super) fn notes(&self) -> String {
        join_notes(Some("Restored to test a backup; removed when the test ends."), self)
    }

    /// Whether a guest is one of this owner's.
    pub(super) fn is_of(&self, config: &GuestConfig) -> bool {
        config.description().and_then(|notes| split_notes::<Self>(notes).1).as_ref() == Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_guests_of_a_test_are_known() {
        let (ours, others) = (TrialStamp::new("a"), TrialStamp::new("b"));
        let config = |notes: &str| -> GuestConfig {
            serde_json::from_value(serde_json::json!({"description": format!("{notes}\n")})).unwrap()
        };
        assert!(ours.is_of(&config(&ours.notes())) && !others.is_of(&config(&ours.notes())));
        assert!(!ours.is_of(&config("by hand")));
        let of_resource = join_notes(None, &serde_json::json!({"kind": "guest", "key": "k", "owner": "a"}));
        assert!(!ours.is_of(&config(&of_resource)));
    }
}
