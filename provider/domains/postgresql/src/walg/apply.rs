//! Makes a machine what `backup` declares: the steps that [`differences`] names.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, Path};
use transport_ssh::{FileSpec, Input, Secret};

use super::config::{self, Done, Place, Secrets};
use super::differences::{Step, declared_units, differences, is_compared};
use super::layout::{LIBRARY, WAL_G};
use super::model::{Backup, Compression, Credentials, Encryption, WalG};
use super::scripts::FILES;
use super::seen::Seen;
use super::units::timers;
use super::{program, release};
use crate::errors::{Error, Refusal, chain};
use crate::instance::Run;
use crate::store::Storage;

/// The path of an attribute of the block.
pub(crate) fn at(name: &str) -> Path {
    Path::root().attribute("backup").attribute(name)
}

/// What was prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// Version of WAL-G.
    pub(crate) version: String,
    /// SHA-256 of the program.
    pub(crate) sha256: String,
    /// Fingerprint of the encryption key.
    pub(crate) fingerprint: Option<String>,
    /// Whether another key, or none, was in use before.
    pub(crate) new_key: bool,
}

/// Prepares archiving: program, scripts, configuration, timers. To be called when the cluster's system identifier is
/// known and before a server runs whose `archive_command` is ours. Looks first; safe to repeat.
///
/// # Errors
/// What could not be done, or must not be.
pub(crate) async fn prepare(
    run: &Run,
    backup: &Backup,
    place: &Place,
    seen: &Seen,
) -> Result<Prepared, Error> {
    let secrets = config::secrets(backup)
        .map_err(|error| Refusal::new("The key cannot be used", format!("{error}.")).at(at("encryption")))?;
    let done = done(&secrets);
    let steps = differences(backup, place, seen, Some(&done));
    if steps.contains(&Step::Directories) || steps.contains(&Step::Configuration) {
        run.step("directories of the archive", directories(run, backup, place)).await?;
    }
    if steps.contains(&Step::Program) {
        run.step("WAL-G", install(run, backup)).await?;
    }
    if steps.contains(&Step::Scripts) {
        run.step("scripts of the archive", scripts(run, seen)).await?;
    }
    // Another secret under the same version cannot be seen: a configuration is written by every apply that has work.
    let before = seen.instance.get("HYBRIDOPS_KEY").filter(|_| seen.config.is_some());
    if steps.contains(&Step::Configuration) {
        run.step("configuration of WAL-G", configure(run, backup, place, &secrets, &done)).await?;
    }
    if steps.contains(&Step::Units) {
        run.step("units", units(run, backup, place)).await?;
    }
    if !steps.is_disjoint(&BTreeSet::from([Step::Units, Step::Timers])) {
        let names = timers(&place.layout);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        run.step(
            "timers",
            run.script("starting the timers", include_str!("steps/timers.sh"), &names, Input::Nothing),
        )
        .await?;
    }
    let (version, sha256) = check_program(run, backup).await?;
    let new_key = before.is_some_and(|before| *before != done.fingerprint.clone().unwrap_or_default());
    Ok(Prepared { version, sha256, fingerprint: done.fingerprint, new_key })
}

/// Prepares what a restore needs: program, scripts, the configuration of the source. Nothing that archives.
///
/// # Errors
/// What could not be done, or must not be.
pub(crate) async fn ready(run: &Run, backup: &Backup, place: &Place, seen: &Seen) -> Result<Prepared, Error> {
    let secrets = config::secrets(backup)
        .map_err(|error| Refusal::new("The key cannot be used", format!("{error}.")))?;
    let done = done(&secrets);
    let steps = differences(backup, place, seen, Some(&done));
    run.step("directories of the restore", directories(run, backup, place)).await?;
    if steps.contains(&Step::Program) {
        run.step("WAL-G", install(run, backup)).await?;
    }
    run.step("scripts of the archive", scripts(run, seen)).await?;
    run.step("configuration of WAL-G", configure(run, backup, place, &secrets, &done)).await?;
    let (version, sha256) = check_program(run, backup).await?;
    Ok(Prepared { version, sha256, fingerprint: done.fingerprint, new_key: false })
}

/// The archive of a restore, in the words of a block `backup`.
pub(crate) fn for_restore(
    storage: &Storage,
    credentials: Option<&Credentials>,
    encryption: Option<&Encryption>,
    wal_g: &WalG,
) -> Backup {
    Backup {
        storage: storage.clone(),
        credentials: credentials.cloned(),
        credentials_version: None,
        schedule: String::new(),
        window: String::new(),
        minimum_verified: 1,
        compression: Compression::Zstd,
        encryption: encryption.cloned(),
        delta_steps: 0,
        limits: None,
        timeouts: None,
        wal_g: wal_g.clone(),
        metrics_directory: String::new(),
        settings: BTreeMap::new(),
        fingerprint: Computed::Unknown,
        differences: Computed::Unknown,
        expired_backups: Computed::Unknown,
        proof: Computed::Unknown,
    }
}

fn done(secrets: &Secrets) -> Done {
    let mut names: Vec<String> = secrets.keys.keys().map(|name| (*name).to_owned()).collect();
    for (file, key) in [("google.json", "GOOGLE_APPLICATION_CREDENTIALS"), ("ssh", "SSH_PRIVATE_KEY_PATH")] {
        if secrets.files.iter().any(|(name, _)| *name == file) {
            names.push(key.to_owned());
        }
    }
    names.retain(|name| !is_compared(name));
    names.sort();
    Done { fingerprint: secrets.fingerprint.clone(), secrets: names }
}

async fn directories(run: &Run, backup: &Backup, place: &Place) -> Result<String, Error> {
    let link = if place.is_restore { String::new() } else { config::metrics_link(backup, place) };
    let storage = backup.storage.file.as_ref().filter(|_| !place.is_restore);
    let storage = storage.map(|file| file.prefix.as_str()).unwrap_or_default();
    let arguments = [place.layout.etc(), place.layout.state(), link];
    let [etc, state, link] = arguments.each_ref().map(String::as_str);
    let script = include_str!("steps/directories.sh");
    run.script("making the directories of the archive", script, &[etc, state, link, storage], Input::Nothing)
        .await
}

/// Installs WAL-G, or takes the one that is there.
async fn install(run: &Run, backup: &Backup) -> Result<String, Error> {
    let wal_g = &backup.wal_g;
    if let Some(binary) = &wal_g.binary {
        let sum = wal_g.sha256.as_deref().map(str::to_ascii_lowercase).unwrap_or_default();
        let output = run.ask(include_str!("steps/adopt.sh"), &[binary, &sum], Input::Nothing).await?;
        return match output.code() {
            Some(0) => Ok(output.text()),
            _ => Err(refused("binary", "WAL-G cannot be used", run, &output.errors())),
        };
    }
    let said = run.script("asking for the C library", LIBRARY_VERSION, &[], Input::Nothing).await?;
    let mut lines = said.lines();
    let (glibc, architecture) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let name = wal_g.url.as_deref().or(wal_g.file.as_deref()).unwrap_or_default();
    let glibc = glibc.trim_start_matches("glibc ");
    release::asset_fits(name, glibc, architecture).map_err(|unfit| {
        let detail = format!("{} cannot run it: {unfit}.", run.machine.name());
        Refusal::new("This WAL-G does not run on the machine", detail).at(at("wal_g"))
    })?;
    let fetched = program::fetch(wal_g, &run.budget).await.map_err(|error| {
        Refusal::new("WAL-G cannot be had", format!("{}.", chain(&error))).at(at("wal_g"))
    })?;
    let Some(fetched) = fetched else {
        let detail = "Set `url` or `file`, and `sha256`; or `binary` for a program that is on the machine.";
        return Err(Refusal::new("Nobody says where WAL-G comes from", detail).at(at("wal_g")).into());
    };
    let arguments = [fetched.sha256.as_str(), fetched.origin.as_str()];
    let output = run.ask(include_str!("steps/install.sh"), &arguments, Input::Bytes(fetched.program)).await?;
    match output.code() {
        Some(0) => Ok(output.text()),
        Some(66) => Err(refused("wal_g", "This WAL-G does not run on the machine", run, &output.errors())),
        _ => Err(run.machine.failed("installing WAL-G", &output).into()),
    }
}

/// Version of the C library, and the processor as Debian calls it.
const LIBRARY_VERSION: &str = "getconf GNU_LIBC_VERSION; dpkg --print-architecture";

fn refused(name: &str, summary: &str, run: &Run, said: &str) -> Error {
    let path = if name == "wal_g" { at(name) } else { at("wal_g").attribute(name) };
    Refusal::new(summary, format!("On {}: {}.", run.machine.name(), said.trim())).at(path).into()
}

/// Asks the program itself: what is in use must be new enough, whoever put it there.
async fn check_program(run: &Run, backup: &Backup) -> Result<(String, String), Error> {
    let script = "sed -n 3p \"$1.stamp\"; sed -n 2p \"$1.stamp\"";
    let said = run.script("asking for the version of WAL-G", script, &[WAL_G], Input::Nothing).await?;
    let mut lines = said.lines();
    let (version, sha256) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let version = release::version_fits(version, backup.wal_g.version.as_deref()).map_err(|unfit| {
        let detail = format!("On {}: {unfit}.", run.machine.name());
        Refusal::new("This WAL-G must not be used", detail).at(at("wal_g"))
    })?;
    Ok((version.to_string(), sha256.to_owned()))
}

async fn scripts(run: &Run, seen: &Seen) -> Result<(), Error> {
    for file in FILES {
        let path = format!("{LIBRARY}/{}", file.name);
        let same = (super::differences::hex(file.content.as_bytes()), format!("{:o}:root", file.mode));
        if seen.files.get(&path) != Some(&same) {
            let content = Input::Bytes(file.content.as_bytes().into());
            run.put(&FileSpec { path, content, mode: file.mode, owner: None }).await?;
        }
    }
    Ok(())
}

/// Writes the configuration. The file of the scripts comes last: it holds the versions of the secrets, so that what it
/// says is done.
async fn configure(
    run: &Run,
    backup: &Backup,
    place: &Place,
    secrets: &Secrets,
    done: &Done,
) -> Result<(), Error> {
    let fingerprint = done.fingerprint.clone().unwrap_or_default();
    let arguments = [place.layout.etc(), fingerprint];
    let [etc, fingerprint] = arguments.each_ref().map(String::as_str);
    let keep = include_str!("steps/keep-key.sh");
    run.script("keeping the key that was used before", keep, &[etc, fingerprint], Input::Nothing).await?;
    let private = |path: String, content: Secret| FileSpec {
        path,
        content: Input::Secret(content),
        mode: 0o600,
        owner: Some("postgres:postgres".to_owned()),
    };
    for (name, content) in &secrets.files {
        run.put(&private(place.layout.key(name), content.clone())).await?;
    }
    let document = config::document(&config::settings(backup, place), secrets);
    run.put(&private(place.layout.config(), document)).await?;
    let text = config::shell(&config::instance(backup, place, done));
    let content = Input::Bytes(text.into());
    run.put(&FileSpec { path: place.layout.instance(), content, mode: 0o644, owner: None }).await
}

async fn units(run: &Run, backup: &Backup, place: &Place) -> Result<(), Error> {
    for unit in declared_units(backup, place) {
        let (path, content) = (unit.path(), Input::Bytes(unit.content.into()));
        run.put(&FileSpec { path, content, mode: 0o644, owner: None }).await?;
    }
    Ok(())
}
