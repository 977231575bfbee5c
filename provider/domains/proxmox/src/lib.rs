//! Proxmox VE: typed API client, resources and data sources.

pub mod api;
mod client;
pub mod data_sources;
mod errors;
pub mod images;
mod preflight;
mod provider_config;
pub mod resources;

pub use client::Proxmox;
pub use provider_config::{Concurrency, Environment, ProviderConfig, ProviderConfigPartial};

use tf_framework::{Provider, Registry, SelectClient};

/// Registers everything of this domain. `client` finds the cluster's client in the configured provider.
pub fn register<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Proxmox>) {
    registry.resource::<resources::Template>(client);
    registry.list_resource::<resources::Templates>(client);
    registry.resource::<resources::Image>(client);
    registry.list_resource::<resources::Images>(client);
    registry.data_source::<data_sources::VersionInfo>(client);
    registry.data_source::<data_sources::Nodes>(client);
    registry.data_source::<data_sources::Storages>(client);
    registry.data_source::<data_sources::Templates>(client);
}
