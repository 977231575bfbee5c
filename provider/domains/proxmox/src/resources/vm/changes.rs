//! What a plan changes, key by key: a function of state and plan alone, so that the plan made again during apply says
//! the same.

use std::collections::BTreeMap;

use super::effect::{Action, Allows, Effect, effect};
use super::model::*;
use super::settings::settings;
use super::slots::{is_slot, removed};
use super::want::{Pair, Want};

/// Members of a disk's text that only backups and replication look at.
const BOOKKEEPING: [&str; 2] = ["backup", "replicate"];

/// What changes, and when it takes effect on a running guest.
pub(super) fn changes(prior: &Vm, plan: &Vm) -> BTreeMap<String, Effect> {
    let allows = allows(prior);
    let mut found = BTreeMap::new();
    let mut note = |key: &str, action: Action| {
        let effect = effect(key, action, &allows);
        let entry = found.entry(key.to_owned()).or_insert(effect);
        *entry = (*entry).max(effect);
    };
    let (before, after) = (settings(prior), settings(plan));
    for (key, want) in &after {
        match before.get(key) {
            Some(had) if had == want => {}
            Some(had) => note(key, action(key, had, want, plan)),
            None if is_slot(key) => note(key, Action::Plug),
            None => note(key, Action::Set),
        }
    }
    for key in removed(prior, plan) {
        note(&key, Action::Unplug);
    }
    for key in plan.remove.difference(&prior.remove) {
        note(key, Action::Unplug);
    }
    storage(prior, plan, &mut note);
    others(prior, plan, &mut note);
    found
}

/// What the guest allows while it runs.
fn allows(prior: &Vm) -> Allows {
    let usual = || ["network", "disk", "usb"].map(str::to_owned).into();
    let hotplug = prior.hotplug.known().cloned().flatten();
    Allows { hotplug: hotplug.unwrap_or_else(usual), numa: prior.numa.known() == Some(&true) }
}

fn action(key: &str, had: &Want, want: &Want, plan: &Vm) -> Action {
    if plan.cdrom.known().is_some_and(|drives| drives.contains_key(key)) {
        return Action::Media;
    }
    let (Want::Property { pairs: had, .. }, Want::Property { pairs: want, .. }) = (had, want) else {
        return Action::Set;
    };
    let differs = |pair: &&Pair| !had.contains(pair);
    let harmless = want.iter().filter(differs).all(|pair| BOOKKEEPING.contains(&pair.key));
    if harmless && plan.disks.known().is_some_and(|disks| disks.contains_key(key)) {
        Action::Bookkeeping
    } else {
        Action::Set
    }
}

/// Disks that grow or move, or are other volumes.
fn storage(prior: &Vm, plan: &Vm, note: &mut impl FnMut(&str, Action)) {
    let before = prior.disks.known();
    for (slot, disk) in plan.disks.known().into_iter().flatten() {
        let Some(had) = before.and_then(|disks| disks.get(slot)) else {
            note(slot, Action::Plug);
            continue;
        };
        let moves = disk.storage.known().is_some_and(|storage| Some(storage) != had.storage.known());
        let converts = disk.format.known().is_some_and(|format| Some(format) != had.format.known());
        let grows = disk.size.known().is_some_and(|size| Some(size) != had.size.known());
        if moves || converts || grows {
            note(slot, Action::Storage);
        }
        if let (Some(Some(volume)), Some(Some(before))) = (disk.volume.known(), had.volume.known())
            && volume != before
        {
            note(slot, Action::Unplug);
        }
    }
    for (key, had, has) in [
        ("efidisk0", storage_of(prior, true), storage_of(plan, true)),
        ("tpmstate0", storage_of(prior, false), storage_of(plan, false)),
    ] {
        match (had, has) {
            (None, Some(_)) => note(key, Action::Plug),
            (Some(Some(had)), Some(Some(has))) if had != has => note(key, Action::Storage),
            _ => {}
        }
    }
}

/// The storage of the firmware's disk or the TPM's state: `None` without one, `Some(None)` while it is not known.
fn storage_of(vm: &Vm, efi: bool) -> Option<Option<String>> {
    if efi {
        let disk = vm.efi_disk.known()?.as_ref()?;
        Some(disk.storage.known().cloned().flatten())
    } else {
        let state = vm.tpm_state.known()?.as_ref()?;
        Some(state.storage.known().cloned().flatten())
    }
}

/// What stands in no key of the configuration.
fn others(prior: &Vm, plan: &Vm, note: &mut impl FnMut(&str, Action)) {
    if plan.description.known().is_some() && plan.description != prior.description {
        note("description", Action::Set);
    }
    // Tags that go with nothing in their place stand in no key.
    let gives_way = plan.tags.known().is_some() && plan.tags != prior.tags;
    if gives_way || plan.cost_tags != prior.cost_tags {
        note("tags", Action::Set);
    }
    if plan.pool.known().is_some() && plan.pool != prior.pool {
        note("pool", Action::Set);
    }
    if plan.ha.known().is_some() && plan.ha != prior.ha {
        note("ha", Action::Set);
    }
    if plan.current_node != prior.current_node {
        note("node", Action::Set);
    }
    let cloud_init = |vm: &Vm| vm.cloud_init.known().cloned().flatten();
    if let (Some(had), Some(has)) = (cloud_init(prior), cloud_init(plan)) {
        let documents = |it: &VmCloudInit| {
            (it.user_data.clone(), it.network_config.clone(), it.vendor_data.clone(), it.instance_id.clone())
        };
        if super::steps::has_documents(&has) && documents(&had) != documents(&has) {
            note(&has.slot, Action::Media);
        }
    }
    let version = |vm: &Vm| vm.cloud_init.known().cloned().flatten().and_then(|it| it.password_version);
    if version(plan).is_some() && version(plan) != version(prior) {
        note("cipassword", Action::Set);
    }
}

/// What the plan tells: each key with a word.
pub(super) fn told(
    changes: &BTreeMap<String, Effect>,
    running: bool,
    mode: ApplyMode,
) -> BTreeMap<String, String> {
    let word = |effect: &Effect| match (running, effect, mode) {
        (false, ..) | (true, Effect::Now, _) => "now",
        (true, Effect::Hotplug, _) => "hotplug",
        (true, Effect::Restart, ApplyMode::Reboot) => "reboot",
        (true, Effect::Restart, _) => "staged",
    };
    changes.iter().map(|(key, effect)| (key.clone(), word(effect).to_owned())).collect()
}
