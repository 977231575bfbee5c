//! One gate for each cluster in this process: resources run side by side, and a cluster takes one change of its servers at
//! a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, MutexGuard, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::distribution::Distribution;
use crate::host::preflight::Finding;

/// The gates of all clusters.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<HashMap<(Distribution, String), Arc<Gate>>>);

/// The gate of one cluster.
#[derive(Debug)]
pub(crate) struct Gate {
    servers: Arc<Turn<()>>,
    pointers: Turn<()>,
    agents: Arc<Semaphore>,
    state: Mutex<State>,
    /// What was found between servers, by those who have not been told yet.
    between: Turn<BTreeMap<String, Vec<Finding>>>,
}

#[derive(Debug, Default)]
struct State {
    /// Nodes that are leaving for good.
    leaving: BTreeSet<String>,
    /// Servers that the cluster is to have, where its plan was seen in this process.
    planned: Option<BTreeSet<String>>,
    /// The restore that is planned for the cluster, where its plan was seen in this process.
    restores: Option<u64>,
    /// The server whose change failed in this process.
    failed: Option<String>,
}

impl Gates {
    /// The gate of a cluster; `agents_at_once` counts when it is the first time.
    pub(crate) fn of(&self, distribution: Distribution, cluster: &str, agents_at_once: usize) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry((distribution, cluster.to_owned())).or_insert_with(|| {
            Arc::new(Gate {
                servers: Arc::default(),
                pointers: Turn::default(),
                agents: Arc::new(Semaphore::new(agents_at_once.max(1))),
                state: Mutex::default(),
                between: Turn::default(),
            })
        });
        Arc::clone(gate)
    }
}

impl Gate {
    /// Waits for the turn to change a server. First come, first served.
    pub(crate) async fn server(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.servers).lock_owned().await
    }

    /// The turn to change a server, where nobody has it.
    pub(crate) fn try_server(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.servers).try_lock_owned().ok()
    }

    /// What was found between servers. Who has it tries; the others wait for what comes of it.
    pub(crate) async fn between(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Finding>>> {
        self.between.lock().await
    }

    /// Whether a server is being changed, or waits for its turn.
    pub(crate) fn is_busy(&self) -> bool {
        self.servers.try_lock().is_err()
    }

    /// Waits for the turn to write whom servers join through: who does it looks at all of them first, and writes into the
    /// files of others.
    pub(crate) async fn pointers(&self) -> MutexGuard<'_, ()> {
        self.pointers.lock().await
    }

    /// Waits for a place among the agents that change. Nothing where the gate was closed, which it never is.
    pub(crate) async fn agent(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.agents).acquire_owned().await.ok()
    }

    /// Keeps that a node is leaving for good.
    pub(crate) fn leaves(&self, node: &str) {
        self.state().leaving.insert(node.to_owned());
    }

    /// Whether all of these are leaving for good.
    pub(crate) fn all_leave<'a>(&self, mut nodes: impl Iterator<Item = &'a String>) -> bool {
        let state = self.state();
        nodes.all(|node| state.leaving.contains(node))
    }

    /// Keeps that the change of a server failed: those that wait for their turn must not go on beside it.
    pub(crate) fn failed(&self, node: &str) {
        self.state().failed.get_or_insert_with(|| node.to_owned());
    }

    /// Keeps that a server whose change failed before works now.
    pub(crate) fn works(&self, node: &str) {
        let mut state = self.state();
        state.failed = state.failed.take().filter(|failed| failed != node);
    }

    /// Another server than this one whose change failed in this process.
    pub(crate) fn other_failed(&self, node: &str) -> Option<String> {
        self.state().failed.clone().filter(|failed| failed != node)
    }

    /// Keeps the servers that the cluster is to have.
    pub(crate) fn plan(&self, servers: BTreeSet<String>) {
        self.state().planned = Some(servers);
    }

    /// The servers that the cluster is to have, where its plan was seen.
    pub(crate) fn planned(&self) -> Option<BTreeSet<String>> {
        self.state().planned.clone()
    }

    /// Keeps the restore that is planned.
    pub(crate) fn plan_restore(&self, epoch: Option<u64>) {
        self.state().restores = epoch;
    }

    /// The restore that is planned, by its number.
    pub(crate) fn restores(&self) -> Option<u64> {
        self.state().restores
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_failed_may_go_on_and_nobody_else() {
        let gate = Gates::default().of(Distribution::Rke2, "platform", 1);
        assert_eq!(gate.other_failed("a"), None);
        gate.failed("b");
        gate.failed("c");
        assert_eq!(gate.other_failed("b"), None);
        assert_eq!(gate.other_failed("a").as_deref(), Some("b"));
        assert_eq!(gate.other_failed("c").as_deref(), Some("b"));
        // One process may see several applies: what works again is in nobody's way.
        gate.works("a");
        assert_eq!(gate.other_failed("a").as_deref(), Some("b"));
        gate.works("b");
        assert_eq!(gate.other_failed("a"), None);
    }
}
