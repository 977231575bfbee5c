//! Which tags an object shall carry.

use std::collections::BTreeSet;

use tf_value::Value;

use crate::store::Defaults;

fn slugs(value: &Value) -> BTreeSet<String> {
    value.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The tags of an object after the plan: exactly those of `tags`, or those that are there with those of `add_tags`,
/// and in either case those of the provider's defaults. `put` are tags that the provider put there earlier to state
/// facts.
pub(crate) fn wanted_tags(
    defaults: &Defaults,
    put: &BTreeSet<String>,
    prior: &Value,
    planned: &Value,
) -> BTreeSet<String> {
    let member = |object: &Value, name: &str| object.get(name).cloned().unwrap_or(Value::Null);
    let tags = member(planned, "tags");
    let mut wanted = if tags.is_known()
        && (prior.is_null() || tags != member(prior, "tags") || is_managed(&tags, prior))
    {
        slugs(&tags)
    } else {
        let dropped: BTreeSet<String> = slugs(&member(prior, "add_tags"))
            .difference(&slugs(&member(planned, "add_tags")))
            .cloned()
            .collect();
        let all = slugs(&member(prior, "tags_all"));
        all.into_iter().filter(|tag| !dropped.contains(tag) && !put.contains(tag)).collect()
    };
    let mut own = slugs(&tags);
    own.extend(slugs(&member(planned, "add_tags")));
    wanted.extend(slugs(&member(planned, "add_tags")));
    wanted.extend(defaults.tags.iter().cloned());
    defaults.lay_facts_over(&mut wanted, &own);
    wanted.retain(|slug| !defaults.ignored_tags.contains(slug));
    wanted
}

fn is_managed(tags: &Value, prior: &Value) -> bool {
    tags.is_known() && prior.get("tags").is_some_and(Value::is_known)
}

/// [`wanted_tags`] as the value of `tags_all`; unknown while any of them is.
pub(crate) fn all_tags(defaults: &Defaults, put: &BTreeSet<String>, prior: &Value, planned: &Value) -> Value {
    let known = |name: &str| planned.get(name).is_none_or(Value::is_wholly_known);
    if defaults.fact_tags_unknown || !known("tags") || !known("add_tags") {
        return Value::UNKNOWN;
    }
    Value::set(wanted_tags(defaults, put, prior, planned).into_iter().map(Value::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(slugs: &[&str]) -> BTreeSet<String> {
        slugs.iter().map(|slug| (*slug).to_owned()).collect()
    }

    fn object(tags: Option<&[&str]>, add: Option<&[&str]>, all: &[&str]) -> Value {
        let value = |slugs: &[&str]| Value::set(slugs.iter().map(|slug| Value::from(*slug)));
        Value::object([
            ("tags", tags.map_or(Value::Null, value)),
            ("add_tags", add.map_or(Value::Null, value)),
            ("tags_all", value(all)),
        ])
    }

    fn defaults(facts: &[(&str, &str)]) -> Defaults {
        let fact_tags =
            facts.iter().map(|(prefix, slug)| ((*prefix).to_owned(), (*slug).to_owned())).collect();
        Defaults { fact_tags, ..Defaults::default() }
    }

    #[test]
    fn facts_are_stated_once() {
        let prod = defaults(&[("cost-env-", "cost-env-prod"), ("cost-owner-", "cost-owner-it")]);
        let none = BTreeSet::new();
        let new = |tags, add| wanted_tags(&prod, &none, &Value::Null, &object(tags, add, &[]));
        assert_eq!(new(Some(&["web"]), None), set(&["web", "cost-env-prod", "cost-owner-it"]));
        assert_eq!(new(None, None), set(&["cost-env-prod", "cost-owner-it"]));
        // The object's own word wins.
        assert_eq!(new(Some(&["cost-env-dev"]), None), set(&["cost-env-dev", "cost-owner-it"]));
        assert_eq!(new(None, Some(&["cost-env-dev"])), set(&["cost-env-dev", "cost-owner-it"]));
    }

    #[test]
    fn facts_that_change_take_the_place_of_the_old() {
        let put = set(&["cost-env-dev"]);
        let there = object(None, None, &["web", "cost-env-dev"]);
        let wanted = |defaults: &Defaults, put| wanted_tags(defaults, put, &there, &object(None, None, &[]));
        assert_eq!(
            wanted(&defaults(&[("cost-env-", "cost-env-prod")]), &put),
            set(&["web", "cost-env-prod"])
        );
        // Taken back, it goes; what somebody else put stays.
        assert_eq!(wanted(&defaults(&[]), &put), set(&["web"]));
        assert_eq!(wanted(&defaults(&[]), &BTreeSet::new()), set(&["web", "cost-env-dev"]));
        let unknown = Defaults { fact_tags_unknown: true, ..Defaults::default() };
        assert!(all_tags(&unknown, &put, &there, &object(None, None, &[])).is_unknown());
    }
}
