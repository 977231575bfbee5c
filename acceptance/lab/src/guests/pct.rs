//! What the double of `pct` on a node asks: of the stand-in, as text, as an administrator reads it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use http::StatusCode;
use serde_json::{Map, Value};

use super::control::blocking;
use crate::handles::Inner;
use crate::pve::guest::{Guest, GuestKind};

/// How long a task may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new().route("/_lab/pct/{node}/{*words}", post(pct))
}

async fn pct(
    State(lab): State<Arc<Inner>>,
    Path((node, words)): Path<(String, String)>,
) -> (StatusCode, String) {
    let answered = blocking(move || {
        let words: Vec<&str> = words.split('/').collect();
        match words.as_slice() {
            ["list"] => Ok(list(&lab, &node)),
            [verb, vmid, ..] => one(&lab, &node, verb, vmid),
            _ => Err("ERROR: unknown command\n".to_owned()),
        }
    });
    match answered.await {
        Some(Ok(text)) => (StatusCode::OK, text),
        Some(Err(text)) => (StatusCode::BAD_REQUEST, text),
        None => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

fn state_of(guest: &Guest) -> &'static str {
    if guest.run.is_some() { "running" } else { "stopped" }
}

fn list(lab: &Inner, node: &str) -> String {
    let mut text = format!("{:<10} {:<10} {:<12} {:<20}\n", "VMID", "Status", "Lock", "Name");
    let state = lab.cluster.state();
    let here = |guest: &&Guest| guest.kind == GuestKind::Lxc && guest.node == node;
    for (vmid, guest) in state.guests.iter().filter(|(_, guest)| here(guest)) {
        let option = |key: &str| guest.config.get(key).map(String::as_str).unwrap_or_default();
        let (lock, name) = (option("lock"), option("hostname"));
        let _ = writeln!(text, "{vmid:<10} {:<10} {lock:<12} {name:<20}", state_of(guest));
    }
    text
}

fn one(lab: &Inner, node: &str, verb: &str, vmid: &str) -> Result<String, String> {
    let guest = {
        let state = lab.cluster.state();
        let number = vmid.parse::<u32>().ok();
        number.and_then(|number| state.guests.get(&number)).filter(|guest| guest.node == node).cloned()
    };
    let guest =
        guest.ok_or_else(|| format!("Configuration file 'nodes/{node}/lxc/{vmid}.conf' does not exist\n"))?;
    match verb {
        "status" => Ok(format!("status: {}\n", state_of(&guest))),
        "config" => {
            Ok(guest.config.iter().map(|(key, value)| format!("{key}: {value}\n")).collect::<String>())
        }
        "start" | "stop" | "shutdown" | "reboot" => power(lab, node, verb, vmid).map(|()| String::new()),
        other => Err(format!("ERROR: unknown command 'pct {other}'\n")),
    }
}

/// The API's own task, waited for.
fn power(lab: &Inner, node: &str, verb: &str, vmid: &str) -> Result<(), String> {
    let call = |method: &str, path: &str| {
        let answer = lab.call(method, path, &Map::new());
        answer.map(|answer| answer.data).map_err(|refusal| format!("{}\n", refusal.exit_text()))
    };
    let task = call("POST", &format!("/nodes/{node}/lxc/{vmid}/status/{verb}"))?;
    let task = task.as_str().unwrap_or_default().to_owned();
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let status = call("GET", &format!("/nodes/{node}/tasks/{task}/status"))?;
        if status.get("status").and_then(Value::as_str) == Some("stopped") {
            return match status.get("exitstatus").and_then(Value::as_str) {
                Some("OK") => Ok(()),
                other => Err(format!("{}\n", other.unwrap_or("the task failed"))),
            };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("the task does not end\n".to_owned())
}
