//! The HTTP server of a node: TLS, login, encodings, status lines, faults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::api::access::ticket;
use super::call::{Param, Params, Upload};
use super::cluster::{Cluster, Reach};
use super::dispatch;
use super::reply::{Outcome, Refusal};
use crate::faults::Effect;
use crate::journal::{Entry, redact};
use crate::peer;
use crate::proxy;

/// Largest form or JSON body.
const BODY_LIMIT: usize = 512 * 1024;
/// Idle connections live this long, as on a real server.
const IDLE: Duration = Duration::from_secs(5);

/// How long a silent node holds a connection.
const SILENCE: Duration = Duration::from_secs(120);
/// A connection is closed after so many.
const REQUESTS_PER_CONNECTION: u32 = 100;
/// Longer answers are compressed for those who ask.
const COMPRESS_FROM: usize = 1024;
/// Where the API begins.
const PREFIX: &str = "/api2/json";

/// The connection is to be cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("connection cut on request")]
struct Cut;

/// One endpoint: a node and where it listens.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) node: String,
    pub(crate) address: SocketAddr,
}

/// Serves an endpoint until the listener's task is dropped.
pub(crate) async fn serve(endpoint: Endpoint, listener: TcpListener, tls: TlsAcceptor) {
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (endpoint, tls) = (endpoint.clone(), tls.clone());
        tokio::spawn(async move {
            if let Err(error) = connection(endpoint, stream, client, tls).await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}

async fn connection(
    endpoint: Endpoint,
    stream: TcpStream,
    client: SocketAddr,
    tls: TlsAcceptor,
) -> anyhow::Result<()> {
    if endpoint.unreachable().await {
        return Ok(());
    }
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let served = AtomicU32::new(0);
    let service = service_fn(move |request: Request<Incoming>| {
        let endpoint = endpoint.clone();
        let last = served.fetch_add(1, Ordering::Relaxed) + 1 >= REQUESTS_PER_CONNECTION;
        async move {
            // A node that goes takes its open connections with it.
            if endpoint.unreachable().await {
                return Err(Cut);
            }
            let gzip = accepts_gzip(request.headers());
            let mut response = answer(endpoint, client, request).await?;
            if last {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Cut>(if gzip { compress(response).await } else { response })
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

async fn answer(
    endpoint: Endpoint,
    client: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let started = Instant::now();
    let path = decoded_path(request.uri().path());
    let method = request.method().clone();
    let cluster = Arc::clone(&endpoint.cluster);
    let sequence = cluster.journal.open(Entry {
        sequence: 0,
        time: millis_now(),
        method: method.to_string(),
        path: path.clone(),
        route: request
            .uri()
            .path()
            .strip_prefix(PREFIX)
            .and_then(|raw| dispatch::route(cluster.config.release, method.as_str(), &segments(raw)))
            .map(str::to_owned),
        params: Default::default(),
        principal: String::new(),
        status: 0,
        message: String::new(),
        fault: None,
        millis: 0,
    });
    let effect = cluster.faults.next_request(method.as_str(), &path);
    if let Some(effect) = &effect {
        cluster.journal.update(sequence, |e| e.fault = Some(format!("{effect:?}")));
    }
    match &effect {
        Some(Effect::DropBefore) => return Err(Cut),
        Some(Effect::KillClientBefore) => {
            peer::kill(client, endpoint.address).await;
            return Err(Cut);
        }
        Some(Effect::Delay { millis }) => tokio::time::sleep(Duration::from_millis(*millis)).await,
        Some(effect) => {
            if let Some(page) = proxy::page(effect) {
                cluster.journal.update(sequence, |e| e.status = page.status().as_u16());
                return Ok(page);
            }
        }
        None => {}
    }
    let outcome = match &effect {
        Some(Effect::Status { status, message }) => Err(injected(*status, message)),
        _ => work(&endpoint, request, &path, sequence).await,
    };
    let outcome = match &effect {
        Some(Effect::StatusAfter { status, message }) => Err(injected(*status, message)),
        _ => outcome,
    };
    match &effect {
        Some(Effect::DropAfter) => return Err(Cut),
        Some(Effect::KillClientAfter) => {
            peer::kill(client, endpoint.address).await;
            return Err(Cut);
        }
        _ => {}
    }
    cluster.journal.update(sequence, |e| {
        e.millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(_) => e.status = 200,
            Err(refusal) => {
                e.status = refusal.status;
                e.message = refusal.reason().to_owned();
            }
        }
    });
    Ok(respond(&outcome, matches!(effect, Some(Effect::Truncate))))
}

fn injected(status: u16, message: &str) -> Refusal {
    match status {
        401 | 595..=599 => Refusal::http(status, message),
        _ => Refusal::died(message).with_status(status),
    }
}

fn millis_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Path without its prefix, decoded.
fn decoded_path(path: &str) -> String {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

async fn work(endpoint: &Endpoint, request: Request<Incoming>, path: &str, sequence: u64) -> Outcome {
    let cluster = &endpoint.cluster;
    let (head, body) = request.into_parts();
    if !matches!(head.method, Method::GET | Method::POST | Method::PUT | Method::DELETE) {
        return Err(Refusal::http(501, format!("method '{}' not available", head.method)));
    }
    let Some(raw) = head.uri.path().strip_prefix(PREFIX) else {
        return Err(Refusal::http(404, format!("no such file '{path}'")));
    };
    let mut request = dispatch::Request {
        method: head.method.to_string(),
        segments: segments(raw),
        params: Params::default(),
        upload: None,
        principal: None,
        via: endpoint.node.clone(),
    };
    match ticket::authenticate(cluster, &head.headers, &head.method) {
        Ok(principal) => {
            cluster.journal.update(sequence, |e| e.principal = principal.full_id());
            request.principal = Some(principal);
        }
        Err(_) if request.is_open(cluster.config.release) => {}
        Err(refusal) => {
            tokio::time::sleep(cluster.config.auth_delay).await;
            return Err(refusal);
        }
    }
    for (key, value) in url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()) {
        request.params.push(key.into_owned(), value.into_owned());
    }
    let upload = decode_body(endpoint, &head.headers, &head.method, body, &mut request.params).await?;
    let logged = request
        .params
        .iter()
        .map(|(key, value)| {
            let text = match value {
                Param::One(text) => text.clone(),
                Param::Many(list) => list.join("\n"),
            };
            (key.to_owned(), redact(key, &text))
        })
        .collect();
    cluster.journal.update(sequence, |e| e.params = logged);
    request.upload = upload;
    let delay =
        if request.is_open(cluster.config.release) { cluster.config.auth_delay } else { Duration::ZERO };
    let worker = Arc::clone(cluster);
    let outcome = tokio::task::spawn_blocking(move || dispatch::handle(&worker, request))
        .await
        .unwrap_or_else(|error| Err(Refusal::died(format!("got no worker: {error}"))));
    if matches!(&outcome, Err(refusal) if refusal.status == 401) {
        tokio::time::sleep(delay).await;
    }
    outcome
}

/// Decoded segments of a path.
pub(crate) fn segments(raw: &str) -> Vec<String> {
    whole_volume(
        raw.split('/')
            .filter(|s| !s.is_empty())
            .map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned())
            .collect(),
    )
}

/// A volume id may hold slashes; behind `content/` all is one segment.
fn whole_volume(segments: Vec<String>) -> Vec<String> {
    match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["nodes", _, "storage", _, "content", _, _, ..] => {
            let (front, volume) = segments.split_at(5);
            front.iter().cloned().chain([volume.join("/")]).collect()
        }
        _ => segments,
    }
}

async fn decode_body(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    method: &Method,
    body: Incoming,
    params: &mut Params,
) -> Outcome<Option<Upload>> {
    if method == Method::GET || method == Method::DELETE {
        return Ok(None);
    }
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or_default();
    if text(header::TRANSFER_ENCODING).eq_ignore_ascii_case("chunked") {
        return Err(Refusal::http(501, "chunked transfer encoding not supported"));
    }
    let content_type = text(header::CONTENT_TYPE).to_owned();
    let length: usize = text(header::CONTENT_LENGTH).parse().unwrap_or_default();
    if let Ok(boundary) = multer::parse_boundary(&content_type) {
        return receive(endpoint, Body::new(body), &boundary, params).await;
    }
    if length == 0 {
        return Ok(None);
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let form = kind == "application/x-www-form-urlencoded" || kind.is_empty();
    if !form && kind != "application/json" {
        return Err(Refusal::plain(506, format!("upload 'Content-Type '{kind}' not implemented")));
    }
    if length > BODY_LIMIT {
        return Err(Refusal::http(501, "for data too large"));
    }
    let bytes = to_bytes(Body::new(body), BODY_LIMIT).await.map_err(|_| Refusal::http(400, "bad request"))?;
    if form {
        for (key, value) in url::form_urlencoded::parse(&bytes) {
            params.push(key.into_owned(), value.into_owned());
        }
        return Ok(None);
    }
    match serde_json::from_slice(&bytes) {
        Ok(serde_json::Value::Object(object)) => params.push_json(&object),
        _ => {
            let rest: String = String::from_utf8_lossy(&bytes).chars().skip(1).collect();
            let rest = rest.trim_end_matches('}');
            return Err(Refusal::plain(
                500,
                format!(
                    "'\"' expected, at character offset 1 (before \"{rest}\") at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 917.\n"
                ),
            ));
        }
    }
    Ok(None)
}

/// Spools a multipart upload, as the server does below `/var/tmp`.
async fn receive(
    endpoint: &Endpoint,
    body: Body,
    boundary: &str,
    params: &mut Params,
) -> Outcome<Option<Upload>> {
    let broken = |error: multer::Error| Refusal::http(400, format!("bad multipart body: {error}"));
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut upload = None;
    while let Some(mut field) = parts.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            None => params.push(name, field.text().await.map_err(broken)?),
            Some(file) => {
                let id = format!("{:016x}{:016x}", super::guest::random(), super::guest::random());
                let path: PathBuf = endpoint.cluster.config.root.join("tmp").join(format!("pveupload-{id}"));
                let failed =
                    |error: std::io::Error| Refusal::died(format!("error writing to tmp file: {error}"));
                tokio::fs::create_dir_all(endpoint.cluster.config.root.join("tmp")).await.map_err(failed)?;
                let mut target = tokio::fs::File::create(&path).await.map_err(failed)?;
                let mut size = 0;
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    size += chunk.len() as u64;
                    tokio::io::AsyncWriteExt::write_all(&mut target, &chunk).await.map_err(failed)?;
                }
                tokio::io::AsyncWriteExt::flush(&mut target).await.map_err(failed)?;
                params.push("filename".to_owned(), file);
                upload = Some(Upload { path, shown: format!("/var/tmp/pveupload-{id}"), size });
            }
        }
    }
    Ok(upload)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("gzip"))
}

async fn compress(response: Response<Body>) -> Response<Body> {
    let length =
        response.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|l| l <= COMPRESS_FROM) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        // A body that breaks off stays broken: half of nothing is still a cut.
        let cut = futures::stream::once(async {
            Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        });
        return Response::from_parts(head, Body::from_stream(cut));
    };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = std::io::Write::write_all(&mut encoder, &bytes).and_then(|()| encoder.finish());
    match packed {
        Ok(packed) => {
            head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(packed.len()));
            Response::from_parts(head, Body::from(packed))
        }
        Err(_) => Response::from_parts(head, Body::from(bytes)),
    }
}

fn respond(outcome: &Outcome, truncate: bool) -> Response<Body> {
    let (status, reason, text, json) = match outcome {
        Ok(answer) => (200, "OK".to_owned(), answer.body().to_string(), true),
        Err(refusal) => {
            let (text, json) = refusal.body();
            (refusal.status, refusal.reason().to_owned(), text, json)
        }
    };
    let length = text.len();
    let body = if truncate {
        let half = Bytes::from(text.into_bytes()).slice(..length / 2);
        let cut =
            futures::stream::once(async { Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)) });
        Body::from_stream(futures::stream::iter([Ok(half)]).chain(cut))
    } else {
        Body::from(text)
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("pve-api-daemon/3.0"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if json {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    }
    if status >= 400 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(reason) = ReasonPhrase::try_from(reason.into_bytes()) {
        response.extensions_mut().insert(reason);
    }
    response
}

impl Endpoint {
    /// Whether the node is gone; a silent one lets the asker wait first.
    async fn unreachable(&self) -> bool {
        let reach = self.cluster.state().nodes.get(&self.node).map(|n| n.reach);
        if reach == Some(Reach::Silent) {
            tokio::time::sleep(SILENCE).await;
        }
        reach != Some(Reach::Online)
    }

    /// URL of the endpoint.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}
