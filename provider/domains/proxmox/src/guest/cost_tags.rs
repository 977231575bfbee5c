//! The provider's cost tags on guests: words such as `cost-env.prod`, of which the part before the first point names
//! the fact that the word states.
//!
//! They stand beside a guest's own tags and are told apart from them: a fact that the configuration of a guest states
//! by a tag of its own is not stated again, and a tag that nobody declared gives way to one about the same fact.

use std::collections::BTreeSet;

use tf_framework::{Computed, Field, PlanContext, Resource, Result, Value};
use tf_value::Path;

use crate::client::Proxmox;

/// Tags of a guest.
pub(crate) type Tags = BTreeSet<String>;

/// The fact a tag states, where it states one.
fn fact(tag: &str) -> Option<String> {
    tag.split_once('.').map(|(fact, _)| fact.to_lowercase())
}

fn facts<'t>(tags: impl IntoIterator<Item = &'t String>) -> BTreeSet<String> {
    tags.into_iter().filter_map(|tag| fact(tag)).collect()
}

/// Those of the provider's tags that a guest with these tags of its own is to have; `None` when there are none.
pub(crate) fn due(provider: &Tags, own: &Tags) -> Option<Tags> {
    let stated = facts(own);
    let due = provider.iter().filter(|tag| fact(tag).is_none_or(|fact| !stated.contains(&fact)));
    Some(due.cloned().collect()).filter(|due: &Tags| !due.is_empty())
}

/// Those of a guest's own tags that do not state what the provider's state.
pub(crate) fn beside<'t>(own: impl IntoIterator<Item = &'t String>, provider: &Tags) -> Tags {
    let stated = facts(provider);
    own.into_iter().filter(|tag| fact(tag).is_none_or(|fact| !stated.contains(&fact))).cloned().collect()
}

/// Takes away those of a guest's own tags that state what the provider's state.
pub(crate) fn give_way(own: &mut Computed<Tags>, cost_tags: &Computed<Option<Tags>>) {
    if let Computed::Known(own) = own {
        *own = beside(own.iter(), &held(cost_tags));
    }
}

/// The provider's tags that a state or a plan holds.
pub(crate) fn held(cost_tags: &Computed<Option<Tags>>) -> Tags {
    cost_tags.known().cloned().flatten().unwrap_or_default()
}

/// A guest's tags as its own ones and the provider's, which are those that the provider has now, and those that it had
/// when the guest was written (`before`). What the guest has of its own stays its own.
pub(crate) fn split(
    all: impl IntoIterator<Item = String>,
    provider: &Tags,
    before: Option<(&Computed<Tags>, &Computed<Option<Tags>>)>,
) -> (Tags, Option<Tags>) {
    let own = before.and_then(|(own, _)| own.known());
    let own: Tags = own.into_iter().flatten().map(|tag| tag.to_lowercase()).collect();
    let had = before.map(|(_, cost_tags)| held(cost_tags)).unwrap_or_default();
    let is_cost = |tag: &String| !own.contains(tag) && (provider.contains(tag) || had.contains(tag));
    let (cost_tags, own): (Tags, Tags) = all.into_iter().partition(is_cost);
    (own, Some(cost_tags).filter(|tags| !tags.is_empty()))
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

fn words(object: &Value, name: &str) -> Tags {
    let tags = object.get(name).and_then(Value::as_list).unwrap_or_default();
    tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Plans `cost_tags`, and `tags` where nobody declared them and one of them gives way. `declared` is what the
/// configuration says of `tags`.
pub(crate) fn plan<R: Resource<Client = Proxmox>>(
    cx: &mut PlanContext<R>,
    declared: &Field<Vec<Field<String>>>,
) -> Result<()> {
    let prior = cx.prior().map(R::to_object);
    let own: Option<Tags> = match declared {
        Field::Unknown => None,
        Field::Null => Some(Tags::new()),
        Field::Known(tags) => tags.iter().map(|tag| tag.known().cloned()).collect(),
    };
    let px = cx.try_client();
    // Nothing can be said while the provider is not known, and what does not change otherwise stays.
    if px.is_none() && !cx.has_changes() {
        return Ok(());
    }
    let provider = px.as_ref().and_then(|px| px.cost_tags.as_ref());
    let (Some(provider), Some(own)) = (provider, own) else {
        let had = prior.map(|prior| words(&prior, "tags")).unwrap_or_default();
        if declared.is_null() && !facts(&had).is_empty() {
            cx.plan_unknown(&at("tags"))?;
        }
        return cx.plan_unknown(&at("cost_tags"));
    };
    let due = due(provider, &own);
    cx.plan(&at("cost_tags"), &due)?;
    if let (Some(due), Some(prior), true) = (due, prior, declared.is_null()) {
        let had = words(&prior, "tags");
        let stay = beside(&had, &due);
        if stay != had {
            cx.plan(&at("tags"), &stay)?;
        }
    }
    Ok(())
}

/// Whether a plan changes tags and nothing else.
pub(crate) fn alone<R: Resource>(cx: &PlanContext<R>) -> bool {
    let Some(prior) = cx.prior().map(R::to_object) else { return false };
    let planned = cx.planned_value();
    let changed = |name: &String| planned.get(name) != prior.get(name);
    let names = prior.as_map().into_iter().flatten().map(|(name, _)| name);
    names.filter(|name| changed(name)).all(|name| matches!(name.as_str(), "tags" | "cost_tags"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(tags: &[&str]) -> Tags {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn a_guests_own_word_wins() {
        let provider = set(&["cost-env.prod", "cost-owner.platform"]);
        assert_eq!(due(&provider, &set(&["web"])), Some(provider.clone()));
        assert_eq!(due(&provider, &set(&["Cost-Env.staging", "web"])), Some(set(&["cost-owner.platform"])));
        assert_eq!(due(&provider, &set(&["cost-env.a", "cost-owner.b"])), None);
        assert_eq!(due(&Tags::new(), &set(&["web"])), None);
    }

    #[test]
    fn what_nobody_declared_gives_way() {
        let had = set(&["web", "cost-env.dev", "cost-purpose.dr"]);
        assert_eq!(beside(&had, &set(&["cost-env.prod"])), set(&["web", "cost-purpose.dr"]));
        assert_eq!(beside(&had, &Tags::new()), had);
    }

    #[test]
    fn tags_are_told_apart() {
        let all = || set(&["web", "cost-env.prod", "cost-owner.a"]);
        let provider = set(&["cost-env.prod"]);
        assert_eq!(
            split(all(), &provider, None),
            (set(&["web", "cost-owner.a"]), Some(set(&["cost-env.prod"])))
        );
        // What the provider put once is still its own.
        let before = (Computed::Known(set(&["web"])), Computed::Known(Some(set(&["cost-owner.a"]))));
        assert_eq!(
            split(all(), &provider, Some((&before.0, &before.1))),
            (set(&["web"]), Some(set(&["cost-env.prod", "cost-owner.a"])))
        );
        // What the guest has of its own is not taken from it.
        let own = (Computed::Known(set(&["Cost-Env.prod"])), Computed::Known(None));
        assert_eq!(split(all(), &provider, Some((&own.0, &own.1))).1, None);
        assert_eq!(split(set(&["web"]), &provider, None), (set(&["web"]), None));
    }

    proptest! {
        /// What is put on a guest is told apart again, whatever else it carries.
        #[test]
        fn what_is_put_is_found(
            own in proptest::collection::btree_set("(cost-)?[a-c](\\.[a-c])?", 0..5),
            provider in proptest::collection::btree_set("cost-[a-c]\\.[a-c]", 0..4),
        ) {
            let due = due(&provider, &own);
            let put = due.clone().unwrap_or_default();
            let all: Tags = beside(&own, &put).union(&put).cloned().collect();
            prop_assert!(beside(&own, &put).is_subset(&all));
            let declared = Computed::Known(own.clone());
            let (seen, cost_tags) = split(all, &provider, Some((&declared, &Computed::Known(due.clone()))));
            prop_assert_eq!(cost_tags, due);
            prop_assert_eq!(seen, own);
        }
    }
}
