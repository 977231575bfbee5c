//! Rules: of a firewall, or of a group of the cluster's. They are named by their position.

use serde_json::{Map, Value, json};

use super::{environment, scope, shown};
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::config::store::unmodified;
use crate::pve::firewall::{Entry, RULE_OPTIONS, Scope, Surroundings, digest, verify, version};
use crate::pve::reply::{Answer, Outcome, Refusal};

/// The rules a call is about.
fn rules<'a>(call: &Call, state: &'a State, scope: &Scope) -> Outcome<&'a Vec<Entry>> {
    let firewall = state.firewall.get(scope);
    match call.params.str("group") {
        None => Ok(&firewall.rules),
        Some(group) => firewall
            .groups
            .get(group)
            .map(|g| &g.entries)
            .ok_or_else(|| Refusal::died(format!("no such security group '{group}'"))),
    }
}

fn put(call: &Call, state: &mut State, scope: &Scope, rules: Vec<Entry>) {
    let firewall = state.firewall.get_mut(scope);
    match call.params.str("group") {
        None => firewall.rules = rules,
        Some(group) => firewall.groups.entry(group.to_owned()).or_default().entries = rules,
    }
}

fn around<'a>(call: &Call, state: &'a State, scope: &Scope) -> Surroundings<'a> {
    Surroundings {
        environment: environment(call, scope),
        cluster: state.firewall.get(&Scope::Cluster),
        own: state.firewall.get(scope),
    }
}

fn view(rule: &Entry, position: usize, digest: &str, around: &Surroundings<'_>) -> Map<String, Value> {
    let mut view = shown(rule, &["enable"]);
    view.insert("pos".into(), json!(position));
    view.insert("digest".into(), json!(digest));
    if let Some(version) = version(rule, around) {
        view.insert("ipversion".into(), json!(version));
    }
    view
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let scope = scope(call, &state)?;
    let rules = rules(call, &state, &scope)?;
    let (digest, around) = (digest(rules), around(call, &state, &scope));
    let list: Vec<Value> =
        rules.iter().enumerate().map(|(at, rule)| Value::Object(view(rule, at, &digest, &around))).collect();
    Ok(Value::from(list).into())
}

/// The position a path names; it must hold a rule.
fn position(call: &Call, rules: &[Entry]) -> Outcome<usize> {
    let text = call.params.need("pos")?;
    match text.parse::<usize>() {
        Ok(at) if at < rules.len() => Ok(at),
        _ => Err(Refusal::died(format!("no rule at position {text}"))),
    }
}

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let scope = scope(call, &state)?;
    let rules = rules(call, &state, &scope)?;
    let at = position(call, rules)?;
    let rule = rules.get(at).cloned().unwrap_or_default();
    Ok(Value::Object(view(&rule, at, &digest(rules), &around(call, &state, &scope))).into())
}

/// Takes over what a call gives; nothing and a dash take away.
fn copy(call: &Call, rule: &mut Entry) {
    for key in RULE_OPTIONS {
        match call.params.str(key) {
            Some("" | "-") => {
                rule.remove(*key);
            }
            Some(value) => {
                rule.insert((*key).to_owned(), value.to_owned());
            }
            None => {}
        }
    }
}

/// A new rule goes to the top, whatever position is asked for, and is off unless told otherwise.
pub(super) fn create(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let mut rules = rules(call, &state, &scope)?.clone();
    let mut rule = Entry::new();
    copy(call, &mut rule);
    verify(&mut rule, &around(call, &state, &scope))?;
    rule.entry("enable".into()).or_insert_with(|| "0".to_owned());
    rules.insert(0, rule);
    put(call, &mut state, &scope, rules);
    Ok(Answer::null())
}

/// Moves a rule, and then changes nothing else; or changes it where it is.
pub(super) fn update(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let mut rules = rules(call, &state, &scope)?.clone();
    unmodified(&digest(&rules), call.params.str("digest"))?;
    let at = position(call, &rules)?;
    let target = call.params.number("moveto").and_then(|to| usize::try_from(to).ok()).filter(|to| *to != at);
    if let Some(target) = target {
        let rule = rules.remove(at);
        // The target counts positions with the moved rule still in its place.
        let target = if target > at { target - 1 } else { target };
        rules.insert(target.min(rules.len()), rule);
    } else if let Some(rule) = rules.get_mut(at) {
        copy(call, rule);
        for key in call.params.list("delete") {
            if !RULE_OPTIONS.contains(&key.as_str()) && !matches!(key.as_str(), "pos" | "digest") {
                return Err(Refusal::param("delete", format!("no such property ('{key}')")));
            }
            if matches!(key.as_str(), "type" | "action") {
                return Err(Refusal::param("delete", format!("unable to delete required property '{key}'")));
            }
            rule.remove(&key);
        }
        verify(rule, &around(call, &state, &scope))?;
    }
    put(call, &mut state, &scope, rules);
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let mut rules = rules(call, &state, &scope)?.clone();
    unmodified(&digest(&rules), call.params.str("digest"))?;
    let at = position(call, &rules)?;
    rules.remove(at);
    put(call, &mut state, &scope, rules);
    Ok(Answer::null())
}
