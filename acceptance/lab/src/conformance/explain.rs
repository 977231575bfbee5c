//! Known reasons for differences, and what a flow finds prepared, both as data.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ReplayError;

/// A known reason.
#[derive(Debug, Clone, Deserialize)]
struct Reason {
    flow: String,
    /// Exchanges, by index; with `-` for ranges.
    at: Vec<String>,
    reason: String,
}

/// Something that was there before the recording began, or came about beside it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Preparation {
    pub(super) flow: String,
    /// Before which exchange.
    #[serde(default)]
    pub(super) before: usize,
    #[serde(flatten)]
    pub(super) thing: Thing,
}

/// What is prepared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Thing {
    /// An image on the artefact server: (name, virtual size, `qcow2` or `raw`).
    Image(String, String, String),
    /// A file of so many bytes on the artefact server.
    File(String, usize),
    /// An image as a volume: (volume id, virtual size).
    Volume(String, String),
    /// A file of so many bytes as a volume.
    FileVolume(String, usize),
    /// Waits so many milliseconds for tasks to end that the recording did not have.
    Settle(u64),
    /// A server in the network that does not answer.
    SilentServer(String),
    /// A container that was there: (number, configuration, whether it runs).
    Container(u32, BTreeMap<String, String>, bool),
    /// Somebody holds the lock of a guest's configuration; given back at the next of these.
    Hold(Option<u32>),
    /// A peer: (name, `offline`, `silent` or `gone`).
    Node(String, String),
}

/// The table.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    prepare: Vec<Preparation>,
    reasons: Vec<Reason>,
}

impl Table {
    pub(super) fn load() -> Result<Self, ReplayError> {
        serde_json::from_str(include_str!("../../data/explanations.json"))
            .map_err(|source| ReplayError::Format { what: "data/explanations.json".to_owned(), source })
    }

    /// The reason for a difference, if one is known.
    pub(super) fn reason(&self, flow: &str, index: usize) -> Option<&str> {
        let covers = |at: &String| match at.split_once('-') {
            Some((from, to)) => {
                from.parse().is_ok_and(|f: usize| f <= index) && to.parse().is_ok_and(|t: usize| index <= t)
            }
            None => at.parse() == Ok(index),
        };
        self.reasons.iter().find(|r| r.flow == flow && r.at.iter().any(covers)).map(|r| r.reason.as_str())
    }

    pub(super) fn preparations(&self, flow: &str, before: usize) -> impl Iterator<Item = &Preparation> {
        self.prepare.iter().filter(move |p| p.flow == flow && p.before == before)
    }
}
