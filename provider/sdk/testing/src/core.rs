//! Core: a provider, its schemas, and the state.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tf_framework::Diagnostics;
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tokio::sync::OnceCell;
use tonic::Request;

use crate::{Config, CoreError, Instance, Resource, Schemas, wire};

/// Terraform core around one provider, in process.
pub struct Core<S> {
    pub(crate) server: S,
    schemas: OnceCell<Schemas>,
    state: Mutex<BTreeMap<String, Instance>>,
    version: String,
    write_only: bool,
}

impl<S: Provider> Core<S> {
    /// A core with an empty state, which speaks as Terraform 1.14 does.
    pub fn new(server: S) -> Self {
        Self {
            server,
            schemas: OnceCell::new(),
            state: Mutex::default(),
            version: "1.14.0".to_owned(),
            write_only: true,
        }
    }

    /// A core that gives another version of itself.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// A core before Terraform 1.11, which would store write-only values.
    #[must_use]
    pub fn without_write_only(mut self) -> Self {
        self.write_only = false;
        self
    }

    /// The provider's service, to be called directly.
    pub fn server(&self) -> &S {
        &self.server
    }

    /// What the provider has, checked by core's rules. Asked for once.
    ///
    /// # Errors
    /// The schema is refused.
    pub async fn schemas(&self) -> Result<&Schemas, CoreError> {
        self.schemas.get_or_try_init(|| self.read_schemas()).await
    }

    async fn read_schemas(&self) -> Result<Schemas, CoreError> {
        let request = Request::new(pb::get_provider_schema::Request {});
        let answer = self.server.get_provider_schema(request).await?.into_inner();
        wire::accepted("reading the schema", &answer.diagnostics)?;
        let request = Request::new(pb::get_resource_identity_schemas::Request {});
        let identities = match self.server.get_resource_identity_schemas(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if status.code() == tonic::Code::Unimplemented => Default::default(),
            Err(status) => return Err(status.into()),
        };
        wire::accepted("reading the identity schemas", &identities.diagnostics)?;
        Schemas::read(&answer, &identities.identity_schemas)
    }

    /// Validates the provider's configuration and configures it. Gives the warnings.
    ///
    /// # Errors
    /// The provider refuses the configuration.
    pub async fn configure(&self, config: impl Into<Config>) -> Result<Diagnostics, CoreError> {
        let schema = &self.schemas().await?.provider;
        let (what, ty) = ("configuring the provider", schema.value_type());
        let config = config.into().read(&schema.block)?;
        let request = pb::validate_provider_config::Request { config: wire::encode(what, &config, &ty)? };
        let answer = self.server.validate_provider_config(Request::new(request)).await?.into_inner();
        let mut warnings = wire::accepted("validating the provider's configuration", &answer.diagnostics)?;
        let request = pb::configure_provider::Request {
            terraform_version: self.version.clone(),
            config: wire::encode(what, &config, &ty)?,
            client_capabilities: Some(self.capabilities()),
        };
        let answer = self.server.configure_provider(Request::new(request)).await?.into_inner();
        warnings.extend(wire::accepted(what, &answer.diagnostics)?);
        Ok(warnings)
    }

    /// Tells the provider to stop what it is doing.
    ///
    /// # Errors
    /// The call failed, or the provider says it cannot.
    pub async fn stop(&self) -> Result<(), CoreError> {
        let answer =
            self.server.stop_provider(Request::new(pb::stop_provider::Request {})).await?.into_inner();
        if answer.error.is_empty() { Ok(()) } else { Err(CoreError::answer("stopping", answer.error)) }
    }

    /// A `resource` block named `test`.
    pub fn resource(&self, type_name: &str, config: impl Into<Config>) -> Resource<'_, S> {
        Resource::new(self, type_name, config.into())
    }

    pub(crate) fn capabilities(&self) -> pb::ClientCapabilities {
        pb::ClientCapabilities {
            deferral_allowed: false,
            write_only_attributes_allowed: self.write_only,
            store_planned_private: false,
            computed_blocks_allowed: false,
        }
    }
}

/// The state.
impl<S> Core<S> {
    fn instances(&self) -> MutexGuard<'_, BTreeMap<String, Instance>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object in the state, by its address: `acme_image.test`.
    pub fn instance(&self, address: &str) -> Option<Instance> {
        self.instances().get(address).cloned()
    }

    /// The value of an object in the state.
    pub fn state(&self, address: &str) -> Option<Value> {
        self.instance(address).map(|instance| instance.value)
    }

    /// All addresses in the state.
    pub fn addresses(&self) -> Vec<String> {
        self.instances().keys().cloned().collect()
    }

    /// Puts an object into the state, or takes it out, as a state command would.
    pub fn set_instance(&self, address: &str, instance: Option<Instance>) {
        match instance {
            Some(instance) => self.instances().insert(address.to_owned(), instance),
            None => self.instances().remove(address),
        };
    }
}
