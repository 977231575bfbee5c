//! NetBox: every object of its API as a Terraform resource.
//!
//! [`api`] is the client, without Terraform in it. The table of all objects is generated: see the `generator`
//! directory beside this one.

pub mod api;
mod client;
pub mod data_sources;
pub mod ephemeral;
mod predecessors;
mod provider_config;
pub mod resources;
pub mod table;

pub use client::{Client, TABLE};
pub use provider_config::{Environment, ProviderConfig, ProviderConfigPartial};

use tf_framework::{Provider, Registry, SelectClient};

/// Registers everything of this domain. `client` finds the server's client in the configured provider.
pub fn register<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Client>) {
    catalogue::register(registry, &TABLE, client);
    registry.resource::<resources::Guest>(client);
    registry.resource::<resources::AnyObject>(client);
    registry.data_source::<data_sources::Objects>(client);
    registry.ephemeral_resource::<ephemeral::Token>(client);
}
