//! The numbers and choices of one client.

use std::time::Duration;

use crate::limits::Widths;
use crate::retry::RetryTable;
use crate::tls::Trust;
use transport_base::Secret;

/// Which HTTP versions to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersions {
    /// HTTP/1.1 only: for servers whose meaning lies in the status line's reason phrase, which HTTP/2 lacks.
    Http1Only,
    /// HTTP/2 where the server offers it over TLS.
    #[default]
    Negotiate,
}

/// What one client does whichever request it sends.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whom to trust.
    pub trust: Trust,
    /// Protocol versions offered.
    pub versions: HttpVersions,
    /// `User-Agent`.
    pub user_agent: String,
    /// Limit for name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Limit for one try of an ordinary request, answer included; requests may set their own.
    pub attempt_timeout: Duration,
    /// Limit for silence while a body streams.
    pub stall_timeout: Duration,
    /// Idle connections are dropped after this long; keep it below the server's own limit, or requests meet
    /// a closing connection.
    pub idle_timeout: Duration,
    /// Idle connections kept for each host.
    pub idle_per_host: usize,
    /// The largest answer read into memory, in bytes.
    pub max_answer: usize,
    /// Which failures are repeated, and how.
    pub retries: RetryTable,
    /// Concurrent requests by lane.
    pub widths: Widths,
    /// Tries sent in a second, of all requests together; `None` does not limit.
    pub requests_per_second: Option<f64>,
    /// Values that must never appear in an error or a log, whatever carries them.
    pub secrets: Vec<Secret>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            trust: Trust::default(),
            versions: HttpVersions::default(),
            user_agent: concat!("terraform-provider-hybridops/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(4),
            idle_per_host: 8,
            max_answer: 64 << 20,
            retries: RetryTable::standard(),
            widths: Widths::default(),
            requests_per_second: None,
            secrets: Vec::new(),
        }
    }
}
