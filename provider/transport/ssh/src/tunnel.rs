//! A stream to an address that a machine reaches.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::Connection;
use crate::shell::ShellError;

/// A stream to an address that a machine reaches, through the connection that is open to it. Closed when dropped.
pub struct Tunnel {
    stream: Pin<Box<dyn Stream>>,
    /// The connection it goes through, open for as long as this is.
    _through: Option<Arc<Connection>>,
}

trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// Why a machine opens no stream to an address.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// The machine itself is not reached, or the time allowed ran out.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// Nothing listens at the address.
    #[error("nothing answers at {address} of {machine}")]
    Silent {
        /// The machine that was to connect.
        machine: String,
        /// Host and port, as seen from it.
        address: String,
    },
    /// The machine's SSH server opens no streams for this user.
    #[error(
        "{machine} forbids forwarding to {address} (`AllowTcpForwarding`, `PermitOpen`, `DisableForwarding`)"
    )]
    Forbidden {
        /// The machine that was to connect.
        machine: String,
        /// Host and port, as seen from it.
        address: String,
    },
    /// The connection broke while the stream was opened.
    #[error("{machine} opened no stream to {address}")]
    Broken {
        /// The machine that was to connect.
        machine: String,
        /// Host and port, as seen from it.
        address: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no way to such a machine but by commands.
    #[error("{machine} is reached by commands only: no stream can be opened to {address}")]
    Unsupported {
        /// The machine that was to connect.
        machine: String,
        /// Host and port, as seen from it.
        address: String,
    },
}

// === impl Tunnel ===

impl Tunnel {
    /// Any stream as one: for shells that are no SSH connections.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self { stream: Box::pin(stream), _through: None }
    }

    pub(crate) fn through(
        connection: Arc<Connection>,
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
    ) -> Self {
        Self { stream: Box::pin(stream), _through: Some(connection) }
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").finish_non_exhaustive()
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}
