//! Which tags an object shall carry.

use std::collections::BTreeSet;

use tf_value::Value;

use crate::store::Defaults;

fn slugs(value: &Value) -> BTreeSet<String> {
    value.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The tags of an object after the plan: exactly those of `tags`, or those that are there with those of `add_tags`,
/// and in either case those of the provider's defaults.
pub(crate) fn wanted_tags(defaults: &Defaults, prior: &Value, planned: &Value) -> BTreeSet<String> {
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
        slugs(&member(prior, "tags_all")).difference(&dropped).cloned().collect()
    };
    wanted.extend(slugs(&member(planned, "add_tags")));
    wanted.extend(defaults.tags.iter().cloned());
    wanted.retain(|slug| !defaults.ignored_tags.contains(slug));
    wanted
}

fn is_managed(tags: &Value, prior: &Value) -> bool {
    tags.is_known() && prior.get("tags").is_some_and(Value::is_known)
}

/// [`wanted_tags`] as the value of `tags_all`; unknown while any of them is.
pub(crate) fn all_tags(defaults: &Defaults, prior: &Value, planned: &Value) -> Value {
    let known = |name: &str| planned.get(name).is_none_or(Value::is_wholly_known);
    if !known("tags") || !known("add_tags") {
        return Value::UNKNOWN;
    }
    Value::set(wanted_tags(defaults, prior, planned).into_iter().map(Value::from))
}
