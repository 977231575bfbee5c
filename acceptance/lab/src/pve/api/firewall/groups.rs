//! Groups of rules, which the cluster has.

use serde_json::Value;

use super::ipsets::named;
use crate::pve::call::Call;
use crate::pve::config::store::unmodified;
use crate::pve::firewall::{Named, Scope};
use crate::pve::reply::{Answer, Outcome, Refusal};

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let (list, _) = named("group", state.firewall.get(&Scope::Cluster).groups.iter());
    Ok(Value::from(list).into())
}

/// Makes a group, or renames one.
pub(super) fn create(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let name = call.params.need("group")?;
    let comment = call.params.str("comment").map(str::to_owned);
    let (_, digest) = named("group", state.firewall.get(&Scope::Cluster).groups.iter());
    let groups = &mut state.firewall.get_mut(&Scope::Cluster).groups;
    let Some(old) = call.params.str("rename") else {
        if groups.contains_key(name) {
            return Err(Refusal::param("group", format!("Security group '{name}' already exists")));
        }
        groups.insert(name.to_owned(), Named { comment, entries: Vec::new() });
        return Ok(Answer::null());
    };
    unmodified(&digest, call.params.str("digest"))?;
    if !groups.contains_key(old) {
        return Err(Refusal::param("group", format!("Security group '{old}' does not exist")));
    }
    if old != name && groups.contains_key(name) {
        return Err(Refusal::param("group", format!("Security group '{name}' does already exist")));
    }
    if let Some(mut group) = groups.remove(old) {
        group.comment = comment.or(group.comment);
        groups.insert(name.to_owned(), group);
    }
    Ok(Answer::null())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let name = call.params.need("group")?;
    let groups = &mut state.firewall.get_mut(&Scope::Cluster).groups;
    match groups.get(name) {
        None => Err(Refusal::died(format!("no such security group '{name}'"))),
        Some(group) if !group.entries.is_empty() => {
            Err(Refusal::died(format!("Security group '{name}' is not empty")))
        }
        Some(_) => {
            groups.remove(name);
            Ok(Answer::null())
        }
    }
}
