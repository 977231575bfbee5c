//! What a guest is made from: the clone's source, and where it can be cloned to.

use serde_json::{Map, Value as Json, json};
use tf_framework::Computed;

use super::model::*;
use super::observe::{Drive, drives};
use crate::api::{Guest, GuestConfig, GuestKind, Inventory, PropertyString, Vmid, VolumeId};

/// Whether a source is named.
pub(super) fn is_clone(source: &CloneSource) -> bool {
    source.vmid.known().is_some_and(Option::is_some) || source.template.known().is_some_and(Option::is_some)
}

/// Whether an archive is named.
pub(super) fn is_restore(source: &RestoreSource) -> bool {
    source.archive.known().is_some_and(Option::is_some)
}

/// Why there is no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSource {
    /// No guest of that number is seen.
    #[error(
        "there is no guest {0} in the cluster that this account can see: it is gone, or the account lacks VM.Audit on /vms/{0}"
    )]
    Number(Vmid),
    /// No template of that name is seen.
    #[error("there is no template named {name:?} that this account can see; there are {there}")]
    Name {
        /// The name.
        name: String,
        /// Those there are.
        there: String,
    },
    /// A container.
    #[error("guest {0} is a container")]
    Container(Vmid),
    /// Nothing is named.
    #[error("neither `vmid` nor `template` is set")]
    Nothing,
}

/// The guest to clone: by number, or the template of a name, of several the one on the wished node, else the one of
/// the highest number.
///
/// # Errors
/// [`NoSource`].
pub(super) fn find(
    inventory: &Inventory,
    source: &CloneSource,
    node: Option<&str>,
) -> Result<Guest, NoSource> {
    if let Some(Some(vmid)) = source.vmid.known() {
        let guest = inventory.guest(*vmid).ok_or(NoSource::Number(*vmid))?;
        return match guest.kind {
            GuestKind::Qemu => Ok(guest.clone()),
            GuestKind::Lxc => Err(NoSource::Container(*vmid)),
        };
    }
    let Some(Some(name)) = source.template.known() else { return Err(NoSource::Nothing) };
    let templates = || inventory.guests().filter(|guest| guest.template && guest.kind == GuestKind::Qemu);
    let best = templates()
        .filter(|guest| guest.name == *name)
        .max_by_key(|guest| (Some(guest.node.as_str()) == node, guest.vmid));
    best.cloned().ok_or_else(|| {
        let mut names: Vec<&str> = templates().map(|guest| guest.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        NoSource::Name { name: name.clone(), there }
    })
}

/// How a clone gets to its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// It is made where its source is.
    Here,
    /// It is made on the target at once: the disks are shared.
    Direct,
    /// It is made beside its source and then moved.
    Then,
    /// A linked clone cannot leave the storage of its template.
    Never(String),
}

/// How a clone of `source` with this configuration gets to `target`.
pub(super) fn route(
    inventory: &Inventory,
    source: &Guest,
    config: &GuestConfig,
    clone: &CloneSource,
    target: &str,
) -> Route {
    if source.node == target {
        return Route::Here;
    }
    let shared = |name: &str| inventory.storages().any(|entry| entry.storage == name && entry.shared);
    let mut storages: Vec<String> = [Drive::Disk, Drive::CloudInit]
        .into_iter()
        .flat_map(|sort| drives(config, sort))
        .chain(
            ["efidisk0", "tpmstate0"]
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), config.get(key)?.to_owned()))),
        )
        .filter_map(|(_, text)| storage_in(&text))
        .collect();
    storages.extend(clone.storage.known().cloned().flatten());
    storages.sort_unstable();
    storages.dedup();
    match storages.into_iter().find(|name| !shared(name)) {
        None => Route::Direct,
        Some(local) if !is_full(clone, source) => Route::Never(local),
        Some(_) => Route::Then,
    }
}

/// Whether disks are copied.
pub(super) fn is_full(clone: &CloneSource, source: &Guest) -> bool {
    clone.full.known().copied().flatten().unwrap_or(true) || !source.template
}

fn storage_in(text: &str) -> Option<String> {
    let property = PropertyString::parse(text, Some("file")).ok()?;
    let volume: VolumeId = property.get("file")?.parse().ok()?;
    Some(volume.storage().to_owned())
}

/// What the stamp remembers of the making.
pub(super) fn remembered(vm: &Vm) -> Map<String, Json> {
    let mut made = Map::new();
    if let Some(source) = vm.clone.known().filter(|source| is_clone(source)) {
        let text = |value: &Computed<Option<String>>| value.known().cloned().flatten();
        made.insert(
            "clone".to_owned(),
            json!({
                "vmid": source.vmid.known().copied().flatten(), "template": text(&source.template),
                "full": source.full.known().copied().flatten(), "storage": text(&source.storage),
                "format": text(&source.format), "snapshot": text(&source.snapshot),
            }),
        );
    }
    if let Some(source) = vm.restore.known().filter(|source| is_restore(source)) {
        made.insert(
            "restore".to_owned(),
            json!({
                "archive": source.archive.known().cloned().flatten(),
                "storage": source.storage.known().cloned().flatten(),
                "unique": source.unique.known().copied().flatten(),
            }),
        );
    }
    made
}

fn text(json: &Json, key: &str) -> Computed<Option<String>> {
    Computed::Known(json[key].as_str().map(str::to_owned))
}

/// The clone's source as the stamp remembers it.
pub(super) fn clone_from(made: &Map<String, Json>) -> CloneSource {
    let json = made.get("clone").cloned().unwrap_or_default();
    CloneSource {
        vmid: Computed::Known(json["vmid"].as_u64().and_then(|vmid| u32::try_from(vmid).ok())),
        template: text(&json, "template"),
        full: Computed::Known(json["full"].as_bool()),
        storage: text(&json, "storage"),
        format: text(&json, "format"),
        snapshot: text(&json, "snapshot"),
    }
}

/// The archive as the stamp remembers it.
pub(super) fn restore_from(made: &Map<String, Json>) -> RestoreSource {
    let json = made.get("restore").cloned().unwrap_or_default();
    RestoreSource {
        archive: text(&json, "archive"),
        storage: text(&json, "storage"),
        unique: Computed::Known(json["unique"].as_bool()),
    }
}
