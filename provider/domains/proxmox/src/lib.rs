//! Proxmox VE: typed API client, resources and data sources.

pub mod actions;
pub mod api;
mod client;
pub mod config;
mod containers;
pub mod data_sources;
pub mod ephemeral;
mod errors;
pub mod functions;
mod guest;
pub mod images;
mod preflight;
mod provider_config;
pub mod resources;
pub mod seed;
pub mod table;

pub use client::Proxmox;
pub use provider_config::{Concurrency, Environment, ProviderConfig, ProviderConfigPartial};

use catalogue::Table;
use tf_framework::{Provider, Registry, SelectClient};

/// Registers everything of this domain. `client` finds the cluster's client in the configured provider.
pub fn register<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Proxmox>) {
    registry.resource::<resources::Template>(client);
    registry.list_resource::<resources::Templates>(client);
    registry.resource::<resources::Vm>(client);
    registry.resource::<resources::Lxc>(client);
    registry.list_resource::<resources::VmList>(client);
    registry.list_resource::<resources::LxcList>(client);
    registry.resource::<resources::Image>(client);
    registry.list_resource::<resources::Images>(client);
    registry.resource::<resources::Snapshot>(client);
    registry.resource::<resources::SdnApply>(client);
    registry.resource::<resources::NodeNetworkApply>(client);
    registry.data_source::<data_sources::VersionInfo>(client);
    registry.data_source::<data_sources::Nodes>(client);
    registry.data_source::<data_sources::Storages>(client);
    registry.data_source::<data_sources::Templates>(client);
    catalogue::register(registry, &TABLE, client);
    registry.data_source::<data_sources::Guests>(client);
    registry.data_source::<data_sources::GuestAddresses>(client);
    registry.data_source::<data_sources::Backups>(client);
    registry.ephemeral_resource::<ephemeral::UserToken>(client);
    registry.action::<actions::Power>(client);
    registry.action::<actions::TakeSnapshotAction>(client);
    registry.action::<actions::Rollback>(client);
    registry.action::<actions::Backup>(client);
    registry.action::<actions::RestoreTest>(client);
    registry.action::<actions::Migrate>(client);
    registry.action::<actions::BulkPower>(client);
    registry.function::<functions::ParseVolumeId>();
    registry.function::<functions::ParseUpid>();
    registry.function::<functions::SeedInstanceId>();
}

/// The configuration objects that are described.
pub static TABLE: Table = Table::new(table::KINDS, &[], &[]);
