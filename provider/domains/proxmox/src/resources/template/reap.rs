//! Removing templates: never one that linked clones use, never a stranger with the same number.

use tf_framework::{Context, Diagnostic, Diagnostics, Result};
use transport_rest::Budget;

use super::model::{OnDestroy, Previous, Template};
use super::observe::Seen;
use super::stamp::Stamp;
use crate::api::{ApiError, ConfigView, Destroy, GuestRef, Kind, Presence, TaskFilter, Vmid, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// What became of a template that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reaped {
    /// It is proven gone.
    Gone,
    /// Its number belongs to another guest by now, which was left alone.
    Stranger,
    /// Linked clones use it.
    InUse(Vec<Vmid>),
}

/// A template as the state knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) name: &'a str,
    pub(super) vmid: Vmid,
    pub(super) version: Option<&'a str>,
    /// `None` while it is half made.
    pub(super) uuid: Option<&'a str>,
}

impl<'a> Known<'a> {
    /// An earlier version of the template of this name.
    pub(super) fn earlier(name: &'a str, previous: &'a Previous) -> Self {
        let Previous { vmid, version, uuid } = previous;
        Self { name, vmid: *vmid, version: version.as_deref(), uuid: uuid.as_deref() }
    }

    /// The template itself, where it has a number yet.
    pub(super) fn current(template: &'a Template) -> Option<Self> {
        let uuid = template.uuid.known().map(String::as_str).filter(|uuid| !uuid.is_empty());
        let vmid = *template.vmid.known()?;
        Some(Self { name: &template.name, vmid, version: template.version.as_deref(), uuid })
    }

    /// Whether its number belongs to a guest that is not this template.
    fn is_not(&self, seen: &Seen) -> bool {
        if let Some(uuid) = self.uuid {
            return !seen.uuid().is_empty() && seen.uuid() != uuid;
        }
        // Half made: without a name, or with the stamp it was created with.
        let ours = |stamp: &Stamp| stamp.version.as_deref() == self.version;
        match seen.config.get("name") {
            None => seen.guest.lock.as_deref() != Some("create") && seen.stamp.is_none(),
            Some(name) => name != self.name || !seen.stamp.as_ref().is_some_and(ours),
        }
    }
}

/// Removes earlier versions beyond `retain`, the oldest first; answers those that stay.
pub(super) async fn reap_previous(
    cx: &Context<Template>,
    px: &Proxmox,
    mut previous: Vec<Previous>,
    next: &Template,
) -> Result<Vec<Previous>> {
    let (name, retain) = (&next.name, next.retain);
    let surplus = previous.len().saturating_sub(usize::try_from(retain).unwrap_or(usize::MAX));
    let mut kept = Vec::new();
    if next.on_destroy.known() == Some(&OnDestroy::Keep) {
        // Not ours to remove: they are forgotten, as the template itself would be.
        return Ok(previous.split_off(surplus));
    }
    for old in previous.drain(..surplus) {
        match reap(px, &Known::earlier(name, &old), &budget(cx)).await {
            Ok(Reaped::Gone | Reaped::Stranger) => {}
            Ok(Reaped::InUse(clones)) => {
                cx.warn(Diagnostic::warning(
                    format!("Template {} stays: linked clones use it", old.vmid),
                    format!(
                        "The earlier version of {name:?} with VMID {} is the base of {}. It is kept in `previous` and \
                         reaped at the next change after they are gone.",
                        old.vmid,
                        guests(&clones)
                    ),
                ));
                kept.push(old);
            }
            Err(error) => {
                return Err(failure(format!("Removing the earlier template {} failed", old.vmid), &error));
            }
        }
    }
    kept.append(&mut previous);
    Ok(kept)
}

/// Removes a template and proves that it is gone.
pub(super) async fn reap(px: &Proxmox, known: &Known<'_>, budget: &Budget) -> Result<Reaped, ApiError> {
    let vmid = known.vmid;
    settle_removal(px, vmid, budget).await?;
    let guest = match px.api.presence(vmid, budget).await? {
        Presence::Gone => return Ok(Reaped::Gone),
        Presence::Present(guest) => *guest,
        Presence::Unclear(why) => return Err(ApiError::Argument(why)),
    };
    let config = match px.api.guest_config(&GuestRef::from(&guest), ConfigView::Current, budget).await {
        Ok(config) => config,
        Err(error) if error.is_missing() => return prove(px, known, budget).await,
        Err(error) => return Err(error),
    };
    let seen = Seen::new(guest, config);
    if known.is_not(&seen) {
        return Ok(Reaped::Stranger);
    }
    let clones = linked_clones(px, &seen, budget).await?;
    if !clones.is_empty() {
        return Ok(Reaped::InUse(clones));
    }
    let how = Destroy { purge: true, unreferenced_disks: true };
    let target = GuestRef::from(&seen.guest);
    let removed = px.api.run(budget, || px.api.destroy_guest(&target, how, budget)).await;
    match removed {
        Ok(_) => prove(px, known, budget).await,
        Err(error) if error.is_missing() => prove(px, known, budget).await,
        Err(error) if error.is(Kind::InUse) => Ok(Reaped::InUse(Vec::new())),
        Err(error) => Err(error),
    }
}

/// Waits for a removal that an earlier run started.
async fn settle_removal(px: &Proxmox, vmid: Vmid, budget: &Budget) -> Result<(), ApiError> {
    let filter = TaskFilter { vmid: Some(vmid), kinds: vec!["qmdestroy".to_owned()] };
    for task in px.api.running_tasks(&filter, budget).await? {
        match px.api.wait(&task.upid, budget).await {
            Err(error) if error.is_interrupted() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The removal has ended: what has the number now, if anything, must not be the template any more.
async fn prove(px: &Proxmox, known: &Known<'_>, budget: &Budget) -> Result<Reaped, ApiError> {
    let vmid = known.vmid;
    px.api.invalidate();
    // A number that is taken but not visible belongs to somebody else by now.
    let Presence::Present(guest) = px.api.presence(vmid, budget).await? else { return Ok(Reaped::Gone) };
    match px.api.guest_config(&GuestRef::from(&*guest), ConfigView::Current, budget).await {
        Ok(config) if known.is_not(&Seen::new(*guest, config.clone())) => Ok(Reaped::Gone),
        Ok(_) => Err(ApiError::Argument(format!("guest {vmid} is still there after its removal"))),
        Err(error) if error.is_missing() => Ok(Reaped::Gone),
        Err(error) => Err(error),
    }
}

/// Guests whose disks are clones of this template's.
pub(super) async fn linked_clones(px: &Proxmox, seen: &Seen, budget: &Budget) -> Result<Vec<Vmid>, ApiError> {
    let vmid = seen.guest.vmid;
    let mut storages: Vec<String> = base_storages(seen);
    storages.dedup();
    let mut clones = Vec::new();
    for storage in storages {
        let volumes = px.api.volumes(&seen.guest.node, &storage, Some("images"), None, budget).await?;
        for volume in volumes {
            let owner = volume.vmid.or_else(|| volume.volid.vmid());
            if owner != Some(vmid) && is_based_on(&volume.volid, volume.parent.as_deref(), vmid) {
                clones.extend(owner);
            }
        }
    }
    clones.sort_unstable();
    clones.dedup();
    Ok(clones)
}

/// Storages that hold disks of the template.
fn base_storages(seen: &Seen) -> Vec<String> {
    let families = ["scsi", "virtio", "sata", "ide"];
    let slots = families.iter().flat_map(|family| seen.config.slots(family));
    let base = format!("base-{}-", seen.guest.vmid);
    let mut storages: Vec<String> = slots
        .filter(|(_, text)| text.contains(&base))
        .filter_map(|(_, text)| Some(text.split_once(':')?.0.to_owned()))
        .collect();
    storages.sort_unstable();
    storages
}

fn is_based_on(volume: &VolumeId, parent: Option<&str>, vmid: Vmid) -> bool {
    let base = format!("base-{vmid}-");
    // `base-9000-disk-0/vm-101-disk-0` names its base before the last slash; some storages tell it apart.
    let in_name = volume.name().rsplit_once('/').is_some_and(|(before, _)| before.contains(&base));
    in_name || parent.is_some_and(|parent| parent.contains(&base))
}

/// Refuses to remove what linked clones use.
pub(super) fn in_use(name: &str, vmid: Vmid, clones: &[Vmid]) -> Diagnostics {
    Diagnostics::error(
        format!("Template {name:?} is in use"),
        format!(
            "VMID {vmid} is the base of {}. Removing it would destroy their disks. Remove them or turn them into full \
             clones first (move their disks), or keep the template with `on_destroy = \"keep\"`.",
            guests(clones)
        ),
    )
}

fn guests(clones: &[Vmid]) -> String {
    if clones.is_empty() {
        return "linked clones".to_owned();
    }
    let list: Vec<String> = clones.iter().map(ToString::to_string).collect();
    format!("the linked clones {}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linked_clones_are_known_by_their_volumes() {
        let based = |volume: &str, parent| is_based_on(&volume.parse().unwrap(), parent, 9000);
        assert!(based("zfs:base-9000-disk-0/vm-101-disk-0", None));
        assert!(based("local:9000/base-9000-disk-0.qcow2/101/vm-101-disk-0.qcow2", None));
        assert!(based("lvm:vm-101-disk-0", Some("base-9000-disk-0@__base__")));
        assert!(!based("zfs:base-9000-disk-0", None));
        assert!(!based("zfs:base-90001-disk-0/vm-101-disk-0", None));
        assert!(!based("zfs:vm-101-disk-0", None));
    }
}
