//! Schemas as the protocol wants them.

use tf_value::Type;
use tfplugin_proto::tfplugin6 as pb;

use super::Inner;
use crate::docs::{ObjectDocs, ProviderDocs, ResourceDocs};
use crate::function::{FunctionDefinition, Parameter};
use crate::provider::Provider;
use crate::schema::{
    Attribute, AttributeKind, Attributes, Block, BlockNesting, IdentitySchema, NestedBlock, Nesting,
    Presence, Schema,
};

pub(super) fn schema(schema: &Schema) -> pb::Schema {
    pb::Schema { version: schema.version, block: Some(block(&schema.block, schema.version)) }
}

fn block(source: &Block, version: i64) -> pb::schema::Block {
    pb::schema::Block {
        version,
        attributes: attributes(&source.attributes),
        block_types: source.blocks.iter().map(|(name, nested)| nested_block(name, nested)).collect(),
        description: source.description.clone(),
        description_kind: pb::StringKind::Markdown.into(),
        deprecated: source.deprecated.is_some(),
        deprecation_message: source.deprecated.clone().unwrap_or_default(),
        computed: false,
    }
}

fn nested_block(name: &str, nested: &NestedBlock) -> pb::schema::NestedBlock {
    use pb::schema::nested_block::NestingMode;
    let nesting = match nested.nesting {
        BlockNesting::Single => NestingMode::Single,
        BlockNesting::List => NestingMode::List,
        BlockNesting::Set => NestingMode::Set,
    };
    pb::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(block(&nested.block, 0)),
        nesting: nesting.into(),
        min_items: i64::from(nested.min_items),
        max_items: i64::from(nested.max_items),
    }
}

fn attributes(source: &Attributes) -> Vec<pb::schema::Attribute> {
    source.iter().map(|(name, source)| attribute(name, source)).collect()
}

fn attribute(name: &str, source: &Attribute) -> pb::schema::Attribute {
    let (ty, nested_type) = match &source.kind {
        AttributeKind::Leaf(ty) => (ty.to_json(), None),
        AttributeKind::Nested { nesting, attributes } => (Vec::new(), Some(object(*nesting, attributes))),
    };
    pb::schema::Attribute {
        name: name.to_owned(),
        r#type: ty,
        nested_type,
        description: source.description.clone(),
        required: source.presence == Presence::Required,
        optional: matches!(source.presence, Presence::Optional | Presence::OptionalComputed),
        computed: source.presence.is_computed(),
        sensitive: source.sensitive,
        description_kind: pb::StringKind::Markdown.into(),
        deprecated: source.deprecated.is_some(),
        deprecation_message: source.deprecated.clone().unwrap_or_default(),
        write_only: source.write_only,
    }
}

#[allow(deprecated)] // the item counts are deprecated on the wire and stay zero
fn object(nesting: Nesting, members: &Attributes) -> pb::schema::Object {
    use pb::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    pb::schema::Object {
        attributes: attributes(members),
        nesting: nesting.into(),
        min_items: 0,
        max_items: 0,
    }
}

pub(super) fn identity(source: &IdentitySchema) -> pb::ResourceIdentitySchema {
    let attribute =
        |attribute: &crate::schema::IdentityAttribute| pb::resource_identity_schema::IdentityAttribute {
            name: attribute.name.clone(),
            r#type: attribute.ty.to_json(),
            required_for_import: attribute.required_for_import,
            optional_for_import: !attribute.required_for_import,
            description: attribute.description.clone(),
        };
    pb::ResourceIdentitySchema {
        version: source.version,
        identity_attributes: source.attributes.iter().map(attribute).collect(),
    }
}

pub(super) fn function(source: &FunctionDefinition) -> pb::Function {
    pb::Function {
        parameters: source.parameters.iter().map(parameter).collect(),
        variadic_parameter: source.variadic.as_ref().map(parameter),
        r#return: Some(pb::function::Return { r#type: source.returns.to_json() }),
        summary: source.summary.clone(),
        description: source.description.clone(),
        description_kind: pb::StringKind::Markdown.into(),
        deprecation_message: source.deprecated.clone().unwrap_or_default(),
    }
}

fn parameter(source: &Parameter) -> pb::function::Parameter {
    pb::function::Parameter {
        name: source.name.clone(),
        r#type: source.ty.to_json(),
        allow_null_value: source.allow_null,
        // Functions are computed on known values; core answers unknown by itself.
        allow_unknown_values: false,
        description: source.description.clone(),
        description_kind: pb::StringKind::Markdown.into(),
    }
}

/// Everything the documentation is made of.
pub(super) fn provider_docs<P: Provider>(inner: &Inner<P>) -> ProviderDocs {
    let registry = &inner.registry;
    ProviderDocs {
        name: P::NAME.to_owned(),
        address: P::ADDRESS.to_owned(),
        provider: inner.provider_shape().schema.clone(),
        resources: registry
            .resources
            .iter()
            .map(|(name, resource)| ResourceDocs {
                name: name.clone(),
                subcategory: resource.subcategory().to_owned(),
                schema: resource.schema_shown().into_owned(),
                identity: resource.identity().cloned(),
            })
            .collect(),
        data_sources: registry
            .data_sources
            .iter()
            .map(|(name, source)| ObjectDocs {
                name: name.clone(),
                subcategory: source.subcategory().to_owned(),
                schema: source.schema_shown().into_owned(),
            })
            .collect(),
        ephemerals: registry
            .ephemerals
            .iter()
            .map(|(name, ephemeral)| ObjectDocs {
                name: name.clone(),
                subcategory: ephemeral.subcategory().to_owned(),
                schema: ephemeral.shape().schema.clone(),
            })
            .collect(),
        actions: registry
            .actions
            .iter()
            .map(|(name, action)| ObjectDocs {
                name: name.clone(),
                subcategory: action.subcategory().to_owned(),
                schema: action.shape().schema.clone(),
            })
            .collect(),
        lists: registry
            .lists
            .iter()
            .map(|(name, list)| ObjectDocs {
                name: name.clone(),
                subcategory: registry
                    .resources
                    .get(name)
                    .map_or("", |resource| resource.subcategory())
                    .to_owned(),
                schema: list.schema_shown().into_owned(),
            })
            .collect(),
        functions: registry.functions.values().map(|function| (function.definition)()).collect(),
    }
}

/// The object type of an identity, or of nothing.
pub(super) fn identity_type(source: Option<&IdentitySchema>) -> Type {
    source.map_or_else(|| Type::object(std::iter::empty::<(String, Type)>()), IdentitySchema::value_type)
}
