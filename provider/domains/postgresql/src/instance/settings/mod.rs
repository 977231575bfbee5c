//! Settings: what they are to be, what is wrong with them, and when a change takes effect.

mod derive;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tf_framework::Path;

use super::facts::{Facts, Server, Setting};
use super::model::Restart;
use super::spec::{MadeAs, Spec};
use crate::errors::Refusal;
use derive::{Basis, derive};
use value::{is, meaning, shown};

/// Name of the one file of ours in `conf.d`. Nothing is ever written to `postgresql.auto.conf`, which travels in backups.
pub(crate) const FILE: &str = "50-hybridops.conf";

/// Settings that an attribute of their own decides, and the attribute.
const OWNED: &[(&str, &str)] = &[
    ("port", "`postgresql.port`"),
    ("listen_addresses", "`postgresql.listen_addresses`"),
    ("data_directory", "`postgresql.data_directory`"),
    ("config_file", "the package"),
    ("hba_file", "the package"),
    ("ident_file", "the package"),
    ("external_pid_file", "the package"),
    ("unix_socket_directories", "the package: the provider itself comes by /var/run/postgresql"),
    ("ssl", "`postgresql.tls`"),
    ("ssl_cert_file", "`postgresql.tls`"),
    ("ssl_key_file", "`postgresql.tls`"),
    ("ssl_ca_file", "`postgresql.tls`"),
    ("ssl_min_protocol_version", "`postgresql.tls`"),
    ("primary_conninfo", "`standby`"),
    ("primary_slot_name", "`standby`"),
    ("recovery_target", "`restore`"),
    ("recovery_target_action", "`restore`"),
    ("recovery_target_inclusive", "`restore`"),
    ("recovery_target_lsn", "`restore`"),
    ("recovery_target_name", "`restore`"),
    ("recovery_target_time", "`restore`"),
    ("recovery_target_timeline", "`restore`"),
    ("recovery_target_xid", "`restore`"),
    ("synchronous_standby_names", "`standby`"),
];

/// Settings that `backup` decides where it is set.
const ARCHIVE: &[&str] =
    &["archive_mode", "archive_command", "archive_library", "archive_timeout", "restore_command"];

/// Settings of a standby must be at least those of its primary.
pub(crate) const ORDERED: [&str; 5] = [
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
];

/// Settings that only a restart puts into effect, of every version that is supported: for instances that do not run yet.
/// One that runs says itself what takes a restart.
pub(crate) const RESTARTS: &[&str] = &[
    "archive_mode",
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "bonjour",
    "cluster_name",
    "event_source",
    "hot_standby",
    "huge_pages",
    "huge_page_size",
    "io_max_concurrency",
    "io_method",
    "jit_provider",
    "listen_addresses",
    "logging_collector",
    "max_connections",
    "max_files_per_process",
    "max_locks_per_transaction",
    "max_logical_replication_workers",
    "max_pred_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "min_dynamic_shared_memory",
    "port",
    "reserved_connections",
    "shared_buffers",
    "shared_memory_type",
    "shared_preload_libraries",
    "superuser_reserved_connections",
    "track_activity_query_size",
    "track_commit_timestamp",
    "unix_socket_group",
    "unix_socket_permissions",
    "wal_buffers",
    "wal_decode_buffer_size",
    "wal_level",
    "wal_log_hints",
];

/// The path of a setting in the configuration.
pub(crate) fn path(name: &str) -> Path {
    Path::root().attribute("postgresql").attribute("settings").key(name)
}

/// What every setting of ours is to be: derived, then the user's, then those that attributes decide, then those of the
/// other parts of an instance.
pub(crate) fn desired(spec: &Spec, facts: &Facts) -> BTreeMap<String, String> {
    let p = &spec.postgresql;
    let connections = p.settings.get("max_connections").and_then(|text| text.trim().parse().ok());
    let basis = Basis {
        memory: facts.memory,
        processors: facts.processors,
        objectives: spec.objectives.as_ref(),
        connections: connections.unwrap_or(100),
        checksums: facts
            .control
            .as_ref()
            .map_or(p.checksums.known() != Some(&false), |control| control.checksums),
    };
    let mut settings = derive(&basis);
    raise_to_needs(&mut settings, facts, spec);
    settings.extend(p.settings.clone());
    settings.insert("port".to_owned(), p.port.to_string());
    settings.insert("listen_addresses".to_owned(), p.listen_addresses.join(", "));
    settings.extend(super::tls::settings(spec));
    settings.extend(super::archive::settings(spec));
    settings
}

/// What a server has where nothing is said, of the settings a standby must not have less of than its primary.
const OF_THE_SERVER: [(&str, u64); 5] = [
    ("max_connections", 100),
    ("max_locks_per_transaction", 64),
    ("max_prepared_transactions", 0),
    ("max_wal_senders", 10),
    ("max_worker_processes", 8),
];

/// A node that recovers needs at least what its primary had: what is derived here must not be below.
fn raise_to_needs(settings: &mut BTreeMap<String, String>, facts: &Facts, spec: &Spec) {
    let recovers = spec.role == MadeAs::Standby
        || facts.server.as_ref().is_some_and(|server| server.in_recovery)
        || facts.data.signals.iter().any(|name| name.ends_with(".signal"));
    let Some(control) = &facts.control else { return };
    let said = parsed(facts);
    for (name, least) in &control.needs {
        let own = settings.get(name).and_then(|text| text.parse::<u64>().ok());
        // Where nothing is derived the server has its own: saying that, too, would tell a follower from a primary.
        let has =
            own.or_else(|| OF_THE_SERVER.iter().find(|(known, _)| known == name).map(|(_, value)| *value));
        if recovers && has.is_none_or(|has| has < *least) && *least > 0 {
            settings.insert(name.clone(), least.to_string());
        } else if let (false, None, Some(text)) = (recovers, own, said.get(name)) {
            // It followed before, and may again: a move of the primary is no reason to restart it.
            settings.insert(name.clone(), text.clone());
        }
    }
}

/// Settings that something else decides.
pub(crate) fn decided_elsewhere(spec: &Spec) -> Vec<Refusal> {
    let names = || spec.postgresql.settings.keys();
    let mut faults: Vec<Refusal> = names().filter_map(|name| owned(name)).collect();
    if spec.backup.is_some() {
        let archived = names().filter(|name| ARCHIVE.contains(&name.as_str()));
        faults.extend(archived.map(|name| decided(name, "`backup` and `objectives`")));
    }
    faults
}

/// What is wrong with the settings of a configuration. The server knows best, where it answers.
pub(crate) fn faults(spec: &Spec, facts: &Facts) -> Vec<Refusal> {
    let mut faults = Vec::new();
    let Some(server) = &facts.server else { return faults };
    for (name, text) in &spec.postgresql.settings {
        if OWNED.iter().any(|(owned, _)| owned == name) {
            continue;
        }
        faults.extend(fault(server, name, text).map(|refusal| refusal.at(path(name))));
        faults.extend(below_primary(facts, server, name, text).map(|refusal| refusal.at(path(name))));
    }
    faults
}

/// A setting that is decided elsewhere.
pub(crate) fn owned(name: &str) -> Option<Refusal> {
    let (_, by) = OWNED.iter().find(|(owned, _)| *owned == name)?;
    Some(decided(name, by))
}

fn decided(name: &str, by: &str) -> Refusal {
    Refusal::new(
        format!("The setting {name} is decided elsewhere"),
        format!("It is decided by {by}. Leave it out of `settings`."),
    )
    .at(path(name))
}

fn fault(server: &Server, name: &str, text: &str) -> Option<Refusal> {
    let Some(setting) = server.settings.get(name) else {
        // Extensions have settings that the server does not know before they are loaded.
        if name.contains('.') {
            return None;
        }
        let like = nearest(name, server.settings.keys().map(String::as_str));
        let advice = like.map(|like| format!(" Is {like} meant?")).unwrap_or_default();
        return Some(Refusal::new(
            format!("PostgreSQL {} has no setting {name}", server.version),
            format!(
                "A file that names it would not be loaded at all: no setting in it would take effect.{advice}"
            ),
        ));
    };
    if setting.context == "internal" {
        return Some(Refusal::new(
            format!("The setting {name} cannot be set"),
            "It only tells how the server was built or the cluster was made. Leave it out of `settings`.",
        ));
    }
    let problem = meaning(setting, text).err()?;
    Some(Refusal::new(
        format!("{text:?} is no value of the setting {name}"),
        format!("The server would not take it: {problem}. It is {} now.", shown(setting)),
    ))
}

/// A standby that has less than its primary stops replaying.
fn below_primary(facts: &Facts, server: &Server, name: &str, text: &str) -> Option<Refusal> {
    if !server.in_recovery || !ORDERED.contains(&name) {
        return None;
    }
    let (least, wanted) = (*facts.control.as_ref()?.needs.get(name)?, text.trim().parse::<u64>().ok()?);
    (wanted < least).then(|| {
        Refusal::new(
            format!("{name} = {wanted} is below that of the primary"),
            format!(
                "The primary had {least}; a standby with less stops replaying. Lower it on the primary first, then here. \
                 Raising goes the other way round: the standby first."
            ),
        )
    })
}

/// The known name that is nearest to one that is not, if any is near.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let best = known.map(|other| (distance(name, other), other)).min()?;
    (best.0 <= 1 + name.len() / 4).then_some(best.1)
}

/// How many letters must be changed, put in or left out.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.chars().enumerate() {
            let at = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let change = at(&row, j) + usize::from(x != y);
            next.push(change.min(at(&row, j + 1) + 1).min(at(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The file, from settings.
pub(crate) fn render(settings: &BTreeMap<String, String>) -> String {
    let mut text = "# Kept by Terraform (hybridops): what is changed here is changed back.\n".to_owned();
    for (name, value) in settings {
        let value = value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n");
        let _ = writeln!(text, "{name} = '{value}'");
    }
    text
}

/// When a change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// As soon as the server reads its files.
    Reload,
    /// When it is restarted.
    Restart,
}

/// When a change of a setting takes effect.
pub(crate) fn effect(name: &str, server: Option<&Server>) -> Effect {
    let told =
        server.and_then(|server| server.settings.get(name)).map(|setting| setting.context == "postmaster");
    if told.unwrap_or_else(|| RESTARTS.contains(&name)) { Effect::Restart } else { Effect::Reload }
}

/// What the settings of ours are on the server, in the spelling that is wanted where it means the same. Those that are
/// not in the file are as the file would say them.
pub(crate) fn in_force(wanted: &BTreeMap<String, String>, facts: &Facts) -> BTreeMap<String, String> {
    let Some(server) = &facts.server else { return parsed(facts) };
    let value = |name: &String, text: &String| match server.settings.get(name) {
        Some(setting) if is(setting, text) => Some(text.clone()),
        // It waits for a restart, which `pending_restart` tells.
        Some(setting) if setting.pending_restart && says(facts, name, text) => Some(text.clone()),
        Some(setting) => Some(shown(setting)),
        None => parsed(facts).get(name).cloned(),
    };
    wanted.iter().filter_map(|(name, text)| Some((name.clone(), value(name, text)?))).collect()
}

fn says(facts: &Facts, name: &str, text: &str) -> bool {
    parsed(facts).get(name).is_some_and(|said| said == text)
}

/// What the file of ours says now.
pub(crate) fn parsed(facts: &Facts) -> BTreeMap<String, String> {
    let lines = facts.files.get("settings").map(String::as_str).unwrap_or_default().lines();
    lines.filter_map(line).collect()
}

fn line(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(" = '")?;
    let value = value.strip_suffix('\'')?;
    if name.starts_with('#') {
        return None;
    }
    let mut plain = String::new();
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => {
                characters.next();
                plain.push('\'');
            }
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            c => plain.push(c),
        }
    }
    Some((name.to_owned(), plain))
}

/// Settings of ours that a server does not have though the file says so: it has not read the file, or something
/// outranks it.
pub(crate) fn unread<'a>(
    wanted: &'a BTreeMap<String, String>,
    server: &'a Server,
) -> impl Iterator<Item = (&'a str, &'a Setting)> {
    wanted.iter().filter_map(|(name, text)| {
        let setting = server.settings.get(name)?;
        (!is(setting, text) && !setting.pending_restart).then_some((name.as_str(), setting))
    })
}

/// Settings that wait for a restart.
pub(crate) fn pending(server: &Server) -> BTreeSet<String> {
    let waiting = server.settings.iter().filter(|(_, setting)| setting.pending_restart);
    waiting.map(|(name, _)| name.clone()).collect()
}

/// Whether a restart is to be made for settings that wait.
pub(crate) fn restarts(spec: &Spec) -> bool {
    spec.postgresql.restart == Restart::WhenNeeded
}

#[cfg(test)]
mod tests;
