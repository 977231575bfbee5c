//! `hybridops_proxmox_template`.

mod adopt;
mod build;
mod change;
mod hardware;
mod leftover;
mod list;
mod model;
mod observe;
mod plan;
mod preflight;
mod reap;
mod stamp;

use tf_framework::{Computed, Context, Diagnostic, Diagnostics, ImportId, PlanContext, Resource, Result};
use tf_value::{Path, Value};
use transport_rest::Budget;

pub use list::{TemplateFilter, Templates};
pub use model::*;

use self::observe::{Seen, observe, settle};
use self::reap::{Known, Reaped, in_use, reap};
use crate::api::{ApiError, ConfigView, GuestKind, GuestRef, Kind, Presence, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::images::{DeliveryError, ResolvedChecksum};

impl Resource for Template {
    type Client = Proxmox;
    type Private = ();

    fn validate(config: &TemplatePartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        let seen = match &plan.adopt {
            Some(adopt) => adopt::adopt(cx, &px, &plan, adopt).await?,
            None => {
                let checksum = checksum(&px, &plan, &budget(cx)).await?;
                build::Build::new(cx, &px, &plan, checksum, build::Keep::Itself)?.run(cx).await?
            }
        };
        Ok(settle(&plan, &observe(&seen, Some(&plan))))
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let Some(vmid) = state.vmid.known().copied() else { return Ok(None) };
        let px = cx.client()?;
        let what = || format!("Reading template {:?} (VMID {vmid}) failed", state.name);
        let guest = match px.api.presence(vmid, &budget(cx)).await {
            Ok(Presence::Gone) => return Ok(None),
            Ok(Presence::Present(guest)) => *guest,
            Ok(Presence::Unclear(why)) => {
                cx.warn(Diagnostic::warning(
                    format!("Template {:?} cannot be seen", state.name),
                    format!("{why}. The state is kept as it was; nothing will be created again."),
                ));
                return Ok(Some(state));
            }
            Err(error) => return Err(failure(what(), &error)),
        };
        let config =
            match px.api.guest_config(&GuestRef::from(&guest), ConfigView::Current, &budget(cx)).await {
                Ok(config) => config,
                Err(error)
                    if matches!(
                        error.kind(),
                        Some(Kind::NodeUnreachable | Kind::NodeTimeout | Kind::Forbidden)
                    ) =>
                {
                    cx.warn(Diagnostic::warning(
                        format!("Template {:?} was not read", state.name),
                        format!("{error}. The state is kept as it was."),
                    ));
                    return Ok(Some(state));
                }
                Err(error) => return Err(failure(what(), &error)),
            };
        let seen = Seen::of(&px, guest, config);
        let other = |uuid: &String| !uuid.is_empty() && !seen.uuid().is_empty() && *uuid != seen.uuid();
        if state.uuid.known().is_some_and(other) {
            cx.warn(Diagnostic::warning(
                format!("VMID {vmid} is another guest now"),
                format!(
                    "The template {:?} is gone and its number was taken by guest {:?}, which is left alone.",
                    state.name, seen.guest.name
                ),
            ));
            return Ok(None);
        }
        let mut fresh = observe(&seen, Some(&state));
        fresh.previous =
            Computed::Known(still_there(&px, state.previous.into_known().unwrap_or_default(), cx).await?);
        Ok(Some(fresh))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        if !plan::rebuilds(&prior, &plan) {
            return change::in_place(cx, &px, &prior, &plan).await;
        }
        let seen = match &plan.adopt {
            Some(adopt) => adopt::adopt(cx, &px, &plan, adopt).await?,
            None => {
                let checksum = checksum(&px, &plan, &budget(cx)).await?;
                build::Build::new(cx, &px, &plan, checksum, build::Keep::Beside(&prior))?.run(cx).await?
            }
        };
        let mut next = settle(&plan, &observe(&seen, Some(&plan)));
        next.previous = Computed::Known(superseded(&prior, &next));
        // The swap: from here on the new template is the resource, the old one an earlier version.
        cx.checkpoint(&next)?;
        let previous = next.previous.known().cloned().unwrap_or_default();
        let kept = reap::reap_previous(cx, &px, previous, &next).await?;
        next.previous = Computed::Known(kept);
        Ok(next)
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        if state.on_destroy.known() == Some(&OnDestroy::Keep) {
            return Ok(());
        }
        let px = cx.client()?;
        let earlier =
            state.previous.known().into_iter().flatten().map(|old| Known::earlier(&state.name, old));
        for known in earlier.chain(Known::current(&state)) {
            let vmid = known.vmid;
            let what = || format!("Destroying template {:?} (VMID {vmid}) failed", state.name);
            match reap(&px, &known, &budget(cx)).await {
                Ok(Reaped::Gone) => {}
                Ok(Reaped::Stranger) => cx.warn(Diagnostic::warning(
                    format!("VMID {vmid} was left alone"),
                    format!("It is another guest than the template {:?} by now.", state.name),
                )),
                Ok(Reaped::InUse(clones)) => return Err(in_use(&state.name, vmid, &clones)),
                Err(error) => return Err(failure(what(), &error)),
            }
        }
        Ok(())
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let px = cx.client()?;
        let (node, vmid) = import_place(&id)?;
        let what = || format!("Importing template {vmid} failed");
        let seen = look_up(&px, vmid, &budget(cx)).await.map_err(|error| failure(what(), &error))?;
        if let Some(node) = node.filter(|node| *node != seen.guest.node) {
            return Err(Diagnostics::error(
                what(),
                format!(
                    "Guest {vmid} is on {actual}, not on {node}. Import `{actual}/{vmid}`, or just `{vmid}`.",
                    actual = seen.guest.node
                ),
            ));
        }
        if seen.guest.kind != GuestKind::Qemu {
            return Err(Diagnostics::error(
                what(),
                format!("Guest {vmid} is a container; only virtual machines can be templates here."),
            ));
        }
        if !seen.config.is_template() {
            return Err(Diagnostics::error(
                what(),
                format!(
                    "Guest {vmid} ({:?}) is a virtual machine, not a template. To turn it into one, declare the resource with \
                     `adopt = {{ vmid = {vmid} }}`.",
                    seen.guest.name
                ),
            ));
        }
        Ok(observe(&seen, None))
    }
}

/// The template as an earlier version of its successor, after those it had itself.
fn superseded(prior: &Template, next: &Template) -> Vec<Previous> {
    let mut previous = prior.previous.known().cloned().unwrap_or_default();
    let uuid = || prior.uuid.known().cloned().filter(|uuid| !uuid.is_empty());
    let itself = |vmid: &Vmid| Previous { vmid: *vmid, version: prior.version.clone(), uuid: uuid() };
    previous.extend(prior.vmid.known().map(itself));
    previous.retain(|old| Some(&old.vmid) != next.vmid.known());
    previous
}

/// Earlier versions that still exist. What cannot be proven gone stays in the list.
async fn still_there(px: &Proxmox, previous: Vec<Previous>, cx: &Context<Template>) -> Result<Vec<Previous>> {
    let mut kept = Vec::new();
    for old in previous {
        match px.api.presence(old.vmid, &budget(cx)).await {
            Ok(Presence::Gone) => {}
            Ok(_) => kept.push(old),
            Err(error) => {
                return Err(failure(format!("Looking for the earlier template {} failed", old.vmid), &error));
            }
        }
    }
    Ok(kept)
}

/// The checksum the image must have: given, or published.
pub(super) async fn checksum(px: &Proxmox, plan: &Template, budget: &Budget) -> Result<ResolvedChecksum> {
    if let Some(Some(resolved)) = plan.image_checksum.known() {
        return Ok(ResolvedChecksum::given(resolved));
    }
    let Some(image) = &plan.image else {
        return Err(Diagnostics::error("A template needs an image", "Set `image` or `adopt`."));
    };
    match (&image.checksum, &image.checksum_url) {
        (Some(given), _) => Ok(ResolvedChecksum::given(given)),
        (None, Some(sums)) => px.publisher.sum(sums, &image.url, budget).await.map_err(|error| {
            let at = Path::root().attribute("image").attribute("checksum_url");
            Diagnostics::error_at(at, "The image's checksum cannot be found", format!("{error}."))
        }),
        (None, None) => Err(Diagnostics::error_at(
            Path::root().attribute("image"),
            "The image has no checksum",
            "Set `checksum`, or `checksum_url` with the publisher's sums file.",
        )),
    }
}

/// The guest with this number and its configuration.
async fn look_up(px: &Proxmox, vmid: Vmid, budget: &Budget) -> Result<Seen, ApiError> {
    match px.api.presence(vmid, budget).await? {
        Presence::Present(guest) => {
            let config = px.api.guest_config(&GuestRef::from(&*guest), ConfigView::Current, budget).await?;
            Ok(Seen::of(px, *guest, config))
        }
        Presence::Gone => Err(ApiError::Argument(format!("there is no guest {vmid} in the cluster"))),
        Presence::Unclear(why) => Err(ApiError::Argument(why)),
    }
}

/// `9000` or `pve1/9000`, or the identity: the number, and the node where one is given.
fn import_place(id: &ImportId) -> Result<(Option<&str>, Vmid)> {
    let given = match id {
        ImportId::Id(text) => match text.split_once('/') {
            Some((node, vmid)) => {
                vmid.parse().ok().filter(|_| !node.is_empty()).map(|vmid| (Some(node), vmid))
            }
            None => text.parse().ok().map(|vmid| (None, vmid)),
        },
        ImportId::Identity(identity) => {
            let number = identity.get("vmid").and_then(Value::as_number).and_then(tf_value::Number::as_u64);
            number.and_then(|vmid| Some((None, Vmid::try_from(vmid).ok()?)))
        }
    };
    given.ok_or_else(|| {
        Diagnostics::error(
            "The import id is no VMID",
            "Import a template by its VMID: `id = \"9000\"` or `id = \"pve1/9000\"`, or by `identity = { vmid = 9000 }`.",
        )
    })
}

/// A delivery's failure, pointing at the attribute to blame.
fn delivery_failed(what: &str, error: &DeliveryError) -> Diagnostics {
    let at = |name: &str| Path::root().attribute("image").attribute(name);
    match error {
        DeliveryError::Api(error) if error.is(Kind::ChecksumMismatch) => {
            failure(what, error).at(&at("checksum"))
        }
        DeliveryError::Api(error) => failure(what, error),
        DeliveryError::Publisher(_) | DeliveryError::Unpack { .. } | DeliveryError::NotAnImage { .. } => {
            Diagnostics::error_at(at("url"), what, format!("{error}."))
        }
        DeliveryError::Occupied { .. } | DeliveryError::Volume(_) | DeliveryError::File(_) => {
            Diagnostics::error(what, format!("{error}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_ids() {
        let read = |text: &str| match import_place(&ImportId::Id(text.to_owned())) {
            Ok((node, vmid)) => Some((node.map(str::to_owned), vmid)),
            Err(_) => None,
        };
        assert_eq!(read("9000"), Some((None, 9000)));
        assert_eq!(read("pve1/9000"), Some((Some("pve1".to_owned()), 9000)));
        for wrong in ["", "debian", "pve1/", "/9000", "pve1/x/9", "-1", "9000 "] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
