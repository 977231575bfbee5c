//! Looking at a guest: one shared read of the index, and one request for the guest.

use tf_framework::Diagnostic;
use transport_rest::Budget;

use crate::api::{ApiError, ConfigView, Guest, GuestConfig, GuestRef, Kind, Pending, Presence, Vmid};
use crate::client::Proxmox;

/// A guest as it was seen.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    /// Its line in the index.
    pub(crate) guest: Guest,
    /// Its configuration, now and after the next start.
    pub(crate) pending: Pending,
}

impl Here {
    /// Where it is.
    #[must_use]
    pub(crate) fn place(&self) -> GuestRef {
        GuestRef::from(&self.guest)
    }

    /// The configuration that was asked for: with the changes that wait for the next start.
    #[must_use]
    pub(crate) fn config(&self) -> GuestConfig {
        self.pending.view(ConfigView::Pending)
    }

    /// The configuration in effect.
    #[must_use]
    pub(crate) fn current(&self) -> GuestConfig {
        self.pending.view(ConfigView::Current)
    }
}

/// What came of looking at a guest.
#[derive(Debug)]
pub(crate) enum Look {
    /// Here it is.
    Here(Box<Here>),
    /// It is proven gone.
    Gone,
    /// It cannot be seen now; that it is gone is not proven. The state is to be kept, with this warning.
    Hidden(Diagnostic),
}

/// Looks at a guest without ever waiting for it. `what` names it, `Virtual machine "web"`.
///
/// # Errors
/// [`ApiError`] for failures after which nothing is known.
pub(crate) async fn look(px: &Proxmox, what: &str, vmid: Vmid, budget: &Budget) -> Result<Look, ApiError> {
    let guest = match px.api.presence(vmid, budget).await? {
        Presence::Present(guest) => *guest,
        Presence::Gone => return Ok(Look::Gone),
        Presence::Unclear(why) => {
            return Ok(Look::Hidden(hidden(
                what,
                &format!("{why}. The state is kept as it was; nothing will be created again."),
            )));
        }
    };
    let down = px.api.inventory(budget).await?.node(&guest.node).is_some_and(|node| !node.is_online());
    if down {
        let why = format!("Node {} is not online. The state is kept as it was.", guest.node);
        return Ok(Look::Hidden(hidden(what, &why)));
    }
    match px.api.guest_pending(&GuestRef::from(&guest), budget).await {
        Ok(pending) => Ok(Look::Here(Box::new(Here { guest, pending }))),
        Err(error) if error.is_missing() => look_again(px, what, vmid, &guest, error, budget).await,
        Err(error) if keeps_state(&error) => {
            Ok(Look::Hidden(hidden(what, &format!("{error}. The state is kept as it was."))))
        }
        Err(error) => Err(error),
    }
}

/// The index named a node where the guest is not: it moved, or is gone, since the index was read.
async fn look_again(
    px: &Proxmox,
    what: &str,
    vmid: Vmid,
    before: &Guest,
    error: ApiError,
    budget: &Budget,
) -> Result<Look, ApiError> {
    px.api.invalidate();
    match px.api.presence(vmid, budget).await? {
        Presence::Gone => Ok(Look::Gone),
        Presence::Present(guest) if guest.node != before.node || guest.kind != before.kind => {
            let pending = px.api.guest_pending(&GuestRef::from(&*guest), budget).await?;
            Ok(Look::Here(Box::new(Here { guest: *guest, pending })))
        }
        _ => Ok(Look::Hidden(hidden(what, &format!("{error}. The state is kept as it was.")))),
    }
}

fn keeps_state(error: &ApiError) -> bool {
    matches!(error.kind(), Some(Kind::NodeUnreachable | Kind::NodeTimeout | Kind::Forbidden))
}

fn hidden(what: &str, why: &str) -> Diagnostic {
    Diagnostic::warning(format!("{what} was not read"), why.to_owned())
}

/// A guest that must be there, read anew.
///
/// # Errors
/// [`ApiError`]; also when it is gone or cannot be seen.
pub(crate) async fn look_up(px: &Proxmox, vmid: Vmid, budget: &Budget) -> Result<Here, ApiError> {
    match px.api.presence(vmid, budget).await? {
        Presence::Present(guest) => {
            let pending = px.api.guest_pending(&GuestRef::from(&*guest), budget).await?;
            Ok(Here { guest: *guest, pending })
        }
        Presence::Gone => Err(ApiError::Argument(format!("there is no guest {vmid} in the cluster"))),
        Presence::Unclear(why) => Err(ApiError::Argument(why)),
    }
}
