//! Bringing seeds to a storage, and taking away those that nothing refers to.

use std::io::Write as _;

use transport_rest::Budget;

use super::document::{SeedDocuments, SeedPlan, seed_owner};
use super::iso::IsoError;
use crate::api::{
    ApiError, Checksum, ConfigView, GuestRef, Kind, Presence, TaskFilter, UploadImage, Vmid, VolumeError,
    VolumeId,
};
use crate::client::Proxmox;
use crate::images::{answer_budget, place, remove, stop_if_unfinished};

/// Type of the task that puts an uploaded file into place.
const UPLOAD: &str = "imgcopy";

/// Why a seed did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Proxmox refused or failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The documents make no image.
    #[error(transparent)]
    Image(#[from] IsoError),
    /// A name no storage takes.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A temporary file failed.
    #[error("a temporary file failed: {0}")]
    File(#[from] std::io::Error),
    /// What is on the storage is not what was uploaded.
    #[error("{volume} has {found} bytes on the storage, not {expected}")]
    Torn {
        /// The file.
        volume: VolumeId,
        /// Bytes it has.
        found: u64,
        /// Bytes it should have.
        expected: u64,
    },
}

/// Brings a guest's seed to a storage that takes content `iso`, unless it is there. What a killed run uploaded is found
/// by its name, which tells the content, and its size, which tells that it is whole.
///
/// # Errors
/// [`SeedError`]; an upload under way is stopped first.
pub async fn ensure_seed(
    px: &Proxmox,
    node: &str,
    storage: &str,
    vmid: Vmid,
    documents: &SeedDocuments,
    budget: &Budget,
) -> Result<VolumeId, SeedError> {
    let seed = SeedPlan::new(vmid, documents)?;
    let volume = seed.volume(storage)?;
    let _held = px.hold_file(node, storage, volume.file_name()).await;
    let whole = |size: u64| size == seed.bytes().len() as u64;
    let mut found = place(px, node, &volume, budget).await?;
    if found.as_ref().is_some_and(|placed| !whole(placed.size)) {
        // A killed run's upload may still be on its way into place.
        settle_uploads(px, node, budget).await?;
        found = place(px, node, &volume, budget).await?;
    }
    if found.is_some_and(|placed| whole(placed.size)) {
        return Ok(volume);
    }
    upload(px, node, storage, &seed, budget).await?;
    match place(px, node, &volume, budget).await? {
        Some(placed) if whole(placed.size) => Ok(volume),
        placed => {
            let found = placed.map(|placed| placed.size).unwrap_or_default();
            Err(SeedError::Torn { volume, found, expected: seed.bytes().len() as u64 })
        }
    }
}

async fn settle_uploads(px: &Proxmox, node: &str, budget: &Budget) -> Result<(), ApiError> {
    let filter = TaskFilter { vmid: None, kinds: vec![UPLOAD.to_owned()] };
    let ours = px.api.principal().to_string();
    for task in px.api.running_tasks(&filter, budget).await? {
        let upid = &task.upid;
        if upid.node() != node || upid.user() != ours || px.started(upid) {
            continue;
        }
        // Whether it succeeded shows in the file.
        match px.api.wait(upid, budget).await {
            Err(error) if error.is_interrupted() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

async fn upload(
    px: &Proxmox,
    node: &str,
    storage: &str,
    seed: &SeedPlan,
    budget: &Budget,
) -> Result<(), SeedError> {
    // Only this user may read it: it may hold secrets. It goes when it is dropped.
    let mut file = tempfile::Builder::new().prefix("hybridops-seed-").tempfile()?;
    file.write_all(seed.bytes())?;
    file.flush()?;
    let image = UploadImage {
        path: file.path().to_owned(),
        content: "iso".to_owned(),
        filename: seed.file_name(),
        checksum: Some(Checksum { algorithm: "sha256".to_owned(), value: seed.digest().to_owned() }),
        progress: None,
    };
    let _permits = px.api.begin_work([format!("storage:{node}/{storage}")], budget).await?;
    let run = px.api.run(budget, || async {
        let upid = px.api.upload(node, storage, &image, &answer_budget()).await?;
        px.note_started(&upid);
        Ok(upid)
    });
    match Box::pin(run).await {
        Ok(_) => Ok(()),
        Err(error) => {
            stop_if_unfinished(px, &error).await;
            Err(error.into())
        }
    }
}

/// Removes seeds of a guest from a storage, apart from `keep` and those the guest still refers to: in its configuration,
/// in what waits for its next start, in a snapshot. Answers those that were removed.
///
/// # Errors
/// [`ApiError`]; what cannot be proven unused stays.
pub async fn remove_seeds(
    px: &Proxmox,
    node: &str,
    storage: &str,
    vmid: Vmid,
    keep: Option<&VolumeId>,
    budget: &Budget,
) -> Result<Vec<VolumeId>, ApiError> {
    let listed = match px.api.volumes(node, storage, Some("iso"), None, budget).await {
        Ok(listed) => listed,
        Err(error) if error.is(Kind::Missing) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let seeds: Vec<VolumeId> = listed
        .into_iter()
        .map(|volume| volume.volid)
        .filter(|volume| seed_owner(volume) == Some(vmid) && Some(volume) != keep)
        .collect();
    if seeds.is_empty() {
        return Ok(Vec::new());
    }
    let Some(texts) = configurations(px, vmid, budget).await? else { return Ok(Vec::new()) };
    let mut removed = Vec::new();
    for volume in seeds {
        let name = volume.to_string();
        if texts.iter().any(|text| text.split(',').next() == Some(name.as_str())) {
            continue;
        }
        let _held = px.hold_file(node, storage, volume.file_name()).await;
        remove(px, node, &volume, budget).await?;
        removed.push(volume);
    }
    Ok(removed)
}

/// Every value of every configuration a guest has; `None` when it cannot be seen.
async fn configurations(px: &Proxmox, vmid: Vmid, budget: &Budget) -> Result<Option<Vec<String>>, ApiError> {
    let guest = match px.api.presence(vmid, budget).await? {
        Presence::Present(guest) => GuestRef::from(&*guest),
        Presence::Gone => return Ok(Some(Vec::new())),
        Presence::Unclear(why) => {
            tracing::warn!(vmid, "its seeds are left alone: {why}");
            return Ok(None);
        }
    };
    let mut texts = Vec::new();
    let pending = px.api.guest_pending(&guest, budget).await?;
    for view in [ConfigView::Current, ConfigView::Pending] {
        texts.extend(pending.view(view).iter().map(|(_, text)| text.to_owned()));
    }
    for snapshot in px.api.snapshots(&guest, budget).await? {
        let config = px.api.snapshot_config(&guest, &snapshot.name, budget).await?;
        texts.extend(config.iter().map(|(_, text)| text.to_owned()));
    }
    Ok(Some(texts))
}
