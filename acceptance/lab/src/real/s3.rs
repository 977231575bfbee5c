//! An S3 server, moto, and in front of it a proxy that counts requests and does what a bad day does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use regex::Regex;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::RealError;
use super::images::Held;
use super::run::{file_error, make_dir, run, write};

/// The release of moto that was tried.
const MOTO: &str = "5.2.5";

/// What the laboratory itself asks with. Signatures are not checked, but without any a client is nobody.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/s3/aws4_request, \
                      SignedHeaders=host, Signature=0";

/// How long moto may take until it answers.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// 503 `SlowDown`.
    Unavailable,
    /// 403 `SignatureDoesNotMatch`: the credentials are wrong.
    Denied,
    /// It waits before it answers.
    Slow(Duration),
    /// It takes the request and never answers.
    Hang,
    /// The connection is cut before anything is done.
    Cut,
    /// The first half of an object is answered as though it were all of it.
    Torn,
    /// The first half of what is sent is stored as though it were all of it.
    TornWrite,
}

/// A request that the store got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreRequest {
    /// Who asked.
    pub from: IpAddr,
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// The status that was answered; 0 where none was.
    pub status: u16,
}

#[derive(Debug)]
struct Rule {
    method: String,
    path: Regex,
    fault: StoreFault,
}

#[derive(Debug)]
struct Front {
    client: reqwest::Client,
    behind: SocketAddr,
    requests: Mutex<Vec<StoreRequest>>,
    rules: Mutex<Vec<Rule>>,
    /// Conditional writes go one after the other. S3 looks and writes in one step; moto in two, on as many threads as
    /// there are requests, and on a busy machine two writers were both told that they made the same object.
    conditional: tokio::sync::Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An S3 server with faults. Dropping it ends it; what is in it is lost.
#[derive(Debug)]
pub struct S3 {
    front: Arc<Front>,
    address: SocketAddr,
    server: JoinHandle<()>,
    moto: Child,
}

impl S3 {
    /// Starts one whose front listens on `host`; moto is installed once and kept in `cache`.
    ///
    /// # Errors
    /// [`RealError::Needs`] says what the machine lacks.
    pub async fn start(cache: &Path, host: Ipv4Addr) -> Result<Self, RealError> {
        let home = cache.to_owned();
        let program = tokio::task::spawn_blocking(move || installed(&home)).await;
        let program = program.map_err(|error| RealError::Needs(error.to_string()))??;
        let failed = || file_error("an S3 server cannot be started");
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let behind = free.map_err(failed())?;
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &behind.port().to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let moto = command.spawn().map_err(failed())?;
        let listener = TcpListener::bind((host, 0)).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let client = reqwest::Client::builder().no_gzip().no_proxy().build();
        let client = client.map_err(|error| RealError::Needs(format!("a client of HTTP: {error}")))?;
        let (requests, rules, conditional) = Default::default();
        let front = Arc::new(Front { client, behind, requests, rules, conditional });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&front));
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the front of the S3 server ended");
            }
        });
        let store = Self { front, address, server, moto };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(behind).is_err() {
            if Instant::now() > until {
                return Err(RealError::Needs("moto to answer in time".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(store)
    }

    /// Where it is reached, `http://10.87.3.1:4711`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request past faults and log.
    fn behind(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}/{path}", self.front.behind);
        self.front.client.request(method, url).header(header::AUTHORIZATION, SIGNED)
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn make_bucket(&self, name: &str) -> Result<(), reqwest::Error> {
        self.behind(Method::PUT, name).send().await?.error_for_status().map(drop)
    }

    /// An object's bytes, past faults and log; none where there is none.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn object(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, reqwest::Error> {
        let answer = self.behind(Method::GET, &format!("{bucket}/{key}")).send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        answer.error_for_status()?.bytes().await.map(Some)
    }

    /// Puts an object behind everybody's back.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn put(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) -> Result<(), reqwest::Error> {
        let asked = self.behind(Method::PUT, &format!("{bucket}/{key}")).body(bytes.into());
        asked.send().await?.error_for_status().map(drop)
    }

    /// Removes an object behind everybody's back.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn delete(&self, bucket: &str, key: &str) -> Result<(), reqwest::Error> {
        self.behind(Method::DELETE, &format!("{bucket}/{key}")).send().await?.error_for_status().map(drop)
    }

    /// Keys and sizes of a bucket's objects below a prefix, past faults and log.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<(String, u64)>, reqwest::Error> {
        let mut found = Vec::new();
        let mut from = String::new();
        loop {
            let query = [("list-type", "2"), ("prefix", prefix), ("start-after", &from)];
            let answer = self.behind(Method::GET, bucket).query(&query).send().await?;
            let page = contents(&answer.error_for_status()?.text().await?);
            let Some((last, _)) = page.last() else { return Ok(found) };
            from.clone_from(last);
            found.extend(page);
        }
    }

    /// From now on requests of this method (any where empty) whose path with query matches do this.
    ///
    /// # Errors
    /// The pattern is no regular expression.
    pub fn fail(&self, method: &str, path: &str, fault: StoreFault) -> Result<(), regex::Error> {
        let path = Regex::new(path)?;
        lock(&self.front.rules).push(Rule { method: method.to_owned(), path, fault });
        Ok(())
    }

    /// From now on it works again.
    pub fn heal(&self) {
        lock(&self.front.rules).clear();
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<StoreRequest> {
        lock(&self.front.requests).clone()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        lock(&self.front.requests).clear();
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.server.abort();
        let _ = self.moto.kill();
        let _ = self.moto.wait();
    }
}

/// Keys and sizes in a page of a listing.
fn contents(xml: &str) -> Vec<(String, u64)> {
    let between = |text: &str, tag: &str| -> Option<String> {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>")).map(|(inside, _)| inside.to_owned())
    };
    let entry = |part: &str| Some((between(part, "Key")?, between(part, "Size")?.parse().ok()?));
    xml.split("<Contents>").skip(1).filter_map(entry).collect()
}

/// The program of moto, installed where it is not there yet.
fn installed(cache: &Path) -> Result<PathBuf, RealError> {
    make_dir(cache)?;
    let home = cache.join(format!("moto-{MOTO}"));
    let (program, complete) = (home.join("bin/moto_server"), home.join("complete"));
    let _held = Held::take(&cache.join("lock-moto"))?;
    if complete.exists() {
        return Ok(program);
    }
    let needs =
        |error: RealError| RealError::Needs(format!("moto {MOTO}, which cannot be installed: {error}"));
    let at = home.display().to_string();
    run("python3", ["-m", "venv", "--clear", &at]).map_err(needs)?;
    let pip = home.join("bin/pip").display().to_string();
    run(&pip, ["install", "--quiet", &format!("moto[server]=={MOTO}")]).map_err(needs)?;
    write(&complete, "")?;
    Ok(program)
}

impl Front {
    fn fault(&self, method: &Method, path: &str) -> Option<StoreFault> {
        let rules = lock(&self.rules);
        let fits = |rule: &&Rule| {
            (rule.method.is_empty() || rule.method == method.as_str()) && rule.path.is_match(path)
        };
        rules.iter().find(fits).map(|rule| rule.fault)
    }

    fn log(&self, from: IpAddr, method: &Method, path: &str, status: u16) {
        let (method, path) = (method.to_string(), path.to_owned());
        lock(&self.requests).push(StoreRequest { from, method, path, status });
    }

    async fn ask(
        &self,
        method: &Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), reqwest::Error> {
        let url = format!("http://{}{path}", self.behind);
        let is_conditional = *method == Method::PUT
            && (headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH));
        let _turn = if is_conditional { Some(self.conditional.lock().await) } else { None };
        let asked = self.client.request(method.clone(), url).headers(headers).body(body);
        let answer = asked.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok((status, headers, answer.bytes().await?))
    }
}

fn refusal(status: StatusCode, code: &str) -> Response {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    (status, [(header::CONTENT_TYPE, "application/xml")], text).into_response()
}

/// A body that breaks before its first byte.
fn cut() -> Response {
    let broken = futures::stream::once(async {
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Response::new(Body::from_stream(broken))
}

async fn pass(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let fault = front.fault(&head.method, &path);
    let Ok(mut bytes) = to_bytes(body, usize::MAX).await else { return cut() };
    let response = match fault {
        Some(StoreFault::Unavailable) => refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
        Some(StoreFault::Denied) => refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
        Some(StoreFault::Cut) => {
            front.log(peer.ip(), &head.method, &path, 0);
            return cut();
        }
        Some(StoreFault::Hang) => {
            front.log(peer.ip(), &head.method, &path, 0);
            std::future::pending::<()>().await;
            return cut();
        }
        Some(StoreFault::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            forward(&front, &head.method, &path, head.headers, bytes, false).await
        }
        Some(StoreFault::TornWrite) if head.method == Method::PUT => {
            bytes.truncate(bytes.len() / 2);
            forward(&front, &head.method, &path, head.headers, bytes, false).await
        }
        torn => {
            let torn = torn == Some(StoreFault::Torn);
            forward(&front, &head.method, &path, head.headers, bytes, torn).await
        }
    };
    front.log(peer.ip(), &head.method, &path, response.status().as_u16());
    response
}

async fn forward(
    front: &Front,
    method: &Method,
    path: &str,
    mut headers: HeaderMap,
    body: Bytes,
    torn: bool,
) -> Response {
    for hop in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::EXPECT] {
        headers.remove(hop);
    }
    match front.ask(method, path, headers, body).await {
        Ok((status, mut headers, mut bytes)) => {
            headers.remove(header::TRANSFER_ENCODING);
            headers.remove(header::CONNECTION);
            if torn && !bytes.is_empty() {
                bytes.truncate(bytes.len() / 2);
            }
            // The answer to HEAD tells a length and has no body.
            if *method != Method::HEAD {
                headers.remove(header::CONTENT_LENGTH);
            }
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read() {
        let xml = "<R><Contents><Key>a/b</Key><Size>7</Size></Contents><Contents><Key>c</Key><Size>0</Size></Contents></R>";
        assert_eq!(contents(xml), [("a/b".to_owned(), 7), ("c".to_owned(), 0)]);
        assert!(contents("<R></R>").is_empty());
    }
}
