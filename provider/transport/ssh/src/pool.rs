//! The connections of one provider, kept open and shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::BoxFuture;
use russh::Channel;
use russh::client::Msg;
use tokio::sync::OwnedSemaphorePermit;
use transport_base::{Budget, Interrupted};

use crate::connect::{ConnectError, Connection, NotForwarded, Recipe, Running, address, authority};
use crate::credentials::Credentials;
use crate::host_key::{HostKey, Pin};
use crate::known_hosts::KnownHosts;
use crate::session;
use crate::shell::{Exec, Output, Shell, ShellError};
use crate::trust::{FirstUse, Trust};
use crate::tunnel::{Tunnel, TunnelError};

/// What holds for all machines of one provider.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to log in with.
    pub credentials: Credentials,
    /// What is known of machines.
    pub known_hosts: KnownHosts,
    /// How long one attempt to connect and log in may take.
    pub connect_timeout: Duration,
    /// After how much silence a connection is asked whether it is alive. After three of them it is given up.
    pub keepalive: Duration,
}

/// A machine on the way, or at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// Name or address.
    pub host: String,
    /// Port of its SSH server.
    pub port: u16,
    /// User to log in as.
    pub user: String,
    /// Keys or authorities it is known by. Where there are any, `known_hosts` is asked for revoked keys only.
    pub host_keys: Vec<Pin>,
    /// Whether its key is trusted when nothing is known of it. It is remembered for as long as the process lives.
    pub trust_on_first_use: bool,
}

/// A machine, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The machine.
    pub hop: Hop,
    /// Machines that are gone through, the first one first.
    pub jump: Vec<Hop>,
    /// How long an attempt is repeated while nothing answers there, as for a machine that is starting. Zero: once.
    pub patience: Duration,
}

/// The connections of one provider. Cheap to clone; opens nothing before it is needed.
#[derive(Clone, Debug)]
pub struct Ssh(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    settings: Settings,
    first_use: Arc<FirstUse>,
    slots: Mutex<HashMap<Vec<Hop>, Arc<Slot>>>,
}

/// The connection to one machine, or why there is none.
#[derive(Debug, Default)]
struct Slot {
    connection: tokio::sync::Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Arc<Connection>>,
    /// The last failure, so that those who waited for that attempt do not each make their own.
    failed: Option<(Instant, Arc<ConnectError>)>,
}

/// A connection, and whether it stood before it was asked for.
struct Found {
    connection: Arc<Connection>,
    stood: bool,
}

/// A channel, and what must be kept while it is used.
pub(crate) struct Place {
    pub(crate) channel: Channel<Msg>,
    pub(crate) kept: Kept,
}

/// What must be kept while a command runs.
#[derive(Debug)]
pub(crate) struct Kept {
    _permit: OwnedSemaphorePermit,
    _running: Running,
    pub(crate) connection: Arc<Connection>,
}

// === impl Settings ===

impl Settings {
    /// The usual limits.
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            known_hosts: KnownHosts::default(),
            connect_timeout: Duration::from_secs(20),
            keepalive: Duration::from_secs(15),
        }
    }
}

// === impl Target ===

impl Target {
    /// A machine that is reached directly.
    pub fn new(hop: Hop) -> Self {
        Self { hop, jump: Vec::new(), patience: Duration::ZERO }
    }

    fn chain(&self) -> Vec<Hop> {
        self.jump.iter().chain([&self.hop]).cloned().collect()
    }
}

impl Hop {
    /// A machine of which nothing is said but where it is.
    pub fn new(host: impl Into<String>, port: u16, user: impl Into<String>) -> Self {
        Self { host: host.into(), port, user: user.into(), host_keys: Vec::new(), trust_on_first_use: false }
    }
}

// === impl Ssh ===

impl Ssh {
    /// No connection yet.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Pool { settings, first_use: Arc::default(), slots: Mutex::default() }))
    }

    /// The shell of a machine. Connects when it is first used, and again when the connection was lost in between.
    pub fn shell(&self, target: &Target) -> Arc<dyn Shell> {
        let name = address(&target.hop.host, target.hop.port);
        Arc::new(Remote { ssh: self.clone(), chain: target.chain(), patience: target.patience, name })
    }

    /// The key that a machine proved itself by, while a connection to it is open. Kept by the caller where it was trusted
    /// on first use, it pins the machine from then on.
    pub async fn host_key(&self, target: &Target) -> Option<HostKey> {
        let state = self.slot(&target.chain());
        let state = state.connection.lock().await;
        state.open.as_ref().map(|connection| connection.host_key.clone())
    }

    fn slot(&self, chain: &[Hop]) -> Arc<Slot> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(chain.to_vec()).or_default().clone()
    }

    /// The connection to the end of a chain; and whether it stood already.
    fn connection<'a>(&'a self, chain: &'a [Hop]) -> BoxFuture<'a, Result<Found, Arc<ConnectError>>> {
        Box::pin(async move {
            let began = Instant::now();
            let slot = self.slot(chain);
            let mut state = slot.connection.lock().await;
            if let Some(open) = state.open.as_ref().filter(|open| !open.is_closed()) {
                return Ok(Found { connection: open.clone(), stood: true });
            }
            state.open = None;
            if let Some((_, error)) = state.failed.as_ref().filter(|(at, _)| *at >= began) {
                return Err(error.clone());
            }
            match self.open(chain).await {
                Ok(connection) => {
                    state.failed = None;
                    let connection = state.open.insert(Arc::new(connection)).clone();
                    Ok(Found { connection, stood: false })
                }
                Err(error) => {
                    state.failed = Some((Instant::now(), error.clone()));
                    Err(error)
                }
            }
        })
    }

    async fn open(&self, chain: &[Hop]) -> Result<Connection, Arc<ConnectError>> {
        let Some((hop, way)) = chain.split_last() else {
            let why = "no machine is named".to_owned();
            return Err(Arc::new(ConnectError::Session { address: String::new(), why }));
        };
        let via = if way.is_empty() { None } else { Some(self.connection(way).await?.connection) };
        let settings = &self.0.settings;
        let recipe = Recipe {
            host: &hop.host,
            port: hop.port,
            user: &hop.user,
            trust: self.trust(hop),
            credentials: &settings.credentials,
            timeout: settings.connect_timeout,
            keepalive: settings.keepalive,
        };
        Box::pin(Connection::open(recipe, via)).await.map_err(Arc::new)
    }

    fn trust(&self, hop: &Hop) -> Trust {
        Trust {
            host: address(&hop.host, hop.port),
            name: hop.host.clone(),
            pins: hop.host_keys.clone(),
            known: self.0.settings.known_hosts.lookup(&hop.host, hop.port),
            first_use: hop.trust_on_first_use.then(|| self.0.first_use.clone()),
        }
    }

    /// Forgets a connection that turned out to be dead, unless another one stands already.
    async fn forget(&self, chain: &[Hop], dead: &Arc<Connection>) {
        let slot = self.slot(chain);
        let mut state = slot.connection.lock().await;
        if state.open.as_ref().is_some_and(|open| Arc::ptr_eq(open, dead)) {
            state.open = None;
        }
    }

    /// A channel for one command: over the connection that stands, or over a new one where that turns out to be dead.
    async fn place(&self, chain: &[Hop]) -> Result<Place, Arc<ConnectError>> {
        loop {
            let Found { connection, stood } = self.connection(chain).await?;
            match self.place_on(&connection).await {
                Ok(place) => return Ok(place),
                // No command was started over it: one more attempt, over a connection of our own.
                Err(_) if stood => self.forget(chain, &connection).await,
                Err(error) => {
                    self.forget(chain, &connection).await;
                    return Err(Arc::new(error));
                }
            }
        }
    }

    /// A stream to an address that the end of a chain reaches: over the connection that stands, or over a new one where
    /// that turns out to be dead. A stream takes no place: `MaxSessions` counts sessions only.
    async fn tunnel(&self, chain: &[Hop], host: &str, port: u16) -> Result<Tunnel, NoTunnel> {
        let limit = self.0.settings.connect_timeout;
        loop {
            let Found { connection, stood } = self.connection(chain).await.map_err(NoTunnel::NotConnected)?;
            let opened = tokio::time::timeout(limit, connection.open_forward(host, port)).await;
            let dead = match opened {
                Ok(Ok(channel)) => return Ok(Tunnel::through(connection.clone(), channel.into_stream())),
                Ok(Err(NotForwarded::Broken(error))) => NoTunnel::Broken(Box::new(error)),
                Ok(Err(error)) => return Err(NoTunnel::Refused(error)),
                Err(_) => NoTunnel::Broken(format!("no answer within {} s", limit.as_secs_f32()).into()),
            };
            self.forget(chain, &connection).await;
            if !stood {
                return Err(dead);
            }
        }
    }

    async fn place_on(&self, connection: &Arc<Connection>) -> Result<Place, ConnectError> {
        let failed = |why: String| {
            let address = connection.address().to_owned();
            ConnectError::Session { address, why }
        };
        let places = connection.places.clone();
        let permit = places.acquire_owned().await.map_err(|error| failed(error.to_string()))?;
        let limit = self.0.settings.connect_timeout;
        loop {
            let ended = connection.ended.notified();
            match tokio::time::timeout(limit, connection.session()).await {
                Ok(Ok(channel)) => {
                    let kept = Kept {
                        _permit: permit,
                        _running: connection.running(),
                        connection: connection.clone(),
                    };
                    return Ok(Place { channel, kept });
                }
                // Fewer places than usual (`MaxSessions`): wait until one of ours is free.
                Ok(Err(russh::Error::ChannelOpenFailure(_))) if connection.busy() => {
                    let _ = tokio::time::timeout(Duration::from_millis(500), ended).await;
                }
                Ok(Err(error)) => return Err(failed(error.to_string())),
                Err(_) => return Err(failed(format!("no answer within {} s", limit.as_secs_f32()))),
            }
        }
    }
}

/// Why there is no stream.
enum NoTunnel {
    NotConnected(Arc<ConnectError>),
    Refused(NotForwarded),
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

/// The shell of one machine.
#[derive(Debug)]
struct Remote {
    ssh: Ssh,
    chain: Vec<Hop>,
    patience: Duration,
    name: String,
}

#[async_trait]
impl Shell for Remote {
    fn target(&self) -> &str {
        &self.name
    }

    async fn exec(&self, exec: Exec, budget: &Budget) -> Result<Output, ShellError> {
        let source = session::Source::open(&exec.input).await?;
        let place = self.place(budget).await?;
        Box::pin(session::run(place, &self.name, exec, source, budget)).await
    }

    async fn tunnel(&self, host: &str, port: u16, budget: &Budget) -> Result<Tunnel, TunnelError> {
        let (machine, address) = (self.name.clone(), authority(host, port));
        let attempt = Box::pin(self.ssh.tunnel(&self.chain, host, port));
        let opened = budget.run(|| format!("a stream to {address}"), attempt).await;
        let opened = opened.map_err(|why| ShellError::Interrupted { target: machine.clone(), why })?;
        opened.map_err(|error| match error {
            NoTunnel::NotConnected(error) => {
                ShellError::NotStarted { target: machine, source: Box::new(error) }.into()
            }
            NoTunnel::Refused(NotForwarded::Forbidden) => TunnelError::Forbidden { machine, address },
            NoTunnel::Refused(NotForwarded::Silent) => TunnelError::Silent { machine, address },
            NoTunnel::Refused(NotForwarded::Broken(error)) => {
                TunnelError::Broken { machine, address, source: Box::new(error) }
            }
            NoTunnel::Broken(source) => TunnelError::Broken { machine, address, source },
        })
    }
}

/// Pauses between attempts to reach a machine that is starting.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3)];

impl Remote {
    /// A channel, waiting for a machine that is starting where that is allowed.
    async fn place(&self, budget: &Budget) -> Result<Place, ShellError> {
        let interrupted = |why: Interrupted| ShellError::Interrupted { target: self.name.clone(), why };
        let until = Instant::now() + self.patience;
        let mut pauses = PAUSES.iter();
        let mut pause = Duration::ZERO;
        loop {
            let attempt = Box::pin(self.ssh.place(&self.chain));
            let error = match budget.run(|| "a connection".into(), attempt).await.map_err(interrupted)? {
                Ok(place) => return Ok(place),
                Err(error) => error,
            };
            pause = pauses.next().copied().unwrap_or(pause);
            if !error.may_be_starting() || Instant::now() + pause >= until {
                return Err(ShellError::NotStarted { target: self.name.clone(), source: Box::new(error) });
            }
            tracing::info!(target = %self.name, %error, "not reachable yet; trying again");
            budget.sleep(pause, || "the machine to start".into()).await.map_err(interrupted)?;
        }
    }
}
