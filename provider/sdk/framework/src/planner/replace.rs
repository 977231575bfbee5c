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

    /// Elements that are only before or only after are taken for changed elements as long as there are both: a
    /// prior element whose every possible successor requires replacement requires it of the set.
    fn set(&mut self, nested: Nested<'_>, change: Change<'a>, path: &Path) {
        let before = nested.objects(change.prior);
        let after = with_configuration(nested, change);
        let order: Vec<usize> = (0..after.len()).collect();
        let stays =
            |new: usize, old: usize| untouched(nested.members, before[old].1, after[new].0, after[new].1);
        let partners = pairing::pair(&order, before.len(), stays);
        let come: Vec<_> =
            (0..after.len()).filter(|new| partners[*new].is_none()).map(|new| after[new]).collect();
        let gone = (0..before.len()).filter(|old| !partners.contains(&Some(*old))).map(|old| before[old].1);
        for prior in gone {
            let demands = |(planned, config): &(&'a Value, &'a Value)| {
                let mut search = Search { found: BTreeSet::new(), ..*self };
                search.object(nested.members, Change { prior, planned, config }, &Path::root());
                !search.found.is_empty()
            };
            if !come.is_empty() && come.iter().all(demands) {
                self.found.insert(path.clone());
                return;
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

/// The planned elements of a set, each with its configuration. One unknown element stands for an unknown set.
fn with_configuration<'a>(nested: Nested<'_>, change: Change<'a>) -> Vec<(&'a Value, &'a Value)> {
    if change.planned.is_unknown() {
        return vec![(&UNKNOWN, &UNKNOWN)];
    }
    let (planned, configs) = (nested.objects(change.planned), nested.objects(change.config));
    let order: Vec<usize> = (0..planned.len()).collect();
    let fits = |planned_at: usize, config: usize| {
        pairing::corresponds(nested.members, planned[planned_at].1, configs[config].1)
    };
    let found = pairing::pair(&order, configs.len(), fits);
    let config = |index: Option<usize>| index.map_or(&NULL, |index| configs[index].1);
    planned.iter().zip(found).map(|((_, planned), index)| (*planned, config(index))).collect()
}

/// Whether a planned element is a prior element in which nothing but unconfigured computed values may change.
fn untouched(members: Members<'_>, prior: &Value, planned: &Value, config: &Value) -> bool {
    if !prior.is_known() || !planned.is_known() {
        return prior == planned;
    }
    members.iter().all(|member| {
        let of = |object| member_of(object, member.name);
        let (prior, planned, config) = (of(prior), of(planned), of(config));
        let open = planned.is_unknown() && config.is_null() && member.is_computed();
        open || match member.nested {
            Some(nested) if nested.nesting != Nesting::Set && planned.is_known() && prior.is_known() => {
                let (befores, afters) = (nested.objects(prior), nested.objects(planned));
                befores.len() == afters.len()
                    && afters.iter().all(|(place, planned)| {
                        let config = place.look_up(config).unwrap_or(&NULL);
                        place
                            .look_up(prior)
                            .is_some_and(|prior| untouched(nested.members, prior, planned, config))
                    })
            }
            _ => prior == planned,
        }
    })
}
