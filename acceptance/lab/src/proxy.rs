//! What stands between a client and a server: pages of a proxy, answers cut off.

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderValue, Response, StatusCode, header};

use crate::faults::Effect;

/// The answer of a proxy or login page, where the effect is one.
pub(crate) fn page(effect: &Effect) -> Option<Response<Body>> {
    let (status, title, location) = match effect {
        Effect::HtmlPage { status, title } => (*status, title.as_str(), None),
        Effect::Redirect { location } => (302, "Found", Some(location)),
        _ => return None,
    };
    let text = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(location) = location.and_then(|l| HeaderValue::from_str(l).ok()) {
        headers.insert(header::LOCATION, location);
    }
    Some(response)
}

/// The first half of an answer under its whole length, then nothing.
pub(crate) async fn truncate(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half = bytes.slice(..bytes.len() / 2);
    let cut = futures::stream::once(async {
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(head, Body::from_stream(futures::stream::iter([Ok(half)]).chain(cut)))
}
