//! Steps played on a guest that is only a map: they end, they reach the plan, and no volume is lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tf_framework::Computed;

use super::*;
use crate::resources::vm::changes::changes;
use crate::resources::vm::testing::{config, observed, values};

type Values = BTreeMap<String, String>;

/// What Proxmox does with a step, as far as volumes go.
fn play(guest: &mut Values, step: &Step, made: &mut u32) {
    match step {
        Step::Configure { set, delete } => {
            for key in delete {
                let had = guest.remove(key);
                if !key.starts_with("unused") {
                    had.into_iter().for_each(|had| keep(guest, &had));
                }
            }
            for (key, text) in set {
                let mut disk = property(text);
                let file = disk.get("file").unwrap_or_default().to_owned();
                let new = file.split_once(':').is_some_and(|(_, size)| size.parse::<f64>().is_ok());
                if key.starts_with("scsi") && new {
                    *made += 1;
                    let (storage, size) = file.split_once(':').unwrap();
                    let bytes = (size.parse::<f64>().unwrap() * 1024.0 * 1024.0 * 1024.0) as u64;
                    disk.set("file", format!("{storage}:vm-101-disk-{made}"));
                    disk.set("size", DiskSize(bytes.max(1 << 20)).to_string());
                    disk.remove("import-from");
                    disk.remove("format");
                } else if key.starts_with("scsi") {
                    let volume = disk.get("file").unwrap_or_default().to_owned();
                    guest.retain(|key, value| !(key.starts_with("unused") && *value == volume));
                    if disk.get("size").is_none() {
                        disk.set("size", "1M");
                    }
                }
                let had = guest.insert(key.clone(), disk.to_string());
                let before = had.as_deref().map(property);
                if let Some(before) = before.filter(|before| before.get("file") != disk.get("file")) {
                    keep(guest, &before.to_string());
                }
            }
        }
        Step::Move { slot, storage, .. } => {
            let mut disk = property(&guest[slot]);
            *made += 1;
            disk.set("file", format!("{storage}:vm-101-disk-{made}"));
            guest.insert(slot.clone(), disk.to_string());
        }
        Step::Grow { slot, size } => {
            let mut disk = property(&guest[slot]);
            let now: DiskSize = disk.get("size").unwrap().parse().unwrap();
            assert!(*size > now, "a disk of {now} was to have {size}");
            disk.set("size", size.to_string());
            guest.insert(slot.clone(), disk.to_string());
        }
    }
}

fn keep(guest: &mut Values, text: &str) {
    let volume = property(text).get("file").unwrap_or_default().to_owned();
    if volume.contains("vm-101-") && !guest.values().any(|value| *value == volume) {
        let slot = (0..).map(|n| format!("unused{n}")).find(|slot| !guest.contains_key(slot)).unwrap();
        guest.insert(slot, volume);
    }
}

fn volumes(guest: &Values) -> BTreeSet<String> {
    let drives = guest.iter().filter(|(key, _)| key.starts_with("scsi") || key.starts_with("unused"));
    drives.filter_map(|(_, text)| property(text).get("file").map(str::to_owned)).collect()
}

fn disk(storage: &str, size: u64, cache: Option<&str>, on_detach: OnDetach) -> VmDisk {
    VmDisk {
        storage: Computed::Known(Some(storage.to_owned())),
        size: Computed::Known(Some(format!("{size}M"))),
        format: Computed::Unknown,
        import_from: Computed::Known(None),
        volume: Computed::Unknown,
        cache: cache.map_or(Computed::Unknown, |cache| Computed::Known(Some(cache.to_owned()))),
        aio: Computed::Unknown,
        discard: Computed::Unknown,
        iothread: Computed::Unknown,
        ssd: Computed::Unknown,
        backup: Computed::Unknown,
        replicate: Computed::Unknown,
        read_only: Computed::Unknown,
        serial: Computed::Unknown,
        on_detach,
    }
}

fn guest(disks: &BTreeMap<u8, (u8, u64)>) -> Values {
    let mut guest =
        values(&[("name", "g"), ("memory", "512"), ("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0")]);
    for (slot, (storage, size)) in disks {
        guest.insert(format!("scsi{slot}"), format!("s{storage}:vm-101-disk-9{slot},size={size}M"));
    }
    guest
}

proptest! {
    #[test]
    fn every_plan_is_reached_and_no_volume_is_lost(
        has in prop::collection::btree_map(0_u8..4, (0_u8..2, 1_u64..4), 0..4),
        wants in prop::collection::btree_map(0_u8..4, (0_u8..2, 4_u64..8, any::<bool>()), 0..4),
        deletes: bool,
        memory in 16_u32..4096,
        foreign: bool,
    ) {
        let on_detach = if deletes { OnDetach::Delete } else { OnDetach::Keep };
        let mut now = guest(&has);
        let mut prior = observed(&now, "stopped");
        // What was never declared is not detached.
        let managed: BTreeSet<String> =
            if foreign { BTreeSet::new() } else { has.keys().map(|slot| format!("scsi{slot}")).collect() };
        prior.managed = Computed::Known(managed.clone());
        if let Computed::Known(disks) = &mut prior.disks {
            disks.values_mut().for_each(|disk| disk.on_detach = on_detach);
        }
        let mut plan = prior.clone();
        let planned: BTreeMap<String, VmDisk> = wants
            .iter()
            .map(|(slot, (storage, size, cache))| {
                let disk = disk(&format!("s{storage}"), *size, cache.then_some("writeback"), on_detach);
                (format!("scsi{slot}"), disk)
            })
            .collect();
        let mut keys: BTreeSet<String> = planned.keys().cloned().collect();
        keys.extend(["name".to_owned(), "memory".to_owned()]);
        plan.disks = Computed::Known(planned.clone());
        plan.memory = Computed::Known(memory);
        plan.managed = Computed::Known(keys);
        let told = changes(&prior, &plan);
        let before = volumes(&now);
        let (mut made, mut taken) = (0, 0);
        while let Some(step) = next(&config(&now), Some(&prior), &plan, None, None) {
            taken += 1;
            prop_assert!(taken < 40, "it does not end: {step:?}");
            // What is done was told.
            let touched: Vec<String> = match &step {
                Step::Configure { set, delete } => set.keys().chain(delete).cloned().collect(),
                Step::Move { slot, .. } | Step::Grow { slot, .. } => vec![slot.clone()],
            };
            for key in touched.iter().filter(|key| !key.starts_with("unused")) {
                prop_assert!(told.contains_key(key), "{key} is done and was not told: {told:?}");
            }
            play(&mut now, &step, &mut made);
        }
        prop_assert_eq!(now.get("memory"), Some(&memory.to_string()));
        for (slot, disk) in &planned {
            let text = property(&now[slot]);
            let storage = disk.storage.known().cloned().flatten().unwrap();
            prop_assert!(text.get("file").unwrap().starts_with(&storage), "{slot}: {text}");
            prop_assert_eq!(text.get("size").map(str::to_owned), disk.size.known().cloned().flatten());
        }
        // A volume may only be missing if it was moved, or detached with leave.
        for slot in has.keys().map(|slot| format!("scsi{slot}")) {
            let kept = planned.contains_key(&slot);
            if foreign && !kept {
                prop_assert!(now.contains_key(&slot), "{slot} was never declared and is gone");
            }
        }
        if !deletes && made == 0 {
            prop_assert!(before.is_subset(&volumes(&now)), "{before:?} was, {:?} is", volumes(&now));
        }
        prop_assert!(changes(&prior, &prior).is_empty());
    }

    #[test]
    fn sizes_are_written_exactly(bytes in (1_u64..1 << 22).prop_map(|mebibytes| mebibytes << 20)) {
        let text = gib(DiskSize(bytes));
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap());
        let value = (whole.parse::<u128>().unwrap() * scale + fraction.parse::<u128>().unwrap()) << 30;
        prop_assert_eq!(value / scale, u128::from(bytes));
        prop_assert_eq!(value % scale, 0);
    }
}

#[test]
fn an_inherited_guest_that_is_not_declared_stays_as_it_is() {
    let now = guest(&BTreeMap::from([(0, (0, 1)), (1, (1, 2))]));
    let mut vm = observed(&now, "running");
    vm.managed = Computed::Known(BTreeSet::from(["name".to_owned()]));
    assert_eq!(next(&config(&now), None, &vm, None, None), None);
    assert_eq!(next(&config(&now), Some(&vm), &vm, None, None), None);
    vm.remove = BTreeSet::from(["scsi1".to_owned(), "net0".to_owned(), "absent".to_owned()]);
    let delete = BTreeSet::from(["net0".to_owned(), "scsi1".to_owned()]);
    assert_eq!(
        next(&config(&now), None, &vm, None, None),
        Some(Step::Configure { set: BTreeMap::new(), delete })
    );
}
