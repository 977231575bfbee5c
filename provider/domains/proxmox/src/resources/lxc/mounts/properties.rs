//! What must hold for every sequence of steps: on a small model of a container, and after a kill anywhere in it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::api::{DiskSize, MountPoint, MountSource, VolumeId};

const VMID: u32 = 110;

/// A container whose volumes hold data that can be told apart.
#[derive(Debug, Clone)]
struct Model {
    observed: Observed,
    data: BTreeMap<VolumeId, u32>,
    destroyed: BTreeSet<u32>,
    made: u32,
}

impl Model {
    fn keep(&mut self, volume: Option<VolumeId>) {
        let mounted = |volume: &VolumeId| {
            self.observed.mounts.values().any(|point| point.source.volume() == Some(volume))
        };
        if let Some(volume) = volume.filter(|volume| !mounted(volume)) {
            let free = (0..).map(|n| format!("unused{n}")).find(|s| !self.observed.unused.contains_key(s));
            self.observed.unused.insert(free.unwrap(), volume);
        }
    }

    fn name(&mut self, storage: &str) -> VolumeId {
        self.made += 1;
        format!("{storage}:subvol-{VMID}-disk-{}", 100 + self.made).parse().unwrap()
    }

    fn put(&mut self, slot: &str, mut point: MountPoint) {
        match &point.source {
            MountSource::New { storage, size } => {
                let (size, volume) = (*size, self.name(&storage.clone()));
                self.data.insert(volume.clone(), 10_000 + self.made);
                point.source = MountSource::Volume(volume);
                point.size = Some(size);
            }
            MountSource::Volume(volume) => {
                assert!(self.data.contains_key(volume), "{volume} does not exist");
                self.observed.unused.retain(|_, kept| kept != volume);
                point.size = point.size.or(Some(DiskSize(1 << 30)));
            }
            _ => {}
        }
        self.observed.mounts.insert(slot.to_owned(), point);
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Detach { slot } => {
                let was = self.observed.mounts.remove(slot).expect("a mount to detach");
                self.keep(was.source.volume().cloned());
            }
            Step::Destroy { volume } => {
                let kept = self.observed.unused.values().any(|kept| kept == volume);
                assert!(kept, "only what is kept can be destroyed: {volume}");
                self.observed.unused.retain(|_, kept| kept != volume);
                self.destroyed.insert(self.data.remove(volume).expect("data"));
            }
            Step::Set { slot, point } => {
                let was = self.observed.mounts.remove(slot).expect("a mount to change");
                self.put(slot, point.clone());
                self.keep(was.source.volume().cloned());
            }
            Step::Mount { slot, point } => {
                assert!(!self.observed.mounts.contains_key(slot), "{slot} is taken");
                self.put(slot, point.clone());
            }
            Step::Move { slot, storage } => {
                let to = self.name(storage);
                let point = self.observed.mounts.get_mut(slot).expect("a mount to move");
                let from = point.source.volume().cloned().expect("a volume to move");
                point.source = MountSource::Volume(to.clone());
                let data = self.data.remove(&from).expect("data");
                self.data.insert(to, data);
            }
            Step::Grow { slot, size } => {
                let point = self.observed.mounts.get_mut(slot).expect("a mount to grow");
                assert!(point.size.is_none_or(|is| is < *size), "it shrinks");
                point.size = Some(*size);
            }
        }
    }
}

fn slot() -> impl Strategy<Value = String> {
    (0_u8..4).prop_map(|n| format!("mp{n}"))
}

fn path() -> impl Strategy<Value = String> {
    "/(data|wal|log|srv)"
}

fn gib() -> impl Strategy<Value = DiskSize> {
    (1_u64..5).prop_map(|n| DiskSize::gib(n).unwrap())
}

fn options(point: MountPoint, flags: (bool, bool)) -> MountPoint {
    MountPoint { backup: flags.0.then_some(true), read_only: flags.1, ..point }
}

fn model() -> impl Strategy<Value = Model> {
    let mount = (0_u8..6, path(), gib(), any::<(bool, bool)>(), 0_u8..8);
    (proptest::collection::btree_map(slot(), mount, 0..4), 0_u32..3).prop_map(|(mounts, unused)| {
        let mut data = BTreeMap::new();
        let mut next = 0;
        let mut volume = |storage: &str, owner: u32| {
            next += 1;
            let volume: VolumeId = format!("{storage}:subvol-{owner}-disk-{next}").parse().unwrap();
            data.insert(volume.clone(), next);
            volume
        };
        let mounts = mounts
            .into_iter()
            .map(|(slot, (kind, path, size, flags, owner))| {
                let owner = if owner == 0 { 999 } else { VMID };
                let (source, size) = match kind {
                    0 => (MountSource::Bind("/srv/host".into()), None),
                    1 => (MountSource::Device("/dev/sdb".into()), None),
                    2 => (MountSource::Volume(volume("fast", owner)), Some(size)),
                    _ => (MountSource::Volume(volume("slow", owner)), Some(size)),
                };
                (slot, options(MountPoint { size, ..MountPoint::new(source, path) }, flags))
            })
            .collect();
        let unused = (0..unused).map(|n| (format!("unused{n}"), volume("slow", VMID))).collect();
        Model { observed: Observed { vmid: VMID, mounts, unused }, data, destroyed: BTreeSet::new(), made: 0 }
    })
}

/// Wishes: whatever a configuration may say, attaching what there is included.
fn wishes(model: &Model) -> impl Strategy<Value = BTreeMap<String, Wanted>> + use<> {
    let volumes: Vec<VolumeId> = model.data.keys().cloned().collect();
    let wish =
        (0_u8..8, path(), gib(), any::<(bool, bool)>(), any::<proptest::sample::Index>(), any::<bool>());
    proptest::collection::btree_map(slot(), wish, 0..5).prop_map(move |wishes| {
        let wanted =
            |(kind, path, size, flags, index, fast): (u8, String, _, _, proptest::sample::Index, bool)| {
                let storage = Some(if fast { "fast" } else { "slow" }.to_owned());
                let source = match kind {
                    0 => WantedSource::Bind("/srv/host".into()),
                    1 => WantedSource::Device("/dev/sdb".into()),
                    2 | 3 if !volumes.is_empty() => WantedSource::Volume {
                        volume: Some(index.get(&volumes).clone()),
                        storage: None,
                        size: None,
                    },
                    _ => WantedSource::Volume { volume: None, storage, size: Some(size) },
                };
                Wanted { source, point: options(MountPoint::new(MountSource::Bind("/".into()), path), flags) }
            };
        let mut seen = BTreeSet::new();
        wishes
            .into_iter()
            .map(|(slot, wish)| (slot, wanted(wish)))
            // The configuration is refused where one volume stands at two slots.
            .filter(|(_, wanted)| match &wanted.source {
                WantedSource::Volume { volume: Some(volume), .. } => seen.insert(volume.clone()),
                _ => true,
            })
            .collect()
    })
}

fn scene() -> impl Strategy<Value = (Model, BTreeMap<String, Wanted>, BTreeSet<String>)> {
    model().prop_flat_map(|model| {
        let wanted = wishes(&model);
        (Just(model), wanted, proptest::collection::btree_set(slot(), 0..4))
    })
}

/// Data that may be destroyed: of mounts that go, said so, and are not attached elsewhere.
fn may_go(model: &Model, wanted: &BTreeMap<String, Wanted>, destroy: &BTreeSet<String>) -> BTreeSet<u32> {
    let goes = |slot: &String| destroy.contains(slot) && !wanted.contains_key(slot);
    let volumes = model.observed.mounts.iter().filter(|(slot, _)| goes(slot));
    volumes.filter_map(|(_, point)| model.data.get(point.source.volume()?).copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_data_is_lost_that_was_not_given_up((before, wanted, destroy) in scene()) {
        let Ok(steps) = plan(&before.observed, &wanted, &destroy) else { return Ok(()) };
        let mut model = before.clone();
        for step in &steps {
            model.run(step);
        }
        let allowed = may_go(&before, &wanted, &destroy);
        prop_assert!(model.destroyed.is_subset(&allowed), "{:?} of {:?}", model.destroyed, allowed);
        for (volume, data) in &before.data {
            let there = model.data.values().any(|other| other == data);
            prop_assert!(there || allowed.contains(data), "the data of {} is gone", volume);
        }
        // What is not destroyed can still be found: mounted or kept.
        for (volume, data) in &model.data {
            let mounted = model.observed.mounts.values().any(|point| point.source.volume() == Some(volume));
            let kept = model.observed.unused.values().any(|kept| kept == volume);
            prop_assert!(mounted || kept, "{} ({}) is nowhere", volume, data);
        }
    }

    #[test]
    fn the_wish_is_met_and_nothing_is_left_to_do((before, wanted, destroy) in scene()) {
        let Ok(steps) = plan(&before.observed, &wanted, &destroy) else { return Ok(()) };
        let mut model = before;
        for step in &steps {
            model.run(step);
        }
        let slots: Vec<&String> = model.observed.mounts.keys().collect();
        prop_assert_eq!(slots, wanted.keys().collect::<Vec<_>>());
        prop_assert_eq!(plan(&model.observed, &wanted, &destroy), Ok(Vec::new()));
    }

    #[test]
    fn a_kill_anywhere_is_made_good((before, wanted, destroy) in scene(), at in any::<proptest::sample::Index>()) {
        let Ok(steps) = plan(&before.observed, &wanted, &destroy) else { return Ok(()) };
        let mut model = before.clone();
        let done = at.index(steps.len() + 1);
        for step in &steps[..done] {
            model.run(step);
        }
        // The next run knows only what is there and what is wanted.
        let again = plan(&model.observed, &wanted, &destroy);
        let again = again.map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        for step in &again {
            model.run(step);
        }
        prop_assert!(model.destroyed.is_subset(&may_go(&before, &wanted, &destroy)));
        prop_assert_eq!(plan(&model.observed, &wanted, &destroy), Ok(Vec::new()));
    }

    #[test]
    fn a_container_that_has_what_is_wanted_is_left_alone(model in model()) {
        let wanted = model.observed.mounts.iter().map(|(slot, point)| {
            let source = match &point.source {
                MountSource::Volume(volume) => WantedSource::Volume {
                    volume: None, storage: Some(volume.storage().to_owned()), size: point.size,
                },
                MountSource::Bind(path) => WantedSource::Bind(path.clone()),
                MountSource::Device(path) => WantedSource::Device(path.clone()),
                MountSource::New { .. } => unreachable!(),
            };
            (slot.clone(), Wanted { source, point: point.clone() })
        });
        prop_assert_eq!(plan(&model.observed, &wanted.collect(), &BTreeSet::new()), Ok(Vec::new()));
    }
}

fn at(slot: &str, text: &str) -> (String, MountPoint) {
    (slot.to_owned(), MountPoint::parse(text).unwrap())
}

fn new(path: &str, storage: &str, size: &str) -> Wanted {
    Wanted {
        source: WantedSource::Volume {
            volume: None,
            storage: Some(storage.into()),
            size: Some(size.parse().unwrap()),
        },
        point: MountPoint::new(MountSource::Bind("/".into()), path),
    }
}

fn observed(mounts: &[(&str, &str)]) -> Observed {
    Observed {
        vmid: VMID,
        mounts: mounts.iter().map(|(slot, text)| at(slot, text)).collect(),
        unused: BTreeMap::new(),
    }
}

#[test]
fn shrinking_and_renaming_a_slot_are_refused() {
    let has = observed(&[("mp0", "local:110/vm-110-disk-1.raw,mp=/data,size=8G")]);
    let small = BTreeMap::from([("mp0".to_owned(), new("/data", "local", "4G"))]);
    let problems = plan(&has, &small, &BTreeSet::new()).unwrap_err();
    assert_eq!(problems["mp0"].to_string(), "the volume has 8G, and cannot shrink to 4G");
    let renamed = BTreeMap::from([("mp1".to_owned(), new("/data", "local", "8G"))]);
    let problems = plan(&has, &renamed, &BTreeSet::new()).unwrap_err();
    assert!(matches!(&problems["mp1"], Problem::BeginsEmpty { slot, .. } if slot == "mp0"));
}

#[test]
fn a_volume_that_is_attached_elsewhere_is_not_destroyed_with_its_slot() {
    let has = observed(&[("mp0", "local:110/vm-110-disk-1.raw,mp=/data,size=8G")]);
    let volume = has.mounts["mp0"].source.volume().cloned();
    let source = WantedSource::Volume { volume, storage: None, size: None };
    let point = MountPoint::new(MountSource::Bind("/".into()), "/data");
    let wanted = BTreeMap::from([("mp5".to_owned(), Wanted { source, point })]);
    let steps = plan(&has, &wanted, &BTreeSet::from(["mp0".to_owned()])).unwrap();
    assert!(!steps.iter().any(|step| matches!(step, Step::Destroy { .. })));
    let effects: Vec<Effect> = steps.iter().map(|step| step.effect(&has)).collect();
    assert_eq!(effects, [Effect::NextStart, Effect::Stopped]);
}

#[test]
fn a_foreign_volume_is_never_destroyed() {
    let has = observed(&[("mp0", "local:999/vm-999-disk-1.raw,mp=/data,size=8G")]);
    let steps = plan(&has, &BTreeMap::new(), &BTreeSet::from(["mp0".to_owned()])).unwrap();
    assert_eq!(steps, [Step::Detach { slot: "mp0".into() }]);
}
