//! A client of the Kubernetes API: what a provider of clusters needs of it, and no more.
//!
//! Objects are JSON ([`Object`]); what is asked of nodes, pods and secrets is typed.

mod kind;
mod nodes;
mod object;
mod objects;
mod secrets;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transport_ssh::{Budget, Machine};

use super::error::{ApiError, Status};
use super::http::{Answer, Ask, Http, Route};
use super::kubeconfig::Kubeconfig;

pub use kind::{Kind, kinds};
pub use nodes::{MirrorPod, Node, Taint};
pub use object::{Condition, Object};
pub use objects::{Apply, Delete, Selector, conflicts};

/// A client of one API server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Kube(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    expiry: Option<OffsetDateTime>,
    /// What is known of kinds that were looked up.
    kinds: Mutex<HashMap<(String, String), Kind>>,
}

/// The version of an API server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// `v1.33.4+rke2r1`.
    pub git_version: String,
    /// `1`.
    #[serde(default)]
    pub major: String,
    /// `33`.
    #[serde(default)]
    pub minor: String,
}

/// The name under which we own fields.
pub(crate) const MANAGER: &str = "hybridops";

impl Kube {
    /// The API that a kubeconfig names, from here.
    ///
    /// # Errors
    /// The kubeconfig's certificates cannot be read.
    pub fn direct(kubeconfig: &Kubeconfig) -> Result<Self, ApiError> {
        Self::over(Route::Direct, kubeconfig)
    }

    /// The API that a kubeconfig names, as a machine sees it: through its SSH connection.
    ///
    /// # Errors
    /// The kubeconfig's certificates cannot be read.
    pub fn through(machine: &Machine, kubeconfig: &Kubeconfig) -> Result<Self, ApiError> {
        Self::over(Route::Through(machine.clone()), kubeconfig)
    }

    fn over(route: Route, kubeconfig: &Kubeconfig) -> Result<Self, ApiError> {
        let (host, port) = (&kubeconfig.host, kubeconfig.port);
        let name = kubeconfig.tls_server_name.as_ref().unwrap_or(host);
        let tls = kubeconfig
            .tls()
            .map_err(|source| ApiError::Kubeconfig { from: format!("for {host}:{port}"), source })?;
        let http = Http::new(route, host, port, name, tls, kubeconfig.bearer())?;
        Ok(Self(Arc::new(Inner { http, expiry: kubeconfig.expiry(), kinds: Mutex::default() })))
    }

    /// The address of the API, as messages name it.
    pub fn address(&self) -> String {
        self.0.http.address()
    }

    /// When the certificate ends that the API server showed at the last new connection, in seconds since 1970.
    pub(crate) fn served_until(&self) -> Option<i64> {
        self.0.http.served_until()
    }

    /// Whether the API server lives.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::NotReady`] names the checks that fail.
    pub async fn livez(&self, budget: &Budget) -> Result<(), ApiError> {
        self.check("/livez", budget).await
    }

    /// Whether the API server is ready to serve.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::NotReady`] names the checks that fail.
    pub async fn readyz(&self, budget: &Budget) -> Result<(), ApiError> {
        self.check("/readyz", budget).await
    }

    async fn check(&self, path: &str, budget: &Budget) -> Result<(), ApiError> {
        let what = format!("asking {} for {path}", self.address());
        let ask = Ask::get(what.clone(), format!("{path}?verbose")).within(CHECK);
        let answer = self.0.http.send(&ask, budget).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refusal(what, &answer)),
            _ => Err(ApiError::NotReady { what, why: failing(&answer) }),
        }
    }

    /// The version of the API server.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn version(&self, budget: &Budget) -> Result<Version, ApiError> {
        let ask = Ask::get("reading the version", "/version").within(CHECK);
        let value = self.json(&ask, budget).await?;
        read(&ask.what, value)
    }

    /// Sends a request whose answer is JSON; a refusal is an error.
    async fn json(&self, ask: &Ask, budget: &Budget) -> Result<Value, ApiError> {
        let answer = self.0.http.send(ask, budget).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(ask.what.clone(), &answer));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| ApiError::Unexpected { what: ask.what.clone(), why: error.to_string() })
    }

    /// The same; `None` where there is no such thing.
    async fn json_if_any(&self, ask: &Ask, budget: &Budget) -> Result<Option<Value>, ApiError> {
        match self.json(ask, budget).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn refusal(&self, what: String, answer: &Answer) -> ApiError {
        let status = status(answer);
        match answer.status {
            StatusCode::UNAUTHORIZED => {
                ApiError::Unauthorized { what, why: format!("{status}{}", self.expired()) }
            }
            StatusCode::FORBIDDEN => ApiError::Forbidden { what, status: Box::new(status) },
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
                ApiError::NotReady { what, why: status.to_string() }
            }
            _ => ApiError::Status { what, status: Box::new(status) },
        }
    }

    /// What is to be said of our certificate's end, where it is over.
    fn expired(&self) -> String {
        let over = self.0.expiry.filter(|expiry| *expiry < OffsetDateTime::now_utc());
        let told = over.and_then(|expiry| expiry.format(&Rfc3339).ok());
        told.map_or(String::new(), |expiry| format!("; our client certificate expired at {expiry}"))
    }

    fn known(&self, api_version: &str, kind: &str) -> Option<Kind> {
        let kinds = self.0.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.get(&(api_version.to_owned(), kind.to_owned())).cloned()
    }

    fn remember(&self, kind: &Kind) {
        let mut kinds = self.0.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert((kind.api_version(), kind.kind.to_string()), kind.clone());
    }
}

/// How long an answer about health may take.
const CHECK: Duration = Duration::from_secs(10);

/// The `Status` in a refusal; made up of what is there, where it holds none.
pub(super) fn status(answer: &Answer) -> Status {
    let code = answer.status.as_u16();
    match serde_json::from_slice::<Status>(&answer.body) {
        Ok(status) if status.reason.len() + status.message.len() > 0 => Status { code, ..status },
        _ => Status { code, message: excerpt(&answer.body), ..Status::default() },
    }
}

/// The checks that fail, of the answer to `/readyz?verbose`.
fn failing(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let failing: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("[-]")).collect();
    if failing.is_empty() { status(answer).to_string() } else { failing.join(", ") }
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).trim().chars().take(300).collect()
}

fn read<T: serde::de::DeserializeOwned>(what: &str, value: Value) -> Result<T, ApiError> {
    serde_json::from_value(value)
        .map_err(|error| ApiError::Unexpected { what: what.to_owned(), why: error.to_string() })
}
