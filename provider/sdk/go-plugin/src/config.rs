//! What a plugin says about itself.

use std::time::Duration;

/// Largest gRPC message in either direction, in bytes: what go-plugin's own servers accept.
///
/// Set it on the plugin's service with `max_decoding_message_size` and `max_encoding_message_size`; tonic alone stops at
/// 4 MiB.
pub const MAX_MESSAGE_SIZE: usize = 256 << 20;

/// The variable by which a host tells a plugin that it is one. Not a secret: it keeps people from running plugins by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MagicCookie {
    /// Name of the variable.
    pub key: &'static str,
    /// The value the host sets.
    pub value: &'static str,
}

/// How a plugin is served.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Proof that a host started us.
    pub cookie: MagicCookie,
    /// Versions of the plugin's own protocol that it speaks, in any order; the highest common one is chosen.
    pub protocol_versions: Vec<u16>,
    /// How long to wait, and for what.
    pub limits: Limits,
}

impl ServeConfig {
    /// A plugin with the default [`Limits`].
    pub fn new(cookie: MagicCookie, protocol_versions: impl Into<Vec<u16>>) -> Self {
        Self { cookie, protocol_versions: protocol_versions.into(), limits: Limits::default() }
    }
}

/// How long the plugin waits, and for what.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For the first connection, before the process ends by itself. Hosts give a plugin one minute to start. Default 60 s.
    pub first_connection: Duration,
    /// For one TLS handshake. Default 10 s.
    pub tls_handshake: Duration,
    /// For answers in flight after `Shutdown`. Hosts kill a plugin after two seconds. Default 1.5 s.
    pub drain: Duration,
    /// For answers in flight after SIGTERM, which may come to the whole process group while the host still waits for
    /// results. Default 30 s; a second SIGTERM ends the wait.
    pub terminate: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_connection: Duration::from_secs(60),
            tls_handshake: Duration::from_secs(10),
            drain: Duration::from_millis(1500),
            terminate: Duration::from_secs(30),
        }
    }
}
