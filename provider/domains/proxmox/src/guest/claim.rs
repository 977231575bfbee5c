//! Claiming a number: the call that makes a guest is the lock on its number.

use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use tf_framework::{Diagnostics, Result as Told};
use transport_rest::Budget;

use crate::api::{ApiError, GuestKind, Kind, Presence, Upid, Vmid};
use crate::client::Proxmox;
use crate::images::{answer_budget, stop_if_unfinished};

/// How often a lock that was not granted, or a number that is called free and refused, is met with another try.
const TRIES: u32 = 8;

/// How long one waits, at most, before asking for another number; grows with every number that was lost.
const LOST_PAUSE: Duration = Duration::from_millis(150);

/// Numbers that were asked for and lost to somebody else.
///
/// Asking reserves nothing, so whoever asks at once gets the same number and all but one lose it. To lose *different*
/// numbers is no failure: each loss is a guest somebody else made. The same number over and over is one that the cluster
/// calls free and never gives, such as one whose volumes were left behind.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    last: Option<Vmid>,
    same: u32,
    all: u32,
}

impl Lost {
    /// Notes a number that was lost. Whether another may be asked for.
    pub(crate) fn note(&mut self, vmid: Vmid) -> bool {
        self.same = if self.last == Some(vmid) { self.same + 1 } else { 1 };
        self.last = Some(vmid);
        self.all = self.all.saturating_add(1);
        self.same < TRIES
    }

    /// Waits a moment before the next is asked for. By chance, for those who lost together ask together again otherwise.
    ///
    /// # Errors
    /// The time is up, or the operation is cancelled.
    pub(crate) async fn pause(&self, budget: &Budget) -> Result<(), ApiError> {
        let most = LOST_PAUSE * self.all.min(TRIES);
        let waiting = || "another number for a guest".to_owned();
        Ok(budget.sleep(most.mul_f64(chance()), waiting).await?)
    }
}

/// From 0 to 1, another one for each asker of each process.
fn chance() -> f64 {
    // A hasher's keys are drawn from the system's randomness, which is all the quality a pause needs.
    let drawn = std::collections::hash_map::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(drawn >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// A guest to be made.
pub(crate) struct Claim<'a> {
    /// The cluster.
    pub(crate) px: &'a Proxmox,
    /// Virtual machine or container.
    pub(crate) kind: GuestKind,
    /// The number the configuration fixes; the cluster chooses otherwise.
    pub(crate) vmid: Option<Vmid>,
    /// What the work takes a place at while it runs: `node:pve1`, `storage:local`, `guest:9000` for a clone's source.
    pub(crate) places: Vec<String>,
    /// The limits.
    pub(crate) budget: &'a Budget,
}

/// A guest that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// Its number.
    pub(crate) vmid: Vmid,
    /// Warnings of the task.
    pub(crate) warnings: Vec<String>,
}

/// Why a guest was not made.
#[derive(Debug)]
pub(crate) enum ClaimFailure {
    /// The number the configuration fixes is taken.
    Taken {
        /// The number.
        vmid: Vmid,
        /// What the server says.
        error: ApiError,
    },
    /// It failed; `left` is the guest's number unless it is proven that nothing was left behind.
    Failed {
        /// What may be left behind.
        left: Option<Vmid>,
        /// Why.
        error: ApiError,
    },
    /// Keeping track of it failed.
    Told(Diagnostics),
}

impl Claim<'_> {
    /// Makes the guest. `dispatch` sends the call that makes a guest of this number; `started` keeps track of it the
    /// moment a task for it exists. When this fails with nothing left behind, what `started` kept must be forgotten.
    ///
    /// # Errors
    /// [`ClaimFailure`].
    pub(crate) async fn run<F, D>(
        &self,
        dispatch: D,
        mut started: impl FnMut(Vmid, &Upid) -> Told<()>,
    ) -> Result<Claimed, ClaimFailure>
    where
        F: Future<Output = Result<Upid, ApiError>>,
        D: Fn(Vmid, Budget) -> F,
    {
        let failed = |error| ClaimFailure::Failed { left: None, error };
        let permits = self.px.api.begin_work(&self.places, self.budget).await;
        let _permits = permits.map_err(failed)?;
        let mut lost = Lost::default();
        let mut tried = 0;
        loop {
            let vmid = match self.vmid {
                Some(vmid) => vmid,
                None => self.px.api.next_vmid(self.budget).await.map_err(failed)?,
            };
            let error = match self.try_once(vmid, &dispatch, &mut started).await? {
                Ok(claimed) => return Ok(claimed),
                Err(error) => error,
            };
            if error.is(Kind::AlreadyExists) {
                match self.vmid {
                    Some(vmid) => return Err(ClaimFailure::Taken { vmid, error }),
                    None if lost.note(vmid) => {
                        tracing::info!(vmid, "taken meanwhile; asking for another number");
                        lost.pause(self.budget).await.map_err(failed)?;
                        continue;
                    }
                    None => return Err(failed(error)),
                }
            }
            tried += 1;
            let left = self.left_behind(vmid, &error).await;
            let transient = matches!(&error, ApiError::Task(task) if task.kind.is_transient());
            if left.is_some() || !transient || tried >= TRIES {
                return Err(ClaimFailure::Failed { left, error });
            }
            tracing::info!(vmid, %error, "making it again");
            self.pause(tried, vmid).await.map_err(failed)?;
        }
    }

    async fn try_once<F, D>(
        &self,
        vmid: Vmid,
        dispatch: &D,
        started: &mut impl FnMut(Vmid, &Upid) -> Told<()>,
    ) -> Result<Result<Claimed, ApiError>, ClaimFailure>
    where
        F: Future<Output = Result<Upid, ApiError>>,
        D: Fn(Vmid, Budget) -> F,
    {
        // The answer names the task: it is waited for even when the operation is cancelled meanwhile.
        let upid = match dispatch(vmid, answer_budget()).await {
            Ok(upid) => upid,
            Err(error) => return Ok(Err(error)),
        };
        self.px.note_started(&upid);
        // From here on the guest may exist: whatever happens, Terraform keeps track of it.
        started(vmid, &upid).map_err(ClaimFailure::Told)?;
        let waited = self.px.api.wait(&upid, self.budget).await;
        Ok(waited.map(|finished| Claimed { vmid, warnings: finished.warnings }))
    }

    /// What a failure left behind. Proxmox takes a failed creation back by itself; only what is proven gone is gone.
    async fn left_behind(&self, vmid: Vmid, error: &ApiError) -> Option<Vmid> {
        stop_if_unfinished(self.px, error).await;
        // A refusal before any task made nothing.
        if matches!(error, ApiError::Refused(_)) && !error.is(Kind::NodeTimeout) {
            return None;
        }
        self.px.api.invalidate();
        match self.px.api.presence(vmid, &Budget::within(Duration::from_secs(20))).await {
            Ok(Presence::Gone) => None,
            _ => Some(vmid),
        }
    }

    async fn pause(&self, tried: u32, vmid: Vmid) -> Result<(), ApiError> {
        // Spread by number, so that parallel work does not return in step.
        let spread = Duration::from_millis(u64::from(vmid) * 37 % 900);
        let pause = Duration::from_secs(u64::from(tried.min(8))) + spread;
        let waiting = || format!("another try of making {} {vmid}", self.kind);
        Ok(self.budget.sleep(pause, waiting).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_lose_to_others_is_no_failure_and_a_number_never_given_is() {
        let mut lost = Lost::default();
        assert!((100..200).all(|vmid| lost.note(vmid)), "a hundred guests of others are no failure");
        let same = (0..100).take_while(|_| lost.note(300)).count();
        assert_eq!(same, 7, "a number that is never given");
    }

    #[test]
    fn chances_differ() {
        let drawn: std::collections::BTreeSet<u64> = (0..100).map(|_| (chance() * 1e9) as u64).collect();
        assert!(drawn.len() > 90 && drawn.iter().all(|chance| *chance <= 1_000_000_000), "{drawn:?}");
    }
}
