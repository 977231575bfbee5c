//! List resources.

use futures::StreamExt;
use tf_framework::Diagnostics;
use tf_framework::rules::{self, Stage};
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use crate::{Config, Core, CoreError, wire};

/// One found object.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What names it.
    pub identity: Value,
    /// What it is called in a list.
    pub display_name: String,
    /// The whole object, where it was asked for.
    pub object: Option<Value>,
    /// What the provider had to say until then. What it says after the last object that was asked for is not heard.
    pub warnings: Diagnostics,
}

impl<S: Provider> Core<S> {
    /// Validates and runs a `list` block with whole objects.
    ///
    /// # Errors
    /// The configuration is refused; listing fails or breaks a rule.
    pub async fn list(
        &self,
        type_name: &str,
        config: impl Into<Config>,
        limit: i64,
    ) -> Result<Vec<Listed>, CoreError> {
        let schemas = self.schemas().await?;
        let schema =
            schemas.lists.get(type_name).ok_or_else(|| CoreError::no_such("list resource", type_name))?;
        let (what, ty) = (format!("listing {type_name}"), schema.value_type());
        let config = config.into().read(&schema.block)?;
        let request = pb::validate_list_resource_config::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
            include_resource_object: None,
            limit: None,
        };
        let answer = self.server.validate_list_resource_config(Request::new(request)).await?.into_inner();
        wire::accepted(&format!("validating {type_name}"), &answer.diagnostics)?;
        let request = pb::list_resource::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
            include_resource_object: true,
            limit,
        };
        let mut events = std::pin::pin!(self.server.list_resource(Request::new(request)).await?.into_inner());
        let mut found = Vec::new();
        while let Some(event) = events.next().await {
            found.extend(self.listed(&what, type_name, &event?).await?);
        }
        if usize::try_from(limit).is_ok_and(|limit| limit > 0 && found.len() > limit) {
            return Err(CoreError::answer(
                &what,
                format!("{} objects, but {limit} were asked for", found.len()),
            ));
        }
        Ok(found)
    }

    async fn listed(
        &self,
        what: &str,
        type_name: &str,
        event: &pb::list_resource::Event,
    ) -> Result<Option<Listed>, CoreError> {
        let kind = self.kind(type_name).await?;
        let warnings = wire::accepted(what, &event.diagnostic)?;
        if !warnings.is_empty() && event.identity.is_none() {
            return Ok(None);
        }
        let identity = kind.identity(what, Stage::Read, event.identity.as_ref(), None)?;
        let identity = identity.ok_or_else(|| CoreError::answer(what, "an object without identity"))?;
        let object = match &event.resource_object {
            None => None,
            Some(object) => {
                let object = wire::decode(what, Some(object), &kind.ty)?;
                CoreError::unless_kept(what, rules::assert_import(kind.schema, &object))?;
                Some(object)
            }
        };
        Ok(Some(Listed { identity, display_name: event.display_name.clone(), object, warnings }))
    }
}
