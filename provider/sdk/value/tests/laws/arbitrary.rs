//! Whatever type, and whatever value of a type.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use tf_value::{Constraints, Number, Type, Value};

/// Types up to four levels deep.
pub(crate) fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            btree_map("[a-z_]{1,8}|é", inner, 0..4).prop_map(Type::object),
        ]
    })
}

/// A type and a value of it; with nothing unknown if `known`.
pub(crate) fn typed(known: bool) -> impl Strategy<Value = (Type, Value)> {
    types().prop_flat_map(move |ty| (Just(ty.clone()), value(&ty, known)))
}

/// A value of type `ty`.
pub(crate) fn value(ty: &Type, known: bool) -> BoxedStrategy<Value> {
    let there = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => numbers().prop_map(Value::Number).boxed(),
        Type::String => text().prop_map(Value::from).boxed(),
        Type::Dynamic => return dynamic(known),
        Type::List(of) => vec(value(of, known), 0..4).prop_map(Value::List).boxed(),
        Type::Set(of) => vec(value(of, known), 0..4).prop_map(Value::set).boxed(),
        Type::Map(of) => btree_map("[a-zé\"]{0,6}", value(of, known), 0..4).prop_map(Value::Map).boxed(),
        Type::Tuple(types) => {
            types.iter().map(|ty| value(ty, known)).collect::<Vec<_>>().prop_map(Value::Tuple).boxed()
        }
        Type::Object(types) => {
            let attributes = types.iter().map(|(name, ty)| (Just(name.clone()), value(ty, known)));
            attributes.collect::<Vec<_>>().prop_map(Value::object).boxed()
        }
    };
    if known {
        prop_oneof![8 => there, 1 => Just(Value::Null)].boxed()
    } else {
        prop_oneof![8 => there, 1 => Just(Value::Null), 2 => unknown(ty)].boxed()
    }
}

fn dynamic(known: bool) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::String),
        Just(Type::list(Type::Number)),
        Just(Type::object([("a", Type::Dynamic)])),
    ];
    // A value whose type opens again stays with the narrowest one, or it would never end.
    let there = leaf.prop_flat_map(move |ty| {
        let inner = if ty.element().is_none() && ty.kind() == "object" {
            Just(Value::object([("a", Value::Null)])).boxed()
        } else {
            value(&ty, known)
        };
        inner.prop_map(move |value| Value::dynamic(ty.clone(), value))
    });
    if known {
        prop_oneof![4 => there, 1 => Just(Value::Null)].boxed()
    } else {
        prop_oneof![4 => there, 1 => Just(Value::Null), 1 => Just(Value::UNKNOWN)].boxed()
    }
}

/// An unknown value with whatever promises its type admits.
fn unknown(ty: &Type) -> BoxedStrategy<Value> {
    let bound = || option::of((numbers(), any::<bool>()));
    let promises = match ty {
        Type::String => option::of("[a-z]{1,9}")
            .prop_map(|prefix| Constraints { prefix, ..Constraints::default() })
            .boxed(),
        Type::Number => (bound(), bound())
            .prop_map(|(lower, upper)| Constraints { lower, upper, ..Constraints::default() })
            .boxed(),
        ty if ty.is_collection() => (option::of(1..1000_u64), option::of(0..u64::MAX / 2))
            .prop_map(|(length_min, length_max)| Constraints {
                length_min,
                length_max,
                ..Constraints::default()
            })
            .boxed(),
        _ => Just(Constraints::default()).boxed(),
    };
    (promises, any::<bool>())
        .prop_map(|(promises, not_null)| Value::Unknown(Constraints { not_null, ..promises }.into()))
        .boxed()
}

/// Small and large, whole and broken, near the ends of the machine's types.
pub(crate) fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-200..200_i64).prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64_exact),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        decimals().prop_map(|text| Number::parse(&text).unwrap()),
    ]
}

/// Texts of numbers.
pub(crate) fn decimals() -> impl Strategy<Value = String> {
    "[+-]?([0-9]{1,40}(\\.[0-9]{0,40})?|\\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?"
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9/.-]{0,40}", any::<String>(), "(e\u{301}|\u{e9}|a){0,4}"]
}
