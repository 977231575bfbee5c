//! Managed resources, one file a step of their life.

mod apply;
mod generate;
mod import;
mod plan;
mod read;
mod upgrade;

use std::time::Duration;

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::locate::Reach;
use super::{Inner, check, encode, unknown_type, wire};
use crate::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::erased::ErasedResource;
use crate::model::{AttributeType, GoDuration};
use crate::planner;
use crate::provider::Provider;
use crate::schema::{Block, IdentitySchema};
use crate::validation;

impl<P: Provider> Inner<P> {
    pub(super) fn resource(&self, name: &str) -> Result<&dyn ErasedResource<P>> {
        self.registry.resources.get(name).map(AsRef::as_ref).ok_or_else(|| unknown_type("resource", name))
    }

    pub(super) fn validate_resource(&self, request: &pb::validate_resource_config::Request) -> Diagnostics {
        let resource = match self.resource(&request.type_name) {
            Ok(resource) => resource,
            Err(errors) => return errors,
        };
        let shape = resource.shape();
        let client = request.client_capabilities.as_ref();
        let write_only_allowed = client.is_some_and(|client| client.write_only_attributes_allowed);
        check("Validating the resource", &shape.schema.block, Reach::of(client), || {
            let config = wire::decode(request.config.as_ref(), &shape.ty)?;
            let mut diagnostics = validation::validate_config(&shape.schema.block, &config);
            diagnostics.extend(write_only_refused(&shape.schema.block, &config, write_only_allowed));
            resource.validate(&config, &mut diagnostics);
            Ok(diagnostics)
        })
    }

    /// The content of a resource, where there is such a resource.
    fn block(&self, name: &str) -> Option<&Block> {
        self.registry.resources.get(name).map(|resource| &resource.shape().schema.block)
    }
}

/// A core before 1.11 would store what must not be stored: refuse it there.
pub(super) fn write_only_refused(block: &Block, config: &Value, allowed: bool) -> Diagnostics {
    if allowed {
        return Diagnostics::new();
    }
    let refuse = |path: tf_value::Path| {
        let detail = format!(
            "{path} is write-only: it must never be stored. This version of Terraform would store it. Use Terraform \
             1.11 or OpenTofu 1.11, or leave the attribute out."
        );
        Diagnostic::error("Write-only attribute needs a newer Terraform", detail).at(path)
    };
    planner::write_only_paths_set(block, config).into_iter().map(refuse).collect()
}

/// The limit the configuration sets for an operation.
pub(super) fn timeout_of(object: &Value, operation: &str) -> Option<Duration> {
    let value = object.get("timeouts")?.get(operation)?;
    GoDuration::partial(value).ok().map(|duration| duration.length())
}

/// The identity of an object: the attributes of the same names.
pub(super) fn identity_of(schema: &IdentitySchema, object: &Value) -> Value {
    let member = |name: &String| (name.clone(), object.get(name).cloned().unwrap_or(Value::Null));
    Value::object(schema.attributes.iter().map(|attribute| member(&attribute.name)))
}

/// The identity on the wire, where the resource has one and it is worth telling: with a required attribute
/// missing it would be refused, and one that is not known yet can be planned but not be printed. Terraform then says
/// "Failed to marshal plan to json" in place of the plan, and OpenTofu does not apply.
fn identity_data(
    schema: Option<&IdentitySchema>,
    object: &Value,
) -> Result<Option<pb::ResourceIdentityData>> {
    let Some(schema) = schema else { return Ok(None) };
    if object.is_null() {
        return Ok(None);
    }
    let identity = identity_of(schema, object);
    let missing = |attribute: &crate::schema::IdentityAttribute| {
        attribute.required_for_import && identity.get(&attribute.name).is_none_or(Value::is_null)
    };
    if schema.attributes.iter().any(missing) || !identity.is_wholly_known() {
        return Ok(None);
    }
    let data = wire::encode(&identity, &encode::identity_type(Some(schema)))?;
    Ok(Some(pb::ResourceIdentityData { identity_data: Some(data) }))
}

/// Reports breaches of core's rules as our own bugs, in builds with debug assertions.
fn breaches(violations: Vec<crate::rules::RuleViolation>) -> Diagnostics {
    let report = |violation: crate::rules::RuleViolation| {
        Diagnostic::error("The provider broke a rule of Terraform's", format!("{violation}."))
            .at(violation.path)
    };
    violations.into_iter().map(report).collect()
}
