//! State and identity written under another version.

use tf_value::{Value, json};
use tfplugin_proto::tfplugin6 as pb;

use super::super::{Inner, encode, guard, wire};
use crate::context::known_or_null;
use crate::diagnostic::{Diagnostics, Result};
use crate::planner;
use crate::provider::Provider;
use crate::raw_state::RawState;

impl<P: Provider> Inner<P> {
    pub(in super::super) fn upgrade_resource(
        &self,
        request: pb::upgrade_resource_state::Request,
    ) -> pb::upgrade_resource_state::Response {
        let result =
            guard::run_now("Upgrading the state", || self.upgrade(request)).and_then(|result| result);
        match result {
            Ok(state) => {
                pb::upgrade_resource_state::Response { upgraded_state: Some(state), diagnostics: Vec::new() }
            }
            Err(errors) => pb::upgrade_resource_state::Response {
                upgraded_state: None,
                diagnostics: wire::diagnostics(errors),
            },
        }
    }

    fn upgrade(&self, request: pb::upgrade_resource_state::Request) -> Result<pb::DynamicValue> {
        let name = &request.type_name;
        let resource = self.resource(name)?;
        let shape = resource.shape();
        let raw = request.raw_state.unwrap_or_default();
        if raw.json.is_empty() {
            return Err(Diagnostics::error(
                "Stored state cannot be read",
                format!(
                    "The state of {name} is in the format of Terraform 0.11 or older, which is not supported."
                ),
            ));
        }
        if request.version == shape.schema.version {
            // Attributes we do not know any more, or not yet, are dropped; so does the Go SDK.
            let state =
                json::decode(&raw.json, &shape.ty, json::UnknownAttributes::Ignore).map_err(|error| {
                    Diagnostics::error("Stored state cannot be read", format!("{name}: {error}."))
                })?;
            return wire::encode(&state, &shape.ty);
        }
        let upgraded = resource.upgrade(request.version, &RawState::new(raw.json)).ok_or_else(|| {
            Diagnostics::error(
                "Stored state is of an unknown version",
                format!(
                    "The state of {name} has schema version {}; this version of the provider writes {} and knows \
                     no way from there. Use the provider version that wrote it, or remove the object from state \
                     and import it.",
                    request.version, shape.schema.version
                ),
            )
        })??;
        wire::encode(&planner::strip_write_only(&shape.schema.block, known_or_null(upgraded)), &shape.ty)
    }

    pub(in super::super) fn upgrade_identity(
        &self,
        request: pb::upgrade_resource_identity::Request,
    ) -> pb::upgrade_resource_identity::Response {
        let upgrade = || -> Result<pb::ResourceIdentityData> {
            let resource = self.resource(&request.type_name)?;
            let ty = encode::identity_type(resource.identity());
            let raw = request.raw_identity.unwrap_or_default();
            let identity: Value = json::decode(&raw.json, &ty, json::UnknownAttributes::Ignore)
                .map_err(|error| Diagnostics::error("Stored identity cannot be read", format!("{error}.")))?;
            Ok(pb::ResourceIdentityData { identity_data: Some(wire::encode(&identity, &ty)?) })
        };
        match guard::run_now("Upgrading the identity", upgrade).and_then(|result| result) {
            Ok(identity) => pb::upgrade_resource_identity::Response {
                upgraded_identity: Some(identity),
                diagnostics: Vec::new(),
            },
            Err(errors) => pb::upgrade_resource_identity::Response {
                upgraded_identity: None,
                diagnostics: wire::diagnostics(errors),
            },
        }
    }
}
