//! `hybridops_proxmox_rollback`.

use tf_framework::{Action, ActionContext, Diagnostics, Model, Result};
use tf_value::Path;
use transport_rest::Budget;

use super::run::{ActionTimeouts, Interrupt, called, check_guest, guest_of, run_task, told, warn};
use crate::api::GuestRef;
use crate::client::{Proxmox, budget};
use crate::preflight::Operation;

/// Takes a virtual machine or container back to a snapshot. **What was written to its disks since is lost**, and so are
/// changes of its configuration. A guest that runs is stopped; it goes on where it was when the snapshot holds its memory,
/// and stays stopped otherwise unless `start` is set.
///
/// What resources declare of the guest is restored by the next apply. On ZFS only the newest snapshot can be gone back to.
#[derive(Debug, Clone, Model)]
pub struct Rollback {
    /// The guest's number.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
    /// Name of the snapshot.
    #[attr(validate(length(1..=40)))]
    pub name: String,
    /// Whether the guest is started afterwards.
    pub start: Option<bool>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

impl Action for Rollback {
    const NAME: &'static str = "proxmox_rollback";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn plan(cx: &mut ActionContext<Self>, config: &RollbackPartial) -> Result<()> {
        check_guest(cx, config.vmid.known().copied(), Operation::Rollback, "vmid").await.map(drop)
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        let guest = guest_of(cx, &px, config.vmid).await?;
        let place = GuestRef::from(&guest);
        let what = format!("Taking {} back to snapshot {} failed", called(&guest), config.name);
        let listed =
            px.api.snapshots(&place, &budget(cx)).await.map_err(|error| told(what.clone(), &error))?;
        if !listed.iter().any(|snapshot| snapshot.name == config.name) {
            let names: Vec<&str> = listed.iter().map(|snapshot| snapshot.name.as_str()).collect();
            let has = if names.is_empty() {
                "It has none".to_owned()
            } else {
                format!("It has {}", names.join(", "))
            };
            let at = Path::root().attribute("name");
            return Err(Diagnostics::error_at(
                at,
                what,
                format!("The guest has no snapshot of this name. {has}."),
            ));
        }
        cx.progress(format!("{} goes back to snapshot {}", called(&guest), config.name));
        let start = config.start.unwrap_or_default();
        let dispatch = |budget: Budget| {
            let (px, place, name) = (px.clone(), place.clone(), config.name.clone());
            async move { px.api.rollback_snapshot(&place, &name, start, &budget).await }
        };
        let finished = run_task(cx, &px, Interrupt::Leave, dispatch).await;
        warn(cx, "The rollback", finished.map_err(|error| told(what, &error))?);
        cx.progress(format!("{} is as it was at snapshot {}", called(&guest), config.name));
        Ok(())
    }
}
