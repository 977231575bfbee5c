//! From facts to what the state says of an instance.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Computed;

use super::facts::{Content, DatabaseFact, Facts, RoleFact};
use super::model::{CurrentRole, Database, Postgresql, Role, Status};
use super::spec::Spec;
use super::{access, preflight, settings, sql, tls};

/// What was found on the machine.
pub(crate) fn status(facts: &Facts, spec: &Spec) -> Status {
    let server = facts.server.as_ref();
    let control = facts.control.as_ref();
    // What is known stays: other data in the place of ours must not become ours by a refresh.
    let identifier = spec
        .system_identifier
        .clone()
        .or_else(|| server.map(|server| server.system_identifier.clone()))
        .or_else(|| control.map(|control| control.system_identifier.to_string()))
        .unwrap_or_default();
    let role = match server {
        None => CurrentRole::Stopped,
        Some(server) if server.in_recovery => CurrentRole::Standby,
        Some(_) => CurrentRole::Primary,
    };
    let timeline = server.map(|server| server.timeline).or_else(|| control.map(|control| control.timeline));
    let version = server.map(|server| server.version.split(' ').next().unwrap_or_default().to_owned());
    let expires = spec.postgresql.tls.as_ref().and_then(|_| tls::seen(facts)?.expires).and_then(tls::shown);
    Status {
        system_identifier: Computed::Known(identifier),
        timeline: Computed::Known(timeline.unwrap_or_default()),
        current_role: Computed::Known(role),
        server_version: Computed::Known(version.unwrap_or_default()),
        data_directory: Computed::Known(
            server.map_or_else(|| spec.data_directory(), |server| server.data_directory.clone()),
        ),
        pending_restart: Computed::Known(server.map(settings::pending).unwrap_or_default()),
        memory: Computed::Known(facts.memory >> 20),
        processors: Computed::Known(facts.processors),
        tls_expires_at: Computed::Known(expires),
        tls_ca_certificate: Computed::Known(spec.postgresql.tls.as_ref().and_then(
            |tls| match tls.certificate {
                None => facts.files.get("tls_authority").cloned(),
                Some(_) => None,
            },
        )),
    }
}

/// Settings of ours as they are in force.
pub(crate) fn effective(facts: &Facts, spec: &Spec) -> BTreeMap<String, String> {
    settings::in_force(&settings::desired(spec, facts), facts)
}

/// The block as the machine has it: what cannot be seen stays, what differs from `before` is a drift. An import has
/// nothing before.
pub(crate) fn postgresql(facts: &Facts, before: &Postgresql) -> Postgresql {
    let mut seen = before.clone();
    fill(facts, &mut seen);
    if let Some(there) = facts.files.get("access") {
        let wanted = access::render(before.access.as_deref(), &[]);
        if access::lines(there) != access::lines(&wanted) {
            seen.access = Some(access::parse(there));
        }
    }
    let Some(server) = &facts.server else { return seen };
    seen.roles = before
        .roles
        .iter()
        .filter_map(|(name, role)| Some((name.clone(), role_seen(role, server.roles.get(name)?))))
        .collect();
    let databases = before.databases.iter();
    seen.databases = databases
        .filter_map(|(name, database)| {
            Some((name.clone(), database_seen(database, server.databases.get(name)?)))
        })
        .collect();
    seen
}

/// Fills in what is fixed when a cluster is made, and what the machine alone knows.
pub(crate) fn fill(facts: &Facts, seen: &mut Postgresql) {
    let package = facts.packages.get(&format!("postgresql-{}", seen.version));
    if let Some(installed) = package.and_then(|package| package.installed.clone()) {
        seen.package_version = Computed::Known(installed);
    }
    for (computed, there) in
        [(&mut seen.user_id, facts.account.user), (&mut seen.group_id, facts.account.group)]
    {
        if let Some(there) = there {
            *computed = Computed::Known(there);
        }
    }
    let held = matches!(facts.data.content, Content::Cluster(_));
    if let Some(control) = facts.control.as_ref().filter(|_| held) {
        seen.checksums = Computed::Known(control.checksums);
        if let Ok(megabytes) = u32::try_from(control.wal_segment_bytes >> 20) {
            seen.wal_segment_size = Computed::Known(megabytes.max(1));
        }
    }
    let Some(server) = &facts.server else { return };
    seen.data_directory = Computed::Known(server.data_directory.clone());
    if let Some(template) = server.databases.get("template0") {
        keep(&mut seen.locale, &template.locale, preflight::same_locale);
        keep(&mut seen.encoding, &template.encoding, preflight::same_encoding);
    }
}

/// Fills in what could not be seen, as it is when nothing else was asked for.
pub(crate) fn complete(p: &mut Postgresql) {
    fn usual<T>(value: &mut Computed<T>, usual: T) {
        if value.known().is_none() {
            *value = Computed::Known(usual);
        }
    }
    usual(&mut p.data_directory, format!("/var/lib/postgresql/{}/{}", p.version, p.cluster));
    usual(&mut p.package_version, String::new());
    usual(&mut p.locale, "C.UTF-8".to_owned());
    usual(&mut p.encoding, "UTF8".to_owned());
    usual(&mut p.wal_segment_size, 16);
    usual(&mut p.checksums, true);
    usual(&mut p.user_id, super::ACCOUNT);
    usual(&mut p.group_id, super::ACCOUNT);
}

/// Takes over what is there, unless what is known means the same.
fn keep(known: &mut Computed<String>, there: &str, same: fn(&str, &str) -> bool) {
    if !known.known().is_some_and(|known| same(known, there)) {
        *known = Computed::Known(there.to_owned());
    }
}

fn role_seen(role: &Role, fact: &RoleFact) -> Role {
    if sql::role_is(role, fact) {
        return role.clone();
    }
    let members: BTreeSet<String> =
        role.member_of.iter().filter(|group| fact.member_of.contains(group)).cloned().collect();
    Role {
        login: fact.login,
        superuser: fact.superuser,
        create_database: fact.create_database,
        create_role: fact.create_role,
        replication: fact.replication,
        inherit: fact.inherit,
        bypass_rls: fact.bypass_rls,
        connection_limit: fact.connection_limit,
        member_of: members,
        ..role.clone()
    }
}

fn database_seen(database: &Database, fact: &DatabaseFact) -> Database {
    Database {
        owner: database.owner.as_ref().map(|_| fact.owner.clone()),
        connection_limit: fact.connection_limit,
        ..database.clone()
    }
}
