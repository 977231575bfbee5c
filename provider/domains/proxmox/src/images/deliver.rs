//! Bringing an image to a storage of a node.

use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use transport_rest::Budget;

use super::publisher::{PublisherError, ResolvedChecksum};
use super::sniff::{HEAD_BYTES, disk_bytes, ImageFormat, NotAnImage, sniff, sniff_packing};
use super::unpack::{UnpackError, unpack};
use crate::api::{ApiError, Checksum, DownloadUrl, TaskFilter, Upid, UploadImage, VolumeError, VolumeId};
use crate::client::Proxmox;

/// No disk image is larger than this: 16 TiB.
const MAX_IMAGE_BYTES: u64 = 16 << 40;

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
        if delivery.named_by_checksum || was_delivered(px, delivery, budget).await? {
            return Ok(placed);
        }
        return Err(DeliveryError::Occupied { volume });
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

/// Waits for deliveries of the same file that this run did not start: until a copy is complete, the file that is
/// already listed is not.
async fn await_running(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<(), ApiError> {
    let filter = TaskFilter { vmid: None, kinds: vec!["download".to_owned(), "imgcopy".to_owned()] };
    let ours = px.api.principal().to_string();
    // The task of an upload does not tell the file.
    let may_be = |upid: &Upid| match upid.kind() {
        "imgcopy" => delivery.transfer == Transfer::Provider && upid.user() == ours && !px.started(upid),
        _ => upid.id() == delivery.file_name,
    };
    for task in px.api.running_tasks(&filter, budget).await? {
        if task.upid.node() == delivery.node && may_be(&task.upid) {
            tracing::info!(task = %task.upid, "waiting for a delivery that runs already");
            // Whether it succeeded shows in the file.
            match px.api.wait(&task.upid, budget).await {
                Err(error) if error.is_interrupted() => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether we downloaded this file earlier: the node verified the checksum then.
async fn was_delivered(px: &Proxmox, delivery: &Delivery, budget: &Budget) -> Result<bool, ApiError> {
    let filter = TaskFilter { vmid: None, kinds: vec!["download".to_owned()] };
    let ours = px.api.principal().to_string();
    let tasks = px.api.tasks(&filter, budget).await?;
    Ok(tasks.iter().any(|task| {
        task.upid.node() == delivery.node
            && task.upid.id() == delivery.file_name
            && task.upid.user() == ours
            && task.status.as_deref() == Some("OK")
    }))
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
    let run = px.api.run(budget, || px.api.download_url(&delivery.node, &delivery.storage, &request, budget));
    match Box::pin(run).await {
        Ok(_) => Ok(()),
        Err(error) => {
            stop_if_unfinished(px, &error).await;
            Err(error.into())
        }
    }
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
    let image = &image;
    let run = px.api.run(budget, || async move {
        let upid = px.api.upload(&delivery.node, &delivery.storage, image, budget).await?;
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
    if content == "import" {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Whether it must be unpacked on the way.
    pub packed: bool,
    /// Its format once unpacked, where it can be told from outside.
    pub format: Option<ImageFormat>,
    /// The size of its disk in bytes, where it can be told from outside.
    pub disk: Option<u64>,
}

/// Looks at a published image without downloading it.
///
/// # Errors
/// It is no disk image.
pub async fn look(px: &Proxmox, url: &str, budget: &Budget) -> Result<Looked, NotAnImage> {
    let named = super::sniff::Packing::of_name(&super::publisher::url_name(url));
    let Some(head) = px.publisher.head(url, budget).await else {
        return Ok(Looked { packed: named.is_some(), format: None, disk: None });
    };
    if sniff_packing(&head).is_some() {
        return Ok(Looked { packed: true, format: None, disk: None });
    }
    sniff(&head).map(|format| Looked { packed: false, format: Some(format), disk: disk_bytes(&head) })
}
