//! Configuration that would describe an object (`plan -generate-config-out` on newer cores).

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::super::{Inner, guard, wire};
use crate::diagnostic::Result;
use crate::provider::Provider;
use crate::schema::{Attribute, AttributeKind, Attributes, Block, Nesting, Validator};

impl<P: Provider> Inner<P> {
    pub(in super::super) fn generate_config(
        &self,
        request: &pb::generate_resource_config::Request,
    ) -> pb::generate_resource_config::Response {
        let generate = || -> Result<pb::DynamicValue> {
            let resource = self.resource(&request.type_name)?;
            let shape = resource.shape();
            let state = wire::decode(request.state.as_ref(), &shape.ty)?;
            wire::encode(&configuration(&shape.schema.block, state), &shape.ty)
        };
        match guard::run_now("Generating configuration", generate).and_then(|result| result) {
            Ok(config) => {
                pb::generate_resource_config::Response { config: Some(config), diagnostics: Vec::new() }
            }
            Err(errors) => pb::generate_resource_config::Response {
                config: None,
                diagnostics: wire::diagnostics(errors),
            },
        }
    }
}

/// What a user would have written: nothing computed, nothing that is the default anyway, nothing that excludes
/// what has been written before.
pub(crate) fn configuration(block: &Block, state: Value) -> Value {
    let Value::Object(mut members) = state else { return state };
    prune(&block.attributes, &mut members);
    for (name, nested) in &block.blocks {
        let Some(value) = members.remove(name) else { continue };
        let value = match value {
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| configuration(&nested.block, item)).collect())
            }
            Value::Set(items) => Value::set(items.into_iter().map(|item| configuration(&nested.block, item))),
            other => configuration(&nested.block, other),
        };
        members.insert(name.clone(), value);
    }
    Value::Object(members)
}

fn prune(attributes: &Attributes, members: &mut std::collections::BTreeMap<String, Value>) {
    let mut excluded: Vec<&String> = Vec::new();
    for (name, attribute) in attributes {
        let Some(value) = members.get_mut(name) else { continue };
        let is_default = attribute.default.as_ref() == Some(value);
        if !attribute.presence.is_configurable()
            || attribute.write_only
            || attribute.deprecated.is_some()
            || is_default
            || excluded.contains(&name)
        {
            *value = Value::Null;
            continue;
        }
        if let AttributeKind::Nested { nesting, attributes } = &attribute.kind {
            *value = prune_nested(*nesting, attributes, std::mem::replace(value, Value::Null));
        }
        if !value.is_null() {
            excluded.extend(exclusions(attribute));
        }
    }
}

fn exclusions(attribute: &Attribute) -> impl Iterator<Item = &String> {
    attribute.validators.iter().flat_map(|validator| match validator {
        Validator::ConflictsWith(names) | Validator::ExactlyOneOf(names) => names.as_slice(),
        _ => &[],
    })
}

fn prune_nested(nesting: Nesting, attributes: &Attributes, value: Value) -> Value {
    let one = |value: Value| match value {
        Value::Object(mut members) => {
            prune(attributes, &mut members);
            Value::Object(members)
        }
        other => other,
    };
    match (nesting, value) {
        (Nesting::List, Value::List(items)) => Value::List(items.into_iter().map(one).collect()),
        (Nesting::Set, Value::Set(items)) => Value::set(items.into_iter().map(one)),
        (Nesting::Map, Value::Map(items)) => {
            Value::Map(items.into_iter().map(|(key, item)| (key, one(item))).collect())
        }
        (_, value) => one(value),
    }
}
