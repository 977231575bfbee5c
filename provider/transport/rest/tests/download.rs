//! Downloads that break, resume, change and lie.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "helpers of tests"
)]

mod support;

use std::sync::{Arc, Mutex};

use support::{Reply, Seen, Server, answer, quick, status, url};
use transport_rest::{
    Algorithm, Budget, Cause, Download, Downloaded, Hasher, Request, RestClient, RestError, StandardStatus,
};

fn content() -> Vec<u8> {
    (0..100_000_u32).map(|n| (n % 253) as u8).collect()
}

fn sum(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(bytes);
    hasher.hex()
}

fn start_of(seen: &Seen) -> Option<usize> {
    seen.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// A file server; sends at most `piece` bytes before it breaks off.
fn files(piece: usize, ranges: bool, tag: impl Fn(usize) -> String) -> impl Fn(usize, &Seen) -> Reply {
    move |number, seen| {
        let content = content();
        let start = if ranges { start_of(seen).unwrap_or(0) } else { 0 };
        let rest = &content[start..];
        let head = if start > 0 {
            format!(
                "206 Partial Content\r\nContent-Range: bytes {start}-{}/{}",
                content.len() - 1,
                content.len()
            )
        } else {
            "200 OK".to_owned()
        };
        let mut bytes =
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nETag: {}\r\n\r\n", rest.len(), tag(number))
                .into_bytes();
        // Without ranges each try gets further than the last.
        let piece = if ranges { piece } else { piece * (number + 1) };
        bytes.extend_from_slice(&rest[..piece.min(rest.len())]);
        if piece < rest.len() { Reply::Cut(bytes) } else { Reply::Raw(bytes) }
    }
}

async fn fetch(server: &Server, path: &str, download: Download) -> (Result<Downloaded, RestError>, Vec<u8>) {
    let client = RestClient::new(Vec::new(), quick(), StandardStatus, None);
    let mut bytes = Vec::new();
    let request = Request::get_url(url(&format!("{}{path}", server.url)));
    let outcome = client.download(request, &mut bytes, download, &Budget::unlimited()).await;
    (outcome, bytes)
}

#[tokio::test]
async fn a_broken_stream_continues_where_it_stopped() {
    let server = Server::start(files(9_000, true, |_| "\"v1\"".to_owned())).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let progress = Arc::new(move |done, total| seen.lock().unwrap().push((done, total)));
    let download = Download::new().hash(Algorithm::Sha256).progress(progress);
    let (outcome, bytes) = fetch(&server, "/f", download).await;
    let done = outcome.unwrap();
    assert!(bytes == content());
    assert_eq!(done.checksum, Some(sum(&content())));
    assert_eq!((done.bytes, done.etag.as_deref()), (100_000, Some("\"v1\"")));
    // Far more breaks than the table's tries: progress renews them.
    assert!(server.count() > 10, "{}", server.count());
    assert!(server.seen()[1].header("if-range") == Some("\"v1\"".into()));
    assert_eq!(told.lock().unwrap().last(), Some(&(100_000, Some(100_000))));
}

#[tokio::test]
async fn a_server_without_ranges_sends_it_again() {
    let server = Server::start(files(30_000, false, |_| "\"v1\"".to_owned())).await;
    let (outcome, bytes) = fetch(&server, "/f", Download::new().hash(Algorithm::Sha256)).await;
    assert_eq!(outcome.unwrap().checksum, Some(sum(&content())));
    assert!(bytes == content());
    assert_eq!(server.count(), 4);
}

#[tokio::test]
async fn another_file_under_the_same_name_is_not_spliced_in() {
    let server = Server::start(files(30_000, true, |number| format!("\"v{number}\""))).await;
    let (outcome, _) = fetch(&server, "/f", Download::new()).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.cause(), Cause::Changed), "{error}");
}

#[tokio::test]
async fn an_earlier_run_is_continued() {
    let server = Server::start(files(usize::MAX, true, |_| "\"v1\"".to_owned())).await;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(&content()[..60_000]);
    let (outcome, bytes) = fetch(&server, "/f", Download::new().resume(60_000, Some(hasher))).await;
    let done = outcome.unwrap();
    assert_eq!((done.bytes, done.checksum), (100_000, Some(sum(&content()))));
    assert!(bytes == content()[60_000..]);
}

#[tokio::test]
async fn nothing_left_to_fetch_is_success() {
    let server = Server::start(|_, _| {
        Reply::Raw(answer("416 Range Not Satisfiable", "Content-Range: bytes */100000\r\n", ""))
    })
    .await;
    let (outcome, bytes) = fetch(&server, "/f", Download::new().resume(100_000, None)).await;
    assert_eq!((outcome.unwrap().bytes, bytes.len()), (100_000, 0));
    let (outcome, _) = fetch(&server, "/f", Download::new().resume(50_000, None)).await;
    assert!(outcome.is_err(), "a different length is no success");
}

#[tokio::test]
async fn redirects_are_followed_and_failures_are_failures() {
    let server = Server::start(|_, seen| match seen.path().as_str() {
        "/moved" => Reply::Raw(answer("302 Found", "Location: /f\r\n", "")),
        "/loop" => Reply::Raw(answer("302 Found", "Location: /loop\r\n", "")),
        "/f" => Reply::Raw(answer("200 OK", "", "hello")),
        _ => status("404 Not Found"),
    })
    .await;
    let (outcome, bytes) = fetch(&server, "/moved", Download::new()).await;
    assert_eq!((outcome.unwrap().bytes, bytes.as_slice()), (5, b"hello".as_slice()));
    let (outcome, bytes) = fetch(&server, "/none", Download::new()).await;
    assert_eq!((outcome.unwrap_err().status().unwrap().status.as_u16(), bytes.len()), (404, 0));
    let (outcome, _) = fetch(&server, "/loop", Download::new()).await;
    assert!(outcome.unwrap_err().to_string().contains("redirects"));
}

#[tokio::test]
async fn compressed_files_stay_compressed() {
    let server = Server::start(|_, seen| {
        assert_eq!(seen.header("accept-encoding").as_deref(), Some("identity"));
        Reply::Raw(answer("200 OK", "Content-Encoding: gzip\r\n", "not really gzip"))
    })
    .await;
    let (outcome, bytes) = fetch(&server, "/f.gz", Download::new()).await;
    outcome.unwrap();
    assert_eq!(bytes, b"not really gzip");
}
