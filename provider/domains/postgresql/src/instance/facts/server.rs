//! What the server says of itself.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a server that answers says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Server {
    /// `150018`.
    pub(crate) version_number: u32,
    /// `15.18 (Debian 15.18-0+deb12u1)`.
    pub(crate) version: String,
    /// Whether it recovers or follows.
    pub(crate) in_recovery: bool,
    /// Timeline it writes to, or replays.
    pub(crate) timeline: u32,
    /// System identifier, as text.
    pub(crate) system_identifier: String,
    /// Directory of the data.
    pub(crate) data_directory: String,
    /// Position it writes at, or replayed to.
    pub(crate) lsn: Option<String>,
    /// Every setting by name.
    pub(crate) settings: BTreeMap<String, Setting>,
    /// Errors in its configuration files.
    pub(crate) file_faults: Vec<FileFault>,
    /// Errors in `pg_hba.conf`.
    pub(crate) access_faults: Vec<AccessFault>,
    /// Roles by name, without those of the system.
    pub(crate) roles: BTreeMap<String, RoleFact>,
    /// Databases by name.
    pub(crate) databases: BTreeMap<String, DatabaseFact>,
    /// The archiver.
    pub(crate) archiver: Archiver,
    /// Replication slots by name.
    pub(crate) slots: BTreeMap<String, Slot>,
    /// Standbys that stream, by application name.
    pub(crate) streams: Vec<Stream>,
    /// What it receives, where it follows.
    pub(crate) receiver: Option<Receiver>,
}

impl Server {
    /// TCP port it listens at now.
    pub(crate) fn port(&self) -> Option<u16> {
        self.settings.get("port")?.setting.parse().ok()
    }
}

/// A setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Setting {
    /// Its value, in its unit.
    pub(crate) setting: String,
    /// `8kB`, `ms`.
    pub(crate) unit: Option<String>,
    /// When a change takes effect: `postmaster`, `sighup`, `user`.
    pub(crate) context: String,
    /// `bool`, `integer`, `real`, `string`, `enum`.
    pub(crate) vartype: String,
    /// Where the value comes from: `default`, `configuration file`, `command line`.
    pub(crate) source: String,
    /// File it comes from.
    pub(crate) sourcefile: Option<String>,
    /// Least value.
    pub(crate) min_val: Option<String>,
    /// Greatest value.
    pub(crate) max_val: Option<String>,
    /// Admitted words.
    pub(crate) enumvals: Option<Vec<String>>,
    /// Whether a change waits for a restart.
    pub(crate) pending_restart: bool,
}

/// An error in a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct FileFault {
    /// The file.
    pub(crate) sourcefile: String,
    /// Line in it.
    pub(crate) sourceline: u32,
    /// The setting.
    pub(crate) name: Option<String>,
    /// What is wrong.
    pub(crate) error: String,
}

/// An error in `pg_hba.conf`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct AccessFault {
    /// Line in it.
    pub(crate) line_number: u32,
    /// What is wrong.
    pub(crate) error: String,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct RoleFact {
    /// Whether it may log in.
    pub(crate) login: bool,
    /// Whether it bypasses permission checks.
    pub(crate) superuser: bool,
    /// Whether it may create databases.
    pub(crate) create_database: bool,
    /// Whether it may create roles.
    pub(crate) create_role: bool,
    /// Whether it may stream WAL.
    pub(crate) replication: bool,
    /// Whether it has its groups' rights.
    pub(crate) inherit: bool,
    /// Whether it bypasses row-level security.
    pub(crate) bypass_rls: bool,
    /// Connections it may have.
    pub(crate) connection_limit: i32,
    /// Whether it has a password.
    pub(crate) has_password: bool,
    /// Roles it is a member of.
    pub(crate) member_of: Vec<String>,
}

/// A database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct DatabaseFact {
    /// Role that owns it.
    pub(crate) owner: String,
    /// Encoding.
    pub(crate) encoding: String,
    /// Locale.
    pub(crate) locale: String,
    /// Connections it may have.
    pub(crate) connection_limit: i32,
    /// Version of the collation that its indexes were made with; nothing where it has none.
    pub(crate) collation_version: Option<String>,
    /// Version of the collation that the machine has.
    pub(crate) collation_actual: Option<String>,
    /// Whether it is a template.
    pub(crate) template: bool,
}

/// What `pg_stat_archiver` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Archiver {
    /// Files archived.
    pub(crate) archived_count: u64,
    /// The last one, which may be a history file.
    pub(crate) last_archived_wal: Option<String>,
    /// Seconds since 1970.
    pub(crate) last_archived_at: Option<i64>,
    /// Tries that failed.
    pub(crate) failed_count: u64,
    /// The file of the last failure.
    pub(crate) last_failed_wal: Option<String>,
    /// Seconds since 1970.
    pub(crate) last_failed_at: Option<i64>,
    /// Files that wait.
    pub(crate) ready: u64,
}

/// A replication slot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Slot {
    /// `physical` or `logical`.
    pub(crate) slot_type: String,
    /// Whether somebody uses it.
    pub(crate) active: bool,
    /// Where its WAL begins that is kept.
    pub(crate) restart_lsn: Option<String>,
    /// `reserved`, `extended`, `unreserved`, `lost`.
    pub(crate) wal_status: Option<String>,
    /// Bytes of WAL kept for it.
    pub(crate) lag_bytes: Option<i64>,
}

/// A standby that streams.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Stream {
    /// Name it gives itself.
    pub(crate) application_name: String,
    /// Where it is.
    pub(crate) client_addr: Option<String>,
    /// `streaming`, `catchup`.
    pub(crate) state: String,
    /// `async`, `sync`, `potential`, `quorum`.
    pub(crate) sync_state: String,
    /// Position it replayed to.
    pub(crate) replay_lsn: Option<String>,
    /// Bytes it is behind.
    pub(crate) lag_bytes: Option<i64>,
}

/// What a standby receives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Receiver {
    /// `streaming`.
    pub(crate) status: String,
    /// The primary.
    pub(crate) sender_host: Option<String>,
    /// Its port.
    pub(crate) sender_port: Option<i32>,
    /// Slot in use.
    pub(crate) slot_name: Option<String>,
    /// Position received and flushed.
    pub(crate) flushed_lsn: Option<String>,
}
