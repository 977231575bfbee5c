//! The HTTP client under every remote store: our own TLS, requests counted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService};
use transport_rest::{HttpVersions, TlsError, Trust, client_config};

use crate::counters::Counters;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may say nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// Makes the client of one store.
#[derive(Clone, Debug)]
pub struct Connector {
    client: reqwest::Client,
    counters: Arc<Counters>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Whom to trust cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The client refused the set-up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

impl Connector {
    /// A client that trusts the authority of `ca_certificate` alone, or the system's without one.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn new(ca_certificate: Option<&str>, counters: Arc<Counters>) -> Result<Self, ConnectError> {
        let trust = ca_certificate.map_or(Trust::System, |pem| Trust::CaPem(pem.to_owned()));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config(&trust, HttpVersions::Http1Only)?)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, counters })
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.counters.count(request.method().as_str());
        HttpService::call(&self.client, request).await
    }
}
