//! The provider block and the domains.

use std::sync::{Arc, OnceLock};

use domain_netbox::Client as NetBox;
use domain_proxmox::Proxmox;
use tf_framework::{ConfigureContext, Diagnostics, Model, Provider, Registry, Result};

/// The hybridops provider runs a hybrid platform: Proxmox VE and what stands on it. Every section is optional; a
/// section is needed only by the objects that use it. Configuring makes no network call.
#[derive(Clone, Model)]
pub(crate) struct Configuration {
    /// The Proxmox VE cluster.
    pub(crate) proxmox: Option<domain_proxmox::ProviderConfig>,
    /// The NetBox.
    pub(crate) netbox: Option<domain_netbox::ProviderConfig>,
}

/// The configured provider. Clients are made when first used.
pub(crate) struct Hybridops {
    config: ConfigurationPartial,
    proxmox: OnceLock<Result<Option<Arc<Proxmox>>>>,
    netbox: OnceLock<Result<Option<Arc<NetBox>>>>,
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Hybridops {
    fn proxmox(&self) -> Result<Option<Arc<Proxmox>>> {
        let client = || domain_proxmox::ProviderConfig::client(&self.config.proxmox, &environment);
        self.proxmox.get_or_init(client).clone()
    }

    fn netbox(&self) -> Result<Option<Arc<NetBox>>> {
        let client = || domain_netbox::ProviderConfig::client(&self.config.netbox, &environment);
        self.netbox.get_or_init(client).clone()
    }

    /// What was asked of each server that was asked anything.
    fn asked(&self) -> Vec<(&'static str, String)> {
        let proxmox = || Some(self.proxmox.get()?.as_ref().ok()?.as_ref()?.api.counters().describe());
        let netbox = || Some(self.netbox.get()?.as_ref().ok()?.as_ref()?.api.counters().describe());
        let tallies = [("Proxmox VE", proxmox()), ("NetBox", netbox())];
        let told = tallies.into_iter().filter_map(|(server, tally)| Some((server, tally?)));
        told.filter(|(_, tally)| !tally.is_empty()).collect()
    }
}

impl Provider for Hybridops {
    type Config = Configuration;
    const NAME: &'static str = "hybridops";
    const ADDRESS: &'static str = "registry.terraform.io/hybridops-studio/hybridops";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn configure(_: &ConfigureContext, config: ConfigurationPartial) -> Result<Self> {
        Ok(Self { config, proxmox: OnceLock::new(), netbox: OnceLock::new() })
    }

    fn validate(config: &ConfigurationPartial, diagnostics: &mut Diagnostics) {
        domain_proxmox::ProviderConfig::validate(&config.proxmox, diagnostics);
    }

    fn tally(&self) -> Option<String> {
        let told: Vec<String> = self
            .asked()
            .into_iter()
            .map(|(server, tally)| format!("Requests to {server} so far:\n{tally}"))
            .collect();
        (!told.is_empty()).then(|| told.join("\n"))
    }

    fn register(registry: &mut Registry<Self>) {
        domain_proxmox::register(registry, Self::proxmox);
        domain_netbox::register(registry, Self::netbox);
    }
}
