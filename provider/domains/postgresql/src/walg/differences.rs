//! What on a machine differs from what is declared: the steps of an apply, by name.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::config::{self, Done, Place};
use super::keys::{Kind, Owner, find};
use super::layout::LIBRARY;
use super::model::Backup;
use super::release;
use super::schedule::Schedule;
use super::scripts::FILES;
use super::seen::Seen;
use super::units::{Unit, timers, units};

/// What must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The program is put in place.
    Program,
    /// Directories get their owners and modes.
    Directories,
    /// Scripts are written.
    Scripts,
    /// The configuration is written.
    Configuration,
    /// Units are written.
    Units,
    /// Timers are enabled and started.
    Timers,
}

impl Step {
    /// As `differences` shows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Directories => "directories",
            Self::Scripts => "scripts",
            Self::Configuration => "configuration",
            Self::Units => "units",
            Self::Timers => "timers",
        }
    }
}

/// The units that are declared.
pub(crate) fn declared_units(backup: &Backup, place: &Place) -> Vec<Unit> {
    // A schedule that is none is refused when the configuration is validated.
    let Ok(schedule) = backup.schedule.parse::<Schedule>() else { return Vec::new() };
    let mut writable = vec!["-/var/lib/hybridops".to_owned(), format!("-{}", backup.metrics_directory)];
    if let Some(file) = &backup.storage.file {
        writable.push(format!("-{}", file.prefix));
    }
    let writable: Vec<&str> = writable.iter().map(String::as_str).collect();
    units(&place.layout, &schedule, &writable)
}

/// The steps that would make the machine what is declared. A pure function; empty when nothing is left to do.
pub(crate) fn differences(
    backup: &Backup,
    place: &Place,
    seen: &Seen,
    done: Option<&Done>,
) -> BTreeSet<Step> {
    let mut steps = BTreeSet::new();
    let mut need = |step: Step, needed: bool| {
        if needed {
            steps.insert(step);
        }
    };
    need(Step::Program, program_differs(backup, seen));
    need(Step::Directories, seen.results.directory != "751:postgres");
    let scripts = FILES
        .iter()
        .map(|file| (format!("{LIBRARY}/{}", file.name), file.content, format!("{:o}:root", file.mode)));
    need(
        Step::Scripts,
        scripts.into_iter().any(|(path, content, mode)| file_differs(seen, &path, content, &mode)),
    );
    need(Step::Configuration, config_differs(backup, place, seen, done));
    let declared = declared_units(backup, place);
    need(
        Step::Units,
        declared.iter().any(|unit| file_differs(seen, &unit.path(), &unit.content, "644:root")),
    );
    need(Step::Timers, timers(&place.layout).iter().any(|timer| seen.timers.get(timer) != Some(&true)));
    steps
}

fn file_differs(seen: &Seen, path: &str, content: &str, mode: &str) -> bool {
    let Some((sha256, found)) = seen.files.get(path) else { return true };
    found != mode || *sha256 != hex(content.as_bytes())
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the program was made from: the SHA-256 that is declared is that of the file it came in.
fn program_differs(backup: &Backup, seen: &Seen) -> bool {
    let wal_g = &backup.wal_g;
    if seen.program.path.is_none()
        || release::version_fits(&seen.program.version, wal_g.version.as_deref()).is_err()
    {
        return true;
    }
    let declared = wal_g.sha256.as_ref().map(|sha256| sha256.to_ascii_lowercase());
    match &wal_g.binary {
        Some(_) => declared.is_some_and(|declared| declared != seen.program.sha256),
        None => declared != seen.program.origin,
    }
}

fn config_differs(backup: &Backup, place: &Place, seen: &Seen, done: Option<&Done>) -> bool {
    let Some(found) = &seen.config else { return true };
    if seen.config_mode != "600:postgres" {
        return true;
    }
    let plain: BTreeMap<&str, &str> = found
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| is_compared(name))
        .collect();
    let declared = config::settings(backup, place);
    let declared: BTreeMap<&str, &str> = declared
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| is_compared(name))
        .collect();
    if plain != declared {
        return true;
    }
    let said = |name: &str| seen.instance.get(name).map(String::as_str).unwrap_or_default();
    // What holds secrets is compared by the versions they were written with, and by the names that are there.
    let secret: Vec<&str> = found.keys().map(String::as_str).filter(|name| !is_compared(name)).collect();
    if said("HYBRIDOPS_SECRETS") != secret.join(" ") {
        return true;
    }
    if backup.encryption.is_some() == said("HYBRIDOPS_KEY").is_empty() {
        return true;
    }
    let recorded = Done { fingerprint: None, secrets: Vec::new() };
    let declared = config::instance(backup, place, done.unwrap_or(&recorded));
    declared.iter().any(|(name, value)| {
        let unknown = done.is_none() && matches!(*name, "HYBRIDOPS_KEY" | "HYBRIDOPS_SECRETS");
        !unknown && said(name) != value
    })
}

/// Whether a key is compared by its value: one that holds a secret, or is there because of one, is not.
pub(crate) fn is_compared(name: &str) -> bool {
    let Some(key) = find(name) else { return true };
    let hidden = [Owner::Attribute("backup.credentials"), Owner::Attribute("backup.encryption")];
    key.kind != Kind::Secret && !hidden.contains(&key.owner)
}
