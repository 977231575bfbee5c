//! Deletion: what goes along, what stays without its reference, and what forbids it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::changes::{self, Author};
use super::display;
use super::effects;
use super::refusal::Refusal;
use super::store::{BY_TAG, Object, Store};
use super::table::{Kind, OnDelete, TypeId};

/// What a deletion comes to.
#[derive(Default)]
struct Plan {
    /// Objects that go, dependents first.
    gone: Vec<(TypeId, u64)>,
    seen: BTreeSet<(TypeId, u64)>,
    /// References that become null: (type, field, object).
    cleared: Vec<(TypeId, usize, u64)>,
    /// Objects that forbid it.
    blockers: Vec<(TypeId, u64)>,
}

impl Plan {
    /// Adds an object and what goes with it; what forbids it is noted.
    fn collect(&mut self, store: &Store, kind: TypeId, id: u64) {
        if !self.seen.insert((kind, id)) {
            return;
        }
        let rank = |k: TypeId| store.kind(k).facts.rank;
        let mut back: Vec<(TypeId, usize, u64)> = store.back(kind, id).copied().collect();
        back.sort_by_key(|(k, place, id)| (rank(*k), *k, *place, *id));
        let mut generic = Vec::new();
        for (of, place, by) in back {
            if place == BY_TAG {
                self.cleared.push((of, place, by));
                continue;
            }
            let t = store.kind(of);
            let Some(field) = t.fields.get(place) else { continue };
            match (field.kind, field.on_delete) {
                _ if t.generics.iter().any(|g| g.id == field.name) => generic.push((of, by)),
                (Kind::Many, _) | (_, OnDelete::Null) => self.cleared.push((of, place, by)),
                (_, OnDelete::Cascade) => self.collect(store, of, by),
                (_, OnDelete::Protect) if !self.blockers.contains(&(of, by)) => self.blockers.push((of, by)),
                _ => {}
            }
        }
        // What hangs on by a generic reference is looked at only where nothing forbids the deletion already.
        if self.blockers.is_empty() {
            for (of, by) in generic {
                self.collect(store, of, by);
            }
        }
        self.gone.push((kind, id));
    }
}

/// Deletes an object and what goes with it.
pub(crate) fn delete(store: &mut Store, author: &Author, kind: TypeId, id: u64) -> Result<(), Refusal> {
    let mut plan = Plan::default();
    plan.collect(store, kind, id);
    // What goes along anyway forbids nothing where it only restricts; where it protects it does.
    let restricts = |k: TypeId| store.kind(k).path.ends_with("/interfaces");
    plan.blockers.retain(|b| !(restricts(b.0) && plan.seen.contains(b)));
    if !plan.blockers.is_empty() {
        let named = plan.blockers.iter().map(|(k, id)| format!("{} ({id})", display::by_id(store, *k, *id)));
        let named: Vec<String> = named.collect();
        let text = format!("Unable to delete object. {} dependent objects were found: ", named.len());
        return Err(Refusal::detail(409, text + &named.join(", ")));
    }
    for (of, place, by) in plan.cleared.iter().filter(|(of, _, by)| !plan.seen.contains(&(*of, *by))) {
        clear(store, author, *of, *place, *by, (kind, id), &plan.seen);
    }
    for (kind, id) in plan.gone {
        let Some(object) = store.get(kind, id).map(Arc::clone) else { continue };
        leave_cable(store, kind, &object);
        changes::record(store, author, "delete", kind, Some(&object), None);
        store.remove(kind, id);
        effects::after_delete(store, kind, &object)?;
    }
    Ok(())
}

/// Takes a reference to what goes out of an object that stays.
fn clear(
    store: &mut Store,
    author: &Author,
    of: TypeId,
    place: usize,
    by: u64,
    _root: (TypeId, u64),
    gone: &BTreeSet<(TypeId, u64)>,
) {
    let Some(before) = store.get(of, by).map(Arc::clone) else { return };
    let t = store.kind(of);
    let (name, kind, target) = match t.fields.get(place) {
        Some(field) => (field.name.clone(), field.kind, field.target),
        None => ("tags".to_owned(), Kind::Tags, store.table.by_path("extras/tags")),
    };
    let lost = |id: u64| target.is_some_and(|t| gone.contains(&(t, id)));
    let value: Value = match kind {
        Kind::Reference if before.key(&name).is_some_and(lost) => Value::Null,
        Kind::Reference => return,
        _ => json!(before.keys(&name).into_iter().filter(|id| !lost(*id)).collect::<Vec<_>>()),
    };
    // A reference set to null is a change of its own; a tag or list that loses a member is none.
    let tracked = kind == Kind::Reference;
    let now = store.now();
    store.change(of, by, |object| {
        object.data.insert(name, value);
        if tracked {
            object.updated = now;
        }
    });
    if tracked && let Some(after) = store.get(of, by).map(Arc::clone) {
        changes::record(store, author, "update", of, Some(&before), Some(&after));
    }
}

/// Takes an end that goes off its cable.
fn leave_cable(store: &mut Store, kind: TypeId, object: &Object) {
    let (Some(cable), Some(cables)) =
        (super::cables::of_end(store, kind, object.id), store.table.by_path("dcim/cables"))
    else {
        return;
    };
    let model = store.kind(kind).facts.model.clone();
    let id = object.id;
    store.change(cables, cable, |cable| {
        for side in ["a_terminations", "b_terminations"] {
            let ends = cable.get(side).as_array().cloned().unwrap_or_default();
            let kept =
                ends.into_iter().filter(|e| e["object_type"] != model.as_str() || e["object_id"] != id);
            cable.data.insert(side.to_owned(), kept.collect());
        }
    });
}
