//! Roles and databases that must be there.

use std::collections::BTreeSet;

use tf_framework::{Model, WriteOnly};

/// A role.
#[derive(Debug, Clone, Model)]
pub struct Role {
    /// Whether it may log in.
    #[attr(default = false)]
    pub login: bool,
    /// Password. Never stored, and never sent: the server gets the SCRAM-SHA-256 verifier computed from it.
    #[attr(validate(length(1..=1024)))]
    pub password: WriteOnly<String>,
    /// Raise it to set the password again.
    #[attr(validate(range(1..)))]
    pub password_version: Option<i64>,
    /// Whether it bypasses all permission checks.
    #[attr(default = false)]
    pub superuser: bool,
    /// Whether it may create databases.
    #[attr(default = false)]
    pub create_database: bool,
    /// Whether it may create roles.
    #[attr(default = false)]
    pub create_role: bool,
    /// Whether it may stream WAL and manage replication slots.
    #[attr(default = false)]
    pub replication: bool,
    /// Whether it has the rights of the roles it is a member of.
    #[attr(default = true)]
    pub inherit: bool,
    /// Whether it bypasses row-level security.
    #[attr(default = false)]
    pub bypass_rls: bool,
    /// How many connections it may have at a time; -1 for no limit.
    #[attr(default = -1, validate(range(-1..)))]
    pub connection_limit: i32,
    /// Roles it is a member of. Other memberships are left alone.
    #[attr(default = [])]
    pub member_of: BTreeSet<String>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Database {
    /// Role that owns it. `postgres` unless set when the database is made; left alone then.
    pub owner: Option<String>,
    /// Template to make it from. `template1` unless set. Used when the database is made.
    pub template: Option<String>,
    /// Locale. The template's unless set. Used when the database is made; a locale of its own takes `template0`.
    #[attr(validate(matches(r"^[A-Za-z0-9_.@-]+$", "a locale such as `C.UTF-8`")))]
    pub locale: Option<String>,
    /// How many connections it may have at a time; -1 for no limit.
    #[attr(default = -1, validate(range(-1..)))]
    pub connection_limit: i32,
    /// Extensions that must be in it. None is ever dropped.
    #[attr(default = [], validate(each(matches(r"^[A-Za-z0-9_-]+$", "the name of an extension"))))]
    pub extensions: BTreeSet<String>,
}
