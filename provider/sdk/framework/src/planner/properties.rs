//! What holds for every plan.

use proptest::prelude::*;
use tf_value::Value;

use super::arbitrary::{Case, Decider, Features, Part, is_filled, is_legal, object, schema};
use super::{PlanInput, Planned, keep_spelling, plan, strip_write_only, write_only_paths_set};
use crate::rules::{
    Change, PlannedAction, assert_apply_compatible, assert_final_plan, assert_plan_valid, assert_read,
    assert_replace_paths, effective_replace_paths, planned_action, proposed_new,
};
use crate::schema::members::{Members, Nested, member_of};
use crate::schema::{Equality, Nesting, Schema};
use crate::validation::{SchemaKind, check_schema};

fn plan_for(schema: &Schema, prior: &Value, config: &Value) -> Planned {
    let proposed = proposed_new(&schema.block, prior, config);
    plan(PlanInput { schema, prior, proposed: &proposed, config })
}

fn change<'a>(schema: &'a Schema, prior: &'a Value, planned: &'a Planned) -> Change<'a> {
    Change { schema, prior, planned: &planned.value, requires_replace: &planned.requires_replace }
}

/// A schema, a state and a configuration for it.
fn case(features: Features) -> impl Strategy<Value = Case> {
    schema(features).prop_flat_map(|schema| {
        let prior = prop_oneof![1 => Just(Value::Null), 4 => object(&schema, Part::State)];
        let config = object(&schema, Part::Config);
        (Just(schema), prior, config).prop_map(|(schema, before, after)| Case { schema, before, after })
    })
}

/// The elements of all sets of objects, counted: fewer after filling means that some became one.
fn set_elements(members: Members<'_>, object: &Value) -> usize {
    let count = |nested: Nested<'_>, value: &Value| {
        let objects = nested.objects(value);
        let here = if nested.nesting == Nesting::Set { objects.len() } else { 0 };
        here + objects.iter().map(|(_, object)| set_elements(nested.members, object)).sum::<usize>()
    };
    members.iter().filter_map(|member| Some(count(member.nested?, member_of(object, member.name)))).sum()
}

/// `PROPTEST_CASES` asks for more. Cases print in a few lines, and shrinking them takes long.
fn settings() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    ProptestConfig { max_global_rejects: 1_000_000, max_shrink_iters: 0, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn generated_schemas_are_ones_core_accepts(Case { schema, .. } in case(Features::ALL)) {
        prop_assert_eq!(check_schema("thing", SchemaKind::Resource, &schema), Ok(()));
    }

    #[test]
    fn plans_keep_cores_rules(Case { schema, before: prior, after: config } in case(Features::ALL)) {
        let planned = plan_for(&schema, &prior, &config);
        prop_assert_eq!(assert_plan_valid(&schema, &prior, &config, &planned.value), vec![]);
        prop_assert_eq!(assert_replace_paths(change(&schema, &prior, &planned)), vec![]);
        prop_assert_eq!(&effective_replace_paths(change(&schema, &prior, &planned)), &planned.requires_replace);
        prop_assert_eq!(write_only_paths_set(&schema.block, &planned.value), vec![]);
    }

    #[test]
    fn planning_is_a_function(Case { schema, before: prior, after: config } in case(Features::ALL)) {
        prop_assert_eq!(plan_for(&schema, &prior, &config), plan_for(&schema, &prior, &config));
    }

    /// What core does: plan, learn what was unknown, plan again, apply, and plan once more.
    #[test]
    fn a_change_goes_through_and_leaves_nothing_to_do(
        Case { schema, before: prior, after: config } in case(Features::ALL),
        nulls in any::<bool>(),
    ) {
        let first = plan_for(&schema, &prior, &config);
        let known = Decider::new(nulls).resolve(&schema, &config);
        prop_assume!(is_filled(&known) && is_legal(&schema, &known));
        let second = plan_for(&schema, &prior, &known);
        prop_assert_eq!(assert_plan_valid(&schema, &prior, &known, &second.value), vec![]);
        if first.requires_replace.is_empty() {
            let found = assert_final_plan(change(&schema, &prior, &first), change(&schema, &prior, &second));
            prop_assert!(found.is_empty(), "{found:?}\nfirst {}\nsecond {}", first.value, second.value);
        }
        let applied = Decider::new(nulls).fill(&schema, &second.value);
        let block = Members::from(&schema.block);
        prop_assume!(set_elements(block, &applied) >= set_elements(block, &second.value));
        prop_assert_eq!(assert_apply_compatible(&schema, &second.value, &applied), vec![]);
        let third = plan_for(&schema, &applied, &known);
        prop_assert_eq!(&third.value, &applied);
        prop_assert!(third.requires_replace.is_empty());
    }

    #[test]
    fn replacement_plans_twice(Case { schema, before: prior, after: config } in case(Features::ALL), nulls in any::<bool>()) {
        let known = Decider::new(nulls).resolve(&schema, &config);
        prop_assume!(is_filled(&known) && is_legal(&schema, &known));
        let null = Value::Null;
        let first = plan_for(&schema, &null, &config);
        let second = plan_for(&schema, &null, &known);
        prop_assert!(first.requires_replace.is_empty());
        let found = assert_final_plan(change(&schema, &null, &first), change(&schema, &null, &second));
        prop_assert!(found.is_empty(), "{found:?}\nfirst {}\nsecond {}\nprior {prior}", first.value, second.value);
    }

    #[test]
    fn a_destroy_is_null(Case { schema, before: prior, .. } in case(Features::ALL)) {
        let null = Value::Null;
        let planned = plan(PlanInput { schema: &schema, prior: &prior, proposed: &null, config: &null });
        prop_assert_eq!(&planned.value, &null);
        let action = if prior.is_null() { PlannedAction::NoOp } else { PlannedAction::Delete };
        prop_assert_eq!(planned_action(change(&schema, &prior, &planned)), action);
    }

    /// Without sets, equalities and defaults, nothing is planned where core proposes the prior state, and what is
    /// planned otherwise is what core proposes, apart from what is computed.
    #[test]
    fn agrees_with_core_on_what_is_proposed(
        Case { schema, before: prior, after: config } in case(Features { sets: false, equalities: false }),
    ) {
        prop_assume!(super::apply_defaults(&schema.block, config.clone()) == config && !prior.is_null());
        let proposed = proposed_new(&schema.block, &prior, &config);
        let planned = plan_for(&schema, &prior, &config).value;
        if strip_write_only(&schema.block, proposed.clone()) == prior {
            prop_assert_eq!(&planned, &prior);
        }
        prop_assert!(only_computed_differs(Members::from(&schema.block), &proposed, &planned, &config));
    }

    #[test]
    fn a_spelling_is_kept_and_the_meaning_is_too(
        Case { schema, before, after } in schema(Features::ALL).prop_flat_map(|schema| {
            let before = object(&schema, Part::State);
            let after = object(&schema, Part::State);
            (Just(schema), before, after).prop_map(|(schema, before, after)| Case { schema, before, after })
        }),
    ) {
        let kept = keep_spelling(&schema.block, &before, after.clone());
        prop_assert!(mean_the_same(Members::from(&schema.block), &kept, &after), "{kept} for {after}");
        prop_assert_eq!(assert_read(&schema, &kept), vec![]);
        prop_assert_eq!(&keep_spelling(&schema.block, &before, kept.clone()), &kept);
        prop_assert_eq!(&keep_spelling(&schema.block, &before, before.clone()), &before);
    }

    #[test]
    fn stripping_leaves_no_write_only_value(Case { schema, after: config, .. } in case(Features::ALL)) {
        let stripped = strip_write_only(&schema.block, config.clone());
        prop_assert_eq!(write_only_paths_set(&schema.block, &stripped), vec![]);
        prop_assert_eq!(super::fill_write_only(&schema.block, stripped, &config), config);
    }
}

/// Whether two objects mean the same, each leaf by its equality; written apart from the planner's own.
fn mean_the_same(members: Members<'_>, left: &Value, right: &Value) -> bool {
    members.iter().all(|member| {
        let (left, right) = (member_of(left, member.name), member_of(right, member.name));
        match member.nested {
            Some(nested) if left.is_known() && right.is_known() => {
                let (lefts, rights) = (nested.objects(left), nested.objects(right));
                let alike = |left: &Value, right: &Value| mean_the_same(nested.members, left, right);
                lefts.len() == rights.len()
                    && if nested.nesting == Nesting::Set {
                        lefts.iter().all(|(_, left)| rights.iter().any(|(_, right)| alike(left, right)))
                            && rights
                                .iter()
                                .all(|(_, right)| lefts.iter().any(|(_, left)| alike(left, right)))
                    } else {
                        lefts.iter().zip(&rights).all(|((_, left), (_, right))| alike(left, right))
                    }
            }
            _ => match member.equality() {
                Equality::Exact => left == right,
                _ => left.to_string().to_lowercase() == right.to_string().to_lowercase(),
            },
        }
    })
}

/// Whether a plan differs from a proposal only where nothing is configured and the provider computes, or where
/// the value is write-only.
fn only_computed_differs(members: Members<'_>, proposed: &Value, planned: &Value, config: &Value) -> bool {
    members.iter().all(|member| {
        let of = |object| member_of(object, member.name);
        let (proposed, planned, config) = (of(proposed), of(planned), of(config));
        if member.is_write_only() || (member.is_computed() && config.is_null()) {
            return true;
        }
        match member.nested {
            Some(nested) if planned.is_known() => nested.objects(planned).iter().all(|(place, planned)| {
                let at = |value| place.look_up(value).unwrap_or(planned);
                only_computed_differs(nested.members, at(proposed), planned, at(config))
            }),
            _ => proposed == planned,
        }
    })
}
