//! The paths of the supervisor.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::Shared;
use super::auth::{Caller, caller};
use super::certificates::{CertificateError, issue};
use super::passwords::PasswordError;
use crate::context::critical;
use crate::kube::serve::PeerCertificate;
use crate::{bootstrap, encryption, rotation, snapshots};

type Held = State<Arc<Shared>>;

/// The answer to a failed request, as upstream writes it: plain text.
pub(crate) fn refuse(status: StatusCode, message: impl Into<String>) -> Response {
    (status, format!("{}\n", message.into())).into_response()
}

/// Everything below the supervisor's port.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let base = shared.context.layout.distribution.supervisor_path();
    let agents = Router::new()
        .route(&format!("{base}/readyz"), get(readyz))
        .route(&format!("{base}/config"), get(config))
        .route(&format!("{base}/apiservers"), get(servers))
        .route(&format!("{base}/client-ca.crt"), get(client_ca))
        .route(&format!("{base}/server-ca.crt"), get(server_ca))
        .route(&format!("{base}/{{file}}"), get(certificate).post(certificate))
        .layer(middleware::from_fn_with_state((Arc::clone(&shared), Caller::Agent), allow));
    let servers = Router::new()
        .route(&format!("{base}/server-bootstrap"), get(server_bootstrap))
        .route(&format!("{base}/encrypt/status"), get(encryption::status))
        .route(&format!("{base}/encrypt/config"), put(encryption::change))
        .route(&format!("{base}/token"), put(rotation::change_token))
        .route("/db/info", get(members))
        .route("/db/snapshot", post(snapshots::request))
        .layer(middleware::from_fn_with_state((Arc::clone(&shared), Caller::Server), allow));
    Router::new()
        .route("/ping", get(|| async { "pong" }))
        .route("/cacerts", get(server_ca))
        .merge(agents)
        .merge(servers)
        .with_state(shared)
}

async fn allow(
    State((shared, least)): State<(Arc<Shared>, Caller)>,
    peer: Option<Extension<PeerCertificate>>,
    request: Request,
    next: Next,
) -> Response {
    let who = caller(&shared, request.headers(), peer.as_ref().map(|Extension(peer)| peer)).await;
    if who >= least {
        return next.run(request).await;
    }
    if who == Caller::Nobody {
        return refuse(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    refuse(StatusCode::FORBIDDEN, "Forbidden")
}

async fn readyz(State(shared): Held) -> Response {
    if shared.is_ready() {
        return "ok".into_response();
    }
    refuse(StatusCode::SERVICE_UNAVAILABLE, "runtime core not ready")
}

async fn server_ca(State(shared): Held) -> Response {
    text(std::fs::read_to_string(shared.context.layout.tls("server-ca.crt")))
}

async fn client_ca(State(shared): Held) -> Response {
    text(std::fs::read_to_string(shared.context.layout.tls("client-ca.crt")))
}

fn text(read: std::io::Result<String>) -> Response {
    match read {
        Ok(text) => ([("content-type", "text/plain")], text).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn config(State(shared): Held) -> Response {
    if !shared.is_ready() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "runtime core not ready");
    }
    let context = &shared.context;
    let values: serde_json::Map<String, Value> =
        critical(&context.config, context.layout.distribution.has_static_pods())
            .into_iter()
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect();
    let agent = super::Secrets::read(&context.layout)
        .ok()
        .flatten()
        .map(|known| crate::token::key_hash(&known.agent));
    let port = 6443;
    Json(
        json!({ "critical": values, "httpsPort": port, "version": context.version, "agentTokenHash": agent }),
    )
    .into_response()
}

async fn servers(State(shared): Held) -> Response {
    let Some(api) = shared.api.get() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "runtime core not ready");
    };
    let nodes = match api.list("/api/v1/nodes?labelSelector=node-role.kubernetes.io%2Fcontrol-plane").await {
        Ok(nodes) => nodes,
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let addresses: Vec<String> = nodes
        .iter()
        .filter_map(|node| node.pointer("/status/addresses/0/address").and_then(Value::as_str))
        .map(|address| format!("{address}:6443"))
        .collect();
    Json(addresses).into_response()
}

async fn certificate(State(shared): Held, Path(file): Path<String>, headers: HeaderMap) -> Response {
    match issue(&shared, &file, &headers).await {
        Ok(Some(pair)) => format!("{}{}", pair.certificate, pair.key).into_response(),
        Ok(None) => refuse(StatusCode::NOT_FOUND, "404 page not found"),
        Err(error) => refuse(
            match &error {
                CertificateError::NoName | CertificateError::NoPassword => StatusCode::BAD_REQUEST,
                CertificateError::NotReady => StatusCode::SERVICE_UNAVAILABLE,
                CertificateError::Password { source: PasswordError::Differs, .. } => StatusCode::FORBIDDEN,
                CertificateError::Password { .. } | CertificateError::Other(_) => {
                    StatusCode::INTERNAL_SERVER_ERROR
                }
            },
            error.to_string(),
        ),
    }
}

async fn server_bootstrap(State(shared): Held) -> Response {
    if !shared.is_ready() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "runtime core not ready");
    }
    match bootstrap::collect(&shared.context.layout) {
        Ok(data) => Json(data).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

async fn members(State(shared): Held) -> Response {
    let Some(etcd) = shared.etcd.get() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "etcd datastore is not ready");
    };
    match etcd.members().await {
        Ok(members) => {
            let members: Vec<Value> = members
                .into_iter()
                .map(|member| {
                    let mut object = json!({
                        "ID": member.id, "name": member.name, "peerURLs": member.peer_urls,
                        "clientURLs": member.client_urls,
                    });
                    if member.is_learner {
                        object["isLearner"] = json!(true);
                    }
                    object
                })
                .collect();
            Json(json!({ "members": members })).into_response()
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
