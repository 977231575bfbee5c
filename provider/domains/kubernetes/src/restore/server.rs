//! What a restore does on one server.

use std::fmt::Write as _;
use std::time::Duration;

use tempfile::NamedTempFile;
use transport_ssh::{FileSpec, Input, Secret};

use super::plan::{Note, Plan};
use crate::distribution::Distribution;
use crate::errors::{Error, Refusal};
use crate::host::Run;
use crate::journal;
use crate::resources::Role;
use crate::snapshots::file::{ReadAt as _, TRAILER};

/// What a reset says when it is over.
const POLL: Duration = Duration::from_secs(2);
/// How often a unit may have been restarted by systemd before waiting makes no sense.
const RESTARTS: u32 = 6;

/// A server of the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Name of its node.
    pub(crate) name: String,
    /// The way to it.
    pub(crate) run: Run,
}

/// What matters of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether its unit runs.
    pub(crate) runs: bool,
    /// The version that is installed.
    pub(crate) version: Option<String>,
    /// Whether it has a database.
    pub(crate) data: bool,
    /// Id of the cluster, as noted when it was alive.
    pub(crate) cluster_id: Option<String>,
    /// The note of a restore.
    pub(crate) note: Note,
    /// Free room for data, in KiB.
    pub(crate) free: u64,
}

impl Look {
    fn parse(text: &str) -> Self {
        let mut look = Self::default();
        for line in text.lines() {
            let Some((word, value)) = line.split_once(' ') else { continue };
            let value = value.trim();
            match word {
                "unit" => look.runs = matches!(value, "active" | "activating" | "reloading"),
                "version" => look.version = Some(value.to_owned()).filter(|version| !version.is_empty()),
                "data" => look.data = true,
                "cluster-id" => look.cluster_id = Some(value.to_owned()),
                "note" => look.note = serde_json::from_str(value).unwrap_or_default(),
                "free" => look.free = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        look
    }
}

/// How a transient unit stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnitState {
    pub(crate) active: String,
    pub(crate) sub: String,
    pub(crate) result: String,
    pub(crate) status: i32,
    pub(crate) restarts: u32,
    pub(crate) said: bool,
    pub(crate) log: String,
}

impl UnitState {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, log) = text.split_once("\nLog\n").unwrap_or((text.trim_end_matches("Log\n"), ""));
        let mut state = Self { log: log.to_owned(), ..Self::default() };
        for line in head.lines() {
            match line.split_once('=') {
                Some(("ActiveState", value)) => value.clone_into(&mut state.active),
                Some(("SubState", value)) => value.clone_into(&mut state.sub),
                Some(("Result", value)) => value.clone_into(&mut state.result),
                Some(("ExecMainStatus", value)) => state.status = value.parse().unwrap_or_default(),
                Some(("NRestarts", value)) => state.restarts = value.parse().unwrap_or_default(),
                Some(("Said", _)) => state.said = true,
                _ => {}
            }
        }
        state
    }
}

impl Server {
    fn distribution(&self) -> Distribution {
        self.run.distribution
    }

    fn unit(&self) -> &'static str {
        self.distribution().unit(Role::Server)
    }

    /// The script that stops what runs in pods, where the control plane does.
    fn killall(&self) -> String {
        let has = self.distribution().has_static_pods();
        if has { format!("{}-killall.sh", self.distribution().name()) } else { String::new() }
    }

    /// Where the snapshot is put.
    pub(crate) fn staged(&self, snapshot: &str) -> String {
        format!("{}/restore/{snapshot}", self.distribution().journal_dir())
    }

    /// What matters of it.
    pub(crate) async fn look(&self) -> Result<Look, Error> {
        let d = self.distribution();
        let arguments = [d.data_dir(), d.journal_dir(), self.unit(), d.binary()];
        self.run
            .script("looking at the server", include_str!("scripts/look.sh"), &arguments)
            .await
            .map(|said| Look::parse(&said))
    }

    /// Its token.
    pub(crate) async fn token(&self) -> Result<Option<Secret>, Error> {
        let path = format!("{}/server/token", self.distribution().data_dir());
        let bytes = self.run.machine.read(&path, 1 << 16, &self.run.budget).await?;
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        Ok(text.filter(|text| !text.is_empty()).map(Secret::new))
    }

    /// Writes a note.
    pub(crate) async fn note(&self, note: &Note) -> Result<(), Error> {
        let directory = self.distribution().journal_dir();
        self.run.script("making a directory", r#"umask 077; mkdir -p "$1""#, &[directory]).await?;
        let text = serde_json::to_string(note).map_err(|error| Error::Answer {
            machine: self.run.machine.name().to_owned(),
            problem: format!("the note of the restore cannot be written: {error}"),
        })?;
        let content = Input::Bytes(format!("{text}\n").into_bytes().into());
        self.run
            .put(&FileSpec { path: format!("{directory}/restore.json"), content, mode: 0o600, owner: None })
            .await
    }

    /// Puts the snapshot in place, unless it is there.
    pub(crate) async fn stage(&self, snapshot: &str, file: &NamedTempFile) -> Result<(), Error> {
        let path = self.staged(snapshot);
        let sum = trailer(file)?;
        let script = include_str!("scripts/stage.sh");
        if self.run.ask(script, &[&path, &sum]).await?.ok() {
            return Ok(());
        }
        let content = Input::File(file.path().to_owned());
        self.run.put(&FileSpec { path: path.clone(), content, mode: 0o600, owner: None }).await?;
        self.run.script("checking the snapshot", script, &[&path, &sum]).await.map(drop)
    }

    /// Keeps it from starting by itself.
    pub(crate) async fn freeze(&self) -> Result<(), Error> {
        let arguments = [self.unit(), self.distribution().journal_dir()];
        self.run.script("freezing the server", include_str!("scripts/freeze.sh"), &arguments).await.map(drop)
    }

    /// Stops it.
    pub(crate) async fn stop(&self) -> Result<(), Error> {
        let script = include_str!("scripts/stop.sh");
        self.run.script("stopping the server", script, &[self.unit(), &self.killall()]).await.map(drop)
    }

    /// Sets its database back to the snapshot.
    pub(crate) async fn reset(&self, plan: &Plan, token: Option<&Secret>) -> Result<(), Error> {
        let d = self.distribution();
        let (path, hash) = (self.staged(&plan.snapshot), plan.hash());
        let arguments =
            [d.name(), d.binary(), d.config_dir(), d.data_dir(), &path, d.journal_dir(), &hash, self.unit()];
        let input = token.map_or(Input::Nothing, |token| Input::Secret(token.clone()));
        let script = include_str!("scripts/reset.sh");
        self.run.script_with("beginning the reset", script, &arguments, input).await?;
        let state = loop {
            let script = include_str!("scripts/reset_state.sh");
            let said = self.run.script("asking for the reset", script, &[d.name(), d.journal_dir()]).await?;
            let state = UnitState::parse(&said);
            if !matches!(
                (state.active.as_str(), state.sub.as_str()),
                ("active", "running" | "start") | ("activating", _)
            ) {
                break state;
            }
            self.sleep("the reset of the database").await?;
        };
        let done = state.active == "active" && state.result == "success" && state.status == 0 && state.said;
        let end = [d.name(), &self.killall()];
        self.run.script("ending the reset", include_str!("scripts/reset_end.sh"), &end).await?;
        if done {
            return Ok(());
        }
        let mut detail = format!(
            "On {} ({}) it ended with code {} ({}). {}",
            self.name,
            self.run.machine.name(),
            state.status,
            state.result,
            journal::told(&state.log)
        );
        if state.status == 0 && !state.said {
            detail.push_str("\nIt did not say that the membership has been reset, and only then it has.");
        }
        let _ = write!(
            detail,
            "\n\nWhat it said is in {}/restore/reset.log there, and all servers are stopped. Apply again when the cause is gone: \
             it goes on with the reset.",
            d.journal_dir()
        );
        Err(Refusal::new("The database could not be set back to the snapshot", detail).into())
    }

    /// Lets it start, joining a server or nobody, and starts it.
    pub(crate) async fn start(&self, joins: Option<&str>) -> Result<(), Error> {
        let d = self.distribution();
        let arguments = [self.unit(), d.journal_dir(), d.config_dir(), joins.unwrap_or_default()];
        self.run.script("starting the server", include_str!("scripts/start.sh"), &arguments).await.map(drop)
    }

    /// Moves its database aside.
    pub(crate) async fn aside(&self) -> Result<(), Error> {
        let script = include_str!("scripts/aside.sh");
        self.run
            .script("moving the old database aside", script, &[self.distribution().data_dir()])
            .await
            .map(drop)
    }

    /// Takes away what was kept aside.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        let d = self.distribution();
        let arguments = [d.data_dir(), d.journal_dir(), d.config_dir(), self.unit()];
        self.run.script("clearing up", include_str!("scripts/clear.sh"), &arguments).await.map(drop)
    }

    /// Whether waiting for its unit makes sense; else what its log says.
    pub(crate) async fn may_come(&self) -> Result<(), Error> {
        let said =
            self.run.script("asking for the unit", include_str!("scripts/unit.sh"), &[self.unit()]).await?;
        let state = UnitState::parse(&said);
        let fatal = journal::classify(&state.log).is_some_and(|(verdict, _)| verdict.fatal);
        let over = state.active == "failed" || state.restarts >= RESTARTS || (fatal && state.restarts >= 2);
        if !over {
            return Ok(());
        }
        let detail = format!(
            "Its unit is {} after {} restarts. {}\n\nApply again when the cause is gone: the restore goes on from there.",
            state.active,
            state.restarts,
            journal::told(&state.log)
        );
        Err(Refusal::new(format!("The server {} does not come up", self.name), detail).into())
    }

    /// Waits for something a while.
    pub(crate) async fn sleep(&self, what: &str) -> Result<(), Error> {
        let waited = self.run.budget.sleep(POLL, || format!("{what} on {}", self.name)).await;
        waited.map_err(|why| Error::Ended { what: what.to_owned(), why: why.to_string() })
    }
}

/// The last bytes of a snapshot in hexadecimal.
fn trailer(file: &NamedTempFile) -> Result<String, Error> {
    let read = || -> std::io::Result<[u8; TRAILER as usize]> {
        let size = file.as_file().size()?;
        let mut bytes = [0; TRAILER as usize];
        file.as_file().read_at(size.saturating_sub(TRAILER), &mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| Error::Answer {
        machine: "this machine".to_owned(),
        problem: format!("the snapshot that was brought here cannot be read: {error}"),
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read() {
        let look = Look::parse(
            "unit activating\nversion v1.33.4+rke2r1\ndata 1\ncluster-id 7d1c\nnote {\"plan\":\"ab\",\"epoch\":2}\nfree 1234\n",
        );
        assert!(look.runs && look.data && look.note.epoch == 2 && look.free == 1234);
        assert_eq!(look.version.as_deref(), Some("v1.33.4+rke2r1"));
        assert_eq!(Look::parse("unit inactive\nversion \n"), Look::default());
        let state = UnitState::parse(
            "ActiveState=active\nSubState=exited\nResult=success\nExecMainStatus=0\nSaid=1\nLog\na\nb\n",
        );
        assert!(state.said && state.active == "active" && state.log == "a\nb\n");
        let state = UnitState::parse("ActiveState=failed\nNRestarts=3\nExecMainStatus=1\nLog\n");
        assert_eq!((state.restarts, state.status, state.log.as_str()), (3, 1, ""));
    }
}
