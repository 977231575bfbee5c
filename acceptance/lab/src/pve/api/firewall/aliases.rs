//! Aliases: names for addresses and networks.

use serde_json::{Map, Value, json};

use super::{scope, shown};
use crate::pve::call::Call;
use crate::pve::config::store::unmodified;
use crate::pve::firewall::{Entry, digest, short_cidr, version_of};
use crate::pve::reply::{Answer, Outcome, Refusal};

fn view(alias: &Entry) -> Map<String, Value> {
    let mut view = shown(alias, &[]);
    if let Some(version) = alias.get("cidr").and_then(|c| version_of(c)) {
        view.insert("ipversion".into(), json!(version));
    }
    view
}

/// What a call gives: all of an alias, what is not given is not there.
fn given(call: &Call) -> Outcome<Entry> {
    let mut alias = Entry::new();
    alias.insert("name".into(), call.params.need("name")?.to_owned());
    alias.insert("cidr".into(), short_cidr(call.params.need("cidr")?).to_owned());
    if let Some(comment) = call.params.str("comment").filter(|c| !c.is_empty()) {
        alias.insert("comment".into(), comment.to_owned());
    }
    Ok(alias)
}

fn unknown() -> Refusal {
    Refusal::param("name", "no such alias")
}

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let aliases = &state.firewall.get(&scope(call, &state)?).aliases;
    let digest = digest(aliases.values());
    let list: Vec<Value> = aliases
        .values()
        .map(|alias| {
            let mut view = view(alias);
            view.insert("digest".into(), json!(digest));
            Value::Object(view)
        })
        .collect();
    Ok(Value::from(list).into())
}

pub(super) fn create(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let name = call.params.need("name")?;
    let aliases = &mut state.firewall.get_mut(&scope).aliases;
    if aliases.contains_key(&name.to_lowercase()) {
        return Err(Refusal::param("name", format!("alias '{name}' already exists")));
    }
    aliases.insert(name.to_lowercase(), given(call)?);
    Ok(Answer::null())
}

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let aliases = &state.firewall.get(&scope(call, &state)?).aliases;
    let alias = aliases.get(&call.params.need("name")?.to_lowercase()).ok_or_else(unknown)?;
    Ok(Value::Object(view(alias)).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let aliases = &mut state.firewall.get_mut(&scope).aliases;
    unmodified(&digest(aliases.values()), call.params.str("digest"))?;
    let name = call.params.need("name")?.to_lowercase();
    if !aliases.contains_key(&name) {
        return Err(unknown());
    }
    let mut alias = given(call)?;
    let mut key = name.clone();
    if let Some(rename) = call.params.str("rename").filter(|r| r.to_lowercase() != name) {
        key = rename.to_lowercase();
        if aliases.contains_key(&key) {
            return Err(Refusal::param("name", format!("alias '{rename}' already exists")));
        }
        alias.insert("name".into(), rename.to_owned());
    }
    aliases.remove(&name);
    aliases.insert(key, alias);
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let aliases = &mut state.firewall.get_mut(&scope).aliases;
    unmodified(&digest(aliases.values()), call.params.str("digest"))?;
    aliases.remove(&call.params.need("name")?.to_lowercase());
    Ok(Answer::null())
}
