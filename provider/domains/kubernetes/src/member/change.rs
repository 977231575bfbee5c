//! What an apply would change of a node that is there: a pure function of what is true of its machine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::asked::Asked;
use super::files::sum;
use crate::config::FILE;
use crate::errors::Error;
use crate::host::journal::now;
use crate::host::{Facts, preflight};
use crate::install::Content;
use crate::version::Version;

/// What would be changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pending {
    /// It is no member of the cluster: it joins.
    Join,
    /// Its service does not run.
    Start(String),
    /// It runs another version.
    Version { from: Version, to: Version },
    /// Its configuration file says something else.
    Config(Vec<String>),
    /// Another of its files is not as it was left.
    File(String),
    /// The host is not as the profile demands.
    Profile(Vec<String>),
    /// What is in force is older than what the files say.
    Restart(&'static str),
    /// A certificate expires soon, and is made anew.
    Expiry(i64),
    /// All certificates are made anew.
    Certificates,
    /// The token was rotated.
    Token,
    /// An operation was not finished.
    Unfinished(String),
}

/// Certificates that expire within this many seconds are renewed.
const RENEWAL: i64 = 60 * 86_400;

impl Pending {
    /// Whether the service is restarted for it.
    pub(crate) fn restarts(&self) -> bool {
        !matches!(self, Self::Unfinished(_) | Self::Start(_) | Self::Join | Self::Profile(_))
    }

    /// Whether its certificates are made anew.
    pub(crate) fn renews(&self) -> bool {
        matches!(self, Self::Expiry(_) | Self::Certificates)
    }

    /// As a line.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Join => "it is no member of the cluster".to_owned(),
            Self::Start(state) => format!("its service is {state}"),
            Self::Version { from, to } => format!("it is installed as {from}, not {to}"),
            Self::Config(lines) => format!("{FILE}: {}", lines.join("; ")),
            Self::File(path) => format!("{path} is not as it was left"),
            Self::Profile(lines) => lines.join("; "),
            Self::Restart(why) => (*why).to_owned(),
            Self::Expiry(_) => "a certificate expires soon".to_owned(),
            Self::Certificates => "its certificates are from before their rotation".to_owned(),
            Self::Token => "it runs with the token from before its rotation".to_owned(),
            Self::Unfinished(step) => format!("an operation was not finished: it stopped at {step:?}"),
        }
    }
}

/// What would be changed.
///
/// # Errors
/// A key that is not for the user to set.
pub(crate) fn pending(asked: &Asked, facts: &Facts) -> Result<Vec<Pending>, Error> {
    let mut changes = Vec::new();
    let journal = facts.journal.clone().unwrap_or_default();
    let there = if asked.is_server() { facts.database.etcd } else { facts.database.agent };
    if !there {
        return Ok(vec![Pending::Join]);
    }
    if !journal.operation.is_empty() || !journal.joined {
        changes.push(Pending::Unfinished(journal.step.clone()));
    }
    if let Some(from) = facts.installed.clone().filter(|from| *from != asked.version) {
        changes.push(Pending::Version { from, to: asked.version.clone() });
    }
    let lines = own_file(facts, &asked.wanted()?.keys);
    if !lines.is_empty() {
        changes.push(Pending::Config(lines));
    }
    for file in asked.owned() {
        let (written, there) = (journal.files.get(&file.path), facts.sums.get(&file.path));
        let differs = match &file.content {
            // Passwords are only there when it is applied: what was written counts.
            Content::Is(_) if file.secret => written.is_some() && there != written,
            Content::Kept => written.is_some() && there != written,
            Content::Is(text) => there != Some(&sum(text.expose())),
            // What somebody else wrote is not ours to remove.
            Content::Nothing => there.is_some() && written.is_some(),
        };
        if differs {
            changes.push(Pending::File(file.path.clone()));
        }
    }
    let unprepared = preflight::unprepared(facts, asked.spec());
    if !unprepared.is_empty() {
        changes.push(Pending::Profile(unprepared));
    }
    let unit = facts.unit(asked.node.role);
    if !unit.runs() {
        let state = if unit.active.is_empty() { "not there" } else { &unit.active };
        changes.push(Pending::Start(state.to_owned()));
    } else if unit.outdated {
        changes.push(Pending::Restart("the program was replaced and the old one runs still"));
    } else if journal.joined && journal.in_force != asked.fingerprint()? {
        changes.push(Pending::Restart("it was started with another configuration"));
    }
    let taken = asked.spec().rotated().beyond(&journal.rotated);
    if journal.joined && taken.token {
        changes.push(Pending::Token);
    }
    if journal.joined && taken.certificates {
        changes.push(Pending::Certificates);
    }
    if let Some(expiry) = facts.first_expiry().filter(|expiry| expires_soon(*expiry)) {
        changes.push(Pending::Expiry(expiry));
    }
    Ok(changes)
}

/// Whether a certificate is to be renewed.
pub(crate) fn expires_soon(expiry: i64) -> bool {
    expiry - i64::try_from(now()).unwrap_or(i64::MAX) < RENEWAL
}

/// Keys that the API looks after, or that say whom it joins.
const OTHERS: [&str; 6] = ["server", "token", "agent-token", "cluster-init", "node-label", "node-taint"];

/// What our file says differently, each as a line.
fn own_file(facts: &Facts, wanted: &Map<String, Json>) -> Vec<String> {
    let Some(file) = facts.config.iter().find(|file| file.path.ends_with(FILE)) else {
        return vec!["the file is missing".to_owned()];
    };
    let ours = |key: &&String| !OTHERS.contains(&key.as_str());
    let mut lines = Vec::new();
    for (key, value) in wanted.iter().filter(|(key, _)| ours(key)) {
        match file.keys.get(key) {
            Some(there) if there == value => {}
            Some(there) => lines.push(format!("{key} is {there}, not {value}")),
            None => lines.push(format!("{key} is missing")),
        }
    }
    for key in file.keys.keys().filter(ours).filter(|key| !wanted.contains_key(*key)) {
        lines.push(format!("{key} is there and not wanted"));
    }
    lines
}

/// Keys that files of others set, each as a line. They are told, and left alone: the last file that says a key wins.
pub(crate) fn foreign(facts: &Facts) -> BTreeSet<String> {
    let (in_force, mut lines) = (facts.in_force(), BTreeSet::new());
    for file in facts.config.iter().filter(|file| !file.path.ends_with(FILE)) {
        for (key, value) in &file.keys {
            let bare = key.trim_end_matches('+');
            let wins = in_force.get(bare).is_some_and(|it| it.files.contains(&file.path));
            let effect = if wins { "" } else { ", which is overruled" };
            lines.insert(format!("{} sets {key} to {value}{effect}", file.path));
        }
    }
    lines
}

/// SHA-256 of the files that are looked after and hold no secret, as they are on the machine.
pub(crate) fn files_there(asked: &Asked, facts: &Facts) -> BTreeMap<String, String> {
    let owned = asked.owned();
    let written = facts.journal.iter().flat_map(|journal| journal.files.keys());
    let secret =
        |path: &str| path.ends_with(FILE) || owned.iter().any(|file| file.secret && file.path == path);
    let paths: BTreeSet<&str> =
        owned.iter().map(|file| file.path.as_str()).chain(written.map(String::as_str)).collect();
    let plain = paths.into_iter().filter(|path| !secret(path));
    plain.filter_map(|path| Some((path.to_owned(), facts.sums.get(path)?.clone()))).collect()
}
