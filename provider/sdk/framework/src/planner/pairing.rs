//! Which element of one set stands for which element of another.

use tf_value::Value;

use crate::schema::Nesting;
use crate::schema::members::{Member, Members, Nested, Place, member_of};

/// For every configured element the prior element it stands for. Exact matches come first, then the elements that
/// leave less to the provider; so no two elements end up as the same, which core would count as one missing.
///
/// While the configuration is not wholly known, only elements that leave nothing to the provider are matched: the
/// others may turn out to stand for a prior element that an element not known yet has the better claim to, and a
/// plan must not take back a known value later.
pub(crate) fn priors<'p>(
    members: Members<'_>,
    prior: Option<&'p Value>,
    config: &Value,
) -> Vec<Option<&'p Value>> {
    let configs = config.as_list().map_or(&[][..], |list| list);
    let priors = prior.and_then(|prior| prior.as_list()).map_or(&[][..], |list| list);
    let whole = config.is_wholly_known();
    let fits = |config: usize, prior: usize| {
        (whole || (configs[config].is_wholly_known() && leaves_nothing_open(members, &configs[config])))
            && corresponds(members, &priors[prior], &configs[config])
    };
    let mut order: Vec<usize> = (0..configs.len()).collect();
    order.sort_by_key(|index| (!priors.contains(&configs[*index]), open_places(members, &configs[*index])));
    pair(&order, priors.len(), fits).into_iter().map(|index| index.map(|index| &priors[index])).collect()
}

/// A largest one-to-one matching, found by augmenting paths; what comes first in `order` keeps its claim to be
/// matched at all. The answer has an entry for every left index.
pub(crate) fn pair(
    order: &[usize],
    rights: usize,
    fits: impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let candidates: Vec<Vec<usize>> =
        (0..order.len()).map(|left| (0..rights).filter(|right| fits(left, *right)).collect()).collect();
    let mut owner: Vec<Option<usize>> = vec![None; rights];
    for left in order {
        claim(*left, &candidates, &mut owner, &mut vec![false; rights]);
    }
    let mut partner = vec![None; order.len()];
    for (right, left) in owner.into_iter().enumerate() {
        if let Some(left) = left {
            partner[left] = Some(right);
        }
    }
    partner
}

fn claim(left: usize, candidates: &[Vec<usize>], owner: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &right in &candidates[left] {
        if std::mem::replace(&mut seen[right], true) {
            continue;
        }
        if owner[right].is_none_or(|other| claim(other, candidates, owner, seen)) {
            owner[right] = Some(left);
            return true;
        }
    }
    false
}

/// Whether a prior object can have come from this configuration: what is configured means the same, and what
/// differs is computed and not configured.
pub(crate) fn corresponds(members: Members<'_>, prior: &Value, config: &Value) -> bool {
    if !prior.is_known() || !config.is_known() {
        return prior == config;
    }
    members.iter().all(|member| {
        let (prior, config) = (member_of(prior, member.name), member_of(config, member.name));
        if member.is_write_only() || (config.is_null() && member.is_computed()) {
            return true;
        }
        all_correspond(member, prior, config, corresponds)
    })
}

/// Whether two values of a member are alike, object by object.
pub(crate) fn all_correspond(
    member: Member<'_>,
    left: &Value,
    right: &Value,
    alike: impl Fn(Members<'_>, &Value, &Value) -> bool,
) -> bool {
    match member.nested {
        Some(nested) if left.is_known() && right.is_known() => objects_correspond(nested, left, right, alike),
        None if left.is_known() && right.is_known() => member.same(left, right),
        _ => left == right,
    }
}

fn objects_correspond(
    nested: Nested<'_>,
    left: &Value,
    right: &Value,
    alike: impl Fn(Members<'_>, &Value, &Value) -> bool,
) -> bool {
    let (lefts, rights) = (nested.objects(left), nested.objects(right));
    if lefts.len() != rights.len() {
        return false;
    }
    if nested.nesting == Nesting::Set {
        let order: Vec<usize> = (0..lefts.len()).collect();
        let pairs =
            pair(&order, rights.len(), |left, right| alike(nested.members, lefts[left].1, rights[right].1));
        return pairs.iter().all(Option::is_some);
    }
    lefts.iter().zip(&rights).all(|((left_place, left), (right_place, right))| {
        same_place(*left_place, *right_place) && alike(nested.members, left, right)
    })
}

fn same_place(left: Place<'_>, right: Place<'_>) -> bool {
    match (left, right) {
        (Place::Key(left), Place::Key(right)) => left == right,
        _ => true,
    }
}

/// How many configurable members are left to the provider.
fn open_places(members: Members<'_>, config: &Value) -> usize {
    let open = |member: Member<'_>| {
        let value = member_of(config, member.name);
        match (member.attribute, member.nested) {
            (Some(attribute), _) if value.is_null() => {
                usize::from(attribute.presence.is_configurable() && attribute.presence.is_computed())
            }
            (_, Some(nested)) => {
                nested.objects(value).iter().map(|(_, object)| open_places(nested.members, object)).sum()
            }
            _ => 0,
        }
    };
    members.iter().map(open).sum()
}

fn leaves_nothing_open(members: Members<'_>, config: &Value) -> bool {
    open_places(members, config) == 0
}
