//! A successful answer.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::classify::Class;
use crate::error::{Cause, RestError};
use crate::redact::Redactor;

/// A successful answer, read whole.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) attempts: u32,
    pub(crate) redactor: Redactor,
}

impl Response {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`Cause::NotJson`] for pages, [`Cause::Json`] for damaged or unexpected JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, RestError> {
        let content_type = self.header("content-type").unwrap_or("no content type");
        let page = self.body.trim_ascii_start().starts_with(b"<") || content_type.contains("html");
        if page {
            let excerpt = self.redactor.excerpt(&self.body);
            return Err(self.fault(Cause::NotJson { content_type: content_type.to_owned(), excerpt }));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // The decoder quotes values it did not expect.
            let reason = self.redactor.text(&error.to_string()).into_owned();
            self.fault(Cause::Json { reason, excerpt: self.redactor.excerpt(&self.body) })
        })
    }

    /// An error about this answer, for callers that decode further.
    pub fn unexpected(&self, reason: impl Into<String>) -> RestError {
        self.fault(Cause::Json { reason: reason.into(), excerpt: self.redactor.excerpt(&self.body) })
    }

    fn fault(&self, cause: Cause) -> RestError {
        RestError::new(self.method.clone(), self.url.clone(), self.attempts, Class::MALFORMED, cause)
    }
}

impl std::fmt::Debug for Response {
    /// Without the body, which may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("url", &self.url)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
