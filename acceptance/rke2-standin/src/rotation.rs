//! `PUT /v1-rke2/token`: another token for the cluster (k3s pkg/server/handlers/token.go, cluster.RotateBootstrapToken).

use std::sync::Arc;

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::bootstrap;
use crate::logline;
use crate::server::{save_bootstrap, write_identity};
use crate::supervisor::{Secrets, Shared, refuse};
use crate::token::Token;

/// What a request says.
#[derive(Deserialize)]
pub(crate) struct Change {
    #[serde(rename = "newToken")]
    new_token: Option<String>,
}

/// The handler.
pub(crate) async fn change_token(State(shared): State<Arc<Shared>>, Json(change): Json<Change>) -> Response {
    match rotate(&shared, change.new_token.as_deref()).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

async fn rotate(shared: &Shared, new: Option<&str>) -> anyhow::Result<()> {
    let context = &shared.context;
    let new = match new {
        Some(text) if !text.trim().is_empty() => Token::parse(text)?.password,
        _ => crate::files::random_hex(16)?,
    };
    let etcd = shared.etcd.get().context("etcd datastore is not ready")?;
    let old = Secrets::read(&context.layout)?.context("no passwords")?;
    let agent = if old.agent == old.server { new.clone() } else { old.agent.clone() };
    let secrets = Secrets { server: new.clone(), agent };
    // The files first: they are part of what is encrypted.
    write_identity(context, &secrets)?;
    save_bootstrap(context, &new, etcd).await?;
    if new != old.server {
        etcd.remove(&bootstrap::key(&old.server)).await?;
    }
    logline::info(format!(
        "Rotated the token of the cluster; restart {} nodes with it",
        context.layout.product()
    ));
    Ok(())
}
