//! What can go wrong with a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::classify::Class;
use crate::path::PathError;
use crate::tls::TlsError;
use transport_base::Interrupted;

/// A failed request: which one, how often it was tried, and why it failed. Holds no secret.
#[derive(Clone)]
pub struct RestError(Arc<Facts>);

struct Facts {
    method: Method,
    url: String,
    attempts: u32,
    class: Class,
    cause: Cause,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The caller's budget ended.
    #[error("{interrupted}{}", after(.last))]
    Interrupted {
        /// Cancelled or out of time, and while waiting for what.
        interrupted: Interrupted,
        /// The failure that was about to be repeated.
        last: Option<String>,
    },
    /// The path would address something else.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Trust cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The HTTP client cannot be built, or the request cannot be expressed.
    #[error("the request cannot be made: {0}")]
    Setup(String),
    /// No endpoint could be connected to.
    #[error("cannot connect: {}", .tried.join("; "))]
    Connect {
        /// Each endpoint with its reason.
        tried: Vec<String>,
    },
    /// A server was reached whose certificate is not trusted.
    #[error("the server's certificate is not trusted: {}", .tried.join("; "))]
    Untrusted {
        /// Each endpoint with its reason.
        tried: Vec<String>,
    },
    /// The connection broke in the middle of an exchange.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// No answer within the time for one try.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The server answered with a failure.
    #[error(transparent)]
    Status(Box<StatusFailure>),
    /// The server sent us elsewhere.
    #[error("answered {status} and points to {location}, which is not this API; check the endpoint")]
    Redirected {
        /// The status.
        status: StatusCode,
        /// Where to, redacted.
        location: String,
    },
    /// The answer is a page, not JSON.
    #[error("expected JSON but got {content_type}: {excerpt}")]
    NotJson {
        /// The answer's media type.
        content_type: String,
        /// Its beginning in words.
        excerpt: String,
    },
    /// The answer is damaged JSON or of another shape.
    #[error("the answer cannot be read: {reason}: {excerpt}")]
    Json {
        /// What the decoder says.
        reason: String,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The answer is larger than this client reads.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A local file or the writer of a download failed.
    #[error("{what}: {error}")]
    File {
        /// Which file and what was done with it.
        what: String,
        /// The system's error.
        error: std::io::Error,
    },
    /// The credentials could not be exchanged for a login.
    #[error("login failed: {0}")]
    Login(String),
    /// What is being downloaded changed between two tries.
    #[error("the file changed on the server while it was downloaded")]
    Changed,
}

fn after(last: &Option<String>) -> String {
    last.as_ref().map(|last| format!("; the last try failed: {last}")).unwrap_or_default()
}

/// A failure the server stated.
#[derive(Clone)]
pub struct StatusFailure {
    /// The status.
    pub status: StatusCode,
    /// The status line's reason phrase, known secrets removed.
    pub reason: String,
    /// The class the API's table gave it.
    pub class: Class,
    /// The headers. They may hold secrets (cookies): for reading, not for showing.
    pub headers: HeaderMap,
    /// The body, known secrets removed. It may hold others (a field of a secret name); show the excerpt instead.
    pub body: Bytes,
    /// The body's beginning in words.
    pub excerpt: String,
}

impl fmt::Debug for StatusFailure {
    /// Without headers and body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusFailure")
            .field("status", &self.status)
            .field("reason", &self.reason)
            .field("class", &self.class)
            .field("excerpt", &self.excerpt)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StatusFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered {} {}", self.status.as_u16(), self.reason)?;
        if !self.excerpt.is_empty() {
            write!(f, ": {}", self.excerpt)?;
        }
        Ok(())
    }
}

impl std::error::Error for StatusFailure {}

impl RestError {
    pub(crate) fn new(method: Method, url: String, attempts: u32, class: Class, cause: Cause) -> Self {
        Self(Arc::new(Facts { method, url, attempts, class, cause }))
    }

    /// The request's method.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// The request's URL, redacted.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Tries made.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The class of the last failure.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// Why it failed.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The server's statement, when it made one.
    pub fn status(&self) -> Option<&StatusFailure> {
        match self.cause() {
            Cause::Status(failure) => Some(failure),
            _ => None,
        }
    }

    /// Whether the caller called it off.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause(), Cause::Interrupted { interrupted: Interrupted::Cancelled { .. }, .. })
    }

    /// Whether the deadline passed.
    pub fn is_deadline_exceeded(&self) -> bool {
        matches!(self.cause(), Cause::Interrupted { interrupted: Interrupted::DeadlineExceeded { .. }, .. })
    }

    /// Whether it was the connection that failed, so that a later request may fare better.
    pub fn is_transient(&self) -> bool {
        matches!(self.cause(), Cause::Connect { .. } | Cause::Broken(_) | Cause::Timeout(_))
    }

    /// Whether the request may have taken effect although it failed.
    pub fn may_have_taken_effect(&self) -> bool {
        match self.cause() {
            Cause::Path(_) | Cause::Tls(_) | Cause::Setup(_) | Cause::Login(_) | Cause::Connect { .. } => {
                false
            }
            Cause::Untrusted { .. } | Cause::Redirected { .. } => false,
            Cause::Status(failure) => failure.status.is_server_error() || failure.status.as_u16() >= 500,
            _ => true,
        }
    }
}

impl PartialEq for RestError {
    /// Equal by what they tell.
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for RestError {}

impl fmt::Display for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.method, self.0.url, self.0.cause)?;
        if self.0.attempts > 1 {
            write!(f, " (after {} tries)", self.0.attempts)?;
        }
        Ok(())
    }
}

impl fmt::Debug for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestError")
            .field("method", &self.0.method)
            .field("url", &self.0.url)
            .field("attempts", &self.0.attempts)
            .field("class", &self.0.class)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl std::error::Error for RestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.cause)
    }
}
