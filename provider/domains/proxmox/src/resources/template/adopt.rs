//! Taking over a guest that somebody else made, for example Packer.

use tf_framework::{Context, Diagnostics, Result};
use tf_value::Path;

use super::build::convert;
use super::change;
use super::model::{Adopt, Template};
use super::observe::{Seen, observe, settle};
use crate::api::{GuestKind, GuestRef};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::cost_tags::give_way;

/// Takes the guest over: stamps it, sets what the configuration says, and makes it a template.
pub(super) async fn adopt(
    cx: &mut Context<Template>,
    px: &Proxmox,
    plan: &Template,
    adopt: &Adopt,
) -> Result<Seen> {
    let vmid = adopt.vmid;
    let what = format!("Taking over guest {vmid} as template {:?} failed", plan.name);
    let budget = budget(cx);
    let at = || Path::root().attribute("adopt").attribute("vmid");
    let seen = super::look_up(px, vmid, &budget).await.map_err(|error| failure(&what, &error).at(&at()))?;
    if seen.guest.kind != GuestKind::Qemu {
        return Err(Diagnostics::error_at(
            at(),
            what,
            format!("Guest {vmid} is a container, not a virtual machine."),
        ));
    }
    if seen.guest.status == "running" {
        return Err(Diagnostics::error_at(
            at(),
            what,
            format!(
                "Guest {vmid} ({:?}) is running. Shut it down first; it is going to be a template.",
                seen.guest.name
            ),
        ));
    }
    let found = observe(&seen, Some(plan));
    let mut wanted = settle(plan, &found);
    give_way(&mut wanted.tags, &wanted.cost_tags);
    let guest = GuestRef::from(&seen.guest);
    change::apply(cx, px, &seen, &found, &wanted, None).await?;
    if !seen.config.is_template() {
        convert(px, &guest, &budget).await.map_err(|error| failure(&what, &error))?;
    }
    super::look_up(px, vmid, &budget).await.map_err(|error| failure(&what, &error))
}
