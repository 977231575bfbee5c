//! The steps of a restore, and how one that was interrupted goes on. No machine is touched here.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What is restored, onto whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Plan {
    /// Name of the cluster.
    pub(crate) cluster: String,
    /// Number of the restore.
    pub(crate) epoch: u64,
    /// Name of the snapshot's file.
    pub(crate) snapshot: String,
    /// The server that is set back to it.
    pub(crate) first: String,
    /// The other servers, in the order in which they join.
    pub(crate) others: BTreeSet<String>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The snapshot is brought to the first server.
    Stage,
    /// No server starts by itself any more, whatever happens to its machine.
    Freeze,
    /// All servers are stopped.
    Stop,
    /// The first is set back to the snapshot.
    Reset,
    /// The first is started, and is a cluster of its own.
    Start,
    /// Another joins with an empty database.
    Admit(String),
    /// Agents are restarted.
    Agents,
    /// Nodes that do not come back are taken out.
    Tidy,
    /// A snapshot of what is there now.
    Snapshot,
    /// What was kept aside goes.
    Clear,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stage => "stage",
            Self::Freeze => "freeze",
            Self::Stop => "stop",
            Self::Reset => "reset",
            Self::Start => "start",
            Self::Admit(server) => return write!(f, "admit {server}"),
            Self::Agents => "agents",
            Self::Tidy => "tidy",
            Self::Snapshot => "snapshot",
            Self::Clear => "clear",
        })
    }
}

impl FromStr for Step {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "stage" => Self::Stage,
            "freeze" => Self::Freeze,
            "stop" => Self::Stop,
            "reset" => Self::Reset,
            "start" => Self::Start,
            "agents" => Self::Agents,
            "tidy" => Self::Tidy,
            "snapshot" => Self::Snapshot,
            "clear" => Self::Clear,
            _ => Self::Admit(text.strip_prefix("admit ").ok_or(())?.to_owned()),
        })
    }
}

impl Plan {
    /// By what a restore is known: another snapshot, server or epoch is another one.
    pub(crate) fn hash(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(json).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// All servers.
    pub(crate) fn servers(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// All steps in their order.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let before = [Step::Stage, Step::Freeze, Step::Stop, Step::Reset, Step::Start];
        let after = [Step::Agents, Step::Tidy, Step::Snapshot, Step::Clear];
        before.into_iter().chain(self.others.iter().cloned().map(Step::Admit)).chain(after).collect()
    }
}

/// What stands on every server while a restore is under way, and on the first one afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    /// Hash of the plan.
    pub(crate) plan: String,
    /// Number of the restore.
    pub(crate) epoch: u64,
    /// Name of the snapshot's file.
    pub(crate) snapshot: String,
    /// The server that is set back to it.
    pub(crate) first: String,
    /// When it began, in milliseconds since 1970.
    pub(crate) begun: u64,
    /// When the snapshot was taken, in seconds since 1970.
    pub(crate) taken: i64,
    /// Id of the cluster in it.
    pub(crate) cluster_id: Option<String>,
    /// Version of Kubernetes it was taken of.
    pub(crate) version: Option<String>,
    /// Objects in it.
    pub(crate) objects: u64,
    /// What could not be proven of it.
    pub(crate) unproven: Vec<String>,
    /// Steps that are done. On the first server only.
    pub(crate) done: Vec<String>,
    /// Milliseconds until the API answered.
    pub(crate) rto: Option<u64>,
    /// Milliseconds until all servers were back.
    pub(crate) total: Option<u64>,
    /// Nodes that were taken out.
    pub(crate) removed: Vec<String>,
    /// The snapshot that was taken afterwards.
    pub(crate) fresh: Option<String>,
    /// Whether it has ended.
    pub(crate) ended: bool,
}

/// What is to be done about a restore that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has not begun.
    Begin,
    /// It goes on where it was.
    Resume(Note),
    /// It has ended already.
    Ended(Note),
    /// Another is under way.
    Other(Note),
}

/// What is to be done, by the notes on the servers.
pub(crate) fn next(plan: &Plan, notes: &[(String, Note)]) -> Next {
    let hash = plan.hash();
    let first = notes.iter().find(|(server, note)| *server == plan.first && note.plan == hash);
    let under_way = |note: &Note| !note.plan.is_empty() && !note.ended;
    // Another that is under way anywhere comes before everything: its servers may be wiped.
    if let Some((_, other)) = notes.iter().find(|(_, note)| under_way(note) && note.plan != hash) {
        return Next::Other(other.clone());
    }
    // An epoch is restored once, whatever else is asked for under its number.
    let ended = notes.iter().map(|(_, note)| note).filter(|note| note.ended && note.epoch >= plan.epoch);
    if let Some(note) = ended.max_by_key(|note| note.epoch)
        && first.is_none_or(|(_, note)| note.ended)
    {
        return Next::Ended(note.clone());
    }
    match first {
        Some((_, note)) if note.ended => Next::Ended(note.clone()),
        Some((_, note)) => Next::Resume(note.clone()),
        None => Next::Begin,
    }
}

/// Steps that are still to be done.
pub(crate) fn remaining(plan: &Plan, note: &Note) -> Vec<Step> {
    let done: BTreeSet<Step> = note.done.iter().filter_map(|step| step.parse().ok()).collect();
    plan.steps().into_iter().filter(|step| !done.contains(step)).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
