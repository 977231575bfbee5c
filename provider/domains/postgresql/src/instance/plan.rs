//! From facts to steps: a pure function. What is done is not among them; carried out and asked again, none is left.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Content, Facts, Server};
use super::preflight::refusals;
use super::settings;
use super::spec::Spec;
use super::{access, sql, tls};
use crate::errors::Refusal;

/// One step. Each begins by looking, so that it may be cut off and done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The user and the group are made.
    Account,
    /// Packages are installed, or brought to another version, and held.
    Packages,
    /// Where the data will be is said to be this member's.
    Claim,
    /// A cluster is made.
    Init,
    /// The data come from somewhere else: a restore, or a primary.
    Bring,
    /// A lock file without its process is put aside.
    Unlock,
    /// The configuration directory is written.
    Configure,
    /// A certificate is made by the machine's authority.
    IssueCertificate,
    /// The given certificate is put in place.
    SendCertificate,
    /// The authorities of clients are put in place.
    ClientAuthorities,
    /// The access rules are written.
    Access,
    /// The settings are written.
    Settings,
    /// The server is started.
    Start,
    /// Settings that were made by hand and outrank ours are taken back.
    Overrides(BTreeSet<String>),
    /// The server reads its configuration again.
    Reload,
    /// The server is restarted, for these settings.
    Restart(BTreeSet<String>),
    /// The marker is written anew.
    Marker,
    /// Roles are brought about.
    Roles,
    /// Databases are brought about.
    Databases,
}

impl Step {
    /// What it does, for logs and messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Packages => "packages",
            Self::Claim => "claim",
            Self::Init => "initdb",
            Self::Bring => "data",
            Self::Unlock => "lock file",
            Self::Configure => "configuration directory",
            Self::IssueCertificate => "certificate",
            Self::SendCertificate => "given certificate",
            Self::ClientAuthorities => "client authorities",
            Self::Access => "access rules",
            Self::Settings => "settings",
            Self::Start => "start",
            Self::Overrides(_) => "overrides",
            Self::Reload => "reload",
            Self::Restart(_) => "restart",
            Self::Marker => "marker",
            Self::Roles => "roles",
            Self::Databases => "databases",
        }
    }
}

/// What is left to do, in order; or why nothing may be done. What can be seen of a running server only comes with the
/// next look.
pub(crate) fn plan(facts: &Facts, spec: &Spec) -> Result<Vec<Step>, Vec<Refusal>> {
    let refused = refusals(facts, spec);
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut steps = Vec::new();
    machine(facts, spec, &mut steps);
    let there = matches!(facts.data.content, Content::Cluster(_) | Content::Foreign(_));
    if !steps.is_empty() && there && facts.control.is_none() {
        // Whose data they are is only told by programs that are installed now.
        return Ok(steps);
    }
    data(facts, spec, &mut steps);
    if !there {
        return Ok(steps);
    }
    configuration(facts, spec, &mut steps);
    match &facts.server {
        None if facts.led().is_some() => {}
        None => steps.push(Step::Start),
        Some(server) => running(facts, server, spec, &mut steps),
    }
    Ok(steps)
}

fn machine(facts: &Facts, spec: &Spec, steps: &mut Vec<Step>) {
    if facts.account.user.is_none() || facts.account.group.is_none() {
        steps.push(Step::Account);
    }
    if !packages_are(facts, spec) {
        steps.push(Step::Packages);
    }
}

fn packages_are(facts: &Facts, spec: &Spec) -> bool {
    let p = &spec.postgresql;
    let wanted = p.package_version.known();
    let server = format!("postgresql-{}", p.version);
    let client = format!("postgresql-client-{}", p.version);
    [server, client].iter().all(|name| {
        let package = facts.packages.get(name);
        package.is_some_and(|package| match (&package.installed, wanted) {
            (Some(installed), Some(wanted)) => package.held && installed == wanted,
            (Some(_), None) => package.held,
            (None, _) => false,
        })
    })
}

fn data(facts: &Facts, spec: &Spec, steps: &mut Vec<Step>) {
    match facts.data.content {
        Content::Missing | Content::Empty => {
            if facts.data.marker.is_none() {
                steps.push(Step::Claim);
            }
            steps.push(if spec.makes_its_own_data() { Step::Init } else { Step::Bring });
        }
        Content::Cluster(_) | Content::Foreign(_) => {
            let locked = facts.data.signals.iter().any(|name| name == "postmaster.pid");
            if locked && !facts.data.postmaster_alive && facts.server.is_none() {
                steps.push(Step::Unlock);
            }
        }
    }
}

fn configuration(facts: &Facts, spec: &Spec, steps: &mut Vec<Step>) {
    if !facts.data.configured {
        steps.push(Step::Configure);
    }
    if let Some(tls) = &spec.postgresql.tls {
        if tls::issue(tls, facts) {
            steps.push(Step::IssueCertificate);
        }
        if tls::send(tls, facts) {
            steps.push(Step::SendCertificate);
        }
        let there = facts.files.get("tls_clients").map(|text| text.trim());
        if tls.client_ca.as_deref().map(str::trim) != there && tls.client_ca.is_some() {
            steps.push(Step::ClientAuthorities);
        }
    }
    let wanted = access::render(spec.postgresql.access.as_deref(), &[]);
    let there = facts.files.get("access").map(String::as_str).unwrap_or_default();
    if access::lines(&wanted) != access::lines(there) || !access_faults(facts).is_empty() {
        steps.push(Step::Access);
    }
    if settings::parsed(facts) != settings::desired(spec, facts) || settings_refused(facts) {
        steps.push(Step::Settings);
    }
}

fn access_faults(facts: &Facts) -> &[super::facts::AccessFault] {
    facts.server.as_ref().map(|server| server.access_faults.as_slice()).unwrap_or_default()
}

/// Whether the server refuses what is in the file of ours, which a run that was killed may have left.
fn settings_refused(facts: &Facts) -> bool {
    let Some(server) = &facts.server else { return false };
    server.file_faults.iter().any(|fault| {
        let waits =
            |name: &String| server.settings.get(name).is_some_and(|setting| setting.context == "postmaster");
        fault.sourcefile.ends_with(settings::FILE) && !fault.name.as_ref().is_some_and(waits)
    })
}

fn running(facts: &Facts, server: &Server, spec: &Spec, steps: &mut Vec<Step>) {
    if steps.contains(&Step::Settings) || steps.contains(&Step::Packages) {
        // What comes of it is seen with the next look.
        return;
    }
    let wanted = settings::desired(spec, facts);
    let unread: BTreeMap<&str, _> = settings::unread(&wanted, server).collect();
    let by_hand =
        |file: &Option<String>| file.as_deref().is_some_and(|file| file.ends_with("postgresql.auto.conf"));
    let overrides: BTreeSet<String> = unread
        .iter()
        .filter(|(_, setting)| by_hand(&setting.sourcefile))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let loads = spec.postgresql.tls.is_some() && tls::unloaded(facts);
    if !unread.is_empty() || loads {
        if !overrides.is_empty() {
            steps.push(Step::Overrides(overrides));
        }
        steps.push(Step::Reload);
        return;
    }
    let pending = settings::pending(server);
    if !pending.is_empty() && settings::restarts(spec) {
        steps.push(Step::Restart(pending));
        return;
    }
    if !marked(facts, server, spec) {
        steps.push(Step::Marker);
    }
    if !server.in_recovery {
        objects(server, spec, steps);
    }
}

/// Whether the marker says what it should.
fn marked(facts: &Facts, server: &Server, spec: &Spec) -> bool {
    facts.data.marker.as_ref().is_some_and(|marker| {
        marker.member == spec.name
            && marker.system_identifier == server.system_identifier
            && marker.configuration == spec.remembered
            && (!collation_matters(server) || marker.glibc.as_deref() == Some(&facts.os.glibc))
    })
}

/// Whether the order of text depends on the version of the C library.
pub(crate) fn collation_matters(server: &Server) -> bool {
    server.databases.values().any(|database| database.collation_version.is_some())
        || server.databases.values().any(|database| !bytewise(&database.locale))
}

fn bytewise(locale: &str) -> bool {
    matches!(locale, "" | "C" | "POSIX" | "C.UTF-8" | "C.utf8")
}

fn objects(server: &Server, spec: &Spec, steps: &mut Vec<Step>) {
    let p = &spec.postgresql;
    let roles = p
        .roles
        .iter()
        .all(|(name, role)| server.roles.get(name).is_some_and(|fact| sql::role_is(role, fact)));
    if !roles {
        steps.push(Step::Roles);
    }
    let databases = p.databases.iter().all(|(name, database)| {
        server.databases.get(name).is_some_and(|fact| sql::database_is(database, fact))
    });
    if !databases {
        steps.push(Step::Databases);
    }
}

#[cfg(test)]
mod tests;
