//! From what a guest is to what the plan wants: the next step, as a value. Steps are found by looking, never by
//! remembering, so that a run goes on where a killed one stopped.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::model::*;
use super::observe::{Drive, drive, drives};
use super::seed::Seed;
use super::settings::{disk_pairs, settings_after};
use super::slots::{family, removed};
use super::want::{Pair, Want};
use crate::api::{DiskSize, GuestConfig, PropertyString, VolumeId};
use crate::guest::{Here, Stamp};

/// One call to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Settings are set and removed.
    Configure {
        /// Set.
        set: BTreeMap<String, String>,
        /// Removed.
        delete: BTreeSet<String>,
    },
    /// A disk moves to another storage, or is converted.
    Move {
        /// The disk.
        slot: String,
        /// Where to.
        storage: String,
        /// As what.
        format: Option<String>,
    },
    /// A disk grows to this size.
    Grow {
        /// The disk.
        slot: String,
        /// Its size then.
        size: DiskSize,
    },
}

/// Pseudo keys of `remove` that stand in no configuration.
const ELSEWHERE: [&str; 2] = ["pool", "ha"];

/// The next step towards the plan; `None` when the guest is as planned.
pub(super) fn next(
    config: &GuestConfig,
    prior: Option<&Vm>,
    plan: &Vm,
    stamp: Option<&Stamp>,
    seed: Option<&Seed>,
) -> Option<Step> {
    let mut set = BTreeMap::new();
    set.extend(notes(config, plan, stamp).map(|notes| ("description".to_owned(), notes)));
    let mut delete = BTreeSet::new();
    let wanted = settings_after(prior, plan);
    // The provider's tags and a group's stand beside those that nobody declared.
    let beside = |want: &Want| matches!(want, Want::Tags { .. } | Want::OnlyTags(_));
    let only_ours = matches!(wanted.get("tags"), Some(Want::OnlyTags(_)));
    for (key, want) in wanted.into_iter().filter(|(key, want)| is_managed(plan, key) || beside(want)) {
        if plan.disks.known().is_some_and(|disks| disks.contains_key(&key)) {
            continue;
        }
        set.extend(want.onto(&key, config.get(&key)).map(|text| (key, text)));
    }
    for (slot, disk) in plan.disks.known().into_iter().flatten().filter(|(slot, _)| is_managed(plan, slot)) {
        let had = prior.and_then(|prior| prior.disks.known()?.get(slot));
        set.extend(configured(config, slot, disk, had).map(|text| (slot.clone(), text)));
    }
    set.extend(extra_drives(config, plan));
    let seeded = seed.filter(|seed| !seed.is_in(config));
    set.extend(seeded.map(|seed| (seed.slot.clone(), format!("{},media=cdrom", seed.volume))));
    // A guest that finds two drives of cloud-init's reads either.
    let other = |slot: &String| seed.is_some_and(|seed| seed.slot != *slot);
    let drives_now = drives(config, Drive::CloudInit).into_iter().map(|(slot, _)| slot);
    delete.extend(drives_now.filter(other));
    let gone = prior.map(|prior| removed(prior, plan)).unwrap_or_default();
    delete.extend(gone.iter().filter(|key| config.get(key).is_some()).cloned());
    let named = plan.remove.iter().filter(|key| !ELSEWHERE.contains(&key.as_str()));
    let named = named.filter(|key| !(only_ours && *key == "tags"));
    delete.extend(named.filter(|key| config.get(key).is_some()).cloned());
    delete.retain(|key| !set.contains_key(key));
    if let Some(prior) = prior {
        delete.extend(discarded(config, &doomed(prior, &gone)));
    }
    if !set.is_empty() || !delete.is_empty() {
        return Some(Step::Configure { set, delete });
    }
    moved(config, plan).or_else(|| grown(config, plan))
}

/// The notes, where they are to be others.
fn notes(config: &GuestConfig, plan: &Vm, stamp: Option<&Stamp>) -> Option<String> {
    let declared = is_managed(plan, "description").then(|| given(&plan.description));
    let text = declared.clone().unwrap_or_else(|| Stamp::text_of(config));
    let wanted = match stamp {
        Some(stamp) => stamp.notes(text.as_deref()),
        None => declared??,
    };
    (config.description().unwrap_or_default() != wanted).then_some(wanted)
}

fn is_managed(plan: &Vm, key: &str) -> bool {
    plan.managed.known().is_none_or(|managed| managed.contains(key))
}

fn property(text: &str) -> PropertyString {
    PropertyString::parse(text, Some("file")).unwrap_or_default()
}

fn given<T: Clone>(value: &tf_framework::Computed<Option<T>>) -> Option<T> {
    value.known().cloned().flatten()
}

/// The text a disk's slot is to have, where it has another.
fn configured(config: &GuestConfig, slot: &str, disk: &VmDisk, had: Option<&VmDisk>) -> Option<String> {
    let seen = config.get(slot).filter(|text| drive(text) == Drive::Disk);
    let pairs = disk_pairs(slot, disk);
    let attached = given(&disk.volume).filter(|volume| {
        let before = had.and_then(|had| given(&had.volume));
        before.as_ref() != Some(volume)
    });
    match (seen, attached) {
        (Some(seen), Some(volume)) if property(seen).get("file") != Some(&volume) => {
            Some(made(&volume, &pairs))
        }
        (Some(seen), _) => Want::Property { default_key: Some("file"), pairs }.onto(slot, Some(seen)),
        (None, Some(volume)) => Some(made(&volume, &pairs)),
        (None, None) => Some(allocated(disk, &pairs)),
    }
}

/// The text that makes a new disk.
fn allocated(disk: &VmDisk, pairs: &[Pair]) -> String {
    let storage = given(&disk.storage).unwrap_or_default();
    let size: Option<DiskSize> = given(&disk.size).and_then(|size| size.parse().ok());
    let mut all = Vec::new();
    let file = match given(&disk.import_from).filter(|source| !source.is_empty()) {
        Some(source) => {
            all.push(Pair::text("import-from", source));
            format!("{storage}:0")
        }
        None => format!("{storage}:{}", gib(size.unwrap_or(DiskSize(1 << 30)))),
    };
    all.extend(given(&disk.format).map(|format| Pair::text("format", format)));
    all.extend(pairs.iter().cloned());
    made(&file, &all)
}

/// Gibibytes as a decimal: exact, because a fraction of a power of two ends.
fn gib(size: DiskSize) -> String {
    let (whole, mut rest) = (size.0 >> 30, size.0 & ((1 << 30) - 1));
    let mut text = whole.to_string();
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        rest *= 10;
        text.push_str(&(rest >> 30).to_string());
        rest &= (1 << 30) - 1;
    }
    text
}

fn made(file: &str, pairs: &[Pair]) -> String {
    let mut property = PropertyString::with_default("file").with("file", file);
    for pair in pairs {
        match &pair.value {
            Some(value) if pair.absent != Some(value) => property.set(pair.key, value),
            _ => {}
        }
    }
    property.to_string()
}

/// Drives beside the disks that are to be made: the firmware's, the TPM's, cloud-init's.
fn extra_drives(config: &GuestConfig, plan: &Vm) -> BTreeMap<String, String> {
    let mut made_now = BTreeMap::new();
    let first = || plan.disks.known()?.values().find_map(|disk| given(&disk.storage));
    let there = || {
        let text = drives(config, Drive::Disk).into_iter().next()?.1;
        let file = property(&text).get("file")?.to_owned();
        Some(file.parse::<VolumeId>().ok()?.storage().to_owned())
    };
    let usual = |storage: Option<String>| storage.or_else(first).or_else(there);
    if let Some(Some(disk)) = plan.efi_disk.known()
        && config.get("efidisk0").is_none()
        && is_managed(plan, "efidisk0")
        && let Some(storage) = usual(given(&disk.storage))
    {
        let kind = given(&disk.r#type).unwrap_or_else(|| "4m".to_owned());
        let mut pairs = vec![Pair::text("efitype", kind)];
        pairs.extend(disk.pre_enrolled_keys.known().map(|keys| Pair::flag("pre-enrolled-keys", *keys)));
        made_now.insert("efidisk0".to_owned(), made(&format!("{storage}:1"), &pairs));
    }
    if let Some(Some(state)) = plan.tpm_state.known()
        && config.get("tpmstate0").is_none()
        && is_managed(plan, "tpmstate0")
        && let Some(storage) = usual(given(&state.storage))
    {
        let version = given(&state.version).unwrap_or_else(|| "v2.0".to_owned());
        let text = made(&format!("{storage}:1"), &[Pair::text("version", version)]);
        made_now.insert("tpmstate0".to_owned(), text);
    }
    if let Some(Some(cloud_init)) = plan.cloud_init.known()
        && is_managed(plan, "cloudinit")
        && !has_documents(cloud_init)
        && drives(config, Drive::CloudInit).is_empty()
        && let Some(storage) = usual(given(&cloud_init.storage))
    {
        made_now.insert(cloud_init.slot.clone(), format!("{storage}:cloudinit"));
    }
    made_now
}

/// Whether the guest is seeded with documents rather than Proxmox's own settings.
pub(super) fn has_documents(cloud_init: &VmCloudInit) -> bool {
    [&cloud_init.user_data, &cloud_init.network_config, &cloud_init.vendor_data]
        .into_iter()
        .any(|document| given(document).is_some_and(|text| !text.is_empty()))
}

/// Volumes of disks that were taken out and are to be deleted with that, with the slots they were in.
pub(super) fn doomed(prior: &Vm, gone: &BTreeSet<String>) -> BTreeMap<String, String> {
    let disks = prior.disks.known();
    gone.iter()
        .filter_map(|slot| Some((slot, disks?.get(slot)?)))
        .filter(|(_, disk)| disk.on_detach == OnDetach::Delete)
        .filter_map(|(slot, disk)| Some((given(&disk.volume)?, slot.clone())))
        .collect()
}

/// Volumes that are to be deleted with their disks and that the guest still has, though no more in a slot.
pub(super) fn left(here: &Here, state: &Vm) -> BTreeMap<String, String> {
    let managed = state.managed.known().cloned().unwrap_or_default();
    let (there, kept) = (volumes(&here.current()), plugged(&here.config()));
    let mut left = doomed(state, &managed);
    left.retain(|volume, _| there.contains(volume) && !kept.contains(volume));
    left
}

/// The slots where volumes that are to be deleted lie unused.
pub(super) fn discarded(config: &GuestConfig, doomed: &BTreeMap<String, String>) -> BTreeSet<String> {
    let unused = config.slots("unused").filter(|(_, volume)| doomed.contains_key(*volume));
    unused.map(|(number, _)| format!("unused{number}")).collect()
}

/// Volumes of the guest's disks, in their slots or unused.
pub(super) fn volumes(config: &GuestConfig) -> BTreeSet<String> {
    let unused = config.slots("unused").map(|(_, volume)| volume.to_owned());
    plugged(config).into_iter().chain(unused).collect()
}

/// Volumes in the slots of drives.
pub(super) fn plugged(config: &GuestConfig) -> BTreeSet<String> {
    let texts = ["scsi", "virtio", "sata", "ide"].into_iter().flat_map(|family| config.slots(family));
    texts.filter_map(|(_, text)| property(text).get("file").map(str::to_owned)).collect()
}

fn moved(config: &GuestConfig, plan: &Vm) -> Option<Step> {
    let disks = plan.disks.known().into_iter().flatten().filter(|(slot, _)| is_managed(plan, slot));
    let disks = disks.map(|(slot, disk)| (slot.as_str(), given(&disk.storage), given(&disk.format)));
    let efi = plan.efi_disk.known().and_then(Option::as_ref).map(|disk| given(&disk.storage));
    let tpm = plan.tpm_state.known().and_then(Option::as_ref).map(|state| given(&state.storage));
    let extra = [("efidisk0", efi), ("tpmstate0", tpm)]
        .into_iter()
        .filter(|(key, _)| is_managed(plan, key))
        .map(|(key, storage)| (key, storage.flatten(), None));
    disks.chain(extra).find_map(|(slot, storage, format)| {
        let file = property(config.get(slot)?).get("file")?.to_owned();
        let volume: VolumeId = file.parse().ok()?;
        let elsewhere = storage.as_deref().is_some_and(|storage| storage != volume.storage());
        // A volume without an ending is on a storage that has no formats.
        let converts = format.as_deref().is_some_and(|format| {
            volume.name().contains('.') && volume.format().is_some_and(|now| now != format)
        });
        (elsewhere || converts).then(|| Step::Move {
            slot: slot.to_owned(),
            storage: storage.unwrap_or_else(|| volume.storage().to_owned()),
            format,
        })
    })
}

fn grown(config: &GuestConfig, plan: &Vm) -> Option<Step> {
    let disks = plan.disks.known().into_iter().flatten().filter(|(slot, _)| is_managed(plan, slot));
    disks.filter(|(slot, _)| matches!(family(slot), "scsi" | "virtio" | "sata" | "ide")).find_map(
        |(slot, disk)| {
            let wanted: DiskSize = given(&disk.size)?.parse().ok()?;
            let now: DiskSize = property(config.get(slot)?).get("size")?.parse().ok()?;
            (wanted != now).then(|| Step::Grow { slot: slot.clone(), size: wanted })
        },
    )
}
