//! Bringing an image to a storage of a node.

use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use transport_rest::Budget;

use super::publisher::{Glimpse, PublisherError, ResolvedChecksum};
use super::sniff::{HEAD_BYTES, ImageFormat, NotAnImage, disk_bytes, sniff, sniff_packing};
use super::unpack::{UnpackError, unpack};
use crate::api::{
    ApiError, Checksum, DownloadUrl, Kind, TaskFilter, Upid, UploadImage, VolumeError, VolumeId,
};
use crate::client::Proxmox;

/// No disk image is larger than this: 16 TiB.
const MAX_IMAGE_BYTES: u64 = 16 << 40;

/// Types of tasks that bring files.
const DOWNLOAD: &str = "download";
const UPLOAD: &str = "imgcopy";

/// Lines of an upload's log in which its target is named.
const UPLOAD_LOG: u64 = 50;

/// How long a stopped task may take to end.
const STOPPING: Duration = Duration::from_secs(20);

/// How long a new file may take to be listed on a distributed storage.
const LISTING: Duration = Duration::from_secs(10);

/// Who downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// The node.
    Node,
    /// This machine, which uploads.
    Provider,
}

/// An image and where it goes.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The node.
    pub node: String,
    /// The storage.
    pub storage: String,
    /// `import`, `iso` or `vztmpl`.
    pub content: String,
    /// Its name there.
    pub file_name: String,
    /// Whether the name carries the checksum, so that a file of this name needs no other proof.
    pub named_by_checksum: bool,
    /// Where it is published.
    pub url: String,
    /// Checksum of the published file.
    pub checksum: ResolvedChecksum,
    /// Who downloads.
    pub transfer: Transfer,
}

/// An image on a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its volume.
    pub volume: VolumeId,
    /// Its size in bytes.
    pub size: u64,
    /// Its format.
    pub format: String,
}

/// Why an image did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Proxmox refused or failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The publisher did not deliver.
    #[error(transparent)]
    Publisher(#[from] PublisherError),
    /// The image cannot be unpacked.
    #[error("{url}: {source}")]
    Unpack {
        /// The image.
        url: String,
        /// Why.
        #[source]
        source: UnpackError,
    },
    /// The image is none.
    #[error("{url}: {source}")]
    NotAnImage {
        /// The image.
        url: String,
        /// Why.
        #[source]
        source: NotAnImage,
    },
    /// A file of this name exists and nothing proves that it is this image.
    #[error("{volume} exists already, and nothing proves that it is this image")]
    Occupied {
        /// The file.
        volume: VolumeId,
    },
    /// A name no storage takes.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A temporary file failed.
    #[error("a temporary file failed: {0}")]
    File(#[from] std::io::Error),
}

/// The image, if it is on the storage already.
///
/// # Errors
/// [`DeliveryError::Api`].
pub async fn place(
    px: &Proxmox,
    node: &str,
    volume: &VolumeId,
    budget: &Budget,
) -> Result<Option<Placed>, ApiError> {
    match px.api.volume(node, volume, budget).await {
        Ok(info) => Ok(Some(Placed { volume: volume.clone(), size: info.size, format: info.format })),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Brings the image to the storage unless it is there. Picks up a download that an earlier run left behind.
///
/// # Errors
/// [`DeliveryError`]; when cancelled, the download is stopped first.
pub async fn deliver(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<Placed, DeliveryError> {
    let volume = VolumeId::file(&delivery.storage, &delivery.content, &delivery.file_name)?;
    await_running(px, delivery, budget).await?;
    if let Some(placed) = place(px, &delivery.node, &volume, budget).await? {
        if delivery.named_by_checksum {
            return Ok(placed);
        }
        match delivery.transfer {
            // The node compares an existing file with the checksum, and downloads nothing.
            Transfer::Node if proven_by_node(px, delivery, budget).await? => return Ok(placed),
            // What an earlier run of ours left is written once more: an upload replaces and is verified.
            Transfer::Provider if was_uploaded(px, delivery, budget).await? => {}
            Transfer::Node | Transfer::Provider => return Err(DeliveryError::Occupied { volume }),
        }
    }
    let keys = [format!("storage:{}/{}", delivery.node, delivery.storage)];
    let permits = px.api.begin_work(keys, budget).await?;
    match delivery.transfer {
        Transfer::Node => download(px, delivery, budget).await?,
        Transfer::Provider => upload(px, delivery, budget).await?,
    }
    drop(permits);
    listed(px, &delivery.node, &volume, budget).await
}

/// Removes an image. One that is absent counts as removed.
///
/// # Errors
/// [`ApiError`].
pub async fn remove(px: &Proxmox, node: &str, volume: &VolumeId, budget: &Budget) -> Result<(), ApiError> {
    match px.api.run_optional(budget, || px.api.delete_volume(node, volume, budget)).await {
        Err(error) if error.is_missing() => Ok(()),
        removed => removed.map(drop),
    }
}

/// Waits for deliveries of the same file that an earlier run left running. Which file an upload is for its task
/// does not tell, so that every upload of ours to the node is waited for.
async fn await_running(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<(), ApiError> {
    let filter = TaskFilter { vmid: None, kinds: vec![DOWNLOAD.to_owned(), UPLOAD.to_owned()] };
    let ours = px.api.principal().to_string();
    for task in px.api.running_tasks(&filter, budget).await? {
        let upid = &task.upid;
        let same = match upid.kind() {
            DOWNLOAD => upid.id() == delivery.file_name,
            _ => delivery.transfer == Transfer::Provider && upid.user() == ours && !px.started(upid),
        };
        if same && upid.node() == delivery.node {
            tracing::info!(task = %upid, "waiting for a delivery that runs already");
            // Whether it succeeded shows in the file.
            match px.api.wait(upid, budget).await {
                Err(error) if error.is_interrupted() => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Has the node compare an existing file with the checksum: it downloads nothing then, and never overwrites.
///
/// # Errors
/// [`DeliveryError::Api`] when it could not be compared.
pub async fn proven_by_node(
    px: &Proxmox,
    delivery: &Delivery,
    budget: &Budget,
) -> Result<bool, DeliveryError> {
    match download(px, delivery, budget).await {
        Ok(()) => Ok(true),
        Err(DeliveryError::Api(error))
            if error.is(Kind::ChecksumMismatch) || error.is(Kind::AlreadyExists) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether the file on the storage is the one that an earlier upload of ours put there: the task's log names it.
async fn was_uploaded(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<bool, ApiError> {
    let filter = TaskFilter { vmid: None, kinds: vec![UPLOAD.to_owned()] };
    let ours = px.api.principal().to_string();
    let target = format!("/{}", delivery.file_name);
    for task in px.api.tasks(&filter, budget).await? {
        if task.upid.node() != delivery.node
            || task.upid.user() != ours
            || task.status.as_deref() != Some("OK")
        {
            continue;
        }
        let log = px.api.task_log(&task.upid, 0, UPLOAD_LOG, budget).await?;
        let names_it = |line: &String| line.starts_with("target file:") && line.trim_end().ends_with(&target);
        if log.lines.iter().any(names_it) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn download(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<(), DeliveryError> {
    let (algorithm, value) = delivery.checksum.parts();
    let request = DownloadUrl {
        url: delivery.url.clone(),
        content: delivery.content.clone(),
        filename: delivery.file_name.clone(),
        checksum: Some(Checksum { algorithm: algorithm.to_owned(), value: value.to_owned() }),
        compression: None,
        verify_certificates: None,
    };
    let run = px.api.run(budget, || async {
        let upid = px.api.download_url(&delivery.node, &delivery.storage, &request, &answer_budget()).await?;
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

/// How long the answer to a call that starts a task is waited for, even when the operation is cancelled meanwhile:
/// it names the task, without which nothing could be stopped or kept track of. A node proxies for 30 s.
pub(crate) fn answer_budget() -> Budget {
    Budget::within(Duration::from_secs(40))
}

/// Stops the task that an interrupted wait left running, so that nothing is made behind the user's back.
pub(crate) async fn stop_if_unfinished(px: &Proxmox, error: &ApiError) {
    if let ApiError::TaskUnfinished { upid, .. } = error {
        stop(px, upid).await;
    }
}

/// Stops a task and waits a little for its end.
pub(crate) async fn stop(px: &Proxmox, upid: &Upid) {
    let budget = Budget::within(STOPPING);
    if let Err(error) = px.api.stop_task(upid, &budget).await {
        tracing::warn!(task = %upid, %error, "the task could not be stopped");
    }
    // Its failure is what we asked for.
    let _ = px.api.wait(upid, &budget).await;
}

/// Downloads, unpacks and verifies here, and uploads.
async fn upload(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<(), DeliveryError> {
    let directory = tempfile::Builder::new().prefix("hybridops-image-").tempdir()?;
    let fetched = directory.path().join("fetched");
    px.publisher.fetch(&delivery.url, &delivery.checksum, &fetched, budget).await?;
    let unpacked = directory.path().join(&delivery.file_name);
    let (url, from, to, content) =
        (delivery.url.clone(), fetched.clone(), unpacked.clone(), delivery.content.clone());
    let ready = tokio::task::spawn_blocking(move || prepare(&url, &from, &to, &content));
    let sum = ready.await.map_err(|error| std::io::Error::other(error.to_string()))??;
    let image = UploadImage {
        path: unpacked,
        content: delivery.content.clone(),
        filename: delivery.file_name.clone(),
        checksum: Some(Checksum { algorithm: "sha256".to_owned(), value: sum }),
        progress: None,
    };
    let run = px.api.run(budget, || async {
        let upid = px.api.upload(&delivery.node, &delivery.storage, &image, budget).await?;
        px.note_started(&upid);
        Ok(upid)
    });
    match Box::pin(run).await {
        Ok(_) => Ok(()),
        Err(error) => {
            stop_if_unfinished(px, &error).await;
            remove_torso(px, delivery, &error).await;
            Err(error.into())
        }
    }
}

/// Removes what a stopped or failed upload left of the file: a node copies it in place, and cleans up nothing.
async fn remove_torso(px: &Proxmox, delivery: &Delivery, error: &ApiError) {
    if !matches!(error, ApiError::Task(_) | ApiError::TaskUnfinished { .. }) {
        return;
    }
    let Ok(volume) = VolumeId::file(&delivery.storage, &delivery.content, &delivery.file_name) else {
        return;
    };
    if let Err(error) = remove(px, &delivery.node, &volume, &Budget::within(STOPPING)).await {
        tracing::warn!(%volume, %error, "what an unfinished upload left could not be removed");
    }
}

/// Unpacks a fetched file where it is packed, checks what came out, and answers its SHA-256.
fn prepare(url: &str, from: &Path, to: &PathBuf, content: &str) -> Result<String, DeliveryError> {
    let mut source = std::fs::File::open(from)?;
    let first = head_of(&mut source)?;
    // A container template stays packed: that is its format.
    match sniff_packing(&first).filter(|_| content != "vztmpl") {
        Some(packing) => {
            let mut target = BufWriter::new(std::fs::File::create(to)?);
            unpack(packing, source, &mut target, MAX_IMAGE_BYTES)
                .map_err(|source| DeliveryError::Unpack { url: url.to_owned(), source })?;
            target.flush()?;
        }
        None => std::fs::rename(from, to)?,
    }
    let mut unpacked = std::fs::File::open(to)?;
    // An appliance is an archive of images, which the node looks into itself.
    if content == "import" && to.extension().is_none_or(|extension| extension != "ova") {
        let head = head_of(&mut unpacked)?;
        sniff(&head).map_err(|source| DeliveryError::NotAnImage { url: url.to_owned(), source })?;
    }
    let mut hasher = Sha256::new();
    std::io::copy(&mut unpacked, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn head_of(file: &mut std::fs::File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

/// The new file as the storage lists it; distributed storages may need a moment.
async fn listed(
    px: &Proxmox,
    node: &str,
    volume: &VolumeId,
    budget: &Budget,
) -> Result<Placed, DeliveryError> {
    let patience = budget.shortened(LISTING);
    loop {
        if let Some(placed) = place(px, node, volume, budget).await? {
            return Ok(placed);
        }
        let waiting = || format!("{volume} to be listed");
        patience.sleep(Duration::from_millis(500), waiting).await.map_err(ApiError::from)?;
    }
}

/// What an image is on the storage side, decided before anything is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Whether it must be unpacked on the way.
    pub packed: bool,
    /// Its format once unpacked, where it can be told from outside.
    pub format: Option<ImageFormat>,
    /// Size of the published file in bytes, where the publisher tells it.
    pub size: Option<u64>,
    /// Size of the disk in the image in bytes, where it can be told from outside.
    pub disk: Option<u64>,
    /// The status by which the publisher says that it has no such file.
    pub absent: Option<u16>,
}

/// Looks at a published disk image without downloading it.
///
/// # Errors
/// It is no disk image.
pub async fn look(px: &Proxmox, url: &str, budget: &Budget) -> Result<Looked, NotAnImage> {
    judge(url, &px.publisher.glimpse(url, budget).await)
}

/// What a glimpse of a published disk image tells.
///
/// # Errors
/// It is no disk image.
pub fn judge(url: &str, glimpse: &Glimpse) -> Result<Looked, NotAnImage> {
    let packed = super::sniff::Packing::of_name(&super::publisher::url_name(url)).is_some();
    match glimpse {
        Glimpse::Unseen => Ok(Looked { packed, ..Looked::default() }),
        Glimpse::Absent(status) => Ok(Looked { packed, absent: Some(*status), ..Looked::default() }),
        Glimpse::Seen { head, size } if sniff_packing(head).is_some() => {
            Ok(Looked { packed: true, size: *size, ..Looked::default() })
        }
        Glimpse::Seen { head, size } => {
            let format = sniff(head)?;
            let disk = if format == ImageFormat::Raw { *size } else { disk_bytes(head) };
            Ok(Looked { packed: false, format: Some(format), size: *size, disk, absent: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_counts_more_than_the_name() {
        let seen = |head: &[u8]| {
            let mut head = head.to_vec();
            head.resize(HEAD_BYTES, 0);
            Glimpse::Seen { head, size: Some(7) }
        };
        let looked = judge("https://x/a.img.xz", &seen(b"QFI\xfb")).unwrap();
        assert_eq!((looked.packed, looked.format, looked.size), (false, Some(ImageFormat::Qcow2), Some(7)));
        assert!(judge("https://x/a.qcow2", &seen(b"\x1f\x8b")).unwrap().packed);
        assert!(judge("https://x/a.qcow2", &seen(b"<!DOCTYPE html>")).is_err());
        assert!(judge("https://x/a.qcow2.gz", &Glimpse::Unseen).unwrap().packed);
        assert_eq!(judge("https://x/a.qcow2", &Glimpse::Absent(404)).unwrap().absent, Some(404));
    }
}
