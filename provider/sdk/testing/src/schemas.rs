//! What the provider says it has.

use std::collections::{BTreeMap, HashMap};

use tf_framework::schema::{
    Attribute, AttributeKind, Attributes, Block, BlockNesting, IdentityAttribute, IdentitySchema,
    NestedBlock, Nesting, Presence, Schema,
};
use tf_framework::validation::{SchemaKind, SchemaProblem, SchemaRule, check_schema};
use tf_value::Type;
use tfplugin_proto::tfplugin6 as pb;

use crate::CoreError;

/// Everything core knows of a provider. Defaults, validators and modifiers are not on the wire.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    /// The provider's own configuration.
    pub provider: Schema,
    /// Managed resources.
    pub resources: BTreeMap<String, Schema>,
    /// Identities of managed resources.
    pub identities: BTreeMap<String, IdentitySchema>,
    /// Data sources.
    pub data_sources: BTreeMap<String, Schema>,
    /// Ephemeral resources.
    pub ephemerals: BTreeMap<String, Schema>,
    /// List resources.
    pub lists: BTreeMap<String, Schema>,
    /// Actions.
    pub actions: BTreeMap<String, Schema>,
    /// Functions.
    pub functions: BTreeMap<String, FunctionSignature>,
    /// Whether destroys are planned.
    pub plan_destroy: bool,
}

/// What core knows of a function.
#[derive(Debug, Clone)]
pub struct FunctionSignature {
    /// Name, type and whether null may be passed, in order.
    pub parameters: Vec<(String, Type, bool)>,
    /// The same of further arguments.
    pub variadic: Option<(String, Type, bool)>,
    /// The result.
    pub returns: Type,
}

impl Schemas {
    pub(crate) fn read(
        answer: &pb::get_provider_schema::Response,
        identities: &HashMap<String, pb::ResourceIdentitySchema>,
    ) -> Result<Self, CoreError> {
        let provider = answer.provider.as_ref().ok_or_else(|| unreadable("the provider", "it is missing"))?;
        let actions: HashMap<String, pb::Schema> = answer
            .action_schemas
            .iter()
            .map(|(name, action)| (name.clone(), action.schema.clone().unwrap_or_default()))
            .collect();
        let schemas = Self {
            provider: schema("the provider", provider)?,
            resources: schemas(&answer.resource_schemas)?,
            identities: identities.iter().map(identity).collect::<Result<_, _>>()?,
            data_sources: schemas(&answer.data_source_schemas)?,
            ephemerals: schemas(&answer.ephemeral_resource_schemas)?,
            lists: schemas(&answer.list_resource_schemas)?,
            actions: schemas(&actions)?,
            functions: answer.functions.iter().map(function).collect::<Result<_, _>>()?,
            plan_destroy: answer.server_capabilities.is_some_and(|capabilities| capabilities.plan_destroy),
        };
        schemas.check()?;
        Ok(schemas)
    }

    /// Core's own rules; what only our lints ask for is not core's business.
    fn check(&self) -> Result<(), CoreError> {
        let groups = [
            (SchemaKind::Resource, &self.resources),
            (SchemaKind::DataSource, &self.data_sources),
            (SchemaKind::Ephemeral, &self.ephemerals),
            (SchemaKind::List, &self.lists),
            (SchemaKind::Action, &self.actions),
        ];
        let all = groups
            .iter()
            .flat_map(|(kind, schemas)| schemas.iter().map(|(name, schema)| (name.as_str(), *kind, schema)));
        let all = all.chain([("provider", SchemaKind::Provider, &self.provider)]);
        let problems =
            all.flat_map(|(name, kind, schema)| check_schema(name, kind, schema).err().unwrap_or_default());
        // Without the defaults it cannot be told whether a configuration's computed attribute is one.
        let cores =
            |problem: &SchemaProblem| !matches!(problem.rule, SchemaRule::Description | SchemaRule::Presence);
        let problems: Vec<SchemaProblem> = problems.filter(cores).collect();
        if let Some(name) = self.lists.keys().find(|name| !self.identities.contains_key(*name)) {
            return Err(unreadable(name, "a list resource needs a managed resource with an identity"));
        }
        if problems.is_empty() { Ok(()) } else { Err(CoreError::Schema(problems)) }
    }
}

fn unreadable(type_name: &str, problem: impl Into<String>) -> CoreError {
    CoreError::SchemaMessage { type_name: type_name.to_owned(), problem: problem.into() }
}

fn schemas(source: &HashMap<String, pb::Schema>) -> Result<BTreeMap<String, Schema>, CoreError> {
    source.iter().map(|(name, source)| Ok((name.clone(), schema(name, source)?))).collect()
}

fn schema(name: &str, source: &pb::Schema) -> Result<Schema, CoreError> {
    let content = source.block.as_ref().ok_or_else(|| unreadable(name, "it has no block"))?;
    Ok(Schema { version: source.version, block: block(name, content)? })
}

fn block(name: &str, source: &pb::schema::Block) -> Result<Block, CoreError> {
    let nested =
        |nested: &pb::schema::NestedBlock| Ok((nested.type_name.clone(), nested_block(name, nested)?));
    Ok(Block {
        attributes: attributes(name, &source.attributes)?,
        blocks: source.block_types.iter().map(nested).collect::<Result<_, CoreError>>()?,
        description: source.description.clone(),
        deprecated: deprecation(name, source.deprecated, &source.deprecation_message)?,
    })
}

/// A text without the flag is refused; the flag without a text is not.
fn deprecation(name: &str, deprecated: bool, message: &str) -> Result<Option<String>, CoreError> {
    match (deprecated, message) {
        (false, "") => Ok(None),
        (false, _) => Err(unreadable(name, "a deprecation text without a deprecation")),
        (true, "") => Ok(Some("deprecated".to_owned())),
        (true, message) => Ok(Some(message.to_owned())),
    }
}

fn nested_block(name: &str, source: &pb::schema::NestedBlock) -> Result<NestedBlock, CoreError> {
    use pb::schema::nested_block::NestingMode;
    let nesting = match source.nesting() {
        NestingMode::Single => BlockNesting::Single,
        NestingMode::List => BlockNesting::List,
        NestingMode::Set => BlockNesting::Set,
        other => {
            return Err(unreadable(
                name,
                format!("{}: nesting {other:?} is not supported", source.type_name),
            ));
        }
    };
    let content = source.block.as_ref().ok_or_else(|| unreadable(name, "a nested block has no content"))?;
    let count =
        |count: i64| u32::try_from(count).map_err(|_| unreadable(name, "a block count is out of range"));
    Ok(NestedBlock {
        nesting,
        block: block(name, content)?,
        min_items: count(source.min_items)?,
        max_items: count(source.max_items)?,
    })
}

fn attributes(name: &str, source: &[pb::schema::Attribute]) -> Result<Attributes, CoreError> {
    source.iter().map(|source| Ok((source.name.clone(), attribute(name, source)?))).collect()
}

fn attribute(name: &str, source: &pb::schema::Attribute) -> Result<Attribute, CoreError> {
    let problem = |problem: &str| unreadable(name, format!("{}: {problem}", source.name));
    let presence = match (source.required, source.optional, source.computed) {
        (true, false, false) => Presence::Required,
        (false, true, false) => Presence::Optional,
        (false, false, true) => Presence::Computed,
        (false, true, true) => Presence::OptionalComputed,
        _ => return Err(problem("it is not one of required, optional, computed, optional and computed")),
    };
    let kind = match (&source.nested_type, source.r#type.as_slice()) {
        (None, []) => return Err(problem("it has no type")),
        (None, ty) => AttributeKind::Leaf(Type::from_json(ty)?),
        (Some(object), []) => nested(name, source, object)?,
        (Some(_), _) => return Err(problem("it has a type and nested attributes")),
    };
    Ok(Attribute {
        presence,
        description: source.description.clone(),
        sensitive: source.sensitive,
        write_only: source.write_only,
        deprecated: deprecation(name, source.deprecated, &source.deprecation_message)?,
        ..Attribute::of(kind)
    })
}

fn nested(
    name: &str,
    attribute: &pb::schema::Attribute,
    source: &pb::schema::Object,
) -> Result<AttributeKind, CoreError> {
    use pb::schema::object::NestingMode;
    let nesting = match source.nesting() {
        NestingMode::Single => Nesting::Single,
        NestingMode::List => Nesting::List,
        NestingMode::Set => Nesting::Set,
        NestingMode::Map => Nesting::Map,
        NestingMode::Invalid => return Err(unreadable(name, format!("{}: invalid nesting", attribute.name))),
    };
    Ok(AttributeKind::Nested { nesting, attributes: attributes(name, &source.attributes)? })
}

fn identity(
    (name, source): (&String, &pb::ResourceIdentitySchema),
) -> Result<(String, IdentitySchema), CoreError> {
    let attribute = |source: &pb::resource_identity_schema::IdentityAttribute| {
        if source.required_for_import == source.optional_for_import {
            return Err(unreadable(name, format!("{}: neither or both required and optional", source.name)));
        }
        Ok(IdentityAttribute {
            name: source.name.clone(),
            ty: Type::from_json(&source.r#type)?,
            description: source.description.clone(),
            required_for_import: source.required_for_import,
        })
    };
    let attributes = source.identity_attributes.iter().map(attribute).collect::<Result<_, _>>()?;
    Ok((name.clone(), IdentitySchema { version: source.version, attributes }))
}

fn function((name, source): (&String, &pb::Function)) -> Result<(String, FunctionSignature), CoreError> {
    let parameter = |source: &pb::function::Parameter| -> Result<_, CoreError> {
        Ok((source.name.clone(), Type::from_json(&source.r#type)?, source.allow_null_value))
    };
    let returns = source.r#return.as_ref().ok_or_else(|| unreadable(name, "the function returns nothing"))?;
    let signature = FunctionSignature {
        parameters: source.parameters.iter().map(parameter).collect::<Result<_, _>>()?,
        variadic: source.variadic_parameter.as_ref().map(parameter).transpose()?,
        returns: Type::from_json(&returns.r#type)?,
    };
    Ok((name.clone(), signature))
}
