//! The order of lists: by what a model says, numbers in names counted as numbers.

use std::cmp::Ordering;

use serde_json::Value;

use super::net::Net;
use super::store::{Object, Store};
use super::table::{Kind, TypeId};

/// What one field contributes to the order; absent values come last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    First,
    Number(i128),
    Address(bool, u128, u8),
    Text(Vec<Piece>),
    Last,
}

/// What an object is sorted by: for each field whether downwards, and its keys.
type SortKey = Vec<(bool, Vec<Key>)>;

/// A piece of a name: digits count as a number, letters without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u128),
    Text(String),
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    for c in text.chars() {
        match (c.to_digit(10), found.last_mut()) {
            (Some(digit), Some(Piece::Number(n))) => {
                *n = n.saturating_mul(10).saturating_add(u128::from(digit));
            }
            (Some(digit), _) => found.push(Piece::Number(u128::from(digit))),
            (None, Some(Piece::Text(t))) => t.extend(c.to_lowercase()),
            (None, _) => found.push(Piece::Text(c.to_lowercase().collect())),
        }
    }
    found
}

fn keys(store: &Store, kind: TypeId, object: &Object, field: &str, depth: usize, into: &mut Vec<Key>) {
    if depth > 4 {
        return;
    }
    if let Some((first, rest)) = field.split_once('.') {
        let target = store.kind(kind).field(first).and_then(|f| f.target);
        match target.zip(object.key(first)).and_then(|(t, id)| Some((t, store.get(t, id)?))) {
            Some((t, found)) => keys(store, t, found, rest, depth + 1, into),
            None => into.push(Key::Last),
        }
        return;
    }
    match field {
        "id" | "pk" => return into.push(Key::Number(i128::from(object.id))),
        "created" if !object.data.contains_key("created") => {
            return into.push(Key::Number(i128::from(object.created)));
        }
        "last_updated" => return into.push(Key::Number(i128::from(object.updated))),
        _ => {}
    }
    let spec = store.kind(kind).field(field);
    if spec.is_some_and(|f| f.kind == Kind::Reference) {
        let target = spec.and_then(|f| f.target);
        match target.zip(object.key(field)).and_then(|(t, id)| Some((t, id, store.get(t, id)?))) {
            // VRFs count by id, and none comes first.
            Some((_, id, _)) if field == "vrf" => into.push(Key::Number(i128::from(id))),
            Some((t, _, found)) => {
                for inner in &store.kind(t).facts.order {
                    keys(store, t, found, inner.trim_start_matches('-'), depth + 1, into);
                }
                into.push(Key::Number(i128::from(found.id)));
            }
            None if field == "vrf" => into.push(Key::First),
            None => into.push(Key::Last),
        }
        return;
    }
    into.push(match object.get(field) {
        Value::Null => Key::Last,
        Value::Bool(flag) => Key::Number(i128::from(*flag)),
        Value::Number(n) => {
            let thousandths = n.as_f64().unwrap_or_default() * 1000.0;
            Key::Number(n.as_i64().map_or(thousandths as i128, |i| i128::from(i) * 1000))
        }
        Value::String(text) if matches!(field, "prefix" | "address" | "start_address") => {
            match Net::parse(text) {
                Some(net) => Key::Address(net.v6, net.address, net.length),
                None => Key::Last,
            }
        }
        Value::String(text) => Key::Text(pieces(text)),
        other => Key::Text(vec![Piece::Text(other.to_string())]),
    });
}

/// Fields of an `ordering` parameter the type has, or the type's own.
pub(crate) fn chosen(store: &Store, kind: TypeId, asked: Option<&str>) -> Vec<String> {
    let t = store.kind(kind);
    let known = |name: &&str| {
        let plain = name.trim_start_matches('-');
        plain == "id" || plain == "pk" || t.field(plain).is_some()
    };
    let asked: Vec<String> =
        asked.into_iter().flat_map(|a| a.split(',')).filter(known).map(str::to_owned).collect();
    if asked.is_empty() { t.facts.order.clone() } else { asked }
}

/// Sorts objects.
pub(crate) fn sort<'a>(
    store: &Store,
    kind: TypeId,
    objects: Vec<&'a Object>,
    order: &[String],
) -> Vec<&'a Object> {
    let tree = store.kind(kind).facts.tree.clone().filter(|_| *order == store.kind(kind).facts.order[..]);
    let mut keyed: Vec<(SortKey, &Object)> = objects
        .into_iter()
        .map(|object| {
            let own = |object: &Object| -> SortKey {
                let parts = order.iter().map(|field| {
                    let mut part = Vec::new();
                    keys(store, kind, object, field.trim_start_matches('-'), 0, &mut part);
                    (field.starts_with('-'), part)
                });
                parts.collect()
            };
            let mut key = own(object);
            if let Some(parent) = &tree {
                // A tree is walked from the top: an object comes behind what it is in.
                let mut at = object.key(parent).and_then(|id| store.get(kind, id));
                let mut steps = 0;
                while let Some(above) = at.filter(|_| steps < 64) {
                    key.splice(0..0, own(above));
                    at = above.key(parent).and_then(|id| store.get(kind, id));
                    steps += 1;
                }
            }
            (key, object)
        })
        .collect();
    keyed.sort_by(|(a, x), (b, y)| {
        for ((down, left), (_, right)) in a.iter().zip(b) {
            let order = if *down { right.cmp(left) } else { left.cmp(right) };
            if order != Ordering::Equal {
                return order;
            }
        }
        a.len().cmp(&b.len()).then(x.id.cmp(&y.id))
    });
    keyed.into_iter().map(|(_, object)| object).collect()
}

/// Sorts ids by their type's own order.
pub(crate) fn sort_ids(store: &Store, kind: TypeId, ids: &mut Vec<u64>) {
    let objects: Vec<&Object> = ids.iter().filter_map(|id| store.get(kind, *id)).map(AsRef::as_ref).collect();
    let order = store.kind(kind).facts.order.clone();
    *ids = sort(store, kind, objects, &order).into_iter().map(|o| o.id).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = vec!["eth10", "Eth2", "eth1", "abc", "10", "9"];
        names.sort_by_key(|n| pieces(n));
        assert_eq!(names, ["9", "10", "abc", "eth1", "Eth2", "eth10"]);
    }
}
