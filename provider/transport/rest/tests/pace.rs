//! An even rate, and a server's pauses that hold for all requests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use support::{Reply, Server, answer, client, json, quick, status};
use transport_rest::{Budget, Policy, Request, Upload};

#[tokio::test]
async fn requests_keep_their_distance() {
    let server = Server::start(|_, _| json("{}")).await;
    let client = client(&[&server.url], Policy { requests_per_second: Some(20.0), ..quick() }, None);
    let start = Instant::now();
    let budget = Budget::unlimited();
    let sent = (0..6).map(|number| client.send(Request::get(["a"]).query("n", number.to_string()), &budget));
    futures::future::try_join_all(sent).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
    let no_time = client.send(Request::get(["a"]), &Budget::within(Duration::from_millis(10))).await;
    assert!(no_time.unwrap_err().is_deadline_exceeded());
    assert_eq!(server.count(), 6);
}

#[tokio::test]
async fn a_pause_asked_of_one_request_holds_the_others_back() {
    let server = Server::start(|number, _| match number {
        0 => Reply::Raw(answer("429 Too Many Requests", "Retry-After: 1\r\n", "")),
        _ => json("{}"),
    })
    .await;
    let client = server.client();
    let budget = Budget::unlimited();
    let start = Instant::now();
    let later = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        client.send(Request::get(["b"]), &budget).await
    };
    let (first, second) = tokio::join!(client.send(Request::get(["a"]), &budget), later);
    first.unwrap();
    second.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.count(), 3, "nothing was sent into the pause");
}

#[tokio::test]
async fn a_failure_keeps_the_headers_it_came_with() {
    let server = Server::start(|_, _| Reply::Raw(answer("412 Failed", "ETag: W/\"7\"\r\n", ""))).await;
    let error = server.client().send(Request::patch(["a"]), &Budget::unlimited()).await.unwrap_err();
    assert_eq!(error.status().unwrap().headers.get("etag").unwrap(), "W/\"7\"");
}

#[tokio::test]
async fn several_files_go_in_one_form() {
    let server = Server::start(|number, _| if number == 0 { status("429 Wait") } else { json("{}") }).await;
    let file = |name: &str, content: &str| {
        let path = std::env::temp_dir().join(format!("transport-rest-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path
    };
    let (front, rear) = (file("front", "FRONT"), file("rear", ""));
    let upload = Upload::new("front_image", "f.png", front).file("rear_image", "r.png", rear).field("a", "1");
    server.client().send(Request::patch(["up"]).upload(upload), &Budget::unlimited()).await.unwrap();
    let seen = &server.seen()[1];
    let kind = seen.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let disposition = |rest| format!("--{boundary}\r\nContent-Disposition: form-data; name={rest}\r\n");
    let octets = "Content-Type: application/octet-stream\r\n\r\n";
    let expected = [
        &*disposition("\"a\""),
        "\r\n1\r\n",
        &*disposition("\"front_image\"; filename=\"f.png\""),
        octets,
        "FRONT\r\n",
        &*disposition("\"rear_image\"; filename=\"r.png\""),
        octets,
        &*format!("\r\n--{boundary}--\r\n"),
    ]
    .concat();
    assert_eq!(String::from_utf8(seen.body.clone()).unwrap(), expected);
    assert_eq!(seen.header("content-length"), Some(expected.len().to_string()));
}
