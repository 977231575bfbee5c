//! `/cluster/options`.

use serde_json::{Map, Value, json};

use crate::pve::call::{Call, Param};
use crate::pve::cluster::State;
use crate::pve::config::view;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema;

/// Options that are kept as text and shown as objects.
const OBJECTS: &[&str] = &[
    "crs",
    "ha",
    "migration",
    "next-id",
    "notify",
    "replication",
    "tag-style",
    "u2f",
    "user-tag-access",
    "webauthn",
];

/// What those may see who may not audit.
const FOR_ALL: &[&str] = &["console", "tag-style"];

/// Prefix of every address where none is configured.
const MAC_PREFIX: &str = "BC:24:11";

fn part(option: &str, key: &str) -> Option<u32> {
    option.split(',').find_map(|p| p.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
}

/// Range `nextid` chooses from.
pub(super) fn next_id_range(state: &State) -> (u32, u32) {
    let option = state.options.get("next-id").map_or("", String::as_str);
    (part(option, "lower").unwrap_or(100), part(option, "upper").unwrap_or(1_000_000))
}

fn tags(text: &str) -> Vec<&str> {
    text.split(';').filter(|t| !t.is_empty()).collect()
}

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let method = schema::method(call.cluster.config.release, "PUT", "/cluster/options");
    let mut view = Map::new();
    for (key, text) in &state.options {
        let spec = method.and_then(|m| m.param(key));
        let shown = match (spec, key.as_str()) {
            (_, "registered-tags") => json!(tags(text)),
            (Some(spec), key) if OBJECTS.contains(&key) => view::object(spec, text),
            (spec, _) => view::of_file(spec, &Param::One(text.clone())),
        };
        view.insert(key.clone(), shown);
    }
    if let Some(allowed) = view.get_mut("user-tag-access").and_then(|v| v.get_mut("user-allow-list")) {
        *allowed = json!(tags(allowed.as_str().unwrap_or_default()));
    }
    view.entry("mac_prefix").or_insert(json!(MAC_PREFIX));
    view.entry("description").or_insert(json!(""));
    if !state.may(&call.principal, "/", "Sys.Audit") {
        view.retain(|key, _| FOR_ALL.contains(&key.as_str()));
    }
    let registered = state.options.get("registered-tags").map_or("", String::as_str);
    view.insert("allowed-tags".into(), json!(tags(registered)));
    Ok(Value::Object(view).into())
}

pub(super) fn update(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let mut options = state.options.clone();
    for (key, _) in call.params.iter().filter(|(key, _)| *key != "delete") {
        if let Some(value) = call.params.str(key) {
            options.insert(key.to_owned(), written(key, value));
        }
    }
    for key in call.params.list("delete") {
        options.remove(&key);
    }
    // What is the default, or empty, is not written.
    options.retain(|key, value| {
        let default = key == "mac_prefix" && value.eq_ignore_ascii_case(MAC_PREFIX);
        !(default || value.is_empty())
    });
    if let Some(range) = options.get("next-id") {
        let (lower, upper) = (part(range, "lower").unwrap_or(100), part(range, "upper").unwrap_or(1_000_000));
        if lower > upper {
            return Err(Refusal::died(format!("lower ({lower}) <= upper ({upper}) boundary rule broken")));
        }
    }
    state.options = options;
    Ok(Answer::null())
}

/// A value as it is written to the file.
fn written(key: &str, value: &str) -> String {
    let sorted = |text: &str| {
        let mut tags = tags(text);
        tags.sort_unstable();
        tags.join(";")
    };
    match key {
        "registered-tags" => sorted(value),
        "console" if value == "applet" => "html5".to_owned(),
        // Text with lines keeps a line end at its end.
        "description" if !value.is_empty() => format!("{}\n", value.trim_end_matches('\n')),
        _ => value.to_owned(),
    }
}
