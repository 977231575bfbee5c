//! The block `backup`.

mod encryption;
mod program;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Choice, Computed, GoDuration, Model, Value, WriteOnly};

pub(crate) use encryption::*;
pub(crate) use program::*;
pub(crate) use status::*;

use super::keys::refusal;
use super::schedule::Schedule;
use crate::store::Storage;

/// How the instance is archived and backed up by WAL-G.
#[derive(Debug, Clone, Model)]
pub struct Backup {
    /// Where the archive is kept. One archive belongs to one cluster: the first instance that writes there puts its
    /// system identifier into it, and no other may write there.
    pub storage: Storage,
    /// What WAL-G shows to the storage. What the machine has of its own (an instance profile) unless set.
    pub credentials: Option<Credentials>,
    /// Raise it to send the credentials again.
    #[attr(validate(range(1..)))]
    pub credentials_version: Option<i64>,
    /// When base backups are taken: a time of day in the machine's time zone (`02:00`), or a calendar expression of
    /// systemd (`Mon,Thu 03:30`).
    #[attr(
        default = "02:00",
        validate(custom(is_schedule, "a time of day such as `02:00` or a calendar expression of systemd"))
    )]
    pub schedule: String,
    /// Recovery window: how far back the cluster can be restored to any point. Backups and WAL that only serve older
    /// points are deleted at apply, and the plan lists them before; an archive on SFTP, or in a directory inside a
    /// container, is not shortened yet, and the plan says so. Days or hours, `30d` or `72h`.
    #[attr(
        default = "30d",
        validate(matches(r"^[1-9][0-9]{0,4}[dhw]$", "a number of days, hours or weeks such as `30d`"))
    )]
    pub window: String,
    /// Verified backups that are never deleted, whatever the window says.
    #[attr(default = 1, validate(range(1..=100)))]
    pub minimum_verified: u32,
    /// How the archive is compressed.
    #[attr(default = Compression::Zstd)]
    pub compression: Compression,
    /// Encryption of the archive, on the machine, before it is sent. What was written before stays as it is, so a new
    /// key comes with a full backup.
    pub encryption: Option<Encryption>,
    /// Delta backups after each full one. None unless set: restores from deltas have had faults, so turn them on with
    /// a restore drill.
    #[attr(default = 0, validate(range(0..=100)))]
    pub delta_steps: u32,
    /// How much WAL-G may do at a time.
    pub limits: Option<Limits>,
    /// How long things may take.
    pub timeouts: Option<BackupTimeouts>,
    /// The program.
    pub wal_g: WalG,
    /// Directory of the node exporter's text files, where a file of metrics is written every 30 seconds.
    #[attr(
        default = "/var/lib/prometheus/node-exporter",
        validate(matches(r"^/[A-Za-z0-9_.@+/-]*[A-Za-z0-9_.@+-]$", "an absolute path without spaces"))
    )]
    pub metrics_directory: String,
    /// Further keys of WAL-G's configuration, such as `WALG_TAR_SIZE_THRESHOLD`. Only keys that are known may be set:
    /// WAL-G does no more than warn about others.
    #[attr(default = [], validate(custom(are_known, "known keys with values of their kind")))]
    pub settings: BTreeMap<String, String>,
    /// Fingerprint of the key that encrypts the archive: the first 16 hexadecimal digits of its SHA-256. Null without
    /// encryption.
    #[attr(stable)]
    pub fingerprint: Computed<Option<String>>,
    /// What on the machine differs from what is declared here, such as a script that was changed by hand. An apply
    /// puts it right, so it is empty after one.
    #[attr(stable)]
    pub differences: Computed<BTreeSet<String>>,
    /// Backups that the recovery window no longer needs: the apply deletes exactly these, and the WAL that only they
    /// needed. Empty when there are none, and after each apply.
    #[attr(stable)]
    pub expired_backups: Computed<BTreeSet<String>>,
    /// What was proved when it was applied last.
    #[attr(stable)]
    pub proof: Computed<BackupProof>,
}

/// What opens a storage. None of it is stored.
#[derive(Debug, Clone, Default, Model)]
pub struct Credentials {
    /// S3: access key.
    pub access_key_id: WriteOnly<String>,
    /// S3: secret key.
    pub secret_access_key: WriteOnly<String>,
    /// S3: token of a session.
    pub session_token: WriteOnly<String>,
    /// Google Cloud Storage: key of a service account, JSON.
    pub google_credentials: WriteOnly<String>,
    /// Azure: key of the storage account.
    pub azure_account_key: WriteOnly<String>,
    /// Azure: shared access signature.
    pub azure_sas_token: WriteOnly<String>,
    /// SFTP: private key, OpenSSH format.
    pub ssh_private_key: WriteOnly<String>,
    /// SFTP: password.
    pub ssh_password: WriteOnly<String>,
}

/// How the archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Compression {
    /// Small and fast.
    Zstd,
    /// Faster and larger.
    Lz4,
    /// Smaller and slower. Takes a WAL-G that was built with it.
    Brotli,
    /// Smallest and slowest.
    Lzma,
    /// Not at all.
    None,
}

/// How much WAL-G may do at a time.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Limits {
    /// Uploads at a time. 16 unless set.
    #[attr(validate(range(1..=256)))]
    pub upload_concurrency: Option<u32>,
    /// Downloads at a time. 10 unless set.
    #[attr(validate(range(1..=256)))]
    pub download_concurrency: Option<u32>,
    /// Readers of the disk at a time. 1 unless set.
    #[attr(validate(range(1..=64)))]
    pub disk_concurrency: Option<u32>,
    /// What a backup may read from the disk, in bytes a second. No limit unless set.
    #[attr(validate(range(1024..)))]
    pub disk_rate: Option<u64>,
    /// What a backup may send, in bytes a second. No limit unless set.
    #[attr(validate(range(1024..)))]
    pub network_rate: Option<u64>,
}

/// How long things may take.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct BackupTimeouts {
    /// Archiving one segment; then it is tried again. Two minutes unless set.
    pub archive: Option<GoDuration>,
    /// Fetching one segment; then it is tried again. Two minutes unless set.
    pub fetch: Option<GoDuration>,
    /// One base backup. A day unless set.
    pub backup: Option<GoDuration>,
    /// Waiting, at the end of a base backup, until its WAL is archived. One hour unless set.
    pub stop: Option<GoDuration>,
}

impl BackupTimeouts {
    /// How long each may take where nothing is said.
    pub(crate) const USUAL: [(&'static str, u64); 4] =
        [("archive", 120), ("fetch", 120), ("backup", 86_400), ("stop", 3_600)];
}

fn are_known(value: &Value) -> Result<(), String> {
    let Value::Map(settings) = value else { return Ok(()) };
    let refused: Vec<String> = settings
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}: {}", refusal(name, value.as_str()?)?)))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused.join(" ")) }
}

fn is_schedule(value: &Value) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    text.parse::<Schedule>().map(drop).map_err(|error| error.to_string())
}
