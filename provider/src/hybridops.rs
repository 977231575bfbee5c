//! The provider block and the domains.

use std::sync::{Arc, OnceLock};

use cost_engine::tags::Target;
use domain_cost::{Cost, CostConfig, Prometheus, PrometheusConfig};
use domain_kubernetes::Kubernetes;
use domain_netbox::Client as NetBox;
use domain_postgresql::Postgresql;
use domain_proxmox::Proxmox;
use hosts::containers::Containers;
use hosts::{Hosts, SshConfig};
use objects::ObjectStorage;
use tf_framework::{ConfigureContext, Diagnostics, Model, Provider, Registry, Result};

use crate::cost_tags::CostTags;

/// The hybridops provider runs a hybrid platform: Proxmox VE and what stands on it. Every section is optional; a
/// section is needed only by the objects that use it. Configuring makes no network call.
#[derive(Clone, Model)]
pub(crate) struct Configuration {
    /// The Proxmox VE cluster.
    pub(crate) proxmox: Option<domain_proxmox::ProviderConfig>,
    /// The NetBox.
    pub(crate) netbox: Option<domain_netbox::ProviderConfig>,
    /// How machines are reached by SSH.
    pub(crate) ssh: Option<SshConfig>,
    /// What object stores are read and written with from here: archives of PostgreSQL, documents of the cost gate.
    pub(crate) object_storage: Option<ObjectStorage>,
    /// Where the documents of the cost gate are.
    pub(crate) cost: Option<CostConfig>,
    /// The Prometheus that tells signals.
    pub(crate) prometheus: Option<PrometheusConfig>,
    /// Tags about cost that are put on everything that can carry them: on guests of Proxmox VE as `cost-env.prod`, on
    /// objects of NetBox as the tag with the slug `cost-env-prod`, which must exist. An object that states one of the
    /// facts by a tag of its own keeps its own. A change is made in place and restarts nothing.
    pub(crate) cost_tags: Option<CostTags>,
}

/// The configured provider. Clients are made when first used.
pub(crate) struct Hybridops {
    config: ConfigurationPartial,
    proxmox: OnceLock<Result<Option<Arc<Proxmox>>>>,
    netbox: OnceLock<Result<Option<Arc<NetBox>>>>,
    hosts: OnceLock<Result<Option<Arc<Hosts>>>>,
    postgresql: OnceLock<Result<Option<Arc<Postgresql>>>>,
    kubernetes: OnceLock<Result<Option<Arc<Kubernetes>>>>,
    cost: OnceLock<Result<Option<Arc<Cost>>>>,
    prometheus: OnceLock<Result<Option<Arc<Prometheus>>>>,
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Hybridops {
    fn proxmox(&self) -> Result<Option<Arc<Proxmox>>> {
        let client = || {
            let words = CostTags::words(&self.config.cost_tags, Target::Proxmox)?;
            let words = words.map(|words| words.into_values().collect());
            domain_proxmox::ProviderConfig::client(&self.config.proxmox, words, &environment)
        };
        self.proxmox.get_or_init(client).clone()
    }

    fn netbox(&self) -> Result<Option<Arc<NetBox>>> {
        let client = || {
            let words = CostTags::words(&self.config.cost_tags, Target::Netbox)?;
            domain_netbox::ProviderConfig::client(&self.config.netbox, words, &environment)
        };
        self.netbox.get_or_init(client).clone()
    }

    fn hosts(&self) -> Result<Option<Arc<Hosts>>> {
        self.hosts.get_or_init(|| SshConfig::hosts(&self.config.ssh, &environment)).clone()
    }

    fn postgresql(&self) -> Result<Option<Arc<Postgresql>>> {
        let containers = || Ok(self.proxmox()?.map(|proxmox| proxmox as Arc<dyn Containers>));
        let client = || {
            let credentials = ObjectStorage::credentials(&self.config.object_storage, &environment)?;
            let parts = self.hosts()?.zip(credentials);
            Ok(parts.map(|(hosts, credentials)| {
                Arc::new(Postgresql::new(hosts, credentials).with_containers(containers()))
            }))
        };
        self.postgresql.get_or_init(client).clone()
    }

    fn kubernetes(&self) -> Result<Option<Arc<Kubernetes>>> {
        let client = || {
            let credentials = ObjectStorage::credentials(&self.config.object_storage, &environment)?;
            let parts = self.hosts()?.zip(credentials);
            Ok(parts.map(|(hosts, credentials)| Arc::new(Kubernetes::new(hosts, credentials))))
        };
        self.kubernetes.get_or_init(client).clone()
    }

    fn cost(&self) -> Result<Option<Arc<Cost>>> {
        let credentials = || ObjectStorage::credentials(&self.config.object_storage, &environment);
        self.cost.get_or_init(|| CostConfig::client(&self.config.cost, credentials())).clone()
    }

    fn prometheus(&self) -> Result<Option<Arc<Prometheus>>> {
        let client = || PrometheusConfig::client(&self.config.prometheus, &environment);
        self.prometheus.get_or_init(client).clone()
    }

    /// What was asked of each server that was asked anything.
    fn asked(&self) -> Vec<(&'static str, String)> {
        let proxmox = || Some(self.proxmox.get()?.as_ref().ok()?.as_ref()?.api.counters().describe());
        let netbox = || Some(self.netbox.get()?.as_ref().ok()?.as_ref()?.api.counters().describe());
        let stores = || Some(self.postgresql.get()?.as_ref().ok()?.as_ref()?.stores.describe());
        let tallies = [("Proxmox VE", proxmox()), ("NetBox", netbox()), ("the stores of archives", stores())];
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
        Ok(Self {
            config,
            proxmox: OnceLock::new(),
            netbox: OnceLock::new(),
            hosts: OnceLock::new(),
            postgresql: OnceLock::new(),
            kubernetes: OnceLock::new(),
            cost: OnceLock::new(),
            prometheus: OnceLock::new(),
        })
    }

    fn validate(config: &ConfigurationPartial, diagnostics: &mut Diagnostics) {
        domain_proxmox::ProviderConfig::validate(&config.proxmox, diagnostics);
        SshConfig::validate(&config.ssh, diagnostics);
        let carried_by: Vec<Target> =
            [(config.proxmox.is_null(), Target::Proxmox), (config.netbox.is_null(), Target::Netbox)]
                .into_iter()
                .filter_map(|(unset, target)| (!unset).then_some(target))
                .collect();
        CostTags::validate(&config.cost_tags, &carried_by, diagnostics);
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
        domain_postgresql::register(registry, Self::postgresql);
        domain_kubernetes::register(registry, Self::kubernetes);
        domain_cost::register(registry, Self::cost);
        domain_cost::register_signals(registry, Self::prometheus);
    }
}
