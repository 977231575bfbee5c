//! Import and move.

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::super::{Inner, Warnings, collected, encode, guard, wire};
use super::identity_data;
use crate::context::known_or_null;
use crate::diagnostic::{Diagnostics, Result};
use crate::planner;
use crate::provider::Provider;
use crate::raw_state::RawState;
use crate::resource::{ImportId, MoveSource};

impl<P: Provider> Inner<P> {
    pub(in super::super) async fn import_resource(
        &self,
        request: pb::import_resource_state::Request,
    ) -> pb::import_resource_state::Response {
        let warnings = Warnings::default();
        let result = self.import(&request, &warnings).await;
        let mut diagnostics = collected(&warnings);
        let imported_resources = match result {
            Ok(imported) => vec![imported],
            Err(errors) => {
                diagnostics.extend(errors);
                Vec::new()
            }
        };
        pb::import_resource_state::Response {
            imported_resources,
            diagnostics: self.told(self.block(&request.type_name), diagnostics),
            deferred: None,
        }
    }

    async fn import(
        &self,
        request: &pb::import_resource_state::Request,
        warnings: &Warnings,
    ) -> Result<pb::import_resource_state::ImportedResource> {
        let resource = self.resource(&request.type_name)?;
        let shape = resource.shape();
        let identity = request.identity.as_ref().and_then(|identity| identity.identity_data.as_ref());
        let id = match identity {
            Some(data) if request.id.is_empty() => {
                ImportId::Identity(wire::decode(Some(data), &encode::identity_type(resource.identity()))?)
            }
            _ => ImportId::Id(request.id.clone()),
        };
        let timeout = resource.timeouts().read;
        let what = format!("Importing {}", request.type_name);
        let importing = resource.import(self.environment(timeout, warnings), id);
        let outcome = guard::run(&what, timeout, &self.cancellation(), importing).await?;
        let state = known_or_null(outcome.state.unwrap_or(Value::Null));
        let state = planner::strip_write_only(&shape.schema.block, state);
        Ok(pb::import_resource_state::ImportedResource {
            type_name: request.type_name.clone(),
            identity: identity_data(resource.identity(), &state)?,
            state: Some(wire::encode(&state, &shape.ty)?),
            private: outcome.private.encode(),
        })
    }

    pub(in super::super) fn move_resource(
        &self,
        request: pb::move_resource_state::Request,
    ) -> pb::move_resource_state::Response {
        let moved = guard::run_now("Moving the resource", || self.take_over(request)).and_then(|moved| moved);
        moved.unwrap_or_else(|errors| pb::move_resource_state::Response {
            diagnostics: wire::diagnostics(errors),
            ..pb::move_resource_state::Response::default()
        })
    }

    fn take_over(
        &self,
        request: pb::move_resource_state::Request,
    ) -> Result<pb::move_resource_state::Response> {
        let resource = self.resource(&request.target_type_name)?;
        let shape = resource.shape();
        let source = MoveSource {
            provider: request.source_provider_address,
            type_name: request.source_type_name,
            version: request.source_schema_version,
            state: RawState::new(request.source_state.map(|state| state.json).unwrap_or_default()),
        };
        let moved = resource.move_from(&source).ok_or_else(|| {
            Diagnostics::error(
                "Move is not supported",
                format!(
                    "{} cannot take over a {} of {}. Use an import block instead.",
                    request.target_type_name, source.type_name, source.provider
                ),
            )
        })??;
        let state = planner::strip_write_only(&shape.schema.block, known_or_null(moved));
        Ok(pb::move_resource_state::Response {
            target_identity: identity_data(resource.identity(), &state)?,
            target_state: Some(wire::encode(&state, &shape.ty)?),
            target_private: Vec::new(),
            diagnostics: Vec::new(),
        })
    }
}
