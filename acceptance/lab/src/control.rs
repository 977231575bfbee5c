//! The control endpoint `/_lab`: the library's handles over HTTP, for tests that run outside this process.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::faults::{RequestFault, TaskFaultRule};
use crate::handles::Inner;
use crate::lab::NodeState;

type Shared = State<Arc<Inner>>;

pub(crate) fn serve(listener: TcpListener, inner: Arc<Inner>) -> JoinHandle<()> {
    let router = Router::new()
        .route("/_lab/status", get(status))
        .route("/_lab/log", get(log))
        .route("/_lab/counts", get(counts))
        .route("/_lab/artefacts/log", get(artefact_log))
        .route("/_lab/state", get(state))
        .route("/_lab/faults", post(arm).delete(disarm))
        .route("/_lab/faults/release", post(release))
        .route("/_lab/reset", post(reset))
        .route("/_lab/node", post(node))
        .route("/_lab/storage", post(storage))
        .route("/_lab/server", post(server))
        .route("/_lab/config", get(config))
        .route("/_lab/firewalls", get(firewalls))
        .route("/_lab/call", post(call))
        .route("/_lab/clock", post(clock))
        .route("/_lab/grant", post(grant))
        .route("/_lab/revoke", post(revoke))
        .route("/_lab/token", post(token))
        .route("/_lab/netbox/log", get(netbox_log))
        .route("/_lab/netbox/counts", get(netbox_counts))
        .route("/_lab/netbox/faults", post(netbox_arm).delete(netbox_disarm))
        .route("/_lab/netbox/reset", post(netbox_reset))
        .route("/_lab/netbox/call", post(netbox_call))
        .merge(crate::guests::control::routes())
        .route("/_lab/stop", post(stop))
        .with_state(inner);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the control endpoint ended");
        }
    })
}

async fn status(State(lab): Shared) -> Json<Value> {
    let state = lab.cluster.state();
    let running = state.tasks.iter().filter(|t| t.ended().is_none()).count();
    Json(json!({
        "stand_in": "Proxmox VE", "release": lab.cluster.personality().version, "pid": std::process::id(),
        "endpoints": lab.endpoints.iter().map(crate::pve::http::Endpoint::url).collect::<Vec<_>>(),
        "artefacts": format!("http://{}", lab.artefacts), "dir": lab.dir,
        "netbox": lab.netbox.as_ref().map(|n| json!({ "url": n.url(), "version": n.version().full() })),
        "guests": state.guests.len(), "tasks": state.tasks.len(), "tasks_running": running,
        "requests": lab.cluster.journal.all().len(),
    }))
}

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn log(State(lab): Shared, Query(query): Query<Since>) -> Json<Value> {
    Json(json!(lab.cluster.journal.since(query.since)))
}

async fn artefact_log(State(lab): Shared, Query(query): Query<Since>) -> Json<Value> {
    Json(json!(lab.artefact_journal.since(query.since)))
}

async fn counts(State(lab): Shared) -> Json<Value> {
    Json(json!(lab.cluster.journal.counts()))
}

async fn state(State(lab): Shared) -> Json<Value> {
    let worker = Arc::clone(&lab);
    Json(tokio::task::spawn_blocking(move || worker.state()).await.unwrap_or_default())
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Fault {
    Task(TaskFaultRule),
    Request(RequestFault),
}

async fn arm(State(lab): Shared, Json(fault): Json<Fault>) -> (StatusCode, Json<Value>) {
    let armed = match fault {
        Fault::Task(fault) => lab.cluster.faults.add_task(fault),
        Fault::Request(fault) => lab.cluster.faults.add(fault),
    };
    match armed {
        Ok(id) => (StatusCode::OK, Json(json!({ "id": id }))),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    }
}

#[derive(Debug, Deserialize)]
struct Id {
    id: Option<u64>,
}

async fn disarm(State(lab): Shared, Query(query): Query<Id>) -> Json<Value> {
    match query.id {
        Some(id) => lab.cluster.faults.remove(id),
        None => lab.cluster.faults.clear(),
    }
    Json(Value::Null)
}

async fn release(State(lab): Shared) -> Json<Value> {
    lab.cluster.faults.release();
    Json(Value::Null)
}

async fn reset(State(lab): Shared) -> Json<Value> {
    lab.cluster.faults.clear();
    lab.cluster.journal.clear();
    lab.artefact_journal.clear();
    Json(Value::Null)
}

#[derive(Debug, Deserialize)]
struct NodeChange {
    node: String,
    state: String,
}

async fn node(State(lab): Shared, Json(change): Json<NodeChange>) -> StatusCode {
    let state = match change.state.as_str() {
        "online" => NodeState::Online,
        "offline" => NodeState::Offline,
        "silent" => NodeState::Silent,
        _ => return StatusCode::BAD_REQUEST,
    };
    lab.set_node(&change.node, state);
    StatusCode::OK
}

#[derive(Debug, Deserialize)]
struct StorageChange {
    storage: String,
    broken: bool,
}

async fn storage(State(lab): Shared, Json(change): Json<StorageChange>) -> Json<Value> {
    lab.set_storage_broken(&change.storage, change.broken);
    Json(Value::Null)
}

#[derive(Debug, Deserialize)]
struct ServerChange {
    server: String,
    silent: bool,
}

async fn server(State(lab): Shared, Json(change): Json<ServerChange>) -> Json<Value> {
    lab.set_server_silent(&change.server, change.silent);
    Json(Value::Null)
}

async fn config(State(lab): Shared) -> Json<Value> {
    Json(lab.config())
}

async fn firewalls(State(lab): Shared) -> Json<Value> {
    Json(lab.firewalls())
}

/// A request past the log and all faults.
#[derive(Debug, Deserialize)]
struct PlainCall {
    method: String,
    path: String,
    #[serde(default)]
    params: serde_json::Map<String, Value>,
}

async fn call(State(lab): Shared, Json(call): Json<PlainCall>) -> (StatusCode, Json<Value>) {
    let done = tokio::task::spawn_blocking(move || lab.call(&call.method, &call.path, &call.params)).await;
    match done {
        Ok(Ok(answer)) => (StatusCode::OK, Json(answer.body())),
        Ok(Err(refusal)) => (
            StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST),
            Json(json!({ "message": refusal.message, "errors": refusal.errors })),
        ),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": error.to_string() }))),
    }
}

#[derive(Debug, Deserialize)]
struct Clock {
    offset_seconds: i64,
}

async fn clock(State(lab): Shared, Json(change): Json<Clock>) -> Json<Value> {
    lab.cluster.set_clock_offset(change.offset_seconds);
    Json(Value::Null)
}

#[derive(Debug, Deserialize)]
struct Acl {
    path: String,
    subject: String,
    #[serde(default)]
    role: String,
}

async fn grant(State(lab): Shared, Json(acl): Json<Acl>) -> Json<Value> {
    lab.grant(&acl.path, &acl.subject, &acl.role);
    Json(Value::Null)
}

async fn revoke(State(lab): Shared, Json(acl): Json<Acl>) -> Json<Value> {
    lab.revoke(&acl.path, &acl.subject);
    Json(Value::Null)
}

#[derive(Debug, Deserialize)]
struct NewToken {
    user: String,
    id: String,
}

async fn token(State(lab): Shared, Json(new): Json<NewToken>) -> Json<Value> {
    Json(json!({ "token": lab.add_token(&new.user, &new.id) }))
}

fn no_netbox() -> (StatusCode, Json<Value>) {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "there is no NetBox stand-in" })))
}

async fn netbox_log(State(lab): Shared, Query(query): Query<Since>) -> Json<Value> {
    Json(json!(lab.netbox.as_ref().map(|n| n.journal().since(query.since)).unwrap_or_default()))
}

async fn netbox_counts(State(lab): Shared) -> Json<Value> {
    Json(json!(lab.netbox.as_ref().map(|n| n.journal().counts()).unwrap_or_default()))
}

async fn netbox_arm(State(lab): Shared, Json(fault): Json<RequestFault>) -> (StatusCode, Json<Value>) {
    let Some(netbox) = &lab.netbox else { return no_netbox() };
    match netbox.faults().add(fault) {
        Ok(id) => (StatusCode::OK, Json(json!({ "id": id }))),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    }
}

async fn netbox_disarm(State(lab): Shared, Query(query): Query<Id>) -> Json<Value> {
    match (&lab.netbox, query.id) {
        (Some(netbox), Some(id)) => netbox.faults().remove(id),
        (Some(netbox), None) => netbox.faults().clear(),
        (None, _) => {}
    }
    Json(Value::Null)
}

async fn netbox_reset(State(lab): Shared) -> Json<Value> {
    if let Some(netbox) = &lab.netbox {
        netbox.faults().clear();
        netbox.journal().clear();
    }
    Json(Value::Null)
}

/// A request past the log and all faults.
#[derive(Debug, Deserialize)]
struct NetBoxCall {
    method: String,
    path: String,
    body: Option<Value>,
}

async fn netbox_call(State(lab): Shared, Json(call): Json<NetBoxCall>) -> (StatusCode, Json<Value>) {
    let Some(netbox) = lab.netbox.clone() else { return no_netbox() };
    let done = tokio::task::spawn_blocking(move || netbox.call(&call.method, &call.path, call.body)).await;
    match done {
        Ok(Ok(answer)) => (StatusCode::OK, Json(answer)),
        Ok(Err(refusal)) => {
            (StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST), Json(refusal.body))
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": error.to_string() }))),
    }
}

async fn stop(State(lab): Shared) -> Json<Value> {
    lab.stop.notify_one();
    Json(Value::Null)
}
