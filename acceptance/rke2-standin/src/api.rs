//! A client of the kube API for what the supervisor and the kubelet write there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::etcd::cause;
use crate::pki::{Pair, tls_client};

/// A call of the API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The API answered, and refused.
    #[error("{message} ({status})")]
    Refused { status: StatusCode, message: String },
    /// No server answered.
    #[error("{0}")]
    Unreachable(String),
}

impl ApiError {
    /// Whether the object stood there already, or at another version.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::CONFLICT, .. })
    }
}

/// The body of a patch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patch {
    Merge,
    Strategic,
}

struct Inner {
    client: reqwest::Client,
    servers: RwLock<Vec<String>>,
    current: AtomicUsize,
}

/// Speaks to the API of one of some servers.
#[derive(Clone)]
pub(crate) struct Api {
    inner: Arc<Inner>,
}

impl Api {
    /// A client that shows a certificate.
    pub(crate) fn new(servers: Vec<String>, ca: &str, pair: &Pair) -> anyhow::Result<Self> {
        let client = tls_client(Some(ca), Some(pair))?;
        let inner = Inner { client, servers: RwLock::new(servers), current: AtomicUsize::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Other servers, as an agent learns of them.
    pub(crate) fn set_servers(&self, servers: Vec<String>) {
        if let Ok(mut known) = self.inner.servers.write()
            && *known != servers
            && !servers.is_empty()
        {
            *known = servers;
            self.inner.current.store(0, Ordering::Relaxed);
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<(StatusCode, Value), ApiError> {
        let servers = self.inner.servers.read().map(|known| known.clone()).unwrap_or_default();
        let first = self.inner.current.load(Ordering::Relaxed);
        let mut last = ApiError::Unreachable("no server is known".to_owned());
        for turn in 0..servers.len() {
            let index = (first + turn) % servers.len();
            let Some(server) = servers.get(index) else { continue };
            let mut request = self.inner.client.request(method.clone(), format!("{server}{path}"));
            request = request.timeout(Duration::from_secs(15));
            if let Some((kind, body)) = body {
                request = request.header("content-type", kind).body(body.to_string());
            }
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    last = ApiError::Unreachable(cause(&error));
                    continue;
                }
            };
            let status = answer.status();
            if status == StatusCode::SERVICE_UNAVAILABLE && turn + 1 < servers.len() {
                last = ApiError::Refused { status, message: "the server is not ready".to_owned() };
                continue;
            }
            self.inner.current.store(index, Ordering::Relaxed);
            let bytes = answer.bytes().await.map_err(|error| ApiError::Unreachable(cause(&error)))?;
            return Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)));
        }
        Err(last)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Option<Value>, ApiError> {
        let (status, answer) = self.send(method, path, body).await?;
        if status.is_success() {
            return Ok(Some(answer));
        }
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let message = answer.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(ApiError::Refused { status, message })
    }

    /// An object, none if it is not there.
    pub(crate) async fn get(&self, path: &str) -> Result<Option<Value>, ApiError> {
        self.call(Method::GET, path, None).await
    }

    /// The items of a list.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, ApiError> {
        let answer = self.get(path).await?.unwrap_or_default();
        Ok(answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// Makes an object.
    pub(crate) async fn create(&self, path: &str, object: &Value) -> Result<(), ApiError> {
        let (status, answer) = self.send(Method::POST, path, Some(("application/json", object))).await?;
        if status.is_success() {
            return Ok(());
        }
        let message = answer.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(ApiError::Refused { status, message })
    }

    /// Changes an object; false if it is not there.
    pub(crate) async fn patch(&self, path: &str, kind: Patch, change: &Value) -> Result<bool, ApiError> {
        let kind = match kind {
            Patch::Merge => "application/merge-patch+json",
            Patch::Strategic => "application/strategic-merge-patch+json",
        };
        Ok(self.call(Method::PATCH, path, Some((kind, change))).await?.is_some())
    }

    /// Deletes an object that may be gone.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), ApiError> {
        self.call(Method::DELETE, path, None).await.map(|_| ())
    }

    /// Whether the API says it is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        matches!(self.send(Method::GET, "/readyz", None).await, Ok((StatusCode::OK, _)))
    }
}
