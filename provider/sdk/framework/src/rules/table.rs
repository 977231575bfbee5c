//! One named case for every row of core's rules, kept and broken.

use std::collections::BTreeSet;

use tf_value::{Constraints, Number, Path, Refinements, Type, Value};

use super::*;
use crate::schema::{
    Attribute, Attributes, Block, BlockNesting, IdentityAttribute, IdentitySchema, NestedBlock, Nesting,
    Schema,
};

mod results;

fn text() -> Attribute {
    Attribute::leaf(Type::String).optional()
}

/// A schema with everything that rules speak of.
fn schema() -> Schema {
    let nested: Attributes = [("size".to_owned(), text()), ("id".to_owned(), text().computed())].into();
    let list = Attribute::nested(Nesting::List, nested.clone()).optional();
    let block = Block::new("").attribute("size", text()).attribute("id", text().computed());
    Schema::new(
        Block::new("")
            .attribute("name", text())
            .attribute("chosen", text().computed().optional())
            .attribute("id", text().computed())
            .attribute("secret", text().sensitive())
            .attribute("password", text().write_only())
            .attribute("tags", Attribute::leaf(Type::set(Type::String)).optional())
            .attribute("list", list)
            .attribute("map", Attribute::nested(Nesting::Map, nested.clone()).optional())
            .attribute("set", Attribute::nested(Nesting::Set, nested.clone()).optional())
            .attribute("single", Attribute::nested(Nesting::Single, nested).optional())
            .block("disk", NestedBlock::new(BlockNesting::List, block.clone()))
            .block("rule", NestedBlock::new(BlockNesting::Set, block.clone()))
            .block("agent", NestedBlock::new(BlockNesting::Single, block)),
    )
}

fn object(members: &[(&str, Value)]) -> Value {
    let mut object =
        Value::Object(schema().block.attributes.keys().map(|name| (name.clone(), Value::Null)).collect());
    let Value::Object(parts) = &mut object else { unreachable!() };
    parts.extend([("disk".to_owned(), Value::List(vec![])), ("rule".to_owned(), Value::set([]))]);
    parts.insert("agent".to_owned(), Value::Null);
    parts.extend(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    object
}

fn disk(size: impl Into<Value>, id: impl Into<Value>) -> Value {
    Value::object([("size", size.into()), ("id", id.into())])
}

fn disks(disks: &[Value]) -> Value {
    Value::List(disks.to_vec())
}

fn rules(found: &[RuleViolation]) -> Vec<(Rule, String)> {
    found.iter().map(|violation| (violation.rule, violation.path.to_string())).collect()
}

#[track_caller]
fn kept(found: &[RuleViolation]) {
    assert_eq!(found, &[] as &[RuleViolation]);
}

#[track_caller]
fn broken(found: &[RuleViolation], rule: Rule, path: &str, title: &str) {
    assert_eq!(rules(found), [(rule, path.to_owned())]);
    assert_eq!(found[0].title(), title);
    assert!(found[0].to_string().starts_with(title), "{}", found[0]);
}

const INVALID_PLAN: &str = "Provider produced invalid plan";

/// One member in state, configuration and plan.
fn planned(
    name: &str,
    prior: impl Into<Value>,
    config: impl Into<Value>,
    plan: impl Into<Value>,
) -> Vec<RuleViolation> {
    let of = |value: Value| object(&[(name, value)]);
    assert_plan_valid(&schema(), &of(prior.into()), &of(config.into()), &of(plan.into()))
}

mod a_configured_value {
    use super::*;

    #[test]
    fn is_planned_as_configured() {
        kept(&planned("name", "old", "new", "new"));
        kept(&planned("name", "old", Value::UNKNOWN, Value::UNKNOWN));
        broken(&planned("name", "old", "new", "other"), Rule::ConfiguredAsPlanned, "name", INVALID_PLAN);
        broken(&planned("chosen", "old", "new", "other"), Rule::ConfiguredAsPlanned, "chosen", INVALID_PLAN);
        broken(&planned("name", "old", "new", Value::Null), Rule::ConfiguredAsPlanned, "name", INVALID_PLAN);
    }

    #[test]
    fn may_be_planned_as_it_was() {
        kept(&planned("name", "old", "new", "old"));
        kept(&planned(
            "list",
            disks(&[disk("a", "1")]),
            disks(&[disk("A", Value::Null)]),
            disks(&[disk("a", "1")]),
        ));
    }

    #[test]
    fn may_not_be_planned_as_a_null_that_was() {
        broken(
            &planned("name", Value::Null, "new", Value::Null),
            Rule::ConfiguredAsPlanned,
            "name",
            INVALID_PLAN,
        );
    }

    #[test]
    fn does_not_become_unknown() {
        broken(&planned("name", "old", "new", Value::UNKNOWN), Rule::ConfiguredIsKnown, "name", INVALID_PLAN);
        let config = disks(&[disk("a", Value::Null)]);
        broken(
            &planned("list", Value::Null, config.clone(), Value::UNKNOWN),
            Rule::ConfiguredIsKnown,
            "list",
            INVALID_PLAN,
        );
        let found = planned("list", Value::Null, config, disks(&[disk(Value::UNKNOWN, Value::UNKNOWN)]));
        broken(&found, Rule::ConfiguredIsKnown, "list[0].size", INVALID_PLAN);
    }

    #[test]
    fn may_lose_its_refinements() {
        let refined = Value::Unknown(Refinements::not_null());
        kept(&planned("name", Value::Null, refined, Value::UNKNOWN));
    }
}

mod a_value_that_is_not_configured {
    use super::*;

    #[test]
    fn is_null_unless_computed() {
        kept(&planned("name", "old", Value::Null, Value::Null));
        for plan in [Value::from("made up"), Value::from("old"), Value::UNKNOWN] {
            broken(&planned("name", "old", Value::Null, plan), Rule::UnsetIsNull, "name", INVALID_PLAN);
        }
    }

    #[test]
    fn is_anything_if_optional_and_computed() {
        for plan in [Value::Null, Value::UNKNOWN, Value::from("old"), Value::from("default")] {
            kept(&planned("chosen", "old", Value::Null, plan));
        }
    }

    #[test]
    fn is_anything_if_computed() {
        for plan in [Value::Null, Value::UNKNOWN, Value::from("old"), Value::from("other")] {
            kept(&planned("id", "old", Value::Null, plan));
        }
    }
}

mod nested_objects {
    use super::*;

    #[test]
    fn have_the_count_of_the_configuration() {
        let one = disks(&[disk("a", Value::Null)]);
        kept(&planned("list", Value::Null, one.clone(), disks(&[disk("a", Value::UNKNOWN)])));
        let two = disks(&[disk("a", "1"), disk("b", "2")]);
        broken(&planned("list", Value::Null, one, two), Rule::NestedCount, "list", INVALID_PLAN);
    }

    #[test]
    fn have_the_keys_of_the_configuration() {
        let map = |key| Value::map([(key, disk("a", Value::Null))]);
        kept(&planned("map", Value::Null, map("k"), Value::map([("k", disk("a", Value::UNKNOWN))])));
        broken(&planned("map", Value::Null, map("k"), map("l")), Rule::NestedCount, "map", INVALID_PLAN);
    }

    #[test]
    fn of_a_set_are_counted_only() {
        let set = |elements: &[Value]| Value::set(elements.to_vec());
        let config = set(&[disk("a", Value::Null), disk("b", Value::Null)]);
        kept(&planned("set", Value::Null, config.clone(), set(&[disk("x", "1"), disk("y", "2")])));
        kept(&planned(
            "set",
            Value::Null,
            config.clone(),
            set(&[disk("a", Value::UNKNOWN), disk("b", Value::UNKNOWN)]),
        ));
        broken(
            &planned("set", Value::Null, config, set(&[disk("x", "1")])),
            Rule::NestedCount,
            "set",
            INVALID_PLAN,
        );
    }

    #[test]
    fn are_there_if_configured() {
        let single = disk("a", Value::Null);
        broken(
            &planned("single", Value::Null, single.clone(), Value::Null),
            Rule::Presence,
            "single",
            INVALID_PLAN,
        );
        broken(
            &planned("single", Value::Null, Value::Null, single),
            Rule::UnsetIsNull,
            "single",
            INVALID_PLAN,
        );
    }

    #[test]
    fn keep_the_rules_inside() {
        let config = Value::map([("k", disk("a", Value::Null))]);
        let plan = Value::map([("k", disk("b", Value::UNKNOWN))]);
        broken(
            &planned("map", Value::Null, config, plan),
            Rule::ConfiguredAsPlanned,
            r#"map["k"].size"#,
            INVALID_PLAN,
        );
    }
}

mod blocks {
    use super::*;

    #[test]
    fn have_the_count_of_the_configuration() {
        let one = disks(&[disk("a", Value::Null)]);
        kept(&planned("disk", disks(&[]), one.clone(), disks(&[disk("a", Value::UNKNOWN)])));
        broken(&planned("disk", disks(&[]), one, disks(&[])), Rule::BlockCount, "disk", INVALID_PLAN);
    }

    #[test]
    fn are_never_null_or_unknown() {
        let one = disks(&[disk("a", Value::Null)]);
        broken(&planned("disk", disks(&[]), disks(&[]), Value::Null), Rule::BlockCount, "disk", INVALID_PLAN);
        broken(
            &planned("rule", Value::set([]), Value::set([]), Value::Null),
            Rule::BlockCount,
            "rule",
            INVALID_PLAN,
        );
        broken(
            &planned("disk", disks(&[]), one.clone(), Value::UNKNOWN),
            Rule::BlockCount,
            "disk",
            INVALID_PLAN,
        );
        broken(
            &planned("disk", disks(&[]), one, disks(&[Value::UNKNOWN])),
            Rule::BlockCount,
            "disk",
            INVALID_PLAN,
        );
    }

    #[test]
    fn may_be_unknown_where_the_configuration_is() {
        kept(&planned("disk", disks(&[]), Value::UNKNOWN, Value::UNKNOWN));
        broken(
            &planned("disk", disks(&[]), Value::UNKNOWN, disks(&[])),
            Rule::BlockCount,
            "disk",
            INVALID_PLAN,
        );
    }

    #[test]
    fn of_which_there_is_one_are_there_if_configured() {
        kept(&planned("agent", Value::Null, disk("a", Value::Null), disk("a", Value::UNKNOWN)));
        broken(
            &planned("agent", Value::Null, disk("a", Value::Null), Value::Null),
            Rule::Presence,
            "agent",
            INVALID_PLAN,
        );
        broken(
            &planned("agent", Value::Null, Value::Null, disk("a", "1")),
            Rule::Presence,
            "agent",
            INVALID_PLAN,
        );
    }
}

mod write_only_values {
    use super::*;

    #[test]
    fn are_planned_as_null() {
        kept(&planned("password", Value::Null, "hush", Value::Null));
        broken(
            &planned("password", Value::Null, "hush", "hush"),
            Rule::WriteOnlyIsNull,
            "password",
            INVALID_PLAN,
        );
    }

    #[test]
    fn are_null_in_every_answer() {
        let schema = schema();
        let (without, with) = (object(&[]), object(&[("password", "hush".into())]));
        let invalid = "Provider produced invalid object";
        type Check = fn(&Schema, &Value) -> Vec<RuleViolation>;
        for check in [assert_read as Check, assert_import, assert_upgrade, assert_move] {
            kept(&check(&schema, &without));
            broken(&check(&schema, &with), Rule::WriteOnlyIsNull, "password", invalid);
        }
        let found = assert_apply_compatible(&schema, &without, &with);
        assert_eq!(rules(&found)[0], (Rule::WriteOnlyIsNull, "password".to_owned()));
        assert_eq!(found[0].title(), invalid);
        assert!(found.iter().all(|violation| !violation.message.contains("hush")), "{found:?}");
    }
}

mod replacement {
    use super::*;

    fn of(path: Path, prior: &Value, planned: &Value) -> (Vec<RuleViolation>, PlannedAction) {
        let (schema, requires_replace) = (schema(), BTreeSet::from([path]));
        let change = Change { schema: &schema, prior, planned, requires_replace: &requires_replace };
        (assert_replace_paths(change), planned_action(change))
    }

    #[test]
    fn is_of_attributes_that_exist() {
        let (before, after) = (object(&[("name", "a".into())]), object(&[("name", "b".into())]));
        let name = Path::root().attribute("name");
        assert_eq!(of(name, &before, &after), (vec![], PlannedAction::Replace));
        let (found, _) = of(Path::root().attribute("nope"), &before, &after);
        broken(&found, Rule::ReplacePath, "nope", INVALID_PLAN);
        let in_list = Path::root().attribute("list").index(0).attribute("size");
        broken(&of(in_list, &before, &after).0, Rule::ReplacePath, "list[0].size", INVALID_PLAN);
    }

    #[test]
    fn of_what_does_not_change_is_ignored() {
        let (before, after) = (object(&[("name", "a".into())]), object(&[("name", "b".into())]));
        assert_eq!(of(Path::root().attribute("id"), &before, &after), (vec![], PlannedAction::Update));
    }

    #[test]
    fn of_write_only_values_always_counts() {
        let same = object(&[]);
        assert_eq!(of(Path::root().attribute("password"), &same, &same), (vec![], PlannedAction::Replace));
    }

    #[test]
    fn is_expected_where_the_value_is_not_known_yet() {
        let before = object(&[("single", disk("a", "1"))]);
        let after = object(&[("single", Value::UNKNOWN)]);
        let path = Path::root().attribute("single").attribute("size");
        assert_eq!(of(path, &before, &after), (vec![], PlannedAction::Replace));
    }
}

mod a_destroy {
    use super::*;

    #[test]
    fn is_planned_as_null() {
        let (schema, object, null) = (schema(), object(&[]), Value::Null);
        kept(&assert_plan_valid(&schema, &object, &null, &null));
        broken(&assert_plan_valid(&schema, &object, &null, &object), Rule::Presence, "", INVALID_PLAN);
        broken(&assert_plan_valid(&schema, &object, &object, &null), Rule::Presence, "", INVALID_PLAN);
    }
}

mod a_proposal {
    use super::*;

    fn proposed(name: &str, prior: impl Into<Value>, config: impl Into<Value>) -> Value {
        let (prior, config) = (object(&[(name, prior.into())]), object(&[(name, config.into())]));
        proposed_new(&schema().block, &prior, &config).get(name).cloned().unwrap()
    }

    #[test]
    fn takes_the_configuration() {
        assert_eq!(proposed("name", "a", "b"), "b".into());
        assert_eq!(proposed("name", "a", Value::Null), Value::Null);
        assert_eq!(proposed("password", Value::Null, "hush"), "hush".into());
        assert_eq!(proposed_new(&schema().block, &object(&[]), &Value::Null), Value::Null);
    }

    #[test]
    fn keeps_what_is_computed() {
        assert_eq!(proposed("id", "7", Value::Null), "7".into());
        assert_eq!(proposed("chosen", "a", Value::Null), "a".into());
        assert_eq!(proposed("chosen", "a", "b"), "b".into());
    }

    #[test]
    fn matches_lists_by_index_and_maps_by_key() {
        let config = disks(&[disk("b", Value::Null), disk("c", Value::Null)]);
        let merged = disks(&[disk("b", "1"), disk("c", Value::Null)]);
        assert_eq!(proposed("list", disks(&[disk("a", "1")]), config), merged);
        let map = |entries: &[(&str, Value)]| Value::map(entries.iter().cloned());
        let config = map(&[("k", disk("b", Value::Null)), ("l", disk("c", Value::Null))]);
        let merged = map(&[("k", disk("b", "1")), ("l", disk("c", Value::Null))]);
        assert_eq!(proposed("map", map(&[("k", disk("a", "1")), ("x", disk("a", "2"))]), config), merged);
    }

    #[test]
    fn matches_sets_by_what_is_not_computed() {
        let prior = Value::set([disk("a", "1"), disk("b", "2")]);
        let config = Value::set([disk("b", Value::Null), disk("c", Value::Null)]);
        let merged = Value::set([disk("b", "2"), disk("c", Value::Null)]);
        assert_eq!(proposed("set", prior.clone(), config.clone()), merged);
        assert_eq!(proposed("rule", prior, config), merged);
    }

    #[test]
    fn takes_back_an_object_that_only_a_configuration_can_have_given() {
        let nested: Attributes = [("size".to_owned(), text()), ("id".to_owned(), text().computed())].into();
        let single = Attribute::nested(Nesting::Single, nested).computed().optional();
        let block = Block::new("").attribute("single", single);
        let of = |value: Value| Value::object([("single", value)]);
        let config = of(Value::Null);
        assert_eq!(proposed_new(&block, &of(disk("a", "1")), &config), config);
        let computed = of(disk(Value::Null, "1"));
        assert_eq!(proposed_new(&block, &computed, &config), computed);
    }
}
