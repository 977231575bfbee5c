//! A proxy by which guests reach Debian's archive: they have no other way out. What never changes is kept.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::RealError;
use super::run::file_error;

#[derive(Debug, Clone)]
struct Proxy {
    client: reqwest::Client,
    cache: PathBuf,
}

/// Starts the proxy on an address of the bridge.
pub(crate) async fn serve(host: Ipv4Addr, cache: &Path) -> Result<(SocketAddr, JoinHandle<()>), RealError> {
    let listener = TcpListener::bind((host, 0)).await.map_err(file_error("no proxy for packages"))?;
    let address = listener.local_addr().map_err(file_error("no proxy for packages"))?;
    let client = reqwest::Client::builder().no_gzip().build();
    let client = client.map_err(|error| RealError::Needs(format!("a client of HTTP: {error}")))?;
    let router = Router::new().fallback(pass).with_state(Proxy { client, cache: cache.join("packages") });
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the proxy for packages ended");
        }
    });
    Ok((address, server))
}

/// Where the answer to a request is kept: packages are never changed under their name.
fn kept(cache: &Path, request: &Parts) -> Option<PathBuf> {
    let path = request.uri.path();
    let plain = path.split('/').all(|part| part != "..");
    (request.method == Method::GET && plain && path.contains("/pool/") && path.ends_with(".deb"))
        .then(|| cache.join(path.rsplit('/').next().unwrap_or_default()))
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
    let (request, _) = request.into_parts();
    let kept = kept(&proxy.cache, &request);
    if let Some(bytes) = kept.as_ref().and_then(|path| std::fs::read(path).ok()) {
        return Body::from(bytes).into_response();
    }
    match fetch(&proxy.client, &request).await {
        Ok((StatusCode::OK, headers, bytes)) => {
            if let Some(path) = kept {
                keep(&path, &bytes);
            }
            answer(StatusCode::OK, &headers, bytes)
        }
        Ok((status, headers, bytes)) => answer(status, &headers, bytes),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

async fn fetch(
    client: &reqwest::Client,
    request: &Parts,
) -> Result<(StatusCode, HeaderMap, Bytes), reqwest::Error> {
    let mut asked = client.request(request.method.clone(), request.uri.to_string());
    for name in [header::IF_MODIFIED_SINCE, header::CACHE_CONTROL, header::USER_AGENT] {
        if let Some(value) = request.headers.get(&name) {
            asked = asked.header(name, value);
        }
    }
    let answer = asked.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok((status, headers, answer.bytes().await?))
}

fn answer(status: StatusCode, headers: &HeaderMap, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    for name in [header::LAST_MODIFIED, header::CONTENT_TYPE, header::LOCATION, header::ETAG] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Whole or not at all; several laboratories share what is kept.
fn keep(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let made = std::fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| std::fs::write(&beside, bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    if let Err(error) = made {
        tracing::warn!(path = %path.display(), %error, "a package is not kept");
    }
}
