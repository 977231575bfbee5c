//! An API server for tests: TLS of its own authority, answers by a function, what was asked on record.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::kube::Kube;
use super::kubeconfig::Kubeconfig;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

/// What is answered.
pub(crate) type Answered = (u16, Value);

pub(crate) struct TestServer {
    pub(crate) port: u16,
    pub(crate) authority: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<usize>>,
}

/// An authority, and the certificate of a server by it.
pub(crate) struct Signed {
    pub(crate) authority: String,
    chain: Vec<rustls_pki_types::CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Signed {
    pub(crate) fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::CommonName, "rke2-server-ca");
        let authority = root.self_signed(&root_key).unwrap().pem();
        let issuer = Issuer::from_params(&root, &root_key);
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        change(&mut own);
        let certificate = own.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Self { authority, chain: vec![certificate.der().clone()], key }
    }
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connections: Arc<Mutex<usize>>,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                *self.connections.lock().unwrap() += 1;
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl TestServer {
    pub(crate) async fn start(
        answer: impl Fn(&Asked) -> Answered + Clone + Send + Sync + 'static,
    ) -> (Self, Kube) {
        let server = Self::with(Signed::new(|_| {}), answer).await;
        let kube = server.kube();
        (server, kube)
    }

    pub(crate) async fn with(
        signed: Signed,
        answer: impl Fn(&Asked) -> Answered + Clone + Send + Sync + 'static,
    ) -> Self {
        let config =
            rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(signed.chain, signed.key)
                .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let connections = Arc::<Mutex<usize>>::default();
        let tls =
            Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)), connections: connections.clone() };
        let record = asked.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (record, answer) = (record.clone(), answer.clone());
            async move { Ok::<_, Infallible>(respond(request, &record, &answer).await) }
        });
        tokio::spawn(async move { axum::serve(tls, app).await });
        Self { port, authority: signed.authority, asked, connections }
    }

    pub(crate) fn kubeconfig(&self) -> Kubeconfig {
        self.kubeconfig_of(&self.authority)
    }

    pub(crate) fn kubeconfig_of(&self, authority: &str) -> Kubeconfig {
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "default",
            "clusters": [{"name": "default", "cluster": {
                "server": format!("https://127.0.0.1:{}", self.port),
                "certificate-authority-data": STANDARD.encode(authority),
            }}],
            "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
            "users": [{"name": "default", "user": {"token": "CANARY-token"}}],
        });
        Kubeconfig::parse(&text.to_string()).unwrap()
    }

    pub(crate) fn kube(&self) -> Kube {
        Kube::direct(&self.kubeconfig()).unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn respond(
    request: Request,
    record: &Mutex<Vec<Asked>>,
    answer: &(impl Fn(&Asked) -> Answered + Send + Sync),
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        content_type: header("content-type"),
        authorization: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    record.lock().unwrap().push(asked.clone());
    let (code, value) = answer(&asked);
    // 0: never.
    if code == 0 {
        std::future::pending::<()>().await;
    }
    let text = match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    (StatusCode::from_u16(code).unwrap(), text).into_response()
}

/// A `Status` object.
pub(crate) fn status(code: u16, reason: &str, message: &str) -> Answered {
    (code, json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}))
}
