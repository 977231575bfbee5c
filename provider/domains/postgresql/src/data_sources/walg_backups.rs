//! `hybridops_walg_backups`.

use tf_framework::{Computed, DataContext, DataSource, Diagnostics, Model, Result};
use tf_value::Path;

use super::read;
use crate::client::Postgresql;
use crate::store::window::told;
use crate::store::{Backup, Storage};
use hosts::Connection;

/// The backups of a PostgreSQL archive written by WAL-G, the newest first, read straight from the store: neither the
/// database nor its host nor WAL-G need to be there.
///
/// Costs three listings, and one request for each sentinel and metadata file that changed since the last read of the
/// same run.
#[derive(Debug, Clone, Model)]
pub struct WalgBackups {
    /// Where the archive is.
    pub storage: Storage,
    /// The machine on which the directory of a `file` or `sftp` storage is. The machine that Terraform runs on unless
    /// set, which only a `file` storage allows.
    pub machine: Option<Connection>,
    /// Only backups of the cluster with this system identifier.
    #[attr(validate(matches("^[0-9]{1,20}$", "a system identifier: a number, as text")))]
    pub system_id: Option<String>,
    /// Only backups of this timeline.
    #[attr(validate(range(1..)))]
    pub timeline: Option<u32>,
    /// Only backups that were proven by a restore, or only those that were not.
    pub verified: Option<bool>,
    /// Only backups that are marked as permanent, or only those that are not.
    pub permanent: Option<bool>,
    /// Whether finding none is an error. It is not unless set.
    pub required: Option<bool>,
    /// The backups, the newest first, by the time they ended.
    pub backups: Computed<Vec<BackupInfo>>,
    /// The system identifier of the cluster that the archive belongs to: by its marker, else by its newest backup. Null
    /// where nothing tells it.
    pub archive_system_id: Computed<Option<String>>,
    /// Whether the archive has a marker that says whose it is.
    pub marked: Computed<bool>,
    /// Backups without a sentinel: under way, or left behind by one that failed.
    pub unfinished: Computed<Vec<String>>,
    /// Objects of the archive that are not what their names say.
    pub broken: Computed<Vec<BrokenInfo>>,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct BackupInfo {
    /// Its name: `base_000000010000000000000003`.
    #[attr(computed)]
    pub name: String,
    /// The system identifier of its cluster; null in backups of old versions of WAL-G.
    #[attr(computed)]
    pub system_id: Option<String>,
    /// Its timeline.
    #[attr(computed)]
    pub timeline: u32,
    /// Major version of PostgreSQL.
    #[attr(computed)]
    pub major_version: u32,
    /// When it began, in UTC.
    #[attr(computed)]
    pub start_time: String,
    /// When it ended, in UTC.
    #[attr(computed)]
    pub finish_time: String,
    /// Where its recovery begins: `0/3000028`.
    #[attr(computed)]
    pub start_lsn: String,
    /// Where it is consistent: the first position that can be recovered to.
    #[attr(computed)]
    pub finish_lsn: String,
    /// Whether retention must leave it alone.
    #[attr(computed)]
    pub permanent: bool,
    /// The backup it holds the difference to; null for a full one.
    #[attr(computed)]
    pub parent: Option<String>,
    /// The full backup at the beginning of its chain; its own name for a full one.
    #[attr(computed)]
    pub full: String,
    /// Whether it was proven by a restore.
    #[attr(computed)]
    pub verified: bool,
    /// When it was proven last, in UTC; null where it never was.
    #[attr(computed)]
    pub verified_at: Option<String>,
    /// Bytes of the data directory that are in it.
    #[attr(computed)]
    pub uncompressed_size: u64,
    /// Bytes it takes in the store.
    #[attr(computed)]
    pub compressed_size: u64,
    /// The host it was made on.
    #[attr(computed)]
    pub hostname: String,
}

/// An object that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct BrokenInfo {
    /// Its key, relative to the prefix.
    #[attr(computed)]
    pub key: String,
    /// What is wrong with it.
    #[attr(computed)]
    pub problem: String,
}

impl BackupInfo {
    fn of(backup: &Backup) -> Self {
        let proven = backup.verified.as_ref();
        let at = proven.and_then(|proof| time::OffsetDateTime::from_unix_timestamp(proof.at).ok());
        Self {
            name: backup.name.clone(),
            system_id: backup.system_id.map(|id| id.to_string()),
            timeline: backup.timeline(),
            major_version: backup.major(),
            start_time: told(backup.start_time),
            finish_time: told(backup.finish_time),
            start_lsn: backup.start_lsn.to_string(),
            finish_lsn: backup.finish_lsn.to_string(),
            permanent: backup.permanent,
            parent: backup.parent.clone(),
            full: backup.full.clone(),
            verified: proven.is_some(),
            verified_at: at.map(told),
            uncompressed_size: backup.uncompressed_size,
            compressed_size: backup.compressed_size,
            hostname: backup.hostname.clone(),
        }
    }
}

impl WalgBackups {
    fn wants(&self, backup: &Backup) -> bool {
        let system = backup.system_id.map(|id| id.to_string());
        self.system_id.as_ref().is_none_or(|wanted| system.as_ref() == Some(wanted))
            && self.timeline.is_none_or(|wanted| wanted == backup.timeline())
            && self.verified.is_none_or(|wanted| wanted == backup.verified.is_some())
            && self.permanent.is_none_or(|wanted| wanted == backup.permanent)
    }
}

impl DataSource for WalgBackups {
    const NAME: &'static str = "walg_backups";
    const SUBCATEGORY: &'static str = "PostgreSQL";
    type Client = Postgresql;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let archive = read(cx, &config.storage, config.machine.as_ref()).await?.archive;
        let wanted = archive.backups.iter().rev().filter(|backup| config.wants(backup));
        let backups: Vec<BackupInfo> = wanted.map(BackupInfo::of).collect();
        if backups.is_empty() && config.required == Some(true) {
            return Err(Diagnostics::error_at(
                Path::root().attribute("required"),
                "There is no such backup",
                format!(
                    "`required` is set, and none of the {} finished backups in the store is as asked for.",
                    archive.backups.len()
                ),
            ));
        }
        let broken: Vec<BrokenInfo> = archive
            .broken
            .iter()
            .map(|broken| BrokenInfo { key: broken.key.clone(), problem: broken.problem.clone() })
            .collect();
        let system_id = archive.system_id().map(|id| id.to_string());
        let unfinished: Vec<String> = archive.unfinished.iter().cloned().collect();
        Ok(Self {
            backups: backups.into(),
            archive_system_id: system_id.into(),
            marked: archive.identity.is_some().into(),
            unfinished: unfinished.into(),
            broken: broken.into(),
            ..config
        })
    }
}
