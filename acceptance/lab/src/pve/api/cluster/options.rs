//! `/cluster/options`.

use serde_json::{Map, Value, json};

use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::reply::{Answer, Outcome};

/// Range `nextid` chooses from.
pub(super) fn next_id_range(state: &State) -> (u32, u32) {
    let option = state.options.get("next-id").map_or("", String::as_str);
    let part =
        |key: &str| option.split(',').find_map(|p| p.strip_prefix(key)?.strip_prefix('=')?.parse().ok());
    (part("lower").unwrap_or(100), part("upper").unwrap_or(1_000_000))
}

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let mut view: Map<String, Value> = state.options.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    for (key, value) in
        [("mac_prefix", json!("BC:24:11")), ("description", json!("")), ("allowed-tags", json!([]))]
    {
        view.entry(key).or_insert(value);
    }
    Ok(Value::Object(view).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    for key in call.params.str("delete").unwrap_or_default().split(',') {
        state.options.remove(key);
    }
    for (key, _) in call.params.iter().filter(|(key, _)| *key != "delete") {
        if let Some(value) = call.params.str(key) {
            state.options.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(Answer::null())
}
