//! `hybridops_proxmox_snapshot`, the action.

use tf_framework::{Action, ActionContext, Diagnostics, Model, Result};
use tf_value::Path;
use time::OffsetDateTime;
use transport_rest::Budget;

use super::run::{ActionTimeouts, Interrupt, called, check_guest, guest_of, run_task, told, warn};
use crate::api::{GuestKind, GuestRef, TakeSnapshot};
use crate::client::{Proxmox, budget};
use crate::preflight::Operation;

/// Takes a snapshot of a virtual machine or container, before a change for instance. Terraform does not keep track of it:
/// delete it yourself, or use the resource `hybridops_proxmox_snapshot` for one that is to be deleted with it.
#[derive(Debug, Clone, Model)]
pub struct TakeSnapshotAction {
    /// The guest's number.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
    /// Name of the snapshot. One of the present time in UTC where it is not set, `auto-20261121-134500` for example.
    #[attr(validate(matches(
        r"^[A-Za-z][A-Za-z0-9_-]{1,39}$",
        "a letter, then 1 to 39 letters, digits, `_` or `-`"
    )))]
    pub name: Option<String>,
    /// What the snapshot is for.
    #[attr(validate(length(1..=6000)))]
    pub description: Option<String>,
    /// Whether the memory of a virtual machine that runs is part of the snapshot.
    pub vmstate: Option<bool>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

impl Action for TakeSnapshotAction {
    const NAME: &'static str = "proxmox_snapshot";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn plan(cx: &mut ActionContext<Self>, config: &TakeSnapshotActionPartial) -> Result<()> {
        let guest = check_guest(cx, config.vmid.known().copied(), Operation::Snapshot, "vmid").await?;
        let container = guest.is_some_and(|guest| guest.kind == GuestKind::Lxc);
        if container && config.vmstate.known() == Some(&true) {
            let at = Path::root().attribute("vmstate");
            let detail = "Only virtual machines have memory that can be kept.";
            return Err(Diagnostics::error_at(at, "A container has no memory to keep", detail));
        }
        Ok(())
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        let guest = guest_of(cx, &px, config.vmid).await?;
        let place = GuestRef::from(&guest);
        let wanted = TakeSnapshot {
            name: config.name.clone().unwrap_or_else(|| name_of(OffsetDateTime::now_utc())),
            description: config.description.clone(),
            vmstate: config.vmstate.unwrap_or_default(),
        };
        let what = format!("Taking snapshot {} of {} failed", wanted.name, called(&guest));
        cx.progress(format!("snapshot {} of {}", wanted.name, called(&guest)));
        let _permits = px.api.begin_work([format!("guest:{}", guest.vmid)], &budget(cx)).await;
        let dispatch = |budget: Budget| {
            let (px, place, wanted) = (px.clone(), place.clone(), wanted.clone());
            async move { px.api.take_snapshot(&place, &wanted, &budget).await }
        };
        let finished = run_task(cx, &px, Interrupt::Leave, dispatch).await;
        warn(cx, "Taking the snapshot", finished.map_err(|error| told(what, &error))?);
        cx.progress(format!("snapshot {} was taken", wanted.name));
        Ok(())
    }
}

fn name_of(now: OffsetDateTime) -> String {
    format!(
        "auto-{:04}{:02}{:02}-{:02}{:02}{:02}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_time() {
        let moment = OffsetDateTime::from_unix_timestamp(1_795_242_385).unwrap();
        assert_eq!(name_of(moment), "auto-20261121-062625");
    }
}
