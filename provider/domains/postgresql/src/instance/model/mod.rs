//! What an instance looks like in configuration and state, whatever machine it stands on.

mod access;
mod objectives;
mod roles;
mod status;
mod tls;

use std::collections::BTreeMap;

use tf_framework::{Choice, Computed, Model};

pub(crate) use access::*;
pub(crate) use objectives::*;
pub(crate) use roles::*;
pub(crate) use status::*;
pub(crate) use tls::*;

/// PostgreSQL on the machine.
#[derive(Debug, Clone, Model)]
pub struct Postgresql {
    /// Major version, 13 to 18. An instance that holds data keeps its major version: a change is refused.
    #[attr(validate(range(13..=18)))]
    pub version: u32,
    /// Name of the cluster, as `pg_lsclusters` shows it.
    #[attr(
        default = "main",
        validate(matches(
            r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$",
            "a cluster name: letters, digits, `_`, `.`, `-`"
        ))
    )]
    pub cluster: String,
    /// TCP port.
    #[attr(default = 5432, validate(range(1..=65535)))]
    pub port: u16,
    /// Addresses it listens on; `*` for all. Changing them restarts the server.
    #[attr(default = ["localhost"])]
    pub listen_addresses: Vec<String>,
    /// Directory of the data. `/var/lib/postgresql/<version>/<cluster>` unless set. It cannot be moved.
    #[attr(
        optional,
        stable,
        validate(matches(r"^/[A-Za-z0-9_.@+/-]*[A-Za-z0-9_.@+-]$", "an absolute path without spaces"))
    )]
    pub data_directory: Computed<String>,
    /// Exact version of the package `postgresql-<version>`, such as `15.18-0+deb12u1`. What the repository offers when
    /// the instance is made unless set; it is then held, so that only a change here upgrades it. Changing it restarts
    /// the server, with a checkpoint first.
    #[attr(optional, stable, validate(matches(r"^[A-Za-z0-9.+~:-]+$", "a version of a Debian package")))]
    pub package_version: Computed<String>,
    /// Where the packages come from.
    #[attr(default = Repository::Distribution)]
    pub repository: Repository,
    /// Mirror of the PostgreSQL project's repository, for machines without a way to the internet. Used with
    /// `repository = "pgdg"`.
    #[attr(
        default = "https://apt.postgresql.org/pub/repos/apt",
        validate(matches(r"^(https?|file)://\S+$", "an http, https or file URL"))
    )]
    pub repository_url: String,
    /// Locale of the cluster. `C.UTF-8` unless set, which no change of the C library can reorder. Cannot be changed.
    #[attr(optional, stable, validate(matches(r"^[A-Za-z0-9_.@-]+$", "a locale such as `C.UTF-8`")))]
    pub locale: Computed<String>,
    /// Locale of ICU, such as `en-x-icu` or `und`: text is then sorted by ICU. Takes version 15 or newer. Cannot be
    /// changed.
    #[attr(validate(matches(r"^[A-Za-z0-9_@=;-]+$", "an ICU locale such as `und`")))]
    pub icu_locale: Option<String>,
    /// Encoding of the cluster. `UTF8` unless set. Cannot be changed.
    #[attr(optional, stable, validate(matches(r"^[A-Za-z0-9_-]+$", "an encoding such as `UTF8`")))]
    pub encoding: Computed<String>,
    /// Size of a WAL segment in MiB, a power of two. 16 unless set. Cannot be changed.
    #[attr(optional, stable, validate(one_of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)))]
    pub wal_segment_size: Computed<u32>,
    /// Whether data pages carry checksums; they are needed to find damage, and to rewind an old primary. True unless
    /// set. Cannot be changed.
    #[attr(optional, stable)]
    pub checksums: Computed<bool>,
    /// Server settings by name, as `postgresql.conf` spells their values. What is left out is derived from the memory
    /// and processors of the machine and from `objectives`; `effective_settings` shows both. They are kept in one file
    /// in `conf.d`. The plan names what reloads and what restarts.
    #[attr(default = [], validate(keys(matches(r"^[a-z_][a-z0-9_.]*$", "the name of a setting in lower case"))))]
    pub settings: BTreeMap<String, String>,
    /// Who may connect from where, in order: the first rule that fits decides. `postgres` over the local socket comes
    /// before all of them, so that nobody is locked out. Unless set, everyone may use the local socket as the user of
    /// the operating system, and passwords are asked for on the loopback address.
    pub access: Option<Vec<AccessRule>>,
    /// Roles that must be there, by name. They are created and their attributes kept as said; none is ever dropped.
    #[attr(default = [], validate(keys(length(1..=63))))]
    pub roles: BTreeMap<String, Role>,
    /// Databases that must be there, by name. They are created and their owner kept as said; none is ever dropped.
    #[attr(default = [], validate(keys(length(1..=63))))]
    pub databases: BTreeMap<String, Database>,
    /// Encryption of connections. The package's own self-signed certificate unless set.
    pub tls: Option<Tls>,
    /// Whether a change that only a restart puts into effect restarts the server when it is applied.
    #[attr(default = Restart::WhenNeeded)]
    pub restart: Restart,
    /// Number of the user `postgres`, the same on every machine that shall ever hold the data. An existing user's
    /// unless set, or 543. Cannot be changed.
    #[attr(optional, stable, validate(range(1..=999)))]
    pub user_id: Computed<u32>,
    /// System identifier of data without a marker that are taken over when the instance is made, as `pg_controldata`
    /// shows it. Data that carry this member's marker need none.
    #[attr(validate(matches(r"^[0-9]{1,20}$", "a system identifier: digits")))]
    pub adopt: Option<String>,
    /// Whether data are taken over that were last used with another version of the C library, on which the order of
    /// text depends. Indexes on text must then be made anew before clients return.
    #[attr(default = false)]
    pub accept_collation_change: bool,
    /// Number of the group `postgres`. An existing group's unless set, or 543. Cannot be changed.
    #[attr(optional, stable, validate(range(1..=999)))]
    pub group_id: Computed<u32>,
}

/// Where packages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Repository {
    /// What the machine is configured with: Debian's or Ubuntu's own.
    Distribution,
    /// The PostgreSQL project's repository, which has every major version.
    Pgdg,
}

/// What becomes of changes that take a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Restart {
    /// The server is restarted at apply, with a checkpoint first so that it is short.
    WhenNeeded,
    /// They wait for a restart by hand; `status.pending_restart` names them.
    Never,
}
