//! One connection to one machine.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use russh::client::{self, Handle, Msg};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, ChannelOpenFailure, Preferred, compression};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OnceCell, Semaphore};

use crate::auth::{AuthError, log_in};
use crate::credentials::Credentials;
use crate::host_key::HostKey;
use crate::trust::{HostKeyError, Trust};

/// Why there is no connection to a machine.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing answers there.
    #[error("no connection to {address}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("{address} did not answer within {} s ({during})", after.as_secs_f32())]
    Timeout {
        /// Host and port.
        address: String,
        /// What was under way.
        during: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// What answers does not speak SSH as we do, or hung up.
    #[error("{address} broke off the SSH handshake")]
    Handshake {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: russh::Error,
    },
    /// It is not the machine that is meant.
    #[error("the key of {address} is not accepted")]
    HostKey {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: HostKeyError,
    },
    /// It did not let the user in.
    #[error("{address} did not let us in")]
    Login {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: AuthError,
    },
    /// A machine on the way does not connect to the next one.
    #[error("{jump} does not connect to {address}: {why}")]
    Jump {
        /// The machine on the way.
        jump: String,
        /// Host and port of the next one.
        address: String,
        /// What it said.
        why: String,
        /// Whether the next one did not answer, as one that is still starting.
        silent: bool,
    },
    /// The connection stands, but runs no command.
    #[error("{address} opens no session: {why}")]
    Session {
        /// Host and port.
        address: String,
        /// What it said.
        why: String,
    },
}

/// Why a machine does not connect to another address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotForwarded {
    #[error("it forbids forwarding (`AllowTcpForwarding`, `PermitOpen`)")]
    Forbidden,
    #[error("nothing answers there")]
    Silent,
    #[error(transparent)]
    Broken(russh::Error),
}

impl ConnectError {
    /// Whether the machine may only not have started yet.
    pub fn may_be_starting(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Handshake { source, .. } => matches!(
                source,
                russh::Error::HUP | russh::Error::Disconnect | russh::Error::IO(_) | russh::Error::Version
            ),
            Self::Jump { silent, .. } => *silent,
            Self::HostKey { .. } | Self::Login { .. } | Self::Session { .. } => false,
        }
    }
}

/// A connection that is open, and what holds it open.
pub(crate) struct Connection {
    handle: Handle<Guard>,
    address: String,
    /// Places for commands: OpenSSH opens ten sessions at once (`MaxSessions`).
    pub(crate) places: Arc<Semaphore>,
    /// Commands that run.
    running: Arc<AtomicUsize>,
    /// Told when one of them ends.
    pub(crate) ended: Arc<Notify>,
    pub(crate) host_key: HostKey,
    /// The connection it goes through.
    _via: Option<Arc<Connection>>,
}

/// What a connection is made with.
pub(crate) struct Recipe<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) trust: Trust,
    pub(crate) credentials: &'a Credentials,
    pub(crate) timeout: Duration,
    pub(crate) keepalive: Duration,
}

/// Commands at once over one connection: one fewer than OpenSSH allows, so that a command can always be ended.
const PLACES: usize = 9;

/// Keepalives without an answer after which a connection is given up.
const SILENT_KEEPALIVES: usize = 3;

// === impl Connection ===

impl Connection {
    /// Connects, proves the machine, logs in.
    pub(crate) async fn open(recipe: Recipe<'_>, via: Option<Arc<Connection>>) -> Result<Self, ConnectError> {
        let address = address(recipe.host, recipe.port);
        let timeout = recipe.timeout;
        let limit = |during: &'static str| {
            let address = address.clone();
            move |_| ConnectError::Timeout { address, during, after: timeout }
        };
        let work = async {
            match &via {
                None => Self::by_tcp(&recipe, &address, via.clone()).await,
                Some(jump) => {
                    let stream = jump.forward(recipe.host, recipe.port).await?;
                    Self::over(stream, &recipe, &address, via.clone()).await
                }
            }
        };
        tokio::time::timeout(timeout, Box::pin(work)).await.map_err(limit("connecting and logging in"))?
    }

    async fn by_tcp(
        recipe: &Recipe<'_>,
        address: &str,
        via: Option<Arc<Connection>>,
    ) -> Result<Self, ConnectError> {
        let stream = TcpStream::connect((recipe.host, recipe.port))
            .await
            .map_err(|source| ConnectError::Unreachable { address: address.to_owned(), source })?;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, address, "TCP_NODELAY cannot be set");
        }
        Self::over(stream, recipe, address, via).await
    }

    async fn over<S>(
        stream: S,
        recipe: &Recipe<'_>,
        address: &str,
        via: Option<Arc<Connection>>,
    ) -> Result<Self, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let accepted = Arc::new(OnceCell::new());
        let guard = Guard { trust: recipe.trust.clone(), accepted: accepted.clone() };
        let config = Arc::new(config(&recipe.trust, recipe.keepalive));
        let named = || address.to_owned();
        let mut handle =
            Box::pin(client::connect_stream(config, stream, guard)).await.map_err(|error| match error {
                Refusal::Key(source) => ConnectError::HostKey { address: named(), source },
                Refusal::Ssh(source) => ConnectError::Handshake { address: named(), source },
            })?;
        let Some(host_key) = accepted.get().cloned() else {
            return Err(ConnectError::Handshake { address: named(), source: russh::Error::UnknownKey });
        };
        log_in(&mut handle, recipe.user, recipe.credentials)
            .await
            .map_err(|source| ConnectError::Login { address: named(), source })?;
        tracing::debug!(address, user = recipe.user, key = %host_key.describe(), "logged in");
        Ok(Self {
            handle,
            address: named(),
            places: Arc::new(Semaphore::new(PLACES)),
            running: Arc::default(),
            ended: Arc::default(),
            host_key,
            _via: via,
        })
    }

    /// A stream to another machine, through this one.
    async fn forward(
        &self,
        host: &str,
        port: u16,
    ) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static + use<>, ConnectError> {
        let channel = self.open_forward(host, port).await.map_err(|error| ConnectError::Jump {
            jump: self.address.clone(),
            address: address(host, port),
            silent: matches!(error, NotForwarded::Silent),
            why: error.to_string(),
        })?;
        Ok(channel.into_stream())
    }

    /// A channel to an address that this machine reaches.
    pub(crate) async fn open_forward(&self, host: &str, port: u16) -> Result<Channel<Msg>, NotForwarded> {
        let opened = self.handle.channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 0).await;
        opened.map_err(|error| match error {
            russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
                NotForwarded::Forbidden
            }
            russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => NotForwarded::Silent,
            other => NotForwarded::Broken(other),
        })
    }

    /// Host and port, as messages name them.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether it is known to be closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// A channel for one command.
    pub(crate) async fn session(&self) -> Result<Channel<Msg>, russh::Error> {
        self.handle.channel_open_session().await
    }

    /// Counts a command as running until the answer is dropped.
    pub(crate) fn running(&self) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running { count: self.running.clone(), ended: self.ended.clone() }
    }

    /// Whether any command runs.
    pub(crate) fn busy(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.address).finish()
    }
}

/// A command that runs over a connection.
#[derive(Debug)]
pub(crate) struct Running {
    count: Arc<AtomicUsize>,
    ended: Arc<Notify>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        self.ended.notify_waiters();
    }
}

/// Host and port, as messages name them.
pub(crate) fn address(host: &str, port: u16) -> String {
    match (host.contains(':'), port) {
        (false, 22) => host.to_owned(),
        (false, port) => format!("{host}:{port}"),
        (true, port) => format!("[{host}]:{port}"),
    }
}

/// Host and port, always both.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn config(trust: &Trust, keepalive: Duration) -> client::Config {
    client::Config {
        preferred: Preferred {
            key: Cow::Owned(trust.key_algorithms()),
            host_key_certificates: Cow::Owned(trust.certificate_algorithms()),
            compression: Cow::Borrowed(&[compression::NONE]),
            ..Preferred::DEFAULT
        },
        keepalive_interval: Some(keepalive),
        keepalive_max: SILENT_KEEPALIVES,
        nodelay: true,
        ..client::Config::default()
    }
}

/// What answers to the handshake: judges the machine's key.
struct Guard {
    trust: Trust,
    accepted: Arc<OnceCell<HostKey>>,
}

/// Why a handshake ended.
#[derive(Debug)]
enum Refusal {
    Key(HostKeyError),
    Ssh(russh::Error),
}

impl From<russh::Error> for Refusal {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl client::Handler for Guard {
    type Error = Refusal;

    async fn check_server_key(&mut self, presented: &PublicKeyOrCertificate) -> Result<bool, Refusal> {
        let key = self.trust.judge(presented).map_err(Refusal::Key)?;
        Ok(self.accepted.set(key).is_ok())
    }
}
