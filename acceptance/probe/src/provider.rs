//! The provider: where the stored objects lie, and what there is.

use std::path::PathBuf;
use std::sync::Arc;

use tf_framework::{
    ConfigureContext, Diagnostics, Field, Model, Provider, Registry, Result, Sensitive, no_client,
};

use crate::announce::Announce;
use crate::data_sources::{Objects, StoredObject};
use crate::everything::Everything;
use crate::fault::Faulty;
use crate::functions::{Describe, Echo, Explode, IsSet, JoinAll, Reverse};
use crate::null::Null;
use crate::store::Store;
use crate::stored::{Stored, StoredList};
use crate::token::Token;
use crate::validated::Validated;

/// Where stored objects lie, when the configuration does not say.
const DIRECTORY: &str = "PROBE_DIRECTORY";

/// Test provider. Its objects mean nothing.
#[derive(Clone, Model)]
pub(crate) struct Config {
    /// Directory in which stored objects are kept as files. From `PROBE_DIRECTORY` where it is not set.
    directory: Option<String>,
    /// A secret that is taken and never used.
    api_token: Option<Sensitive<String>>,
}

/// The configured provider.
pub(crate) struct Probe {
    store: Place,
}

enum Place {
    Nowhere,
    NotKnownYet,
    Known(Arc<Store>),
}

impl Provider for Probe {
    type Config = Config;
    const NAME: &'static str = "probe";
    const ADDRESS: &'static str = "registry.terraform.io/hybridops-studio/probe";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn configure(_: &ConfigureContext, config: ConfigPartial) -> Result<Self> {
        let from_environment = || std::env::var_os(DIRECTORY).map(PathBuf::from);
        let store = match config.directory {
            Field::Unknown => Place::NotKnownYet,
            Field::Known(directory) => Place::Known(Arc::new(Store::new(directory.into()))),
            Field::Null => match from_environment() {
                Some(directory) => Place::Known(Arc::new(Store::new(directory))),
                None => Place::Nowhere,
            },
        };
        Ok(Self { store })
    }

    fn register(registry: &mut Registry<Self>) {
        registry.resource::<Null>(no_client);
        registry.resource::<Everything>(no_client);
        registry.resource::<Validated>(no_client);
        registry.resource::<Faulty>(no_client);
        registry.resource::<Stored>(Self::store);
        registry.list_resource::<StoredList>(Self::store);
        registry.data_source::<StoredObject>(Self::store);
        registry.data_source::<Objects>(Self::store);
        registry.ephemeral_resource::<Token>(no_client);
        registry.action::<Announce>(no_client);
        registry.function::<Reverse>();
        registry.function::<JoinAll>();
        registry.function::<Explode>();
        registry.function::<Echo>();
        registry.function::<IsSet>();
        registry.function::<Describe>();
    }
}

impl Probe {
    fn store(&self) -> Result<Option<Arc<Store>>> {
        match &self.store {
            Place::Known(store) => Ok(Some(store.clone())),
            Place::NotKnownYet => Ok(None),
            Place::Nowhere => Err(Diagnostics::error(
                "No directory is configured",
                format!(
                    "Stored objects need `directory` in the provider block, or {DIRECTORY} in the environment."
                ),
            )),
        }
    }
}
