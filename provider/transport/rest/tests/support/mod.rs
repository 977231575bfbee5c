//! A scripted HTTP server: a test double that can misbehave on the wire in ways a proper server cannot.

#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses a part")]
#![allow(clippy::unwrap_used, reason = "a test double")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use transport_rest::{
    Authenticate, Budget, HeaderMap, HeaderValue, Method, Policy, RestClient, RestError, RetryRule,
    RetryTable, Stamp, StandardStatus, Url, parse_endpoints,
};

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    pub fn path(&self) -> String {
        self.head.split(' ').nth(1).unwrap_or_default().to_owned()
    }
}

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Raw bytes, then the connection stays open.
    Raw(Vec<u8>),
    /// Raw bytes, then the connection is closed.
    Cut(Vec<u8>),
    /// As `Raw`, after a while.
    Late(Duration, Vec<u8>),
}

pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

pub fn json(body: &str) -> Reply {
    Reply::Raw(answer("200 OK", "Content-Type: application/json\r\n", body))
}

pub fn status(line: &str) -> Reply {
    Reply::Raw(answer(line, "", ""))
}

type Script = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

/// The server; it stops with the test.
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Answers request number n (from 0) as the script says.
    pub async fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, script).await
    }

    pub async fn start_with(
        tls: Option<tokio_rustls::TlsAcceptor>,
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let connections: Arc<AtomicUsize> = Arc::default();
        let server = Self { url, seen: seen.clone(), connections: connections.clone() };
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (tls, seen, script) = (tls.clone(), seen.clone(), script.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &seen, &script).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &seen, &script).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn client(&self) -> RestClient {
        client(&[&self.url], quick(), None)
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<Seen>>,
    script: &Arc<Script>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = receive(&mut stream, &mut buffer).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        let (bytes, cut) = match script(number, &request) {
            Reply::Raw(bytes) => (bytes, false),
            Reply::Cut(bytes) => (bytes, true),
            Reply::Late(delay, bytes) => {
                tokio::time::sleep(delay).await;
                (bytes, false)
            }
        };
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() || cut {
            break;
        }
    }
    let _ = stream.shutdown().await;
}

async fn receive(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let mut chunk = [0_u8; 4096];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        buffer.extend_from_slice(&chunk[..read]);
    };
    let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
    let mut seen = Seen { head, body: Vec::new() };
    let length: usize = seen.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while buffer.len() < end + length {
        let mut chunk = vec![0_u8; 65536];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        buffer.extend_from_slice(&chunk[..read]);
    }
    seen.body = buffer[end..end + length].to_vec();
    buffer.drain(..end + length);
    Some(seen)
}

/// The standard table with delays fit for tests.
pub fn quick() -> Policy {
    let standard = RetryTable::standard();
    let classes = ["connect", "rate-limited", "unavailable", "gateway", "interrupted", "timeout"];
    let rules: Vec<RetryRule> = classes
        .into_iter()
        .filter_map(|name| standard.rule(transport_rest::Class::named(name)).cloned())
        .map(|rule| RetryRule {
            base_delay: Duration::from_millis(5),
            max_delay: Duration::from_millis(20),
            ..rule
        })
        .collect();
    assert_eq!(rules.len(), classes.len());
    Policy { retries: RetryTable::new(rules), ..Policy::default() }
}

pub fn client(urls: &[&str], policy: Policy, auth: Option<Arc<dyn Authenticate>>) -> RestClient {
    RestClient::new(parse_endpoints(urls).unwrap(), policy, StandardStatus, auth)
}

/// An address nobody listens on.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port())
}

/// A login whose credential changes with each renewal.
#[derive(Default)]
pub struct Turnstile {
    pub issue: tokio::sync::Mutex<u64>,
    pub renewals: AtomicUsize,
}

#[async_trait]
impl Authenticate for Turnstile {
    async fn authorize(
        &self,
        _client: &RestClient,
        _method: &Method,
        headers: &mut HeaderMap,
        _budget: &Budget,
    ) -> Result<Stamp, RestError> {
        let issue = *self.issue.lock().await;
        headers.insert("authorization", HeaderValue::from_str(&format!("issue-{issue}")).unwrap());
        Ok(Stamp(issue))
    }

    async fn renew(&self, _client: &RestClient, refused: Stamp, _budget: &Budget) -> Result<bool, RestError> {
        let mut issue = self.issue.lock().await;
        if *issue == refused.0 {
            *issue += 1;
            self.renewals.fetch_add(1, Ordering::SeqCst);
        }
        Ok(true)
    }
}

pub fn url(text: &str) -> Url {
    text.parse().unwrap()
}
