//! Where a plugin or its host listens.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A place to dial, as it is written in handshakes, broker messages and reattach documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP socket, on loopback.
    Tcp(SocketAddr),
}

impl Address {
    /// Reads an address from its two parts; `None` for a network that does not exist here or a malformed address.
    #[must_use]
    pub fn parse(network: &str, address: &str) -> Option<Self> {
        match network {
            "unix" => Some(Self::Unix(Path::new(address).to_owned())),
            "tcp" => address.parse().ok().map(Self::Tcp),
            _ => None,
        }
    }

    /// `unix` or `tcp`.
    #[must_use]
    pub fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}
