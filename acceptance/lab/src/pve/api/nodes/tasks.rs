//! `/nodes/{node}/tasks`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::tasks::{Task, parse_upid};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/tasks", list),
    ("DELETE", "/nodes/{node}/tasks/{upid}", stop),
    ("GET", "/nodes/{node}/tasks/{upid}/log", log),
    ("GET", "/nodes/{node}/tasks/{upid}/status", status),
];

/// Whether the asker may see a task: its owner may, and auditors of the node.
fn visible(call: &Call, task: &Task) -> bool {
    task.user == call.principal.user
        || call.cluster.state().may(&call.principal, &format!("/nodes/{}", task.node), "Sys.Audit")
}

fn find(call: &Call) -> Outcome<Arc<Task>> {
    let upid = call.params.need("upid")?;
    if parse_upid(upid).is_none() {
        return Err(Refusal::param("upid", "unable to parse worker upid"));
    }
    let task = call.cluster.state().tasks.iter().find(|t| t.upid == upid).cloned();
    let task = task.ok_or_else(|| Refusal::param("upid", "no such task"))?;
    if visible(call, &task) {
        return Ok(task);
    }
    Err(Refusal::forbidden(&format!("/nodes/{}, Sys.Audit", task.node)))
}

fn item(task: &Task) -> Value {
    let mut item = task.summary();
    item.insert("pid".into(), json!(task.pid));
    item.insert("pstart".into(), json!(task.pstart));
    match task.ended() {
        Some(end) => {
            item.insert("endtime".into(), json!(end.time));
            item.insert("status".into(), json!(end.text));
        }
        // The list of the active ones is another file, written another way.
        None => {
            if let Some(token) = item.remove("tokenid").as_ref().and_then(Value::as_str) {
                item.insert("user".into(), json!(format!("{}!{token}", task.user)));
            }
            item.insert("status".into(), json!("RUNNING"));
            item.insert("saved".into(), json!("0"));
        }
    }
    Value::Object(item)
}

fn list(call: &Call) -> Outcome {
    let params = &call.params;
    let mut all: Vec<Arc<Task>> = call.cluster.state().tasks.clone();
    let source = params.str("source").unwrap_or("archive");
    all.retain(|task| {
        let end = task.ended();
        let of_source = match source {
            "active" => end.is_none(),
            "all" => true,
            _ => end.is_some(),
        };
        let failed = end.is_some_and(|e| e.text != "OK");
        of_source
            && task.node == call.node()
            && (failed || !params.flag("errors"))
            && params.str("vmid").is_none_or(|v| task.id == v)
            && params.str("typefilter").is_none_or(|t| task.kind == t)
            && params.str("userfilter").is_none_or(|u| task.user.contains(u))
            && params.number("since").is_none_or(|t| task.starttime >= t)
            && params.number("until").is_none_or(|t| task.starttime <= t)
            && visible(call, task)
    });
    let total = all.len();
    let start = usize::try_from(params.number("start").unwrap_or(0)).unwrap_or(usize::MAX);
    let limit = usize::try_from(params.number("limit").unwrap_or(50)).unwrap_or(usize::MAX);
    let page: Vec<Value> = all.iter().rev().skip(start).take(limit).map(|t| item(t)).collect();
    Ok(Answer::page(Value::from(page), total))
}

fn status(call: &Call) -> Outcome {
    let task = find(call)?;
    let mut item = task.summary();
    item.insert("pid".into(), json!(task.pid));
    item.insert("pstart".into(), json!(task.pstart));
    match task.ended() {
        Some(end) => {
            item.insert("status".into(), json!("stopped"));
            item.insert("exitstatus".into(), json!(end.text));
        }
        None => {
            item.insert("status".into(), json!("running"));
        }
    }
    Ok(Value::Object(item).into())
}

fn log(call: &Call) -> Outcome {
    let task = find(call)?;
    let lines = task.log();
    let start = usize::try_from(call.params.number("start").unwrap_or(0)).unwrap_or(usize::MAX);
    let limit = match call.params.number("limit").unwrap_or(50) {
        // 0 asks for everything.
        0 => usize::MAX,
        n => usize::try_from(n).unwrap_or(usize::MAX),
    };
    let page: Vec<Value> = lines
        .iter()
        .enumerate()
        .skip(start)
        .take(limit)
        .map(|(index, line)| json!({ "n": index + 1, "t": line }))
        .collect();
    Ok(Answer::page(Value::from(page), lines.len()))
}

fn stop(call: &Call) -> Outcome {
    find(call)?.stop();
    Ok(Answer::null())
}
