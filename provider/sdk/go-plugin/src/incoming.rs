//! Connections as the gRPC server takes them: accepted, secured and counted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server;

use crate::lifecycle::{Connected, Lifecycle};
use crate::listen::{BoxedIo, Listener};

/// Handshakes under way at a time. The host makes one connection; whoever makes more can wait.
const MAX_HANDSHAKES: usize = 64;

/// Pause after a failed accept, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An open connection; it counts until it is dropped.
pub(crate) struct Connection {
    io: BoxedIo,
    _counted: Connected,
}

/// What takes connections.
pub(crate) struct Acceptor {
    pub(crate) listener: Listener,
    pub(crate) tls: Option<TlsAcceptor>,
    /// For one TLS handshake.
    pub(crate) patience: Duration,
    pub(crate) lifecycle: Lifecycle,
}

struct Accepting {
    acceptor: Acceptor,
    handshakes: FuturesUnordered<BoxFuture<'static, io::Result<BoxedIo>>>,
}

// === impl Acceptor ===

impl Acceptor {
    /// The connections that pass. One that does not, or takes its time, harms no other.
    pub(crate) fn connections(self) -> impl Stream<Item = io::Result<Connection>> + Send {
        let accepting = Accepting { acceptor: self, handshakes: FuturesUnordered::new() };
        stream::unfold(accepting, |mut accepting| async move {
            let connection = accepting.next().await;
            Some((Ok(connection), accepting))
        })
    }
}

// === impl Accepting ===

impl Accepting {
    async fn next(&mut self) -> Connection {
        loop {
            tokio::select! {
                accepted = self.acceptor.listener.accept(), if self.handshakes.len() < MAX_HANDSHAKES => {
                    match accepted {
                        Ok(io) => self.handshakes.push(secure(io, self.acceptor.tls.clone(), self.acceptor.patience)),
                        Err(error) => {
                            tracing::debug!(%error, "a connection could not be accepted");
                            tokio::time::sleep(ACCEPT_PAUSE).await;
                        }
                    }
                }
                Some(secured) = self.handshakes.next(), if !self.handshakes.is_empty() => match secured {
                    Ok(io) => return Connection { io, _counted: self.acceptor.lifecycle.connected() },
                    Err(error) => tracing::warn!(%error, "a connection was refused"),
                },
            }
        }
    }
}

fn secure(
    io: BoxedIo,
    tls: Option<TlsAcceptor>,
    patience: Duration,
) -> BoxFuture<'static, io::Result<BoxedIo>> {
    Box::pin(async move {
        let Some(tls) = tls else { return Ok(io) };
        let secured = tokio::time::timeout(patience, tls.accept(io)).await??;
        Ok(Box::new(secured) as BoxedIo)
    })
}

// === impl Connection ===

impl server::Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
