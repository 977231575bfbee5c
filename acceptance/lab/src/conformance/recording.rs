//! Recordings as they lie on disk.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::ReplayError;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Recording {
    pub(super) flow: String,
    pub(super) exchanges: Vec<Exchange>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Exchange {
    pub(super) request: Request,
    pub(super) response: Response,
    #[serde(default)]
    pub(super) note: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Response {
    status_line: String,
    pub(super) json: Option<Value>,
    pub(super) body: Option<String>,
}

impl Response {
    pub(super) fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_default()
    }

    pub(super) fn reason(&self) -> &str {
        self.status_line.splitn(3, ' ').nth(2).unwrap_or_default()
    }
}

impl Exchange {
    /// Path without its prefix and query.
    pub(super) fn short_path(&self) -> &str {
        let path = self.request.path.strip_prefix("/api2/json").unwrap_or(&self.request.path);
        path.split('?').next().unwrap_or(path)
    }

    /// Sent at the same time as its neighbours with the same note.
    pub(super) fn concurrent(&self) -> bool {
        self.note.contains("at once") || self.note.starts_with("concurrent")
    }

    /// A poll of a task's status.
    pub(super) fn is_poll(&self) -> bool {
        self.short_path().contains("/tasks/UPID")
            && self.short_path().ends_with("/status")
            && self.note.contains("poll")
    }

    /// The task status recorded.
    pub(super) fn task_status(&self) -> Option<&str> {
        self.response.json.as_ref()?.get("data")?.get("status")?.as_str()
    }
}

/// Names of all flows.
pub(super) fn names(fixtures: &Path) -> Result<Vec<String>, ReplayError> {
    let failed = |source| ReplayError::Read { path: fixtures.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(fixtures).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if let Some(flow) = name.strip_suffix(".json").filter(|f| *f != "apischema") {
            names.push(flow.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

pub(super) fn load(fixtures: &Path, flow: &str) -> Result<Recording, ReplayError> {
    let path = fixtures.join(format!("{flow}.json"));
    let text = std::fs::read(&path).map_err(|source| ReplayError::Read { path: path.clone(), source })?;
    serde_json::from_slice(&text)
        .map_err(|source| ReplayError::Format { what: path.display().to_string(), source })
}
