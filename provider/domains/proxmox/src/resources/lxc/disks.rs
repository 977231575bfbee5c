//! Root disk and mount points between the model and the server.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Computed;

use super::model::*;
use super::mounts::{Observed, Wanted, WantedSource};
use super::settings::{mount_points, size, unused};
use crate::api::{GuestConfig, MountPoint, MountSource, PropertyString, Vmid, VolumeId};

/// The root disk's slot.
pub(super) const ROOT: &str = "rootfs";

/// What a container's configuration says of its mount points.
pub(super) fn observed(vmid: Vmid, config: &GuestConfig) -> Observed {
    Observed { vmid, mounts: mount_points(config), unused: unused(config) }
}

/// The same from the state, without asking anybody.
pub(super) fn remembered(state: &Lxc) -> Observed {
    let volume = |text: &String| text.parse::<VolumeId>().ok();
    let detached = state.detached_volumes.known().into_iter().flatten();
    Observed {
        vmid: state.vmid.known().copied().unwrap_or_default(),
        mounts: state
            .mounts
            .known()
            .into_iter()
            .flatten()
            .filter_map(|(slot, mount)| Some((slot.clone(), point_of(mount)?)))
            .collect(),
        unused: detached.filter_map(|(slot, text)| Some((slot.clone(), volume(text)?))).collect(),
    }
}

fn point_of(mount: &Mount) -> Option<MountPoint> {
    let wanted = wanted(mount);
    let source = match wanted.source {
        WantedSource::Bind(path) => MountSource::Bind(path),
        WantedSource::Device(path) => MountSource::Device(path),
        WantedSource::Volume { volume: Some(volume), .. } => MountSource::Volume(volume),
        WantedSource::Volume { storage, size, .. } => MountSource::New { storage: storage?, size: size? },
    };
    let size = mount.size.known().cloned().flatten().and_then(|text| size(&text));
    Some(MountPoint { source, size, ..wanted.point })
}

/// A mount as the planner wants it.
pub(super) fn wanted(mount: &Mount) -> Wanted {
    let text = |value: &Computed<Option<String>>| value.known().cloned().flatten();
    let source = match (&mount.bind, &mount.device) {
        (Some(path), _) => WantedSource::Bind(path.clone()),
        (None, Some(path)) => WantedSource::Device(path.clone()),
        (None, None) => WantedSource::Volume {
            volume: text(&mount.volume).and_then(|volume| volume.parse().ok()),
            storage: text(&mount.storage),
            size: text(&mount.size).and_then(|text| size(&text)),
        },
    };
    let mut other = PropertyString::new();
    if let Some(idmap) = &mount.idmap {
        other.set("idmap", idmap);
    }
    let point = MountPoint {
        source: MountSource::Bind(String::new()),
        path: mount.path.clone(),
        size: None,
        acl: mount.acl,
        backup: mount.backup.then_some(true),
        quota: mount.quota,
        replicate: mount.replicate,
        read_only: mount.read_only,
        shared: mount.shared,
        mount_options: mount.mount_options.clone(),
        other,
    };
    Wanted { source, point }
}

/// All mounts of a model that manages them.
pub(super) fn wanted_mounts(lxc: &Lxc) -> Option<BTreeMap<String, Wanted>> {
    let mounts = lxc.mounts.known()?;
    Some(mounts.iter().map(|(slot, mount)| (slot.clone(), wanted(mount))).collect())
}

/// Slots whose volumes go with them.
pub(super) fn destroyed_with(lxc: &Lxc) -> BTreeSet<String> {
    let mounts = lxc.mounts.known().into_iter().flatten();
    mounts.filter(|(_, mount)| mount.on_remove == OnRemove::Delete).map(|(slot, _)| slot.clone()).collect()
}

/// Fills in what a configuration tells of disks. What no server tells comes from `before`.
pub(super) fn observe_disks(config: &GuestConfig, before: Option<&Lxc>, lxc: &mut Lxc) {
    if let Some(point) = config.get(ROOT).and_then(|text| MountPoint::parse(text).ok()) {
        lxc.root_disk = Computed::Known(root_disk(&point));
    }
    let had = |slot: &str| before.and_then(|before| before.mounts.known()?.get(slot).cloned());
    let mounts = mount_points(config);
    let mounts = mounts.iter().map(|(slot, point)| (slot.clone(), mount(point, had(slot).as_ref())));
    lxc.mounts = Computed::Known(mounts.collect());
    let kept = unused(config).into_iter().map(|(slot, volume)| (slot, volume.to_string()));
    lxc.detached_volumes = Computed::Known(kept.collect());
}

fn root_disk(point: &MountPoint) -> RootDisk {
    RootDisk {
        storage: Computed::Known(point.source.storage().unwrap_or_default().to_owned()),
        size: Computed::Known(point.size.map(|size| size.to_string()).unwrap_or_default()),
        acl: point.acl,
        quota: point.quota,
        replicate: point.replicate,
        mount_options: point.mount_options.clone(),
        volume: Computed::Known(point.source.volume().map(ToString::to_string).unwrap_or_default()),
    }
}

fn mount(point: &MountPoint, before: Option<&Mount>) -> Mount {
    let (mut bind, mut device) = (None, None);
    match &point.source {
        MountSource::Bind(path) => bind = Some(path.clone()),
        MountSource::Device(path) => device = Some(path.clone()),
        MountSource::Volume(_) | MountSource::New { .. } => {}
    }
    let size = match &point.source {
        MountSource::New { size, .. } => Some(*size),
        _ => point.size,
    };
    Mount {
        path: point.path.clone(),
        storage: Computed::Known(point.source.storage().map(str::to_owned)),
        size: Computed::Known(size.map(|size| size.to_string())),
        volume: Computed::Known(point.source.volume().map(ToString::to_string)),
        bind,
        device,
        acl: point.acl,
        backup: point.backup.unwrap_or_default(),
        quota: point.quota,
        replicate: point.replicate,
        read_only: point.read_only,
        shared: point.shared,
        mount_options: point.mount_options.clone(),
        idmap: point.other.get("idmap").map(str::to_owned),
        on_remove: before.map_or(OnRemove::Detach, |before| before.on_remove),
    }
}

/// The root disk as the planner of mounts wants it: what it can do for them it does for it.
pub(super) fn wanted_root(root: &RootDisk, seen: &MountPoint) -> Wanted {
    let point = MountPoint {
        acl: root.acl,
        quota: root.quota,
        replicate: root.replicate,
        mount_options: root.mount_options.clone(),
        ..seen.clone()
    };
    let source = WantedSource::Volume {
        volume: None,
        storage: root.storage.known().cloned(),
        size: root.size.known().and_then(|text| size(text)),
    };
    Wanted { source, point }
}

/// A root disk that is to be made, as the server wants it; `None` while it does not say where or how large.
pub(super) fn new_root(root: &RootDisk) -> Option<String> {
    let source = MountSource::New {
        storage: root.storage.known()?.clone(),
        size: root.size.known().and_then(|text| size(text))?,
    };
    let point = MountPoint {
        acl: root.acl,
        quota: root.quota,
        replicate: root.replicate,
        mount_options: root.mount_options.clone(),
        ..MountPoint::new(source, "/")
    };
    point.format().ok()
}
