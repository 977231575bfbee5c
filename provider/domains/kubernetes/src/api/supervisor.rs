//! A client of a server's supervisor: what is known before the Kubernetes API is, and etcd.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use transport_ssh::{Budget, Machine, Secret};

use super::error::{ApiError, Status};
use super::http::{Answer, Ask, Http, Route};
use super::kube::Object;
use super::kubeconfig::tls;
use crate::distribution::Distribution;

/// A client of one server's supervisor. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Supervisor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    distribution: Distribution,
}

/// A member of etcd.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Member {
    /// Its number.
    #[serde(rename = "ID")]
    pub id: u64,
    /// `<node>-<8 hexadecimal digits>`; empty until it has started once.
    pub name: String,
    /// Where other members reach it.
    #[serde(rename = "peerURLs")]
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    #[serde(rename = "clientURLs")]
    pub client_urls: Vec<String>,
    /// Whether it is only learning, and has no vote.
    #[serde(rename = "isLearner")]
    pub is_learner: bool,
}

/// What is to be done with snapshots.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotRequest {
    operation: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    name: Vec<String>,
    /// Directory of the server's snapshots, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// Whether a new snapshot is compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress: Option<bool>,
    /// How many are kept when others are pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<u32>,
    /// The store, beside or instead of the one that is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Target>,
}

/// A bucket for snapshots.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Target {
    /// The bucket.
    pub bucket: String,
    /// Folder in it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// `s3.example.net:9000`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// Authority of the store, PEM in base64, or a path on the server.
    #[serde(rename = "endpointCA", skip_serializing_if = "String::is_empty")]
    pub endpoint_ca: String,
    /// Region.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Name of a Secret in `kube-system` that holds the rest.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub config_secret: String,
    /// Key.
    #[serde(serialize_with = "exposed", skip_serializing_if = "empty")]
    pub access_key: Secret,
    /// Secret of the key.
    #[serde(serialize_with = "exposed", skip_serializing_if = "empty")]
    pub secret_key: Secret,
    /// Token of a session.
    #[serde(serialize_with = "exposed", skip_serializing_if = "empty")]
    pub session_token: Secret,
    /// Whether it is spoken to without TLS.
    pub insecure: bool,
    /// Whether its certificate is not looked at.
    #[serde(rename = "skipSSLVerify")]
    pub skip_ssl_verify: bool,
    /// How many snapshots are kept there; 0 keeps all.
    pub retention: u32,
}

/// What was done with snapshots.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct SnapshotDone {
    /// Names of new snapshots: `<asked name>-<node>-<Unix time>`.
    pub created: Vec<String>,
    /// Names of those that are gone.
    pub deleted: Vec<String>,
}

#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    members: Vec<Member>,
}

/// How long an answer about health may take.
const CHECK: Duration = Duration::from_secs(10);

/// How long a snapshot may take, uploads and all.
const SNAPSHOT: Duration = Duration::from_secs(900);

// `serde` gives both of them the field by reference.
fn exposed<S: serde::Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn empty(secret: &Secret) -> bool {
    secret.expose().is_empty()
}

// === impl SnapshotRequest ===

impl SnapshotRequest {
    fn new(operation: &'static str, name: Vec<String>) -> Self {
        Self { operation, name, dir: None, compress: None, retention: None, s3: None }
    }

    /// A new snapshot, whose name begins so.
    pub fn save(name: impl Into<String>) -> Self {
        Self::new("save", vec![name.into()])
    }

    /// All that the server knows of.
    pub fn list() -> Self {
        Self::new("list", Vec::new())
    }

    /// Deletes these.
    pub fn delete(names: Vec<String>) -> Self {
        Self::new("delete", names)
    }

    /// Deletes all but the newest `retention` of those whose name begins so.
    pub fn prune(name: impl Into<String>, retention: u32) -> Self {
        Self { retention: Some(retention), ..Self::new("prune", vec![name.into()]) }
    }
}

// === impl Supervisor ===

impl Supervisor {
    /// The supervisor of a server, through its SSH connection. `authorities` sign it; `password` is that of the token.
    pub(crate) fn through(
        machine: &Machine,
        distribution: Distribution,
        authorities: &str,
        password: Option<&Secret>,
    ) -> Result<Self, ApiError> {
        let port = distribution.supervisor_port();
        let tls = tls(authorities, None)
            .map_err(|source| ApiError::Kubeconfig { from: format!("of {}", machine.name()), source })?;
        let authorization = password.map(basic);
        let route = Route::Through(machine.clone());
        let http = Http::new(route, "127.0.0.1", port, "127.0.0.1", Arc::new(tls), authorization)?;
        Ok(Self(Arc::new(Inner { http, distribution })))
    }

    /// The address of the supervisor, as messages name it.
    pub fn address(&self) -> String {
        self.0.http.address()
    }

    /// Whether anything answers. Proves the certificate, and nothing else.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn ping(&self, budget: &Budget) -> Result<(), ApiError> {
        let ask = Ask::get(format!("asking the supervisor at {}", self.address()), "/ping").within(CHECK);
        let answer = self.0.http.send(&ask, budget).await?;
        match answer.status {
            StatusCode::OK if answer.body.trim_ascii() == b"pong" => Ok(()),
            _ => Err(ApiError::NotReady { what: ask.what, why: said(&answer) }),
        }
    }

    /// Whether the server's core is ready.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::NotReady`] with what it says.
    pub async fn readyz(&self, budget: &Budget) -> Result<(), ApiError> {
        let path = format!("{}/readyz", self.0.distribution.supervisor_path());
        let ask = Ask::get("asking whether the server is ready", path).within(CHECK);
        let answer = self.0.http.send(&ask, budget).await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(refusal(ask.what, &answer)),
            _ => Err(ApiError::NotReady { what: ask.what, why: said(&answer) }),
        }
    }

    /// The members of etcd, learners too.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn members(&self, budget: &Budget) -> Result<Vec<Member>, ApiError> {
        let members: Members =
            self.json(&Ask::get("listing the members of etcd", "/db/info"), budget).await?;
        Ok(members.members)
    }

    /// Makes, deletes or prunes snapshots.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn snapshot(
        &self,
        request: &SnapshotRequest,
        budget: &Budget,
    ) -> Result<SnapshotDone, ApiError> {
        self.json(&snapshot_ask(request)?, budget).await
    }

    /// The snapshots that the server knows of, in its directory and in a store: objects of kind `ETCDSnapshotFile`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn snapshots(
        &self,
        request: &SnapshotRequest,
        budget: &Budget,
    ) -> Result<Vec<Object>, ApiError> {
        let list: Value = self.json(&snapshot_ask(request)?, budget).await?;
        let items = list.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(items.into_iter().map(Object).collect())
    }

    /// How encryption of Secrets stands: a JSON object as the server says it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn encryption(&self, budget: &Budget) -> Result<Value, ApiError> {
        let path = format!("{}/encrypt/status", self.0.distribution.supervisor_path());
        self.json(&Ask::get("asking how encryption of Secrets stands", path), budget).await
    }

    /// Changes how Secrets are encrypted: `stage`, `rotate_keys`, as the server takes it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn set_encryption(
        &self,
        change: &BTreeMap<&str, Value>,
        budget: &Budget,
    ) -> Result<(), ApiError> {
        let path = format!("{}/encrypt/config", self.0.distribution.supervisor_path());
        let body = serde_json::to_vec(change).map_err(|error| unreadable("encryption", &error))?;
        let ask = Ask::new("changing the encryption of Secrets", Method::PUT, path)
            .body("application/json", body)
            .within(SNAPSHOT);
        self.done(&ask, budget).await.map(drop)
    }

    /// Has the bootstrap data in the database encrypted with another token, and the server's passwords changed. The other servers
    /// need to be restarted with it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn rotate_token(&self, new: &Secret, budget: &Budget) -> Result<(), ApiError> {
        let path = format!("{}/token", self.0.distribution.supervisor_path());
        let body = serde_json::to_vec(&serde_json::json!({ "newToken": new.expose() }));
        let body = body.map_err(|error| unreadable("the token", &error))?;
        let ask =
            Ask::new("rotating the token", Method::PUT, path).body("application/json", body).within(SNAPSHOT);
        self.done(&ask, budget).await.map(drop)
    }

    /// When the certificate ends that the server showed at the last new connection, in seconds since 1970.
    pub(crate) fn served_until(&self) -> Option<i64> {
        self.0.http.served_until()
    }

    async fn done(&self, ask: &Ask, budget: &Budget) -> Result<Answer, ApiError> {
        let answer = self.0.http.send(ask, budget).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(refusal(ask.what.clone(), &answer)) }
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, ask: &Ask, budget: &Budget) -> Result<T, ApiError> {
        let answer = self.done(ask, budget).await?;
        serde_json::from_slice(&answer.body).map_err(|error| unreadable(&ask.what, &error))
    }
}

fn snapshot_ask(request: &SnapshotRequest) -> Result<Ask, ApiError> {
    let what = match request.operation {
        "save" => "making a snapshot of etcd",
        "delete" => "deleting snapshots of etcd",
        "prune" => "pruning snapshots of etcd",
        _ => "listing snapshots of etcd",
    };
    let body = serde_json::to_vec(request).map_err(|error| unreadable(what, &error))?;
    Ok(Ask::new(what, Method::POST, "/db/snapshot").body("application/json", body).within(SNAPSHOT))
}

fn unreadable(what: &str, error: &serde_json::Error) -> ApiError {
    ApiError::Unexpected { what: what.to_owned(), why: error.to_string() }
}

fn said(answer: &Answer) -> String {
    status(answer).to_string()
}

fn status(answer: &Answer) -> Status {
    super::kube::status(answer)
}

fn refusal(what: String, answer: &Answer) -> ApiError {
    let status = status(answer);
    match answer.status {
        StatusCode::UNAUTHORIZED => ApiError::Unauthorized { what, why: status.to_string() },
        StatusCode::FORBIDDEN => ApiError::Forbidden { what, status: Box::new(status) },
        StatusCode::SERVICE_UNAVAILABLE => ApiError::NotReady { what, why: status.to_string() },
        _ => ApiError::Status { what, status: Box::new(status) },
    }
}

/// What stands in `Authorization` for the password of a server's token.
fn basic(password: &Secret) -> Secret {
    use base64::Engine as _;
    let login = format!("server:{}", password.expose());
    Secret::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login)))
}
