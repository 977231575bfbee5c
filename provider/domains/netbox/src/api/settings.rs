//! What a client is told before it asks anything.

use std::collections::BTreeMap;
use std::time::Duration;

use transport_rest::{Secret, Trust, Url};

/// Everything a client needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server, with the path below which it lives where that is not the root: `https://netbox.example.net` or
    /// `https://example.net/netbox`. A trailing `/api` is understood.
    pub url: Url,
    /// The token. One of version 2 (`nbt_…`) goes out as `Bearer`, another as `Token`. Without one the server
    /// decides what strangers may see.
    pub token: Option<Secret>,
    /// The schema id of a branch (of the netbox-branching plugin) that everything is read from and written to.
    pub branch: Option<String>,
    /// Recorded by the server with every change, from NetBox 4.4 on.
    pub changelog_message: Option<String>,
    /// Headers sent with every request: what a proxy in front of the server asks for.
    pub headers: BTreeMap<String, Secret>,
    /// Whom to trust.
    pub trust: Trust,
    /// How much is asked at once.
    pub throughput: Throughput,
    /// Reading ahead.
    pub prefetch: Prefetch,
    /// How long a deletion waits for objects that are in the way, counted from the last one that went.
    pub delete_patience: Duration,
}

/// How much is asked at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    /// Reads under way at once; at least one.
    pub reads: usize,
    /// Writes under way at once; at least one.
    pub writes: usize,
    /// Requests a second, of all kinds together; `None` does not limit.
    pub requests_per_second: Option<f64>,
}

/// Reading ahead: when objects of one kind are wanted one by one, their neighbours are fetched with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefetch {
    /// Whether to do it.
    pub enabled: bool,
    /// The most objects of one kind fetched on suspicion. Pages that turn out to be wanted do not count.
    pub objects: u64,
    /// The age at which what was read ahead is no longer used.
    pub max_age: Duration,
}

/// Settings that cannot work.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// The URL is not one of a server.
    #[error("the URL must begin with http:// or https:// and name a host")]
    Scheme,
    /// The URL holds more than an address.
    #[error("the URL of host {host:?} must carry no user, password, query or fragment")]
    Extras {
        /// The host.
        host: String,
    },
    /// The token cannot be sent.
    #[error("the token holds characters that no HTTP header may carry")]
    Token,
    /// The branch cannot be sent.
    #[error("the branch {0:?} holds characters that no HTTP header may carry")]
    Branch(String),
    /// A header cannot be sent.
    #[error("{name:?} cannot be sent as an HTTP header: {reason}")]
    Header {
        /// Its name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A rate that would never send anything.
    #[error("the number of requests per second must be a number above zero")]
    Rate,
}

impl Settings {
    /// The settings of a server, everything else as usual.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            token: None,
            branch: None,
            changelog_message: None,
            headers: BTreeMap::new(),
            trust: Trust::default(),
            throughput: Throughput::default(),
            prefetch: Prefetch::default(),
            delete_patience: Duration::from_secs(10),
        }
    }
}

impl Default for Throughput {
    fn default() -> Self {
        Self { reads: 8, writes: 4, requests_per_second: None }
    }
}

impl Default for Prefetch {
    fn default() -> Self {
        Self { enabled: true, objects: 5_000, max_age: Duration::from_secs(30) }
    }
}
