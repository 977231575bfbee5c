//! What an answer means: named classes, given by each API's own table.

use http::{HeaderMap, Method, StatusCode};

/// The class of a failure, the key of the retry table. APIs add their own with [`Class::named`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(&'static str);

impl Class {
    /// No connection was made: the server saw nothing.
    pub const CONNECT: Self = Self::named("connect");
    /// The server's certificate was not trusted: the server saw nothing.
    pub const TLS: Self = Self::named("tls");
    /// The connection broke after the request may have been read.
    pub const INTERRUPTED: Self = Self::named("interrupted");
    /// No answer in time; the request may have been carried out.
    pub const TIMEOUT: Self = Self::named("timeout");
    /// Too many requests: refused before any effect.
    pub const RATE_LIMITED: Self = Self::named("rate-limited");
    /// The service says it cannot answer now.
    pub const UNAVAILABLE: Self = Self::named("unavailable");
    /// Something between us and the service failed; the request may have been carried out.
    pub const GATEWAY: Self = Self::named("gateway");
    /// The credentials were refused.
    pub const UNAUTHORIZED: Self = Self::named("unauthorized");
    /// The request itself is refused: repeating it changes nothing.
    pub const REFUSED: Self = Self::named("refused");
    /// The server failed in a way that says nothing about a second try.
    pub const SERVER: Self = Self::named("server");
    /// The answer arrived but is not what the API promises (HTML, cut JSON, too large).
    pub const MALFORMED: Self = Self::named("malformed");
    /// A redirect from an API that has no redirects: usually a login page or a plain-HTTP port.
    pub const REDIRECT: Self = Self::named("redirect");

    /// A class of one API.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name, as it appears in logs and counters.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// An answer as the classifier sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path, percent-encoded, without the endpoint's own prefix.
    pub path: &'a str,
    /// The status; may be outside the registered range (595).
    pub status: StatusCode,
    /// The reason phrase of the status line: some APIs put the message there and nowhere else.
    pub reason: &'a str,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The body, cut at the size cap.
    pub body: &'a [u8],
}

/// An API's own reading of answers.
pub trait Classify: Send + Sync + 'static {
    /// The class of a failed answer, or `None` for success.
    fn classify(&self, seen: &Seen<'_>) -> Option<Class>;
}

/// HTTP's own meaning of status codes, for servers that keep to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardStatus;

impl Classify for StandardStatus {
    fn classify(&self, seen: &Seen<'_>) -> Option<Class> {
        match seen.status.as_u16() {
            200..=299 => None,
            300..=399 => Some(Class::REDIRECT),
            401 => Some(Class::UNAUTHORIZED),
            408 => Some(Class::TIMEOUT),
            429 => Some(Class::RATE_LIMITED),
            400..=499 => Some(Class::REFUSED),
            503 => Some(Class::UNAVAILABLE),
            502 | 504 | 595..=599 => Some(Class::GATEWAY),
            _ => Some(Class::SERVER),
        }
    }
}
