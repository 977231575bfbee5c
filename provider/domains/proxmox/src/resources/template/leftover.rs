//! What a killed run left behind: found by the stamp, so that the next run goes on where it stopped.

use transport_rest::Budget;

use super::observe::Seen;
use crate::api::{ApiError, ConfigView, GuestKind, GuestRef, TaskFilter, Vmid};
use crate::client::Proxmox;

/// What earlier runs left behind.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// The guest that was made under the key, whole or half done.
    pub(super) ours: Option<Seen>,
    /// Guests of the name that were begun with other settings and never finished.
    pub(super) unfinished: Vec<Seen>,
}

/// Looks for guests that were made under this name, apart from those already known.
///
/// # Errors
/// [`ApiError`].
pub(super) async fn find(
    px: &Proxmox,
    name: &str,
    key: &str,
    known: &[Vmid],
    budget: &Budget,
) -> Result<Leftovers, ApiError> {
    settle_creations(px, budget).await?;
    // An index read before a creation ended shows the guest without its name.
    px.api.invalidate();
    let inventory = px.api.inventory(budget).await?;
    let of_name = |guest: &&crate::api::Guest| {
        guest.kind == GuestKind::Qemu && guest.name == name && !known.contains(&guest.vmid)
    };
    let mut leftovers = Leftovers::default();
    for guest in inventory.guests().filter(of_name) {
        let config = match px.api.guest_config(&GuestRef::from(guest), ConfigView::Current, budget).await {
            Ok(config) => config,
            // Gone since the index was read, or on a node that does not answer: no leftover we could use.
            Err(error) if error.is_interrupted() => return Err(error),
            Err(error) => {
                tracing::debug!(vmid = guest.vmid, %error, "cannot be looked at");
                continue;
            }
        };
        let seen = Seen::of(px, guest.clone(), config);
        match &seen.stamp {
            Some(stamp) if stamp.key == key => leftovers.ours = Some(seen),
            Some(stamp) if !stamp.adopted && !seen.config.is_template() => leftovers.unfinished.push(seen),
            _ => {}
        }
    }
    Ok(leftovers)
}

/// Waits for creations of guests that this user started and this run does not know of: until they end, the
/// guest does not show its notes.
async fn settle_creations(px: &Proxmox, budget: &Budget) -> Result<(), ApiError> {
    let filter = TaskFilter { vmid: None, kinds: vec!["qmcreate".to_owned()] };
    let ours = px.api.principal().to_string();
    for task in px.api.running_tasks(&filter, budget).await? {
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
    Ok(())
}
