//! Ephemeral resources.

use std::time::SystemTime;

use tf_framework::rules;
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use crate::{Config, Core, CoreError, wire};

/// An ephemeral resource that is open. Close it: nothing else does.
pub struct OpenEphemeral<'c, S> {
    core: &'c Core<S>,
    type_name: String,
    private: Option<Vec<u8>>,
    /// Its value.
    pub value: Value,
    /// When it must be renewed.
    pub renew_at: Option<SystemTime>,
}

impl<S: Provider> Core<S> {
    /// Validates and opens an `ephemeral` block.
    ///
    /// # Errors
    /// The configuration is refused, or not wholly known; opening fails or breaks a rule.
    pub async fn open(
        &self,
        type_name: &str,
        config: impl Into<Config>,
    ) -> Result<OpenEphemeral<'_, S>, CoreError> {
        let schemas = self.schemas().await?;
        let schema = schemas
            .ephemerals
            .get(type_name)
            .ok_or_else(|| CoreError::no_such("ephemeral resource", type_name))?;
        let (what, ty) = (format!("opening ephemeral.{type_name}"), schema.value_type());
        let config = config.into().read(&schema.block)?;
        let request = pb::validate_ephemeral_resource_config::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
        };
        let answer =
            self.server.validate_ephemeral_resource_config(Request::new(request)).await?.into_inner();
        wire::accepted(&format!("validating ephemeral.{type_name}"), &answer.diagnostics)?;
        if !config.is_wholly_known() {
            return Err(CoreError::answer(&what, "core waits with opening until everything is known"));
        }
        let request = pb::open_ephemeral_resource::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
            client_capabilities: Some(self.capabilities()),
        };
        let answer = self.server.open_ephemeral_resource(Request::new(request)).await?.into_inner();
        wire::accepted(&what, &answer.diagnostics)?;
        let value = wire::decode(&what, answer.result.as_ref(), &ty)?;
        if value.is_null() {
            return Err(CoreError::answer(&what, "nothing was opened"));
        }
        CoreError::unless_kept(&what, rules::assert_read(schema, &value))?;
        let renew_at = answer.renew_at.and_then(|at| SystemTime::try_from(at).ok());
        Ok(OpenEphemeral {
            core: self,
            type_name: type_name.to_owned(),
            private: answer.private,
            value,
            renew_at,
        })
    }
}

impl<S: Provider> OpenEphemeral<'_, S> {
    /// Renews it, as core does when its time has come.
    ///
    /// # Errors
    /// The provider fails.
    pub async fn renew(&mut self) -> Result<(), CoreError> {
        let request = pb::renew_ephemeral_resource::Request {
            type_name: self.type_name.clone(),
            private: self.private.clone(),
        };
        let answer = self.core.server.renew_ephemeral_resource(Request::new(request)).await?.into_inner();
        wire::accepted(&format!("renewing ephemeral.{}", self.type_name), &answer.diagnostics)?;
        self.private = answer.private;
        self.renew_at = answer.renew_at.and_then(|at| SystemTime::try_from(at).ok());
        Ok(())
    }

    /// Closes it.
    ///
    /// # Errors
    /// The provider fails.
    pub async fn close(self) -> Result<(), CoreError> {
        let request = pb::close_ephemeral_resource::Request {
            type_name: self.type_name.clone(),
            private: self.private.clone(),
        };
        let answer = self.core.server.close_ephemeral_resource(Request::new(request)).await?.into_inner();
        wire::accepted(&format!("closing ephemeral.{}", self.type_name), &answer.diagnostics)?;
        Ok(())
    }
}
