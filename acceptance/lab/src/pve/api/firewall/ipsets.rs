//! Sets of addresses, and their members.

use serde_json::{Map, Value, json};

use super::{scope, shown};
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::config::store::unmodified;
use crate::pve::firewall::{Entry, Named, Scope, digest, short_cidr};
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::config_formats::is_alias;

/// Sets or groups as a list, with the digest over it.
pub(super) fn named<'a>(
    id: &str,
    all: impl Iterator<Item = (&'a String, &'a Named)>,
) -> (Vec<Value>, String) {
    let entries: Vec<Entry> = all
        .map(|(name, set)| {
            let mut entry = Entry::from([(id.to_owned(), name.clone())]);
            entry.extend(set.comment.clone().map(|comment| ("comment".to_owned(), comment)));
            entry
        })
        .collect();
    let digest = digest(&entries);
    let list = entries.iter().map(|entry| {
        let mut view = shown(entry, &[]);
        view.insert("digest".into(), json!(digest));
        Value::Object(view)
    });
    (list.collect(), digest)
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let (list, _) = named("name", state.firewall.get(&scope(call, &state)?).ipsets.iter());
    Ok(Value::from(list).into())
}

/// Makes a set, or renames one.
pub(super) fn create(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let name = call.params.need("name")?;
    let comment = call.params.str("comment").map(str::to_owned);
    let (_, digest) = named("name", state.firewall.get(&scope).ipsets.iter());
    let sets = &mut state.firewall.get_mut(&scope).ipsets;
    let Some(old) = call.params.str("rename") else {
        if sets.contains_key(name) {
            return Err(Refusal::param("name", format!("IPSet '{name}' already exists")));
        }
        sets.insert(name.to_owned(), Named { comment, entries: Vec::new() });
        return Ok(Answer::null());
    };
    unmodified(&digest, call.params.str("digest"))?;
    if !sets.contains_key(old) {
        return Err(Refusal::param("name", format!("IPSet '{old}' does not exist")));
    }
    if old != name && sets.contains_key(name) {
        return Err(Refusal::param("name", format!("IPSet '{name}' does already exist")));
    }
    if let Some(mut set) = sets.remove(old) {
        set.comment = comment.or(set.comment);
        sets.insert(name.to_owned(), set);
    }
    Ok(Answer::null())
}

fn find<'a>(call: &Call, state: &'a State, scope: &Scope) -> Outcome<&'a Named> {
    let name = call.params.need("name")?;
    let sets = &state.firewall.get(scope).ipsets;
    sets.get(name).ok_or_else(|| Refusal::died(format!("no such IPSet '{name}'")))
}

fn find_mut<'a>(call: &Call, state: &'a mut State, scope: &Scope) -> Outcome<&'a mut Named> {
    let name = call.params.need("name")?;
    let sets = &mut state.firewall.get_mut(scope).ipsets;
    sets.get_mut(name).ok_or_else(|| Refusal::died(format!("no such IPSet '{name}'")))
}

pub(super) fn delete(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let name = call.params.need("name")?;
    if !find(call, &state, &scope)?.entries.is_empty() && !call.params.flag("force") {
        return Err(Refusal::died(format!("IPSet '{name}' is not empty")));
    }
    state.firewall.get_mut(&scope).ipsets.remove(name);
    Ok(Answer::null())
}

fn view(member: &Entry, digest: &str) -> Map<String, Value> {
    let mut view = shown(member, &["nomatch"]);
    view.insert("digest".into(), json!(digest));
    view
}

pub(super) fn members(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let set = find(call, &state, &scope(call, &state)?)?;
    let digest = digest(&set.entries);
    let list: Vec<Value> = set.entries.iter().map(|m| Value::Object(view(m, &digest))).collect();
    Ok(Value::from(list).into())
}

fn is(member: &Entry, cidr: &str) -> bool {
    member.get("cidr").is_some_and(|c| c == cidr)
}

pub(super) fn add(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let given = call.params.need("cidr")?;
    if is_alias(given) {
        let bare = given.trim_start_matches("dc/").trim_start_matches("guest/").to_lowercase();
        let known =
            [&scope, &Scope::Cluster].iter().any(|s| state.firewall.get(s).aliases.contains_key(&bare));
        if !known {
            return Err(Refusal::died(format!("no such alias '{given}'")));
        }
    }
    let cidr = short_cidr(given);
    let set = find_mut(call, &mut state, &scope)?;
    if set.entries.iter().any(|m| is(m, cidr)) {
        return Err(Refusal::param("cidr", format!("address '{cidr}' already exists")));
    }
    if cidr.split_once('/').is_some_and(|(_, prefix)| prefix.chars().all(|c| c == '0')) {
        return Err(Refusal::param("cidr", "a zero prefix is not allowed in ipset entries"));
    }
    let mut member = Entry::from([("cidr".to_owned(), cidr.to_owned())]);
    describe(call, &mut member);
    set.entries.insert(0, member);
    Ok(Answer::null())
}

fn describe(call: &Call, member: &mut Entry) {
    member.retain(|key, _| key == "cidr");
    if call.params.flag("nomatch") {
        member.insert("nomatch".into(), "1".into());
    }
    if let Some(comment) = call.params.str("comment").filter(|c| !c.is_empty()) {
        member.insert("comment".into(), comment.to_owned());
    }
}

fn no_member() -> Refusal {
    Refusal::param("cidr", "no such IP/Network")
}

pub(super) fn member(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let set = find(call, &state, &scope(call, &state)?)?;
    let cidr = call.params.need("cidr")?;
    let member = set.entries.iter().find(|m| is(m, cidr)).ok_or_else(no_member)?;
    Ok(Value::Object(view(member, &digest(&set.entries))).into())
}

pub(super) fn change(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let cidr = call.params.need("cidr")?;
    let set = find_mut(call, &mut state, &scope)?;
    unmodified(&digest(&set.entries), call.params.str("digest"))?;
    let member = set.entries.iter_mut().find(|m| is(m, cidr)).ok_or_else(no_member)?;
    describe(call, member);
    Ok(Answer::null())
}

pub(super) fn remove(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let cidr = call.params.need("cidr")?;
    let set = find_mut(call, &mut state, &scope)?;
    unmodified(&digest(&set.entries), call.params.str("digest"))?;
    set.entries.retain(|m| !is(m, cidr));
    Ok(Answer::null())
}
