//! How many requests may be under way at once, by key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use transport_base::{Budget, Interrupted};

/// The two widths of a lane: light reads, and work that holds a server process for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// Quick reads.
    Reads,
    /// Writes and slow calls.
    Heavy,
}

/// How many of each width may run at once; zero counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Concurrent reads.
    pub reads: usize,
    /// Concurrent heavy calls.
    pub heavy: usize,
}

impl Default for Widths {
    fn default() -> Self {
        Self { reads: 8, heavy: 4 }
    }
}

/// Where a request queues: a key (a node, a storage, a host) and a width.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    /// What is protected.
    pub key: String,
    /// Which of its two queues.
    pub width: Width,
}

impl Lane {
    /// The reading queue of `key`.
    pub fn reads(key: impl Into<String>) -> Self {
        Self { key: key.into(), width: Width::Reads }
    }

    /// The heavy queue of `key`.
    pub fn heavy(key: impl Into<String>) -> Self {
        Self { key: key.into(), width: Width::Heavy }
    }
}

/// Semaphores by lane, made on first use.
#[derive(Debug)]
pub struct Limits {
    widths: Widths,
    lanes: Mutex<HashMap<Lane, Arc<Semaphore>>>,
}

/// The right to run; given back on drop.
#[derive(Debug)]
#[must_use = "the place in the lane is given back as soon as this is dropped"]
pub struct Permits(#[allow(dead_code, reason = "held for its drop")] Vec<OwnedSemaphorePermit>);

impl Limits {
    /// Limits of these widths for every key.
    pub fn new(widths: Widths) -> Self {
        Self { widths, lanes: Mutex::default() }
    }

    /// Waits for a place in each lane. Lanes are entered in one order, so that two waiters cannot block
    /// each other.
    ///
    /// # Errors
    /// [`Interrupted`] when the budget ends first.
    pub async fn enter(&self, lanes: &[Lane], budget: &Budget) -> Result<Permits, Interrupted> {
        let mut ordered: Vec<&Lane> = lanes.iter().collect();
        ordered.sort_by(|a, b| (&a.key, a.width as u8).cmp(&(&b.key, b.width as u8)));
        ordered.dedup();
        let mut permits = Vec::with_capacity(ordered.len());
        for lane in ordered {
            let semaphore = self.semaphore(lane);
            let waiting_for = || format!("a free place among the concurrent requests to {}", lane.key);
            if let Ok(permit) = budget.run(waiting_for, semaphore.acquire_owned()).await? {
                permits.push(permit);
            }
        }
        Ok(Permits(permits))
    }

    fn semaphore(&self, lane: &Lane) -> Arc<Semaphore> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let width = match lane.width {
            Width::Reads => self.widths.reads,
            Width::Heavy => self.widths.heavy,
        };
        lanes.entry(lane.clone()).or_insert_with(|| Arc::new(Semaphore::new(width.max(1)))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_full_lane_waits_within_the_budget_and_other_lanes_do_not() {
        let limits = Limits::new(Widths { reads: 1, heavy: 1 });
        let held = limits.enter(&[Lane::reads("pve1")], &Budget::unlimited()).await.unwrap();
        let short = Budget::within(Duration::from_millis(30));
        let blocked = limits.enter(&[Lane::reads("pve1")], &short).await.unwrap_err();
        assert!(blocked.to_string().contains("pve1"), "{blocked}");
        let _other =
            limits.enter(&[Lane::reads("pve2"), Lane::heavy("pve1")], &Budget::unlimited()).await.unwrap();
        drop(held);
        let _again = limits.enter(&[Lane::reads("pve1")], &Budget::unlimited()).await.unwrap();
    }
}
