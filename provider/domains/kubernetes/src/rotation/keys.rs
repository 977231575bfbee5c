//! Rotation of the keys with which Secrets are encrypted: `rotate-keys` of the supervisor, then a restart of each server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use transport_ssh::{FileSpec, Input, Machine};

use crate::api::{Access, SnapshotRequest};
use crate::errors::{Error, Refusal, capital};
use crate::host::Run;
use crate::host::lease::{drop_lease, hold};
use crate::restore::{Server, Voters, up};

/// The stage in which every Secret has been written anew.
const FINISHED: &str = "reencrypt_finished";
/// How long is waited before it is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// A rotation of keys.
pub(crate) struct Keys<'a> {
    /// What the servers share: budget and clients.
    pub(crate) run: Run,
    /// The servers of the cluster.
    pub(crate) servers: &'a BTreeMap<String, Machine>,
    /// Number of the rotation.
    pub(crate) number: u64,
}

/// What is noted of a rotation, on the server that was asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    number: u64,
    /// Name of the key before. It is no secret.
    before: String,
    ended: bool,
}

/// How encryption stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Status {
    enabled: bool,
    stage: String,
    active: String,
    matches: bool,
    differs: String,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    /// It has ended.
    Ended,
    /// The new key is asked for.
    Ask,
    /// Secrets are being written anew.
    Wait,
    /// Servers are restarted, so that all have the new key.
    Restart,
    /// It cannot be done now.
    Refuse(String),
}

impl Status {
    fn of(answer: &Value) -> Self {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let flag = |name: &str| answer.get(name).and_then(Value::as_bool).unwrap_or_default();
        Self {
            enabled: flag("enable"),
            stage: text("stage"),
            active: text("activekey"),
            matches: flag("hashmatch"),
            differs: text("hasherror"),
        }
    }
}

/// What is to be done, by what was noted and how it stands.
fn next(number: u64, note: &Note, status: &Status) -> Next {
    if note.number == number && note.ended {
        return Next::Ended;
    }
    if !status.enabled {
        return Next::Refuse("Secrets are not encrypted in this cluster: there is no key".to_owned());
    }
    let ours = note.number == number && !note.before.is_empty() && note.before != status.active;
    match (ours, status.stage.as_str()) {
        (_, "reencrypt_request" | "reencrypt_active") => Next::Wait,
        (true, FINISHED) => Next::Restart,
        (true, stage) => {
            Next::Refuse(format!("the rotation stands at {stage:?}, where it does not go on by itself"))
        }
        (false, _) if !status.matches => Next::Refuse(format!(
            "the servers do not have the same keys ({}): restart those that lag",
            status.differs
        )),
        (false, "start" | FINISHED | "") => Next::Ask,
        (false, stage) => Next::Refuse(format!("another rotation is under way, at {stage:?}")),
    }
}

impl Keys<'_> {
    fn server(&self, name: &str, machine: &Machine) -> Server {
        Server { name: name.to_owned(), run: Run { machine: machine.clone(), ..self.run.clone() } }
    }

    /// Does it, or goes on with it.
    ///
    /// # Errors
    /// It cannot be done now, or a server does not come back.
    pub(crate) async fn run(&self) -> Result<(), Error> {
        let servers: Vec<Server> =
            self.servers.iter().map(|(name, machine)| self.server(name, machine)).collect();
        let Some(first) = servers.first() else { return Ok(()) };
        let mut held = Vec::new();
        for server in &servers {
            held.push(hold(&server.run).await?);
        }
        let budget = &self.run.budget;
        let access = Access::open(&first.run.machine, self.run.distribution, budget).await?;
        loop {
            let note = note(first).await?;
            let status = Status::of(&access.supervisor().encryption(budget).await?);
            tracing::info!(number = self.number, stage = %status.stage, "rotation of encryption keys");
            match next(self.number, &note, &status) {
                Next::Ended => break,
                Next::Ask => {
                    let name = format!("before-keys-{}", self.number);
                    access.supervisor().snapshot(&SnapshotRequest::save(name), budget).await?;
                    write(first, &Note { number: self.number, before: status.active, ended: false }).await?;
                    let change = BTreeMap::from([("stage", json!("rotate_keys"))]);
                    access.supervisor().set_encryption(&change, budget).await?;
                }
                Next::Wait => first.sleep("Secrets to be written anew").await?,
                Next::Restart => {
                    self.restart(&servers).await?;
                    self.same(first).await?;
                    write(first, &Note { ended: true, ..note }).await?;
                }
                Next::Refuse(why) => {
                    let detail = format!("{}.", capital(&why));
                    let at = tf_framework::Path::root().attribute("rotation").attribute("encryption_keys");
                    return Err(Refusal::new("The encryption keys cannot be rotated", detail).at(at).into());
                }
            }
        }
        for server in &servers {
            drop_lease(&server.run).await?;
        }
        Ok(())
    }

    /// Restarts all servers, one after the other.
    async fn restart(&self, servers: &[Server]) -> Result<(), Error> {
        let names: BTreeSet<&str> = servers.iter().map(|server| server.name.as_str()).collect();
        for server in servers {
            let script = r#"systemctl reset-failed "$1" 2>/dev/null; exec systemctl restart --no-block "$1""#;
            let unit = self.run.distribution.unit(crate::resources::Role::Server);
            server.run.script("restarting the server", script, &[unit]).await?;
            // The old process answers until it is told to end.
            server.sleep("the server to restart").await?;
            up(server, &Voters::AtLeast(&names)).await?;
        }
        Ok(())
    }

    /// Waits until all servers have the same keys.
    async fn same(&self, first: &Server) -> Result<(), Error> {
        let budget = self.run.budget.shortened(Duration::from_secs(180));
        loop {
            let access = Access::open(&first.run.machine, self.run.distribution, &budget).await?;
            if Status::of(&access.supervisor().encryption(&budget).await?).matches {
                return Ok(());
            }
            let waited = budget.sleep(PAUSE, || "all servers to have the new key".to_owned()).await;
            waited.map_err(|why| Error::Ended {
                what: "the rotation of keys".to_owned(),
                why: why.to_string(),
            })?;
        }
    }
}

fn path(server: &Server) -> String {
    format!("{}/rotation.json", server.run.distribution.journal_dir())
}

async fn note(server: &Server) -> Result<Note, Error> {
    let bytes = server.run.machine.read(&path(server), 1 << 16, &server.run.budget).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

async fn write(server: &Server, note: &Note) -> Result<(), Error> {
    let content = Input::Bytes(format!("{}\n", json!(note)).into_bytes().into());
    server.run.put(&FileSpec { path: path(server), content, mode: 0o600, owner: None }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(stage: &str, active: &str, matches: bool) -> Status {
        let (stage, active) = (stage.to_owned(), active.to_owned());
        Status { enabled: true, stage, active, matches, differs: "b".to_owned() }
    }

    #[test]
    fn wherever_it_was_killed_it_goes_on() {
        let none = Note::default();
        let asked = Note { number: 2, before: "old".into(), ended: false };
        let ended = Note { ended: true, ..asked.clone() };
        assert_eq!(next(2, &none, &status("start", "old", true)), Next::Ask);
        assert_eq!(next(2, &none, &status(FINISHED, "old", true)), Next::Ask);
        // Noted, and killed before the server was asked.
        assert_eq!(next(2, &asked, &status(FINISHED, "old", true)), Next::Ask);
        assert_eq!(next(2, &asked, &status("reencrypt_active", "new", false)), Next::Wait);
        assert_eq!(next(2, &asked, &status(FINISHED, "new", false)), Next::Restart);
        assert_eq!(next(2, &ended, &status(FINISHED, "new", true)), Next::Ended);
        // The next one.
        assert_eq!(next(3, &ended, &status(FINISHED, "new", true)), Next::Ask);
        assert!(matches!(next(3, &ended, &status(FINISHED, "new", false)), Next::Refuse(_)));
        assert!(matches!(next(2, &none, &Status::default()), Next::Refuse(_)));
    }

    #[test]
    fn the_answer_is_read() {
        let answer =
            json!({"stage": "start", "enable": true, "hashmatch": true, "activekey": "AES-CBC  aescbckey"});
        assert_eq!(
            Status::of(&answer),
            Status { differs: String::new(), ..status("start", "AES-CBC  aescbckey", true) }
        );
    }
}
