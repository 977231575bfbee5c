//! Upgrading and refreshing what is in the state, as every plan begins.

use serde_json::Value as Json;
use tf_framework::Diagnostics;
use tf_framework::rules::{self, Stage};
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use super::{Instance, Kind, Resource};
use crate::{Core, CoreError, wire};

impl<S: Provider> Resource<'_, S> {
    /// Reads the object anew. Gives its value, or nothing where it is gone or never was.
    ///
    /// # Errors
    /// The provider fails or breaks a rule.
    pub async fn refresh(&self) -> Result<Option<Value>, CoreError> {
        let Some(instance) = self.core.instance(&self.address()) else { return Ok(None) };
        let kind = self.kind().await?;
        let stored = wire::to_json(&self.what("storing"), &instance.value, &kind.ty)?;
        let value = self.core.upgrade_state(&kind, &self.type_name, instance.schema_version, stored).await?;
        let upgraded = Instance { value, schema_version: kind.schema.version, ..instance };
        let (fresh, _) = self.read(&kind, upgraded).await?;
        let value = fresh.as_ref().map(|instance| instance.value.clone());
        self.core.set_instance(&self.address(), fresh);
        Ok(value)
    }

    pub(super) async fn read(
        &self,
        kind: &Kind<'_>,
        instance: Instance,
    ) -> Result<(Option<Instance>, Diagnostics), CoreError> {
        let what = self.what("reading");
        let request = pb::read_resource::Request {
            type_name: self.type_name.clone(),
            current_state: wire::encode(&what, &instance.value, &kind.ty)?,
            private: instance.private.clone(),
            provider_meta: None,
            client_capabilities: Some(self.core.capabilities()),
            current_identity: wire::encode_identity(&what, instance.identity.as_ref(), &kind.identity_ty)?,
        };
        let answer = self.core.server.read_resource(Request::new(request)).await?.into_inner();
        let warnings = wire::accepted(&what, &answer.diagnostics)?;
        let value = wire::decode(&what, answer.new_state.as_ref(), &kind.ty)?;
        CoreError::unless_kept(&what, rules::assert_read(kind.schema, &value))?;
        if value.is_null() {
            return Ok((None, warnings));
        }
        let before = instance.identity.as_ref();
        let identity = kind.identity(&what, Stage::Read, answer.new_identity.as_ref(), before)?;
        let identity = identity.or_else(|| instance.identity.clone());
        Ok((Some(Instance { value, private: answer.private, identity, ..instance }), warnings))
    }
}

impl<S: Provider> Core<S> {
    /// Has the provider read state that was written under another version of the schema.
    ///
    /// # Errors
    /// The provider cannot, or breaks a rule.
    pub async fn upgrade(&self, type_name: &str, version: i64, state: &Json) -> Result<Value, CoreError> {
        let kind = self.kind(type_name).await?;
        self.upgrade_state(&kind, type_name, version, state.to_string().into_bytes()).await
    }

    pub(crate) async fn upgrade_state(
        &self,
        kind: &Kind<'_>,
        type_name: &str,
        version: i64,
        json: Vec<u8>,
    ) -> Result<Value, CoreError> {
        let what = format!("upgrading {type_name}");
        if version > kind.schema.version {
            return Err(CoreError::answer(&what, "the state was written by a newer version of the provider"));
        }
        let request = pb::upgrade_resource_state::Request {
            type_name: type_name.to_owned(),
            version,
            raw_state: Some(pb::RawState { json, flatmap: std::collections::HashMap::new() }),
        };
        let answer = self.server.upgrade_resource_state(Request::new(request)).await?.into_inner();
        wire::accepted(&what, &answer.diagnostics)?;
        let value = wire::decode(&what, answer.upgraded_state.as_ref(), &kind.ty)?;
        CoreError::unless_kept(&what, rules::assert_upgrade(kind.schema, &value))?;
        Ok(value)
    }
}
