//! The artefact server: images over plain HTTP, with ranges and a checksum file made from the content.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;

use crate::journal::{Entry, Journal};
use crate::pve::storage::hex;

/// Name of the checksum file every directory has.
const SUMS: &str = "SHA256SUMS";

#[derive(Debug, Clone)]
struct Shelf {
    root: PathBuf,
    journal: Arc<Journal>,
}

pub(crate) fn serve(listener: TcpListener, root: PathBuf, journal: Arc<Journal>) -> JoinHandle<()> {
    let router = Router::new().fallback(get).with_state(Shelf { root, journal });
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the artefact server ended");
        }
    })
}

/// A path below the root; nothing that climbs out of it.
fn safe(root: &Path, path: &str) -> Option<PathBuf> {
    let decoded = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
    let relative = PathBuf::from(decoded.as_ref());
    relative.components().all(|c| matches!(c, Component::Normal(_))).then(|| root.join(relative))
}

fn sums(dir: &Path) -> std::io::Result<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.metadata()?.is_file() && name != SUMS {
            let mut digest = Sha256::new();
            std::io::copy(&mut std::fs::File::open(entry.path())?, &mut digest)?;
            lines.push(format!("{}  {name}\n", hex(&digest.finalize())));
        }
    }
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    Ok(lines.concat())
}

async fn get(State(shelf): State<Shelf>, request: Request) -> Response {
    let (request, _) = request.into_parts();
    let response = answer(&shelf, &request).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    shelf.journal.open(Entry {
        sequence: 0,
        time: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        method: request.method.to_string(),
        path: request.uri.path().to_owned(),
        route: None,
        params: Default::default(),
        principal: String::new(),
        status: response.status().as_u16(),
        message: String::new(),
        fault: None,
        millis: 0,
    });
    response
}

fn not_found() -> Response {
    let mut response = (StatusCode::NOT_FOUND, "not found\n").into_response();
    response.extensions_mut().insert(hyper::ext::ReasonPhrase::from_static(b"File not found"));
    response
}

async fn answer(shelf: &Shelf, request: &Parts) -> Response {
    let Some(path) = safe(&shelf.root, request.uri.path()) else { return not_found() };
    if path.file_name().is_some_and(|n| n == SUMS) && !path.exists() {
        let dir = path.parent().unwrap_or(&shelf.root).to_owned();
        return match tokio::task::spawn_blocking(move || sums(&dir)).await {
            Ok(Ok(text)) => ([(header::CONTENT_TYPE, "text/plain")], text).into_response(),
            _ => not_found(),
        };
    }
    let Ok(mut file) = tokio::fs::File::open(&path).await else { return not_found() };
    let Some(size) = file.metadata().await.ok().filter(std::fs::Metadata::is_file).map(|m| m.len()) else {
        return not_found();
    };
    let wanted = request.headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    let range = match wanted.map(|text| parse_range(text, size)) {
        Some(None) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
        Some(Some(range)) => Some(range),
        None => None,
    };
    let (start, length) = range.map_or((0, size), |(start, end)| (start, end - start + 1));
    if file.seek(std::io::SeekFrom::Start(start)).await.is_err() {
        return not_found();
    }
    let body = if request.method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(ReaderStream::new(file.take(length)))
    };
    let mut response = Response::new(body);
    if let Some((start, end)) = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(&mut response, header::CONTENT_RANGE, &format!("bytes {start}-{end}/{size}"));
    }
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::CONTENT_TYPE, mime(&path));
    response
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()) {
        Some("iso") => "application/x-iso9660-image",
        Some("gz") => "application/gzip",
        Some("zst") => "application/zstd",
        _ => "application/octet-stream",
    }
}

/// First and last byte of a single range.
fn parse_range(text: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from.parse::<u64>().ok(), to.parse::<u64>().ok()) {
        (Some(from), Some(to)) => (from, to.min(size.checked_sub(1)?)),
        (Some(from), None) if to.is_empty() => (from, size.checked_sub(1)?),
        (None, Some(last)) if from.is_empty() => (size.saturating_sub(last), size.checked_sub(1)?),
        _ => return None,
    };
    (range.0 <= range.1).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes=0-3", 10), Some((0, 3)));
        assert_eq!(parse_range("bytes=5-", 10), Some((5, 9)));
        assert_eq!(parse_range("bytes=-2", 10), Some((8, 9)));
        assert_eq!(parse_range("bytes=10-", 10), None);
        assert_eq!(parse_range("items=1-2", 10), None);
    }

    #[test]
    fn no_way_out() {
        let root = Path::new("/srv");
        assert_eq!(safe(root, "/../etc/passwd"), None);
        assert_eq!(safe(root, "/%2e%2e/etc"), None);
        assert_eq!(safe(root, "/a/b.iso"), Some(PathBuf::from("/srv/a/b.iso")));
    }
}
