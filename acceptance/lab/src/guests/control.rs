//! The handles of guests over the control endpoint, for tests outside this process.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::AgentState;
use crate::handles::Inner;
use crate::pve::guest::GuestKind;

type Shared = State<Arc<Inner>>;

pub(crate) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/_lab/guests", get(list).post(add))
        .route("/_lab/guests/change", post(change))
        .route("/_lab/volumes", get(volumes))
        .route("/_lab/fence", post(fence))
        .merge(super::pct::routes())
}

/// Runs what blocks where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

async fn list(State(lab): Shared) -> Json<Value> {
    Json(json!(lab.guests()))
}

async fn volumes(State(lab): Shared) -> Json<Value> {
    Json(json!(blocking(move || lab.volumes()).await))
}

#[derive(Debug, Deserialize)]
struct New {
    kind: String,
    node: String,
    vmid: u32,
    #[serde(default)]
    config: BTreeMap<String, String>,
    #[serde(default)]
    running: bool,
}

async fn add(State(lab): Shared, Json(new): Json<New>) -> (StatusCode, Json<Value>) {
    let kind = if new.kind == "lxc" { GuestKind::Lxc } else { GuestKind::Qemu };
    let added = blocking(move || lab.add_guest(kind, &new.node, new.vmid, new.config, new.running)).await;
    match added {
        Some(Ok(())) => (StatusCode::OK, Json(Value::Null)),
        Some(Err(error)) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
        None => (StatusCode::INTERNAL_SERVER_ERROR, Json(Value::Null)),
    }
}

/// What somebody else does to a guest.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Act {
    /// Sets an option, or removes it where no value is given.
    Edit { key: String, value: Option<String> },
    /// Moves it with its local volumes.
    Move { node: String },
    /// Makes it and its volumes vanish.
    Remove,
    /// Switches it on or off.
    Power { running: bool },
    /// Sets its agent; back to what is configured where none is given.
    Agent { agent: Option<AgentState> },
    /// Writes text into a volume of it.
    Write { volid: String, text: String },
}

#[derive(Debug, Deserialize)]
struct Change {
    vmid: u32,
    #[serde(flatten)]
    act: Act,
}

async fn change(State(lab): Shared, Json(change): Json<Change>) -> StatusCode {
    let vmid = change.vmid;
    let done = blocking(move || match change.act {
        Act::Edit { key, value } => lab.edit_guest(vmid, &key, value.as_deref()),
        Act::Move { node } => lab.move_guest(vmid, &node),
        Act::Remove => lab.remove_guest(vmid),
        Act::Power { running } => lab.set_running(vmid, running),
        Act::Agent { agent } => lab.set_agent(vmid, agent),
        Act::Write { volid, text } => {
            let node = lab.guests().into_iter().find(|g| g.vmid == vmid).map(|g| g.node);
            node.is_some_and(|node| lab.write_volume(&node, &volid, text.as_bytes()).is_ok())
        }
    });
    match done.await {
        Some(true) => StatusCode::OK,
        Some(false) => StatusCode::NOT_FOUND,
        None => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[derive(Debug, Deserialize)]
struct Gone {
    node: String,
}

async fn fence(State(lab): Shared, Json(gone): Json<Gone>) -> Json<Value> {
    Json(json!(crate::pve::ha::fence(&lab.cluster, &gone.node)))
}
