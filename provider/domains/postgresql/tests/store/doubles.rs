//! Doubles of S3 servers that do not keep their word: what no honest server can be made to do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

/// How the double treats conditions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manners {
    /// It looks first and writes later: right in sequence, wrong in a race.
    LooksThenWrites,
    /// It has never heard of conditions.
    IgnoresConditions,
    /// It writes, and says that it failed.
    LosesAnswers,
}

#[derive(Clone)]
struct Server {
    manners: Manners,
    objects: Arc<Mutex<HashMap<String, (Bytes, u64)>>>,
    count: Arc<Mutex<u64>>,
}

/// Starts a double on a port of its own; answers its address.
pub(crate) async fn start(manners: Manners) -> String {
    let server = Server { manners, objects: Arc::default(), count: Arc::default() };
    let app = Router::new()
        .route("/{bucket}", any(bucket))
        .route("/{bucket}/{*key}", any(object))
        .with_state(server);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Deletions of many.
async fn bucket(State(server): State<Server>, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let mut answer = String::new();
    for part in text.split("<Key>").skip(1) {
        let key = part.split("</Key>").next().unwrap_or_default();
        server.objects.lock().unwrap().remove(key);
        answer += &format!("<Deleted><Key>{key}</Key></Deleted>");
    }
    format!("<DeleteResult>{answer}</DeleteResult>").into_response()
}

async fn object(
    State(server): State<Server>,
    Path((_, key)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match method.as_str() {
        "PUT" => put(&server, key, &headers, body).await,
        "DELETE" => {
            server.objects.lock().unwrap().remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => {
            let found = server.objects.lock().unwrap().get(&key).cloned();
            let Some((content, version)) = found else { return StatusCode::NOT_FOUND.into_response() };
            let headers = [
                (header::ETAG, format!("\"{version}\"")),
                (header::LAST_MODIFIED, "Sat, 21 Nov 2026 18:00:00 GMT".to_owned()),
            ];
            (headers, content).into_response()
        }
    }
}

async fn put(server: &Server, key: String, headers: &HeaderMap, body: Bytes) -> Response {
    let text =
        |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
    let there = server.objects.lock().unwrap().get(&key).map(|(_, version)| format!("\"{version}\""));
    let refused = match (text(header::IF_NONE_MATCH), text(header::IF_MATCH)) {
        (Some(_), _) => there.is_some(),
        (_, Some(wanted)) => there != Some(wanted),
        _ => false,
    };
    if refused && !matches!(server.manners, Manners::IgnoresConditions) {
        return StatusCode::PRECONDITION_FAILED.into_response();
    }
    if matches!(server.manners, Manners::LooksThenWrites) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let version = {
        let mut count = server.count.lock().unwrap();
        *count += 1;
        *count
    };
    server.objects.lock().unwrap().insert(key, (body, version));
    if matches!(server.manners, Manners::LosesAnswers) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    [(header::ETAG, format!("\"{version}\""))].into_response()
}
