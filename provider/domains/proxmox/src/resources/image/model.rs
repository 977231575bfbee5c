//! What an image looks like in configuration and state.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Choice, Computed, Model, Resource, Timeouts};

/// An ISO image, container template or disk image to import, on a storage of one or more nodes of Proxmox VE.
///
/// The file is verified against its checksum, given or taken from the publisher's sums file. Its name carries the
/// checksum unless you choose one, so that a new image lies **beside** the old one: it is delivered to every node, then
/// the old file is removed. Nodes are added and removed in place. On a shared storage one copy serves all nodes. A node
/// that is offline, or a storage that is, is never taken for a lost file.
///
/// A run that was killed is picked up by the next one: a download that still runs is waited for, a file that arrived
/// is verified and kept. Two resources must not share a file: destroying one would take it from the other.
///
/// An imported image is known by its file only. Say where it comes from in the import id to import without a change
/// (see Import); otherwise the next apply compares the file with the configured checksum and records both, changing
/// nothing on the server.
#[derive(Debug, Clone, PartialEq, Resource)]
#[resource(
    name = "proxmox_image",
    subcategory = "Proxmox VE",
    version = 0,
    identity(volume_id, node(optional))
)]
pub struct Image {
    /// Volume id, the same as `volume_id`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Nodes that must have the image. On a shared storage one copy serves all of them.
    #[attr(validate(items(1..), each(matches(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", "the name of a node"))))]
    pub nodes: BTreeSet<String>,
    /// Storage the image is kept on, the same on every node. It must take the content type.
    #[attr(replace, validate(matches(r"^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$", "the name of a storage")))]
    pub storage: String,
    /// What the file is: `import` for a disk image that guests are made from, `iso`, or `vztmpl` for a container template.
    #[attr(replace)]
    pub content: Content,
    /// Where the image is published: `http://` or `https://`. Images packed with gz, xz, zst or bz2 are unpacked on the
    /// way (container templates stay packed). Null only after an import, until the next apply.
    #[attr(required, validate(matches(r"^https?://\S+$", "an http:// or https:// URL")))]
    pub url: Option<String>,
    /// Checksum of the published file, `sha256:…` or `sha512:…`. Exactly one of `checksum` and `checksum_url`.
    #[attr(eq = case_insensitive, validate(matches(r"^(sha256:[0-9A-Fa-f]{64}|sha512:[0-9A-Fa-f]{128})$", "`sha256:` or `sha512:` and the digest in hexadecimal"), exactly_one_of(checksum_url)))]
    pub checksum: Option<String>,
    /// The publisher's sums file (SHA256SUMS or SHA512SUMS) that names the image. A new sum there is a new image: the
    /// plan shows it in `image_checksum`.
    #[attr(validate(matches(r"^https?://\S+$", "an http:// or https:// URL")))]
    pub checksum_url: Option<String>,
    /// Name of the file on the storage. Derived from the URL, with the beginning of the checksum, unless set. Under a
    /// name you set there is room for one image only: new content then replaces the resource, which removes the old file
    /// first.
    #[attr(optional, stable)]
    pub file_name: Computed<String>,
    /// Who downloads: the `node`, or the `provider` which then uploads. The node, unless the image must be unpacked.
    pub transfer: Option<Transfer>,
    /// Volume ids by node.
    #[attr(stable)]
    pub volumes: Computed<BTreeMap<String, String>>,
    /// Volume id, `local:import/debian-12-0123456789ab.qcow2`; the same on every node.
    #[attr(stable)]
    pub volume_id: Computed<String>,
    /// One of the nodes: the first in order when the image was made, as long as it stays among `nodes`.
    #[attr(stable)]
    pub node: Computed<String>,
    /// Checksum the published file was verified with, `sha256:…`; null for an imported image until the next apply.
    #[attr(stable)]
    pub image_checksum: Computed<Option<String>>,
    /// Size of the file in bytes.
    #[attr(stable)]
    pub size: Computed<u64>,
    /// Format of the file as Proxmox names it: `qcow2`, `raw`, `iso`, `tzst` …
    #[attr(stable)]
    pub format: Computed<String>,
    /// Files of this resource that are not, or no longer, its image: an old image that could not be removed, a new one
    /// whose delivery did not come to its end, a file that was changed by somebody else. The next apply removes them.
    #[attr(stable)]
    pub leftovers: Computed<Vec<ImageCopy>>,
    /// What destroying the resource does to the files.
    #[attr(default = OnDestroy::Delete)]
    pub on_destroy: OnDestroy,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// What a file on a storage is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Content {
    /// A disk image that guests are made from.
    Import,
    /// An ISO image.
    Iso,
    /// A container template.
    Vztmpl,
}

impl Content {
    /// What it is to people.
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::Import => "disk images to import",
            Self::Iso => "ISO images",
            Self::Vztmpl => "container templates",
        }
    }
}

/// Who downloads an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Transfer {
    /// The Proxmox node, by the API's download-url.
    Node,
    /// The machine Terraform runs on, which uploads the image.
    Provider,
}

/// What destroying an image does to its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnDestroy {
    /// The files are deleted.
    Delete,
    /// The files stay; Terraform forgets them.
    Keep,
}

/// A file on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Model)]
pub struct ImageCopy {
    /// The node.
    #[attr(computed)]
    pub node: String,
    /// Its volume id.
    #[attr(computed)]
    pub volume_id: String,
}

impl Image {
    /// The files that are the image, as far as they are known to exist.
    pub(super) fn copies(&self) -> Vec<ImageCopy> {
        let volumes = self.volumes.known().into_iter().flatten();
        volumes.map(|(node, volume)| ImageCopy { node: node.clone(), volume_id: volume.clone() }).collect()
    }

    /// The files that are not, or no longer, the image.
    pub(super) fn leftover_copies(&self) -> Vec<ImageCopy> {
        self.leftovers.known().cloned().unwrap_or_default()
    }
}
