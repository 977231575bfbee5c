//! PostgreSQL with WAL-G: instances, archives, restores, failover.

mod client;
pub mod data_sources;
mod drill;
mod errors;
mod instance;
mod replication;
pub mod resources;
mod restore;
pub mod store;
mod walg;

pub use client::Postgresql;

use tf_framework::{Provider, Registry, SelectClient};

/// Registers everything of this domain. `client` finds what the provider configured.
pub fn register<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Postgresql>) {
    registry.resource::<resources::PostgresqlHost>(client);
    registry.resource::<resources::PostgresqlLxc>(client);
    registry.resource::<resources::PostgresqlPrimary>(client);
    registry.resource::<resources::RestoreDrill>(client);
    registry.data_source::<data_sources::WalgBackups>(client);
    registry.data_source::<data_sources::WalgRecoveryWindow>(client);
}
