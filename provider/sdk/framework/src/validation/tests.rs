//! Configurations against validators, and schemas against core's rules.

use tf_value::{Number, Type, Value};

use super::*;
use crate::diagnostic::Severity;
use crate::schema::{
    Attribute, Attributes, Block, BlockNesting, Equality, NestedBlock, Nesting, Schema, Validator,
};

fn text() -> Attribute {
    Attribute::leaf(Type::String).optional().describe("A text.")
}

fn number() -> Attribute {
    Attribute::leaf(Type::Number).optional().describe("A number.")
}

fn block<const N: usize>(attributes: [(&str, Attribute); N]) -> Block {
    attributes
        .into_iter()
        .fold(Block::new("A block."), |block, (name, attribute)| block.attribute(name, attribute))
}

fn nested(nesting: Nesting, name: &str, attribute: Attribute) -> Attribute {
    Attribute::nested(nesting, Attributes::from([(name.to_owned(), attribute)]))
        .optional()
        .describe("Objects.")
}

/// The messages with their paths.
fn messages<const N: usize>(block: &Block, config: [(&str, Value); N]) -> Vec<(String, String)> {
    let found = validate_config(block, &Value::object(config));
    let path = |path: &Option<tf_value::Path>| path.as_ref().map(ToString::to_string).unwrap_or_default();
    found.iter().map(|diagnostic| (path(&diagnostic.path), diagnostic.detail.clone())).collect()
}

#[track_caller]
fn one<const N: usize>(block: &Block, config: [(&str, Value); N], path: &str, detail: &str) {
    assert_eq!(messages(block, config), [(path.to_owned(), detail.to_owned())]);
}

fn range(min: i64, max: i64) -> Validator {
    Validator::Range { min: Some(Number::from(min)), max: Some(Number::from(max)) }
}

mod a_configuration {
    use super::*;

    #[test]
    fn sets_what_is_required_and_not_what_is_computed() {
        let block = block([("name", text().required()), ("id", text().computed())]);
        one(&block, [("name", Value::Null), ("id", Value::Null)], "name", "`name` is required but not set.");
        let computed = "`id` is decided by the provider and cannot be set. Remove it from the configuration.";
        one(&block, [("name", "a".into()), ("id", "7".into())], "id", computed);
        assert_eq!(messages(&block, [("name", Value::UNKNOWN), ("id", Value::Null)]), []);
    }

    #[test]
    fn is_checked_where_it_is_known() {
        let block = block([("cores", number().validate(range(1, 5)))]);
        assert_eq!(messages(&block, [("cores", 5.into())]), []);
        assert_eq!(messages(&block, [("cores", Value::UNKNOWN)]), []);
        assert_eq!(messages(&block, [("cores", Value::Null)]), []);
        one(&block, [("cores", 6.into())], "cores", "`cores` must be between 1 and 5, but is 6.");
        assert!(validate_config(&block, &Value::UNKNOWN).is_empty());
    }

    #[test]
    fn of_every_kind_of_validator() {
        let of = |validator: Validator, ty: Type| {
            block([("x", Attribute::leaf(ty).optional().validate(validator))])
        };
        let cases = [
            (
                Validator::OneOf(vec!["a".into(), "b".into()]),
                Type::String,
                "c".into(),
                r#"must be one of "a", "b", but is "c""#,
            ),
            (
                Validator::Length { min: Some(2), max: None },
                Type::String,
                "ü".into(),
                r#"must be at least 2 characters long, but is "ü""#,
            ),
            (
                Validator::Items { min: None, max: Some(1) },
                Type::list(Type::String),
                Value::List(vec!["a".into(), "b".into()]),
                "must be a collection of at most 1 element",
            ),
            (
                Validator::Matches { pattern: "^[a-z]+$", expected: "a DNS label" },
                Type::String,
                "A".into(),
                r#"must be a DNS label, but is "A""#,
            ),
            (
                Validator::Custom { expected: "even", check: |_| Err("must be even, really".to_owned()) },
                Type::Number,
                3.into(),
                "must be even, really, but is 3",
            ),
        ];
        for (validator, ty, value, problem) in cases {
            one(&of(validator, ty), [("x", value)], "x", &format!("`x` {problem}."));
        }
    }

    #[test]
    fn is_checked_element_by_element() {
        let each = Validator::Each(vec![range(1, 2)]);
        let list = Attribute::leaf(Type::list(Type::Number)).optional().validate(each.clone());
        one(
            &block([("l", list)]),
            [("l", Value::List(vec![1.into(), 3.into()]))],
            "l[1]",
            "`l[1]` must be between 1 and 2, but is 3.",
        );
        let map = Attribute::leaf(Type::map(Type::Number)).optional().validate(each.clone());
        let map = map.validate(Validator::Keys(vec![Validator::OneOf(vec!["a".into()])]));
        let found = messages(&block([("m", map)]), [("m", Value::map([("b", Value::from(3))]))]);
        let expected = [
            (r#"m["b"]"#, r#"`m["b"]` must be between 1 and 2, but is 3."#),
            (r#"m["b"]"#, r#"`m["b"]` must be one of "a", but is "b"."#),
        ];
        assert_eq!(found, expected.map(|(path, detail)| (path.to_owned(), detail.to_owned())));
        let set = Attribute::leaf(Type::set(Type::Number)).optional().validate(each);
        one(
            &block([("s", set)]),
            [("s", Value::set([3.into()]))],
            "s",
            "`s[…]` must be between 1 and 2, but is 3.",
        );
    }

    #[test]
    fn is_checked_at_every_depth() {
        let inner = number().validate(range(1, 2)).required();
        let cases = [
            (Nesting::Single, Value::object([("n", Value::from(3))]), "x.n"),
            (Nesting::List, Value::List(vec![Value::object([("n", Value::from(3))])]), "x[0].n"),
            (Nesting::Map, Value::map([("k", Value::object([("n", Value::from(3))]))]), r#"x["k"].n"#),
        ];
        for (nesting, value, path) in cases {
            let detail = format!("`{path}` must be between 1 and 2, but is 3.");
            one(&block([("x", nested(nesting, "n", inner.clone()))]), [("x", value)], path, &detail);
        }
        let blocks = NestedBlock::new(BlockNesting::List, block([("n", inner)]));
        let value = Value::List(vec![Value::object([("n", Value::Null)])]);
        one(
            &Block::new("").block("b", blocks),
            [("b", value)],
            "b[0].n",
            "`b[0].n` is required but not set.",
        );
    }

    #[test]
    fn keeps_secrets() {
        let tell = Validator::Custom { expected: "long", check: |value| Err(format!("is {value}")) };
        let length = Validator::Length { min: Some(9), max: None };
        let secret = text().sensitive().validate(tell.clone()).validate(length.clone());
        let inner = text().validate(length.clone());
        let block = block([
            ("secret", secret),
            ("password", text().write_only().validate(tell)),
            ("outer", nested(Nesting::Single, "inner", inner).sensitive()),
        ]);
        let config = [
            ("secret", "hush".into()),
            ("password", "hush".into()),
            ("outer", Value::object([("inner", Value::from("hush"))])),
        ];
        let found = messages(&block, config);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|(_, detail)| !detail.contains("hush")), "{found:?}");
        assert!(found.iter().any(|(_, detail)| detail == "`secret` must be long."));
    }

    #[test]
    fn warns_of_what_is_deprecated() {
        let block = block([("old", text().deprecated("use `new`."))]);
        let found = validate_config(&block, &Value::object([("old", Value::from("x"))]));
        let found: Vec<_> = found.iter().collect();
        assert_eq!(
            (found[0].severity, found[0].detail.as_str()),
            (Severity::Warning, "`old` is deprecated: use `new`.")
        );
        assert_eq!(messages(&block, [("old", Value::Null)]), []);
    }

    #[test]
    fn has_no_set_elements_that_a_default_makes_the_same() {
        let set = nested(Nesting::Set, "a", text().default_value("x"));
        let element = |a: Value| Value::object([("a", a)]);
        let twins = [("set", Value::set([element(Value::Null), element("x".into())]))];
        let detail = "Two elements of `set` are the same once their defaults are filled in. Remove one.";
        one(&block([("set", set)]), twins, "set", detail);
    }
}

mod siblings {
    use super::*;

    fn pair(validator: fn(Vec<String>) -> Validator) -> Block {
        let other = |name: &str| text().validate(validator(vec![name.to_owned()]));
        block([("a", other("b")), ("b", other("a"))])
    }

    fn problems(block: &Block, a: Value, b: Value) -> Vec<String> {
        messages(block, [("a", a), ("b", b)]).into_iter().map(|(_, detail)| detail).collect()
    }

    const SET: &str = "x";

    #[test]
    fn conflict_and_are_reported_once() {
        let block = pair(Validator::ConflictsWith);
        assert_eq!(
            problems(&block, SET.into(), SET.into()),
            ["`a` cannot be set together with `b`. Remove one of them."]
        );
        for b in [Value::Null, Value::UNKNOWN] {
            assert_eq!(problems(&block, SET.into(), b), [""; 0]);
        }
    }

    #[test]
    fn are_required_together() {
        let block = pair(Validator::RequiredWith);
        assert_eq!(problems(&block, SET.into(), Value::Null), ["`a` needs `b` to be set as well."]);
        assert_eq!(problems(&block, SET.into(), Value::UNKNOWN), [""; 0]);
        assert_eq!(problems(&block, Value::Null, Value::Null), [""; 0]);
    }

    #[test]
    fn are_set_one_at_a_time() {
        let block = pair(Validator::ExactlyOneOf);
        let both = "Exactly one of `a` and `b` must be set, but `a` and `b` are.";
        let none = "Exactly one of `a` and `b` must be set, but none is.";
        assert_eq!(problems(&block, SET.into(), SET.into()), [both]);
        assert_eq!(problems(&block, Value::Null, Value::Null), [none]);
        for b in [Value::Null, Value::UNKNOWN] {
            assert_eq!(problems(&block, SET.into(), b), [""; 0]);
        }
        assert_eq!(problems(&block, Value::Null, Value::UNKNOWN), [""; 0]);
    }

    #[test]
    fn are_set_at_least_once() {
        let block = pair(Validator::AtLeastOneOf);
        let none = "At least one of `a` and `b` must be set, but none is.";
        assert_eq!(problems(&block, Value::Null, Value::Null), [none]);
        assert_eq!(problems(&block, SET.into(), SET.into()), [""; 0]);
        assert_eq!(problems(&block, Value::Null, Value::UNKNOWN), [""; 0]);
    }
}

mod a_schema {
    use super::*;

    fn broken_in(kind: SchemaKind, block: Block) -> Vec<(SchemaRule, String)> {
        let found = check_schema("thing", kind, &Schema::new(block)).err().unwrap_or_default();
        found.iter().map(|problem| (problem.rule, problem.path.to_string())).collect()
    }

    #[track_caller]
    fn breaks(rule: SchemaRule, path: &str, block: Block) {
        assert_eq!(broken_in(SchemaKind::Resource, block), [(rule, path.to_owned())]);
    }

    #[track_caller]
    fn stands(block: Block) {
        assert_eq!(broken_in(SchemaKind::Resource, block), []);
    }

    #[test]
    fn has_names_core_accepts() {
        stands(block([("a_1", text())]));
        for name in ["Name", "na-me", "1a", "", "ä"] {
            breaks(SchemaRule::Name, name, block([(name, text())]));
        }
        let blocks = NestedBlock::new(BlockNesting::List, block([]));
        breaks(SchemaRule::Name, "Disk", Block::new("B.").block("Disk", blocks));
    }

    #[test]
    fn leaves_reserved_root_names_to_the_language() {
        for name in ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"]
        {
            breaks(SchemaRule::ReservedName, name, block([(name, text())]));
            stands(block([("x", nested(Nesting::Single, name, text()))]));
        }
        for name in ["alias", "version"] {
            let found = broken_in(SchemaKind::Provider, block([(name, text())]));
            assert_eq!(found, [(SchemaRule::ReservedName, name.to_owned())]);
            stands(block([(name, text())]));
        }
    }

    #[test]
    fn has_one_thing_of_a_name() {
        let blocks = NestedBlock::new(BlockNesting::List, block([]));
        breaks(SchemaRule::NameClash, "disk", block([("disk", text())]).block("disk", blocks));
    }

    #[test]
    fn computes_only_where_there_is_an_object() {
        for kind in [SchemaKind::Provider, SchemaKind::Action, SchemaKind::List] {
            let found = broken_in(kind, block([("id", text().computed())]));
            assert_eq!(found, [(SchemaRule::Presence, "id".to_owned())]);
            assert_eq!(broken_in(kind, block([("id", text().default_value("x"))])), []);
        }
        for kind in [SchemaKind::Resource, SchemaKind::DataSource, SchemaKind::Ephemeral] {
            assert_eq!(broken_in(kind, block([("id", text().computed())])), []);
        }
    }

    #[test]
    fn has_no_open_type_in_a_set() {
        let any = || Attribute::leaf(Type::Dynamic).optional().describe("Anything.");
        stands(block([("x", any())]));
        stands(block([("x", nested(Nesting::Map, "y", any()))]));
        breaks(
            SchemaRule::DynamicInSet,
            "x",
            block([("x", Attribute::leaf(Type::set(Type::Dynamic)).optional().describe("A."))]),
        );
        breaks(SchemaRule::DynamicInSet, "x.y", block([("x", nested(Nesting::Set, "y", any()))]));
        let deep = nested(Nesting::Set, "y", nested(Nesting::List, "z", any()));
        breaks(SchemaRule::DynamicInSet, "x.y.z", block([("x", deep)]));
        let blocks = NestedBlock::new(BlockNesting::Set, block([("y", any())]));
        breaks(SchemaRule::DynamicInSet, "x.y", Block::new("B.").block("x", blocks));
    }

    #[test]
    fn has_write_only_values_where_they_can_be() {
        let secret = || text().write_only();
        stands(block([("x", nested(Nesting::Map, "y", secret()))]));
        breaks(SchemaRule::WriteOnly, "x.y", block([("x", nested(Nesting::Set, "y", secret()))]));
        breaks(
            SchemaRule::WriteOnly,
            "x.y",
            block([("x", nested(Nesting::Single, "y", text()).write_only())]),
        );
        breaks(
            SchemaRule::Presence,
            "x",
            block([("x", secret().presence(crate::schema::Presence::OptionalComputed))]),
        );
        breaks(SchemaRule::Modifier, "x", block([("x", secret().replace())]));
        for kind in [SchemaKind::Provider, SchemaKind::DataSource, SchemaKind::Ephemeral, SchemaKind::Action]
        {
            assert_eq!(broken_in(kind, block([("x", secret())])), [(SchemaRule::WriteOnly, "x".to_owned())]);
        }
    }

    #[test]
    fn has_sane_numbers_of_blocks() {
        let blocks = |nesting, min_items, max_items| {
            let nested = NestedBlock { min_items, max_items, ..NestedBlock::new(nesting, block([])) };
            Block::new("B.").block("x", nested)
        };
        stands(blocks(BlockNesting::List, 2, 0));
        stands(blocks(BlockNesting::Single, 1, 1));
        breaks(SchemaRule::BlockCount, "x", blocks(BlockNesting::List, 3, 2));
        breaks(SchemaRule::BlockCount, "x", blocks(BlockNesting::Single, 0, 2));
    }

    #[test]
    fn deprecates_with_advice() {
        stands(block([("x", text().deprecated("use `y`"))]));
        breaks(SchemaRule::Deprecation, "x", block([("x", text().deprecated(" "))]));
    }

    #[test]
    fn has_defaults_that_fit() {
        stands(block([("x", number().default_value(2).validate(range(1, 3)))]));
        breaks(SchemaRule::Default, "x", block([("x", number().default_value(4).validate(range(1, 3)))]));
        breaks(SchemaRule::Default, "x", block([("x", number().default_value("two"))]));
        breaks(SchemaRule::Default, "x", block([("x", number().default_value(Value::UNKNOWN))]));
        breaks(SchemaRule::Default, "x", block([("x", number().default_value(2).required())]));
    }

    #[test]
    fn has_validators_that_apply() {
        let matches = |pattern| Validator::Matches { pattern, expected: "so" };
        let siblings = || Validator::ConflictsWith(vec!["y".to_owned()]);
        stands(block([("x", text().validate(matches("^a$")).validate(siblings())), ("y", text())]));
        for attribute in [
            text().validate(range(1, 2)),
            number().validate(Validator::Length { min: None, max: None }),
            text().validate(Validator::Items { min: None, max: None }),
            text().validate(matches("(")),
            text().validate(siblings()),
            text().validate(Validator::ExactlyOneOf(vec!["x".to_owned()])),
            text().validate(Validator::OneOf(vec![1.into()])),
            Attribute::leaf(Type::list(Type::String))
                .describe("L.")
                .validate(Validator::Each(vec![range(1, 2)])),
            Attribute::leaf(Type::list(Type::String)).describe("L.").validate(Validator::Keys(vec![])),
        ] {
            breaks(SchemaRule::Validator, "x", block([("x", attribute)]));
        }
    }

    #[test]
    fn has_modifiers_and_equalities_with_an_effect() {
        stands(block([("x", text().computed().stable())]));
        breaks(SchemaRule::Modifier, "x", block([("x", text().stable())]));
        breaks(SchemaRule::Modifier, "x", block([("x", text().default_value("d").stable())]));
        breaks(SchemaRule::Equality, "x", block([("x", number().equality(Equality::json()))]));
        let object = nested(Nesting::Single, "y", text()).equality(Equality::json());
        breaks(SchemaRule::Equality, "x", block([("x", object)]));
    }

    #[test]
    fn describes_everything() {
        breaks(SchemaRule::Description, "x", block([("x", text().describe(""))]));
        breaks(SchemaRule::Description, "", Block { description: String::new(), ..block([]) });
        let problem =
            check_schema("thing", SchemaKind::Resource, &Schema::new(block([("x", text().describe(""))])));
        assert_eq!(problem.unwrap_err()[0].to_string(), "thing: x: has no description");
    }
}

#[test]
fn expectations_read_as_clauses() {
    let length = |min, max| Validator::Length { min, max };
    let names = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let cases = [
        (range(1, 5), "between 1 and 5"),
        (Validator::Range { min: Some(Number::from(1)), max: None }, "at least 1"),
        (Validator::Range { min: None, max: Some(Number::from(5)) }, "at most 5"),
        (length(Some(1), Some(63)), "between 1 and 63 characters long"),
        (length(Some(1), None), "at least 1 character long"),
        (length(Some(12), Some(12)), "12 characters long"),
        (Validator::Items { min: Some(1), max: None }, "a collection of at least 1 element"),
        (Validator::OneOf(vec!["a".into(), 1.into(), true.into()]), r#"one of "a", 1, true"#),
        (Validator::Each(vec![range(1, 5)]), "a collection with every element between 1 and 5"),
        (Validator::ConflictsWith(names()), "unset where `a`, `b` or `c` is set"),
        (Validator::RequiredWith(names()), "set together with `a`, `b` and `c`"),
    ];
    for (validator, words) in cases {
        assert_eq!(validator.expectation(), words);
    }
}
