//! What the machine says of an instance.

use std::collections::BTreeSet;

use tf_framework::{Choice, Computed, Model};

/// What was found on the machine.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct Status {
    /// System identifier of the cluster: who the data is, however often it was moved.
    #[attr(stable)]
    pub system_identifier: Computed<String>,
    /// Timeline it writes to, or follows.
    #[attr(stable)]
    pub timeline: Computed<u32>,
    /// What it is now.
    #[attr(stable)]
    pub current_role: Computed<CurrentRole>,
    /// Version of the server, `15.18`.
    #[attr(stable)]
    pub server_version: Computed<String>,
    /// Directory of the data.
    #[attr(stable)]
    pub data_directory: Computed<String>,
    /// Settings that wait for a restart.
    #[attr(stable)]
    pub pending_restart: Computed<BTreeSet<String>>,
    /// Memory the machine may use in MiB: the limit of the container, where there is one.
    #[attr(stable)]
    pub memory: Computed<u64>,
    /// Processors the machine may use.
    #[attr(stable)]
    pub processors: Computed<u32>,
    /// When the certificate expires, RFC 3339; null without TLS.
    #[attr(stable)]
    pub tls_expires_at: Computed<Option<String>>,
    /// Certificate of the machine's own authority, PEM; null where it has none.
    #[attr(stable)]
    pub tls_ca_certificate: Computed<Option<String>>,
}

/// What an instance is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum CurrentRole {
    /// It takes writes.
    Primary,
    /// It follows another, or recovers.
    Standby,
    /// It is not running.
    Stopped,
}
