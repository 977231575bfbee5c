//! When the process ends, and how those inside learn of it.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Why a plugin stopped serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The host said so.
    Shutdown,
    /// The last connection closed: the host is gone.
    Disconnected,
    /// No host connected in time, or it died before it could.
    NeverConnected,
    /// A signal to end: SIGTERM, or Ctrl-C while debugging.
    Terminated,
    /// The plugin itself cancelled the token of its handle.
    Cancelled,
}

/// How often a plugin that waits for its first connection looks whether its host still lives.
#[cfg(unix)]
const ORPHAN_CHECK: Duration = Duration::from_millis(250);

/// Connections made to us.
#[derive(Clone, Copy, Default)]
struct Connections {
    opened: u64,
    open: u64,
}

/// Counts connections and carries the word that the end has come.
#[derive(Clone)]
pub(crate) struct Lifecycle {
    stopping: CancellationToken,
    reason: Arc<OnceLock<StopReason>>,
    connections: watch::Sender<Connections>,
}

/// One open connection.
pub(crate) struct Connected {
    connections: watch::Sender<Connections>,
}

/// The signals of the process, caught from the moment this is made.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

// === impl Lifecycle ===

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self {
            stopping: CancellationToken::new(),
            reason: Arc::default(),
            connections: watch::Sender::new(Connections::default()),
        }
    }

    /// Cancelled when the process is about to end.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Says that the end has come. The first reason stays.
    pub(crate) fn stop(&self, reason: StopReason) -> StopReason {
        let reason = *self.reason.get_or_init(|| reason);
        self.stopping.cancel();
        reason
    }

    pub(crate) fn connected(&self) -> Connected {
        self.connections.send_modify(|connections| {
            connections.opened += 1;
            connections.open += 1;
        });
        Connected { connections: self.connections.clone() }
    }

    /// Resolves when somebody says stop.
    pub(crate) async fn stopped(&self) -> StopReason {
        self.stopping.cancelled().await;
        self.reason.get().copied().unwrap_or(StopReason::Cancelled)
    }

    /// Resolves when there is nobody to serve: no connection came in time or will ever come, or the last one closed.
    pub(crate) async fn deserted(&self, first_connection: Duration) -> StopReason {
        let mut connections = self.connections.subscribe();
        // The sender lives as long as `self`: waiting cannot fail.
        let first = connections.wait_for(|connections| connections.opened > 0);
        tokio::select! {
            biased;
            _ = first => {}
            () = orphaned() => return StopReason::NeverConnected,
            () = tokio::time::sleep(first_connection) => return StopReason::NeverConnected,
        }
        let _ = connections.wait_for(|connections| connections.open == 0).await;
        StopReason::Disconnected
    }
}

/// Resolves when the process that started us is gone. A host that is killed between our start and its first connection
/// leaves nothing else to notice it by.
#[cfg(unix)]
async fn orphaned() {
    use std::os::unix::process::parent_id;
    let host = parent_id();
    while parent_id() == host {
        tokio::time::sleep(ORPHAN_CHECK).await;
    }
}

#[cfg(not(unix))]
async fn orphaned() {
    std::future::pending().await
}

// === impl Connected ===

impl Drop for Connected {
    fn drop(&mut self) {
        self.connections.send_modify(|connections| connections.open = connections.open.saturating_sub(1));
    }
}

// === impl Signals ===

impl Signals {
    /// Takes SIGINT and SIGTERM over. Ctrl-C reaches the whole process group, and it is for the host to answer it.
    #[cfg(unix)]
    pub(crate) fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    pub(crate) fn catch() -> io::Result<Self> {
        // A task of its own: the handler is installed by the first poll and stays.
        tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        Ok(Self {})
    }

    /// Resolves on SIGTERM; never where there is none.
    pub(crate) async fn terminated(&mut self) {
        #[cfg(unix)]
        if self.terminate.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }

    /// Resolves on SIGTERM and on Ctrl-C.
    pub(crate) async fn any(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_comes() {
        let reason = Lifecycle::new().deserted(Duration::from_secs(60)).await;
        assert_eq!(reason, StopReason::NeverConnected);
    }

    #[tokio::test(start_paused = true)]
    async fn ends_with_the_last_connection() {
        let lifecycle = Lifecycle::new();
        let deserted = lifecycle.deserted(Duration::from_secs(60));
        tokio::pin!(deserted);
        let (first, second) = (lifecycle.connected(), lifecycle.connected());
        drop(first);
        let still_there = tokio::time::timeout(Duration::from_secs(600), &mut deserted).await;
        assert!(still_there.is_err(), "one connection is left");
        drop(second);
        assert_eq!(deserted.await, StopReason::Disconnected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_visit_counts() {
        let lifecycle = Lifecycle::new();
        drop(lifecycle.connected());
        assert_eq!(lifecycle.deserted(Duration::from_secs(60)).await, StopReason::Disconnected);
    }

    #[tokio::test]
    async fn the_first_reason_stays() {
        let lifecycle = Lifecycle::new();
        assert_eq!(lifecycle.stop(StopReason::Shutdown), StopReason::Shutdown);
        assert_eq!(lifecycle.stop(StopReason::Disconnected), StopReason::Shutdown);
        assert_eq!(lifecycle.stopped().await, StopReason::Shutdown);
        let cancelled = Lifecycle::new();
        cancelled.stopping().cancel();
        assert_eq!(cancelled.stopped().await, StopReason::Cancelled);
    }
}
