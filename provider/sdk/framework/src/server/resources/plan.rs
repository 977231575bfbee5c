//! Planning.

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::super::{Inner, Warnings, collected, guard, wire};
use super::{breaches, identity_data, identity_of, timeout_of};
use crate::context::PlanParts;
use crate::diagnostic::{Diagnostics, Result};
use crate::planner::{self, PlanInput};
use crate::private::PrivateState;
use crate::provider::Provider;
use crate::rules;
use crate::schema::IdentitySchema;

impl<P: Provider> Inner<P> {
    pub(in super::super) async fn plan_resource(
        &self,
        request: pb::plan_resource_change::Request,
    ) -> pb::plan_resource_change::Response {
        let warnings = Warnings::default();
        let mut response = pb::plan_resource_change::Response::default();
        let result = self.plan_change(&request, &warnings, &mut response).await;
        let mut diagnostics = collected(&warnings);
        if let Err(errors) = result {
            diagnostics.extend(errors);
            response.planned_state.clone_from(&request.prior_state);
            response.planned_private = request.prior_private;
        }
        response.diagnostics = self.told(self.block(&request.type_name), diagnostics);
        response
    }

    async fn plan_change(
        &self,
        request: &pb::plan_resource_change::Request,
        warnings: &Warnings,
        response: &mut pb::plan_resource_change::Response,
    ) -> Result<()> {
        let resource = self.resource(&request.type_name)?;
        let shape = resource.shape();
        let prior = wire::decode(request.prior_state.as_ref(), &shape.ty)?;
        let proposed = wire::decode(request.proposed_new_state.as_ref(), &shape.ty)?;
        let config = wire::decode(request.config.as_ref(), &shape.ty)?;
        let private = PrivateState::decode(&request.prior_private)?;

        let planned = planner::plan(PlanInput {
            schema: &shape.schema,
            prior: &prior,
            proposed: &proposed,
            config: &config,
        });
        let parts = PlanParts {
            config: config.clone(),
            prior: prior.clone(),
            planned: planned.value,
            replace: planned.requires_replace,
        };
        let timeout = timeout_of(&config, "read").unwrap_or(resource.timeouts().read);
        let what = format!("Planning {}", request.type_name);
        let planning = resource.plan(self.environment(timeout, warnings), private, parts);
        let outcome = guard::run(&what, timeout, &self.cancellation(), planning).await?;
        if proposed.is_null() && !outcome.planned.is_null() {
            return Err(Diagnostics::error(
                format!("{what} planned an object that is to be destroyed"),
                "This is a bug in the provider; please report it.",
            ));
        }
        if cfg!(debug_assertions) {
            let violations = rules::assert_plan_valid(&shape.schema, &prior, &config, &outcome.planned);
            breaches(violations).into_result(())?;
        }
        response.planned_identity = identity_data(
            resource.identity(),
            &identity_source(resource.identity(), &prior, &outcome.planned),
        )?;
        response.planned_state = Some(wire::encode(&outcome.planned, &shape.ty)?);
        response.planned_private = outcome.private.encode();
        response.requires_replace = outcome.replace.iter().map(wire::path).collect();
        Ok(())
    }
}

/// The object the planned identity is taken from. On an update core wants an identity that is wholly known: where the
/// plan makes part of it known after apply, the identity stays the prior one until then.
fn identity_source(schema: Option<&IdentitySchema>, prior: &Value, planned: &Value) -> Value {
    let unknown =
        |object: &Value| schema.is_some_and(|schema| !identity_of(schema, object).is_wholly_known());
    let stays = planned.is_null() || (!prior.is_null() && unknown(planned));
    if stays { prior.clone() } else { planned.clone() }
}

#[cfg(test)]
mod tests {
    use tf_value::Type;

    use super::*;
    use crate::schema::IdentityAttribute;

    #[test]
    fn an_update_keeps_its_identity_until_it_is_known() {
        let vmid = IdentityAttribute {
            name: "vmid".to_owned(),
            ty: Type::Number,
            description: String::new(),
            required_for_import: true,
        };
        let schema = IdentitySchema { version: 0, attributes: vec![vmid] };
        let object = |vmid: Value| Value::object([("vmid", vmid), ("name", Value::from("x"))]);
        let (prior, known, unknown) =
            (object(Value::from(100)), object(Value::from(101)), object(Value::UNKNOWN));
        assert_eq!(identity_source(Some(&schema), &prior, &unknown), prior);
        assert_eq!(identity_source(Some(&schema), &prior, &known), known);
        assert_eq!(identity_source(Some(&schema), &prior, &Value::Null), prior);
        // A creation has none to keep.
        assert_eq!(identity_source(Some(&schema), &Value::Null, &unknown), unknown);
    }
}
