//! Create, update and delete.

use std::sync::PoisonError;

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::super::{Inner, Warnings, collected, guard, wire};
use super::{breaches, identity_data, timeout_of};
use crate::context::{CheckpointSlot, known_or_null};
use crate::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::erased::{ErasedResource, Outcome};
use crate::planner;
use crate::private::PrivateState;
use crate::provider::Provider;
use crate::rules;

/// What Terraform asks to be done.
struct Change {
    prior: Value,
    planned: Value,
    config: Value,
    private: PrivateState,
}

/// What is left when it is done, or when it failed.
struct Left {
    state: Value,
    private: PrivateState,
    diagnostics: Diagnostics,
}

impl<P: Provider> Inner<P> {
    pub(in super::super) async fn apply_resource(
        &self,
        request: pb::apply_resource_change::Request,
    ) -> pb::apply_resource_change::Response {
        let warnings = Warnings::default();
        let mut response = pb::apply_resource_change::Response::default();
        let result = self.apply_change(&request, &warnings, &mut response).await;
        let mut diagnostics = collected(&warnings);
        match result {
            Ok(more) => diagnostics.extend(more),
            Err(errors) => {
                diagnostics.extend(errors);
                response.new_state.clone_from(&request.prior_state);
                response.private = request.planned_private;
            }
        }
        response.diagnostics = self.told(self.block(&request.type_name), diagnostics);
        response
    }

    async fn apply_change(
        &self,
        request: &pb::apply_resource_change::Request,
        warnings: &Warnings,
        response: &mut pb::apply_resource_change::Response,
    ) -> Result<Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let shape = resource.shape();
        let change = Change {
            prior: wire::decode(request.prior_state.as_ref(), &shape.ty)?,
            planned: wire::decode(request.planned_state.as_ref(), &shape.ty)?,
            config: wire::decode(request.config.as_ref(), &shape.ty)?,
            private: PrivateState::decode(&request.planned_private)?,
        };
        let left = self.run_change(&request.type_name, resource, change, warnings).await;
        response.new_identity = identity_data(resource.identity(), &left.state)?;
        response.new_state = Some(wire::encode(&left.state, &shape.ty)?);
        response.private = left.private.encode();
        Ok(left.diagnostics)
    }

    /// Runs the operation. Whatever happens, answers with the state that is true now.
    async fn run_change(
        &self,
        name: &str,
        resource: &dyn ErasedResource<P>,
        change: Change,
        warnings: &Warnings,
    ) -> Left {
        let slot = CheckpointSlot::default();
        let block = &resource.shape().schema.block;
        let prior = change.prior.clone();
        let before = change.private.clone();
        let planned = change.planned.clone();
        let (what, result) = self.operate(name, resource, change, &slot, warnings).await;
        let checkpoint = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match result {
            Ok(Outcome { state: None, private }) => {
                Left { state: Value::Null, private, diagnostics: Diagnostics::new() }
            }
            Ok(Outcome { state: Some(state), private }) => {
                let state = planner::strip_write_only(block, state);
                let state = planner::keep_spelling(block, &planned, state);
                let diagnostics = examine(&what, &resource.shape().schema, &planned, &state);
                Left { state: known_or_null(state), private, diagnostics }
            }
            Err(diagnostics) => match checkpoint {
                Some(kept) => Left {
                    state: planner::keep_spelling(
                        block,
                        &planned,
                        planner::strip_write_only(block, kept.state),
                    ),
                    private: kept.private,
                    diagnostics,
                },
                None => Left { state: prior, private: before, diagnostics },
            },
        }
    }

    async fn operate(
        &self,
        name: &str,
        resource: &dyn ErasedResource<P>,
        change: Change,
        slot: &CheckpointSlot,
        warnings: &Warnings,
    ) -> (String, Result<Outcome>) {
        let Change { prior, planned, config, private } = change;
        let block = &resource.shape().schema.block;
        let defaults = resource.timeouts();
        let slot = slot.clone();
        if planned.is_null() {
            let timeout = timeout_of(&prior, "delete").unwrap_or(defaults.delete);
            let what = format!("Deleting {name}");
            let deleting = resource.delete(self.environment(timeout, warnings), private, slot, prior);
            let result = guard::run(&what, timeout, &self.cancellation(), deleting).await;
            return (what, result);
        }
        let changed = planner::changed_attributes(block, &prior, &planned);
        let written = planner::write_only_paths_set(block, &config);
        let plan = planner::fill_write_only(block, planned.clone(), &config);
        if prior.is_null() {
            let timeout = timeout_of(&planned, "create").unwrap_or(defaults.create);
            let what = format!("Creating {name}");
            let creating = resource.create(self.environment(timeout, warnings), private, slot, plan);
            let result = guard::run(&what, timeout, &self.cancellation(), creating).await;
            return (what, result);
        }
        // Only how long things may take has changed: there is nothing to do.
        if written.is_empty() && changed.iter().all(|attribute| attribute == "timeouts") {
            let outcome = Outcome { state: Some(planned), private };
            return (format!("Updating {name}"), Ok(outcome));
        }
        let timeout = timeout_of(&planned, "update").unwrap_or(defaults.update);
        let what = format!("Updating {name}");
        let updating = resource.update(self.environment(timeout, warnings), private, slot, prior, plan);
        let result = guard::run(&what, timeout, &self.cancellation(), updating).await;
        (what, result)
    }
}

/// What is wrong with an answer: gaps always, breaches of core's rules in builds with debug assertions.
fn examine(what: &str, schema: &crate::schema::Schema, planned: &Value, state: &Value) -> Diagnostics {
    let gap = |path: tf_value::Path| {
        let detail = format!(
            "{path} was left unknown. The object exists and is kept in the state without it. This is a bug in the \
             provider; please report it."
        );
        Diagnostic::error(format!("{what} left a value out"), detail).at(path)
    };
    let mut diagnostics: Diagnostics = planner::unfilled(state).into_iter().map(gap).collect();
    if cfg!(debug_assertions) && diagnostics.is_empty() {
        diagnostics.extend(breaches(rules::assert_apply_compatible(schema, planned, state)));
    }
    diagnostics
}
