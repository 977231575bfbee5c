//! Refresh.

use tfplugin_proto::tfplugin6 as pb;

use super::super::{Inner, Warnings, collected, guard, wire};
use super::{identity_data, timeout_of};
use crate::diagnostic::Result;
use crate::planner;
use crate::private::PrivateState;
use crate::provider::Provider;

impl<P: Provider> Inner<P> {
    pub(in super::super) async fn read_resource(
        &self,
        request: pb::read_resource::Request,
    ) -> pb::read_resource::Response {
        let warnings = Warnings::default();
        let mut response = pb::read_resource::Response::default();
        let result = self.refresh(&request, &warnings, &mut response).await;
        let mut diagnostics = collected(&warnings);
        if let Err(errors) = result {
            diagnostics.extend(errors);
            response.new_state.clone_from(&request.current_state);
            response.new_identity.clone_from(&request.current_identity);
            response.private = request.private;
        }
        response.diagnostics = self.told(self.block(&request.type_name), diagnostics);
        response
    }

    async fn refresh(
        &self,
        request: &pb::read_resource::Request,
        warnings: &Warnings,
        response: &mut pb::read_resource::Response,
    ) -> Result<()> {
        let resource = self.resource(&request.type_name)?;
        let shape = resource.shape();
        let state = wire::decode(request.current_state.as_ref(), &shape.ty)?;
        let private = PrivateState::decode(&request.private)?;
        let timeout = timeout_of(&state, "read").unwrap_or(resource.timeouts().read);
        let what = format!("Reading {}", request.type_name);
        let reading = resource.read(self.environment(timeout, warnings), private, state.clone());
        let outcome = guard::run(&what, timeout, &self.cancellation(), reading).await?;
        response.private = outcome.private.encode();
        let Some(fresh) = outcome.state else {
            response.new_state = Some(wire::encode(&tf_value::Value::Null, &shape.ty)?);
            return Ok(());
        };
        let fresh = crate::context::known_or_null(planner::strip_write_only(&shape.schema.block, fresh));
        let fresh = planner::keep_spelling(&shape.schema.block, &state, fresh);
        response.new_identity = identity_data(resource.identity(), &fresh)?;
        response.new_state = Some(wire::encode(&fresh, &shape.ty)?);
        Ok(())
    }
}
