//! The messages of etcd's JSON gateway: numbers of 64 bits are strings, bytes are base64, zeros are left out.

use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of 64 bits in a string.
pub(super) mod number {
    use super::{Deserialize, Deserializer, Serializer};

    pub(in crate::etcd) fn serialize<S: Serializer>(value: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(in crate::etcd) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An identifier of 64 bits in a string.
pub(super) mod identifier {
    use super::{Deserialize, Deserializer};

    pub(in crate::etcd) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes in base64.
pub(super) mod base {
    use base64::Engine as _;

    use super::{Deserialize, Deserializer, STANDARD, Serializer};

    pub(in crate::etcd) fn serialize<S: Serializer>(value: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(value))
    }

    pub(in crate::etcd) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// One key as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct KeyValue {
    #[serde(with = "base")]
    pub(crate) key: Vec<u8>,
    #[serde(with = "base")]
    pub(crate) value: Vec<u8>,
    #[serde(with = "number")]
    pub(crate) create_revision: i64,
    #[serde(with = "number")]
    pub(crate) mod_revision: i64,
}

/// Which keys are asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct RangeRequest {
    #[serde(with = "base")]
    pub(crate) key: Vec<u8>,
    #[serde(with = "base", skip_serializing_if = "Vec::is_empty")]
    pub(crate) range_end: Vec<u8>,
    #[serde(with = "number")]
    pub(crate) limit: i64,
    #[serde(with = "number")]
    pub(crate) revision: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    #[serde(with = "number")]
    pub(super) revision: i64,
    #[serde(deserialize_with = "identifier::deserialize")]
    pub(super) member_id: u64,
}

/// The keys found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RangeAnswer {
    pub(super) header: Header,
    pub(crate) kvs: Vec<KeyValue>,
    #[serde(with = "number")]
    pub(crate) count: i64,
}

impl RangeAnswer {
    /// The revision of the store that answered.
    pub(crate) fn revision(&self) -> i64 {
        self.header.revision
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub(super) header: Header,
    pub(super) succeeded: bool,
}

/// A member of the cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    #[serde(rename = "ID", deserialize_with = "identifier::deserialize")]
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(rename = "peerURLs")]
    pub(crate) peer_urls: Vec<String>,
    #[serde(rename = "clientURLs")]
    pub(crate) client_urls: Vec<String>,
    #[serde(rename = "isLearner")]
    pub(crate) is_learner: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawStatus {
    pub(super) header: Header,
    #[serde(deserialize_with = "identifier::deserialize")]
    pub(super) leader: u64,
    #[serde(rename = "raftIndex", deserialize_with = "identifier::deserialize")]
    pub(super) raft_index: u64,
    #[serde(rename = "isLearner")]
    pub(super) is_learner: bool,
}

/// How a member is.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) member: u64,
    pub(crate) leader: u64,
    pub(crate) raft_index: u64,
    pub(crate) is_learner: bool,
}

impl From<RawStatus> for Status {
    fn from(raw: RawStatus) -> Self {
        Self {
            member: raw.header.member_id,
            leader: raw.leader,
            raft_index: raw.raft_index,
            is_learner: raw.is_learner,
        }
    }
}

/// Something happened to a key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    /// `DELETE`, or nothing for a key that was written.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(crate) kv: KeyValue,
    pub(crate) prev_kv: Option<KeyValue>,
}

impl Event {
    /// Whether the key is gone.
    pub(crate) fn is_delete(&self) -> bool {
        self.kind == "DELETE"
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WatchAnswer {
    pub(super) canceled: bool,
    #[serde(with = "number")]
    pub(super) compact_revision: i64,
    pub(super) cancel_reason: String,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SnapshotPart {
    #[serde(with = "base")]
    pub(super) blob: Vec<u8>,
}

/// One line of a streamed answer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Line<T> {
    pub(super) result: Option<T>,
    pub(super) error: Option<serde_json::Value>,
}

/// What a refusal says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) message: String,
}
