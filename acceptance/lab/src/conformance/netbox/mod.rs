//! The replay of NetBox's recordings: one server's whole life, in the order it happened.
//!
//! The recordings come from one server that began empty. So the stand-in begins empty, too, and its ids come out
//! equal; what the recording did beside is prepared (`data/netbox/replay.json`), and every difference needs a reason
//! there.

mod compare;
mod player;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::ReplayError;
use super::report::Report;

/// Recordings that keep no bodies, so that nothing can be compared.
const SUMMARIES: &[&str] = &["limits", "measurements", "races", "webhook-deliveries"];

/// What the recording did that is not in it.
#[derive(Debug, Clone, Deserialize)]
struct Preparation {
    flow: String,
    /// Before which exchange.
    #[serde(default)]
    before: usize,
    /// Method, path, body.
    call: (String, String, Value),
}

/// Why some exchanges differ.
#[derive(Debug, Clone, Deserialize)]
struct Reason {
    flow: String,
    at: Vec<String>,
    reason: String,
}

/// The order of things, and what is known of differences.
#[derive(Debug, Clone, Deserialize)]
struct Plan {
    sequence: Vec<(String, String)>,
    prepare: Vec<Preparation>,
    reasons: Vec<Reason>,
}

/// First and last of `4-7`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

impl Plan {
    fn load() -> Result<Self, ReplayError> {
        let what = "data/netbox/replay.json".to_owned();
        serde_json::from_str(include_str!("../../../data/netbox/replay.json"))
            .map_err(|source| ReplayError::Format { what, source })
    }

    fn reason(&self, flow: &str, index: usize) -> Option<&str> {
        let covers = |at: &String| range(at).is_some_and(|(from, to)| from <= index && index <= to);
        self.reasons.iter().find(|r| r.flow == flow && r.at.iter().any(covers)).map(|r| r.reason.as_str())
    }
}

/// One request and its answer.
#[derive(Debug, Clone, Deserialize)]
struct Exchange {
    request: Request,
    response: Response,
}

#[derive(Debug, Clone, Deserialize)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct Response {
    status: u16,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body: Value,
}

#[derive(Debug, Deserialize)]
struct Recording {
    exchanges: Vec<Exchange>,
}

/// The recordings, where they are to be found: `$HYBRIDOPS_SHARED`, else a `shared` directory above the sources.
pub fn fixtures() -> Option<PathBuf> {
    super::below_shared("fixtures/netbox")
}

fn load(fixtures: &Path, flow: &str) -> Result<Vec<Exchange>, ReplayError> {
    let path = fixtures.join(format!("{flow}.json"));
    let text = std::fs::read(&path).map_err(|source| ReplayError::Read { path: path.clone(), source })?;
    let recording: Recording = serde_json::from_slice(&text)
        .map_err(|source| ReplayError::Format { what: path.display().to_string(), source })?;
    Ok(recording.exchanges)
}

/// Replays all recordings.
///
/// # Errors
/// Recordings are missing or the stand-in does not come up; differences are no errors but the report's content.
pub async fn replay(fixtures: &Path) -> Result<Report, ReplayError> {
    let plan = Plan::load()?;
    let mut report = player::play(fixtures, &plan).await?;
    for summary in SUMMARIES {
        let path = fixtures.join(format!("{summary}.json"));
        let text = std::fs::read(&path).map_err(|source| ReplayError::Read { path: path.clone(), source })?;
        let kept: Value = serde_json::from_slice(&text)
            .map_err(|source| ReplayError::Format { what: path.display().to_string(), source })?;
        let count = kept["exchanges"].as_array().map_or(0, Vec::len);
        report.not_served.push(((*summary).to_owned(), count));
    }
    Ok(report)
}
