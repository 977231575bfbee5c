//! The state of the whole stand-in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::access::Access;
use super::config::store::Configuration;
use super::firewall::Firewalls;
use super::guest::{Guest, Real};
use super::ha::Ha;
use super::locks::Locks;
use super::network::Network;
use super::personality::{Personality, Release};
use super::storage::Storage;
use super::tasks::Task;
use crate::faults::Faults;
use crate::journal::Journal;

/// How the cluster is set up.
#[derive(Debug, Clone)]
pub(crate) struct ClusterConfig {
    pub(crate) root: PathBuf,
    pub(crate) release: Release,
    /// Shortest time a task takes.
    pub(crate) task_duration: Duration,
    /// Wait before a 401 (3 s on a real server).
    pub(crate) auth_delay: Duration,
    /// How long an update waits for a configuration lock (10 s on a real server).
    pub(crate) lock_wait: Duration,
    /// How long HA takes before it acts (some 10 s on a real cluster).
    pub(crate) ha_delay: Duration,
    /// How long after its start a machine's agent answers; never where `None`.
    pub(crate) agent_boot: Option<Duration>,
    /// How long a call to a guest agent that does not answer takes (3 s on a real server).
    pub(crate) agent_wait: Duration,
    /// How long a node waits for another that does not answer (30 s on a real server).
    pub(crate) proxy_wait: Duration,
}

/// How a node is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Online,
    /// No route: 595 from its peers, refused connections at its own endpoint.
    Offline,
    /// Takes connections and never answers: 596 from its peers.
    Silent,
}

/// A node of the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) reach: Reach,
    pub(crate) fingerprint: String,
}

/// A pool of guests and storages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    pub(crate) comment: String,
    pub(crate) guests: Vec<u32>,
    pub(crate) storages: Vec<String>,
}

/// What a directory server behind a realm holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    pub(crate) users: Vec<String>,
    /// Groups with their members.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
}

/// Everything that changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) storages: BTreeMap<String, Storage>,
    pub(crate) guests: BTreeMap<u32, Guest>,
    pub(crate) pools: BTreeMap<String, Pool>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) config: Configuration,
    /// Token of who holds the network configuration (9.x).
    pub(crate) sdn_lock: Option<String>,
    pub(crate) firewall: Firewalls,
    /// Networks of nodes; one that is not here is as installed.
    pub(crate) networks: BTreeMap<String, Network>,
    /// Directories behind realms.
    pub(crate) directories: BTreeMap<String, Directory>,
    /// Servers in the network that do not answer.
    pub(crate) silent_servers: BTreeSet<String>,
    pub(crate) access: Access,
    pub(crate) tasks: Vec<Arc<Task>>,
    pub(crate) ha: Ha,
    /// Guests that replication jobs name.
    pub(crate) replicated: BTreeSet<u32>,
}

/// The stand-in cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) config: ClusterConfig,
    pub(crate) locks: Arc<Locks>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) runtime: tokio::runtime::Handle,
    state: Mutex<State>,
    clock_offset: AtomicI64,
    pids: AtomicU32,
    started: Instant,
    /// Real guests behind the ones of the API, where they were asked for.
    pub(crate) real: OnceLock<Real>,
}

impl Cluster {
    pub(crate) fn new(
        config: ClusterConfig,
        state: State,
        faults: Arc<Faults>,
        journal: Arc<Journal>,
        runtime: tokio::runtime::Handle,
    ) -> Self {
        Self {
            config,
            locks: Arc::default(),
            faults,
            journal,
            runtime,
            state: Mutex::new(state),
            clock_offset: AtomicI64::new(0),
            pids: AtomicU32::new(1000),
            started: Instant::now(),
            real: OnceLock::new(),
        }
    }

    /// The state; hold it briefly, and never while working on files.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn personality(&self) -> &'static Personality {
        self.config.release.personality()
    }

    /// Seconds since 1970 on the cluster's own clock.
    pub(crate) fn now(&self) -> u64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        real.saturating_add_signed(self.clock_offset.load(Ordering::Relaxed))
    }

    /// Now as `2026-11-21 06:22:55`.
    pub(crate) fn now_text(&self) -> String {
        let seconds = i64::try_from(self.now()).unwrap_or_default();
        let time =
            time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        time.format(&format).unwrap_or_default()
    }

    /// Moves the cluster's clock, in seconds against the host's.
    pub(crate) fn set_clock_offset(&self, seconds: i64) {
        self.clock_offset.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn next_pid(&self) -> u32 {
        self.pids.fetch_add(3, Ordering::Relaxed)
    }

    /// Seconds since the nodes booted.
    pub(crate) fn uptime(&self) -> u64 {
        3600 + self.started.elapsed().as_secs()
    }

    /// Hundredths of seconds since boot, the start time of processes.
    pub(crate) fn uptime_ticks(&self) -> u64 {
        360_000 + u64::try_from(self.started.elapsed().as_millis() / 10).unwrap_or_default()
    }
}
