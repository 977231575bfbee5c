//! The supervisor of another server, as a joining machine sees it (k3s pkg/clientaccess).

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};

use crate::distribution::Distribution;
use crate::etcd::cause;
use crate::logline;
use crate::pki::{Pair, tls_client};
use crate::token::{Token, ca_hash};

/// Another server could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    #[error("failed to get CA certs: Get \"{url}\": {cause}")]
    NoAuthority { url: String, cause: String },
    #[error("token CA hash does not match the Cluster CA certificate hash: {token} != {cluster}")]
    OtherCluster { token: String, cluster: String },
    #[error("{url}: {status}: {message}")]
    Refused { url: String, status: StatusCode, message: String },
    #[error("Get \"{url}\": {cause}")]
    Unreachable { url: String, cause: String },
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A server that is trusted, and by what it is asked.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) url: String,
    pub(crate) ca: String,
    client: reqwest::Client,
    token: Token,
    user: &'static str,
    distribution: Distribution,
}

impl Remote {
    /// Fetches the authority, checks it against the token, trusts nothing else from then on.
    pub(crate) async fn trust(
        url: &str,
        token: &Token,
        user: &'static str,
        distribution: Distribution,
    ) -> Result<Self, RemoteError> {
        let url = url.trim_end_matches('/').to_owned();
        let asked = format!("{url}/cacerts");
        let failed = |cause: String| RemoteError::NoAuthority { url: asked.clone(), cause };
        let answer = tls_client(None, None)?.get(&asked).timeout(Duration::from_secs(10)).send().await;
        let answer = answer.map_err(|error| failed(format!("dial tcp: {}", cause(&error))))?;
        if !answer.status().is_success() {
            return Err(failed(answer.status().to_string()));
        }
        let ca = answer.text().await.map_err(|error| failed(cause(&error)))?;
        let cluster = ca_hash(&ca)?;
        match &token.ca_hash {
            Some(pinned) if *pinned != cluster => {
                return Err(RemoteError::OtherCluster { token: pinned.clone(), cluster });
            }
            Some(_) => {}
            None => logline::warn(
                "Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA \
                 hash. Use the full token from the server's node-token file to enable Cluster CA validation.",
            ),
        }
        let client = tls_client(Some(&ca), None)?;
        let token = token.clone();
        Ok(Self { url, ca, client, token, user, distribution })
    }

    /// Asks a path below the supervisor's base.
    pub(crate) async fn get(&self, path: &str, headers: &[(String, String)]) -> Result<String, RemoteError> {
        let url = format!("{}{}/{path}", self.url, self.distribution.supervisor_path());
        self.ask(url, headers).await
    }

    /// Asks a path below the root.
    pub(crate) async fn get_root(&self, path: &str) -> Result<String, RemoteError> {
        self.ask(format!("{}{path}", self.url), &[]).await
    }

    /// Sends a document to a path below the root.
    pub(crate) async fn post_root(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<String, RemoteError> {
        let url = format!("{}{path}", self.url);
        let request = self.client.post(&url).timeout(Duration::from_secs(600));
        self.finish(url, self.authorize(request).json(body)).await
    }

    /// Changes something below the supervisor's base.
    pub(crate) async fn put(&self, path: &str, body: &serde_json::Value) -> Result<String, RemoteError> {
        let url = format!("{}{}/{path}", self.url, self.distribution.supervisor_path());
        let request = self.client.put(&url).timeout(Duration::from_secs(600));
        self.finish(url, self.authorize(request).json(body)).await
    }

    async fn ask(&self, url: String, headers: &[(String, String)]) -> Result<String, RemoteError> {
        let mut request = self.authorize(self.client.get(&url));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.finish(url, request).await
    }

    async fn finish(&self, url: String, request: RequestBuilder) -> Result<String, RemoteError> {
        let failed =
            |error: reqwest::Error| RemoteError::Unreachable { url: url.clone(), cause: cause(&error) };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let text = answer.text().await.map_err(failed)?;
        if status.is_success() {
            return Ok(text);
        }
        Err(RemoteError::Refused { url: url.clone(), status, message: text.trim().to_owned() })
    }

    fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        if self.token.is_bootstrap() {
            return request.bearer_auth(&self.token.password);
        }
        let user = self.token.user.as_deref().unwrap_or(self.user);
        request.basic_auth(user, Some(&self.token.password))
    }

    /// A certificate for this node, by its password.
    pub(crate) async fn certificate(
        &self,
        file: &str,
        node: &crate::host::Node,
        password: &str,
    ) -> Result<Pair, RemoteError> {
        let program = self.distribution.name();
        let headers = [
            (format!("{program}-node-name"), node.name.clone()),
            (format!("{program}-node-password"), password.to_owned()),
            (format!("{program}-node-ip"), node.address.to_string()),
        ];
        let text = self.get(file, &headers).await?;
        match text.find("-----BEGIN PRIVATE KEY-----") {
            Some(at) => {
                let (certificate, key) = text.split_at(at);
                Ok(Pair { certificate: certificate.to_owned(), key: key.to_owned() })
            }
            None => Err(anyhow::anyhow!("{file}: no private key in the answer").into()),
        }
    }
}
