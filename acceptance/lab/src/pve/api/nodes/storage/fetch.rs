//! The HTTP client a node downloads with.

use std::path::Path;

use futures::StreamExt;
use hyper::ext::ReasonPhrase;
use tokio::io::AsyncWriteExt;

use crate::pve::reply::{Outcome, Refusal};

/// What a server tells about a file.
pub(super) struct Metadata {
    pub(super) filename: String,
    pub(super) size: Option<u64>,
    pub(super) mimetype: String,
}

/// How a transfer went.
pub(super) struct Fetched {
    /// `200 OK`; absent where no connection came about.
    pub(super) status: Option<String>,
    pub(super) size: u64,
    pub(super) mimetype: String,
    pub(super) result: Outcome<()>,
}

fn client(verify: bool) -> Outcome<reqwest::Client> {
    reqwest::Client::builder()
        .danger_accept_invalid_certs(!verify)
        .no_gzip()
        .build()
        .map_err(|error| Refusal::died(format!("cannot make an HTTP client: {error}")))
}

fn status_text(response: &reqwest::Response) -> String {
    let status = response.status();
    let reason = match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    format!("{} {reason}", status.as_u16())
}

fn content_type(response: &reqwest::Response) -> String {
    let value = response.headers().get("content-type").and_then(|v| v.to_str().ok());
    value.unwrap_or("application/octet-stream").to_owned()
}

pub(super) async fn head(url: &str, verify: bool) -> Outcome<Metadata> {
    let response = client(verify)?.head(url).send().await.map_err(|error| {
        let text = if error.is_connect() { "Can't connect to server" } else { "request failed" };
        Refusal::died(format!("invalid server response: '500 {text}'"))
    })?;
    if !response.status().is_success() {
        return Err(Refusal::died(format!("invalid server response: '{}'", status_text(&response))));
    }
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
    let named =
        header("content-disposition").and_then(|d| d.split("filename=").nth(1)).map(|n| n.trim_matches('"'));
    let from_path = response.url().path().rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Metadata {
        filename: named.map_or(from_path, str::to_owned),
        size: header("content-length").and_then(|l| l.parse().ok()),
        mimetype: content_type(&response).split(';').next().unwrap_or_default().to_owned(),
    })
}

/// Fetches into a file; `stopped` ends it early.
pub(super) async fn fetch(
    url: &str,
    verify: bool,
    to: &Path,
    stopped: &(dyn Fn() -> bool + Sync),
) -> Fetched {
    let mut fetched = Fetched { status: None, size: 0, mimetype: String::new(), result: Ok(()) };
    // Exit codes of the downloader: 4 network failure, 8 error response.
    let code = |code: u8| Refusal::died(format!("download failed: exit code {code}"));
    let response = match client(verify) {
        Ok(client) => client.get(url).send().await,
        Err(refusal) => {
            fetched.result = Err(refusal);
            return fetched;
        }
    };
    let Ok(response) = response else {
        fetched.result = Err(code(4));
        return fetched;
    };
    fetched.status = Some(status_text(&response));
    fetched.mimetype = content_type(&response);
    if !response.status().is_success() {
        fetched.result = Err(code(8));
        return fetched;
    }
    let expected = response.content_length();
    fetched.result = async {
        let write = |error: std::io::Error| Refusal::died(format!("download failed: {error}"));
        let mut file = tokio::fs::File::create(to).await.map_err(write)?;
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            if stopped() {
                return Err(Refusal::died("received interrupt"));
            }
            let chunk = chunk.map_err(|_| code(4))?;
            fetched.size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(write)?;
        }
        file.flush().await.map_err(write)?;
        if expected.is_some_and(|e| e != fetched.size) { Err(code(4)) } else { Ok(()) }
    }
    .await;
    fetched
}
