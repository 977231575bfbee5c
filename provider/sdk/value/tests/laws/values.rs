use proptest::prelude::*;
use tf_value::{Path, Step, Type, Value};

use crate::arbitrary::{typed, value};

/// Every place in a value that its path names alone: equal elements of a set share one.
fn places(value: &Value) -> Vec<(Path, Value)> {
    let mut places = Vec::new();
    value.walk(&mut |path, part| {
        places.push((path.clone(), part.clone()));
        true
    });
    places
}

fn crosses_a_set(path: &Path) -> bool {
    path.steps().iter().any(|step| matches!(step, Step::Element(_)))
}

fn set_type() -> Type {
    Type::set(Type::object([("a", Type::Number), ("b", Type::Bool)]))
}

proptest! {
    #[test]
    fn every_place_is_found_by_its_path((_, value) in typed(false)) {
        for (path, part) in places(&value) {
            prop_assert_eq!(value.at(&path), Some(&part));
        }
    }

    #[test]
    fn putting_back_what_is_there_changes_nothing((_, value) in typed(false)) {
        for (path, part) in places(&value) {
            let mut same = value.clone();
            same.set_at(&path, part).unwrap();
            prop_assert_eq!(&same, &value);
        }
    }

    #[test]
    fn what_is_put_is_found((_, value) in typed(false)) {
        for (path, _) in places(&value).into_iter().filter(|(path, _)| !crosses_a_set(path)) {
            let mut changed = value.clone();
            changed.set_at(&path, Value::UNKNOWN).unwrap();
            prop_assert_eq!(changed.at(&path), Some(&Value::UNKNOWN));
        }
    }

    #[test]
    fn transforming_to_the_same_changes_nothing((_, value) in typed(false)) {
        prop_assert_eq!(value.clone().transform(&mut |_, part| part), value);
    }

    #[test]
    fn transforming_visits_what_walking_visits((_, value) in typed(false)) {
        let mut walked: Vec<Path> = places(&value).into_iter().map(|(path, _)| path).collect();
        let mut transformed = Vec::new();
        let _ = value.transform(&mut |path, part| {
            transformed.push(path.clone());
            part
        });
        walked.sort();
        transformed.sort();
        prop_assert_eq!(walked, transformed);
    }

    #[test]
    fn nothing_is_unknown_after_all_that_is_was_replaced((ty, value) in typed(false)) {
        let known = value.transform(&mut |_, part| if part.is_unknown() { Value::Null } else { part });
        prop_assert!(known.is_wholly_known());
        prop_assert_eq!(known.conforms(&ty), Ok(()));
    }

    #[test]
    fn sets_know_no_order_and_no_number(
        elements in prop::collection::vec(value(&Type::object([("a", Type::Number), ("b", Type::Bool)]), true), 0..8),
        swap in any::<[prop::sample::Index; 2]>(),
    ) {
        let set = Value::set(elements.clone());
        prop_assert_eq!(set.conforms(&set_type()), Ok(()));
        let mut shuffled = elements.clone();
        if !shuffled.is_empty() {
            let [a, b] = swap.map(|index| index.index(elements.len()));
            shuffled.swap(a, b);
            shuffled.push(elements[a].clone());
        }
        prop_assert_eq!(&Value::set(shuffled), &set);
        let parts = set.as_list().unwrap();
        prop_assert!(parts.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(elements.iter().all(|element| parts.contains(element)));
        prop_assert_eq!(Value::set(parts.to_vec()), set.clone());
    }

    #[test]
    fn unknown_elements_are_never_merged(elements in prop::collection::vec(value(&Type::Number, false), 0..8)) {
        let unknown = elements.iter().filter(|element| element.is_unknown()).count();
        let set = Value::set(elements);
        prop_assert_eq!(set.as_list().unwrap().iter().filter(|element| element.is_unknown()).count(), unknown);
    }

    #[test]
    fn paths_lead_back((_, value) in typed(false)) {
        for (path, _) in places(&value) {
            let parent = path.parent();
            prop_assert_eq!(parent.is_none(), path.is_root());
            prop_assert!(parent.is_none_or(|parent| path.starts_with(&parent) && !parent.starts_with(&path)));
            let prefix = path.wire_prefix();
            prop_assert!(path.starts_with(&prefix) && !crosses_a_set(&prefix));
            prop_assert_eq!(prefix == path, !crosses_a_set(&path));
        }
    }

    #[test]
    fn messages_stay_short((_, value) in typed(false)) {
        prop_assert!(value.to_string().chars().count() <= 257);
    }
}
