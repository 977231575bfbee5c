//! Storages, their volumes, and the files behind them.

mod bytes;
mod content;
mod image;
mod types;
mod volume;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};

use super::cluster::{Cluster, State};
use super::reply::{Outcome, Refusal};

pub(crate) use bytes::{fingerprint, mark, write as write_into};
pub(crate) use content::{Entry, beside, list};
pub(crate) use image::{copy_sparse, create_image, inspect, qemu_img};
pub(crate) use types::Type;
pub(crate) use volume::{Kind, Located, Volume, subdir};

/// How a storage keeps its volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// A directory; all formats, all contents. Also what NFS and CIFS look like from above.
    Dir,
    /// Thin LVM: raw volumes only, guest disks only.
    LvmThin,
}

/// A storage definition.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) id: String,
    pub(crate) plugin: Plugin,
    /// Type name as configured (`dir`, `nfs`, `lvmthin`).
    pub(crate) kind: String,
    /// Path the real server would show.
    pub(crate) path: String,
    pub(crate) content: BTreeSet<String>,
    pub(crate) shared: bool,
    pub(crate) disabled: bool,
    pub(crate) nodes: Option<BTreeSet<String>>,
    /// Other options, echoed as they came.
    pub(crate) options: BTreeMap<String, String>,
    /// Bytes in all.
    pub(crate) capacity: u64,
    /// A blip: the storage does not answer.
    pub(crate) broken: bool,
}

impl Storage {
    /// A directory storage.
    pub(crate) fn dir(id: &str, path: &str, content: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            plugin: Plugin::Dir,
            kind: "dir".to_owned(),
            path: path.to_owned(),
            content: content.iter().map(|c| (*c).to_owned()).collect(),
            shared: false,
            disabled: false,
            nodes: None,
            options: BTreeMap::new(),
            capacity: 270_553_174_016,
            broken: false,
        }
    }

    /// A thin LVM storage.
    pub(crate) fn lvmthin(id: &str) -> Self {
        Self {
            plugin: Plugin::LvmThin,
            kind: "lvmthin".to_owned(),
            options: [("thinpool".to_owned(), "data".to_owned()), ("vgname".to_owned(), "pve".to_owned())]
                .into(),
            ..Self::dir(id, "/dev/pve", &["images", "rootdir"])
        }
    }

    /// Whether a node may use it.
    pub(crate) fn on_node(&self, node: &str) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.contains(node))
    }

    pub(crate) fn holds(&self, content: &str) -> bool {
        self.content.contains(content)
    }

    pub(crate) fn content_text(&self) -> String {
        self.content.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }

    /// Format of a new guest disk where none is asked for.
    pub(crate) fn default_format(&self) -> &'static str {
        "raw"
    }

    /// Name of the lock file that serialises allocation.
    pub(crate) fn lock_name(&self, node: &str) -> String {
        if self.shared {
            format!("/etc/pve/priv/lock/storage-{}", self.id)
        } else {
            // One file per node: the node is only in our name for it.
            format!("/var/lock/pve-manager/pve-storage-{}@{node}", self.id)
        }
    }

    /// Where the files really are.
    pub(crate) fn real_dir(&self, root: &Path, node: &str) -> PathBuf {
        if self.shared {
            root.join("shared").join(&self.id)
        } else {
            root.join("nodes").join(node).join(&self.id)
        }
    }
}

impl State {
    /// Digest over all storage definitions.
    pub(crate) fn storage_digest(&self) -> String {
        let mut text = String::new();
        for s in self.storages.values() {
            text.push_str(&format!(
                "{}: {}\n\tpath {}\n\tcontent {}\n\tdisable {}\n\tnodes {:?}\n\t{:?}\n",
                s.kind,
                s.id,
                s.path,
                s.content_text(),
                s.disabled,
                s.nodes,
                s.options
            ));
        }
        sha1_hex(text.as_bytes())
    }

    /// A storage that exists.
    pub(crate) fn storage(&self, id: &str) -> Outcome<&Storage> {
        self.storages.get(id).ok_or_else(|| Refusal::died(format!("storage '{id}' does not exist")))
    }

    /// A storage usable on a node.
    pub(crate) fn storage_on(&self, id: &str, node: &str) -> Outcome<Storage> {
        let storage = self.storage(id)?;
        if storage.disabled {
            return Err(Refusal::died(format!("storage '{id}' is disabled")));
        }
        if !storage.on_node(node) {
            return Err(Refusal::died(format!("storage '{id}' is not available on node '{node}'")));
        }
        if storage.broken {
            return Err(Refusal::died(format!("storage '{id}' is not online")));
        }
        Ok(storage.clone())
    }
}

impl Cluster {
    /// Directory of a storage as seen from a node, made where missing.
    pub(crate) fn storage_dir(&self, node: &str, storage: &Storage) -> PathBuf {
        storage.real_dir(&self.config.root, node)
    }

    /// Bytes used on a storage: blocks of all its files.
    pub(crate) fn storage_used(&self, node: &str, storage: &Storage) -> u64 {
        disk_usage(&self.storage_dir(node, storage))
    }
}

fn disk_usage(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries
        .filter_map(Result::ok)
        .filter_map(|e| Some((e.path(), e.metadata().ok()?)))
        .map(|(path, meta)| if meta.is_dir() { disk_usage(&path) } else { meta.blocks() * 512 })
        .sum()
}

pub(crate) fn sha1_hex(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Bytes as the API writes sizes: the largest unit that divides evenly.
pub(crate) fn format_size(bytes: u64) -> String {
    let mut value = bytes;
    for (unit, next) in [("", "K"), ("K", "M"), ("M", "G"), ("G", "T")] {
        if !value.is_multiple_of(1024) {
            return format!("{value}{unit}");
        }
        value /= 1024;
        if next == "T" {
            break;
        }
    }
    format!("{value}T")
}

/// A size with an optional unit, in bytes; a bare number counts `default_unit` bytes.
pub(crate) fn parse_size(text: &str, default_unit: u64) -> Option<u64> {
    let (number, unit) = match text.char_indices().last()? {
        (at, 'K') => (&text[..at], 1 << 10),
        (at, 'M') => (&text[..at], 1 << 20),
        (at, 'G') => (&text[..at], 1 << 30),
        (at, 'T') => (&text[..at], 1 << 40),
        _ => (text, default_unit),
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(unit);
    }
    let fraction: f64 = number.parse().ok()?;
    // Sizes stay far below 2^52, where a double is still exact.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    (fraction >= 0.0).then_some((fraction * unit as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_as_recorded() {
        assert_eq!(format_size(1 << 30), "1G");
        assert_eq!(format_size(540_672), "528K");
        assert_eq!(format_size(4 << 20), "4M");
        assert_eq!(format_size(0), "0T");
        assert_eq!(format_size(1 << 40), "1T");
        assert_eq!(parse_size("1.5G", 1), Some(3 << 29));
        assert_eq!(parse_size("2", 1 << 30), Some(2 << 30));
        assert_eq!(parse_size("x", 1), None);
    }

    proptest! {
        #[test]
        fn size_round_trip(bytes in 0u64..(1 << 50)) {
            prop_assert_eq!(parse_size(&format_size(bytes), 1), Some(bytes));
        }
    }
}
