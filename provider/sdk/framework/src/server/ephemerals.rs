//! Ephemeral resources.

use std::time::SystemTime;

use tfplugin_proto::tfplugin6 as pb;

use super::data_sources::refuse_unfilled;
use super::{Inner, Warnings, check, collected, guard, unknown_type, wire};
use crate::diagnostic::{Diagnostics, Result};
use crate::erased::{ErasedEphemeral, OpenedValue, RenewedValue};
use crate::planner;
use crate::provider::Provider;
use crate::resource::DefaultTimeouts;
use crate::schema::Block;
use crate::validation;

const TIMEOUT: std::time::Duration = DefaultTimeouts::USUAL.read;

impl<P: Provider> Inner<P> {
    fn ephemeral(&self, name: &str) -> Result<&dyn ErasedEphemeral<P>> {
        let found = self.registry.ephemerals.get(name);
        found.map(AsRef::as_ref).ok_or_else(|| unknown_type("ephemeral resource", name))
    }

    fn ephemeral_block(&self, name: &str) -> Option<&Block> {
        self.ephemeral(name).ok().map(|ephemeral| &ephemeral.shape().schema.block)
    }

    pub(super) fn validate_ephemeral(
        &self,
        request: &pb::validate_ephemeral_resource_config::Request,
    ) -> Diagnostics {
        let ephemeral = match self.ephemeral(&request.type_name) {
            Ok(ephemeral) => ephemeral,
            Err(errors) => return errors,
        };
        let block = &ephemeral.shape().schema.block;
        check("Validating the ephemeral resource", block, self.reach(), || {
            let config = wire::decode(request.config.as_ref(), &ephemeral.shape().ty)?;
            let mut diagnostics = validation::validate_config(block, &config);
            ephemeral.validate(&config, &mut diagnostics);
            Ok(diagnostics)
        })
    }

    pub(super) async fn open_ephemeral(
        &self,
        request: pb::open_ephemeral_resource::Request,
    ) -> pb::open_ephemeral_resource::Response {
        let warnings = Warnings::default();
        let result = self.open(&request, &warnings).await;
        let mut diagnostics = collected(&warnings);
        let mut response = pb::open_ephemeral_resource::Response::default();
        match result {
            Ok((value, renewed)) => {
                response.result = Some(value);
                response.renew_at = renewed.renew_at.map(timestamp);
                response.private = Some(renewed.private);
            }
            Err(errors) => diagnostics.extend(errors),
        }
        response.diagnostics = self.told(self.ephemeral_block(&request.type_name), diagnostics);
        response
    }

    async fn open(
        &self,
        request: &pb::open_ephemeral_resource::Request,
        warnings: &Warnings,
    ) -> Result<(pb::DynamicValue, RenewedValue)> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let shape = ephemeral.shape();
        let config = wire::decode(request.config.as_ref(), &shape.ty)?;
        let config = planner::apply_defaults(&shape.schema.block, config);
        let what = format!("Opening {}", request.type_name);
        let opening = ephemeral.open(self.environment(TIMEOUT, warnings), config);
        let OpenedValue { value, renewed } =
            guard::run(&what, TIMEOUT, &self.cancellation(), opening).await?;
        refuse_unfilled(&what, &value)?;
        Ok((wire::encode(&value, &shape.ty)?, renewed))
    }

    pub(super) async fn renew_ephemeral(
        &self,
        request: pb::renew_ephemeral_resource::Request,
    ) -> pb::renew_ephemeral_resource::Response {
        let warnings = Warnings::default();
        let result = async {
            let ephemeral = self.ephemeral(&request.type_name)?;
            let private = request.private.clone().unwrap_or_default();
            let renewing = ephemeral.renew(self.environment(TIMEOUT, &warnings), private);
            guard::run(&format!("Renewing {}", request.type_name), TIMEOUT, &self.cancellation(), renewing)
                .await
        };
        let result = result.await;
        let mut diagnostics = collected(&warnings);
        let mut response = pb::renew_ephemeral_resource::Response::default();
        match result {
            Ok(renewed) => {
                response.renew_at = renewed.renew_at.map(timestamp);
                response.private = Some(renewed.private);
            }
            Err(errors) => diagnostics.extend(errors),
        }
        response.diagnostics = self.told(self.ephemeral_block(&request.type_name), diagnostics);
        response
    }

    pub(super) async fn close_ephemeral(
        &self,
        request: pb::close_ephemeral_resource::Request,
    ) -> Diagnostics {
        let warnings = Warnings::default();
        let result = async {
            let ephemeral = self.ephemeral(&request.type_name)?;
            let private = request.private.clone().unwrap_or_default();
            let closing = ephemeral.close(self.environment(TIMEOUT, &warnings), private);
            guard::run(&format!("Closing {}", request.type_name), TIMEOUT, &self.cancellation(), closing)
                .await
        };
        let result = result.await;
        let mut diagnostics = collected(&warnings);
        diagnostics.extend(result.err().unwrap_or_default());
        diagnostics
    }
}

fn timestamp(at: SystemTime) -> prost_types::Timestamp {
    prost_types::Timestamp::from(at)
}
