//! Moving a guest to another node.

use std::time::Duration;

use transport_rest::{Budget, Form, Path, Request};

use crate::api::{ApiError, GuestKind, GuestRef, Upid};
use crate::client::Proxmox;

/// Between two looks for a guest that high availability moves.
const LOOKS: Duration = Duration::from_secs(1);

/// How a guest is moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Migration {
    /// The node to move to.
    pub(crate) target: String,
    /// The storage for disks on storages that the target does not share; the same name there unless set.
    pub(crate) storage: Option<String>,
    /// How long a container may take to shut down, in seconds: containers move by restart.
    pub(crate) timeout: Option<u64>,
}

/// Moves a guest and waits until it is there. One that is there already is left alone. Virtual machines move while
/// they run, containers by restart.
///
/// # Errors
/// [`ApiError`].
pub(crate) async fn migrate(
    px: &Proxmox,
    guest: &GuestRef,
    migration: &Migration,
    budget: &Budget,
) -> Result<GuestRef, ApiError> {
    let there = GuestRef { node: migration.target.clone(), ..guest.clone() };
    if guest.node == migration.target {
        return Ok(there);
    }
    let status = px.api.guest_status(guest, budget).await?;
    let form = form(guest.kind, status.is_running(), migration);
    let places = [format!("node:{}", guest.node), format!("node:{}", migration.target)];
    let _permits = px.api.begin_work(places, budget).await?;
    px.api.run(budget, || dispatch(px, guest, form.clone(), budget)).await?;
    // High availability only takes note, and moves the guest by a task of its own.
    while px.api.inventory(budget).await?.guest(guest.vmid).is_some_and(|seen| seen.node != migration.target)
    {
        if !status.is_ha_managed() {
            return Err(ApiError::Argument(format!(
                "guest {} is not on {} after its migration",
                guest.vmid, migration.target
            )));
        }
        budget
            .sleep(LOOKS, || format!("high availability moving {} to {}", guest.vmid, migration.target))
            .await?;
        px.api.invalidate();
    }
    Ok(there)
}

async fn dispatch(px: &Proxmox, guest: &GuestRef, form: Form, budget: &Budget) -> Result<Upid, ApiError> {
    let vmid = guest.vmid.to_string();
    let path = Path::from(["nodes", &guest.node, guest.kind.as_str(), &vmid, "migrate"]);
    px.api.write(Request::post(path).form(form), budget).await
}

fn form(kind: GuestKind, running: bool, migration: &Migration) -> Form {
    let form = Form::new().text("target", &migration.target);
    match kind {
        GuestKind::Qemu if running => form
            .flag("online", true)
            .flag("with-local-disks", true)
            .maybe("targetstorage", migration.storage.as_deref()),
        GuestKind::Qemu => form.maybe("targetstorage", migration.storage.as_deref()),
        GuestKind::Lxc => {
            let form = form.maybe("target-storage", migration.storage.as_deref());
            let form = if running { form.flag("restart", true) } else { form };
            match migration.timeout {
                Some(seconds) if running => form.number("timeout", seconds),
                _ => form,
            }
        }
    }
}
