//! The planner.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{DiskSize, MountPoint, MountSource, Vmid, VolumeId};

/// What a container has, with the changes that wait for its next start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::resources::lxc) struct Observed {
    /// Its number: volumes that carry another are somebody else's.
    pub(in crate::resources::lxc) vmid: Vmid,
    /// Mount points by slot.
    pub(in crate::resources::lxc) mounts: BTreeMap<String, MountPoint>,
    /// Volumes that are kept without being mounted, by slot.
    pub(in crate::resources::lxc) unused: BTreeMap<String, VolumeId>,
}

/// What is to be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::resources::lxc) enum WantedSource {
    /// A volume: this one, or one that is made.
    Volume {
        /// The volume to attach; none for a new one.
        volume: Option<VolumeId>,
        /// Where it is kept.
        storage: Option<String>,
        /// How large it is.
        size: Option<DiskSize>,
    },
    /// A directory of the host.
    Bind(String),
    /// A block device of the host.
    Device(String),
}

/// A mount point as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::resources::lxc) struct Wanted {
    /// What is mounted.
    pub(in crate::resources::lxc) source: WantedSource,
    /// Path and options; its source means nothing.
    pub(in crate::resources::lxc) point: MountPoint,
}

/// One call to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::resources::lxc) enum Step {
    /// Takes a mount away. Its volume is kept.
    Detach {
        /// The slot.
        slot: String,
    },
    /// Destroys a volume that is kept.
    Destroy {
        /// The volume.
        volume: VolumeId,
    },
    /// Changes the options of a mount, or mounts something else there; what was mounted is kept.
    Set {
        /// The slot.
        slot: String,
        /// The mount.
        point: MountPoint,
    },
    /// Mounts something at a free slot.
    Mount {
        /// The slot.
        slot: String,
        /// The mount.
        point: MountPoint,
    },
    /// Moves a volume to another storage.
    Move {
        /// The slot.
        slot: String,
        /// The storage.
        storage: String,
    },
    /// Grows a volume to this size.
    Grow {
        /// The slot.
        slot: String,
        /// The size.
        size: DiskSize,
    },
}

/// When a step takes effect on a container that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::resources::lxc) enum Effect {
    /// At once.
    Now,
    /// At the next start.
    NextStart,
    /// It must not run.
    Stopped,
}

impl Step {
    /// The slot the step is about; that of a destroyed volume is gone.
    pub(in crate::resources::lxc) fn slot(&self) -> Option<&str> {
        match self {
            Self::Detach { slot }
            | Self::Set { slot, .. }
            | Self::Mount { slot, .. }
            | Self::Move { slot, .. }
            | Self::Grow { slot, .. } => Some(slot),
            Self::Destroy { .. } => None,
        }
    }

    /// When it takes effect on a container that runs and has this.
    pub(in crate::resources::lxc) fn effect(&self, observed: &Observed) -> Effect {
        let mounted =
            |volume: &VolumeId| observed.mounts.values().any(|point| point.source.volume() == Some(volume));
        match self {
            Self::Grow { .. } => Effect::Now,
            Self::Detach { .. } | Self::Set { .. } => Effect::NextStart,
            Self::Move { .. } => Effect::Stopped,
            // What is still mounted elsewhere is set free by a stop only.
            Self::Mount { point, .. } if point.source.volume().is_some_and(mounted) => Effect::Stopped,
            Self::Mount { .. } => Effect::Now,
            Self::Destroy { volume } if mounted(volume) => Effect::Stopped,
            Self::Destroy { .. } => Effect::Now,
        }
    }
}

/// Why a wish cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::resources::lxc) enum Problem {
    /// A volume cannot shrink.
    #[error("the volume has {is}, and cannot shrink to {wanted}")]
    Shrinks {
        /// Its size.
        is: DiskSize,
        /// The size wanted.
        wanted: DiskSize,
    },
    /// A volume is mounted elsewhere in the container, and stays there.
    #[error("volume {volume} is mounted at {slot}")]
    Mounted {
        /// The volume.
        volume: VolumeId,
        /// Where.
        slot: String,
    },
    /// The mount moves to another slot, and would begin empty there.
    #[error(
        "a new, empty volume would be mounted where the volume {volume} of {slot} is now, which would be detached"
    )]
    BeginsEmpty {
        /// The volume that would be detached.
        volume: VolumeId,
        /// Its slot.
        slot: String,
    },
    /// A new volume has no storage or no size.
    #[error("a new volume needs `storage` and `size`")]
    Incomplete,
}

/// Steps from what a container has to what is wanted. `destroy` are the slots whose volumes are destroyed when their
/// mounts go.
///
/// # Errors
/// [`Problem`] by slot; then nothing may be done.
pub(in crate::resources::lxc) fn plan(
    observed: &Observed,
    wanted: &BTreeMap<String, Wanted>,
    destroy: &BTreeSet<String>,
) -> Result<Vec<Step>, BTreeMap<String, Problem>> {
    let mut problems = BTreeMap::new();
    let (mut detached, mut destroyed, mut set, mut moved) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let claimed: BTreeSet<&VolumeId> = wanted.values().filter_map(Wanted::volume).collect();
    for (slot, point) in observed.mounts.iter().filter(|(slot, _)| !wanted.contains_key(*slot)) {
        detached.push(Step::Detach { slot: slot.clone() });
        let own = |volume: &&VolumeId| volume.vmid() == Some(observed.vmid) && !claimed.contains(volume);
        if let Some(volume) = point.source.volume().filter(own).filter(|_| destroy.contains(slot)) {
            destroyed.push(Step::Destroy { volume: volume.clone() });
        }
    }
    for (slot, wish) in wanted {
        let steps = match observed.mounts.get(slot) {
            Some(point) => wish.change(slot, point),
            None => wish.mount(slot, observed, wanted, destroy),
        };
        match steps {
            Ok(steps) => steps.into_iter().for_each(|step| match step {
                Step::Move { .. } | Step::Grow { .. } => moved.push(step),
                step => set.push(step),
            }),
            Err(problem) => drop(problems.insert(slot.clone(), problem)),
        }
        if let Some(problem) = wish.mounted_elsewhere(slot, observed, wanted) {
            problems.insert(slot.clone(), problem);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(detached.into_iter().chain(destroyed).chain(set).chain(moved).collect())
}

impl Wanted {
    fn volume(&self) -> Option<&VolumeId> {
        match &self.source {
            WantedSource::Volume { volume, .. } => volume.as_ref(),
            _ => None,
        }
    }

    fn with(&self, source: MountSource, size: Option<DiskSize>) -> MountPoint {
        MountPoint { source, size, ..self.point.clone() }
    }

    /// Steps for a slot that is taken.
    fn change(&self, slot: &str, is: &MountPoint) -> Result<Vec<Step>, Problem> {
        let set = |point: MountPoint| Step::Set { slot: slot.to_owned(), point };
        match (&self.source, &is.source) {
            (WantedSource::Volume { volume, storage, size }, MountSource::Volume(there))
                if volume.as_ref().is_none_or(|wanted| wanted == there) =>
            {
                let mut steps = Vec::new();
                if !self.same_options(is) {
                    steps.push(set(self.with(is.source.clone(), is.size)));
                }
                let storage = storage.as_ref().filter(|storage| storage.as_str() != there.storage());
                steps.extend(storage.map(|to| Step::Move { slot: slot.to_owned(), storage: to.clone() }));
                match (size, is.size) {
                    (Some(wanted), Some(is)) if *wanted < is => {
                        return Err(Problem::Shrinks { is, wanted: *wanted });
                    }
                    (Some(wanted), Some(is)) if *wanted == is => {}
                    (Some(wanted), _) => steps.push(Step::Grow { slot: slot.to_owned(), size: *wanted }),
                    (None, _) => {}
                }
                Ok(steps)
            }
            // It waits for the next start to be made: only the wish is to be corrected.
            (
                WantedSource::Volume { volume: None, storage, size },
                MountSource::New { storage: on, size: of },
            ) => {
                let storage = storage.clone().unwrap_or_else(|| on.clone());
                let source = MountSource::New { storage, size: size.unwrap_or(*of) };
                let same = source == is.source && self.same_options(is);
                Ok(if same { Vec::new() } else { vec![set(self.with(source, None))] })
            }
            (WantedSource::Bind(path), MountSource::Bind(there))
            | (WantedSource::Device(path), MountSource::Device(there))
                if path == there && self.same_options(is) =>
            {
                Ok(Vec::new())
            }
            _ => Ok(vec![set(self.begin()?)]),
        }
    }

    fn same_options(&self, is: &MountPoint) -> bool {
        let idmap = |point: &MountPoint| point.other.get("idmap").map(str::to_owned);
        self.point.same_options(is) && idmap(&self.point) == idmap(is)
    }

    /// Steps for a slot that is free.
    fn mount(
        &self,
        slot: &str,
        observed: &Observed,
        wanted: &BTreeMap<String, Self>,
        destroy: &BTreeSet<String>,
    ) -> Result<Vec<Step>, Problem> {
        let point = self.begin()?;
        if matches!(point.source, MountSource::New { .. }) {
            let leaves = |(other, is): &(&String, &MountPoint)| {
                !wanted.contains_key(*other) && !destroy.contains(*other) && is.path == point.path
            };
            let left = observed.mounts.iter().filter(leaves);
            if let Some((other, volume)) =
                left.filter_map(|(other, is)| Some((other, is.source.volume()?))).next()
            {
                return Err(Problem::BeginsEmpty { volume: volume.clone(), slot: other.clone() });
            }
        }
        Ok(vec![Step::Mount { slot: slot.to_owned(), point }])
    }

    /// The mount where there was none.
    fn begin(&self) -> Result<MountPoint, Problem> {
        let source = match &self.source {
            WantedSource::Bind(path) => MountSource::Bind(path.clone()),
            WantedSource::Device(path) => MountSource::Device(path.clone()),
            WantedSource::Volume { volume: Some(volume), .. } => MountSource::Volume(volume.clone()),
            WantedSource::Volume { volume: None, storage: Some(storage), size: Some(size) } => {
                MountSource::New { storage: storage.clone(), size: *size }
            }
            WantedSource::Volume { .. } => return Err(Problem::Incomplete),
        };
        Ok(self.with(source, None))
    }

    /// The volume to attach, if it is mounted at another slot and stays there.
    fn mounted_elsewhere(
        &self,
        slot: &str,
        observed: &Observed,
        wanted: &BTreeMap<String, Self>,
    ) -> Option<Problem> {
        let volume = self.volume()?;
        let stays = |(other, is): &(&String, &MountPoint)| {
            other.as_str() != slot && wanted.contains_key(*other) && is.source.volume() == Some(volume)
        };
        let (other, _) = observed.mounts.iter().find(stays)?;
        Some(Problem::Mounted { volume: volume.clone(), slot: other.clone() })
    }
}
