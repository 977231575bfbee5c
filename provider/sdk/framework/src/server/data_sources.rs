//! Data sources.

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::resources::write_only_refused;
use super::{Inner, Warnings, check, collected, guard, unknown_type, wire};
use crate::diagnostic::{Diagnostics, Result};
use crate::planner;
use crate::provider::Provider;
use crate::resource::DefaultTimeouts;
use crate::validation;

impl<P: Provider> Inner<P> {
    pub(super) fn validate_data_source(
        &self,
        request: &pb::validate_data_resource_config::Request,
    ) -> Diagnostics {
        let Some(source) = self.registry.data_sources.get(&request.type_name) else {
            return unknown_type("data source", &request.type_name);
        };
        let block = &source.shape().schema.block;
        check("Validating the data source", block, self.reach(), || {
            let config = wire::decode(request.config.as_ref(), &source.shape().ty)?;
            let mut diagnostics = validation::validate_config(block, &config);
            diagnostics.extend(write_only_refused(block, &config, false));
            source.validate(&config, &mut diagnostics);
            Ok(diagnostics)
        })
    }

    pub(super) async fn read_data_source(
        &self,
        request: pb::read_data_source::Request,
    ) -> pb::read_data_source::Response {
        let warnings = Warnings::default();
        let result = self.read_data(&request, &warnings).await;
        let mut diagnostics = collected(&warnings);
        let state = match result {
            Ok(state) => Some(state),
            Err(errors) => {
                diagnostics.extend(errors);
                None
            }
        };
        let block =
            self.registry.data_sources.get(&request.type_name).map(|source| &source.shape().schema.block);
        pb::read_data_source::Response { state, diagnostics: self.told(block, diagnostics), deferred: None }
    }

    async fn read_data(
        &self,
        request: &pb::read_data_source::Request,
        warnings: &Warnings,
    ) -> Result<pb::DynamicValue> {
        let name = &request.type_name;
        let source = self.registry.data_sources.get(name).ok_or_else(|| unknown_type("data source", name))?;
        let shape = source.shape();
        let config = wire::decode(request.config.as_ref(), &shape.ty)?;
        let with_defaults = planner::apply_defaults(&shape.schema.block, config.clone());
        let timeout = super::resources::timeout_of(&config, "read").unwrap_or(DefaultTimeouts::USUAL.read);
        let what = format!("Reading {name}");
        let environment = self.environment(timeout, warnings);
        let read = source.read(environment, with_defaults);
        let answer = guard::run(&what, timeout, &self.cancellation(), read).await?;
        let answer = planner::keep_spelling(&shape.schema.block, &config, answer);
        refuse_unfilled(&what, &answer)?;
        wire::encode(&answer, &shape.ty)
    }
}

/// An answer with gaps is our own mistake: say so with the paths, before core does without.
pub(super) fn refuse_unfilled(what: &str, answer: &Value) -> Result<()> {
    let gaps = planner::unfilled(answer);
    let error = |path: tf_value::Path| {
        let detail = format!("{path} was left unknown. This is a bug in the provider; please report it.");
        crate::diagnostic::Diagnostic::error(format!("{what} left a value out"), detail).at(path)
    };
    gaps.into_iter().map(error).collect::<Diagnostics>().into_result(())
}
