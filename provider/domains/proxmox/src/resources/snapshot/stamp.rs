//! What a snapshot says of its own making, below the user's text in its description.

use serde::{Deserialize, Serialize};

use crate::api::Snapshot as Taken;
use crate::guest::{join_notes, split_notes};

/// The stamp. Additions are optional fields; readers ignore what they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SnapshotStamp {
    kind: Marker,
    owner: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Marker {
    #[serde(rename = "snapshot")]
    Snapshot,
}

impl SnapshotStamp {
    pub(super) fn new(owner: &str) -> Self {
        Self { kind: Marker::Snapshot, owner: owner.to_owned() }
    }

    pub(super) fn of(taken: &Taken) -> Option<Self> {
        split_notes(taken.description()).1
    }

    /// Whether a snapshot was taken by this owner.
    pub(super) fn is_of(&self, taken: &Taken) -> bool {
        Self::of(taken).as_ref() == Some(self)
    }

    /// A description with this stamp below the user's text.
    pub(super) fn description(&self, text: Option<&str>) -> String {
        join_notes(text, self)
    }
}

/// The user's part of a snapshot's description.
pub(super) fn description_of(taken: &Taken) -> Option<String> {
    split_notes::<SnapshotStamp>(taken.description()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_known_by_its_owner() {
        let (ours, others) = (SnapshotStamp::new("a"), SnapshotStamp::new("b"));
        let taken = |description: String| -> Taken {
            serde_json::from_value(serde_json::json!({"name": "s", "description": description})).unwrap()
        };
        let stamped = taken(format!("{}\n", ours.description(Some("before"))));
        assert!(ours.is_of(&stamped) && !others.is_of(&stamped));
        assert_eq!(description_of(&stamped).as_deref(), Some("before"));
        assert_eq!(description_of(&taken(ours.description(None))), None);
        assert!(!ours.is_of(&taken("before".to_owned())));
    }
}
