//! Proofs: whose the archive is, that what is written arrives there, that it has a backup, that it is encrypted.

use std::sync::Arc;

use bytes::Bytes;
use tf_framework::{Computed, Diagnostics};
use transport_ssh::{FileSpec, Input};

use super::apply::{Prepared, at, prepare};
use super::config::{Place, seconds};
use super::model::{Backup, BackupProof};
use super::sealed::readable;
use super::seen::{BackupResult, Seen};
use super::setback::{Ahead, ahead, listed_after, object_of};
use crate::errors::{Error, Refusal, chain};
use crate::instance::Run;
use crate::store::{Claim, Identity, Store, StoreError, stranger};

/// What is archived where.
pub(crate) struct Archive<'a> {
    /// The operation.
    pub(crate) run: &'a Run,
    /// What is declared.
    pub(crate) backup: &'a Backup,
    /// The instance.
    pub(crate) place: &'a Place,
    /// The archive, seen from here.
    pub(crate) store: Arc<dyn Store>,
}

/// A failure of the store as an error of the storage block.
pub(crate) fn told(what: &str, error: &StoreError) -> Error {
    Diagnostics::error_at(at("storage"), what, format!("{}.", chain(error))).into()
}

impl Archive<'_> {
    /// Makes the archive this cluster's, or refuses where it is another's. Nothing is archived before.
    ///
    /// # Errors
    /// The archive is another's, or cannot be reached.
    async fn claim(&self) -> Result<(), Error> {
        let failed = |error: StoreError| told("The archive cannot be claimed", &error);
        let (store, budget) = (self.store.as_ref(), &self.run.budget);
        let own = Identity::new(self.place.system_id, self.place.version, &self.place.cluster);
        if Identity::read(store, budget).await.map_err(failed)?.is_none() {
            self.refuse_stranger().await?;
        }
        let claim = own.claim(store, budget).await;
        match claim.map_err(failed)? {
            Claim::Made(_) | Claim::Ours(_) => Ok(()),
            Claim::Foreign(other) => {
                let detail = format!(
                    "{} is the archive of the cluster {:?}, PostgreSQL {}, system identifier {}. This cluster is {:?}, \
                     PostgreSQL {}, system identifier {}. WAL of both would overwrite each other, so nothing was written. \
                     Give this cluster a prefix of its own.",
                    self.store.place(),
                    other.cluster,
                    other.major,
                    other.system_id,
                    self.place.cluster,
                    self.place.version,
                    self.place.system_id
                );
                Err(Refusal::new("The archive belongs to another cluster", detail).at(at("storage")).into())
            }
        }
    }

    /// Refuses a prefix without a marker where another cluster was archived before.
    async fn refuse_stranger(&self) -> Result<(), Error> {
        let cache = self.run.client.stores.cache();
        let (store, own) = (self.store.as_ref(), self.place.system_id);
        let found = stranger(store, cache, own, &self.run.budget).await;
        let Some(other) = found.map_err(|error| told("The archive cannot be looked at", &error))? else {
            return Ok(());
        };
        let detail = format!(
            "{} has no marker, and its {} is of the cluster with system identifier {}. This cluster is {:?}, system identifier \
             {own}. WAL of both would overwrite each other, so nothing was written. Give this cluster a prefix of its own.",
            store.place(),
            other.what,
            other.system_id,
            self.place.cluster
        );
        Err(Refusal::new("The archive belongs to another cluster", detail).at(at("storage")).into())
    }

    /// Refuses where the archive is ahead of the server, and keeps it from archiving until that is resolved.
    ///
    /// # Errors
    /// The server was set back, or left behind.
    async fn refuse_set_back(&self) -> Result<(), Error> {
        let current = self
            .run
            .sql(
                "asking for the current segment",
                self.place.port,
                "postgres",
                include_str!("steps/current-segment.sql"),
            )
            .await?;
        let current = current.trim();
        let listed = self.store.list("wal_005", Some(&listed_after(current)), &self.run.budget).await;
        let objects = listed.map_err(|error| told("The archive cannot be listed", &error))?;
        let name = &self.place.member;
        let (summary, why) = match ahead(current, &objects) {
            Ahead::Nothing => return self.allow().await,
            Ahead::SameTimeline(last) => (
                "The instance was set back under its archive",
                format!(
                    "the archive has {last}, and this server writes to {current} only: it was set back, by a snapshot or a copy"
                ),
            ),
            Ahead::LaterTimeline(other) => (
                "The instance was left behind by another primary",
                format!(
                    "the archive has timeline {other}, and this server writes to {current}: another one was promoted"
                ),
            ),
        };
        let content = Input::Bytes(Bytes::from(format!("{why}\n")));
        let owner = Some("postgres:postgres".to_owned());
        self.run
            .put(&FileSpec { path: self.place.layout.archiving_off(), content, mode: 0o644, owner })
            .await?;
        let detail = format!(
            "On {name}, {why}. Its WAL is not archived from now on, so that nothing in the archive is damaged. Restore this \
             instance from the archive into a new directory (`restore`), or make it a standby of the present primary."
        );
        Err(Refusal::new(summary, detail).at(at("storage")).into())
    }

    async fn allow(&self) -> Result<(), Error> {
        let path = self.place.layout.archiving_off();
        self.run.script("allowing to archive", "rm -f -- \"$1\"", &[&path], Input::Nothing).await.map(drop)
    }

    /// Prepares archiving, of an archive that is this cluster's: before a server runs whose `archive_command` is ours,
    /// and when the system identifier is known. Safe to repeat.
    ///
    /// # Errors
    /// The archive is another's; what could not be done.
    pub(crate) async fn prepare(&self, seen: &Seen) -> Result<Prepared, Error> {
        self.run.step("whose the archive is", self.claim()).await?;
        prepare(self.run, self.backup, self.place, seen).await
    }

    /// All proofs of a primary that runs.
    ///
    /// # Errors
    /// What was not proved.
    pub(crate) async fn prove(&self, prepared: &Prepared, seen: &Seen) -> Result<BackupProof, Error> {
        let run = self.run;
        run.step("where the archive ends", self.refuse_set_back()).await?;
        let trip = run.step("round trip through the archive", self.round_trip()).await?;
        let sealed = match self.backup.encryption {
            Some(_) => Some(run.step("proof of the encryption", self.sealed(&trip.segment)).await?),
            None => None,
        };
        let backup = run.step("first backup", self.first_backup(prepared, seen)).await?;
        let known = |text: Option<String>| Computed::Known(text);
        Ok(BackupProof {
            wal_g_version: known(Some(prepared.version.clone())),
            wal_g_sha256: known(Some(prepared.sha256.clone())),
            archived_lsn: known(Some(trip.lsn)),
            archived_segment: known(Some(trip.segment)),
            archived_at: known(Some(trip.at)),
            archive_milliseconds: Computed::Known(Some(trip.milliseconds)),
            backup: known(backup.name),
            backup_finished_at: known(backup.finish_time),
            encrypted_object: known(sealed),
        })
    }

    async fn round_trip(&self) -> Result<Trip, Error> {
        let limit = seconds(self.backup, "archive").saturating_mul(2).to_string();
        let arguments = [self.place.layout.name.as_str(), limit.as_str()];
        let output = self.run.ask(include_str!("steps/round-trip.sh"), &arguments, Input::Nothing).await?;
        if output.code() == Some(75) || output.code() == Some(76) {
            let detail = format!(
                "{}\n\nNothing that is written there can be restored. Look at the storage's address and credentials, then \
                 apply again.",
                output.errors().trim()
            );
            return Err(Refusal::new("What is written does not reach the archive", detail)
                .at(at("storage"))
                .into());
        }
        if !output.ok() {
            return Err(self.run.machine.failed("proving the way to the archive", &output).into());
        }
        let text = output.text();
        let words: Vec<&str> = text.split_whitespace().collect();
        let [lsn, segment, milliseconds, at] = words.as_slice() else {
            let problem = format!("the round trip said {text:?}");
            return Err(Error::Answer { machine: self.run.machine.name().to_owned(), problem });
        };
        Ok(Trip {
            lsn: (*lsn).to_owned(),
            segment: (*segment).to_owned(),
            milliseconds: milliseconds.parse().unwrap_or_default(),
            at: (*at).to_owned(),
        })
    }

    /// Reads an object of the archive as it lies there, and refuses it where it can be read without the key.
    async fn sealed(&self, segment: &str) -> Result<String, Error> {
        let failed = |error: StoreError| told("The proof of the encryption failed", &error);
        let after = listed_after(segment);
        let listed = self.store.list("wal_005", Some(&after), &self.run.budget).await.map_err(failed)?;
        let own = object_of(segment);
        let key = listed.into_iter().map(|object| object.key).find(|key| key.starts_with(&own));
        let object = match &key {
            Some(key) => self.store.get(key, None, &self.run.budget).await.map_err(failed)?,
            None => None,
        };
        let (Some(key), Some(object)) = (key, object) else {
            let detail = format!(
                "{} does not have {segment}, which was read back from it just now.",
                self.store.place()
            );
            return Err(Refusal::new("The archive is not what WAL-G writes to", detail)
                .at(at("storage"))
                .into());
        };
        if let Some(why) = readable(&object.content, self.place.system_id) {
            let detail = format!(
                "{}/{key} can be read without the key: {why}. This WAL-G does not encrypt, or was built without libsodium.",
                self.store.place()
            );
            return Err(Refusal::new("The archive is not encrypted", detail).at(at("encryption")).into());
        }
        Ok(key)
    }

    /// The newest backup if it is in the archive and can be read with the key; else one is taken.
    async fn first_backup(&self, prepared: &Prepared, seen: &Seen) -> Result<BackupResult, Error> {
        if let Some(there) = seen.results.backup_ok.as_ref().filter(|_| !prepared.new_key)
            && self.is_in_the_archive(there).await?
        {
            return Ok(there.clone());
        }
        let limit = seconds(self.backup, "backup").to_string();
        let arguments = [self.place.layout.name.as_str(), limit.as_str()];
        let script = include_str!("steps/first-backup.sh");
        let said = self.run.script("taking a full backup", script, &arguments, Input::Nothing).await?;
        let unread = |problem: String| Error::Answer { machine: self.run.machine.name().to_owned(), problem };
        let result: BackupResult = serde_json::from_str(said.trim())
            .map_err(|error| unread(format!("the result of the backup: {error}")))?;
        if result.result != "ok" {
            let detail = format!("{}. Nothing can be restored before there is one.", result.reason);
            return Err(Refusal::new("No backup was taken", detail).at(at("storage")).into());
        }
        if !self.is_in_the_archive(&result).await? {
            let name = result.name.unwrap_or_default();
            let detail = format!("{} does not have {name}, which was written just now.", self.store.place());
            return Err(Refusal::new("The archive is not what WAL-G writes to", detail)
                .at(at("storage"))
                .into());
        }
        Ok(result)
    }

    /// Whether a backup is in the archive as it was written: its sentinel, of this cluster, from there to there.
    async fn is_in_the_archive(&self, result: &BackupResult) -> Result<bool, Error> {
        let Some(name) = &result.name else { return Ok(false) };
        let failed = |error: StoreError| told("The backup cannot be looked at", &error);
        let key = format!("basebackups_005/{name}_backup_stop_sentinel.json");
        let Some(object) = self.store.get(&key, None, &self.run.budget).await.map_err(failed)? else {
            return Ok(false);
        };
        let Ok(sentinel) = serde_json::from_slice::<Sentinel>(&object.content) else { return Ok(false) };
        let of = |lsn: Option<u64>| lsn.map(|lsn| crate::store::Lsn(lsn).to_string());
        if sentinel.system.is_some_and(|system| system != self.place.system_id)
            || of(sentinel.start) != result.start_lsn
            || of(sentinel.finish) != result.finish_lsn
        {
            return Ok(false);
        }
        let under = format!("basebackups_005/{name}/tar_partitions");
        Ok(!self.store.list(&under, None, &self.run.budget).await.map_err(failed)?.is_empty())
    }
}

/// A round trip through the archive.
struct Trip {
    lsn: String,
    segment: String,
    milliseconds: u64,
    at: String,
}

/// What WAL-G writes last of a backup. Encrypted archives have it in the clear.
#[derive(serde::Deserialize)]
struct Sentinel {
    #[serde(rename = "LSN")]
    start: Option<u64>,
    #[serde(rename = "FinishLSN")]
    finish: Option<u64>,
    #[serde(rename = "SystemIdentifier")]
    system: Option<u64>,
}
