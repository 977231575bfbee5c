//! Encryption of connections.

use std::collections::BTreeSet;

use tf_framework::{Choice, Model, WriteOnly};

/// Encryption of connections. A new certificate takes a reload, no restart.
#[derive(Debug, Clone, Model)]
pub struct Tls {
    /// Certificate of the server, PEM, followed by those of intermediate authorities. Needs `key`.
    #[attr(validate(required_with(key), conflicts_with(names)))]
    pub certificate: Option<String>,
    /// Key of the certificate, PEM. Never stored.
    pub key: WriteOnly<String>,
    /// Raise it to send the key again.
    #[attr(validate(range(1..)))]
    pub key_version: Option<i64>,
    /// Without `certificate`: names and addresses for which the machine's own authority makes one. The authority is
    /// made once, its key never leaves the machine; `status.tls_ca_certificate` is what clients trust.
    #[attr(validate(items(1..)))]
    pub names: Option<BTreeSet<String>>,
    /// Days a certificate made here is good for; it is made anew when a third of them is left.
    #[attr(default = 397, validate(range(1..=3650)))]
    pub validity_days: u32,
    /// Certificates of the authorities whose client certificates are accepted, PEM.
    pub client_ca: Option<String>,
    /// Oldest version of TLS.
    #[attr(default = TlsVersion::V1_2)]
    pub minimum_version: TlsVersion,
}

/// Version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[choice("TLSv1.2")]
    V1_2,
    /// TLS 1.3.
    #[choice("TLSv1.3")]
    V1_3,
}
