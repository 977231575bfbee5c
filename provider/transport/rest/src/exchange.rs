//! One try: connect (with failover), send, read, judge.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use crate::auth::Stamp;
use crate::classify::{Class, Seen};
use crate::client::{Attempt, RestClient, carries_credentials};
use crate::counters::{Counter, CounterKey};
use crate::error::{Cause, RestError, StatusFailure};
use crate::request::{Payload, Request, Target};
use crate::response::Response;
use crate::retry::retry_after;
use transport_base::Budget;

/// Redirects followed for an absolute URL.
const MAX_REDIRECTS: usize = 5;

/// One failed try.
pub(crate) struct Failure {
    pub(crate) class: Class,
    pub(crate) cause: Cause,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) stamp: Option<Stamp>,
}

impl Failure {
    pub(crate) fn new(class: Class, cause: Cause) -> Self {
        Self { class, cause, retry_after: None, stamp: None }
    }
}

/// What went over the wire in one try.
#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) host: String,
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// An answer whose head has arrived.
pub(crate) struct Head {
    pub(crate) response: reqwest::Response,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) started: Instant,
    pub(crate) sent: u64,
    pub(crate) host: String,
}

impl Head {
    pub(crate) fn reason(&self) -> String {
        let said = self.response.extensions().get::<hyper::ext::ReasonPhrase>();
        match said {
            Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).trim().to_owned(),
            None => self.response.status().canonical_reason().unwrap_or_default().to_owned(),
        }
    }
}

impl RestClient {
    /// One try of an ordinary request, its answer read whole.
    pub(crate) async fn exchange(
        &self,
        request: &Request,
        attempt: Attempt,
        budget: &Budget,
    ) -> Result<Response, Failure> {
        let started = Instant::now();
        let mut flow = Flow::default();
        let outcome = self.within_limit(request, attempt, budget, &mut flow).await;
        let class = outcome.as_ref().err().map_or("ok", |failure| failure.class.name());
        self.count(request, attempt, class, flow, started.elapsed());
        outcome
    }

    async fn within_limit(
        &self,
        request: &Request,
        attempt: Attempt,
        budget: &Budget,
        flow: &mut Flow,
    ) -> Result<Response, Failure> {
        let limit = match request.payload {
            // An upload takes as long as its file is large; it is watched for standstill instead.
            Payload::Upload(_) => None,
            _ => Some(request.timeout.unwrap_or(self.core.policy.attempt_timeout)),
        };
        let work = async {
            let head = self.open(request, HeaderMap::new(), budget).await?;
            flow.host.clone_from(&head.host);
            flow.sent = head.sent;
            let response = self.read(request, head, attempt).await?;
            flow.received = response.body.len() as u64;
            Ok(response)
        };
        match limit {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work)
                .await
                .unwrap_or_else(|_| Err(Failure::new(Class::TIMEOUT, Cause::Timeout(limit)))),
        }
    }

    /// Sends the request to the first endpoint that can be connected to and waits for the head of its answer.
    pub(crate) async fn open(
        &self,
        request: &Request,
        extra: HeaderMap,
        budget: &Budget,
    ) -> Result<Head, Failure> {
        let mut headers = request.headers.clone();
        headers.extend(extra);
        let stamp = self.authorize(request, &mut headers, budget).await?;
        if let Target::Url(url) = &request.target {
            let url = request.url(None).unwrap_or_else(|| (**url).clone());
            return self.follow(request, url, &headers).await;
        }
        let mut tried = Vec::new();
        let mut untrusted = false;
        for (index, base) in self.core.endpoints.in_order() {
            let Some(url) = request.url(Some(base)) else { continue };
            match self.dispatch(request, &url, &headers).await {
                Ok(head) => {
                    self.core.endpoints.answered(index);
                    return Ok(Head { stamp, ..head });
                }
                Err(Sent::Nothing { reason, certificate }) => {
                    untrusted |= certificate;
                    tracing::warn!(endpoint = %base, "cannot use this endpoint: {reason}");
                    tried.push(format!("{}: {reason}", host_of(base)));
                }
                Err(Sent::Perhaps(failure)) => {
                    self.core.endpoints.answered(index);
                    return Err(failure);
                }
            }
        }
        Err(unreachable(tried, untrusted))
    }

    async fn authorize(
        &self,
        request: &Request,
        headers: &mut HeaderMap,
        budget: &Budget,
    ) -> Result<Option<Stamp>, Failure> {
        let Some(auth) = self.core.auth.as_ref().filter(|_| carries_credentials(request)) else {
            return Ok(None);
        };
        let authorized = Box::pin(auth.authorize(self, &request.method, headers, budget)).await;
        authorized.map(Some).map_err(|error| login_failed(&error))
    }

    /// Fetches an absolute URL through redirects.
    async fn follow(&self, request: &Request, mut url: Url, headers: &HeaderMap) -> Result<Head, Failure> {
        for _ in 0..=MAX_REDIRECTS {
            let head = match self.dispatch(request, &url, headers).await {
                Ok(head) => head,
                Err(Sent::Perhaps(failure)) => return Err(failure),
                Err(Sent::Nothing { reason, certificate }) => {
                    return Err(unreachable(vec![format!("{}: {reason}", host_of(&url))], certificate));
                }
            };
            let status = head.response.status();
            let next = head.response.headers().get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
            match next {
                Some(next) if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
                    let leaves_tls = url.scheme() == "https" && next.scheme() != "https";
                    if leaves_tls || !matches!(next.scheme(), "http" | "https") {
                        let location = self.core.redactor.url(&next);
                        return Err(Failure::new(Class::REDIRECT, Cause::Redirected { status, location }));
                    }
                    url = next;
                }
                _ => return Ok(head),
            }
        }
        Err(Failure::new(Class::REDIRECT, Cause::Setup(format!("more than {MAX_REDIRECTS} redirects"))))
    }

    async fn dispatch(&self, request: &Request, url: &Url, headers: &HeaderMap) -> Result<Head, Sent> {
        let host = host_of(url);
        let setup = |cause: Cause| Sent::Perhaps(Failure::new(Class::REFUSED, cause));
        let http = self.http().await.map_err(setup)?;
        let verbatim = headers.get(ACCEPT_ENCODING).is_some_and(|coding| coding == "identity");
        let http = if verbatim { &http.verbatim } else { &http.decoding };
        let mut builder = http.request(request.method.clone(), url.clone()).headers(headers.clone());
        let mut sent = 0;
        let mut flow = None;
        match &request.payload {
            // A server may insist on a length for methods that usually have a body.
            Payload::Empty if request.writes() => {
                builder = builder.header(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            Payload::Empty => {}
            Payload::Bytes { content_type, bytes } => {
                sent = bytes.len() as u64;
                builder = builder.header(CONTENT_TYPE, *content_type).body(bytes.clone());
            }
            Payload::Upload(upload) => {
                let opened = upload.open().await.map_err(setup)?;
                sent = opened.length;
                flow = Some(opened.sent);
                builder = builder
                    .header(CONTENT_TYPE, opened.content_type)
                    .header(CONTENT_LENGTH, opened.length)
                    .body(opened.body);
            }
        }
        let started = Instant::now();
        let answer = match flow {
            None => builder.send().await,
            Some(flow) => self.watched(builder.send(), &flow).await.map_err(Sent::Perhaps)?,
        };
        match answer {
            Ok(response) => Ok(Head { response, stamp: None, started, sent, host }),
            Err(error) => Err(self.unsent(request, error)),
        }
    }

    /// Waits for the answer to an upload as long as bytes keep moving.
    async fn watched(
        &self,
        sending: impl Future<Output = reqwest::Result<reqwest::Response>>,
        flow: &Arc<AtomicU64>,
    ) -> Result<reqwest::Result<reqwest::Response>, Failure> {
        let limit = self.core.policy.stall_timeout;
        let mut sending = std::pin::pin!(sending);
        let mut before = 0;
        loop {
            match tokio::time::timeout(limit, &mut sending).await {
                Ok(answer) => return Ok(answer),
                Err(_) => {
                    let now = flow.load(Ordering::Relaxed);
                    if now == before {
                        return Err(Failure::new(Class::TIMEOUT, Cause::Timeout(limit)));
                    }
                    before = now;
                }
            }
        }
    }

    /// Sorts a transport error by the one question that matters: did the server see anything?
    fn unsent(&self, request: &Request, error: reqwest::Error) -> Sent {
        let connect = error.is_connect();
        let setup = error.is_builder();
        let (reason, certificate) = told(&error.without_url());
        let reason = self.redactor(request).text(&reason).into_owned();
        if connect {
            Sent::Nothing { reason, certificate }
        } else if setup {
            Sent::Perhaps(Failure::new(Class::REFUSED, Cause::Setup(reason)))
        } else {
            Sent::Perhaps(Failure::new(Class::INTERRUPTED, Cause::Broken(reason)))
        }
    }

    async fn read(&self, request: &Request, mut head: Head, attempt: Attempt) -> Result<Response, Failure> {
        let body = self.body(request, &mut head).await?;
        self.judge(request, &head, &body)?;
        Ok(Response {
            status: head.response.status(),
            headers: head.response.headers().clone(),
            body,
            method: request.method.clone(),
            url: self.redacted(request),
            attempts: attempt.number,
            redactor: self.redactor(request),
        })
    }

    async fn body(&self, request: &Request, head: &mut Head) -> Result<Bytes, Failure> {
        let limit = self.core.policy.max_answer;
        let mut body = BytesMut::new();
        loop {
            let chunk = head.response.chunk().await;
            let chunk = chunk.map_err(|error| {
                let (reason, _) = told(&error.without_url());
                let reason = self.redactor(request).text(&reason).into_owned();
                Failure::new(Class::INTERRUPTED, Cause::Broken(reason))
            })?;
            let Some(chunk) = chunk else { return Ok(body.freeze()) };
            if body.len() + chunk.len() > limit {
                return Err(Failure::new(Class::MALFORMED, Cause::TooLarge { limit }));
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// Applies the API's table to an answer.
    pub(crate) fn judge(&self, request: &Request, head: &Head, body: &[u8]) -> Result<(), Failure> {
        let status = head.response.status();
        let headers = head.response.headers();
        let reason = head.reason();
        let seen =
            Seen { method: &request.method, path: request.path(), status, reason: &reason, headers, body };
        let Some(class) = self.core.classify.classify(&seen) else { return Ok(()) };
        let redactor = self.redactor(request);
        let cause = match headers.get(LOCATION) {
            Some(location) if status.is_redirection() => {
                let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
                let location = match Url::parse(&location) {
                    Ok(url) => redactor.url(&url),
                    Err(_) => redactor.text(&location).into_owned(),
                };
                Cause::Redirected { status, location }
            }
            _ => Cause::Status(Box::new(StatusFailure {
                status,
                reason: redactor.text(&reason).into_owned(),
                class,
                headers: headers.clone(),
                body: redactor.text(&String::from_utf8_lossy(body)).into_owned().into(),
                excerpt: redactor.excerpt(body),
            })),
        };
        let retry_after = retry_after(headers, SystemTime::now());
        Err(Failure { class, cause, retry_after, stamp: head.stamp })
    }

    pub(crate) fn count(&self, request: &Request, attempt: Attempt, class: &str, flow: Flow, time: Duration) {
        // A try that never reached a server counts for the one that was preferred.
        let preferred = || self.endpoint().map(host_of).unwrap_or_default();
        let host = if flow.host.is_empty() { preferred() } else { flow.host };
        tracing::debug!(
            host,
            method = %request.method,
            path = %self.core.redactor.text(request.path()),
            attempt = attempt.number,
            class,
            bytes_sent = flow.sent,
            bytes_received = flow.received,
            time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            "HTTP exchange"
        );
        let key = CounterKey { host, method: request.method.as_str().to_owned(), class: class.to_owned() };
        let retries = u64::from(attempt.number > 1);
        let one =
            Counter { requests: 1, retries, bytes_sent: flow.sent, bytes_received: flow.received, time };
        self.core.counters.add(key, one);
    }
}

/// What a failed dispatch means for the other endpoints.
enum Sent {
    /// No connection: any endpoint may be tried.
    Nothing { reason: String, certificate: bool },
    /// The server may have acted.
    Perhaps(Failure),
}

fn unreachable(tried: Vec<String>, untrusted: bool) -> Failure {
    if untrusted {
        Failure::new(Class::TLS, Cause::Untrusted { tried })
    } else if tried.is_empty() {
        Failure::new(Class::REFUSED, Cause::Setup("no endpoint is configured".to_owned()))
    } else {
        Failure::new(Class::CONNECT, Cause::Connect { tried })
    }
}

/// A login that failed is not repeated here: it had its own retries.
fn login_failed(error: &RestError) -> Failure {
    let class = Class::named("login");
    match error.cause() {
        Cause::Interrupted { interrupted, last } => {
            Failure::new(class, Cause::Interrupted { interrupted: interrupted.clone(), last: last.clone() })
        }
        Cause::Status(failure) => Failure::new(failure.class, Cause::Status(failure.clone())),
        Cause::Connect { tried } => Failure::new(class, Cause::Connect { tried: tried.clone() }),
        Cause::Untrusted { tried } => Failure::new(class, Cause::Untrusted { tried: tried.clone() }),
        Cause::Login(reason) => Failure::new(class, Cause::Login(reason.clone())),
        other => Failure::new(class, Cause::Login(other.to_string())),
    }
}

/// An error's whole chain in one line, each part once, and whether a certificate was to blame.
fn told(error: &reqwest::Error) -> (String, bool) {
    let mut parts: Vec<String> = Vec::new();
    let mut certificate = false;
    let mut source = error.source();
    while let Some(cause) = source {
        certificate |= blames_certificate(cause);
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        source = cause.source();
    }
    if parts.is_empty() {
        parts.push(error.to_string());
    }
    (parts.join(": "), certificate)
}

/// Whether rustls refused a certificate. Its error hides inside nested I/O errors, which lend their content but
/// do not name it as their source.
fn blames_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(tls, rustls::Error::InvalidCertificate(_));
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.is_some_and(|inner| blames_certificate(inner))
}

/// Host and port, the way counters and errors name a server.
pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}
