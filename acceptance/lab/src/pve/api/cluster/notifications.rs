//! Notifications beside their objects: indexes, targets, tests.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::config::families::{TARGET_FILES, origin};
use crate::pve::reply::{Answer, Outcome, Refusal};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/cluster/notifications", index),
    ("GET", "/cluster/notifications/endpoints", endpoints),
    ("GET", "/cluster/notifications/targets", targets),
    ("POST", "/cluster/notifications/targets/{name}/test", test),
    ("GET", "/cluster/notifications/matcher-fields", fields),
    ("GET", "/cluster/notifications/matcher-field-values", values),
];

fn names(list: &[&str]) -> Outcome {
    Ok(list.iter().map(|name| json!({ "name": name })).collect::<Value>().into())
}

fn index(_: &Call) -> Outcome {
    names(&["endpoints", "matchers", "targets", "matcher-fields", "matcher-field-values"])
}

fn endpoints(_: &Call) -> Outcome {
    names(&["gotify", "sendmail", "smtp", "webhook"])
}

fn fields(_: &Call) -> Outcome {
    names(&["type", "hostname", "job-id"])
}

fn values(call: &Call) -> Outcome {
    let types = ["fencing", "package-updates", "replication", "system-mail", "vzdump"];
    let mut found: Vec<Value> = types.iter().map(|t| json!({ "field": "type", "value": t })).collect();
    let state = call.cluster.state();
    found.extend(state.nodes.keys().map(|node| json!({ "field": "hostname", "value": node })));
    let jobs = state.config.file("jobs.cfg/vzdump").keys();
    found.extend(jobs.map(|job| json!({ "field": "job-id", "value": job })));
    Ok(Value::from(found).into())
}

fn targets(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let mut found = Vec::new();
    for (kind, file) in TARGET_FILES {
        for (name, section) in state.config.file(file) {
            let mut item = json!({ "name": name, "type": kind, "origin": origin(file, name, section) });
            if let Some(comment) = section.str("comment") {
                item["comment"] = json!(comment);
            }
            if section.str("disable").is_some() {
                item["disable"] = json!(u8::from(section.flag("disable")));
            }
            found.push(item);
        }
    }
    Ok(Value::from(found).into())
}

/// A notification that goes nowhere, unless the server is one that does not answer.
fn test(call: &Call) -> Outcome {
    let name = call.params.need("name")?;
    let state = call.cluster.state();
    let found = TARGET_FILES.iter().find_map(|(_, file)| state.config.section(file, name));
    let Some(section) = found else {
        return Err(Refusal::died(format!("endpoint '{name}' does not exist")).with_status(404));
    };
    let server = section.str("server").or_else(|| section.str("url")).unwrap_or_default();
    match state.silent_servers.iter().any(|host| server.contains(host.as_str())) {
        true => Err(Refusal::died(format!("could not notify via target `{name}`: connection timed out"))),
        false => Ok(Answer::null()),
    }
}
