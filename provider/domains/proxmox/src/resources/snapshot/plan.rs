//! The plan of a snapshot: what cannot work.

use serde::Deserialize;
use tf_framework::{Diagnostic, Diagnostics, PlanContext, PlannedAction, Result};
use tf_value::Path;
use transport_rest::{Budget, Form};

use super::model::{Snapshot, SnapshotPartial};
use crate::api::{ApiError, GuestKind, GuestRef, Presence, lenient};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::preflight::{Operation, Scope, lacking};

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &SnapshotPartial, diagnostics: &mut Diagnostics) {
    if config.name.known().is_some_and(|name| name == "current") {
        let detail = "Proxmox VE calls the guest as it is now `current`. Choose another name.";
        diagnostics.push(Diagnostic::error("The name is taken", detail).at(Path::root().attribute("name")));
    }
}

/// Refuses a snapshot that the guest cannot have. A guest that does not exist yet is not judged.
pub(super) async fn modify(cx: &mut PlanContext<Snapshot>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy || !(cx.action() == PlannedAction::Create || cx.replaces()) {
        return Ok(());
    }
    let plan = cx.planned()?;
    let (Some(px), Some(vmid)) = (cx.try_client(), plan.vmid.known().copied()) else { return Ok(()) };
    let budget = budget(cx);
    let what = || format!("Looking at guest {vmid} failed");
    let guest = match px.api.presence(vmid, &budget).await {
        Ok(Presence::Present(guest)) => *guest,
        Ok(_) => return Ok(()),
        Err(error) => return Err(failure(what(), &error)),
    };
    let mut problems = Diagnostics::new();
    if guest.kind == GuestKind::Lxc && plan.vmstate.known() == Some(&true) {
        let detail =
            format!("Guest {vmid} is a container; only virtual machines have memory that can be kept.");
        let at = Path::root().attribute("vmstate");
        problems.push(Diagnostic::error("A container has no memory to keep", detail).at(at));
    }
    let permissions = px.api.shared_permissions(&budget).await.map_err(|error| failure(what(), &error))?;
    let number = vmid.to_string();
    let scope = Scope { vmid: &number, ..Scope::default() };
    let needs = [(Operation::Snapshot, scope)];
    let refused = lacking(&permissions, px.api.principal(), &needs);
    problems.extend(refused.into_iter().map(|problem| problem.at(Path::root().attribute("vmid"))));
    if !problems.has_errors() && can_snapshot(&px, &GuestRef::from(&guest), &budget).await == Some(false) {
        let detail = "At least one of its disks is on a storage, or in a format, that has none. Directories have snapshots \
                      for qcow2 files; LVM-thin, ZFS and Ceph always.";
        let at = Path::root().attribute("vmid");
        problems.push(Diagnostic::error(format!("Guest {vmid} cannot have snapshots"), detail).at(at));
    }
    problems.into_result(())
}

#[derive(Deserialize)]
struct Feature {
    #[serde(rename = "hasFeature", default, deserialize_with = "lenient::flag")]
    has: bool,
}

/// Whether the guest's storages have snapshots; nothing when the server does not tell.
async fn can_snapshot(px: &Proxmox, guest: &GuestRef, budget: &Budget) -> Option<bool> {
    let query = Form::new().text("feature", "snapshot");
    let asked: Result<Feature, ApiError> = px.api.read_with(guest.path(&["feature"]), query, budget).await;
    asked.ok().map(|feature| feature.has)
}
