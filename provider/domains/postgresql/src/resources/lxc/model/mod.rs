//! What `hybridops_postgresql_lxc` looks like in configuration and state.

mod container;
mod data;

use std::collections::BTreeMap;

use tf_framework::{Computed, Model as _, Resource, Timeouts};

pub(super) use container::*;
pub(super) use data::*;

use crate::instance::model::{Objectives, Postgresql, Status};
use crate::instance::{MadeAs, Spec, remember, sent};
use crate::replication::model::Standby;
use crate::resources::face::Face;
use crate::restore::Restore;
use crate::walg::Backup;

/// PostgreSQL in an unprivileged container of Proxmox VE, whose data outlives the container.
///
/// The container is made, the data is put beside it (on the node, or on a volume of its own), and the instance is brought
/// to what is declared. The container can be replaced at any time: with another `container.template`, after it was
/// destroyed by hand, or on another node that has the same data. The data is attached only if it is this member's, of
/// this major version, and owned by the right user; otherwise nothing is touched. A container that is gone is not a
/// database that is gone: the plan then builds the container anew on its data, and never an empty cluster.
///
/// The node is reached by SSH, which is needed to prepare `data.host_path` and, unless `inside` says otherwise, to reach
/// the inside of the container.
#[derive(Debug, Clone, Resource)]
#[resource(name = "postgresql_lxc", subcategory = "PostgreSQL", version = 0)]
pub struct PostgresqlLxc {
    /// Name, major version and cluster, `db-01/15/main`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Name of the member: in markers, epochs and replication slots; also the host name of the container. It cannot be
    /// changed.
    #[attr(validate(matches(
        r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$",
        "a name of at most 50 lower-case letters, digits and `-`"
    )))]
    pub name: String,
    /// The container.
    pub container: Container,
    /// Where the data is kept.
    pub data: DataPlace,
    /// How the inside of the container is reached. Through its node unless set.
    pub inside: Option<Inside>,
    /// Host key of the container's SSH server, read through the node; null where it has none.
    #[attr(stable)]
    pub host_key: Computed<Option<String>>,
    /// PostgreSQL itself.
    pub postgresql: Postgresql,
    /// How it is archived and backed up. Not at all unless set.
    pub backup: Option<Backup>,
    /// What a new instance is restored from, and to which point. It takes `backup`, for the archive of its own.
    #[attr(validate(required_with(backup)))]
    pub restore: Option<Restore>,
    /// What a disaster may cost. Derives settings and timers.
    pub objectives: Option<Objectives>,
    /// What the instance is made as. Who is primary later is shown by `status.current_role`.
    #[attr(default = MadeAs::Primary)]
    pub role: MadeAs,
    /// What it follows when it is made as a standby: its data are copied from there. Who it follows later is decided by
    /// `hybridops_postgresql_primary`.
    pub standby: Option<Standby>,
    /// Settings of the provider's file as they are in force: those of `postgresql.settings`, and those that were derived
    /// or belong to other attributes. What depends on memory and processors comes from those of the container.
    #[attr(stable)]
    pub effective_settings: Computed<BTreeMap<String, String>>,
    /// What was found in the container.
    #[attr(stable)]
    pub status: Computed<Status>,
    /// Whether the container runs. One that does not is started.
    #[attr(stable)]
    pub running: Computed<bool>,
    /// Whether destroying and replacing are refused. Set it to false and apply before either.
    #[attr(default = true)]
    pub deletion_protection: bool,
    /// What destroying this resource does. Data of the node is never removed.
    #[attr(default = OnDestroy::KeepData)]
    pub on_destroy: OnDestroy,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// What the marker remembers of the configuration.
const INPUTS: [&str; 12] = [
    "name",
    "container",
    "data",
    "inside",
    "postgresql",
    "backup",
    "objectives",
    "role",
    "standby",
    "deletion_protection",
    "on_destroy",
    "timeouts",
];

/// What is observed of the container, so that an import needs not be told.
const OBSERVED: [&str; 5] = ["vmid", "current_node", "mac_address", "reboot_required", "cost_tags"];

impl PostgresqlLxc {
    fn remembered(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut remembered = remember(&self.to_object(), &Self::block().value_type(), &INPUTS);
        if let Some(container) = remembered.get_mut("container").and_then(serde_json::Value::as_object_mut) {
            OBSERVED.iter().for_each(|name| drop(container.remove(*name)));
        }
        remembered
    }
}

impl Face for PostgresqlLxc {
    fn key(&self) -> String {
        let p = &self.postgresql;
        format!("container of {}/{}/{}", self.name, p.version, p.cluster)
    }

    fn spec(&self, before: Option<&Self>) -> Spec {
        let identifier = before.and_then(|before| before.status.known()?.system_identifier.known().cloned());
        let proof = self.backup.as_ref().map(|backup| backup.proof.known());
        Spec {
            name: self.name.clone(),
            postgresql: self.postgresql.clone(),
            objectives: self.objectives.clone(),
            backup: self.backup.clone(),
            prove: proof.is_some_and(|proof| proof.is_none()),
            restore: self.restore.clone(),
            role: self.role,
            standby: self.standby.clone(),
            system_identifier: identifier
                .filter(|it| !it.is_empty())
                .or_else(|| self.postgresql.adopt.clone()),
            remembered: self.remembered(),
            sent: before.map(|before| sent(&before.postgresql)).unwrap_or_default(),
        }
    }

    fn postgresql(&mut self) -> &mut Postgresql {
        &mut self.postgresql
    }

    fn backup(&mut self) -> &mut Option<Backup> {
        &mut self.backup
    }

    fn restore(&mut self) -> &mut Option<Restore> {
        &mut self.restore
    }

    fn computed(&mut self) -> (&mut Computed<BTreeMap<String, String>>, &mut Computed<Status>) {
        (&mut self.effective_settings, &mut self.status)
    }
}
