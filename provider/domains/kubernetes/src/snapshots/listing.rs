//! The snapshots that a cluster knows of.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::name::SnapshotName;
use super::retention::Candidate;
use crate::api::Object;
use crate::distribution::Distribution;

/// A snapshot somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Name of its file.
    pub(crate) name: String,
    /// The server that took it.
    pub(crate) node: String,
    /// Where it is: `file:///…` of that server, or `s3://…`.
    pub(crate) location: String,
    /// When it was taken, in seconds since 1970.
    pub(crate) at: i64,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// Hash of the token that opens it, where it is told.
    pub(crate) token_hash: Option<String>,
    /// Id of its cluster, where it is told.
    pub(crate) cluster_id: Option<String>,
    /// What went wrong when it was taken.
    pub(crate) error: Option<String>,
}

impl Snapshot {
    /// Reads an `ETCDSnapshotFile`.
    pub(crate) fn of(object: &Object, distribution: Distribution) -> Option<Self> {
        let name = object.text("/spec/snapshotName");
        if name.is_empty() {
            return None;
        }
        let annotation = format!("{}/snapshot-token-hash", distribution.etcd_annotations());
        let created = OffsetDateTime::parse(object.text("/status/creationTime"), &Rfc3339).ok();
        let by_name = || name.parse::<SnapshotName>().ok().map(|name| name.at());
        let size = match object.0.pointer("/status/size") {
            Some(serde_json::Value::String(text)) => quantity(text),
            Some(number) => number.as_u64(),
            None => None,
        };
        let text =
            |pointer: &str| Some(object.text(pointer)).filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self {
            name: name.to_owned(),
            node: object.text("/spec/nodeName").to_owned(),
            location: object.text("/spec/location").to_owned(),
            at: created.map(OffsetDateTime::unix_timestamp).or_else(by_name).unwrap_or_default(),
            size: size.unwrap_or_default(),
            token_hash: object.annotation(&annotation).map(str::to_owned),
            cluster_id: None,
            error: text("/status/error/message"),
        })
    }

    /// Whether it is in an object store.
    pub(crate) fn in_store(&self) -> bool {
        self.location.starts_with("s3://")
    }

    /// Whether it was taken by schedule, as far as its name tells.
    pub(crate) fn scheduled(&self) -> bool {
        self.name.parse::<SnapshotName>().is_ok_and(|name| name.scheduled())
    }

    /// What matters for whether it stays.
    pub(crate) fn candidate(&self, cluster_id: Option<&str>) -> Candidate {
        let foreign = self.cluster_id.as_deref().zip(cluster_id).is_some_and(|(its, ours)| its != ours);
        Candidate {
            name: self.name.clone(),
            place: if self.in_store() { "s3" } else { &self.node }.to_owned(),
            node: self.node.clone(),
            at: self.at,
            scheduled: self.scheduled(),
            whole: self.size > 0 && self.error.is_none(),
            ours: !foreign,
        }
    }
}

/// In the order in which they are shown: the newest first.
pub(crate) fn sort(snapshots: &mut [Snapshot]) {
    snapshots.sort_by(|a, b| (b.at, &b.name, &b.location).cmp(&(a.at, &a.name, &a.location)));
}

/// Names of the newest, for messages.
pub(crate) fn newest(snapshots: &[Snapshot]) -> Vec<String> {
    let mut all: Vec<&Snapshot> = snapshots.iter().collect();
    all.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
    let mut seen = BTreeSet::new();
    all.into_iter()
        .map(|snapshot| snapshot.name.clone())
        .filter(|name| seen.insert(name.clone()))
        .take(5)
        .collect()
}

/// A quantity as Kubernetes writes it: `4194336`, `5Mi`, `12k`.
fn quantity(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().ok()?;
    let factor = match text.get(digits.len()..)? {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// A moment as it is shown.
pub(crate) fn rfc3339(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read() {
        let object = Object(json!({
            "metadata": { "name": "s3-etcd-snapshot-a-1763778000-1f2e",
                          "annotations": { "etcd.rke2.cattle.io/snapshot-token-hash": "1ec1c26b50d5" } },
            "spec": { "snapshotName": "etcd-snapshot-a-1763778000", "nodeName": "a",
                      "location": "s3://snapshots/platform/etcd-snapshot-a-1763778000" },
            "status": { "size": "5Mi", "creationTime": "2025-11-22T02:20:00Z", "readyToUse": true },
        }));
        let snapshot = Snapshot::of(&object, Distribution::Rke2).unwrap();
        assert_eq!((snapshot.at, snapshot.size), (1_763_778_000, 5 << 20));
        assert_eq!(snapshot.token_hash.as_deref(), Some("1ec1c26b50d5"));
        assert!(snapshot.in_store() && snapshot.scheduled());
        assert_eq!(rfc3339(snapshot.at), "2025-11-22T02:20:00Z");
        assert_eq!(Snapshot::of(&Object(json!({})), Distribution::K3s), None);
    }

    #[test]
    fn quantities() {
        for (text, bytes) in
            [("0", Some(0)), ("12k", Some(12_000)), ("3Gi", Some(3 << 30)), ("x", None), ("1Q", None)]
        {
            assert_eq!(quantity(text), bytes, "{text}");
        }
    }
}
