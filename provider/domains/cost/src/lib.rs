//! Cost as a signal: gate, decision, artefacts.

mod assess;
mod client;
mod config;
pub mod data_sources;
mod functions;
mod places;
mod prometheus;
mod question;
pub mod resources;
mod told;

pub use client::Cost;
pub use config::{CostConfig, CostConfigPartial};
pub use prometheus::{Prometheus, PrometheusConfig, PrometheusConfigPartial};

use tf_framework::{Provider, Registry, SelectClient};

/// Registers everything of this domain. `client` finds what the provider configured.
pub fn register<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Cost>) {
    registry.data_source::<data_sources::CostGate>(client);
    registry.data_source::<data_sources::DrTarget>(client);
    registry.resource::<resources::CostArtifact>(client);
    registry.resource::<resources::CostDecision>(client);
    registry.function::<functions::CostTags>();
    registry.function::<functions::Explain>();
}

/// Registers what asks a Prometheus. `client` finds what the provider configured.
pub fn register_signals<P: Provider>(registry: &mut Registry<P>, client: SelectClient<P, Prometheus>) {
    registry.data_source::<data_sources::PrometheusQuery>(client);
}
