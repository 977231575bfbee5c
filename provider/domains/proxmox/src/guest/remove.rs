//! Removing a guest: never a stranger with the same number, and gone only when it is proven.

use std::time::Duration;

use serde_json::Value;
use transport_rest::{Budget, Path, Request};

use super::look::Here;
use super::power::ensure_stopped;
use super::resume::settle_tasks;
use crate::api::{ApiError, Destroy, GuestKind, GuestRef, Kind, Presence, Vmid};
use crate::client::Proxmox;

/// A guest to be removed.
pub(crate) struct Removal<'a> {
    /// The cluster.
    pub(crate) px: &'a Proxmox,
    /// Its number.
    pub(crate) vmid: Vmid,
    /// Whether what has the number is the guest that is meant.
    pub(crate) is_it: &'a (dyn Fn(&Here) -> bool + Send + Sync),
    /// How long it may take to shut down before it is switched off; none: it is switched off.
    pub(crate) grace: Option<Duration>,
    /// What goes with it.
    pub(crate) how: Destroy,
    /// The limits.
    pub(crate) budget: &'a Budget,
}

/// What became of a guest that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    /// It is proven gone.
    Gone,
    /// Its number belongs to another guest by now, which was left alone.
    Stranger,
}

/// Removes a guest: takes it out of high availability, shuts it down, destroys it and proves that it is gone.
///
/// # Errors
/// [`ApiError`]; [`Kind::Protected`] for a guest under protection, which is left as it was.
pub(crate) async fn remove(removal: &Removal<'_>) -> Result<Removed, ApiError> {
    let Removal { px, vmid, budget, .. } = removal;
    settle_tasks(px, *vmid, &[], budget).await?;
    let here = match find(removal).await? {
        Found::Here(here) => here,
        Found::Not(removed) => return Ok(removed),
    };
    let guest = here.place();
    if here.config().flag("protection") == Some(true) {
        return Err(ApiError::Argument(format!(
            "guest {vmid} is protected against removal: set `protection = false` and apply before destroying it"
        )));
    }
    if here.guest.hastate.as_deref().is_some_and(|state| !state.is_empty() && state != "unmanaged") {
        release(px, &guest, budget).await?;
    }
    if !here.guest.template {
        ensure_stopped(px, &guest, removal.grace, budget).await?;
    }
    let destroyed = px.api.run(budget, || px.api.destroy_guest(&guest, removal.how, budget)).await;
    match destroyed {
        Ok(_) => prove(removal).await,
        Err(error) if error.is_missing() => prove(removal).await,
        Err(error) => Err(error),
    }
}

enum Found {
    Here(Box<Here>),
    Not(Removed),
}

async fn find(removal: &Removal<'_>) -> Result<Found, ApiError> {
    let Removal { px, vmid, budget, .. } = removal;
    px.api.invalidate();
    let guest = match px.api.presence(*vmid, budget).await? {
        Presence::Gone => return Ok(Found::Not(Removed::Gone)),
        Presence::Present(guest) => *guest,
        Presence::Unclear(why) => return Err(ApiError::Argument(why)),
    };
    let pending = match px.api.guest_pending(&GuestRef::from(&guest), budget).await {
        Ok(pending) => pending,
        Err(error) if error.is_missing() => return prove(removal).await.map(Found::Not),
        Err(error) => return Err(error),
    };
    let here = Here { guest, pending };
    if (removal.is_it)(&here) { Ok(Found::Here(Box::new(here))) } else { Ok(Found::Not(Removed::Stranger)) }
}

/// The removal has ended: what has the number now, if anything, must not be the guest any more.
async fn prove(removal: &Removal<'_>) -> Result<Removed, ApiError> {
    let Removal { px, vmid, budget, .. } = removal;
    px.api.invalidate();
    // A number that is taken but not visible belongs to somebody else by now.
    let Presence::Present(guest) = px.api.presence(*vmid, budget).await? else { return Ok(Removed::Gone) };
    match px.api.guest_pending(&GuestRef::from(&*guest), budget).await {
        Ok(pending) if !(removal.is_it)(&Here { guest: *guest, pending: pending.clone() }) => {
            Ok(Removed::Gone)
        }
        Ok(_) => Err(ApiError::Argument(format!("guest {vmid} is still there after its removal"))),
        Err(error) if error.is_missing() => Ok(Removed::Gone),
        Err(error) => Err(error),
    }
}

/// Takes a guest out of high availability, which would start it again. One that is not in it is no error.
async fn release(px: &Proxmox, guest: &GuestRef, budget: &Budget) -> Result<(), ApiError> {
    let prefix = match guest.kind {
        GuestKind::Qemu => "vm",
        GuestKind::Lxc => "ct",
    };
    let sid = format!("{prefix}:{}", guest.vmid);
    let request = Request::delete(Path::from(["cluster", "ha", "resources", sid.as_str()])).idempotent();
    match px.api.write::<Option<Value>>(request, budget).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() || is_unknown(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether the server knows no such service: it says so in a text of its own.
fn is_unknown(error: &ApiError) -> bool {
    let ApiError::Refused(refusal) = error else { return false };
    refusal.status == 500
        && (refusal.message.contains("no such resource") || refusal.message.contains("not defined"))
        && !error.is(Kind::Forbidden)
}
