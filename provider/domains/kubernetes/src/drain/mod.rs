//! Emptying a node: cordon, evictions that respect disruption budgets, volumes that let go.

mod budgets;
mod choose;
mod error;
mod evict;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, Instant};

use transport_ssh::Budget;

use crate::api::{ApiError, Kube, Selector, kinds};
use choose::{Chosen, choose};
pub use choose::{PodRef, Skipped};
pub use error::{Blocked, DrainError, Terminating};

/// How a node is emptied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainPolicy {
    /// How long it may take in all.
    pub timeout: Duration,
    /// How long pods may take to end; what they ask for themselves unless set.
    pub grace: Option<Duration>,
    /// Whether pods that keep data in an `emptyDir` are evicted: that data goes with them.
    pub delete_empty_dir: bool,
    /// Whether pods that nothing owns are evicted: nothing makes them again elsewhere.
    pub evict_unmanaged: bool,
    /// Whether the node takes pods again when it could not be emptied, where it was we who cordoned it.
    pub uncordon_on_failure: bool,
    /// Pause between attempts.
    pub pause: Duration,
}

impl Default for DrainPolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(600),
            grace: None,
            delete_empty_dir: true,
            evict_unmanaged: false,
            uncordon_on_failure: true,
            pause: Duration::from_secs(2),
        }
    }
}

/// What was done to empty a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// The node.
    pub node: String,
    /// Whether it is cordoned by us; otherwise somebody else had done it.
    pub cordoned: bool,
    /// Pods that were evicted.
    pub evicted: Vec<PodRef>,
    /// Pods that were left, and why.
    pub skipped: Vec<Skipped>,
    /// Volumes of Longhorn that were waited for.
    pub volumes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Told what is going on.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Empties a node. It is cordoned afterwards; [`Kube::uncordon`] lets pods onto it again.
///
/// # Errors
/// [`DrainError`], with every pod that is in the way.
pub async fn drain(
    kube: &Kube,
    node: &str,
    policy: &DrainPolicy,
    budget: &Budget,
    progress: Progress<'_>,
) -> Result<DrainReport, DrainError> {
    let limited = budget.shortened(policy.timeout);
    let done = Box::pin(empty(kube, node, policy, &limited, progress)).await;
    if done.is_err() && policy.uncordon_on_failure {
        // The budget may be what ended it.
        let rest = Budget::within(Duration::from_secs(10));
        if let Err(error) = kube.uncordon(node, &rest).await {
            tracing::warn!(%error, node, "the node stays cordoned");
        }
    }
    done
}

async fn empty(
    kube: &Kube,
    node: &str,
    policy: &DrainPolicy,
    budget: &Budget,
    progress: Progress<'_>,
) -> Result<DrainReport, DrainError> {
    let began = Instant::now();
    // What refuses is told before anything is changed.
    let Chosen { .. } = choose(&kube.pods_on(node, budget).await?, policy, node)?;
    let cordoned = kube.cordon(node, budget).await?;
    progress(&format!("{node} is cordoned"));
    // Again: what came in between.
    let Chosen { evict, wait, skipped } = choose(&kube.pods_on(node, budget).await?, policy, node)?;
    let evicted: Vec<PodRef> = evict.iter().chain(&wait).cloned().collect();
    evict::evict(kube, node, policy, (evict, wait), budget, progress).await?;
    let volumes = let_go(kube, node, policy, budget, progress).await?;
    Ok(DrainReport { node: node.to_owned(), cordoned, evicted, skipped, volumes, took: began.elapsed() })
}

/// Waits until Longhorn, where it is there, has no volume attached to the node.
async fn let_go(
    kube: &Kube,
    node: &str,
    policy: &DrainPolicy,
    budget: &Budget,
    progress: Progress<'_>,
) -> Result<Vec<String>, DrainError> {
    let mut waited: Vec<String> = Vec::new();
    loop {
        let volumes = kube.list(&kinds::LONGHORN_VOLUME, None, &Selector::default(), budget).await?;
        let here = volumes.iter().filter(|volume| {
            volume.text("/status/currentNodeID") == node && volume.text("/status/state") != "detached"
        });
        let attached: Vec<String> = here.map(|volume| volume.name().to_owned()).collect();
        if attached.is_empty() {
            return Ok(waited);
        }
        progress(&format!("waiting for Longhorn to detach {} from {node}", attached.join(", ")));
        waited.extend(attached.iter().filter(|name| !waited.contains(name)).cloned().collect::<Vec<_>>());
        let slept = budget.sleep(policy.pause, || "volumes to be detached".into()).await;
        slept.map_err(|why| DrainError::Attached { node: node.to_owned(), volumes: attached, why })?;
    }
}

impl From<ApiError> for DrainError {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl fmt::Display for DrainReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} pods evicted in {} s", self.node, self.evicted.len(), self.took.as_secs())?;
        if !self.volumes.is_empty() {
            write!(f, ", {} volumes detached", self.volumes.len())?;
        }
        if !self.cordoned {
            write!(f, "; somebody else had cordoned the node, and it stays so")?;
        }
        Ok(())
    }
}
