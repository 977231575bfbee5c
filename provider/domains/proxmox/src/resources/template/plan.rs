//! The plan of a template: what it needs, what it would do, and what cannot work.

use tf_framework::{Computed, Diagnostic, Diagnostics, Field, PlanContext, PlannedAction, Result};
use tf_value::Path;

use super::model::{OnDestroy, Template, TemplateImagePartial, TemplatePartial};
use super::observe::{Seen, usual_on_destroy};
use super::reap::{in_use, linked_clones};
use crate::api::{ConfigView, GuestRef, Presence};
use crate::client::{Proxmox, budget};
use crate::images::ResolvedChecksum;

/// Notes longer than this leave no room for the stamp: Proxmox keeps 8 KiB.
const MAX_DESCRIPTION: usize = 6000;

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &TemplatePartial, diagnostics: &mut Diagnostics) {
    let root = Path::root;
    if config.image.known().is_some() && config.disk.is_null() {
        diagnostics.push(
            Diagnostic::error(
                "A template built from an image needs a disk",
                "Set `disk = { storage = \"…\" }`: it says where the disk is kept.",
            )
            .at(root().attribute("disk")),
        );
    }
    let adopted = config.adopt.known().and_then(|adopt| adopt.vmid.known());
    if adopted.is_some_and(|vmid| config.vmid.known().is_some_and(|other| other != vmid)) {
        diagnostics.push(
            Diagnostic::error(
                "`vmid` and `adopt` contradict each other",
                "An adopted guest keeps its number. Leave `vmid` out.",
            )
            .at(root().attribute("vmid")),
        );
    }
    if config.description.known().is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        diagnostics.push(
            Diagnostic::error(
                "The description is too long",
                format!("It may have {MAX_DESCRIPTION} bytes; Proxmox keeps 8 KiB of notes."),
            )
            .at(root().attribute("description")),
        );
    }
}

/// Whether the plan makes another template rather than changing this one.
pub(super) fn rebuilds(prior: &Template, plan: &Template) -> bool {
    let making = |template: &Template| {
        (
            template.version.clone(),
            template.node.clone(),
            template.image.as_ref().map(|image| image.url.clone()),
            template.disk.clone(),
            template.adopt.clone(),
        )
    };
    let checksum_changes = match (prior.image_checksum.known(), plan.image_checksum.known()) {
        (Some(before), Some(after)) => before != after,
        _ => plan.image_checksum.known().is_none(),
    };
    making(prior) != making(plan) || checksum_changes || vmid_changes(prior, plan)
}

fn vmid_changes(prior: &Template, plan: &Template) -> bool {
    plan.vmid.known() != prior.vmid.known()
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<Template>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy {
        return refuse_in_use(cx).await;
    }
    let tags = cx.config().tags.clone();
    crate::guest::cost_tags::plan(cx, &tags)?;
    if !cx.has_changes() && cx.prior().is_some() && !follows_sums(cx) {
        return Ok(());
    }
    plan_on_destroy(cx)?;
    plan_checksum(cx).await?;
    if cx.prior().is_some() && making_changes(cx) {
        refuse_pinned_number(cx)?;
        plan_new_guest(cx)?;
    } else if cx.prior().is_some() {
        plan_previous(cx)?;
        return Ok(());
    }
    super::preflight::check(cx).await
}

/// Whether the image's checksum may change without the configuration changing.
fn follows_sums(cx: &PlanContext<Template>) -> bool {
    cx.config().image.known().is_some_and(|image| image.checksum_url.known().is_some())
}

fn plan_on_destroy(cx: &mut PlanContext<Template>) -> Result<()> {
    if !cx.config().on_destroy.is_null() {
        return Ok(());
    }
    let usual: OnDestroy = match cx.prior().and_then(|prior| prior.on_destroy.known().copied()) {
        Some(prior) => prior,
        None => usual_on_destroy(!cx.config().adopt.is_null()),
    };
    cx.plan(&Path::root().attribute("on_destroy"), &usual)
}

/// Plans the checksum the image will be verified with, so that a new one shows as what it is: a new image.
async fn plan_checksum(cx: &mut PlanContext<Template>) -> Result<()> {
    let at = Path::root().attribute("image_checksum");
    let image = match &cx.config().image {
        Field::Null => return cx.plan(&at, &Computed::Known(None::<String>)),
        Field::Unknown => return cx.plan_unknown(&at),
        Field::Known(image) => image.clone(),
    };
    if let Some(given) = image.checksum.known() {
        return cx.plan(&at, &Some(ResolvedChecksum::given(given).as_str().to_owned()));
    }
    match published(cx, &image).await {
        None => cx.plan_unknown(&at),
        Some(Ok(sum)) => cx.plan(&at, &Some(sum)),
        Some(Err(reason)) => match cx.prior().and_then(|prior| prior.image_checksum.known().cloned()) {
            // The template exists: a publisher that cannot be asked is no reason to stop.
            Some(known) => {
                cx.warn(
                    Diagnostic::warning(
                        "The publisher's sums file cannot be read",
                        format!("{reason}. The plan goes by the checksum of the last build."),
                    )
                    .at(Path::root().attribute("image").attribute("checksum_url")),
                );
                cx.plan(&at, &known)
            }
            None => Err(Diagnostics::error_at(
                Path::root().attribute("image").attribute("checksum_url"),
                "The image's checksum cannot be found",
                format!("{reason}. Check the URL of the image and of the sums file, or set `checksum`."),
            )),
        },
    }
}

/// The published sum; `None` while the addresses or the provider are not known.
async fn published(
    cx: &PlanContext<Template>,
    image: &TemplateImagePartial,
) -> Option<Result<String, String>> {
    let (url, sums) = (image.url.known()?, image.checksum_url.known()?);
    let px = cx.try_client()?;
    let sum = px.publisher.sum(sums, url, &budget(cx)).await;
    Some(sum.map(|sum| sum.as_str().to_owned()).map_err(|error| error.to_string()))
}

/// Attributes whose change makes another template.
const MAKING: [&str; 6] = ["version", "node", "disk", "adopt", "vmid", "image_checksum"];

/// Whether what the template is made of changes. The name does not: it is a setting.
fn making_changes(cx: &PlanContext<Template>) -> bool {
    let url = Path::root().attribute("image").attribute("url");
    MAKING.iter().any(|name| cx.changes(&Path::root().attribute(*name))) || cx.changes(&url)
}

/// Two guests cannot have one number, and the new template stands beside the old one for a while.
fn refuse_pinned_number(cx: &PlanContext<Template>) -> Result<()> {
    let prior = cx.prior().and_then(|prior| prior.vmid.known().copied());
    let pinned = cx.config().vmid.known().copied();
    if pinned.is_none() || pinned != prior || cx.config().adopt.known().is_some() {
        return Ok(());
    }
    Err(Diagnostics::error_at(
        Path::root().attribute("vmid"),
        "A new version needs a number of its own",
        format!(
            "The new template is built beside the old one, which has VMID {}. Leave `vmid` out so that the cluster chooses, or \
             change it together with the version.",
            pinned.unwrap_or_default()
        ),
    ))
}

/// What a new guest brings is known after apply.
fn plan_new_guest(cx: &mut PlanContext<Template>) -> Result<()> {
    for name in ["id", "uuid", "volume_id", "current_node", "previous"] {
        cx.plan_unknown(&Path::root().attribute(name))?;
    }
    if cx.config().vmid.is_null() {
        cx.plan_unknown(&Path::root().attribute("vmid"))?;
    }
    Ok(())
}

/// A smaller `retain` reaps: what stays is known after apply.
fn plan_previous(cx: &mut PlanContext<Template>) -> Result<()> {
    let kept = cx.prior().and_then(|prior| prior.previous.known()).map_or(0, Vec::len);
    let retain = cx.planned()?.retain.known().copied().unwrap_or_default();
    if kept > usize::try_from(retain).unwrap_or(usize::MAX) {
        cx.plan_unknown(&Path::root().attribute("previous"))?;
    }
    Ok(())
}

/// Says at plan what the destruction would refuse.
async fn refuse_in_use(cx: &PlanContext<Template>) -> Result<()> {
    let (Some(prior), Some(px)) = (cx.prior(), cx.try_client()) else { return Ok(()) };
    if prior.on_destroy.known() == Some(&OnDestroy::Keep) {
        return Ok(());
    }
    let earlier = prior.previous.known().into_iter().flatten().map(|old| old.vmid);
    for vmid in earlier.chain(prior.vmid.known().copied()) {
        // What cannot be looked at now is looked at again before anything is removed.
        let clones = clones_of(&px, vmid, cx).await.unwrap_or_default();
        if !clones.is_empty() {
            return Err(in_use(&prior.name, vmid, &clones));
        }
    }
    Ok(())
}

async fn clones_of(px: &Proxmox, vmid: u32, cx: &PlanContext<Template>) -> Option<Vec<u32>> {
    let budget = budget(cx);
    let Ok(Presence::Present(guest)) = px.api.presence(vmid, &budget).await else { return None };
    let config = px.api.guest_config(&GuestRef::from(&*guest), ConfigView::Current, &budget).await.ok()?;
    linked_clones(px, &Seen::new(*guest, config), &budget).await.ok()
}
