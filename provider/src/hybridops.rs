//! The provider block and the domains.

use std::sync::{Arc, OnceLock};

use domain_proxmox::{ProviderConfig, Proxmox};
use tf_framework::{ConfigureContext, Diagnostics, Model, Provider, Registry, Result};

/// The hybridops provider runs a hybrid platform: Proxmox VE and what stands on it. Every section is optional; a
/// section is needed only by the objects that use it. Configuring makes no network call.
#[derive(Clone, Model)]
pub(crate) struct Configuration {
    /// The Proxmox VE cluster.
    pub(crate) proxmox: Option<ProviderConfig>,
}

/// The configured provider. Clients are made when first used.
pub(crate) struct Hybridops {
    config: ConfigurationPartial,
    proxmox: OnceLock<Result<Option<Arc<Proxmox>>>>,
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Hybridops {
    fn proxmox(&self) -> Result<Option<Arc<Proxmox>>> {
        self.proxmox.get_or_init(|| ProviderConfig::client(&self.config.proxmox, &environment)).clone()
    }
}

impl Provider for Hybridops {
    type Config = Configuration;
    const NAME: &'static str = "hybridops";
    const ADDRESS: &'static str = "registry.terraform.io/hybridops-studio/hybridops";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn configure(_: &ConfigureContext, config: ConfigurationPartial) -> Result<Self> {
        Ok(Self { config, proxmox: OnceLock::new() })
    }

    fn validate(config: &ConfigurationPartial, diagnostics: &mut Diagnostics) {
        ProviderConfig::validate(&config.proxmox, diagnostics);
    }

    fn tally(&self) -> Option<String> {
        let client = self.proxmox.get()?.as_ref().ok()?.as_ref()?;
        let asked = client.api.counters().describe();
        (!asked.is_empty()).then(|| format!("Requests to Proxmox VE so far:\n{asked}"))
    }

    fn register(registry: &mut Registry<Self>) {
        domain_proxmox::register(registry, Self::proxmox);
    }
}
