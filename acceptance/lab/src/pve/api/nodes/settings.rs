//! Settings of a node: options, name servers, time zone, names of hosts.

use serde_json::{Map, Value, json};

use super::super::Route;
use crate::pve::call::{Call, Param};
use crate::pve::config::store::{Section, unmodified};
use crate::pve::config::view;
use crate::pve::reply::{Answer, Outcome};
use crate::pve::schema;
use crate::pve::storage::sha1_hex;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/config", config),
    ("PUT", "/nodes/{node}/config", update_config),
    ("GET", "/nodes/{node}/dns", dns),
    ("PUT", "/nodes/{node}/dns", update_dns),
    ("GET", "/nodes/{node}/time", time),
    ("PUT", "/nodes/{node}/time", update_time),
    ("GET", "/nodes/{node}/hosts", hosts),
    ("POST", "/nodes/{node}/hosts", update_hosts),
];

/// File with the settings of a node, a section each.
fn file(call: &Call) -> String {
    format!("nodes/{}", call.node())
}

fn section(call: &Call, name: &str) -> Section {
    let state = call.cluster.state();
    state.config.section(&file(call), name).cloned().unwrap_or_default()
}

fn put(call: &Call, name: &str, section: Section) {
    call.cluster.state().config.file_mut(&file(call)).insert(name.to_owned(), section);
}

fn digest(section: &Section) -> String {
    let lines: String = section
        .fields
        .iter()
        .map(|(key, value)| match value {
            Param::One(text) => format!("{key}: {text}\n"),
            Param::Many(texts) => format!("{key}: {}\n", texts.join(",")),
        })
        .collect();
    sha1_hex(lines.as_bytes())
}

fn config(call: &Call) -> Outcome {
    let section = section(call, "config");
    let method = schema::method(call.cluster.config.release, "PUT", "/nodes/{node}/config");
    let mut shown: Map<String, Value> = section
        .fields
        .iter()
        .map(|(key, value)| (key.clone(), view::of_file(method.and_then(|m| m.param(key)), value)))
        .collect();
    shown.insert("digest".into(), json!(digest(&section)));
    if let Some(wanted) = call.params.str("property") {
        shown.retain(|key, _| key == wanted);
    }
    Ok(Value::Object(shown).into())
}

fn update_config(call: &Call) -> Outcome {
    let mut section = section(call, "config");
    unmodified(&digest(&section), call.params.str("digest"))?;
    for (key, value) in call.params.iter().filter(|(key, _)| !matches!(*key, "node" | "digest" | "delete")) {
        let mut value = value.clone();
        if let ("description", Param::One(text)) = (key, &mut value) {
            // Lines of a comment end, the last one too.
            *text = format!("{}\n", text.trim_end_matches('\n'));
        }
        section.fields.insert(key.to_owned(), value);
    }
    for key in call.params.list("delete") {
        section.fields.remove(&key);
    }
    section.fields.retain(|_, value| !matches!(value, Param::One(text) if text.trim().is_empty()));
    put(call, "config", section);
    Ok(Answer::null())
}

fn dns(call: &Call) -> Outcome {
    let section = section(call, "dns");
    if section.fields.is_empty() {
        return Ok(json!({ "dns1": "10.77.0.1", "search": "example.test" }).into());
    }
    Ok(Value::Object(view::fields(None, &section.fields)).into())
}

/// Writes the whole file: what is not given is gone.
fn update_dns(call: &Call) -> Outcome {
    let mut section = Section::new("dns");
    for key in ["search", "dns1", "dns2", "dns3"] {
        if let Some(text) = call.params.str(key).filter(|t| !t.is_empty()) {
            section.set(key, text);
        }
    }
    put(call, "dns", section);
    Ok(Answer::null())
}

fn time(call: &Call) -> Outcome {
    let section = section(call, "time");
    let now = call.cluster.now();
    let zone = section.str("timezone").unwrap_or("Etc/UTC");
    Ok(json!({ "timezone": zone, "time": now, "localtime": now }).into())
}

fn update_time(call: &Call) -> Outcome {
    let mut section = Section::new("time");
    section.set("timezone", call.params.need("timezone")?);
    put(call, "time", section);
    Ok(Answer::null())
}

fn hosts_text(call: &Call) -> String {
    let node = call.node();
    section(call, "hosts").str("data").map_or_else(
        || format!("127.0.0.1 localhost.localdomain localhost\n10.77.0.1 {node}.example.test {node}\n"),
        str::to_owned,
    )
}

fn hosts(call: &Call) -> Outcome {
    let data = hosts_text(call);
    Ok(json!({ "digest": sha1_hex(data.as_bytes()), "data": data }).into())
}

fn update_hosts(call: &Call) -> Outcome {
    unmodified(&sha1_hex(hosts_text(call).as_bytes()), call.params.str("digest"))?;
    let mut section = Section::new("hosts");
    section.set("data", call.params.need("data")?);
    put(call, "hosts", section);
    Ok(Answer::null())
}
