//! Statements that bring roles and databases about. Each looks first, so that it may be run again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::facts::{DatabaseFact, RoleFact, Server};
use super::model::{Database, Role};

/// A name as SQL quotes it.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text as SQL quotes it, whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "''");
    if escaped.contains('\\') { format!("E'{escaped}'") } else { format!("'{escaped}'") }
}

/// Whether a role is there as it is to be. Memberships beyond those said are left alone.
pub(crate) fn role_is(role: &Role, fact: &RoleFact) -> bool {
    let attributes = [
        role.login == fact.login,
        role.superuser == fact.superuser,
        role.create_database == fact.create_database,
        role.create_role == fact.create_role,
        role.replication == fact.replication,
        role.inherit == fact.inherit,
        role.bypass_rls == fact.bypass_rls,
        role.connection_limit == fact.connection_limit,
    ];
    attributes.iter().all(|same| *same) && role.member_of.iter().all(|group| fact.member_of.contains(group))
}

/// Brings roles about, except their passwords.
pub(crate) fn roles(roles: &BTreeMap<String, Role>, server: &Server) -> String {
    let mut sql = String::new();
    // All first: they may be members of one another.
    for name in roles.keys().filter(|name| !server.roles.contains_key(*name)) {
        let create = literal(&format!("CREATE ROLE {}", identifier(name)));
        let _ = writeln!(
            sql,
            "SELECT {create} WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) \\gexec",
            literal(name)
        );
    }
    let unlike =
        roles.iter().filter(|(name, role)| server.roles.get(*name).is_none_or(|fact| !role_is(role, fact)));
    for (name, role) in unlike {
        let _ = writeln!(sql, "ALTER ROLE {} {};", identifier(name), attributes(role));
        for group in &role.member_of {
            let _ = writeln!(sql, "GRANT {} TO {};", identifier(group), identifier(name));
        }
    }
    sql
}

fn attributes(role: &Role) -> String {
    let words = [
        (role.login, "LOGIN"),
        (role.superuser, "SUPERUSER"),
        (role.create_database, "CREATEDB"),
        (role.create_role, "CREATEROLE"),
        (role.replication, "REPLICATION"),
        (role.inherit, "INHERIT"),
        (role.bypass_rls, "BYPASSRLS"),
    ];
    let mut text = "WITH".to_owned();
    for (on, word) in words {
        let _ = write!(text, " {}{word}", if on { "" } else { "NO" });
    }
    let _ = write!(text, " CONNECTION LIMIT {}", role.connection_limit);
    text
}

/// Sets the verifier of a role's password.
pub(crate) fn password(name: &str, verifier: &str) -> String {
    format!("ALTER ROLE {} PASSWORD {};\n", identifier(name), literal(verifier))
}

/// Whether a database is there as it is to be.
pub(crate) fn database_is(database: &Database, fact: &DatabaseFact) -> bool {
    database.owner.as_ref().is_none_or(|owner| *owner == fact.owner)
        && database.connection_limit == fact.connection_limit
}

/// Brings databases about, except their extensions.
pub(crate) fn databases(databases: &BTreeMap<String, Database>, server: &Server) -> String {
    let mut sql = String::new();
    for (name, database) in databases {
        let fact = server.databases.get(name);
        if fact.is_none() {
            let create = literal(&format!("CREATE DATABASE {}{}", identifier(name), options(database)));
            let _ = writeln!(
                sql,
                "SELECT {create} WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {}) \\gexec",
                literal(name)
            );
        }
        if let Some(owner) =
            database.owner.as_ref().filter(|owner| fact.is_some_and(|fact| fact.owner != **owner))
        {
            let _ = writeln!(sql, "ALTER DATABASE {} OWNER TO {};", identifier(name), identifier(owner));
        }
        if fact.is_some_and(|fact| fact.connection_limit != database.connection_limit) {
            let _ = writeln!(
                sql,
                "ALTER DATABASE {} CONNECTION LIMIT {};",
                identifier(name),
                database.connection_limit
            );
        }
    }
    sql
}

fn options(database: &Database) -> String {
    let mut text = String::new();
    if let Some(owner) = &database.owner {
        let _ = write!(text, " OWNER {}", identifier(owner));
    }
    if let Some(template) = &database.template {
        let _ = write!(text, " TEMPLATE {}", identifier(template));
    }
    if let Some(locale) = &database.locale {
        let _ = write!(text, " LC_COLLATE {0} LC_CTYPE {0}", literal(locale));
    }
    if database.connection_limit != -1 {
        let _ = write!(text, " CONNECTION LIMIT {}", database.connection_limit);
    }
    text
}

/// Brings the extensions of one database about.
pub(crate) fn extensions(database: &Database) -> String {
    let lines = database.extensions.iter();
    lines.map(|name| format!("CREATE EXTENSION IF NOT EXISTS {};\n", identifier(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(identifier(r#"a"; DROP TABLE x; --"#), r#""a""; DROP TABLE x; --""#);
        assert_eq!(literal(r"a'\b"), r"E'a''\\b'");
    }
}
