//! Brings the data of a new instance out of an archive.

use std::sync::Arc;
use std::time::Instant;

use hosts::Machine;
use tf_framework::{Computed, Diagnostic, Path};
use transport_ssh::Budget;

use super::choice::Choice;
use super::model::{Restore, Restored};
use super::recovery::{Recovery, milliseconds, place, unread};
use super::target::{Target, rfc3339};
use crate::client::Postgresql;
use crate::errors::{Error, Refusal};
use crate::instance::Run;
use crate::store::{Archive, Cache, Files, Store, Verified};
use crate::walg::{Backup, Seen, for_restore};

/// The path of the block.
fn at(name: &str) -> Path {
    Path::root().attribute("restore").attribute(name)
}

/// Looks up how the target is reached.
///
/// # Errors
/// It cannot be reached, or the archive cannot be read.
pub(crate) async fn choose(
    restore: &Restore,
    store: &dyn Store,
    cache: &Cache,
    version: u32,
    budget: &Budget,
) -> Result<Choice, Error> {
    let read = Archive::read(store, cache, budget).await;
    let archive = read.map_err(|error| unread(&at("source"), &error))?;
    let choice = Choice::of(&archive, &restore.target).map_err(|error| {
        let detail = format!("In {}: {error}. Nothing was done.", store.place());
        Refusal::new("The restore's target cannot be reached", detail).at(at("target"))
    })?;
    if choice.major != version {
        let detail = format!(
            "{} is of PostgreSQL {}, and `postgresql.version` is {version}. A backup is restored by its own major version.",
            choice.backup, choice.major
        );
        return Err(Refusal::new("The backup is of another major version", detail).at(at("source")).into());
    }
    Ok(choice)
}

/// What a new instance needs to be restored.
pub(crate) struct Bring<'a> {
    /// The operation.
    pub(crate) run: &'a Run,
    /// What is declared.
    pub(crate) restore: &'a Restore,
    /// Name of the member.
    pub(crate) member: &'a str,
    /// Major version.
    pub(crate) version: u32,
    /// Name of the cluster.
    pub(crate) cluster: &'a str,
    /// Directory of the data, empty or not there yet.
    pub(crate) data: &'a str,
    /// The instance's own archive: where WAL-G comes from, and credentials where the source has none of its own.
    pub(crate) own: &'a Backup,
    /// The archive.
    pub(crate) store: Arc<dyn Store>,
}

impl Bring<'_> {
    /// Restores into a new directory beside, proves the target, promotes, and gives the data their place. What was
    /// interrupted is gone on with. The server is stopped at the end and has never archived.
    ///
    /// # Errors
    /// Why there are no data; nothing that was there is changed.
    pub(crate) async fn bring(&self, seen: &Seen) -> Result<Restored, Error> {
        let (run, begun) = (self.run, Instant::now());
        let cache = Cache::default();
        let choosing = choose(self.restore, self.store.as_ref(), &cache, self.version, &run.budget);
        let choice = run.step("choice of the backup", choosing).await?;
        let Some(target) = Target::of(&self.restore.target) else {
            return Err(Refusal::new("No target is set", "Set one of the targets.").at(at("target")).into());
        };
        let source = &self.restore.source;
        let backup: Backup = for_restore(
            &source.storage,
            source.credentials.as_ref().or(self.own.credentials.as_ref()),
            source.encryption.as_ref(),
            &self.own.wal_g,
        );
        let name = format!("{}-{}.restore", self.version, self.cluster);
        let recovery = Recovery {
            run,
            backup: &backup,
            place: place(self.member, name, format!("{}.restoring", self.data), self.version, &choice),
            choice: choice.clone(),
            target,
            inclusive: self.restore.target.inclusive,
            settings: String::new(),
            path: at("target"),
        };
        run.step("fetch of the backup", recovery.fetch(seen)).await?;
        let arrived = run.step("replay of the archive", recovery.replay()).await?;
        run.step("promotion of what was restored", recovery.promote()).await?;
        run.step("data in their place", recovery.settle(self.data)).await?;
        let mark = Verified::now(&choice.backup, choice.system_id, "restore", arrived.lsn);
        if let Err(error) = mark.write(self.store.as_ref(), &run.budget).await {
            tracing::warn!(%error, "the restore is not marked in the archive");
        }
        Ok(Restored {
            backup: Computed::Known(choice.backup),
            system_identifier: Computed::Known(choice.system_id.to_string()),
            lsn: Computed::Known(arrived.lsn.to_string()),
            committed_at: Computed::Known(arrived.committed.map(rfc3339)),
            timeline: Computed::Known(choice.next),
            milliseconds: Computed::Known(milliseconds(begun)),
        })
    }
}

/// Looks up at plan whether the target can be reached. An archive that is a directory of a machine that cannot be
/// reached now is no fault of the plan.
///
/// # Errors
/// It cannot be reached.
pub(crate) async fn foresee(
    client: &Postgresql,
    restore: &Restore,
    machine: Option<Machine>,
    version: u32,
    budget: &Budget,
) -> Result<(), Error> {
    let on_machine = machine.is_some();
    let files = machine.map_or(Files::Unknown, Files::On);
    let store = client.stores.open(&restore.source.storage, &files).map_err(|error| {
        let detail = format!("{}.", crate::errors::chain(&error));
        Refusal::new("The store of the archive cannot be opened", detail).at(at("source"))
    })?;
    match choose(restore, store.as_ref(), &Cache::default(), version, budget).await {
        Err(Error::Told(_)) if on_machine => Ok(()),
        chosen => chosen.map(drop),
    }
}

/// What a plan says of a `restore` that would do nothing.
pub(crate) fn unused() -> Diagnostic {
    Diagnostic::warning(
        "`restore` does nothing to an instance that exists",
        "It counts when an instance is made. To restore this cluster, declare a new instance beside it and move the clients \
         when it is as it should be.",
    )
    .at(Path::root().attribute("restore"))
}
