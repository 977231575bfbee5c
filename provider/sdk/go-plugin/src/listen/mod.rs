//! Where the host can reach us: a Unix socket wherever its path is short enough, TCP on loopback otherwise.

mod tcp;
#[cfg(unix)]
mod unix;

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::address::Address;
use crate::environment::Environment;

/// A stream of bytes to the host, whatever carries it.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) type BoxedIo = Box<dyn Io>;

/// Why no socket could be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The directory the host asked for cannot hold a socket.
    #[error("no socket can be created in {directory}, which the host asked for: {source}")]
    Directory {
        /// `PLUGIN_UNIX_SOCKET_DIR`.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket cannot be given to the group the host asked for.
    #[error("the socket cannot be given to group {group:?}: {source}")]
    Group {
        /// `PLUGIN_UNIX_SOCKET_GROUP`.
        group: String,
        /// What the system said.
        source: io::Error,
    },
    /// The host's range of ports is malformed or empty.
    #[error("{variable}={value} is no port of a range")]
    Range {
        /// The variable at fault.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// No port on loopback could be bound.
    #[error("no port can be opened on 127.0.0.1: {0}")]
    Port(#[source] io::Error),
}

/// A bound socket. A Unix socket's file goes when this is dropped.
pub(crate) struct Listener {
    socket: Socket,
    address: Address,
}

enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::SocketFile),
}

impl Listener {
    /// Opens the socket. Must be called within a Tokio runtime.
    pub(crate) fn open(env: &Environment) -> Result<Self, ListenError> {
        #[cfg(unix)]
        if let Some((file, path)) = unix::bind(env)? {
            return Ok(Self { socket: Socket::Unix(file), address: Address::Unix(path) });
        }
        let (socket, address) = tcp::bind(env)?;
        Ok(Self { socket: Socket::Tcp(socket), address: Address::Tcp(address) })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The next connection. May be dropped and called again.
    pub(crate) async fn accept(&self) -> io::Result<BoxedIo> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            Socket::Unix(file) => Ok(Box::new(file.accept().await?)),
        }
    }
}

/// Dials an address of the host.
pub(crate) async fn dial(address: &Address) -> io::Result<BoxedIo> {
    match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Address::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}
