//! Requests to one address, through a tunnel or directly, over connections that are kept.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{AlertDescription, CertificateError, ClientConfig};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use transport_ssh::{Budget, Interrupted, Machine, Secret, Tunnel, TunnelError};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::error::ApiError;

/// How an address is reached.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// From here.
    Direct,
    /// From a machine.
    Through(Machine),
}

/// A server, and the connections to it that are kept.
pub(crate) struct Http {
    route: Route,
    host: String,
    port: u16,
    server_name: ServerName<'static>,
    tls: Arc<ClientConfig>,
    authorization: Option<Secret>,
    kept: Mutex<Vec<Sender>>,
    /// When the certificate ends that was shown last.
    served: Mutex<Option<i64>>,
}

type Sender = SendRequest<Full<Bytes>>;

/// One request.
#[derive(Clone)]
pub(crate) struct Ask {
    /// As messages name it: "reading node a".
    pub(crate) what: String,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) body: Option<(&'static str, Bytes)>,
    /// What is to be answered.
    pub(crate) accept: &'static str,
    /// How long this one request may take, whatever the budget.
    pub(crate) limit: Duration,
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// How long a request may take unless it says otherwise.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// How long a connection and its handshake may take.
const CONNECT: Duration = Duration::from_secs(15);

/// The largest answer that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// How long a kept connection may take to be ready for the next request.
const SETTLE: Duration = Duration::from_millis(100);

/// Connections kept for the next requests.
const KEPT: usize = 4;

// === impl Ask ===

impl Ask {
    pub(crate) fn new(what: impl Into<String>, method: Method, path: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            method,
            path: path.into(),
            body: None,
            accept: "application/json",
            limit: LIMIT,
        }
    }

    pub(crate) fn get(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(what, Method::GET, path)
    }

    pub(crate) fn body(self, kind: &'static str, body: impl Into<Bytes>) -> Self {
        Self { body: Some((kind, body.into())), ..self }
    }

    pub(crate) fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    pub(crate) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

// === impl Http ===

impl Http {
    pub(crate) fn new(
        route: Route,
        host: &str,
        port: u16,
        name: &str,
        tls: Arc<ClientConfig>,
        authorization: Option<Secret>,
    ) -> Result<Self, ApiError> {
        let server_name = ServerName::try_from(name.to_owned()).map_err(|_| ApiError::Certificate {
            address: address(host, port),
            why: format!("{name:?} is no name that a certificate can have"),
        })?;
        let (kept, served) = (Mutex::default(), Mutex::default());
        Ok(Self { route, host: host.to_owned(), port, server_name, tls, authorization, kept, served })
    }

    /// Host and port, and from where, as messages name them.
    pub(crate) fn address(&self) -> String {
        let address = address(&self.host, self.port);
        match &self.route {
            Route::Direct => address,
            Route::Through(machine) => format!("{address} of {}", machine.name()),
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`ApiError`] of everything up to the answer; a refusal is an answer here.
    pub(crate) async fn send(&self, ask: &Ask, budget: &Budget) -> Result<Answer, ApiError> {
        let shortened = budget.shortened(ask.limit);
        let work = Box::pin(self.exchange(ask, &shortened));
        match shortened.run(|| "an answer".into(), work).await {
            Ok(answer) => answer,
            // Which of the two limits was it?
            Err(Interrupted::DeadlineExceeded { .. }) if budget.affords(Duration::ZERO) => {
                Err(self.silent(ask))
            }
            Err(why) => Err(ApiError::Interrupted { what: ask.what.clone(), why }),
        }
    }

    fn silent(&self, ask: &Ask) -> ApiError {
        ApiError::Silent { address: self.address(), what: ask.what.clone(), seconds: ask.limit.as_secs() }
    }

    async fn exchange(&self, ask: &Ask, budget: &Budget) -> Result<Answer, ApiError> {
        loop {
            let kept = self.take().await;
            let fresh = kept.is_none();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.connect(budget).await?,
            };
            let error = match sender.try_send_request(self.request(ask)?).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let body = Limited::new(body, LARGEST).collect().await;
                    let body = body.map_err(|source| self.broken(ask, source))?.to_bytes();
                    self.keep(sender);
                    return Ok(Answer { status: head.status, body });
                }
                Err(error) => error,
            };
            // A connection that was kept may have been closed meanwhile: what was certainly not read by anybody, or is
            // harmless to repeat, goes over another one.
            let mut error = error;
            let unsent = error.take_message().is_some();
            if fresh || !(unsent || ask.method == Method::GET) {
                return Err(self.not_sent(ask, error.into_error()));
            }
        }
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, ApiError> {
        let fault = |error: &dyn fmt::Display| ApiError::Unexpected {
            what: ask.what.clone(),
            why: format!("the request cannot be built: {error}"),
        };
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(&ask.path)
            .header(HOST, address(&self.host, self.port))
            .header(USER_AGENT, concat!("terraform-provider-hybridops/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, ask.accept);
        if let Some(authorization) = &self.authorization {
            let mut value = HeaderValue::from_str(authorization.expose())
                .map_err(|_| fault(&"the credentials hold characters that no header can hold"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let (kind, body) = ask.body.clone().unwrap_or_default();
        if !kind.is_empty() {
            request = request.header(CONTENT_TYPE, kind);
        }
        request.body(Full::new(body)).map_err(|error| fault(&error))
    }

    async fn connect(&self, budget: &Budget) -> Result<Sender, ApiError> {
        let stream = self.stream(budget).await?;
        let connector = TlsConnector::from(self.tls.clone());
        let handshake = connector.connect(self.server_name.clone(), stream);
        let stream = match tokio::time::timeout(CONNECT, handshake).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(self.no_handshake(error)),
            Err(_) => return Err(self.slow()),
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = shown.and_then(|leaf| ends(leaf));
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ApiError::Unreachable { address: self.address(), source: other(error) })?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a cluster ended");
            }
        });
        Ok(sender)
    }

    /// When the certificate ends that was shown at the last new connection, in seconds since 1970.
    pub(crate) fn served_until(&self) -> Option<i64> {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn stream(&self, budget: &Budget) -> Result<Tunnel, ApiError> {
        match &self.route {
            Route::Direct => {
                let connecting = TcpStream::connect((self.host.as_str(), self.port));
                match tokio::time::timeout(CONNECT, connecting).await {
                    Ok(Ok(stream)) => Ok(Tunnel::new(stream)),
                    Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                        Err(ApiError::Refused { address: self.address() })
                    }
                    Ok(Err(source)) => Err(ApiError::Unreachable { address: self.address(), source }),
                    Err(_) => Err(self.slow()),
                }
            }
            Route::Through(machine) => {
                machine.tunnel(&self.host, self.port, budget).await.map_err(|error| match error {
                    TunnelError::Silent { .. } => ApiError::Refused { address: self.address() },
                    other => ApiError::Tunnel(other),
                })
            }
        }
    }

    fn slow(&self) -> ApiError {
        let why = format!("no connection within {} s", CONNECT.as_secs());
        ApiError::Unreachable { address: self.address(), source: std::io::Error::other(why) }
    }

    fn no_handshake(&self, error: std::io::Error) -> ApiError {
        match tls_fault(&error) {
            Some(why) => ApiError::Certificate { address: self.address(), why },
            None => ApiError::Unreachable { address: self.address(), source: error },
        }
    }

    fn not_sent(&self, ask: &Ask, error: hyper::Error) -> ApiError {
        // With TLS 1.3 a server judges our certificate after the handshake: the refusal comes as the answer.
        let fault = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<std::io::Error>())
            .and_then(tls_fault);
        match fault {
            Some(why) => ApiError::Certificate { address: self.address(), why },
            None => self.broken(ask, Box::new(error)),
        }
    }

    fn broken(&self, ask: &Ask, source: Box<dyn std::error::Error + Send + Sync>) -> ApiError {
        ApiError::Broken { address: self.address(), what: ask.what.clone(), source }
    }

    async fn take(&self) -> Option<Sender> {
        loop {
            let mut sender = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            // The last answer was read a moment ago; the connection may not have noticed yet.
            if let Ok(Ok(())) = tokio::time::timeout(SETTLE, sender.ready()).await {
                return Some(sender);
            }
        }
    }

    fn keep(&self, sender: Sender) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && !sender.is_closed() {
            kept.push(sender);
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&self.address()).finish()
    }
}

fn ends(leaf: &[u8]) -> Option<i64> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    Some(leaf.validity().not_after.timestamp())
}

fn other(error: hyper::Error) -> std::io::Error {
    std::io::Error::other(error)
}

fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// What is wrong with a certificate, where that is what ended a connection.
fn tls_fault(error: &std::io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(fault) => format!("its certificate {}", fault_of(fault)),
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateExpired => "our client certificate has expired".to_owned(),
            AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied => format!("our client certificate is refused ({alert:?})"),
            _ => return None,
        },
        _ => return None,
    })
}

fn fault_of(fault: &CertificateError) -> String {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet: compare the clocks".to_owned()
        }
        // An authority of the same name, as two clusters of one distribution have, shows by its signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "is not signed by the cluster's authority: another cluster answers there, or somebody in between"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is not for the name by which it was reached (`tls-san`)".to_owned()
        }
        CertificateError::Revoked => "was revoked".to_owned(),
        other => format!("cannot be accepted: {other}"),
    }
}
