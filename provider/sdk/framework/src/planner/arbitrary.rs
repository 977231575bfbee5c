//! Arbitrary schemas, configurations and states, small enough to be understood when a property fails.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use tf_value::{Number, Type, Value};

use super::{apply_defaults, unfilled};
use crate::schema::members::{Member, Members, Nested};
use crate::schema::{
    Attribute, AttributeKind, Attributes, Block, BlockNesting, Equality, NestedBlock, Nesting, PlanModifier,
    Presence, Schema,
};
use crate::validation::validate_config;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// What may occur in a generated schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    pub(crate) sets: bool,
    pub(crate) equalities: bool,
}

impl Features {
    pub(crate) const ALL: Self = Self { sets: true, equalities: true };
}

/// A schema with values for it. Prints in a line or two, to be read when a property fails.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) schema: Schema,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = outline(Members::from(&self.schema.block));
        write!(f, "\n  schema {schema}\n  before {}\n  after  {}\n", self.before, self.after)
    }
}

fn outline(members: Members<'_>) -> String {
    let member = |member: Member<'_>| {
        let kind = match (member.nested, member.attribute) {
            (Some(nested), _) => format!("{:?}{}", nested.nesting, outline(nested.members)),
            (None, Some(attribute)) => attribute.value_type().to_string(),
            (None, None) => String::new(),
        };
        let rules = member.attribute.map_or_else(
            || "block".to_owned(),
            |attribute| {
                let default =
                    attribute.default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
                let write_only = if attribute.write_only { " write-only" } else { "" };
                let equality = attribute.equality.name().unwrap_or_default();
                format!("{:?}{default}{write_only} {:?} {equality}", attribute.presence, attribute.modifiers)
            },
        );
        format!("{}: {kind} ({rules})", member.name)
    };
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
}

// === Schemas ===

pub(crate) fn schema(features: Features) -> BoxedStrategy<Schema> {
    block(features, 2, false).prop_map(Schema::new).boxed()
}

fn block(features: Features, depth: u32, in_set: bool) -> BoxedStrategy<Block> {
    let attributes = attributes(features, depth, in_set);
    if depth == 0 {
        return attributes.prop_map(|attributes| Block { attributes, ..Block::new("A block.") }).boxed();
    }
    (attributes, prop::option::weighted(0.3, nested_block(features, depth - 1, in_set)))
        .prop_map(|(attributes, nested)| {
            let block = Block { attributes, ..Block::new("A block.") };
            match nested {
                Some(nested) => block.block("block", nested),
                None => block,
            }
        })
        .boxed()
}

fn nested_block(features: Features, depth: u32, in_set: bool) -> BoxedStrategy<NestedBlock> {
    let mut nestings = vec![BlockNesting::Single, BlockNesting::List];
    if features.sets {
        nestings.push(BlockNesting::Set);
    }
    prop::sample::select(nestings)
        .prop_flat_map(move |nesting| {
            let in_set = in_set || nesting == BlockNesting::Set;
            block(features, depth, in_set).prop_map(move |block| NestedBlock::new(nesting, block))
        })
        .boxed()
}

fn attributes(features: Features, depth: u32, in_set: bool) -> BoxedStrategy<Attributes> {
    let names = prop::sample::subsequence(NAMES.to_vec(), 1..=3);
    names
        .prop_flat_map(move |names| {
            let members: Vec<_> =
                names.into_iter().map(|name| (Just(name), attribute(features, depth, in_set))).collect();
            members.prop_map(|members| {
                members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect()
            })
        })
        .boxed()
}

fn attribute(features: Features, depth: u32, in_set: bool) -> BoxedStrategy<Attribute> {
    let leaf = leaf_type(features, in_set).prop_map(AttributeKind::Leaf);
    let kind = if depth == 0 {
        leaf.boxed()
    } else {
        let mut nestings = vec![Nesting::Single, Nesting::List, Nesting::Map];
        if features.sets {
            nestings.push(Nesting::Set);
        }
        let nested = prop::sample::select(nestings).prop_flat_map(move |nesting| {
            attributes(features, depth - 1, in_set || nesting == Nesting::Set)
                .prop_map(move |attributes| AttributeKind::Nested { nesting, attributes })
        });
        prop_oneof![2 => leaf, 1 => nested].boxed()
    };
    let presence = prop::sample::select(vec![
        Presence::Required,
        Presence::Optional,
        Presence::Computed,
        Presence::OptionalComputed,
    ]);
    (kind, presence, 0..8_u8, 0..4_u8, 0..4_u8, any::<bool>())
        .prop_flat_map(move |(kind, presence, write_only, stable, replace, equal)| {
            let mut attribute = Attribute::of(kind).presence(presence).describe("An attribute.");
            let leaf = matches!(attribute.kind, AttributeKind::Leaf(_));
            if leaf && !in_set && write_only == 0 && !presence.is_computed() {
                return Just(attribute.write_only()).boxed();
            }
            if presence.is_computed() {
                attribute.modifiers.extend(match stable {
                    0 => Some(PlanModifier::UseStateForUnknown),
                    1 => Some(PlanModifier::UseNonNullStateForUnknown),
                    _ => None,
                });
            }
            attribute.modifiers.extend(match replace {
                0 => Some(PlanModifier::RequiresReplace),
                1 => Some(PlanModifier::RequiresReplaceIfConfigured),
                _ => None,
            });
            if equal && features.equalities {
                attribute.equality = equality(&attribute);
            }
            let defaulted = presence == Presence::OptionalComputed && attribute.modifiers.is_empty() && leaf;
            if !defaulted {
                return Just(attribute).boxed();
            }
            let value = known(&attribute.value_type());
            prop::option::weighted(0.5, value)
                .prop_map(move |default| Attribute { default, ..attribute.clone() })
                .boxed()
        })
        .boxed()
}

fn equality(attribute: &Attribute) -> Equality {
    match &attribute.kind {
        AttributeKind::Leaf(Type::String) => Equality::case_insensitive(),
        AttributeKind::Leaf(Type::List(_) | Type::Map(_)) => {
            Equality::Elements(Box::new(Equality::case_insensitive()))
        }
        _ => Equality::Exact,
    }
}

fn leaf_type(features: Features, in_set: bool) -> BoxedStrategy<Type> {
    let mut types = vec![
        Type::Bool,
        Type::Number,
        Type::String,
        Type::String,
        Type::list(Type::String),
        Type::map(Type::String),
    ];
    if features.sets {
        types.push(Type::set(Type::Number));
    }
    if !in_set {
        types.push(Type::Dynamic);
    }
    prop::sample::select(types).boxed()
}

// === Values ===

/// A known value of a type. Texts differ in case alone now and then.
pub(crate) fn known(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::Number => (0..3_i64).prop_map(|number| Value::Number(Number::from(number))).boxed(),
        Type::String => prop::sample::select(vec!["x", "X", "y"]).prop_map(Value::from).boxed(),
        Type::List(inner) => prop::collection::vec(known(inner), 0..3).prop_map(Value::List).boxed(),
        Type::Set(inner) => prop::collection::vec(known(inner), 0..3).prop_map(Value::set).boxed(),
        Type::Map(inner) => {
            let key = prop::sample::select(vec!["k", "l"]).prop_map(str::to_owned);
            prop::collection::btree_map(key, known(inner), 0..3).prop_map(Value::Map).boxed()
        }
        Type::Dynamic => prop_oneof![
            known(&Type::String).prop_map(|value| Value::dynamic(Type::String, value)),
            known(&Type::Number).prop_map(|value| Value::dynamic(Type::Number, value)),
        ]
        .boxed(),
        Type::Tuple(types) => types.iter().map(known).collect::<Vec<_>>().prop_map(Value::Tuple).boxed(),
        Type::Object(types) => {
            let members: Vec<_> = types.iter().map(|(name, ty)| (Just(name.clone()), known(ty))).collect();
            members.prop_map(|members| Value::Object(members.into_iter().collect())).boxed()
        }
    }
}

/// What may occur in a generated object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A configuration, in which things may be unknown.
    Config,
    /// An object as an API may have it, whatever was configured.
    State,
}

/// A configuration or state that a schema admits.
pub(crate) fn object(schema: &Schema, part: Part) -> BoxedStrategy<Value> {
    let schema = schema.clone();
    let objects = members(Members::from(&schema.block), part);
    objects
        .prop_filter("elements of sets differ", move |value| part == Part::State || is_legal(&schema, value))
        .boxed()
}

/// Whether core would hand over such a configuration, and validation lets it pass.
pub(crate) fn is_legal(schema: &Schema, config: &Value) -> bool {
    !validate_config(&schema.block, config).has_errors()
        && apply_defaults(&schema.block, config.clone()).is_known()
}

fn members(members: Members<'_>, part: Part) -> BoxedStrategy<Value> {
    let parts: Vec<_> =
        members.iter().map(|member| (Just(member.name.to_owned()), member_value(member, part))).collect();
    parts.prop_map(|parts| Value::Object(parts.into_iter().collect())).boxed()
}

fn member_value(member: Member<'_>, part: Part) -> BoxedStrategy<Value> {
    let Some(attribute) = member.attribute else {
        return member.nested.map_or_else(|| Just(Value::Null).boxed(), |nested| blocks(nested, part));
    };
    if part == Part::State {
        return if attribute.write_only {
            Just(Value::Null).boxed()
        } else {
            prop_oneof![1 => Just(Value::Null), 3 => attribute_value(attribute, member.nested, part)].boxed()
        };
    }
    let value = attribute_value(attribute, member.nested, part);
    let value =
        if part == Part::Config { prop_oneof![6 => value, 1 => Just(Value::UNKNOWN)].boxed() } else { value };
    match attribute.presence {
        Presence::Required => value,
        Presence::Computed => Just(Value::Null).boxed(),
        Presence::Optional | Presence::OptionalComputed => prop_oneof![Just(Value::Null), value].boxed(),
    }
}

fn attribute_value(attribute: &Attribute, nested: Option<Nested<'_>>, part: Part) -> BoxedStrategy<Value> {
    match nested {
        Some(nested) => objects(nested, part),
        None => known(&attribute.value_type()),
    }
}

fn objects(nested: Nested<'_>, part: Part) -> BoxedStrategy<Value> {
    let object = members(nested.members, part);
    match nested.nesting {
        Nesting::Single => object,
        Nesting::List => prop::collection::vec(object, 0..3).prop_map(Value::List).boxed(),
        Nesting::Set => prop::collection::vec(object, 0..3).prop_map(Value::set).boxed(),
        Nesting::Map => {
            let key = prop::sample::select(vec!["k", "l"]).prop_map(str::to_owned);
            prop::collection::btree_map(key, object, 0..3).prop_map(Value::Map).boxed()
        }
    }
}

fn blocks(nested: Nested<'_>, part: Part) -> BoxedStrategy<Value> {
    match nested.nesting {
        Nesting::Single => prop_oneof![Just(Value::Null), objects(nested, part)].boxed(),
        _ => objects(nested, part),
    }
}

// === A provider and a core that decide what was unknown ===

/// Decides, differently each time it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Decider {
    count: u32,
    nulls: bool,
}

impl Decider {
    pub(crate) fn new(nulls: bool) -> Self {
        Self { count: 0, nulls }
    }

    /// A planned object with every unknown decided by the provider.
    pub(crate) fn fill(&mut self, schema: &Schema, planned: &Value) -> Value {
        self.object(Members::from(&schema.block), planned, true)
    }

    /// A configuration with every unknown decided by whoever it came from.
    pub(crate) fn resolve(&mut self, schema: &Schema, config: &Value) -> Value {
        self.object(Members::from(&schema.block), config, false)
    }

    fn object(&mut self, members: Members<'_>, object: &Value, provider: bool) -> Value {
        let decided = members.iter().map(|member| {
            let value = object.get(member.name).cloned().unwrap_or(Value::Null);
            (member.name.to_owned(), self.member(member, &value, provider))
        });
        Value::Object(decided.collect())
    }

    fn member(&mut self, member: Member<'_>, value: &Value, provider: bool) -> Value {
        let required = member.attribute.is_some_and(|attribute| attribute.presence == Presence::Required);
        match (member.nested, member.attribute) {
            (Some(nested), _) if value.is_known() => {
                let objects = nested.objects(value).into_iter();
                let decided =
                    objects.map(|(_, object)| self.object(nested.members, object, provider)).collect();
                nested.rebuild(value, decided)
            }
            (_, Some(attribute)) if value.is_unknown() => {
                self.count += 1;
                if self.nulls && !required && self.count.is_multiple_of(3) {
                    return Value::Null;
                }
                match member.nested {
                    Some(nested) => self.nested(nested, provider),
                    None => self.leaf(&attribute.value_type()),
                }
            }
            _ => value.clone(),
        }
    }

    /// One object, whole as a provider gives it, or as a configuration may.
    fn nested(&mut self, nested: Nested<'_>, provider: bool) -> Value {
        let members = nested.members.iter().map(|member| {
            let kept = match member.attribute {
                Some(attribute) if attribute.write_only => !provider,
                Some(attribute) => provider || attribute.presence.is_configurable(),
                None => true,
            };
            let value = if kept { self.member(member, &Value::UNKNOWN, provider) } else { Value::Null };
            (member.name.to_owned(), value)
        });
        let object = Value::Object(members.collect());
        match nested.nesting {
            Nesting::Single => object,
            Nesting::List => Value::List(vec![object]),
            Nesting::Set => Value::set(vec![object]),
            Nesting::Map => Value::map([("k", object)]),
        }
    }

    fn leaf(&mut self, ty: &Type) -> Value {
        self.count += 1;
        match ty {
            Type::Bool => Value::Bool(self.count.is_multiple_of(2)),
            Type::Number => Value::Number(Number::from(100 + self.count)),
            Type::String => Value::String(format!("Made-{}", self.count)),
            Type::List(inner) => Value::List(vec![self.leaf(inner)]),
            Type::Set(inner) => Value::set(vec![self.leaf(inner)]),
            Type::Map(inner) => Value::map([("k", self.leaf(inner))]),
            Type::Dynamic => Value::dynamic(Type::String, self.leaf(&Type::String)),
            Type::Tuple(types) => Value::Tuple(types.iter().map(|ty| self.leaf(ty)).collect()),
            Type::Object(types) => Value::Object(
                types.iter().map(|(name, ty)| (name.clone(), self.leaf(ty))).collect::<BTreeMap<_, _>>(),
            ),
        }
    }
}

/// Whether nothing in a value is unknown.
pub(crate) fn is_filled(value: &Value) -> bool {
    unfilled(value).is_empty()
}
