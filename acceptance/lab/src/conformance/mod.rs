//! The conformance replay: recordings of a real server, request by request, against the stand-in.
//!
//! Every recorded exchange of a served flow is sent again; what differs for reasons of time or chance is made equal
//! first ([`normal`]), what differs for a known reason is listed with it (`data/explanations.json`), and everything
//! else is a difference that fails the test.

mod explain;
mod learned;
pub mod netbox;
mod normal;
mod player;
mod recording;
mod report;

use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt};

pub use report::{FlowReport, Report, Verdict};

/// Flows whose paths the stand-in serves.
pub const FLOWS: &[&str] = &[
    "access",
    "auth",
    "backup_restore",
    "cluster_read",
    "firewall",
    "locks_and_timeouts",
    "lxc_create_errors",
    "lxc_lifecycle",
    "protocol",
    "qemu_cloud_image",
    "qemu_create_errors",
    "qemu_json_body",
    "qemu_lifecycle",
    "qemu_power",
    "qemu_template_clone",
    "races",
    "sdn_network",
    "storage_content",
    "storage_setup",
    "tasks",
];

/// Flows replayed side by side.
const AT_A_TIME: usize = 4;

/// The replay itself could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A recording could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A recording or table is not what it should be.
    #[error("{what} is not understood")]
    Format {
        /// Which one.
        what: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The laboratory did not come up.
    #[error("the laboratory did not come up")]
    Lab(#[from] crate::LabError),
    /// A request could not be sent.
    #[error("a request could not be sent")]
    Http(#[from] reqwest::Error),
}

/// The recordings, where they are to be found: `$HYBRIDOPS_SHARED`, else a `shared` directory above the sources.
pub fn fixtures() -> Option<PathBuf> {
    below_shared("fixtures/pve")
}

/// A directory of what developers share, where it is to be found.
fn below_shared(inner: &str) -> Option<PathBuf> {
    let below = |shared: PathBuf| Some(shared.join(inner)).filter(|p| p.is_dir());
    if let Some(found) = std::env::var_os("HYBRIDOPS_SHARED").and_then(|s| below(PathBuf::from(s))) {
        return Some(found);
    }
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find_map(|dir| below(dir.join("shared")))
}

/// Replays all served flows, or one.
///
/// # Errors
/// Recordings are missing or the laboratory does not come up; differences are no errors but the report's content.
pub async fn replay(fixtures: &Path, only: Option<&str>) -> Result<Report, ReplayError> {
    let table = explain::Table::load()?;
    let mut report = Report::default();
    let mut served = Vec::new();
    for flow in recording::names(fixtures)?.into_iter().filter(|f| only.is_none_or(|o| o == f)) {
        let recorded = recording::load(fixtures, &flow)?;
        if FLOWS.contains(&flow.as_str()) {
            served.push(recorded);
        } else {
            report.not_served.push((flow, recorded.exchanges.len()));
        }
    }
    // Flows have laboratories of their own and mostly wait for tasks: several at a time.
    let mut played =
        stream::iter(served.iter().map(|recorded| player::play(recorded, &table))).buffered(AT_A_TIME);
    while let Some(flow) = played.next().await {
        report.flows.push(flow?);
    }
    drop(played);
    Ok(report)
}
