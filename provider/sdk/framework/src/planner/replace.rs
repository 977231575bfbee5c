//! Which changes cannot be made in place.

use std::collections::BTreeSet;

use tf_value::{Path, Value};

use super::pairing;
use crate::schema::members::{Member, Members, NULL, Nested, member_of};
use crate::schema::{Nesting, PlanModifier, ReplaceQuestion};

static UNKNOWN: Value = Value::UNKNOWN;

/// The changed attributes that require replacement.
pub(super) fn replace_paths(
    members: Members<'_>,
    prior: &Value,
    planned: &Value,
    config: &Value,
) -> BTreeSet<Path> {
    let mut search = Search { prior_object: prior, planned_object: planned, found: BTreeSet::new() };
    search.object(members, Change { prior, planned, config }, &Path::root());
    search.found
}

/// One value in state, plan and configuration.
#[derive(Clone, Copy)]
struct Change<'a> {
    prior: &'a Value,
    planned: &'a Value,
    config: &'a Value,
}

struct Search<'a> {
    prior_object: &'a Value,
    planned_object: &'a Value,
    found: BTreeSet<Path>,
}

impl<'a> Search<'a> {
    fn object(&mut self, members: Members<'_>, change: Change<'a>, path: &Path) {
        for member in members.iter() {
            let of = |object: &'a Value| {
                if object.is_unknown() { &UNKNOWN } else { member_of(object, member.name) }
            };
            let change =
                Change { prior: of(change.prior), planned: of(change.planned), config: of(change.config) };
            if change.prior != change.planned {
                self.member(member, change, &path.clone().attribute(member.name));
            }
        }
    }

    fn member(&mut self, member: Member<'_>, change: Change<'a>, path: &Path) {
        let modifiers = member.attribute.map_or(&[][..], |attribute| &attribute.modifiers);
        if modifiers.iter().any(|modifier| self.demanded(modifier, change)) {
            self.found.insert(path.clone());
        }
        let Some(nested) = member.nested else { return };
        match nested.nesting {
            Nesting::Single => self.object(nested.members, change, path),
            Nesting::Set => self.set(nested, change, path),
            Nesting::List | Nesting::Map => self.placed(nested, change, path),
        }
    }

    /// Objects that are in the same place before and after. Where it is not known what comes after, any of them
    /// may change.
    fn placed(&mut self, nested: Nested<'_>, change: Change<'a>, path: &Path) {
        for (place, prior) in nested.objects(change.prior) {
            let in_place = |collection: &'a Value| match collection {
                Value::Unknown(_) => Some(&UNKNOWN),
                collection => place.look_up(collection),
            };
            let Some(planned) = in_place(change.planned) else { continue };
            let config = in_place(change.config).unwrap_or(&NULL);
            self.object(nested.members, Change { prior, planned, config }, &place.path(path));
        }
    }

    /// Elements that are only before or only after are taken for changed elements as long as there are both.
    fn set(&mut self, nested: Nested<'_>, change: Change<'a>, path: &Path) {
        let before = nested.objects(change.prior);
        let after = nested.objects(change.planned);
        let order: Vec<usize> = (0..after.len()).collect();
        let stays = |after_index: usize, before_index: usize| {
            untouched(nested.members, before[before_index].1, after[after_index].1)
        };
        let partners = pairing::pair(&order, before.len(), stays);
        let gone =
            (0..before.len()).filter(|index| !partners.contains(&Some(*index))).map(|index| before[index].1);
        let come = (0..after.len()).filter(|index| partners[*index].is_none()).map(|index| after[index].1);
        let come: Vec<&'a Value> = if change.planned.is_unknown() { vec![&UNKNOWN] } else { come.collect() };
        for prior in gone {
            let mut inner = Search {
                prior_object: self.prior_object,
                planned_object: self.planned_object,
                found: BTreeSet::new(),
            };
            let every_one_demands = !come.is_empty()
                && come.iter().all(|planned| {
                    inner.found.clear();
                    inner.object(nested.members, Change { prior, planned, config: planned }, &Path::root());
                    !inner.found.is_empty()
                });
            if every_one_demands {
                self.found.insert(path.clone());
            }
        }
    }

    fn demanded(&self, modifier: &PlanModifier, change: Change<'_>) -> bool {
        match modifier {
            PlanModifier::RequiresReplace => true,
            PlanModifier::RequiresReplaceIfConfigured => !change.config.is_null(),
            PlanModifier::RequiresReplaceIf { decide, .. } => decide(&ReplaceQuestion {
                prior: change.prior,
                planned: change.planned,
                config: change.config,
                prior_object: self.prior_object,
                planned_object: self.planned_object,
            }),
            PlanModifier::UseStateForUnknown | PlanModifier::UseNonNullStateForUnknown => false,
        }
    }
}

/// Whether a planned element is a prior element in which nothing but computed values may change.
fn untouched(members: Members<'_>, prior: &Value, planned: &Value) -> bool {
    if !prior.is_known() || !planned.is_known() {
        return prior == planned;
    }
    members.iter().all(|member| {
        let (prior, planned) = (member_of(prior, member.name), member_of(planned, member.name));
        (planned.is_unknown() && member.is_computed())
            || pairing::all_correspond(member, prior, planned, untouched)
    })
}
