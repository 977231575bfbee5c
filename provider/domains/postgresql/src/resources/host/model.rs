//! What the resource looks like in configuration and state.

use std::collections::BTreeMap;

use hosts::Connection;
use tf_framework::{Choice, Computed, Model as _, Resource, Timeouts};

use crate::instance::model::{Objectives, Postgresql, Status};
use crate::instance::{MadeAs, Spec, remember, sent};
use crate::replication::model::Standby;
use crate::restore::Restore;
use crate::walg::Backup;

/// PostgreSQL on a Debian or Ubuntu machine that is reached by SSH.
///
/// The instance is brought from whatever it is to what is declared; an apply that was interrupted goes on where it
/// stopped. Data that are found in the data directory are attached, never overwritten, and only if they are this
/// member's, of this major version, and owned by the right user. Destroying the resource never removes data.
///
/// Beside the data stands a marker that says whose they are, and what was declared, without secrets: an import needs no
/// more than the machine.
#[derive(Debug, Clone, Resource)]
#[resource(name = "postgresql_host", subcategory = "PostgreSQL", version = 0)]
pub struct PostgresqlHost {
    /// Name, major version and cluster, `db-02/15/main`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Name of the member: in markers, epochs and replication slots. It cannot be changed.
    #[attr(validate(matches(
        r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$",
        "a name of at most 50 lower-case letters, digits and `-`"
    )))]
    pub name: String,
    /// How the machine is reached.
    pub machine: Connection,
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
    /// or belong to other attributes.
    #[attr(stable)]
    pub effective_settings: Computed<BTreeMap<String, String>>,
    /// What was found on the machine.
    #[attr(stable)]
    pub status: Computed<Status>,
    /// What destroying this resource does to the instance. The data directory stays in any case.
    #[attr(default = OnDestroy::KeepData)]
    pub on_destroy: OnDestroy,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// What destroying the resource does to the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnDestroy {
    /// Nothing: it goes on running, Terraform forgets it.
    KeepData,
    /// The server is stopped and does not start with the machine any more.
    Stop,
    /// It is stopped, and its packages are removed. Data and configuration stay.
    RemovePackages,
}

/// What the marker remembers of the configuration.
pub(super) const INPUTS: [&str; 9] =
    ["name", "machine", "postgresql", "backup", "objectives", "role", "standby", "on_destroy", "timeouts"];

impl PostgresqlHost {
    /// What is asked for; `before` is the state, where there is one.
    pub(super) fn asked_for(&self, before: Option<&Self>) -> Spec {
        let identifier = before.and_then(|before| before.status.known()?.system_identifier.known().cloned());
        let proof = self.backup.as_ref().map(|backup| backup.proof.known());
        Spec {
            name: self.name.clone(),
            postgresql: self.postgresql.clone(),
            objectives: self.objectives.clone(),
            backup: self.backup.clone(),
            restore: self.restore.clone(),
            prove: proof.is_some_and(|proof| proof.is_none()),
            role: self.role,
            standby: self.standby.clone(),
            system_identifier: identifier
                .filter(|it| !it.is_empty())
                .or_else(|| self.postgresql.adopt.clone()),
            remembered: remember(&self.to_object(), &Self::block().value_type(), &INPUTS),
            sent: before.map(|before| sent(&before.postgresql)).unwrap_or_default(),
        }
    }
}
