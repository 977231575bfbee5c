//! A web server of releases, over HTTPS with an authority of its own: files of a distribution by version, and the channels
//! that name versions. What is asked is written down, and it does what a bad day does.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use regex::Regex;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::RealError;
use super::run::{file_error, make_dir, write};
use crate::tls;

/// Where channels are, below the address or below the name of a distribution.
const CHANNELS: &str = "v1-release/channels";
/// Whose channels those without a distribution are.
const FIRST: &str = "rke2";

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseFault {
    /// This status, `503` for one.
    Status(u16),
    /// It waits before it answers.
    Slow(Duration),
    /// The connection is cut before anything is answered.
    Cut,
    /// The length of all is told and half of it sent: a download that breaks off.
    Torn,
    /// The first half of a file is answered as though it were all of it.
    Truncated,
    /// One byte in the midst of a file is another; in a list of checksums every sum is.
    Wrong,
}

/// A request that the server got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseRequest {
    /// Who asked.
    pub from: IpAddr,
    /// Method.
    pub method: String,
    /// Path, decoded.
    pub path: String,
    /// The header `Range`, where there was one.
    pub range: Option<String>,
    /// The status that was answered; 0 where none was.
    pub status: u16,
    /// How many bytes of body.
    pub bytes: u64,
}

#[derive(Debug)]
struct Rule {
    path: Regex,
    fault: ReleaseFault,
    /// How often it strikes; for ever where none.
    left: Option<u32>,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<ReleaseRequest>,
    rules: Vec<Rule>,
    /// Version by distribution and channel.
    channels: BTreeMap<(String, String), String>,
}

#[derive(Debug)]
struct Shelf {
    root: PathBuf,
    url: String,
    state: Mutex<State>,
}

/// A web server of releases. Dropping it ends it.
#[derive(Debug)]
pub struct Releases {
    shelf: Arc<Shelf>,
    ca: String,
    server: JoinHandle<()>,
}

impl Releases {
    /// Starts one that listens on `host` and keeps its files below `dir`.
    ///
    /// # Errors
    /// [`RealError`].
    pub async fn start(host: Ipv4Addr, dir: &Path) -> Result<Self, RealError> {
        make_dir(dir)?;
        let failed = || file_error("the server of releases cannot listen");
        let listener = TcpListener::bind((host, 0)).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let identity = tls::identity(&[host.to_string()])
            .map_err(|error| RealError::Needs(format!("a certificate for releases: {error}")))?;
        let url = format!("https://{address}");
        let shelf = Arc::new(Shelf { root: dir.to_owned(), url, state: Mutex::default() });
        let server = tokio::spawn(accept(listener, identity.acceptor, Arc::clone(&shelf)));
        Ok(Self { shelf, ca: identity.ca, server })
    }

    /// Its address, `https://10.87.3.1:4711`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shelf.url
    }

    /// The certificate of its authority, PEM.
    #[must_use]
    pub fn ca(&self) -> &str {
        &self.ca
    }

    /// Below this a version's files are: `URL/<version, with %2B>/<file>`.
    #[must_use]
    pub fn source(&self, distribution: &str) -> String {
        format!("{}/{distribution}", self.shelf.url)
    }

    /// The channel server of a distribution.
    #[must_use]
    pub fn channel_server(&self, distribution: &str) -> String {
        format!("{}/{distribution}/{CHANNELS}", self.shelf.url)
    }

    /// Where a version's files are kept; files that are put there are served.
    #[must_use]
    pub fn directory(&self, distribution: &str, version: &str) -> PathBuf {
        self.shelf.root.join(distribution).join(version)
    }

    /// Serves these bytes as a file of a version.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn put(
        &self,
        distribution: &str,
        version: &str,
        file: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Result<(), RealError> {
        write(&self.directory(distribution, version).join(file), bytes)
    }

    /// Says which version a channel names.
    pub fn set_channel(&self, distribution: &str, channel: &str, version: &str) {
        let key = (distribution.to_owned(), channel.to_owned());
        self.state().channels.insert(key, version.to_owned());
    }

    /// From now on requests whose decoded path matches do this, `times` of them where it is said.
    ///
    /// # Errors
    /// The pattern is no regular expression.
    pub fn fail(&self, path: &str, fault: ReleaseFault, times: Option<u32>) -> Result<(), regex::Error> {
        let path = Regex::new(path)?;
        self.state().rules.push(Rule { path, fault, left: times });
        Ok(())
    }

    /// From now on it works again.
    pub fn heal(&self) {
        self.state().rules.clear();
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ReleaseRequest> {
        self.state().requests.clone()
    }

    /// How often each file was asked for by `GET`, by path.
    #[must_use]
    pub fn downloads(&self) -> BTreeMap<String, usize> {
        let state = self.state();
        let files = state.requests.iter().filter(|r| r.method == "GET" && !r.path.contains(CHANNELS));
        files.fold(BTreeMap::new(), |mut counts, request| {
            *counts.entry(request.path.clone()).or_default() += 1;
            counts
        })
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        self.state().requests.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shelf.state()
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The connection is to be cut.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

async fn accept(listener: TcpListener, tls: TlsAcceptor, shelf: Arc<Shelf>) {
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (tls, shelf) = (tls.clone(), Arc::clone(&shelf));
        tokio::spawn(async move {
            if let Err(error) = serve(stream, client, &tls, shelf).await {
                tracing::debug!(%error, "a connection for releases ended");
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    client: SocketAddr,
    tls: &TlsAcceptor,
    shelf: Arc<Shelf>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let service = service_fn(move |request: Request<Incoming>| {
        let shelf = Arc::clone(&shelf);
        async move { shelf.answer(client, &request).await }
    });
    Ok(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

/// A body that breaks off after these bytes, once they are on their way.
fn broken_after(bytes: Bytes) -> Body {
    let breaks = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    };
    Body::from_stream(futures::stream::iter([Ok(bytes)]).chain(futures::stream::once(breaks)))
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault that strikes here.
    fn fault(&self, path: &str) -> Option<ReleaseFault> {
        let mut state = self.state();
        let fits = |rule: &&mut Rule| rule.left != Some(0) && rule.path.is_match(path);
        let rule = state.rules.iter_mut().find(fits)?;
        rule.left = rule.left.map(|left| left.saturating_sub(1));
        Some(rule.fault)
    }

    async fn answer(&self, client: SocketAddr, request: &Request<Incoming>) -> Result<Response<Body>, Cut> {
        let path =
            percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        let range = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
        let fault = self.fault(&path);
        let log = |status: u16, bytes: u64| {
            let (method, range) = (request.method().to_string(), range.map(str::to_owned));
            let path = path.clone();
            self.state().requests.push(ReleaseRequest {
                from: client.ip(),
                method,
                path,
                range,
                status,
                bytes,
            });
        };
        match fault {
            Some(ReleaseFault::Cut) => {
                log(0, 0);
                return Err(Cut);
            }
            Some(ReleaseFault::Slow(wait)) => tokio::time::sleep(wait).await,
            Some(ReleaseFault::Status(status)) => {
                log(status, 0);
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                return Ok(plain(status, "as a test says\n"));
            }
            _ => {}
        }
        if *request.method() != Method::GET && *request.method() != Method::HEAD {
            log(405, 0);
            return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"));
        }
        if let Some(response) = self.channel(&path) {
            log(response.status().as_u16(), 0);
            return Ok(response);
        }
        let Some(bytes) = self.file(&path) else {
            log(404, 0);
            return Ok(plain(StatusCode::NOT_FOUND, "Not Found\n"));
        };
        let is_head = *request.method() == Method::HEAD;
        let (response, sent) = file(bytes, fault, is_head, range);
        log(response.status().as_u16(), sent);
        Ok(response)
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let relative = Path::new(path.trim_start_matches('/'));
        let is_below = relative.components().all(|part| matches!(part, Component::Normal(_)));
        is_below.then(|| std::fs::read(self.root.join(relative)).ok()).flatten()
    }

    /// The list of channels, or where one of them leads.
    fn channel(&self, path: &str) -> Option<Response<Body>> {
        let (before, rest) = path.trim_start_matches('/').split_once(CHANNELS)?;
        let distribution =
            Some(before.trim_end_matches('/')).filter(|name| !name.is_empty()).unwrap_or(FIRST);
        let name = rest.trim_matches('/');
        let state = self.state();
        if name.is_empty() {
            let own = state.channels.iter().filter(|((of, _), _)| of == distribution);
            let listed = own.map(|((_, channel), version)| self.described(distribution, channel, version));
            let list = json!({
                "type": "collection", "resourceType": "channels", "actions": {},
                "links": { "self": format!("{}/{distribution}/{CHANNELS}", self.url) },
                "data": listed.collect::<Vec<_>>(),
            });
            let mut response = plain(StatusCode::OK, &list.to_string());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return Some(response);
        }
        let Some(version) = state.channels.get(&(distribution.to_owned(), name.to_owned())) else {
            return Some(plain(StatusCode::NOT_FOUND, "Not Found\n"));
        };
        let mut response = plain(StatusCode::FOUND, "");
        let place = format!("{}/{distribution}/releases/tag/{version}", self.url);
        if let Ok(place) = HeaderValue::from_str(&place) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        Some(response)
    }

    fn described(&self, distribution: &str, channel: &str, version: &str) -> Value {
        let place = format!("{}/{distribution}/{CHANNELS}/{channel}", self.url);
        json!({ "id": channel, "type": "channel", "name": channel, "latest": version, "links": { "self": place } })
    }
}

/// A file, as a fault leaves it; and how many bytes of it go out.
fn file(
    mut bytes: Vec<u8>,
    fault: Option<ReleaseFault>,
    is_head: bool,
    range: Option<&str>,
) -> (Response<Body>, u64) {
    match fault {
        Some(ReleaseFault::Truncated) => bytes.truncate(bytes.len() / 2),
        Some(ReleaseFault::Wrong) => spoil(&mut bytes),
        _ => {}
    }
    let whole = bytes.len();
    let from = range.and_then(|text| text.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let status = match from {
        Some(from) if from >= whole => return (plain(StatusCode::RANGE_NOT_SATISFIABLE, ""), 0),
        Some(from) => {
            bytes.drain(..from);
            StatusCode::PARTIAL_CONTENT
        }
        None => StatusCode::OK,
    };
    let length = bytes.len();
    let (body, sent) = match fault {
        _ if is_head => (Body::empty(), 0),
        Some(ReleaseFault::Torn) => {
            bytes.truncate(length / 2);
            (broken_after(Bytes::from(bytes)), length / 2)
        }
        _ => (Body::from(bytes), length),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let told =
        from.and_then(|from| HeaderValue::from_str(&format!("bytes {from}-{}/{whole}", whole - 1)).ok());
    if let Some(told) = told {
        headers.insert(header::CONTENT_RANGE, told);
    }
    (response, u64::try_from(sent).unwrap_or(u64::MAX))
}

/// Makes a file another: a list of checksums stays a list, of other sums.
fn spoil(bytes: &mut [u8]) {
    let is_text = std::str::from_utf8(bytes).is_ok();
    if is_text {
        // Each sum begins its line; another first digit makes it another sum.
        let mut begins = true;
        for byte in bytes.iter_mut() {
            if begins && byte.is_ascii_hexdigit() {
                *byte = if *byte == b'0' { b'1' } else { b'0' };
            }
            begins = *byte == b'\n';
        }
    } else {
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0xff;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoiled_file_is_another() {
        let mut sums = b"00ab  one\n7f  two\n".to_vec();
        spoil(&mut sums);
        assert_eq!(sums, b"10ab  one\n0f  two\n");
        let mut bytes = vec![0xff, 0, 1, 2];
        spoil(&mut bytes);
        assert_eq!(bytes, [0xff, 0, 0xfe, 2]);
    }
}
