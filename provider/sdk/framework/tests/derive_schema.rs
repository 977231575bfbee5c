//! The schema that each word of `#[attr(...)]` gives.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::schema::{
    Attribute, AttributeKind, BlockNesting, Equality, Nesting, PlanModifier, Presence, ReplaceQuestion,
    Validator,
};
use tf_framework::{
    Choice, Computed, Function, FunctionError, Model, Number, RawState, Resource, ResourceModel, Sensitive,
    Type, Value, WriteOnly, function,
};

/// A guest with
/// many words.
///
/// And a second paragraph.
#[derive(Debug, Clone, Resource)]
#[resource(
    name = "guest",
    subcategory = "Test",
    version = 3,
    identity(version = 1, node, vmid(optional), type),
    upgrade(0 = GuestV0, 2 = GuestV2)
)]
struct Guest {
    /// Node that runs
    /// the guest.
    #[attr(replace, validate(length(1..=63), matches("^[a-z]+$", "a word")))]
    node: String,
    /// Number.
    #[attr(optional, stable, replace_if_configured, validate(range(100..)))]
    vmid: Computed<u32>,
    /// Cores.
    #[attr(default = 2, deprecated = "Use `sockets`.")]
    cores: u16,
    /// Load.
    #[attr(default = 1, validate(range(-0.5..=1.5)))]
    load: f64,
    /// Kind.
    r#type: Option<String>,
    /// Addresses.
    #[attr(eq = cidr, validate(each(length(..=43)), items(1..=4)))]
    addresses: Option<Vec<String>>,
    /// Settings.
    #[attr(eq(same, "as settings"), sensitive, validate(keys(length(3)), conflicts_with(type)))]
    settings: BTreeMap<String, String>,
    /// Never compiled.
    #[cfg(any())]
    #[attr(not_a_word)]
    never: BTreeSet<String>,
    /// Tags.
    #[attr(default = ["b", "a"], replace_if(always, "always"))]
    tags: BTreeSet<String>,
    /// Weight.
    #[attr(rename = "mass", validate(one_of(1, 2.5), required_with(type), at_least_one_of(load, node)))]
    weight: Option<Number>,
    /// Secret.
    #[attr(required)]
    secret: WriteOnly<String>,
    /// Token.
    token: Option<Sensitive<String>>,
    /// Power.
    #[attr(stable_non_null)]
    power: Computed<Option<Power>>,
    /// Disks.
    disks: BTreeMap<String, Disk>,
    /// Volumes.
    #[attr(block, min = 1, max = 3, deprecated = "Use `disks`.")]
    volumes: Vec<Disk>,
    /// Root.
    #[attr(block, min = 1)]
    root: Option<Disk>,
}

/// A disk.
#[derive(Debug, Clone, Model)]
struct Disk {
    /// Size.
    #[attr(validate(custom(even, "even")))]
    size: u8,
}

/// Power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "UPPERCASE")]
enum Power {
    /// On.
    On,
    /// Off.
    #[choice("down")]
    Off,
}

/// The first version.
#[derive(Debug, Clone, Model)]
struct GuestV0 {
    /// Name.
    name: String,
}

/// The second version.
#[derive(Debug, Clone, Model)]
struct GuestV2 {
    /// Node.
    node: String,
}

impl TryFrom<GuestV0> for Guest {
    type Error = String;

    fn try_from(old: GuestV0) -> Result<Self, String> {
        Err(format!("\"{}\" has no node", old.name))
    }
}

impl From<GuestV2> for Guest {
    fn from(old: GuestV2) -> Self {
        Self {
            node: old.node,
            vmid: Computed::Unknown,
            cores: 1,
            load: 1.0,
            r#type: None,
            addresses: None,
            settings: BTreeMap::new(),
            tags: BTreeSet::new(),
            weight: None,
            secret: WriteOnly::default(),
            token: None,
            power: Computed::Unknown,
            disks: BTreeMap::new(),
            volumes: Vec::new(),
            root: None,
        }
    }
}

fn even(value: &Value) -> Result<(), String> {
    let odd = value.as_number().and_then(Number::as_i64).is_some_and(|number| number % 2 != 0);
    if odd { Err("must be even".to_owned()) } else { Ok(()) }
}

fn same(left: &str, right: &str) -> bool {
    left.trim() == right.trim()
}

fn always(question: &ReplaceQuestion<'_>) -> bool {
    question.prior != question.planned
}

fn attribute(name: &str) -> Attribute {
    Guest::block().attributes.remove(name).expect("the attribute is in the schema")
}

#[test]
fn comments_are_descriptions() {
    let block = Guest::block();
    assert_eq!(block.description, "A guest with many words.\n\nAnd a second paragraph.");
    assert_eq!(attribute("node").description, "Node that runs the guest.");
    assert_eq!(block.blocks["volumes"].block.description, "Volumes.");
}

#[test]
fn the_type_says_who_sets_it_and_words_say_otherwise() {
    let presence = |name: &str| attribute(name).presence;
    assert_eq!(presence("node"), Presence::Required);
    assert_eq!(presence("vmid"), Presence::OptionalComputed);
    assert_eq!(presence("cores"), Presence::OptionalComputed);
    assert_eq!(presence("type"), Presence::Optional);
    assert_eq!(presence("power"), Presence::Computed);
    assert_eq!(presence("secret"), Presence::Required);
    assert_eq!(presence("token"), Presence::Optional);
    assert_eq!(presence("disks"), Presence::Required);
    let secret = attribute("secret");
    assert!(secret.write_only && secret.sensitive);
    assert!(attribute("token").sensitive && attribute("settings").sensitive && !attribute("node").sensitive);
}

#[test]
fn defaults_are_values_of_the_type() {
    assert_eq!(attribute("cores").default, Some(Value::from(2)));
    assert_eq!(attribute("load").default, Some(Value::from(1)));
    let tags = Value::set([Value::from("a"), Value::from("b")]);
    assert_eq!(attribute("tags").default, Some(tags));
    assert_eq!(attribute("node").default, None);
    assert_eq!(attribute("cores").deprecated.as_deref(), Some("Use `sockets`."));
}

#[test]
fn modifiers_keep_their_order() {
    use PlanModifier as M;
    assert!(matches!(attribute("node").modifiers[..], [M::RequiresReplace]));
    assert!(matches!(
        attribute("vmid").modifiers[..],
        [M::UseStateForUnknown, M::RequiresReplaceIfConfigured]
    ));
    assert!(matches!(attribute("power").modifiers[..], [M::UseNonNullStateForUnknown]));
    assert!(matches!(attribute("tags").modifiers[..], [M::RequiresReplaceIf { when: "always", .. }]));
}

#[test]
fn validators_are_data() {
    use Validator as V;
    let node = attribute("node").validators;
    assert!(matches!(
        node[..],
        [V::Length { min: Some(1), max: Some(63) }, V::Matches { pattern: "^[a-z]+$", expected: "a word" }]
    ));
    let vmid = attribute("vmid").validators;
    assert!(matches!(&vmid[..], [.., V::Range { min: Some(min), max: None }] if *min == Number::from(100)));
    let load = attribute("load").validators;
    assert!(matches!(&load[..], [V::Range { min, max }]
        if *min == Number::from_f64(-0.5) && *max == Number::from_f64(1.5)));
    let addresses = attribute("addresses").validators;
    assert!(matches!(&addresses[..], [V::Each(each), V::Items { min: Some(1), max: Some(4) }]
        if matches!(each[..], [V::Length { min: None, max: Some(43) }])));
    let settings = attribute("settings").validators;
    assert!(matches!(&settings[..], [V::Keys(keys), V::ConflictsWith(others)]
        if matches!(keys[..], [V::Length { min: Some(3), max: Some(3) }]) && *others == ["type"]));
    let mass = attribute("mass").validators;
    assert!(matches!(&mass[..], [V::OneOf(values), V::RequiredWith(with), V::AtLeastOneOf(of)]
        if *values == [Value::from(1), Value::Number(Number::from_f64(2.5).expect("finite"))]
            && *with == ["type"] && *of == ["load", "node"]));
    let size = Disk::block().attributes.remove("size").expect("it is there").validators;
    assert!(matches!(size[..], [.., V::Custom { expected: "even", .. }]));
}

#[test]
fn equality_is_said_of_the_elements() {
    let Equality::Elements(addresses) = attribute("addresses").equality else {
        panic!("not of the elements")
    };
    assert!(addresses.same(&"2001:DB8::/32".into(), &"2001:db8:0::/32".into()));
    let Equality::Elements(settings) = attribute("settings").equality else { panic!("not of the elements") };
    assert!(matches!(*settings, Equality::Meaning { name: "as settings", .. }));
    assert!(settings.same(&"a".into(), &" a ".into()));
}

#[test]
fn models_nest() {
    let AttributeKind::Nested { nesting: Nesting::Map, attributes } = attribute("disks").kind else {
        panic!("disks are nested attributes")
    };
    assert!(attributes.contains_key("size"));
    let block = Guest::block();
    let volumes = &block.blocks["volumes"];
    assert_eq!((volumes.nesting, volumes.min_items, volumes.max_items), (BlockNesting::List, 1, 3));
    assert_eq!(volumes.block.deprecated.as_deref(), Some("Use `disks`."));
    let root = &block.blocks["root"];
    assert_eq!((root.nesting, root.min_items, root.max_items), (BlockNesting::Single, 1, 1));
}

#[test]
fn an_identity_takes_types_and_descriptions_from_the_fields() {
    assert_eq!((Guest::NAME, Guest::SUBCATEGORY, Guest::VERSION), ("guest", "Test", 3));
    let identity = Guest::identity().expect("there is one");
    assert_eq!(identity.version, 1);
    let attributes: Vec<_> = identity
        .attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.ty.clone(), attribute.required_for_import))
        .collect();
    assert_eq!(
        attributes,
        [("node", Type::String, true), ("vmid", Type::Number, false), ("type", Type::String, true)]
    );
    assert_eq!(identity.attributes[0].description, "Node that runs the guest.");
}

#[test]
fn old_state_is_read_by_the_struct_of_its_version() {
    let old = RawState::new(br#"{"node": "pve1", "forgotten": true}"#.to_vec());
    let guest = Guest::upgrade(2, &old).expect("version 2 is known").expect("it converts");
    assert_eq!((guest.node.as_str(), guest.secret.get()), ("pve1", None));
    let older = RawState::new(br#"{"name": "db"}"#.to_vec());
    let error = Guest::upgrade(0, &older).expect("version 0 is known").expect_err("it does not convert");
    assert!(
        error.to_string().contains("version 0 does not translate to the current one: \"db\" has no node.")
    );
    assert!(Guest::upgrade(1, &old).is_none());
}

#[test]
fn what_is_derived_passes_the_rules_of_core() {
    use tf_framework::validation::{SchemaKind, check_schema};
    let problems =
        check_schema("test_guest", SchemaKind::Resource, &Guest::schema()).err().unwrap_or_default();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn choices_are_words() {
    let Validator::OneOf(words) = &attribute("power").validators[0] else { panic!("not a choice") };
    assert_eq!(*words, [Value::from("ON"), Value::from("down")]);
}

/// Adds numbers.
///
/// As many as there are.
#[function(name = "add_all", deprecated = "Use `sum`.")]
fn add(
    /// The first.
    first: i8,
    /// Perhaps one more.
    second: Option<i64>,
    /// The others.
    #[variadic]
    others: Vec<i64>,
) -> Result<Number, FunctionError> {
    let sum = others.iter().try_fold(i64::from(first), |sum, other| sum.checked_add(*other));
    let sum = sum.and_then(|sum| sum.checked_add(second.unwrap_or(0)));
    sum.map(Number::from).ok_or_else(|| FunctionError::new("The sum is too large."))
}

#[test]
fn a_function_is_defined_by_its_signature() {
    let definition = AddAll::definition();
    assert_eq!((definition.name.as_str(), definition.summary.as_str()), ("add_all", "Adds numbers"));
    assert_eq!(definition.description, "Adds numbers.\n\nAs many as there are.");
    assert_eq!(definition.deprecated.as_deref(), Some("Use `sum`."));
    let parameters: Vec<_> =
        definition.parameters.iter().map(|p| (p.name.as_str(), p.ty.clone(), p.allow_null)).collect();
    assert_eq!(parameters, [("first", Type::Number, false), ("second", Type::Number, true)]);
    let others = definition.variadic.expect("it takes the others");
    assert_eq!(
        (others.name.as_str(), others.ty, others.description.as_str()),
        ("others", Type::Number, "The others.")
    );
    assert_eq!(definition.returns, Type::Number);
}

#[test]
fn a_function_reads_its_arguments_and_blames_the_wrong_one() {
    let call = |arguments: &[i64]| AddAll::call(arguments.iter().copied().map(Value::from).collect());
    assert_eq!(call(&[1, 2, 3, 4]), Ok(Value::from(10)));
    assert_eq!(AddAll::call(vec![Value::from(1), Value::Null]), Ok(Value::from(1)));
    assert_eq!(call(&[1000, 0]).expect_err("too large for i8").argument, Some(0));
    let wrong = AddAll::call(vec![1.into(), 2.into(), 3.into(), "four".into()]);
    assert_eq!(wrong.expect_err("text is no number").argument, Some(3));
    assert_eq!(call(&[1, 1, i64::MAX]), Err(FunctionError::new("The sum is too large.")));
    assert_eq!(add(1, None, vec![2]), Ok(Number::from(3)));
}
