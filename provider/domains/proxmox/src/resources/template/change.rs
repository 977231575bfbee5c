//! Changing a template in place: only the keys that differ, and only if nobody else changed it meanwhile.

use std::collections::BTreeMap;

use tf_framework::{Computed, Context, Diagnostic, Result};
use transport_rest::Form;

use super::hardware;
use super::model::Template;
use super::observe::{Seen, settle};
use super::reap;
use super::stamp::{Stamp, notes};
use crate::api::GuestRef;
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Brings the guest from the prior to the planned settings.
pub(super) async fn in_place(
    cx: &mut Context<Template>,
    px: &Proxmox,
    prior: &Template,
    plan: &Template,
) -> Result<Template> {
    let mut next = settle(plan, prior);
    if let Some(vmid) = prior.vmid.known() {
        let what = format!("Changing template {:?} (VMID {vmid}) failed", prior.name);
        let seen = super::look_up(px, *vmid, &budget(cx)).await.map_err(|error| failure(&what, &error))?;
        let send_password = password_is_new(prior, plan).then_some(plan);
        apply(cx, px, &seen, prior, &next, send_password).await?;
    }
    next.previous.clone_from(&prior.previous);
    let previous = next.previous.known().cloned().unwrap_or_default();
    let kept = reap::reap_previous(cx, px, previous, &next).await?;
    next.previous = Computed::Known(kept);
    Ok(next)
}

fn password_is_new(prior: &Template, plan: &Template) -> bool {
    let version =
        |template: &Template| template.cloud_init.as_ref().and_then(|cloud_init| cloud_init.password_version);
    version(plan).is_some() && version(prior) != version(plan)
}

/// Sends what differs. The digest of what was read a moment ago guards against a change in between.
pub(super) async fn apply(
    cx: &Context<Template>,
    px: &Proxmox,
    seen: &Seen,
    prior: &Template,
    next: &Template,
    password_of: Option<&Template>,
) -> Result<()> {
    let Difference { mut form, delete } = difference(seen, prior, next);
    if let Some(password) = password_of.and_then(hardware::password) {
        form = form.secret("cipassword", &password);
    }
    if form.is_empty() && delete.is_empty() {
        return Ok(());
    }
    let guest = GuestRef::from(&seen.guest);
    let what = format!("Changing template {:?} (VMID {}) failed", next.name, guest.vmid);
    let deleted: Vec<&str> = delete.iter().map(String::as_str).collect();
    let budget = budget(cx);
    let digest = seen.config.digest();
    let send = || px.api.set_guest_config(&guest, form.clone(), &deleted, digest, &budget);
    let finished = px.api.run_optional(&budget, send).await;
    let finished = finished.map_err(|error| failure(&what, &error))?;
    for warning in finished.into_iter().flat_map(|finished| finished.warnings) {
        cx.warn(Diagnostic::warning(format!("Changing template {:?}", next.name), warning));
    }
    Ok(())
}

/// What must be sent to get from one to the other.
struct Difference {
    form: Form,
    delete: Vec<String>,
}

fn difference(seen: &Seen, prior: &Template, next: &Template) -> Difference {
    let before = hardware::settings(prior);
    let after = hardware::settings(next);
    let mut form = Form::new();
    for (key, value) in &after {
        if before.get(key) != Some(value) {
            let card = seen.config.get(key).filter(|_| key.starts_with("net"));
            let merged = card.and_then(|card| hardware::network_onto(card, value));
            form = form.text(key, merged.unwrap_or_else(|| value.clone()));
        }
    }
    let mut delete = removed(&before, &after);
    if next.cloud_init.is_some() != prior.cloud_init.is_some() {
        match hardware::cloud_init_drive(next) {
            Some(drive) => form = form.text(hardware::CLOUD_INIT_SLOT, drive),
            None => delete.push(hardware::CLOUD_INIT_SLOT.to_owned()),
        }
    }
    let sum = next.image_checksum.known().and_then(Option::as_deref);
    let stamp = Stamp::of(next, sum);
    if seen.stamp.as_ref() != Some(&stamp) || seen.text != next.description {
        form = form.text("description", notes(next.description.as_deref(), &stamp));
    }
    delete.retain(|key| seen.config.get(key).is_some());
    Difference { form, delete }
}

fn removed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    before.keys().filter(|key| !after.contains_key(*key)).cloned().collect()
}
