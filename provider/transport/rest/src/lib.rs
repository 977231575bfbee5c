//! One policy for every HTTP API.
//!
//! A [`RestClient`] sends [`Request`]s under a [`Budget`] (deadline and cancellation) to one of several
//! equivalent endpoints. What varies between APIs is data: trust ([`Trust`]), retries ([`RetryTable`]), the
//! meaning of an answer ([`Classify`]), credentials ([`Authenticate`]) and widths ([`Widths`]). What repeats is
//! here once: failover, back-off, limits, single-flight reads, redaction, counters, bounded bodies, streamed
//! uploads and resumable downloads.
//!
//! Nothing is opened, read or resolved before the first request.

mod auth;
mod classify;
mod client;
mod counters;
mod download;
mod endpoints;
mod error;
mod exchange;
mod flight;
mod hash;
mod limits;
mod pace;
mod path;
mod policy;
mod redact;
mod request;
mod response;
mod retry;
mod shared;
mod tls;
mod upload;

pub use auth::{Authenticate, Bearer, Stamp};
pub use classify::{Class, Classify, Seen, StandardStatus};
pub use client::RestClient;
pub use counters::{Counter, CounterKey, Counters};
pub use download::{Download, Downloaded};
pub use endpoints::{EndpointError, parse_endpoints};
pub use error::{Cause, RestError, StatusFailure};
pub use flight::Flights;
pub use hash::{Algorithm, HashError, Hasher};
pub use limits::{Lane, Limits, Permits, Width, Widths};
pub use path::{Path, PathError};
pub use policy::{HttpVersions, Policy};
pub use redact::Redactor;
pub use request::{Form, Idempotency, Request};
pub use response::Response;
pub use retry::{RetryRule, RetryTable, When};
pub use shared::SharedRead;
pub use tls::{Fingerprint, TlsError, Trust, client_config};
pub use upload::{Progress, Upload};

pub use transport_base::{Budget, Interrupted, Secret};

/// HTTP types that appear in this crate's interface.
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
/// The URL type of this crate's interface.
pub use url::Url;
