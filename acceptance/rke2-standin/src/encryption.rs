//! Encryption of Secrets: status, and rotation of keys (k3s pkg/secretsencrypt, pkg/server/handlers/secrets-encrypt.go).
//! Keys and hashes are made, kept in the bootstrap data and compared; what is stored is not encrypted with them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::api::{Api, Patch};
use crate::context::Context;
use crate::distribution::Layout;
use crate::files::{hex, random_hex, read_if_there, write_private};
use crate::logline;
use crate::server::save_bootstrap;
use crate::supervisor::{Secrets, Shared, refuse};

const CONFIG: &str = "cred/encryption-config.json";
const STATE: &str = "cred/encryption-state.json";

/// What a request may ask for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Change {
    stage: Option<String>,
    enable: Option<bool>,
}

/// Whether Secrets of this cluster are encrypted: RKE2 unless told otherwise, K3s only if told.
pub(crate) fn is_wanted(context: &Context) -> bool {
    if context.layout.distribution.has_static_pods() {
        return context.config.on_unless_off("secrets-encryption");
    }
    context.config.on("secrets-encryption")
}

/// The first key of a new cluster.
pub(crate) fn prepare(context: &Context) -> anyhow::Result<()> {
    if !is_wanted(context) || context.layout.server(CONFIG).exists() {
        return Ok(());
    }
    let provider = context.config.text("secrets-encryption-provider").unwrap_or("aescbc");
    write_keys(&context.layout, provider, &[new_key(provider)?])?;
    write_state(&context.layout, "start")
}

fn new_key(provider: &str) -> anyhow::Result<Value> {
    let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
    Ok(json!({ "name": format!("{provider}key-{now}"), "secret": STANDARD.encode(random_hex(16)?) }))
}

fn write_keys(layout: &Layout, provider: &str, keys: &[Value]) -> anyhow::Result<()> {
    let file = json!({
        "kind": "EncryptionConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
        "resources": [{ "resources": ["secrets"], "providers": [{ provider: { "keys": keys } }, { "identity": {} }] }],
    });
    write_private(&layout.server(CONFIG), file.to_string())
}

fn write_state(layout: &Layout, stage: &str) -> anyhow::Result<()> {
    let config = std::fs::read(layout.server(CONFIG)).context("open encryption-config.json")?;
    write_private(&layout.server(STATE), format!("{stage}-{}", hex(&Sha256::digest(config))))
}

/// The provider and its keys, the active one first.
fn keys(layout: &Layout) -> anyhow::Result<Option<(String, Vec<Value>)>> {
    let Some(text) = read_if_there(&layout.server(CONFIG))? else { return Ok(None) };
    let config: Value = serde_json::from_str(&text).context("encryption-config.json")?;
    let provider = config.pointer("/resources/0/providers/0").and_then(Value::as_object);
    let found = provider
        .and_then(|provider| provider.iter().next())
        .map(|(name, body)| (name.clone(), body["keys"].as_array().cloned().unwrap_or_default()));
    Ok(found)
}

fn state(layout: &Layout) -> anyhow::Result<String> {
    Ok(read_if_there(&layout.server(STATE))?.unwrap_or_default())
}

fn annotation(context: &Context) -> String {
    format!("{}.io/encryption-config-hash", context.layout.distribution.name())
}

/// Tells on the own Node which keys this server runs with.
pub(crate) async fn tell(context: &Context, api: &Api) -> anyhow::Result<()> {
    let state = state(&context.layout)?;
    if !state.is_empty() {
        let change = json!({ "metadata": { "annotations": { annotation(context): state } } });
        api.patch(&format!("/api/v1/nodes/{}", context.node.name), Patch::Merge, &change).await?;
    }
    Ok(())
}

async fn report(shared: &Shared) -> anyhow::Result<Value> {
    let context = &shared.context;
    let api = shared.api.get().context("runtime core not ready")?;
    let Some((provider, keys)) = keys(&context.layout)? else { return Ok(json!({ "enable": false })) };
    let label = match provider.as_str() {
        "aescbc" => "AES-CBC",
        "secretbox" => "XSalsa20-POLY1305",
        other => other,
    };
    let named = |key: &Value| format!("{label}  {}", key["name"].as_str().unwrap_or_default());
    let own = state(&context.layout)?;
    let stage = own.rsplit_once('-').map_or("start", |(stage, _)| stage).to_owned();
    let path = "/api/v1/nodes?labelSelector=node-role.kubernetes.io%2Fcontrol-plane";
    let servers = api.list(path).await?;
    let key = annotation(context);
    let differs: Vec<String> = servers
        .iter()
        .filter(|node| node["metadata"]["annotations"][key.as_str()] != json!(own))
        .filter_map(|node| node["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    let mut answer = json!({ "stage": stage, "enable": true, "hashmatch": differs.is_empty() });
    if let Some(active) = keys.first() {
        answer["activekey"] = json!(named(active));
    }
    let inactive: Vec<String> = keys.iter().skip(1).map(named).collect();
    if !inactive.is_empty() {
        answer["inactivekeys"] = json!(inactive);
    }
    if !differs.is_empty() {
        answer["hasherror"] =
            json!(format!("hash does not match between {} and {}", context.node.name, differs.join(", ")));
    }
    Ok(answer)
}

/// `GET /v1-rke2/encrypt/status`.
pub(crate) async fn status(State(shared): State<Arc<Shared>>) -> Response {
    match report(&shared).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

/// `PUT /v1-rke2/encrypt/config`: `{"stage": "rotate_keys"}`.
pub(crate) async fn change(State(shared): State<Arc<Shared>>, Json(change): Json<Change>) -> Response {
    if change.enable.is_some() {
        return refuse(StatusCode::BAD_REQUEST, "switching encryption on or off is not stood in for");
    }
    if change.stage.as_deref() != Some("rotate_keys") {
        let stage = change.stage.unwrap_or_default();
        return refuse(StatusCode::BAD_REQUEST, format!("unknown stage {stage} requested"));
    }
    match begin(&shared).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => refuse(StatusCode::BAD_REQUEST, format!("{error:#}")),
    }
}

async fn begin(shared: &Arc<Shared>) -> anyhow::Result<()> {
    let context = &shared.context;
    let report = report(shared).await?;
    if report["hashmatch"] != json!(true) {
        anyhow::bail!(
            "unable to rotate keys: {}",
            report["hasherror"].as_str().unwrap_or("encryption is not enabled")
        );
    }
    if report["stage"] == "reencrypt_active" || report["stage"] == "reencrypt_request" {
        anyhow::bail!("unable to rotate keys: a rotation is under way");
    }
    let Some((provider, mut keys)) = keys(&context.layout)? else {
        anyhow::bail!("encryption is not enabled")
    };
    keys.insert(0, new_key(&provider)?);
    write_keys(&context.layout, &provider, &keys)?;
    step(shared, "reencrypt_request").await?;
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        if let Err(error) = finish(&shared, &provider).await {
            logline::error(format!("error syncing secrets-encryption: {error:#}"));
        }
    });
    Ok(())
}

async fn finish(shared: &Shared, provider: &str) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_millis(500)).await;
    step(shared, "reencrypt_active").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let layout = &shared.context.layout;
    let active = keys(layout)?.and_then(|(_, keys)| keys.into_iter().next()).context("no key is left")?;
    write_keys(layout, provider, &[active])?;
    step(shared, "reencrypt_finished").await?;
    logline::info("Secrets reencryption complete");
    Ok(())
}

/// One stage: on disk, on the Node, and in the bootstrap data, from where other servers take it at their restart.
async fn step(shared: &Shared, stage: &str) -> anyhow::Result<()> {
    let context = &shared.context;
    write_state(&context.layout, stage)?;
    let api = shared.api.get().context("runtime core not ready")?;
    tell(context, api).await?;
    let etcd = shared.etcd.get().context("etcd datastore is not ready")?;
    let secrets = Secrets::read(&context.layout)?.context("no passwords")?;
    save_bootstrap(context, &secrets.server, etcd).await
}
