//! Options of a firewall.

use serde_json::{Value, json};

use super::{scope, shown};
use crate::pve::call::Call;
use crate::pve::config::store::unmodified;
use crate::pve::firewall::digest;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema;

/// Names of options that are numbers, by the description of their change.
fn numbers(call: &Call) -> impl Fn(&str) -> bool {
    let method = schema::method(call.cluster.config.release, "PUT", call.template);
    move |key| method.and_then(|m| m.param(key)).is_some_and(schema::Spec::is_number)
}

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let options = &state.firewall.get(&scope(call, &state)?).options;
    let is_number = numbers(call);
    let names: Vec<&str> = options.keys().map(String::as_str).filter(|k| is_number(k)).collect();
    let mut view = shown(options, &names);
    view.insert("digest".into(), json!(digest([options])));
    Ok(Value::Object(view).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let scope = scope(call, &state)?;
    let method = schema::method(call.cluster.config.release, "PUT", call.template);
    let mut options = state.firewall.get(&scope).options.clone();
    unmodified(&digest([&options]), call.params.str("digest"))?;
    for key in call.params.list("delete") {
        if method.is_none_or(|m| m.param(&key).is_none()) {
            return Err(Refusal::param("delete", format!("no such property ('{key}')")));
        }
        options.remove(&key);
    }
    const STEERING: &[&str] = &["delete", "digest", "node", "vmid", "vnet"];
    for (key, _) in call.params.iter().filter(|(key, _)| !STEERING.contains(key)) {
        if let Some(value) = call.params.str(key) {
            options.insert(key.to_owned(), value.to_owned());
        }
    }
    state.firewall.get_mut(&scope).options = options;
    Ok(Answer::null())
}
