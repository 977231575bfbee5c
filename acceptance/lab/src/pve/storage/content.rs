//! What lies on a storage.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::volume::DIRECTORIES;
use super::{Kind, Plugin, Storage, Volume, inspect};
use crate::pve::cluster::Cluster;

/// A volume found on a storage.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) volume: Volume,
    pub(crate) volid: String,
    pub(crate) size: u64,
    pub(crate) used: u64,
    pub(crate) parent: Option<String>,
    pub(crate) ctime: u64,
    /// Notes beside a backup.
    pub(crate) notes: Option<String>,
    /// A backup that must not be removed.
    pub(crate) protected: bool,
}

impl Entry {
    /// As a content listing shows it.
    pub(crate) fn json(&self) -> Value {
        let mut item = json!({
            "volid": self.volid, "content": self.volume.content(), "format": self.volume.format,
            "size": self.size, "ctime": self.ctime,
        });
        if self.volume.kind == Kind::Images {
            item["used"] = json!(self.used);
            item["parent"] = json!(self.parent);
            item["vmid"] = json!(self.volume.owner);
        }
        if self.volume.kind == Kind::Backup {
            // `vzdump-lxc-310-2026_11_21-06_26_23.tar.zst`
            if let Some(owner) = self.volume.owner {
                item["vmid"] = json!(owner);
                item["subtype"] = json!(self.volume.name.split('-').nth(1));
            }
            if let Some(notes) = &self.notes {
                item["notes"] = json!(notes);
            }
            if self.protected {
                item["protected"] = json!(1);
            }
        }
        item
    }
}

/// Lists volumes, sorted by id.
pub(crate) fn list(cluster: &Cluster, node: &str, storage: &Storage) -> Vec<Entry> {
    let root = cluster.storage_dir(node, storage);
    let mut found = Vec::new();
    match storage.plugin {
        Plugin::LvmThin => walk(&root, |name| {
            found.extend(entry(storage, &root.join(name), &format!("{}:{name}", storage.id)));
        }),
        Plugin::Dir => {
            for (_, content, dir) in DIRECTORIES {
                let dir = root.join(dir);
                walk(&dir, |name| {
                    found.extend(entry(
                        storage,
                        &dir.join(name),
                        &format!("{}:{content}/{name}", storage.id),
                    ));
                });
            }
            let images = root.join("images");
            walk(&images, |owner| {
                let dir = images.join(owner);
                walk(&dir, |name| {
                    found.extend(entry(storage, &dir.join(name), &format!("{}:{owner}/{name}", storage.id)));
                });
            });
        }
    }
    found.sort_by(|a, b| a.volid.cmp(&b.volid));
    found
}

/// The file that tells something about a backup.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn walk(dir: &Path, mut each: impl FnMut(&str)) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.filter_map(Result::ok) {
        // Files in the making carry the server's temporary suffix.
        if let Some(name) = entry.file_name().to_str().filter(|n| !n.contains(".tmp_dwnl.")) {
            each(name);
        }
    }
}

fn entry(storage: &Storage, path: &Path, volid: &str) -> Option<Entry> {
    let meta = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut volume = Volume::parse(volid, storage).ok()?;
    let ctime = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let mut found = Entry {
        volid: volid.to_owned(),
        size: meta.len(),
        used: meta.blocks() * 512,
        parent: None,
        ctime,
        notes: None,
        protected: false,
        volume: volume.clone(),
    };
    if volume.kind == Kind::Backup {
        found.notes = std::fs::read_to_string(beside(path, "notes")).ok();
        found.protected = beside(path, "protected").exists();
    }
    if volume.kind == Kind::Images {
        let image = inspect(path, Some(&volume.format))?;
        found.size = image.size;
        found.used = image.used;
        if let Some(backing) = image.backing.filter(|_| storage.plugin == Plugin::Dir) {
            let mut parts = backing.rsplit('/');
            if let (Some(base), Some(owner)) = (parts.next(), parts.next().and_then(|o| o.parse().ok())) {
                volume.base = Some((owner, base.to_owned()));
            }
            found.parent = Some(backing);
        }
        found.volid = volume.volid(storage.plugin);
        found.volume = volume;
    }
    Some(found)
}
