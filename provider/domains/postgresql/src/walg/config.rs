//! WAL-G's configuration: from the block `backup` to the keys of a file.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use transport_ssh::Secret;

use super::layout::Layout;
use super::model::{Backup, BackupTimeouts, Compression, Credentials, Encryption};

/// The instance that is archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Name of the member.
    pub(crate) member: String,
    /// Major version.
    pub(crate) version: u32,
    /// Name of the cluster.
    pub(crate) cluster: String,
    /// Where our files are.
    pub(crate) layout: Layout,
    /// Directory of the data.
    pub(crate) data: String,
    /// Directory of the server's socket.
    pub(crate) socket: String,
    /// Its port.
    pub(crate) port: u16,
    /// System identifier.
    pub(crate) system_id: u64,
    /// Bytes of a WAL segment.
    pub(crate) segment: u64,
    /// Seconds of work that may be lost, where the user says so.
    pub(crate) rpo: Option<u64>,
    /// Whether a lease of the epoch must be there to archive.
    pub(crate) epoch_guard: bool,
    /// Whether it is where a backup is restored: it never archives, and wants to know where the archive ends.
    pub(crate) is_restore: bool,
}

/// Directory of the server's programs.
pub(crate) fn programs(version: u32) -> String {
    format!("/usr/lib/postgresql/{version}/bin")
}

/// Secrets, and the files some of them must be in.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Values of keys.
    pub(crate) keys: BTreeMap<&'static str, Secret>,
    /// Files in the directory of keys.
    pub(crate) files: Vec<(&'static str, Secret)>,
    /// Fingerprint of the encryption key.
    pub(crate) fingerprint: Option<String>,
}

/// A secret that cannot be what it is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    /// Not 32 bytes.
    #[error(
        "`libsodium_key` must be 32 bytes: 64 hexadecimal digits, or 44 characters of base64. Make one with `openssl rand -hex 32`"
    )]
    Libsodium,
    /// No armoured private key.
    #[error(
        "`pgp_key` must be an armoured private key: a text that begins with `-----BEGIN PGP PRIVATE KEY BLOCK-----`"
    )]
    Pgp,
    /// Not one of both.
    #[error("set `libsodium_key` or `pgp_key`, and only one of them")]
    NotOne,
}

/// The keys that are no secrets.
pub(crate) fn settings(backup: &Backup, place: &Place) -> BTreeMap<String, String> {
    let mut keys: BTreeMap<String, String> = backup.settings.clone();
    let mut set = |name: &str, value: String| {
        keys.insert(name.to_owned(), value);
    };
    for (name, value) in backup.storage.wal_g_settings() {
        set(name, value);
    }
    if backup.storage.s3.as_ref().is_some_and(|s3| s3.ca_certificate.is_some()) {
        set("WALG_S3_CA_CERT_FILE", place.layout.key(CA_CERTIFICATE));
    }
    set("PGDATA", place.data.clone());
    set("PGHOST", place.socket.clone());
    set("PGPORT", place.port.to_string());
    set("PGUSER", "postgres".to_owned());
    set("PGDATABASE", "postgres".to_owned());
    set("WALG_COMPRESSION_METHOD", method(backup.compression).to_owned());
    set("WALG_DELTA_MAX_STEPS", backup.delta_steps.to_string());
    set("WALG_PG_WAL_SIZE", (place.segment >> 20).to_string());
    set("WALG_PREFETCH_DIR", place.layout.prefetch());
    set("WALG_PREVENT_WAL_OVERWRITE", "true".to_owned());
    set("WALG_STOP_BACKUP_TIMEOUT", format!("{}s", seconds(backup, "stop")));
    if let Some(limits) = &backup.limits {
        let numbers = [
            ("WALG_UPLOAD_CONCURRENCY", limits.upload_concurrency.map(u64::from)),
            ("WALG_DOWNLOAD_CONCURRENCY", limits.download_concurrency.map(u64::from)),
            ("WALG_UPLOAD_DISK_CONCURRENCY", limits.disk_concurrency.map(u64::from)),
            ("WALG_DISK_RATE_LIMIT", limits.disk_rate),
            ("WALG_NETWORK_RATE_LIMIT", limits.network_rate),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                set(name, number.to_string());
            }
        }
    }
    let credentials = backup.credentials.clone().unwrap_or_default();
    if credentials.google_credentials.get().is_some() {
        set("GOOGLE_APPLICATION_CREDENTIALS", place.layout.key(GOOGLE));
    }
    if credentials.ssh_private_key.get().is_some() {
        set("SSH_PRIVATE_KEY_PATH", place.layout.key(SSH));
    }
    keys
}

const GOOGLE: &str = "google.json";
const SSH: &str = "ssh";
const CA_CERTIFICATE: &str = "s3-ca.pem";

/// What WAL-G calls a method of compression.
pub(crate) fn method(compression: Compression) -> &'static str {
    compression.as_str()
}

/// How long something may take, in seconds.
pub(crate) fn seconds(backup: &Backup, what: &str) -> u64 {
    let given = backup.timeouts.as_ref().and_then(|timeouts| match what {
        "archive" => timeouts.archive.as_ref(),
        "fetch" => timeouts.fetch.as_ref(),
        "backup" => timeouts.backup.as_ref(),
        _ => timeouts.stop.as_ref(),
    });
    let usual =
        BackupTimeouts::USUAL.iter().find(|(name, _)| *name == what).map_or(3_600, |(_, usual)| *usual);
    given.map_or(usual, |given| given.length().as_secs().max(1))
}

/// The secrets of the configuration.
///
/// # Errors
/// [`BadKey`].
pub(crate) fn secrets(backup: &Backup) -> Result<Secrets, BadKey> {
    let mut secrets = Secrets::default();
    let none = Credentials::default();
    let credentials = backup.credentials.as_ref().unwrap_or(&none);
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
        ("AWS_SESSION_TOKEN", &credentials.session_token),
        ("AZURE_STORAGE_ACCESS_KEY", &credentials.azure_account_key),
        ("AZURE_STORAGE_SAS_TOKEN", &credentials.azure_sas_token),
        ("SSH_PASSWORD", &credentials.ssh_password),
    ] {
        if let Some(value) = value.get() {
            secrets.keys.insert(name, Secret::new(value.as_str()));
        }
    }
    for (file, value) in [(GOOGLE, &credentials.google_credentials), (SSH, &credentials.ssh_private_key)] {
        if let Some(value) = value.get() {
            secrets.files.push((file, Secret::new(format!("{}\n", value.trim_end()))));
        }
    }
    if let Some(certificate) = backup.storage.s3.as_ref().and_then(|s3| s3.ca_certificate.as_ref()) {
        secrets.files.push((CA_CERTIFICATE, Secret::new(certificate.as_str())));
    }
    if let Some(encryption) = &backup.encryption {
        encrypt(&mut secrets, encryption)?;
    }
    Ok(secrets)
}

fn encrypt(secrets: &mut Secrets, encryption: &Encryption) -> Result<(), BadKey> {
    match (encryption.libsodium_key.get(), encryption.pgp_key.get()) {
        (Some(key), None) => {
            let (transform, bytes) = libsodium(key)?;
            secrets.keys.insert("WALG_LIBSODIUM_KEY", Secret::new(key.trim()));
            secrets.keys.insert("WALG_LIBSODIUM_KEY_TRANSFORM", Secret::new(transform));
            secrets.fingerprint = Some(fingerprint(&bytes));
        }
        (None, Some(key)) => {
            if !key.trim_start().starts_with("-----BEGIN PGP PRIVATE KEY BLOCK-----") {
                return Err(BadKey::Pgp);
            }
            secrets.keys.insert("WALG_PGP_KEY", Secret::new(key.as_str()));
            if let Some(passphrase) = encryption.pgp_passphrase.get() {
                secrets.keys.insert("WALG_PGP_KEY_PASSPHRASE", Secret::new(passphrase.as_str()));
            }
            secrets.fingerprint = Some(fingerprint(key.trim().as_bytes()));
        }
        _ => return Err(BadKey::NotOne),
    }
    Ok(())
}

/// What WAL-G must do to a key of libsodium, and its bytes. Its own default would cut or pad whatever it is given.
fn libsodium(key: &str) -> Result<(&'static str, Vec<u8>), BadKey> {
    let key = key.trim();
    if key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit()) {
        let digit = |at: usize| key.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..64).step_by(2).map(digit).collect();
        return bytes.map(|bytes| ("hex", bytes)).ok_or(BadKey::Libsodium);
    }
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == 32 => Ok(("base64", bytes)),
        _ => Err(BadKey::Libsodium),
    }
}

fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The file: one key a line, so that a line editor can show it without its secrets.
pub(crate) fn document(settings: &BTreeMap<String, String>, secrets: &Secrets) -> Secret {
    let plain = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let hidden = secrets.keys.iter().map(|(name, secret)| (*name, secret.expose()));
    let keys: BTreeMap<&str, &str> = plain.chain(hidden).collect();
    let lines: Vec<String> = keys
        .into_iter()
        .map(|(name, value)| {
            format!("  {}: {}", serde_json::Value::from(name), serde_json::Value::from(value))
        })
        .collect();
    Secret::new(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// What of the secrets is in the configuration; no secret itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Fingerprint of the encryption key.
    pub(crate) fingerprint: Option<String>,
    /// Names of the keys that hold secrets, and of those that name files with secrets.
    pub(crate) secrets: Vec<String>,
}

/// The file of the scripts: what they must know of the instance. It holds the versions of the secrets, and is written
/// last, so that what it says is done.
pub(crate) fn instance(backup: &Backup, place: &Place, done: &Done) -> BTreeMap<&'static str, String> {
    let state = place.layout.state();
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let lines = [
        ("HYBRIDOPS_MEMBER", place.member.clone()),
        ("HYBRIDOPS_STATE", state),
        ("HYBRIDOPS_SYSTEM_ID", place.system_id.to_string()),
        ("HYBRIDOPS_WAL_SEGMENT", place.segment.to_string()),
        ("HYBRIDOPS_WAL_G", super::layout::WAL_G.to_owned()),
        ("HYBRIDOPS_PG_BIN", programs(place.version)),
        ("HYBRIDOPS_ARCHIVE_LIMIT", seconds(backup, "archive").to_string()),
        ("HYBRIDOPS_FETCH_LIMIT", seconds(backup, "fetch").to_string()),
        ("HYBRIDOPS_BACKUP_LIMIT", seconds(backup, "backup").to_string()),
        ("HYBRIDOPS_WAL_WAIT", seconds(backup, "stop").to_string()),
        ("HYBRIDOPS_EPOCH_GUARD", u8::from(place.epoch_guard).to_string()),
        ("HYBRIDOPS_NOTE_END", u8::from(place.is_restore).to_string()),
        ("HYBRIDOPS_RPO", place.rpo.map(|rpo| rpo.to_string()).unwrap_or_default()),
        ("HYBRIDOPS_METRICS", format!("{}/metrics.prom", place.layout.state())),
        ("HYBRIDOPS_CREDENTIALS_VERSION", number(backup.credentials_version)),
        (
            "HYBRIDOPS_KEY_VERSION",
            number(backup.encryption.as_ref().map(|encryption| encryption.key_version)),
        ),
        ("HYBRIDOPS_KEY", done.fingerprint.clone().unwrap_or_default()),
        ("HYBRIDOPS_SECRETS", done.secrets.join(" ")),
        ("PGDATA", place.data.clone()),
        ("PGHOST", place.socket.clone()),
        ("PGPORT", place.port.to_string()),
        ("PGUSER", "postgres".to_owned()),
        ("WALG_CONFIG_PATH", place.layout.config()),
    ];
    lines.into_iter().collect()
}

/// The same as text.
pub(crate) fn shell(variables: &BTreeMap<&'static str, String>) -> String {
    let mut text = String::from("# Written by Terraform.\n");
    for (name, value) in variables {
        let export = if name.starts_with("HYBRIDOPS_") { "" } else { "export " };
        text.push_str(&format!("{export}{name}='{}'\n", value.replace('\'', r"'\''")));
    }
    text
}

/// Where the node exporter finds the metrics: a link, because only its own user may write there.
pub(crate) fn metrics_link(backup: &Backup, place: &Place) -> String {
    format!(
        "{}/hybridops_postgresql_{}.prom",
        backup.metrics_directory.trim_end_matches('/'),
        place.layout.name
    )
}

#[cfg(test)]
mod tests;
