//! Data sources.

use tf_framework::rules;
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use crate::{Config, Core, CoreError, wire};

impl<S: Provider> Core<S> {
    /// Validates and reads a `data` block.
    ///
    /// # Errors
    /// The configuration is refused, or not wholly known; the read fails or breaks a rule.
    pub async fn data(&self, type_name: &str, config: impl Into<Config>) -> Result<Value, CoreError> {
        let schemas = self.schemas().await?;
        let schema = schemas
            .data_sources
            .get(type_name)
            .ok_or_else(|| CoreError::no_such("data source", type_name))?;
        let (what, ty) = (format!("reading data.{type_name}"), schema.value_type());
        let config = config.into().read(&schema.block)?;
        let request = pb::validate_data_resource_config::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
        };
        let answer = self.server.validate_data_resource_config(Request::new(request)).await?.into_inner();
        wire::accepted(&format!("validating data.{type_name}"), &answer.diagnostics)?;
        if !config.is_wholly_known() {
            return Err(CoreError::answer(&what, "core waits with the read until everything is known"));
        }
        let request = pb::read_data_source::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
            provider_meta: None,
            client_capabilities: Some(self.capabilities()),
        };
        let answer = self.server.read_data_source(Request::new(request)).await?.into_inner();
        wire::accepted(&what, &answer.diagnostics)?;
        let value = wire::decode(&what, answer.state.as_ref(), &ty)?;
        CoreError::unless_kept(&what, rules::assert_read(schema, &value))?;
        if value.is_null() {
            return Err(CoreError::answer(&what, "the data source read nothing"));
        }
        Ok(value)
    }
}
