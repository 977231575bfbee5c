//! What an instance is to be, whatever resource says it.

use tf_framework::Choice;

use super::model::{Objectives, Postgresql};
use crate::replication::model::Standby;
use crate::restore::Restore;
use crate::walg::Backup;

/// What an instance is to be.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// Name of the member: in markers, epochs and slots.
    pub(crate) name: String,
    /// PostgreSQL itself.
    pub(crate) postgresql: Postgresql,
    /// What a disaster may cost.
    pub(crate) objectives: Option<Objectives>,
    /// How it is archived and backed up.
    pub(crate) backup: Option<Backup>,
    /// Whether the way to the archive is proved at the end.
    pub(crate) prove: bool,
    /// What its data are restored from when it is made.
    pub(crate) restore: Option<Restore>,
    /// What it is made as.
    pub(crate) role: MadeAs,
    /// What it follows, where it is made as a standby.
    pub(crate) standby: Option<Standby>,
    /// System identifier of its data, where it is known: by the state, or by `adopt`.
    pub(crate) system_identifier: Option<String>,
    /// What the marker remembers of the configuration for an import, as JSON without secrets.
    pub(crate) remembered: serde_json::Map<String, serde_json::Value>,
    /// Versions of the secrets that were sent before, by what they are of: `role/app`, `tls/key`. Empty when the
    /// instance is made, so that all are sent.
    pub(crate) sent: std::collections::BTreeMap<String, Option<i64>>,
}

/// What an instance is made as. Who is primary later is nobody's drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum MadeAs {
    /// A primary, with a cluster of its own.
    Primary,
    /// A standby of another instance.
    Standby,
}

impl Spec {
    /// Directory of the data.
    pub(crate) fn data_directory(&self) -> String {
        self.postgresql.data_directory.known().cloned().unwrap_or_else(|| {
            format!("/var/lib/postgresql/{}/{}", self.postgresql.version, self.postgresql.cluster)
        })
    }

    /// Directory of the configuration.
    pub(crate) fn config_directory(&self) -> String {
        format!("/etc/postgresql/{}/{}", self.postgresql.version, self.postgresql.cluster)
    }

    /// Whether a cluster of its own is made for it, rather than data brought from somewhere else.
    pub(crate) fn makes_its_own_data(&self) -> bool {
        self.role == MadeAs::Primary && self.restore.is_none()
    }

    /// File beside the data that says whose they are.
    pub(crate) fn marker(&self) -> String {
        format!("{}.hybridops.json", self.data_directory())
    }
}
