//! The provider itself: schema, configuration, stop.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tfplugin_proto::tfplugin6 as pb;
use tokio_util::sync::CancellationToken;

use super::locate::{self, Reach};
use super::{Inner, check, encode, guard, wire};
use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;
use crate::provider::{ConfigureContext, Provider};
use crate::validation;

pub(super) fn capabilities() -> pb::ServerCapabilities {
    pb::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}

impl<P: Provider> Inner<P> {
    pub(super) fn get_schema(&self) -> pb::get_provider_schema::Response {
        let registry = &self.registry;
        pb::get_provider_schema::Response {
            provider: Some(encode::schema(&self.provider_shape().schema)),
            resource_schemas: registry
                .resources
                .iter()
                .map(|(name, resource)| (name.clone(), encode::schema(&resource.schema_shown())))
                .collect(),
            data_source_schemas: registry
                .data_sources
                .iter()
                .map(|(name, source)| (name.clone(), encode::schema(&source.schema_shown())))
                .collect(),
            ephemeral_resource_schemas: registry
                .ephemerals
                .iter()
                .map(|(name, ephemeral)| (name.clone(), encode::schema(&ephemeral.shape().schema)))
                .collect(),
            list_resource_schemas: registry
                .lists
                .iter()
                .map(|(name, list)| (name.clone(), encode::schema(&list.schema_shown())))
                .collect(),
            action_schemas: registry
                .actions
                .iter()
                .map(|(name, action)| {
                    (name.clone(), pb::ActionSchema { schema: Some(encode::schema(&action.shape().schema)) })
                })
                .collect(),
            functions: self.functions(),
            state_store_schemas: HashMap::new(),
            provider_meta: None,
            server_capabilities: Some(capabilities()),
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn functions(&self) -> HashMap<String, pb::Function> {
        self.registry
            .functions
            .iter()
            .map(|(name, function)| (name.clone(), encode::function(&(function.definition)())))
            .collect()
    }

    pub(super) fn get_metadata(&self) -> pb::get_metadata::Response {
        use pb::get_metadata as meta;
        let registry = &self.registry;
        meta::Response {
            server_capabilities: Some(capabilities()),
            diagnostics: Vec::new(),
            resources: registry
                .resources
                .keys()
                .map(|name| meta::ResourceMetadata { type_name: name.clone() })
                .collect(),
            data_sources: registry
                .data_sources
                .keys()
                .map(|name| meta::DataSourceMetadata { type_name: name.clone() })
                .collect(),
            functions: registry
                .functions
                .keys()
                .map(|name| meta::FunctionMetadata { name: name.clone() })
                .collect(),
            ephemeral_resources: registry
                .ephemerals
                .keys()
                .map(|name| meta::EphemeralMetadata { type_name: name.clone() })
                .collect(),
            list_resources: registry
                .lists
                .keys()
                .map(|name| meta::ListResourceMetadata { type_name: name.clone() })
                .collect(),
            actions: registry
                .actions
                .keys()
                .map(|name| meta::ActionMetadata { type_name: name.clone() })
                .collect(),
            state_stores: Vec::new(),
        }
    }

    pub(super) fn identity_schemas(&self) -> pb::get_resource_identity_schemas::Response {
        let identity_schemas = self
            .registry
            .resources
            .iter()
            .filter_map(|(name, resource)| Some((name.clone(), encode::identity(resource.identity()?))))
            .collect();
        pb::get_resource_identity_schemas::Response { identity_schemas, diagnostics: Vec::new() }
    }

    pub(super) fn validate_provider(&self, request: &pb::validate_provider_config::Request) -> Diagnostics {
        let shape = self.provider_shape();
        check("Validating the provider configuration", &shape.schema.block, Reach::One, || {
            let config = wire::decode(request.config.as_ref(), &shape.ty)?;
            let mut diagnostics = validation::validate_config(&shape.schema.block, &config);
            if !diagnostics.has_errors() {
                P::validate(&P::Config::partial(&config)?, &mut diagnostics);
            }
            Ok(diagnostics)
        })
    }

    pub(super) fn configure(&self, request: &pb::configure_provider::Request) -> Diagnostics {
        let reach = Reach::of(request.client_capabilities.as_ref());
        *self.reach.write().unwrap_or_else(PoisonError::into_inner) = reach;
        let errors = self.take_configuration(request).err().unwrap_or_default();
        locate::diagnostics(&self.provider_shape().schema.block, reach, errors)
    }

    fn take_configuration(&self, request: &pb::configure_provider::Request) -> Result<()> {
        let config = wire::decode(request.config.as_ref(), &self.provider_shape().ty)?;
        let cx = ConfigureContext { terraform_version: request.terraform_version.clone() };
        let provider =
            guard::run_now("Configuring the provider", || P::configure(&cx, P::Config::partial(&config)?))??;
        if self.cancellation().is_cancelled() {
            // Attached to, one process serves many runs: the interrupt of one is not that of the next.
            *self.cancel.write().unwrap_or_else(PoisonError::into_inner) = CancellationToken::new();
        }
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(provider));
        Ok(())
    }
}
