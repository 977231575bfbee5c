//! What core proposes: the configuration merged over the prior state.

use tf_value::Value;

use super::violation::same;
use crate::schema::members::{Member, Members, NULL, Nested, member_of, object_with};
use crate::schema::{Block, Nesting, Presence};

/// Core's merge of prior state and configuration, as it sends it in `proposed_new_state`.
///
/// The configuration wins. What is computed and not configured keeps its prior value. Lists are matched by index,
/// maps by key, and set elements with the first prior element that differs in unconfigured computed values only.
#[must_use]
pub fn proposed_new(block: &Block, prior: &Value, config: &Value) -> Value {
    if config.is_null() { Value::Null } else { object(block.into(), prior, config) }
}

fn object(members: Members<'_>, prior: &Value, config: &Value) -> Value {
    if !config.is_known() {
        return config.clone();
    }
    object_with(members, |member| {
        propose(member, member_of(prior, member.name), member_of(config, member.name))
    })
}

fn propose(member: Member<'_>, prior: &Value, config: &Value) -> Value {
    if member.is_computed() && config.is_null() {
        return if was_configured(member, prior) { config.clone() } else { prior.clone() };
    }
    match member.nested {
        Some(nested) if config.is_known() => propose_nested(nested, prior, config),
        _ => config.clone(),
    }
}

fn propose_nested(nested: Nested<'_>, prior: &Value, config: &Value) -> Value {
    if nested.nesting != Nesting::Set {
        return nested
            .map(config, |place, config| object(nested.members, place.of(prior).unwrap_or(&NULL), config));
    }
    let priors = nested.objects(prior);
    let mut used = vec![false; priors.len()];
    nested.map(config, |_, config| {
        let found = (0..priors.len())
            .find(|index| !used[*index] && may_come_from(nested.members, priors[*index].1, config));
        let prior = found.map_or(&NULL, |index| {
            used[index] = true;
            priors[index].1
        });
        object(nested.members, prior, config)
    })
}

/// Whether the value of an optional and computed nested attribute must have come from a configuration, because
/// there is something in it that only a configuration can give. Core then takes the configuration's null.
fn was_configured(member: Member<'_>, prior: &Value) -> bool {
    let optional = member.attribute.is_some_and(|attribute| attribute.presence == Presence::OptionalComputed);
    optional && member.nested.is_some_and(|nested| holds_configured(nested, prior))
}

fn holds_configured(nested: Nested<'_>, value: &Value) -> bool {
    nested.objects(value).iter().any(|(_, object)| {
        nested.members.iter().any(|member| {
            let value = member_of(object, member.name);
            let deeper = || member.nested.is_some_and(|nested| holds_configured(nested, value));
            !value.is_null() && (!member.is_computed() || deeper())
        })
    })
}

/// Whether a prior set element differs from a configured one only in what is computed and not configured.
fn may_come_from(members: Members<'_>, prior: &Value, config: &Value) -> bool {
    if same(prior, config) {
        return true;
    }
    if !prior.is_known() || !config.is_known() {
        return false;
    }
    members.iter().all(|member| {
        let (prior, config) = (member_of(prior, member.name), member_of(config, member.name));
        if same(prior, config) {
            return true;
        }
        match member.nested {
            Some(nested) => nested_may_come_from(nested, prior, config),
            None => member.is_computed() && config.is_null(),
        }
    })
}

fn nested_may_come_from(nested: Nested<'_>, prior: &Value, config: &Value) -> bool {
    let priors = nested.objects(prior);
    nested.nesting != Nesting::Set
        && !priors.is_empty()
        && priors.iter().all(|(place, prior)| {
            place.look_up(config).is_some_and(|config| may_come_from(nested.members, prior, config))
        })
}
