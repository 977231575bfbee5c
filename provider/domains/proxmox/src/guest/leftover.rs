//! What a killed run left behind: found by the stamp, so that the next run goes on where it stopped.

use std::sync::Arc;

use transport_rest::Budget;

use super::look::Here;
use super::stamp::Stamp;
use crate::api::{ApiError, GuestKind, GuestRef, Inventory, TaskFilter, Vmid};
use crate::client::Proxmox;

/// Types of tasks that make guests.
const CREATIONS: [&str; 6] = ["qmcreate", "qmclone", "qmrestore", "vzcreate", "vzclone", "vzrestore"];

/// Looks for a guest that an earlier run of the same owner made, and claims it for the caller. `not` are guests that
/// the caller knows to be others', such as the one it replaces.
///
/// # Errors
/// [`ApiError`].
pub(crate) async fn leftover(
    px: &Proxmox,
    kind: GuestKind,
    name: &str,
    stamp: &Stamp,
    not: &[Vmid],
    budget: &Budget,
) -> Result<Option<Here>, ApiError> {
    let inventory = beginning(px, budget).await?;
    let of_name = |guest: &&crate::api::Guest| {
        guest.kind == kind && guest.name == name && !guest.template && !not.contains(&guest.vmid)
    };
    for guest in inventory.guests().filter(of_name) {
        let pending = match px.api.guest_pending(&GuestRef::from(guest), budget).await {
            Ok(pending) => pending,
            Err(error) if error.is_interrupted() => return Err(error),
            // Gone since the index was read, or on a node that does not answer: nothing we could go on with.
            Err(error) => {
                tracing::debug!(vmid = guest.vmid, %error, "cannot be looked at");
                continue;
            }
        };
        let here = Here { guest: guest.clone(), pending };
        let ours = Stamp::of(&here.config()).is_some_and(|found| found.is_same(stamp));
        if ours && px.register.take(guest.vmid) {
            tracing::info!(vmid = guest.vmid, "going on with what an earlier run began");
            return Ok(Some(here));
        }
    }
    Ok(None)
}

/// The index as it is once all creations of earlier runs have ended: until they end, a guest does not show its
/// notes. Read once for a run.
async fn beginning(px: &Proxmox, budget: &Budget) -> Result<Arc<Inventory>, ApiError> {
    let settle = || async {
        let kinds = CREATIONS.iter().map(|kind| (*kind).to_owned()).collect();
        let ours = px.api.principal().to_string();
        for task in px.api.running_tasks(&TaskFilter { vmid: None, kinds }, budget).await? {
            if task.upid.user() != ours || px.started(&task.upid) {
                continue;
            }
            tracing::info!(task = %task.upid, "waiting for a creation that runs already");
            // Whether it succeeded shows in the guest.
            match px.api.wait(&task.upid, budget).await {
                Err(error) if error.is_interrupted() => return Err(error),
                _ => {}
            }
        }
        // An index read before a creation ended shows the guest without its name.
        px.api.invalidate();
        px.api.inventory(budget).await
    };
    px.register.beginning.get_or_try_init(settle).await.cloned()
}
