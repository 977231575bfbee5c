//! The HTTP server: bodies, status lines, headers, faults, the request log.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::decode::FILE;
use super::dispatch::{self, Answer};
use super::filter::Query;
use super::refusal::Refusal;
use super::server::NetBox;
use crate::faults::Effect;
use crate::journal::Entry;
use crate::peer;
use crate::proxy;

/// Longest request line, as gunicorn has it.
const LINE_LIMIT: usize = 4094;
/// Largest body.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// Idle connections live this long.
const IDLE: Duration = Duration::from_secs(60);

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
pub(crate) struct Cut;

/// Serves the stand-in until the task is ended.
pub(crate) async fn serve(netbox: Arc<NetBox>, listener: TcpListener) {
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let netbox = Arc::clone(&netbox);
        tokio::spawn(async move {
            if let Err(error) = connection(netbox, stream, client).await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}

async fn connection(netbox: Arc<NetBox>, stream: TcpStream, client: SocketAddr) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let service = service_fn(move |request: Request<Incoming>| {
        let netbox = Arc::clone(&netbox);
        async move { answer(netbox, client, request).await }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

fn millis_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

async fn answer(
    netbox: Arc<NetBox>,
    client: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let started = Instant::now();
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    let method = request.method().to_string();
    let sequence = netbox.journal().open(Entry {
        sequence: 0,
        time: millis_now(),
        method: method.clone(),
        path: path.clone(),
        route: Some(dispatch::route(&path)),
        params: BTreeMap::new(),
        principal: String::new(),
        status: 0,
        message: String::new(),
        fault: None,
        millis: 0,
    });
    let effect = netbox.faults().next_request(&method, &path);
    if let Some(effect) = &effect {
        netbox.journal().update(sequence, |e| e.fault = Some(format!("{effect:?}")));
    }
    let done = |response: Response<Body>, message: String| {
        let status = response.status().as_u16();
        netbox.journal().update(sequence, |e| {
            e.millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            e.status = status;
            e.message = message;
        });
        response
    };
    match &effect {
        Some(Effect::DropBefore) => return Err(Cut),
        Some(Effect::KillClientBefore) => {
            peer::kill(client, netbox.address()).await;
            return Err(Cut);
        }
        Some(Effect::Delay { millis }) => tokio::time::sleep(Duration::from_millis(*millis)).await,
        Some(Effect::Status { status, message }) => {
            let refusal = Refusal::detail(*status, message.clone());
            return Ok(done(refuse(&netbox, &path, &refusal), message.clone()));
        }
        Some(effect) => {
            if let Some(page) = proxy::page(effect) {
                return Ok(done(page, "a proxy's page".to_owned()));
            }
        }
        None => {}
    }
    let outcome = work(&netbox, client, request, sequence).await;
    match &effect {
        Some(Effect::DropAfter) => return Err(Cut),
        Some(Effect::KillClientAfter) => {
            peer::kill(client, netbox.address()).await;
            return Err(Cut);
        }
        Some(Effect::StatusAfter { status, message }) => {
            let refusal = Refusal::detail(*status, message.clone());
            return Ok(done(refuse(&netbox, &path, &refusal), message.clone()));
        }
        _ => {}
    }
    let (response, message) = match outcome {
        Ok(answer) => (succeed(&netbox, &path, answer), String::new()),
        Err(refusal) => (refuse(&netbox, &path, &refusal), told(&refusal)),
    };
    let response =
        if matches!(effect, Some(Effect::Truncate)) { proxy::truncate(response).await } else { response };
    Ok(done(response, message))
}

/// A refusal in short, for the log.
fn told(refusal: &Refusal) -> String {
    if refusal.is_page() {
        return "an HTML page".to_owned();
    }
    refusal.body.to_string().chars().take(300).collect()
}

async fn work(
    netbox: &Arc<NetBox>,
    client: SocketAddr,
    request: Request<Incoming>,
    sequence: u64,
) -> Result<Answer, Refusal> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("", |p| p.as_str());
    let line = head.method.as_str().len() + 1 + target.len() + " HTTP/1.1".len();
    if line > LINE_LIMIT {
        let text = format!(
            "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n    <h1><p>Bad Request</p></h1>\n    Request Line is too large ({line} &gt; {LINE_LIMIT})\n  </body>\n</html>\n"
        );
        return Err(Refusal::new(400, Value::String(text)));
    }
    let query: Query =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let decoded = decode(&head.headers, body).await;
    let mut logged: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &query {
        logged
            .entry(name.clone())
            .and_modify(|v| *v = format!("{v}\n{value}"))
            .or_insert_with(|| value.clone());
    }
    if let Ok(Some(body)) = &decoded {
        logged.insert("body".to_owned(), masked(body).to_string());
    }
    for name in ["if-match", "x-netbox-branch", "user-agent"] {
        if let Some(value) = head.headers.get(name).and_then(|v| v.to_str().ok()) {
            logged.insert(format!("header:{name}"), value.to_owned());
        }
    }
    netbox.journal().update(sequence, |e| e.params = logged);
    let request = dispatch::Request {
        method: head.method.to_string(),
        path: percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned(),
        query,
        headers: head.headers,
        body: decoded,
        client: client.ip().to_string(),
        id: crate::pve::guest::random_uuid(),
        trusted: None,
    };
    let worker = Arc::clone(netbox);
    let outcome = tokio::task::spawn_blocking(move || worker.handle(request)).await;
    let outcome =
        outcome.unwrap_or_else(|error| Err(Refusal::detail(500, format!("the worker ended: {error}"))));
    if let Ok(answer) = &outcome {
        netbox.journal().update(sequence, |e| e.principal = answer.who.clone());
    }
    outcome
}

/// A body without what is secret.
fn masked(body: &Value) -> Value {
    const SECRETS: &[&str] = &[
        "password",
        "secret",
        "token",
        "key",
        "auth_psk",
        "preshared_key",
        "psk",
        "parameters",
        "authentication_key",
        "auth_key",
    ];
    match body {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| {
                let secret = SECRETS.contains(&k.as_str()) && !v.is_null();
                (k.clone(), if secret { json!("<redacted>") } else { masked(v) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(masked).collect(),
        other => other.clone(),
    }
}

async fn decode(headers: &HeaderMap, body: Incoming) -> Result<Option<Value>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = to_bytes(Body::new(body), BODY_LIMIT).await;
    let bytes = bytes.map_err(|_| Refusal::detail(400, "The body could not be read."))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if let Ok(boundary) = multer::parse_boundary(&kind) {
        return multipart(bytes, &boundary).await.map(Some);
    }
    let plain = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    if plain != "application/json" {
        return Err(Refusal::detail(415, format!("Unsupported media type \"{kind}\" in request.")));
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(Refusal::detail(400, parse_error(&bytes, &error))),
    }
}

/// What Python says of a text that is no JSON; its positions count from other places than ours.
fn parse_error(bytes: &[u8], error: &serde_json::Error) -> String {
    let at: usize = bytes
        .split_inclusive(|b| *b == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>()
        + error.column();
    let column = error.column() + 1;
    format!("JSON parse error - Expecting value: line {} column {column} (char {at})", error.line())
}

async fn multipart(bytes: Bytes, boundary: &str) -> Result<Value, Refusal> {
    let broken = |error: multer::Error| Refusal::detail(400, format!("Multipart form parse error - {error}"));
    let stream = futures::stream::once(async { Ok::<_, std::io::Error>(bytes) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut found = Map::new();
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = match field.file_name().map(str::to_owned) {
            Some(file) => {
                // The content is read to its end and not kept.
                field.bytes().await.map_err(broken)?;
                json!({ FILE: file })
            }
            None => json!(field.text().await.map_err(broken)?),
        };
        match found.get_mut(&name) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => {
                let first = first.take();
                found.insert(name, json!([first, value]));
            }
            None => {
                found.insert(name, value);
            }
        }
    }
    Ok(Value::Object(found))
}

fn headers(netbox: &NetBox, path: &str, response: &mut Response<Body>) {
    let headers = response.headers_mut();
    let set = |headers: &mut HeaderMap, name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(headers, "api-version", netbox.version().feature());
    set(headers, "allow", &netbox.allowed(path));
    set(headers, "vary", "HX-Request, Accept-Language, Cookie, origin");
    set(headers, "x-request-id", &crate::pve::guest::random_uuid());
}

fn succeed(netbox: &NetBox, path: &str, answer: Answer) -> Response<Body> {
    let redirect = answer.status == 301;
    let mut response = Response::new(answer.body.map_or_else(Body::empty, Body::from));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    if redirect {
        response
            .headers_mut()
            .insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie, origin"));
    } else {
        headers(netbox, path, &mut response);
    }
    let headers = response.headers_mut();
    let kind = if redirect { "text/html; charset=utf-8" } else { "application/json" };
    if answer.status != 204 {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let given = [
        (header::ETAG, answer.etag),
        (header::LOCATION, answer.location),
        (header::HeaderName::from_static("x-request-id"), answer.request),
    ];
    for (name, value) in given {
        if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

fn refuse(netbox: &NetBox, path: &str, refusal: &Refusal) -> Response<Body> {
    let (text, kind) = match &refusal.body {
        Value::String(page) => (page.clone(), "text/html; charset=utf-8"),
        body => (body.to_string(), "application/json"),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    headers(netbox, path, &mut response);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(value) = refusal.etag.as_ref().and_then(|v| HeaderValue::from_str(v).ok()) {
        headers.insert(header::ETAG, value);
    }
    response
}
