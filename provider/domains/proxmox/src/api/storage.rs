//! Storages and what lies on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form, Progress, Request, Upload};

use super::Vmid;
use super::client::Client;
use super::codec::{VolumeId, lenient};
use super::error::ApiError;
use super::upid::Upid;

/// A storage as one node sees it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Storage {
    /// Its name; absent when asked for by name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub storage: String,
    /// `dir`, `lvmthin`, `zfspool` and so on.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: String,
    /// Content kinds it takes.
    #[serde(default, deserialize_with = "lenient::set")]
    pub content: BTreeSet<String>,
    /// Whether it can be used now.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub active: bool,
    /// Whether it is switched on.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub enabled: bool,
    /// Whether all nodes see the same files.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub shared: bool,
    /// Bytes in all.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub total: u64,
    /// Bytes in use.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub used: u64,
    /// Bytes free.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub avail: u64,
}

/// A storage as configured for the cluster.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct StorageConfig {
    /// Its name.
    pub storage: String,
    /// `dir`, `lvmthin`, `zfspool` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// Content kinds it takes.
    #[serde(default, deserialize_with = "lenient::set")]
    pub content: BTreeSet<String>,
    /// The nodes that have it; empty for all.
    #[serde(default, deserialize_with = "lenient::set")]
    pub nodes: BTreeSet<String>,
    /// Whether all nodes see the same files.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub shared: bool,
    /// Whether it is switched off.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub disable: bool,
    /// The configuration's digest.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub digest: Option<String>,
    /// All else, by the plugin's names.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A volume in a list.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub volid: VolumeId,
    /// `iso`, `images`, `backup` and so on.
    #[serde(default, deserialize_with = "lenient::text")]
    pub content: String,
    /// `qcow2`, `raw`, `tzst` and so on.
    #[serde(default, deserialize_with = "lenient::text")]
    pub format: String,
    /// Its size in bytes: for disks, as the guest sees it.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub size: u64,
    /// Bytes it takes up.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub used: Option<u64>,
    /// The guest it belongs to.
    #[serde(default, deserialize_with = "lenient::opt_vmid")]
    pub vmid: Option<Vmid>,
    /// When it was made, in seconds since the epoch.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub ctime: Option<u64>,
    /// The disk it is a linked clone of.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub parent: Option<String>,
    /// A backup's notes.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub notes: Option<String>,
    /// Whether a backup is protected.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub protected: bool,
}

/// One volume's attributes.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct VolumeInfo {
    /// Its path on the node.
    #[serde(default, deserialize_with = "lenient::text")]
    pub path: String,
    /// `qcow2`, `raw` and so on.
    #[serde(default, deserialize_with = "lenient::text")]
    pub format: String,
    /// Its size in bytes: for disks, as the guest sees it.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub size: u64,
    /// Bytes it takes up.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub used: u64,
}

/// An expected checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// `sha256`, `sha512`, `md5` and so on.
    pub algorithm: String,
    /// In hexadecimal.
    pub value: String,
}

/// A download that a node makes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadUrl {
    /// From where.
    pub url: String,
    /// `iso`, `vztmpl` or `import`.
    pub content: String,
    /// The name it gets; its ending must fit the content.
    pub filename: String,
    /// What it must hash to.
    pub checksum: Option<Checksum>,
    /// `gz`, `lzo`, `zst` or `bz2`: unpacked on arrival.
    pub compression: Option<String>,
    /// Whether the source's certificate is checked; the server's own default is to check.
    pub verify_certificates: Option<bool>,
}

/// An upload of a local file.
#[derive(Clone)]
pub struct UploadImage {
    /// The local file.
    pub path: PathBuf,
    /// `iso`, `vztmpl` or `import`.
    pub content: String,
    /// The name it gets; its ending must fit the content.
    pub filename: String,
    /// What it must hash to, verified by the server.
    pub checksum: Option<Checksum>,
    /// Called as bytes leave.
    pub progress: Option<Progress>,
}

impl std::fmt::Debug for UploadImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadImage").field("path", &self.path).field("filename", &self.filename).finish()
    }
}

/// What a node learns about a URL without downloading it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct UrlMetadata {
    /// The name the source gives it.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub filename: Option<String>,
    /// Its size in bytes.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub size: Option<u64>,
    /// Its media type.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub mimetype: Option<String>,
}

fn checksum(form: Form, checksum: Option<&Checksum>) -> Form {
    match checksum {
        Some(checksum) => {
            form.text("checksum", &checksum.value).text("checksum-algorithm", &checksum.algorithm)
        }
        None => form,
    }
}

impl Client {
    /// A node's storages.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn storages(&self, node: &str, budget: &Budget) -> Result<Vec<Storage>, ApiError> {
        self.read(["nodes", node, "storage"], budget).await
    }

    /// One storage of a node.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn storage(&self, node: &str, storage: &str, budget: &Budget) -> Result<Storage, ApiError> {
        let found: Storage = self.read(["nodes", node, "storage", storage, "status"], budget).await?;
        Ok(Storage { storage: storage.to_owned(), ..found })
    }

    /// The cluster's storage configuration.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn storage_configs(&self, budget: &Budget) -> Result<Vec<StorageConfig>, ApiError> {
        self.read(["storage"], budget).await
    }

    /// One storage's configuration.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn storage_config(&self, storage: &str, budget: &Budget) -> Result<StorageConfig, ApiError> {
        self.read(["storage", storage], budget).await
    }

    /// Volumes on a storage, of one content kind or all. Files whose names no call takes are left out.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn volumes(
        &self,
        node: &str,
        storage: &str,
        content: Option<&str>,
        vmid: Option<Vmid>,
        budget: &Budget,
    ) -> Result<Vec<Volume>, ApiError> {
        let query = Form::new().maybe("content", content).maybe("vmid", vmid);
        let path = ["nodes", node, "storage", storage, "content"];
        let lines: Vec<Value> = self.read_with(path, query, budget).await?;
        let named = |line: Value| match serde_json::from_value(line) {
            Ok(volume) => Some(volume),
            Err(error) => {
                tracing::debug!(storage, %error, "a volume that cannot be read is left out");
                None
            }
        };
        Ok(lines.into_iter().filter_map(named).collect())
    }

    /// Volumes of one content kind, once for all readers until something is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn shared_volumes(
        &self,
        node: &str,
        storage: &str,
        content: &str,
        budget: &Budget,
    ) -> Result<Arc<Vec<Volume>>, ApiError> {
        let listing = {
            let mut listings = self.core.listings.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(listings.entry(format!("{node}/{storage}/{content}")).or_default())
        };
        let (client, place) = (self.clone(), [node, storage, content].map(str::to_owned));
        let shared = listing.get(|| async move {
            let [node, storage, content] = &place;
            // No budget of its own: it is shared by many, and stops with the last of them.
            client.volumes(node, storage, Some(content), None, &Budget::unlimited()).await
        });
        budget.run(|| format!("the contents of storage {storage} on {node}"), shared).await?
    }

    /// One volume.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::Missing`] when there is none.
    pub async fn volume(
        &self,
        node: &str,
        volume: &VolumeId,
        budget: &Budget,
    ) -> Result<VolumeInfo, ApiError> {
        self.read(volume_path(node, volume), budget).await
    }

    /// Deletes a volume; `None` when the server did so at once. A volume that is absent counts as deleted.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_volume(
        &self,
        node: &str,
        volume: &VolumeId,
        budget: &Budget,
    ) -> Result<Option<Upid>, ApiError> {
        self.write(Request::delete(volume_path(node, volume)).idempotent(), budget).await
    }

    /// Has a node download a file.
    ///
    /// # Errors
    /// [`ApiError`]; that the source has no such file shows only when the task ends.
    pub async fn download_url(
        &self,
        node: &str,
        storage: &str,
        download: &DownloadUrl,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let form = Form::new()
            .text("content", &download.content)
            .text("filename", &download.filename)
            .text("url", &download.url)
            .maybe("compression", download.compression.as_deref())
            .maybe_flag("verify-certificates", download.verify_certificates);
        let form = checksum(form, download.checksum.as_ref());
        self.write(Request::post(["nodes", node, "storage", storage, "download-url"]).form(form), budget)
            .await
    }

    /// Uploads a file.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn upload(
        &self,
        node: &str,
        storage: &str,
        image: &UploadImage,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let mut upload =
            Upload::new("filename", &image.filename, &image.path).field("content", &image.content);
        if let Some(checksum) = &image.checksum {
            upload =
                upload.field("checksum", &checksum.value).field("checksum-algorithm", &checksum.algorithm);
        }
        if let Some(progress) = &image.progress {
            upload = upload.progress(progress.clone());
        }
        self.write(Request::post(["nodes", node, "storage", storage, "upload"]).upload(upload), budget).await
    }

    /// Has a node ask a URL for name, size and type.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::DownloadFailed`] when the source does not answer as hoped.
    pub async fn query_url_metadata(
        &self,
        node: &str,
        url: &str,
        verify_certificates: Option<bool>,
        budget: &Budget,
    ) -> Result<UrlMetadata, ApiError> {
        let query = Form::new().text("url", url).maybe_flag("verify-certificates", verify_certificates);
        self.read_with(["nodes", node, "query-url-metadata"], query, budget).await
    }
}

fn volume_path(node: &str, volume: &VolumeId) -> transport_rest::Path {
    transport_rest::Path::from(["nodes", node, "storage", volume.storage(), "content", &volume.to_string()])
}
