//! Storages that a plan puts something on.

use std::collections::BTreeMap;

use tf_framework::Diagnostic;
use tf_value::Path;
use transport_rest::Budget;

use super::at;
use crate::api::{DiskSize, GuestConfig, Inventory};
use crate::client::Proxmox;
use crate::preflight::{StorageNeed, problems_of_each};
use crate::resources::vm::model::*;
use crate::resources::vm::observe::{Drive, drive};
use crate::resources::vm::source::{self, is_clone};

/// Types of storages that set aside what they allocate.
const THICK: [&str; 1] = ["lvm"];

/// Disks that would have to be made and do not say where.
pub(super) fn unmade(plan: &Vm, inherited: Option<&GuestConfig>) -> Vec<Diagnostic> {
    if plan.restore.known().is_some_and(source::is_restore) {
        return Vec::new();
    }
    let nowhere = |(slot, disk): (&String, &VmDisk)| {
        let there = inherited.is_some_and(|config| config.get(slot).is_some());
        let said = disk.storage.known().is_some_and(Option::is_some)
            || disk.volume.known().is_some_and(Option::is_some);
        (!there && !said).then(|| {
            Diagnostic::error(
                format!("Disk {slot} has no storage"),
                format!("The guest inherits no disk at {slot}, so that one is made: say on which `storage`."),
            )
            .at(at("disks").key(slot))
        })
    };
    plan.disks.known().into_iter().flatten().filter_map(nowhere).collect()
}

/// What there is before the plan.
#[derive(Clone, Copy)]
pub(super) enum Before<'a> {
    /// The guest in state.
    State(&'a Vm),
    /// The source of a clone, where there is one.
    Source(Option<&'a GuestConfig>),
}

impl Before<'_> {
    /// The storage and size of a disk.
    fn disk(&self, slot: &str) -> Option<(Option<String>, Option<DiskSize>)> {
        match self {
            Self::State(prior) => {
                let disk = prior.disks.known()?.get(slot)?;
                Some((disk.storage.known().cloned().flatten(), size(disk)))
            }
            Self::Source(config) => {
                let text = config.as_ref()?.property(slot, Some("file"))?.ok()?;
                let storage = text.get("file")?.split_once(':').map(|(storage, _)| storage.to_owned());
                Some((storage, text.get("size").and_then(|size| size.parse().ok())))
            }
        }
    }

    /// Bytes of all disks of a clone's source.
    fn copied(&self) -> u64 {
        let Self::Source(Some(config)) = self else { return 0 };
        let slots = ["scsi", "virtio", "sata", "ide"].into_iter().flat_map(|family| {
            config.slots(family).map(move |(number, text)| (format!("{family}{number}"), text))
        });
        let disks = slots.filter(|(_, text)| drive(text) == Drive::Disk);
        let sizes = disks.filter_map(|(slot, _)| self.disk(&slot)?.1);
        sizes.map(|size| size.0).sum()
    }
}

fn size(disk: &VmDisk) -> Option<DiskSize> {
    disk.size.known().cloned().flatten()?.parse().ok()
}

/// What a storage is to take on: at which attribute that is said, and how much.
#[derive(Default)]
struct Load {
    path: Path,
    bytes: u64,
}

/// What each storage is to take on, by its name.
fn loads(plan: &Vm, before: Before<'_>) -> BTreeMap<String, Load> {
    let mut loads: BTreeMap<String, Load> = BTreeMap::new();
    let mut add = |storage: &str, path: Path, bytes: u64| {
        let load = loads.entry(storage.to_owned()).or_insert_with(|| Load { path, bytes: 0 });
        load.bytes = load.bytes.saturating_add(bytes);
    };
    for (slot, disk) in plan.disks.known().into_iter().flatten() {
        let had = before.disk(slot);
        let had_size = had.as_ref().and_then(|(_, size)| *size).map(|size| size.0);
        let had_storage = had.and_then(|(storage, _)| storage);
        let has_size = size(disk).map(|size| size.0);
        let Some(storage) = disk.storage.known().cloned().flatten().or_else(|| had_storage.clone()) else {
            continue;
        };
        let stays = had_storage.as_ref() == Some(&storage);
        let path = at("disks").key(slot);
        match (stays, has_size) {
            (true, None) => {}
            // A disk that grows takes what it grows by.
            (true, Some(has)) if had_size == Some(has) => {}
            (true, Some(has)) => {
                add(&storage, path.attribute("size"), has.saturating_sub(had_size.unwrap_or_default()));
            }
            (false, has) => add(&storage, path.attribute("storage"), has.or(had_size).unwrap_or_default()),
        }
    }
    if matches!(before, Before::Source(_))
        && let Some(clone) = plan.clone.known().filter(|clone| is_clone(clone))
        && let Some(Some(storage)) = clone.storage.known()
    {
        add(storage, at("clone").attribute("storage"), before.copied());
    }
    loads
}

/// Storages that get something: of the right content, active, with room. A storage that allocates as guests write may
/// promise more than it has: that is told, and not refused.
pub(super) async fn storages(
    px: &Proxmox,
    inventory: &Inventory,
    plan: &Vm,
    before: Before<'_>,
    node: &str,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let mut problems: Vec<Diagnostic> = Vec::new();
    for (storage, load) in loads(plan, before) {
        let need =
            |bytes| StorageNeed { node, storage: &storage, content: "images", purpose: "guest disks", bytes };
        let needs = [need(None), need(Some(load.bytes).filter(|bytes| *bytes > 0))];
        let mut of_each = problems_of_each(&px.api, inventory, &needs, budget).await.into_iter();
        let found = of_each.next().unwrap_or_default();
        let thick =
            inventory.storage(node, &storage).is_some_and(|entry| THICK.contains(&entry.plugintype.as_str()));
        let room = of_each.next().unwrap_or_default().into_iter().filter(|problem| !found.contains(problem));
        let room: Vec<Diagnostic> =
            room.map(|problem| if thick { problem } else { told(&problem) }).collect();
        problems.extend(found.into_iter().chain(room).map(|problem| problem.at(load.path.clone())));
    }
    problems
}

/// A lack of room that only matters when the guests fill their disks.
fn told(problem: &Diagnostic) -> Diagnostic {
    let detail = format!(
        "{} It allocates as guests write, so that the disks can be made; it is full before they are.",
        problem.detail
    );
    Diagnostic::warning(problem.summary.clone(), detail)
}
