//! Starting and stopping. High availability only takes note of a wish and acts seconds later: both wait for the fact.

use std::time::Duration;

use transport_rest::{Budget, Form};

use crate::api::{ApiError, GuestKind, GuestRef, GuestStatus, Kind, PowerAction};
use crate::client::Proxmox;

/// Between two looks at a guest that high availability is to start or stop.
const LOOKS: Duration = Duration::from_secs(1);

/// Starts a guest that does not run; answers whether it was started.
///
/// # Errors
/// [`ApiError`].
pub(crate) async fn ensure_running(
    px: &Proxmox,
    guest: &GuestRef,
    budget: &Budget,
) -> Result<bool, ApiError> {
    let status = px.api.guest_status(guest, budget).await?;
    if status.is_running() && status.qmpstatus.as_deref() != Some("paused") {
        return Ok(false);
    }
    let action = if status.is_running() { PowerAction::Resume } else { PowerAction::Start };
    let start = || px.api.power(guest, action, Form::new(), budget);
    match px.api.run(budget, start).await {
        Ok(_) => {}
        Err(error) if error.is(Kind::Running) => {}
        Err(error) => return Err(error),
    }
    if status.is_ha_managed() {
        wait_until(px, guest, "started by high availability", GuestStatus::is_running, budget).await?;
    }
    Ok(true)
}

/// Stops a guest that runs; answers whether it was stopped. With `grace` it is asked to shut down and gets this
/// long before it is switched off; without, it is switched off.
///
/// # Errors
/// [`ApiError`].
pub(crate) async fn ensure_stopped(
    px: &Proxmox,
    guest: &GuestRef,
    grace: Option<Duration>,
    budget: &Budget,
) -> Result<bool, ApiError> {
    let status = px.api.guest_status(guest, budget).await?;
    if !status.is_running() {
        return Ok(false);
    }
    let stopped = match grace {
        Some(grace) => {
            let form = || Form::new().number("timeout", grace.as_secs()).flag("forceStop", true);
            px.api.run(budget, || px.api.power(guest, PowerAction::Shutdown, form(), budget)).await
        }
        None => px.api.run(budget, || px.api.power(guest, PowerAction::Stop, Form::new(), budget)).await,
    };
    match stopped {
        Ok(_) => {}
        // It went down by itself meanwhile.
        Err(error) if error.is(Kind::NotRunning) => {}
        // Asked in vain, and not forced after all: containers know no force on some versions.
        Err(error) if grace.is_some() && error.is(Kind::GuestTimeout) => {
            let stop = || px.api.power(guest, PowerAction::Stop, Form::new(), budget);
            px.api.run(budget, stop).await?;
        }
        Err(error) => return Err(error),
    }
    if status.is_ha_managed() {
        let down = |status: &GuestStatus| !status.is_running();
        wait_until(px, guest, "stopped by high availability", down, budget).await?;
    }
    Ok(true)
}

async fn wait_until(
    px: &Proxmox,
    guest: &GuestRef,
    what: &str,
    done: impl Fn(&GuestStatus) -> bool,
    budget: &Budget,
) -> Result<(), ApiError> {
    let kind = match guest.kind {
        GuestKind::Qemu => "virtual machine",
        GuestKind::Lxc => "container",
    };
    while !done(&px.api.guest_status(guest, budget).await?) {
        budget.sleep(LOOKS, || format!("{kind} {} being {what}", guest.vmid)).await?;
    }
    Ok(())
}
