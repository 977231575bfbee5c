//! Keeping the user's spelling where an API answers with its own.

use std::collections::BTreeMap;

use tf_value::{Value, nfc};

use super::pairing;
use crate::schema::members::{Member, Members, Nested, member_of, object_with};
use crate::schema::{Block, Equality, Nesting};

/// The object `after` with the spelling of `before` wherever both mean the same by the attribute's equality.
///
/// `before` is the state for a read and the plan for a create or update; what is unknown in it takes the new
/// value. Strings are put into Unicode normal form C, as core does with everything it stores.
#[must_use]
pub fn keep_spelling(block: &Block, before: &Value, after: Value) -> Value {
    let after = normalise(after);
    if before.is_known() && after.is_known() { spell_object(block.into(), before, &after) } else { after }
}

fn spell_object(members: Members<'_>, before: &Value, after: &Value) -> Value {
    object_with(members, |member| {
        spell(member, member_of(before, member.name), member_of(after, member.name))
    })
}

fn spell(member: Member<'_>, before: &Value, after: &Value) -> Value {
    // A null of an attribute of any type has the type it was written with: another one would be a difference to core.
    if before.is_null() && after.is_null() {
        return before.clone();
    }
    if !before.is_known() || !after.is_known() {
        return after.clone();
    }
    match member.nested {
        Some(nested) => spell_nested(nested, before, after),
        None => spell_leaf(member.equality(), before, after),
    }
}

fn spell_nested(nested: Nested<'_>, before: &Value, after: &Value) -> Value {
    if nested.nesting != Nesting::Set {
        return nested.map(after, |place, after| match place.of(before) {
            Some(before) => spell_object(nested.members, before, after),
            None => after.clone(),
        });
    }
    let elements = |value| nested.objects(value).into_iter().map(|(_, object)| object).collect::<Vec<_>>();
    spell_set(&elements(before), &elements(after), |before, after| {
        let spelled =
            || if before.is_known() { spell_object(nested.members, before, after) } else { after.clone() };
        means_the_same(nested.members, before, after).then(spelled)
    })
}

/// Spells each element like the element of `before` that means the same. Exact matches are made first, and where
/// elements that differ in spelling alone would become one, all stay as they are.
fn spell_set<'v>(
    before: &[&'v Value],
    after: &[&'v Value],
    spell: impl Fn(&'v Value, &'v Value) -> Option<Value>,
) -> Value {
    let mut order: Vec<usize> = (0..after.len()).collect();
    order.sort_by_key(|index| !before.contains(&after[*index]));
    let partners = pairing::pair(&order, before.len(), |new, old| spell(before[old], after[new]).is_some());
    let spelled = after.iter().zip(partners).map(|(after, partner)| {
        partner.and_then(|old| spell(before[old], after)).unwrap_or_else(|| (*after).clone())
    });
    let spelled = Value::set(spelled);
    let complete = spelled.as_list().map(<[_]>::len) == Some(after.len());
    if complete { spelled } else { Value::set(after.iter().map(|value| (*value).clone())) }
}

/// Whether `after` is what `before` said, up to spelling; what was unknown says nothing.
fn means_the_same(members: Members<'_>, before: &Value, after: &Value) -> bool {
    if !before.is_known() || !after.is_known() {
        return before.is_unknown() || before == after;
    }
    members.iter().all(|member| {
        let (before, after) = (member_of(before, member.name), member_of(after, member.name));
        before.is_unknown() || pairing::all_correspond(member, before, after, means_the_same)
    })
}

fn spell_leaf(equality: &Equality, before: &Value, after: &Value) -> Value {
    if equality.same(before, after) {
        return before.clone();
    }
    let Equality::Elements(inner) = equality else { return after.clone() };
    match (before, after) {
        (Value::List(before), Value::List(after)) => Value::List(spell_list(inner, before, after)),
        (Value::Map(before), Value::Map(after)) => {
            let spelled = after.iter().map(|(key, value)| {
                let old = before.get(key);
                (key.clone(), old.map_or_else(|| value.clone(), |old| spell_leaf(inner, old, value)))
            });
            Value::Map(spelled.collect())
        }
        (Value::Set(before), Value::Set(after)) => {
            let (before, after): (Vec<_>, Vec<_>) = (before.iter().collect(), after.iter().collect());
            spell_set(&before, &after, |before, after| inner.same(before, after).then(|| before.clone()))
        }
        (_, after) => after.clone(),
    }
}

fn spell_list(inner: &Equality, before: &[Value], after: &[Value]) -> Vec<Value> {
    let spelled = after.iter().enumerate().map(|(index, value)| {
        before.get(index).map_or_else(|| value.clone(), |before| spell_leaf(inner, before, value))
    });
    spelled.collect()
}

fn normalise(value: Value) -> Value {
    value.transform(&mut |_, value| match value {
        Value::String(text) => Value::String(nfc(&text).into_owned()),
        Value::Map(map) => {
            let normalised = map.into_iter().map(|(key, value)| (nfc(&key).into_owned(), value));
            Value::Map(normalised.collect::<BTreeMap<_, _>>())
        }
        other => other,
    })
}
