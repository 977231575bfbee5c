//! The second plan, and what comes after the plan.

use super::*;

mod the_second_plan {
    use super::*;

    const INCONSISTENT: &str = "Provider produced inconsistent final plan";

    fn plans(prior: &Value, first: (&Value, &[&str]), second: (&Value, &[&str])) -> Vec<RuleViolation> {
        let schema = schema();
        let paths =
            |names: &[&str]| names.iter().map(|name| Path::root().attribute(*name)).collect::<BTreeSet<_>>();
        let (first_paths, second_paths) = (paths(first.1), paths(second.1));
        assert_final_plan(
            Change { schema: &schema, prior, planned: first.0, requires_replace: &first_paths },
            Change { schema: &schema, prior, planned: second.0, requires_replace: &second_paths },
        )
    }

    #[test]
    fn keeps_what_was_known() {
        let first = object(&[("name", "a".into()), ("id", Value::UNKNOWN)]);
        let second = object(&[("name", "a".into()), ("id", "7".into())]);
        kept(&plans(&Value::Null, (&first, &[]), (&second, &[])));
        let other = object(&[("name", "b".into()), ("id", "7".into())]);
        broken(&plans(&Value::Null, (&first, &[]), (&other, &[])), Rule::FinalValue, "name", INCONSISTENT);
        broken(&plans(&Value::Null, (&second, &[]), (&first, &[])), Rule::FinalValue, "id", INCONSISTENT);
    }

    #[test]
    fn keeps_the_action() {
        let prior = object(&[("name", "a".into())]);
        let plan = object(&[("name", "b".into())]);
        kept(&plans(&prior, (&plan, &["name"]), (&plan, &["name"])));
        broken(&plans(&prior, (&plan, &[]), (&plan, &["name"])), Rule::FinalAction, "", INCONSISTENT);
    }

    #[test]
    fn may_find_that_nothing_is_to_do() {
        let prior = object(&[("name", "a".into())]);
        let unknown = object(&[("name", Value::UNKNOWN)]);
        kept(&plans(&prior, (&unknown, &[]), (&prior, &[])));
    }
}

mod a_result {
    use super::*;

    const INCONSISTENT: &str = "Provider produced inconsistent result after apply";
    const INVALID: &str = "Provider returned invalid result object after apply";

    fn applied(name: &str, plan: impl Into<Value>, result: impl Into<Value>) -> Vec<RuleViolation> {
        assert_apply_compatible(&schema(), &object(&[(name, plan.into())]), &object(&[(name, result.into())]))
    }

    #[test]
    fn has_the_planned_values() {
        kept(&applied("name", "a", "a"));
        kept(&applied("id", Value::UNKNOWN, "7"));
        kept(&applied("id", Value::UNKNOWN, Value::Null));
        broken(&applied("name", "a", "b"), Rule::PlannedIsResult, "name", INCONSISTENT);
        broken(&applied("name", Value::Null, "b"), Rule::PlannedIsResult, "name", INCONSISTENT);
        broken(&applied("name", "a", Value::Null), Rule::PlannedIsResult, "name", INCONSISTENT);
        let found = applied("list", disks(&[disk("a", Value::UNKNOWN)]), disks(&[disk("b", "1")]));
        broken(&found, Rule::PlannedIsResult, "list[0].size", INCONSISTENT);
        let found =
            applied("disk", disks(&[disk("a", Value::UNKNOWN)]), disks(&[disk("a", "1"), disk("b", "2")]));
        broken(&found, Rule::PlannedIsResult, "disk[1]", INCONSISTENT);
    }

    #[test]
    fn shows_no_sensitive_value() {
        let found = applied("secret", "hush", "loud");
        broken(&found, Rule::PlannedIsResult, "secret", INCONSISTENT);
        assert!(!found[0].message.contains("hush") && !found[0].message.contains("loud"), "{}", found[0]);
    }

    #[test]
    fn has_sets_that_correspond() {
        let set =
            |sizes: &[(&str, Value)]| Value::set(sizes.iter().map(|(size, id)| disk(*size, id.clone())));
        let plan = set(&[("a", Value::UNKNOWN), ("b", Value::UNKNOWN)]);
        kept(&applied("set", plan.clone(), set(&[("a", "1".into()), ("b", "2".into())])));
        broken(
            &applied("set", plan.clone(), set(&[("a", "1".into())])),
            Rule::SetsCorrespond,
            "set",
            INCONSISTENT,
        );
        let other = set(&[("a", "1".into()), ("c", "2".into())]);
        broken(&applied("set", plan.clone(), other.clone()), Rule::SetsCorrespond, "set", INCONSISTENT);
        broken(&applied("rule", plan, other), Rule::SetsCorrespond, "rule", INCONSISTENT);
        let tags = |tags: &[&str]| Value::set(tags.iter().map(|tag| Value::from(*tag)));
        broken(&applied("tags", tags(&["a"]), tags(&["a", "b"])), Rule::SetsCorrespond, "tags", INCONSISTENT);
    }

    #[test]
    fn has_sets_that_may_shrink_but_not_grow() {
        let open = || disk(Value::UNKNOWN, Value::UNKNOWN);
        kept(&applied("set", Value::set([open(), open()]), Value::set([disk("a", "1")])));
        let grown = Value::set([disk("a", "1"), disk("b", "2")]);
        broken(&applied("set", Value::set([open()]), grown), Rule::SetsCorrespond, "set", INCONSISTENT);
    }

    #[test]
    fn keeps_what_was_promised() {
        let promise = |constraints: Constraints| Value::Unknown(Refinements::from(constraints));
        let prefixed = || promise(Constraints { prefix: Some("i-".to_owned()), ..Constraints::default() });
        kept(&applied("id", prefixed(), "i-7"));
        broken(&applied("id", prefixed(), "7"), Rule::Refinement, "id", INCONSISTENT);
        let not_null = Value::Unknown(Refinements::not_null());
        broken(&applied("id", not_null, Value::Null), Rule::Refinement, "id", INCONSISTENT);
        let two = promise(Constraints { length_min: Some(2), ..Constraints::default() });
        broken(&applied("tags", two, Value::set(["a".into()])), Rule::Refinement, "tags", INCONSISTENT);
    }

    #[test]
    fn keeps_numbers_within_promised_bounds() {
        let schema = Schema::new(Block::new("").attribute("port", Attribute::leaf(Type::Number).computed()));
        let of = |port: Value| Value::object([("port", port)]);
        let above = Constraints { lower: Some((Number::from(5), false)), ..Constraints::default() };
        let plan = of(Value::Unknown(above.into()));
        kept(&assert_apply_compatible(&schema, &plan, &of(6.into())));
        for port in [5, 4] {
            broken(
                &assert_apply_compatible(&schema, &plan, &of(port.into())),
                Rule::Refinement,
                "port",
                INCONSISTENT,
            );
        }
    }

    #[test]
    fn is_wholly_known() {
        broken(&applied("id", Value::UNKNOWN, Value::UNKNOWN), Rule::NothingUnknown, "id", INVALID);
        let plan = disks(&[disk("a", Value::UNKNOWN)]);
        broken(&applied("list", plan.clone(), plan), Rule::NothingUnknown, "list[0].id", INVALID);
    }

    #[test]
    fn is_null_after_a_destroy_and_only_then() {
        let (schema, object, null) = (schema(), object(&[]), Value::Null);
        kept(&assert_apply_compatible(&schema, &null, &null));
        kept(&assert_destroyed(&null));
        broken(&assert_apply_compatible(&schema, &object, &null), Rule::NullOnlyAfterDelete, "", INVALID);
        broken(&assert_apply_compatible(&schema, &null, &object), Rule::NullOnlyAfterDelete, "", INVALID);
        broken(&assert_destroyed(&object), Rule::NullOnlyAfterDelete, "", INVALID);
    }

    #[test]
    fn is_of_its_type() {
        let found = assert_apply_compatible(&schema(), &object(&[]), &object(&[("name", 5.into())]));
        broken(&found, Rule::Type, "name", "Provider produced invalid object");
    }
}

mod a_read {
    use super::*;

    const INVALID: &str = "Provider produced invalid object";

    #[test]
    fn may_find_nothing() {
        kept(&assert_read(&schema(), &Value::Null));
        for check in [assert_import, assert_upgrade, assert_move] {
            broken(&check(&schema(), &Value::Null), Rule::NullOnlyAfterDelete, "", INVALID);
        }
    }

    #[test]
    fn is_wholly_known() {
        kept(&assert_read(&schema(), &object(&[("id", "7".into())])));
        broken(
            &assert_read(&schema(), &object(&[("id", Value::UNKNOWN)])),
            Rule::NothingUnknown,
            "id",
            INVALID,
        );
    }
}

mod an_identity {
    use super::*;

    const INVALID: &str = "Provider produced invalid identity";

    fn check(stage: Stage, before: Option<&Value>, after: &Value) -> Vec<RuleViolation> {
        let attribute = IdentityAttribute {
            name: "id".to_owned(),
            ty: Type::String,
            description: String::new(),
            required_for_import: true,
        };
        let schema = IdentitySchema { version: 0, attributes: vec![attribute] };
        assert_identity(stage, &schema, before, after)
    }

    #[test]
    fn is_known_even_while_it_is_being_made() {
        let unknown = Value::object([("id", Value::UNKNOWN)]);
        broken(&check(Stage::Plan, None, &unknown), Rule::Identity, "", INVALID);
        broken(&check(Stage::Apply, None, &unknown), Rule::Identity, "", INVALID);
    }

    #[test]
    fn changes_with_the_object_only() {
        let (one, two) =
            (Value::object([("id", Value::from("1"))]), Value::object([("id", Value::from("2"))]));
        kept(&check(Stage::Read, Some(&one), &one));
        kept(&check(Stage::Plan, Some(&one), &two));
        kept(&check(Stage::Apply, Some(&one), &two));
        broken(&check(Stage::Read, Some(&one), &two), Rule::Identity, "", INVALID);
    }

    #[test]
    fn is_of_its_type() {
        broken(
            &check(Stage::Apply, None, &Value::object([("id", Value::from(1))])),
            Rule::Identity,
            "",
            INVALID,
        );
    }
}
