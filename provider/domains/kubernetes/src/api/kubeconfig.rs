//! A kubeconfig: where an API is, whom it is signed by, and what we show it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use transport_ssh::Secret;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::yaml;

/// What a kubeconfig's current context says.
#[derive(Clone)]
pub struct Kubeconfig {
    /// Host of the API.
    pub host: String,
    /// Port of the API.
    pub port: u16,
    /// The name its certificate must have, where that is not the host.
    pub tls_server_name: Option<String>,
    /// The authorities of the API, PEM.
    pub authorities: String,
    /// The namespace of the context.
    pub namespace: Option<String>,
    login: Login,
}

#[derive(Clone)]
enum Login {
    Certificate { chain: Vec<CertificateDer<'static>>, key: Secret },
    Token(Secret),
}

/// Why a kubeconfig cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KubeconfigError {
    /// It is no YAML.
    #[error("it is no YAML: {0}")]
    Yaml(String),
    /// A part that is needed is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A part cannot be read.
    #[error("{what} cannot be read: {why}")]
    Part {
        /// The part.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// It asks for something that is not done here.
    #[error("{0}")]
    Refused(&'static str),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    clusters: Vec<Named>,
    #[serde(default)]
    users: Vec<Named>,
    #[serde(default)]
    contexts: Vec<Named>,
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(alias = "user", alias = "context", default)]
    cluster: Value,
}

// === impl Kubeconfig ===

impl Kubeconfig {
    /// Reads the text of one.
    ///
    /// # Errors
    /// [`KubeconfigError`]; nothing of the text's secrets is in it.
    pub fn parse(text: &str) -> Result<Self, KubeconfigError> {
        let value = yaml::document(text).map_err(|error| KubeconfigError::Yaml(error.to_string()))?;
        let file: File = serde_json::from_value(value).map_err(|_| {
            // The cause may show a value; what it is about is said well enough without.
            KubeconfigError::Part {
                what: "the document",
                why: "it is not of a kubeconfig's shape".to_owned(),
            }
        })?;
        let current = file.current_context.as_deref();
        let context = pick(&file.contexts, current, "the current context")?;
        let cluster = pick(&file.clusters, text_of(context, "cluster"), "its cluster")?;
        let user = pick(&file.users, text_of(context, "user"), "its user")?;
        if cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool) == Some(true) {
            return Err(KubeconfigError::Refused(
                "`insecure-skip-tls-verify` is set; the API must prove itself by `certificate-authority-data`",
            ));
        }
        let (host, port) = server(text_of(cluster, "server").ok_or(KubeconfigError::Missing("`server`"))?)?;
        Ok(Self {
            host,
            port,
            tls_server_name: text_of(cluster, "tls-server-name").map(str::to_owned),
            authorities: data(cluster, "certificate-authority-data", "`certificate-authority-data`")?,
            namespace: text_of(context, "namespace").map(str::to_owned),
            login: login(user)?,
        })
    }

    /// The same credentials for another address; the certificate is still to be of the same authorities.
    #[must_use]
    pub fn at(self, host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, ..self }
    }

    /// What stands in `Authorization`.
    pub(crate) fn bearer(&self) -> Option<Secret> {
        match &self.login {
            Login::Token(token) => Some(Secret::new(format!("Bearer {}", token.expose()))),
            Login::Certificate { .. } => None,
        }
    }

    /// When our certificate ends, where we show one.
    pub fn expiry(&self) -> Option<OffsetDateTime> {
        let Login::Certificate { chain, .. } = &self.login else { return None };
        let (_, certificate) = X509Certificate::from_der(chain.first()?).ok()?;
        OffsetDateTime::from_unix_timestamp(certificate.validity().not_after.timestamp()).ok()
    }

    /// TLS that trusts the authorities of this file and no others, and shows its certificate.
    pub(crate) fn tls(&self) -> Result<Arc<ClientConfig>, KubeconfigError> {
        let certificate = match &self.login {
            Login::Certificate { chain, key } => {
                let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
                    .map_err(|error| part("`client-key-data`", error))?;
                Some((chain.clone(), key))
            }
            Login::Token(_) => None,
        };
        tls(&self.authorities, certificate).map(Arc::new)
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = match self.login {
            Login::Certificate { .. } => "certificate",
            Login::Token(_) => "token",
        };
        f.debug_struct("Kubeconfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("login", &login)
            .finish_non_exhaustive()
    }
}

/// TLS that trusts these authorities and no others. The crypto provider is named here; no process-wide default is used.
pub(crate) fn tls(
    authorities: &str,
    certificate: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, KubeconfigError> {
    const AUTHORITIES: &str = "`certificate-authority-data`";
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        let authority = authority.map_err(|error| part(AUTHORITIES, error))?;
        roots.add(authority).map_err(|error| part(AUTHORITIES, error))?;
    }
    if roots.is_empty() {
        return Err(KubeconfigError::Missing("a certificate in `certificate-authority-data`"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| part(AUTHORITIES, error))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| part("TLS", error))?
        .with_webpki_verifier(verifier);
    match certificate {
        Some((chain, key)) => {
            builder.with_client_auth_cert(chain, key).map_err(|error| part("the client certificate", error))
        }
        None => Ok(builder.with_no_client_auth()),
    }
}

fn part(what: &'static str, why: impl fmt::Display) -> KubeconfigError {
    KubeconfigError::Part { what, why: why.to_string() }
}

fn pick<'a>(from: &'a [Named], name: Option<&str>, what: &'static str) -> Result<&'a Value, KubeconfigError> {
    let found = match name {
        Some(name) => from.iter().find(|named| named.name == name),
        None => from.first(),
    };
    found.map(|named| &named.cluster).ok_or(KubeconfigError::Missing(what))
}

fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// PEM text that stands base64-encoded under a key.
fn data(value: &Value, key: &str, what: &'static str) -> Result<String, KubeconfigError> {
    let encoded = text_of(value, key).ok_or(KubeconfigError::Missing(what))?;
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| part(what, "it is not base64"))?;
    String::from_utf8(decoded).map_err(|_| part(what, "it is no PEM"))
}

fn login(user: &Value) -> Result<Login, KubeconfigError> {
    if let Some(token) = text_of(user, "token") {
        return Ok(Login::Token(Secret::new(token)));
    }
    if user.get("exec").is_some() || user.get("auth-provider").is_some() {
        return Err(KubeconfigError::Refused(
            "the user logs in by a program (`exec`); give a client certificate or a token",
        ));
    }
    let pem = data(user, "client-certificate-data", "`client-certificate-data` or `token`")?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| part("`client-certificate-data`", error))?;
    if chain.is_empty() {
        return Err(KubeconfigError::Missing("a certificate in `client-certificate-data`"));
    }
    let key = Secret::new(data(user, "client-key-data", "`client-key-data`")?);
    Ok(Login::Certificate { chain, key })
}

/// Host and port of `https://host:port`.
fn server(address: &str) -> Result<(String, u16), KubeconfigError> {
    let fault = |why: &str| part("`server`", why);
    let rest = address.strip_prefix("https://").ok_or_else(|| fault("it is not `https://…`"))?;
    let authority: http::uri::Authority =
        rest.trim_end_matches('/').parse().map_err(|_| fault("it is not `https://host:port`"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), authority.port_u16().unwrap_or(443)))
}
