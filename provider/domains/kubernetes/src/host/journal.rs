//! Our journal of a node, on its machine: what it is of, what is under way, and what was put in force.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use transport_ssh::{FileSpec, Input};

use super::lease::operator;
use super::run::Run;
use crate::errors::Error;
use crate::rotation::RotationSpec;

/// What stands in the journal. It holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Journal {
    /// Name of the cluster.
    pub(crate) cluster: String,
    /// Name of the node.
    pub(crate) node: String,
    /// `server` or `agent`.
    pub(crate) role: String,
    /// What is under way, `create`; empty when nothing is.
    pub(crate) operation: String,
    /// The step it is at.
    pub(crate) step: String,
    /// Who does it.
    pub(crate) operator: String,
    /// When it was written, in seconds since 1970.
    pub(crate) at: u64,
    /// Whether this machine was told to make the cluster.
    pub(crate) birth: bool,
    /// Whether the node was ready once.
    pub(crate) joined: bool,
    /// Fingerprint of the configuration with which the service was started last and became ready.
    pub(crate) in_force: String,
    /// SHA-256 of files as they were written, by path.
    pub(crate) files: BTreeMap<String, String>,
    /// Labels that were given.
    pub(crate) labels: BTreeSet<String>,
    /// Taints that were given.
    pub(crate) taints: BTreeSet<String>,
    /// The address by which the cluster knows it.
    pub(crate) address: String,
    /// The snapshot taken before the change that is under way.
    pub(crate) snapshot: String,
    /// The version that ran before the change that is under way.
    pub(crate) before: String,
    /// Manifests and charts that were not well before the change that is under way, once they were looked at.
    pub(crate) unwell: Option<BTreeSet<String>>,
    /// What of the cluster's rotations it has taken.
    pub(crate) rotated: RotationSpec,
    /// What is asked for, for an import: without secrets.
    pub(crate) declared: serde_json::Map<String, serde_json::Value>,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

/// Writes the journal.
pub(crate) async fn write(run: &Run, journal: &mut Journal, step: &str) -> Result<(), Error> {
    journal.step = step.to_owned();
    journal.operator = operator();
    journal.at = now();
    tracing::info!(machine = run.machine.name(), node = %journal.node, operation = %journal.operation, step, "step");
    put(run, journal).await
}

/// Puts a journal in place, as that from before an operation that changed nothing.
pub(crate) async fn put(run: &Run, journal: &Journal) -> Result<(), Error> {
    let text = serde_json::to_string(journal).map_err(|error| Error::Answer {
        machine: run.machine.name().to_owned(),
        problem: format!("the journal cannot be written: {error}"),
    })?;
    let path = format!("{}/journal.json", run.distribution.journal_dir());
    run.put(&FileSpec {
        path,
        content: Input::Bytes(format!("{text}\n").into_bytes().into()),
        mode: 0o600,
        owner: None,
    })
    .await
}
