//! The files of a node are written, and its service is started.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use transport_ssh::{FileSpec, Input, Secret};

use super::asked::Asked;
use crate::config::{FILE, render};
use crate::distribution::Distribution;
use crate::errors::Error;
use crate::host::{Facts, Journal, Run};
use crate::install::Content;

/// Whom a node joins, and with what. What is nothing stays as the file has it.
#[derive(Debug, Default)]
pub(super) struct Joins {
    pub(super) server: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) agent_token: Option<Secret>,
    /// Whether it makes the cluster: `server` must not be there.
    pub(super) birth: bool,
}

/// Path of our configuration file.
pub(super) fn path(distribution: Distribution) -> String {
    format!("{}/config.yaml.d/{FILE}", distribution.config_dir())
}

/// Writes the configuration file.
pub(super) async fn configure(asked: &Asked, journal: &mut Journal, joins: &Joins) -> Result<(), Error> {
    let mut more: Vec<(&str, String)> = Vec::new();
    if let Some(server) = joins.server.as_ref().filter(|_| !joins.birth) {
        more.push(("server", server.clone()));
    }
    for (key, secret) in [("token", &joins.token), ("agent-token", &joins.agent_token)] {
        if let Some(secret) = secret {
            more.push((key, secret.expose().to_owned()));
        }
    }
    let mut wanted = asked.wanted()?;
    if asked.is_server() && asked.distribution().needs_cluster_init() {
        // Harmless where there is a database; without it and without `server` it would be another kind of database.
        wanted.keys.insert("cluster-init".to_owned(), serde_json::Value::Bool(true));
    }
    let text = render(&wanted, &more);
    let path = path(asked.distribution());
    let keep: &[&str] =
        if joins.birth { &["token", "agent-token"] } else { &["server", "token", "agent-token"] };
    let length = text.len().to_string();
    let mut arguments = vec![path.as_str(), &length];
    arguments.extend(keep);
    let input = Input::Secret(Secret::new(text));
    let sum = asked
        .run
        .script_with("writing the configuration", include_str!("scripts/config.sh"), &arguments, input)
        .await?;
    journal.files.insert(path, sum.trim().to_owned());
    Ok(())
}

/// Writes the other files; answers whether one of them was another.
pub(super) async fn owned(asked: &Asked, facts: &Facts, journal: &mut Journal) -> Result<bool, Error> {
    let mut changed = false;
    for file in asked.owned() {
        let there = facts.sums.get(&file.path);
        match file.content {
            Content::Kept => {}
            Content::Is(content) => {
                let sum = sum(content.expose());
                if there != Some(&sum) {
                    let script = r#"mkdir -p -- "$(dirname "$1")""#;
                    asked.run.script("making a directory", script, &[&file.path]).await?;
                    let spec = FileSpec {
                        path: file.path.clone(),
                        content: Input::Secret(content),
                        mode: file.mode,
                        owner: None,
                    };
                    asked.run.put(&spec).await?;
                    changed = true;
                }
                journal.files.insert(file.path, sum);
            }
            Content::Nothing => {
                // What somebody else wrote is not ours to remove.
                if there.is_some() && journal.files.contains_key(&file.path) {
                    asked.run.script("removing a file", r#"rm -f -- "$1""#, &[&file.path]).await?;
                    changed = true;
                }
                journal.files.remove(&file.path);
            }
        }
    }
    Ok(changed)
}

/// SHA-256 of a text.
pub(crate) fn sum(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// When a service was started, and how often it had been restarted by then.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Started {
    pub(super) since: u64,
    pub(super) restarts: u32,
}

/// Starts or restarts the service, without waiting for it.
pub(super) async fn start(run: &Run, unit: &str, how: &str) -> Result<Started, Error> {
    let said =
        run.script(&format!("{how} of {unit}"), include_str!("scripts/start.sh"), &[unit, how]).await?;
    let mut words = said.split_whitespace();
    let since = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
    // A start by hand begins to count anew.
    let restarts =
        if how == "start" { 0 } else { words.next().and_then(|word| word.parse().ok()).unwrap_or_default() };
    Ok(Started { since, restarts })
}
