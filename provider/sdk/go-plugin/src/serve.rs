//! Serving a host from the handshake to the last answer.

use std::io::{self, Write};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;

use crate::broker::Broker;
use crate::config::{Limits, ServeConfig};
use crate::environment::Environment;
use crate::error::ServeError;
use crate::handshake::{Announcement, check_cookie, negotiate};
use crate::incoming::Acceptor;
use crate::lifecycle::{Lifecycle, Signals, StopReason};
use crate::listen::Listener;
use crate::services::{self, OnShutdown};
use crate::tls::Session;

const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";

/// HTTP/2 flow control window, in bytes: schemas of some megabytes arrive without waiting for the reader.
const WINDOW: u32 = 4 << 20;

/// What a plugin's services get to know about the process they live in.
#[derive(Clone)]
pub struct ServeHandle {
    protocol_version: u16,
    shutdown: CancellationToken,
    broker: Broker,
}

impl ServeHandle {
    /// The protocol version agreed with the host.
    #[must_use]
    pub fn protocol_version(&self) -> u16 {
        self.protocol_version
    }

    /// Cancelled when the process is about to end, whatever the reason: cancel what is in flight and answer. Cancelling
    /// it ends the process in order.
    #[must_use]
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Connections to services of the host.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }
}

/// Serves the host that started this process, until it says `Shutdown`, goes away, or a signal ends the process.
///
/// The handshake line is written before `service` is called, so that building the services does not delay it. `service`
/// adds the plugin's own services; go-plugin's are added here. Call once per process, with nothing else writing to
/// standard output.
///
/// SIGINT is ignored: Ctrl-C reaches the whole process group, and the host decides what it means.
///
/// # Errors
/// No host started us, no protocol version is common, or the socket, TLS or the server failed. [`ServeError::report`]
/// tells it and gives the exit code.
pub async fn serve<F>(config: ServeConfig, env: &Environment, service: F) -> Result<StopReason, ServeError>
where
    F: FnOnce(ServeHandle) -> Routes,
{
    check_cookie(config.cookie, env)?;
    let protocol_version = negotiate(&config.protocol_versions, env)?;
    let signals = Signals::catch().map_err(ServeError::Signals)?;
    let session = env.get(CLIENT_CERT).map(Session::new).transpose()?.map(Arc::new);
    let listener = Listener::open(env)?;
    let certificate = session.as_deref().map(Session::certificate);
    announce(&Announcement::new(env, protocol_version, listener.address(), certificate))
        .map_err(ServeError::Announce)?;
    if session.is_none() {
        tracing::debug!(address = %listener.address(), "the host asked for no TLS: the session is not secured");
    }
    let host = Host { listener, session, signals, limits: config.limits, on_shutdown: OnShutdown::Stop };
    host.serve(protocol_version, service).await
}

fn announce(line: &Announcement<'_>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(format!("{line}\n").as_bytes())?;
    stdout.flush()
}

/// A socket and everything around it, ready to serve.
pub(crate) struct Host {
    pub(crate) listener: Listener,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) signals: Signals,
    pub(crate) limits: Limits,
    pub(crate) on_shutdown: OnShutdown,
}

impl Host {
    pub(crate) async fn serve<F>(self, protocol_version: u16, service: F) -> Result<StopReason, ServeError>
    where
        F: FnOnce(ServeHandle) -> Routes,
    {
        let Self { listener, session, mut signals, limits, on_shutdown } = self;
        let lifecycle = Lifecycle::new();
        let stopping = lifecycle.stopping().clone();
        let broker = Broker::new(session.clone(), stopping.clone());
        let handle = ServeHandle { protocol_version, shutdown: stopping.clone(), broker: broker.clone() };
        let routes = services::add_to(service(handle), &lifecycle, &broker, on_shutdown).await;
        let tls = session.map(|session| session.acceptor()).transpose()?;
        let acceptor =
            Acceptor { listener, tls, patience: limits.tls_handshake, lifecycle: lifecycle.clone() };
        let server = Server::builder()
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .add_routes(routes)
            .serve_with_incoming_shutdown(acceptor.connections(), stopping.cancelled_owned());
        tokio::pin!(server);

        let reason = tokio::select! {
            ended = &mut server => return ended.map(|()| lifecycle.stop(StopReason::Cancelled)).map_err(Into::into),
            reason = end(&lifecycle, &mut signals, &limits, on_shutdown) => lifecycle.stop(reason),
        };
        tracing::debug!(?reason, "the plugin stops");
        let patience = if reason == StopReason::Terminated { limits.terminate } else { limits.drain };
        tokio::select! {
            drained = tokio::time::timeout(patience, &mut server) => drained.unwrap_or(Ok(()))?,
            () = signals.terminated() => {}
        }
        Ok(reason)
    }
}

/// Resolves when it is time to stop.
async fn end(
    lifecycle: &Lifecycle,
    signals: &mut Signals,
    limits: &Limits,
    on_shutdown: OnShutdown,
) -> StopReason {
    match on_shutdown {
        OnShutdown::Stop => tokio::select! {
            reason = lifecycle.stopped() => reason,
            () = signals.terminated() => StopReason::Terminated,
            reason = lifecycle.deserted(limits.first_connection) => reason,
        },
        OnShutdown::Stay => tokio::select! {
            reason = lifecycle.stopped() => reason,
            () = signals.any() => StopReason::Terminated,
        },
    }
}
