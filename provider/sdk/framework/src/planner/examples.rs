//! Plans by example: what a user would see.

use tf_value::{Path, Type, Value};

use super::{PlanInput, Planned, changed_attributes, keep_spelling, plan, unfilled};
use crate::rules::{assert_plan_valid, proposed_new};
use crate::schema::{
    Attribute, Attributes, Block, BlockNesting, Equality, NestedBlock, Nesting, PlanModifier, Schema,
};

fn text() -> Attribute {
    Attribute::leaf(Type::String).optional()
}

fn schema(attributes: impl IntoIterator<Item = (&'static str, Attribute)>) -> Schema {
    let block = attributes
        .into_iter()
        .fold(Block::new(""), |block, (name, attribute)| block.attribute(name, attribute));
    Schema::new(block)
}

fn nested(attributes: impl IntoIterator<Item = (&'static str, Attribute)>) -> Attributes {
    attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute)).collect()
}

fn of<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::object(members)
}

fn s(text: &str) -> Value {
    Value::from(text)
}

#[track_caller]
fn planned(schema: &Schema, prior: &Value, config: &Value) -> Planned {
    let proposed = proposed_new(&schema.block, prior, config);
    let planned = plan(PlanInput { schema, prior, proposed: &proposed, config });
    assert_eq!(assert_plan_valid(schema, prior, config, &planned.value), vec![]);
    planned
}

#[track_caller]
fn value(schema: &Schema, prior: &Value, config: &Value) -> Value {
    planned(schema, prior, config).value
}

fn replaced(schema: &Schema, prior: &Value, config: &Value) -> Vec<String> {
    planned(schema, prior, config).requires_replace.iter().map(Path::to_string).collect()
}

const NULL: Value = Value::Null;
const UNKNOWN: Value = Value::UNKNOWN;

#[test]
fn a_create_computes_what_is_not_set() {
    let schema =
        schema([("name", text()), ("id", text().computed()), ("node", text().computed().optional())]);
    let config = of([("name", s("a")), ("id", NULL), ("node", s("pve1"))]);
    assert_eq!(value(&schema, &NULL, &config), of([("name", s("a")), ("id", UNKNOWN), ("node", s("pve1"))]));
}

#[test]
fn stable_values_are_unknown_while_there_is_no_object() {
    let schema = schema([("id", text().computed().stable())]);
    assert_eq!(value(&schema, &NULL, &of([("id", NULL)])), of([("id", UNKNOWN)]));
}

#[test]
fn nothing_changes_where_nothing_differs() {
    let schema = schema([("name", text()), ("id", text().computed())]);
    let prior = of([("name", s("a")), ("id", s("7"))]);
    assert_eq!(value(&schema, &prior, &of([("name", s("a")), ("id", NULL)])), prior);
}

#[test]
fn a_change_makes_computed_values_unknown_unless_stable() {
    let non_null = text().computed().modify(PlanModifier::UseNonNullStateForUnknown);
    let schema = schema([
        ("name", text()),
        ("changes", text().computed()),
        ("stays", text().computed().stable()),
        ("stays_null", text().computed().stable()),
        ("comes", non_null.clone()),
        ("came", non_null),
    ]);
    let rest = |changes| [("changes", changes), ("stays", s("1")), ("stays_null", NULL), ("came", s("2"))];
    let object = |name, changes, comes| {
        Value::object(rest(changes).into_iter().chain([("name", s(name)), ("comes", comes)]))
    };
    let config = Value::object(
        schema.block.attributes.keys().map(|name| (name.clone(), if name == "name" { s("b") } else { NULL })),
    );
    assert_eq!(value(&schema, &object("a", s("0"), NULL), &config), object("b", UNKNOWN, UNKNOWN));
}

#[test]
fn a_removed_argument_is_null_its_default_or_what_it_was() {
    let schema = schema([
        ("plain", text()),
        ("defaulted", text().default_value("d")),
        ("kept", text().computed().optional()),
    ]);
    let prior = of([("plain", NULL), ("defaulted", s("d")), ("kept", s("k"))]);
    let config = of([("plain", NULL), ("defaulted", NULL), ("kept", NULL)]);
    assert_eq!(value(&schema, &prior, &config), prior);
    let prior = of([("plain", s("p")), ("defaulted", s("x")), ("kept", s("k"))]);
    assert_eq!(
        value(&schema, &prior, &config),
        of([("plain", NULL), ("defaulted", s("d")), ("kept", UNKNOWN)])
    );
}

#[test]
fn a_default_fills_objects_at_every_depth() {
    let disk = nested([("size", text()), ("bus", text().default_value("scsi"))]);
    let schema = schema([
        ("disks", Attribute::nested(Nesting::Map, disk.clone()).optional()),
        ("rules", Attribute::nested(Nesting::Set, disk.clone()).optional()),
        (
            "root",
            Attribute::nested(Nesting::Single, disk).default_value(of([("size", s("8G")), ("bus", NULL)])),
        ),
    ]);
    let bare = of([("size", s("1G")), ("bus", NULL)]);
    let full = of([("size", s("1G")), ("bus", s("scsi"))]);
    let config =
        of([("disks", Value::map([("a", bare.clone())])), ("rules", Value::set([bare])), ("root", NULL)]);
    let expected = of([
        ("disks", Value::map([("a", full.clone())])),
        ("rules", Value::set([full])),
        ("root", of([("size", s("8G")), ("bus", s("scsi"))])),
    ]);
    assert_eq!(value(&schema, &NULL, &config), expected);
    assert_eq!(value(&schema, &expected, &config), expected);
}

#[test]
fn another_spelling_of_the_same_is_no_change() {
    let schema = schema([("policy", text().equality(Equality::json())), ("id", text().computed())]);
    let prior = of([("policy", s(r#"{"a":1}"#)), ("id", s("7"))]);
    assert_eq!(value(&schema, &prior, &of([("policy", s(r#"{ "a": 1 }"#)), ("id", NULL)])), prior);
    let other = of([("policy", s(r#"{"a":2}"#)), ("id", NULL)]);
    assert_eq!(value(&schema, &prior, &other), of([("policy", s(r#"{"a":2}"#)), ("id", UNKNOWN)]));
}

#[test]
fn a_list_is_spelled_as_before_only_as_a_whole() {
    let macs = Attribute::leaf(Type::list(Type::String)).optional();
    let schema = schema([("macs", macs.equality(Equality::Elements(Box::new(Equality::mac()))))]);
    let list = |macs: &[&str]| of([("macs", Value::List(macs.iter().copied().map(s).collect()))]);
    let prior = list(&["bc:24:11:00:00:01", "bc:24:11:00:00:02"]);
    assert_eq!(value(&schema, &prior, &list(&["BC2411000001", "BC2411000002"])), prior);
    let config = list(&["BC2411000001", "BC2411000003"]);
    assert_eq!(value(&schema, &prior, &config), config);
}

#[test]
fn a_set_argument_is_never_planned_as_the_null_it_was() {
    let schema = schema([("name", text().equality(Equality::case_insensitive()))]);
    assert_eq!(value(&schema, &of([("name", NULL)]), &of([("name", s("a"))])), of([("name", s("a"))]));
}

#[test]
fn write_only_values_are_no_part_of_a_plan() {
    let schema = schema([("password", text().write_only()), ("id", text().computed())]);
    let prior = of([("password", NULL), ("id", s("7"))]);
    assert_eq!(value(&schema, &prior, &of([("password", s("hush")), ("id", NULL)])), prior);
}

#[test]
fn elements_of_lists_and_maps_keep_their_own_stable_values() {
    let disk =
        nested([("size", text()), ("volume", text().computed().stable()), ("used", text().computed())]);
    let disks = |size: &str, used: Value, third: Option<Value>| {
        let disk = |size: &str, volume, used| of([("size", s(size)), ("volume", volume), ("used", used)]);
        let first = [("a", disk(size, s("v1"), used.clone())), ("b", disk("2", s("v2"), used))];
        of([("disks", Value::map(first.into_iter().chain(third.map(|third| ("c", third)))))])
    };
    let schema = schema([("disks", Attribute::nested(Nesting::Map, disk).optional())]);
    let of_config = |size: &str| of([("size", s(size)), ("volume", NULL), ("used", NULL)]);
    let config =
        of([("disks", Value::map([("a", of_config("3")), ("b", of_config("2")), ("c", of_config("9"))]))]);
    let new = of([("size", s("9")), ("volume", UNKNOWN), ("used", UNKNOWN)]);
    assert_eq!(value(&schema, &disks("1", s("x"), None), &config), disks("3", UNKNOWN, Some(new)));
}

#[test]
fn elements_of_sets_are_found_by_what_they_mean() {
    let rule = nested([
        ("source", text().equality(Equality::cidr())),
        ("position", text().computed().stable()),
        ("note", text().computed().optional()),
    ]);
    let schema = schema([("rules", Attribute::nested(Nesting::Set, rule).optional()), ("name", text())]);
    let rule =
        |source: &str, position, note| of([("source", s(source)), ("position", position), ("note", note)]);
    let with = |name: &str, rules: Vec<Value>| of([("rules", Value::set(rules)), ("name", s(name))]);
    let prior = with("a", vec![rule("10.0.0.1/32", s("1"), s("n")), rule("10.0.0.2/32", s("2"), s("m"))]);
    let same = vec![rule("10.0.0.2", NULL, NULL), rule("10.0.0.1", NULL, s("n"))];
    assert_eq!(value(&schema, &prior, &with("a", same.clone())), prior);
    let changed = vec![rule("10.0.0.1/32", s("1"), s("n")), rule("10.0.0.2/32", s("2"), UNKNOWN)];
    assert_eq!(value(&schema, &prior, &with("b", same)), with("b", changed));
    let one_new = vec![rule("10.0.0.1", NULL, s("n")), rule("10.0.0.9", NULL, s("m"))];
    let planned = vec![rule("10.0.0.1/32", s("1"), s("n")), rule("10.0.0.9", UNKNOWN, s("m"))];
    assert_eq!(value(&schema, &prior, &with("a", one_new)), with("a", planned));
}

#[test]
fn the_better_claim_to_a_prior_element_wins() {
    let schema = schema([(
        "set",
        Attribute::nested(Nesting::Set, nested([("a", text().computed().optional())])).optional(),
    )]);
    let with =
        |elements: &[Value]| of([("set", Value::set(elements.iter().map(|a| of([("a", a.clone())]))))]);
    let prior = with(&[s("x"), s("made")]);
    assert_eq!(value(&schema, &prior, &with(&[NULL, s("x")])), prior);
    assert_eq!(value(&schema, &with(&[s("x")]), &with(&[NULL, s("x")])), with(&[UNKNOWN, s("x")]));
}

#[test]
fn what_an_unknown_element_may_yet_claim_is_not_given_away() {
    let port = text().computed().optional().stable();
    let rule = nested([("name", text()), ("port", port)]);
    let schema = schema([("set", Attribute::nested(Nesting::Set, rule).optional())]);
    let rule = |name: Value, port: Value| of([("name", name), ("port", port)]);
    let with = |rules: [Value; 2]| of([("set", Value::set(rules))]);
    let prior = of([("set", Value::set([rule(s("x"), s("22"))]))]);
    let first = value(&schema, &prior, &with([rule(UNKNOWN, s("22")), rule(s("x"), NULL)]));
    assert_eq!(first, with([rule(UNKNOWN, s("22")), rule(s("x"), UNKNOWN)]));
    let second = value(&schema, &prior, &with([rule(s("x"), s("22")), rule(s("x"), NULL)]));
    assert_eq!(second, with([rule(s("x"), s("22")), rule(s("x"), UNKNOWN)]));
}

#[test]
fn blocks_are_planned_like_nested_attributes() {
    let disk = Block::new("").attribute("size", text()).attribute("volume", text().computed().stable());
    let schema = Schema::new(
        Block::new("")
            .block("disk", NestedBlock::new(BlockNesting::List, disk.clone()))
            .block("rule", NestedBlock::new(BlockNesting::Set, disk.clone()))
            .block("agent", NestedBlock::new(BlockNesting::Single, disk)),
    );
    let block = |size: &str, volume| of([("size", s(size)), ("volume", volume)]);
    let whole = |disk: Value, rule: Value, agent| {
        of([("disk", Value::List(vec![disk])), ("rule", Value::set([rule])), ("agent", agent)])
    };
    let config = whole(block("1", NULL), block("1", NULL), NULL);
    let created = whole(block("1", UNKNOWN), block("1", UNKNOWN), NULL);
    assert_eq!(value(&schema, &NULL, &config), created);
    let prior = whole(block("0", s("v")), block("1", s("w")), block("1", s("u")));
    assert_eq!(value(&schema, &prior, &config), whole(block("1", s("v")), block("1", s("w")), NULL));
    let dynamic = of([("disk", UNKNOWN), ("rule", UNKNOWN), ("agent", UNKNOWN)]);
    assert_eq!(value(&schema, &prior, &dynamic), dynamic);
}

#[test]
fn open_types_keep_the_type_they_carry() {
    let schema = schema([("any", Attribute::leaf(Type::Dynamic).optional()), ("id", text().computed())]);
    for any in [Value::dynamic(Type::String, NULL), Value::dynamic(Type::Number, 1.into()), UNKNOWN] {
        let config = of([("any", any.clone()), ("id", NULL)]);
        assert_eq!(value(&schema, &NULL, &config), of([("any", any), ("id", UNKNOWN)]));
    }
}

#[test]
fn a_computed_object_is_known_or_unknown_as_a_whole() {
    let status = nested([("state", text()), ("since", text().computed())]);
    let schema = schema([
        ("name", text()),
        ("status", Attribute::nested(Nesting::Single, status.clone()).computed()),
        ("chosen", Attribute::nested(Nesting::Single, status).computed().optional().stable()),
    ]);
    let status = || of([("state", s("up")), ("since", s("now"))]);
    let prior = of([("name", s("a")), ("status", status()), ("chosen", status())]);
    let config = |name: &str| of([("name", s(name)), ("status", NULL), ("chosen", NULL)]);
    assert_eq!(value(&schema, &prior, &config("a")), prior, "though core proposes to take it back");
    assert_eq!(
        value(&schema, &prior, &config("b")),
        of([("name", s("b")), ("status", UNKNOWN), ("chosen", status())])
    );
}

// === Replacement ===

#[test]
fn replacement_is_of_what_changes() {
    let schema = schema([
        ("node", text().replace()),
        ("other", text().replace()),
        ("kind", text().computed().optional().modify(PlanModifier::RequiresReplaceIfConfigured)),
        ("name", text()),
    ]);
    let object = |node: &str, kind, name: &str| {
        of([("node", s(node)), ("other", s("o")), ("kind", kind), ("name", s(name))])
    };
    let prior = object("pve1", s("k"), "a");
    assert_eq!(replaced(&schema, &prior, &object("pve2", s("k"), "a")), ["node"]);
    assert_eq!(replaced(&schema, &prior, &object("pve1", s("l"), "a")), ["kind"]);
    assert_eq!(replaced(&schema, &prior, &object("pve1", NULL, "b")), [""; 0], "not configured");
    assert_eq!(replaced(&schema, &NULL, &object("pve2", s("l"), "b")), [""; 0], "created");
}

#[test]
fn what_is_not_known_yet_may_change() {
    let image = nested([("url", text().replace())]);
    let schema = schema([
        ("node", text().replace()),
        ("image", Attribute::nested(Nesting::Single, image.clone()).optional()),
        ("images", Attribute::nested(Nesting::Map, image.clone()).optional()),
        ("set", Attribute::nested(Nesting::Set, image).optional()),
    ]);
    let image = || of([("url", s("u"))]);
    let prior = of([
        ("node", s("pve1")),
        ("image", image()),
        ("images", Value::map([("k", image())])),
        ("set", Value::set([image()])),
    ]);
    let config = of([("node", UNKNOWN), ("image", UNKNOWN), ("images", UNKNOWN), ("set", UNKNOWN)]);
    assert_eq!(replaced(&schema, &prior, &config), ["image.url", r#"images["k"].url"#, "node", "set"]);
}

#[test]
fn adding_and_removing_elements_replaces_nothing_by_itself() {
    let disk = nested([("storage", text().replace()), ("size", text())]);
    let collection = |nesting| Attribute::nested(nesting, disk.clone()).optional();
    let schema = schema([("map", collection(Nesting::Map)), ("set", collection(Nesting::Set))]);
    let disk = |storage: &str, size: &str| of([("storage", s(storage)), ("size", s(size))]);
    let object = |disks: &[(&str, Value)]| {
        let set = Value::set(disks.iter().map(|(_, disk)| disk.clone()));
        of([("map", Value::map(disks.iter().cloned())), ("set", set)])
    };
    let one = object(&[("a", disk("local", "1"))]);
    let two = object(&[("a", disk("local", "1")), ("b", disk("zfs", "2"))]);
    assert_eq!(replaced(&schema, &one, &two), [""; 0]);
    assert_eq!(replaced(&schema, &two, &one), [""; 0]);
    assert_eq!(replaced(&schema, &one, &object(&[("a", disk("local", "9"))])), [""; 0]);
    assert_eq!(replaced(&schema, &one, &object(&[("a", disk("zfs", "1"))])), [r#"map["a"].storage"#, "set"]);
}

#[test]
fn a_removed_object_changes_its_members() {
    let image = nested([("url", text().replace())]);
    let schema = schema([("image", Attribute::nested(Nesting::Single, image).optional())]);
    let (with, without) = (of([("image", of([("url", s("u"))]))]), of([("image", NULL)]));
    assert_eq!(replaced(&schema, &with, &without), ["image.url"]);
    assert_eq!(replaced(&schema, &without, &with), ["image.url"]);
}

#[test]
fn a_function_decides_on_both_objects() {
    let shrinks = PlanModifier::RequiresReplaceIf {
        when: "the disk shrinks and the guest is not protected",
        decide: |question| {
            let protected = question.planned_object.get("protected").and_then(Value::as_bool) == Some(true);
            question.planned.as_number() < question.prior.as_number() && !protected
        },
    };
    let size = Attribute::leaf(Type::Number).modify(shrinks);
    let schema = schema([("size", size), ("protected", Attribute::leaf(Type::Bool).optional())]);
    let object = |size: i64, protected: bool| of([("size", size.into()), ("protected", protected.into())]);
    assert_eq!(replaced(&schema, &object(8, false), &object(4, false)), ["size"]);
    assert_eq!(replaced(&schema, &object(8, false), &object(4, true)), [""; 0]);
    assert_eq!(replaced(&schema, &object(4, false), &object(8, false)), [""; 0]);
}

#[test]
fn a_replacement_keeps_stable_values_until_core_plans_it_as_new() {
    let schema = schema([("node", text().replace()), ("id", text().computed().stable())]);
    let prior = of([("node", s("pve1")), ("id", s("7"))]);
    let config = of([("node", s("pve2")), ("id", NULL)]);
    assert_eq!(value(&schema, &prior, &config), of([("node", s("pve2")), ("id", s("7"))]));
    assert_eq!(value(&schema, &NULL, &config), of([("node", s("pve2")), ("id", UNKNOWN)]));
}

// === Results ===

#[test]
fn a_result_is_spelled_as_planned() {
    let disk = nested([("size", text().equality(Equality::size())), ("volume", text().computed())]);
    let schema = schema([
        (
            "macs",
            Attribute::leaf(Type::set(Type::String)).equality(Equality::Elements(Box::new(Equality::mac()))),
        ),
        ("disks", Attribute::nested(Nesting::List, disk.clone())),
        ("set", Attribute::nested(Nesting::Set, disk)),
        ("name", text()),
    ]);
    let object = |mac: &[&str], size: &str, volume: Value, name: &str| {
        let disk = || of([("size", s(size)), ("volume", volume.clone())]);
        let macs = Value::set(mac.iter().copied().map(s));
        of([
            ("macs", macs),
            ("disks", Value::List(vec![disk()])),
            ("set", Value::set([disk()])),
            ("name", s(name)),
        ])
    };
    let planned = object(&["BC2411000001"], "32G", UNKNOWN, "Zo\u{eb}");
    let answer = object(&["bc:24:11:00:00:01", "bc:24:11:00:00:02"], "32768M", s("v"), "Zoe\u{308}");
    let expected = object(&["BC2411000001", "bc:24:11:00:00:02"], "32G", s("v"), "Zo\u{eb}");
    assert_eq!(keep_spelling(&schema.block, &planned, answer.clone()), expected);
    assert_eq!(keep_spelling(&schema.block, &NULL, answer).get("name"), Some(&s("Zo\u{eb}")));
}

#[test]
fn a_null_keeps_the_type_it_was_written_with() {
    let schema = schema([("any", Attribute::leaf(Type::Dynamic).optional()), ("id", text().computed())]);
    let typed = Value::dynamic(Type::String, NULL);
    let planned = Value::object([("any", typed.clone()), ("id", UNKNOWN)]);
    let answer = Value::object([("any", NULL), ("id", s("1"))]);
    let kept = keep_spelling(&schema.block, &planned, answer);
    assert_eq!(kept, Value::object([("any", typed), ("id", s("1"))]));
}

#[test]
fn gaps_and_changes_are_named() {
    let schema = schema([("a", text()), ("b", text())]);
    let plan = of([("a", s("1")), ("b", Value::List(vec![s("x"), UNKNOWN]))]);
    assert_eq!(unfilled(&plan).iter().map(Path::to_string).collect::<Vec<_>>(), ["b[1]"]);
    let prior = of([("a", s("1")), ("b", NULL)]);
    assert_eq!(changed_attributes(&schema.block, &prior, &plan), ["b".to_owned()].into());
    assert_eq!(changed_attributes(&schema.block, &NULL, &plan).len(), 2);
}

#[test]
fn elements_that_differ_in_spelling_alone_stay_apart() {
    let element = nested([("a", text().equality(Equality::case_insensitive()))]);
    let leaf = Equality::Elements(Box::new(Equality::case_insensitive()));
    let schema = schema([
        ("set", Attribute::nested(Nesting::Set, element)),
        ("leaf", Attribute::leaf(Type::set(Type::String)).equality(leaf)),
    ]);
    let object = |texts: &[&str]| {
        let set = Value::set(texts.iter().map(|text| of([("a", s(text))])));
        of([("set", set), ("leaf", Value::set(texts.iter().copied().map(s)))])
    };
    let two = object(&["X", "x"]);
    assert_eq!(keep_spelling(&schema.block, &object(&["x"]), two.clone()), two);
    assert_eq!(
        keep_spelling(&schema.block, &object(&["xx", "y"]), object(&["XX", "x"])),
        object(&["xx", "x"])
    );

    let element = nested([("a", text().equality(Equality::case_insensitive())), ("id", text().computed())]);
    let block = Block::new("").attribute("set", Attribute::nested(Nesting::Set, element));
    let with = |elements: Vec<Value>| of([("set", Value::set(elements))]);
    let element = |a: &str, id: Value| of([("a", s(a)), ("id", id)]);
    let answer = with(vec![element("X", s("1")), element("x", s("1"))]);
    assert_eq!(keep_spelling(&block, &with(vec![element("x", UNKNOWN)]), answer.clone()), answer);
}
