//! Failover, retries, budgets, limits, sharing and redaction against a server that misbehaves on the wire.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "helpers of tests"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::{Reply, Server, Turnstile, answer, client, json, nobody, quick, status};
use transport_rest::{
    Bearer, Budget, Cause, Class, Form, Idempotency, Lane, Policy, Request, RetryRule, RetryTable, Secret,
    Upload, When, Widths,
};

fn unlimited() -> Budget {
    Budget::unlimited()
}

#[tokio::test]
async fn the_next_endpoint_takes_over_and_stays() {
    let server = Server::start(|_, _| json("{}")).await;
    let dead = nobody().await;
    let client = client(&[&dead, &server.url], quick(), None);
    client.send(Request::post(["a"]), &unlimited()).await.unwrap();
    assert_eq!(client.endpoint().unwrap().as_str(), format!("{}/", server.url));
    client.send(Request::get(["b"]), &unlimited()).await.unwrap();
    assert_eq!(server.count(), 2);
    let requests: u64 = client.counters().snapshot().values().map(|counter| counter.requests).sum();
    assert_eq!(requests, 2, "the dead endpoint was not asked again");
}

#[tokio::test]
async fn nobody_at_home_is_said_for_each_endpoint() {
    let (one, two) = (nobody().await, nobody().await);
    let error =
        client(&[&one, &two], quick(), None).send(Request::post(["a"]), &unlimited()).await.unwrap_err();
    let Cause::Connect { tried } = error.cause() else { panic!("{error}") };
    assert_eq!((tried.len(), error.attempts(), error.class()), (2, 4, Class::CONNECT));
    assert!(!error.may_have_taken_effect());
    assert!(error.to_string().contains(one.strip_prefix("http://").unwrap()), "{error}");
}

#[tokio::test]
async fn each_class_is_repeated_as_the_table_says() {
    // Status, tries of a GET, tries of a POST.
    for (line, get, post) in [
        ("429 Too Many Requests", 8, 8),
        ("503 Service Unavailable", 5, 1),
        ("502 Bad Gateway", 4, 1),
        ("504 Gateway Timeout", 4, 1),
        ("595 No route to host", 4, 1),
        ("599 Too many redirections", 4, 1),
        ("500 Internal Server Error", 1, 1),
        ("400 Bad Request", 1, 1),
        ("403 Forbidden", 1, 1),
    ] {
        let server = Server::start(move |_, _| status(line)).await;
        let error = server.client().send(Request::get(["a"]), &unlimited()).await.unwrap_err();
        assert_eq!(server.count(), get, "GET {line}");
        assert_eq!(error.attempts() as usize, get);
        let error = server.client().send(Request::post(["a"]), &unlimited()).await.unwrap_err();
        assert_eq!(server.count() - get, post, "POST {line}");
        assert_eq!(error.status().unwrap().reason, line[4..], "the reason phrase is kept");
    }
}

#[tokio::test]
async fn a_request_that_was_read_and_not_answered_is_repeated_only_if_harmless() {
    let server = Server::start(|_, _| Reply::Cut(Vec::new())).await;
    let error =
        server.client().send(Request::post(["a"]).form(Form::new().text("a", "b")), &unlimited()).await;
    let error = error.unwrap_err();
    assert_eq!((server.count(), error.class()), (1, Class::INTERRUPTED));
    assert!(error.may_have_taken_effect());
    server.client().send(Request::post(["a"]).idempotent(), &unlimited()).await.unwrap_err();
    assert_eq!(server.count(), 5);
    server.client().send(Request::get(["a"]), &unlimited()).await.unwrap_err();
    assert_eq!(server.count(), 9);
}

#[tokio::test]
async fn half_an_answer_is_not_an_answer() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":".to_vec();
    let server =
        Server::start(move |number, _| if number == 0 { Reply::Cut(half.clone()) } else { json("[1]") })
            .await;
    let response = server.client().send(Request::get(["a"]), &unlimited()).await.unwrap();
    assert_eq!(response.json::<Vec<u8>>().unwrap(), [1]);
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_half_sent_upload_is_not_sent_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            // Takes a part of the body and breaks off.
            let mut part = vec![0_u8; 100_000];
            let _ = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut part).await;
        }
    });
    let client = client(&[&address], quick(), None);
    let upload = a_file("half", &vec![7; 8 << 20]);
    let error = client.send(Request::post(["up"]).upload(upload), &unlimited()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::INTERRUPTED, 1), "{error}");
    assert!(error.may_have_taken_effect());
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let server = Server::start(|number, _| match number {
        0 => Reply::Raw(answer("429 Too Many Requests", "Retry-After: 1\r\n", "")),
        _ => json("{}"),
    })
    .await;
    let start = Instant::now();
    server.client().send(Request::post(["a"]), &unlimited()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn retry_after_beyond_the_deadline_fails_at_once_and_tells_both() {
    let server =
        Server::start(|_, _| Reply::Raw(answer("503 Full", "Retry-After: 3600\r\n", "come back later")))
            .await;
    let start = Instant::now();
    let budget = Budget::within(Duration::from_secs(30));
    let error = server.client().send(Request::get(["a"]), &budget).await.unwrap_err();
    assert!(error.is_deadline_exceeded() && start.elapsed() < Duration::from_secs(5));
    let told = error.to_string();
    assert!(told.contains("503 Full") && told.contains("3600s"), "{told}");
    assert_eq!(error.class(), Class::UNAVAILABLE);
}

#[tokio::test]
async fn cancelling_ends_a_request_promptly() {
    let server = Server::start(|_, _| Reply::Late(Duration::from_secs(60), Vec::new())).await;
    let budget = unlimited();
    let cancel = budget.cancel.clone();
    let start = Instant::now();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
    });
    let error = server.client().send(Request::get(["slow"]), &budget).await.unwrap_err();
    assert!(error.is_cancelled() && start.elapsed() < Duration::from_secs(5), "{error}");
    assert!(error.to_string().contains("GET http://127.0.0.1"), "says what was waited for: {error}");
}

#[tokio::test]
async fn deadlines_and_tries_have_limits_of_their_own() {
    let server = Server::start(|_, _| Reply::Late(Duration::from_secs(60), Vec::new())).await;
    let budget = Budget::within(Duration::from_millis(150));
    let error = server.client().send(Request::get(["slow"]), &budget).await.unwrap_err();
    assert!(error.is_deadline_exceeded(), "{error}");
    let quick_try = Request::post(["slow"]).timeout(Duration::from_millis(80));
    let error = server.client().send(quick_try, &unlimited()).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Timeout(_)) && error.may_have_taken_effect(), "{error}");
}

#[tokio::test]
async fn identical_reads_at_once_are_one_request_until_something_is_written() {
    let server = Server::start(|_, seen| {
        let body = answer("200 OK", "", if seen.head.starts_with("POST") { "{}" } else { "[1]" });
        Reply::Late(Duration::from_millis(150), body)
    })
    .await;
    let client = server.client();
    let budget = unlimited();
    let reads = (0..20).map(|_| client.send_merged(Request::get(["a"]).query("q", "1"), &budget));
    for answer in futures::future::join_all(reads).await {
        assert_eq!(answer.unwrap().json::<Vec<u8>>().unwrap(), [1]);
    }
    assert_eq!(server.count(), 1);
    // A read under way when a write ends must not serve readers that come after the write.
    let (early, write) = (client.clone(), client.clone());
    let early = tokio::spawn(async move { early.send_merged(Request::get(["b"]), &unlimited()).await });
    tokio::time::sleep(Duration::from_millis(30)).await;
    let slow_read_started = server.count();
    let quick_write = tokio::spawn(async move {
        let _ = write.send(Request::post(["b"]).timeout(Duration::from_millis(20)), &unlimited()).await;
    });
    quick_write.await.unwrap();
    client.send_merged(Request::get(["b"]), &budget).await.unwrap();
    early.await.unwrap().unwrap();
    assert_eq!(server.count(), slow_read_started + 2, "the write and a read of its own");
}

#[tokio::test]
async fn a_waiter_that_leaves_does_not_disturb_the_others() {
    let server =
        Server::start(|_, _| Reply::Late(Duration::from_millis(200), answer("200 OK", "", "[1]"))).await;
    let client = server.client();
    let hasty = Budget::within(Duration::from_millis(50));
    let patient = unlimited();
    let (gone, stayed) = futures::future::join(
        client.send_merged(Request::get(["a"]), &hasty),
        client.send_merged(Request::get(["a"]), &patient),
    )
    .await;
    assert!(gone.unwrap_err().is_deadline_exceeded());
    stayed.unwrap();
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn lanes_bound_what_runs_at_once() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (running_, most_) = (running.clone(), most.clone());
    let server = Server::start(move |_, _| {
        let now = running_.fetch_add(1, Ordering::SeqCst) + 1;
        most_.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(15));
        running_.fetch_sub(1, Ordering::SeqCst);
        json("{}")
    })
    .await;
    let policy = Policy { widths: Widths { reads: 2, heavy: 1 }, ..quick() };
    let client = client(&[&server.url], policy, None);
    let budget = unlimited();
    let calls =
        (0..12).map(|n| client.send(Request::get(["a", &n.to_string()]).lane(Lane::reads("n")), &budget));
    for answer in futures::future::join_all(calls).await {
        answer.unwrap();
    }
    assert!(most.load(Ordering::SeqCst) <= 2, "{most:?} at once");
    assert_eq!(server.count(), 12);
}

#[tokio::test]
async fn a_refused_credential_is_renewed_once_for_all() {
    let server = Server::start(|_, seen| match seen.header("authorization").as_deref() {
        Some("issue-0") => status("401 No ticket"),
        _ => json("{}"),
    })
    .await;
    let auth = Arc::new(Turnstile::default());
    let client = client(&[&server.url], quick(), Some(auth.clone()));
    let budget = unlimited();
    let calls = (0..5).map(|n| client.send(Request::post(["a", &n.to_string()]), &budget));
    for answer in futures::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!((auth.renewals.load(Ordering::SeqCst), server.count()), (1, 10));
}

#[tokio::test]
async fn a_second_refusal_is_final() {
    let server = Server::start(|_, _| status("401 No ticket")).await;
    let auth = Arc::new(Turnstile::default());
    let client = client(&[&server.url], quick(), Some(auth.clone()));
    let error = client.send(Request::get(["a"]), &unlimited()).await.unwrap_err();
    assert_eq!((error.class(), server.count()), (Class::UNAUTHORIZED, 2));
}

#[tokio::test]
async fn pages_redirects_and_floods_are_named_for_what_they_are() {
    let server = Server::start(|_, seen| match seen.path().as_str() {
        "/page" => {
            Reply::Raw(answer("200 OK", "Content-Type: text/html\r\n", "<html><h1>Sign in</h1></html>"))
        }
        "/login" => Reply::Raw(answer("302 Found", "Location: https://sso.test/login?token=canary\r\n", "")),
        "/cut" => Reply::Raw(answer("200 OK", "Content-Type: application/json\r\n", "{\"data\": [1,")),
        "/bad-gateway" => {
            Reply::Raw(answer("500 Oops", "Content-Type: text/html\r\n", "<html><h1>Oh no</h1>"))
        }
        _ => Reply::Raw(answer("200 OK", "", &"x".repeat(2000))),
    })
    .await;
    let client = client(&[&server.url], Policy { max_answer: 1000, ..quick() }, None);
    let budget = unlimited();
    let json = async |path| client.send(Request::get([path]), &budget).await?.json::<serde_json::Value>();
    let error = json("page").await.unwrap_err();
    assert!(matches!(error.cause(), Cause::NotJson { excerpt, .. } if excerpt == "Sign in"), "{error}");
    let error = json("login").await.unwrap_err();
    assert!(
        matches!(error.cause(), Cause::Redirected { .. }) && !error.to_string().contains("canary"),
        "{error}"
    );
    let error = json("cut").await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Json { .. }), "{error}");
    let error = json("bad-gateway").await.unwrap_err();
    assert_eq!(error.status().unwrap().excerpt, "Oh no");
    let error = json("flood").await.unwrap_err();
    assert!(matches!(error.cause(), Cause::TooLarge { limit: 1000 }), "{error}");
}

#[tokio::test]
async fn canaries_are_found_in_no_error() {
    let secret = Secret::new("canary-header-1");
    let server = Server::start(|_, seen| {
        let echo = format!(
            "{{\"message\":\"bad {} {}\",\"errors\":{{\"password\":\"canary-field-4\"}}}}",
            seen.header("authorization").unwrap_or_default(),
            String::from_utf8_lossy(&seen.body)
        );
        let line = format!("400 no: {}", seen.header("authorization").unwrap_or_default());
        Reply::Raw(answer(&line, "Content-Type: application/json\r\n", &echo))
    })
    .await;
    let auth = Arc::new(Bearer::new(&secret).unwrap());
    let policy = Policy { secrets: vec![secret], ..quick() };
    let client = client(&[&server.url], policy, Some(auth));
    let form = Form::new().secret("password", &Secret::new("canary body/3"));
    let request = Request::post(["a"]).query("token", "canary-query-2").form(form);
    let debug = format!("{request:?}");
    let error = client.send(request, &unlimited()).await.unwrap_err();
    let body = String::from_utf8_lossy(&error.status().unwrap().body).into_owned();
    for shown in [error.to_string(), format!("{error:?}"), format!("{client:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert!(!debug.contains("canary body") && !debug.contains("canary-header"), "{debug}");
    assert!(
        !body.contains("canary-header") && !body.contains("canary body") && !body.contains("canary+body"),
        "{body}"
    );
    // The server did get them.
    let seen = &server.seen()[0];
    assert!(seen.head.contains("canary-header-1") && seen.head.contains("token=canary-query-2"));
    assert_eq!(seen.body, b"password=canary+body%2F3");
}

fn a_file(name: &str, content: &[u8]) -> Upload {
    let path = std::env::temp_dir().join(format!("transport-rest-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    Upload::new("filename", "x \"y\".iso", &path).field("content", "iso")
}

#[tokio::test]
async fn an_upload_has_a_length_and_can_be_repeated() {
    let server = Server::start(|number, _| if number == 0 { status("429 Wait") } else { json("{}") }).await;
    let content: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
    let most = Arc::new(std::sync::Mutex::new((0, None)));
    let told = most.clone();
    let upload = a_file("whole", &content)
        .progress(Arc::new(move |done, total| *told.lock().unwrap() = (done, total)));
    server.client().send(Request::post(["upload"]).upload(upload), &unlimited()).await.unwrap();
    assert_eq!(*most.lock().unwrap(), (700_000, Some(700_000)));
    for seen in server.seen() {
        assert!(seen.header("transfer-encoding").is_none());
        let kind = seen.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let mut expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"filename\"; filename=\"x %22y%22.iso\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        expected.extend_from_slice(&content);
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert!(seen.body == expected, "the body is framed exactly");
        assert_eq!(seen.header("content-length"), Some(expected.len().to_string()));
    }
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_missing_file_is_said_before_anything_is_sent() {
    let server = Server::start(|_, _| json("{}")).await;
    let upload = Upload::new("filename", "x.iso", "/nonexistent/x.iso");
    let error =
        server.client().send(Request::post(["upload"]).upload(upload), &unlimited()).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent/x.iso"), "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn what_cannot_be_expressed_is_refused_before_sending() {
    let server = Server::start(|_, _| json("{}")).await;
    let error =
        server.client().send(Request::get(["nodes", "..", "access"]), &unlimited()).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Path(_)), "{error}");
    let header = http::HeaderName::from_static("x-a");
    let error =
        server.client().send(Request::get(["a"]).header(header, "a\nb"), &unlimited()).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Setup(_)), "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn counters_tell_tries_bytes_and_classes() {
    let server = Server::start(|number, _| if number == 0 { status("503 Wait") } else { json("[1]") }).await;
    let client = server.client();
    client
        .send(Request::put(["a"]).json(&[1, 2]).idempotency(Idempotency::Idempotent), &unlimited())
        .await
        .unwrap();
    let lines: Vec<_> = client.counters().snapshot().into_iter().collect();
    assert_eq!(lines.len(), 2);
    let (key, ok) = &lines[0];
    assert_eq!((key.method.as_str(), key.class.as_str()), ("PUT", "ok"));
    assert_eq!((ok.requests, ok.retries, ok.bytes_sent, ok.bytes_received), (1, 1, 5, 3));
    assert_eq!(lines[1].0.class, "unavailable");
    client.counters().log();
}

#[tokio::test]
async fn an_api_may_add_rules_of_its_own() {
    struct Locks;
    impl transport_rest::Classify for Locks {
        fn classify(&self, seen: &transport_rest::Seen<'_>) -> Option<Class> {
            seen.reason.contains("got timeout").then_some(Class::named("lock"))
        }
    }
    let server =
        Server::start(|number, _| if number < 2 { status("500 lock - got timeout") } else { json("{}") })
            .await;
    let rule = RetryRule::new(Class::named("lock"), When::Always, 3, Duration::from_millis(2));
    let policy = Policy { retries: RetryTable::none().with([rule]), ..quick() };
    let endpoints = transport_rest::parse_endpoints([&server.url]).unwrap();
    let client = transport_rest::RestClient::new(endpoints, policy, Locks, None);
    client.send(Request::post(["a"]), &unlimited()).await.unwrap();
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn connections_are_reused_but_not_beyond_the_idle_time() {
    let server = Server::start(|_, _| json("{}")).await;
    let policy = Policy { idle_timeout: Duration::from_millis(200), ..quick() };
    let client = client(&[&server.url], policy, None);
    for _ in 0..3 {
        client.send(Request::post(["a"]), &unlimited()).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    client.send(Request::post(["a"]), &unlimited()).await.unwrap();
    assert_eq!(server.connections(), 2, "an idle connection is left before the server leaves it");
}

#[tokio::test]
async fn a_connection_the_server_closed_costs_no_write() {
    // Closes after each answer without saying so, as a server does that counts requests or seconds.
    let server = Server::start(|_, _| Reply::Cut(answer("200 OK", "", "{}"))).await;
    let client = server.client();
    for _ in 0..5 {
        client.send(Request::post(["a"]), &unlimited()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!((server.count(), server.connections()), (5, 5));
}
