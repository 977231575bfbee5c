//! A recovery on a machine: a backup is fetched into a new directory, WAL is replayed to a target, proved, promoted.
//!
//! Nothing here can end early: the server is a standby that pauses at its target, and only [`Recovery::promote`], after
//! [`Recovery::replay`] proved the target, lets it go. It never archives.

use std::time::{Duration, Instant};

use tf_framework::{Diagnostics, Path};
use transport_ssh::{Input, Output};

use super::choice::Choice;
use super::target::{Arrived, Target, arrived};
use crate::errors::{Error, Refusal};
use crate::instance::Run;
use crate::walg::{Backup, Layout, Place, Seen, ready};

/// A recovery.
pub(crate) struct Recovery<'a> {
    /// The operation.
    pub(crate) run: &'a Run,
    /// The archive it is made from, as WAL-G is told.
    pub(crate) backup: &'a Backup,
    /// Where it is made: a new directory, a socket of its own.
    pub(crate) place: Place,
    /// What was chosen.
    pub(crate) choice: Choice,
    /// The target.
    pub(crate) target: Target,
    /// Whether what the target names is there afterwards.
    pub(crate) inclusive: bool,
    /// Further settings of the server, one a line.
    pub(crate) settings: String,
    /// What is to blame.
    pub(crate) path: Path,
}

/// Where a recovery is made: beside what it is for.
pub(crate) fn place(member: &str, name: String, data: String, version: u32, choice: &Choice) -> Place {
    let layout = Layout::named(name);
    Place {
        member: member.to_owned(),
        version,
        cluster: String::new(),
        socket: layout.state(),
        layout,
        data,
        port: 5432,
        system_id: choice.system_id,
        segment: choice.segment,
        rpo: None,
        epoch_guard: false,
        is_restore: true,
    }
}

impl Recovery<'_> {
    /// Fetches the backup. What an earlier run began is gone on with.
    ///
    /// # Errors
    /// The directory holds something else; what could not be fetched.
    pub(crate) async fn fetch(&self, seen: &Seen) -> Result<(), Error> {
        ready(self.run, self.backup, &self.place, seen).await?;
        let script = include_str!("steps/fetch.sh");
        let size = self.choice.size.to_string();
        let arguments = [self.place.layout.name.as_str(), &self.choice.backup, &size, &self.choice.first];
        let output = self.run.ask(script, &arguments, Input::Nothing).await?;
        let said = output.errors().trim().to_owned();
        match output.code() {
            Some(0) => Ok(()),
            Some(73) => self.refused("The directory to restore into is not empty", said),
            Some(69) => self.refused("There is no room for the backup", said),
            Some(65) => self.refused("The backup is another cluster's", said),
            Some(66) => self.refused(
                "The archive cannot be read",
                format!("{said}\n\nWhere it is encrypted, set the key it was written with in `encryption` of the source. Nothing was fetched."),
            ),
            Some(78) => self.refused(
                "Backups with tablespaces cannot be restored beside their source",
                format!("{said}\nRestore it on a machine of its own, or move what is in the tablespaces into the data directory."),
            ),
            _ => Err(self.run.machine.failed(&format!("fetching {}", self.choice.backup), &output).into()),
        }
    }

    /// Replays WAL until the target, and proves that it was reached. The server is left paused there.
    ///
    /// # Errors
    /// The target was not reached; nothing was promoted.
    pub(crate) async fn replay(&self) -> Result<Arrived, Error> {
        let settings = self.target.settings(self.inclusive, self.choice.timeline);
        let input = Input::Bytes(format!("{}{settings}", self.settings).into());
        let left = self.run.budget.remaining().unwrap_or(Duration::from_secs(86_400));
        // What is left after it is for the promotion, and for telling why there was none.
        let limit = left.saturating_sub(Duration::from_secs(20)).as_secs().max(10).to_string();
        let all = if self.target == Target::Latest { "end" } else { "" };
        let arguments = [self.place.layout.name.as_str(), limit.as_str(), all];
        let output = self.run.ask(include_str!("steps/recover.sh"), &arguments, input).await?;
        if !output.ok() {
            return self.stopped(&output);
        }
        let text = output.text();
        let Some(arrived) = arrived(&text) else {
            let problem = format!("the recovery said {text:?}");
            return Err(Error::Answer { machine: self.run.machine.name().to_owned(), problem });
        };
        match self.target.judge(self.inclusive, &arrived, self.choice.archived_until()) {
            Ok(()) => Ok(arrived),
            Err(missed) => self.refused(
                "The target was not reached",
                format!(
                    "On {}, from {}: {missed}. Nothing was promoted.",
                    self.run.machine.name(),
                    self.choice.backup
                ),
            ),
        }
    }

    fn stopped<T>(&self, output: &Output) -> Result<T, Error> {
        let said = output.errors().trim().to_owned();
        match output.code() {
            Some(70) => self.refused("The recovery stopped", format!("{said}\n\nNothing was promoted.")),
            Some(71) => self.refused("The recovery ended by itself", format!("{said}. It is not used.")),
            Some(75) => self.refused(
                "The target was not reached in time",
                format!("{said}\n\nNothing was promoted. Apply again to go on, with longer `timeouts` where there is much to replay."),
            ),
            _ => Err(self.run.machine.failed("replaying the archive", output).into()),
        }
    }

    /// Promotes what was proved. The timeline must be the one that was found free in the store.
    ///
    /// # Errors
    /// It was not promoted, or to another timeline: it is stopped then, and nothing of it was archived.
    pub(crate) async fn promote(&self) -> Result<(), Error> {
        let next = self.choice.next.to_string();
        let arguments = [self.place.layout.name.as_str(), next.as_str()];
        let output = self.run.ask(include_str!("steps/promote.sh"), &arguments, Input::Nothing).await?;
        let said = output.errors().trim().to_owned();
        match output.code() {
            Some(0) => Ok(()),
            Some(73) => self.refused(
                "The timeline is used already",
                format!("{said}. Its WAL would collide with what the archive has. Apply again: another one is looked for."),
            ),
            Some(74) => self.refused(
                "It was not promoted",
                format!("{said}\n\nWhether the next timeline is free cannot be told while the archive's histories cannot be read."),
            ),
            _ => Err(self.run.machine.failed("promoting what was restored", &output).into()),
        }
    }

    /// Stops the server cleanly and puts the data in their place.
    ///
    /// # Errors
    /// What could not be done.
    pub(crate) async fn settle(&self, data: &str) -> Result<(), Error> {
        let next = self.choice.next.to_string();
        let arguments = [self.place.layout.name.as_str(), data, next.as_str()];
        let script = include_str!("steps/settle.sh");
        self.run
            .script("putting the restored data in place", script, &arguments, Input::Nothing)
            .await
            .map(drop)
    }

    fn refused<T>(&self, summary: &str, detail: String) -> Result<T, Error> {
        Err(Refusal::new(summary, detail).at(self.path.clone()).into())
    }
}

/// How long something took so far, in milliseconds.
pub(crate) fn milliseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A failure of the source as an error of its block.
pub(crate) fn unread(path: &Path, error: &(dyn std::error::Error + 'static)) -> Diagnostics {
    let detail = format!("{}.", crate::errors::chain(error));
    Diagnostics::error_at(path.clone(), "The archive cannot be read", detail)
}
