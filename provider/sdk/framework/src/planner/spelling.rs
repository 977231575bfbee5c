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
    let (befores, afters) = (nested.objects(before), nested.objects(after));
    let order: Vec<usize> = (0..afters.len()).collect();
    let same =
        |after: usize, before: usize| means_the_same(nested.members, befores[before].1, afters[after].1);
    let partners = pairing::pair(&order, befores.len(), same);
    let spelled = afters.iter().zip(partners).map(|((_, after), partner)| {
        match partner.map(|index| befores[index].1) {
            Some(before) if before.is_known() && after.is_known() => {
                spell_object(nested.members, before, after)
            }
            _ => (*after).clone(),
        }
    });
    nested.rebuild(after, spelled.collect())
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
            let order: Vec<usize> = (0..after.len()).collect();
            let partners =
                pairing::pair(&order, before.len(), |new, old| inner.same(&before[old], &after[new]));
            let spelled =
                after.iter().zip(partners).map(|(value, partner)| partner.map_or(value, |old| &before[old]));
            Value::set(spelled.cloned().collect::<Vec<_>>())
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
