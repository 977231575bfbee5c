//! Volume names: what they mean and where their files are.

use std::path::PathBuf;

use super::{Plugin, Storage};
use crate::pve::cluster::Cluster;
use crate::pve::reply::{Outcome, Refusal};

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Images,
    Iso,
    Vztmpl,
    Import,
    Snippets,
    Backup,
}

/// Directory contents: (kind, content type, sub-directory).
pub(crate) const DIRECTORIES: &[(Kind, &str, &str)] = &[
    (Kind::Iso, "iso", "template/iso"),
    (Kind::Vztmpl, "vztmpl", "template/cache"),
    (Kind::Import, "import", "import"),
    (Kind::Snippets, "snippets", "snippets"),
    (Kind::Backup, "backup", "dump"),
];

/// Sub-directory of a content type.
pub(crate) fn subdir(content: &str) -> Option<&'static str> {
    if content == "images" || content == "rootdir" {
        return Some("images");
    }
    DIRECTORIES.iter().find(|(_, name, _)| *name == content).map(|(_, _, dir)| *dir)
}

/// A parsed volume name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) storage: String,
    pub(crate) kind: Kind,
    pub(crate) owner: Option<u32>,
    /// File or logical volume name.
    pub(crate) name: String,
    /// Base a linked clone is built on: (VM id, name).
    pub(crate) base: Option<(u32, String)>,
    pub(crate) format: String,
}

/// A volume with its places.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) volume: Volume,
    pub(crate) storage: Storage,
    /// The file in the laboratory.
    pub(crate) real: PathBuf,
    /// The path a real server would show.
    pub(crate) shown: String,
}

impl Volume {
    /// Parses `storage:name` for the kind of storage it lies on.
    pub(crate) fn parse(volid: &str, storage: &Storage) -> Outcome<Self> {
        let name = volid.split_once(':').map(|(_, n)| n).unwrap_or_default();
        let parsed = match storage.plugin {
            Plugin::Dir => Self::parse_dir(&storage.id, name),
            Plugin::LvmThin => Self::parse_lvm(&storage.id, name),
        };
        let what = match storage.plugin {
            Plugin::Dir => "directory",
            Plugin::LvmThin => "lvm",
        };
        parsed.ok_or_else(|| Refusal::died(format!("unable to parse {what} volume name '{name}'")))
    }

    fn parse_dir(storage: &str, name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('/').collect();
        let (owner, file, base) = match parts.as_slice() {
            [base_owner, base, owner, file] => {
                (*owner, *file, Some((base_owner.parse().ok()?, (*base).to_owned())))
            }
            [first, file] => match DIRECTORIES.iter().find(|(_, content, _)| content == first) {
                Some((kind, _, _)) => return Self::parse_file(storage, *kind, file),
                None => (*first, *file, None),
            },
            _ => return None,
        };
        let extension = file.rsplit_once('.').map(|(_, e)| e)?;
        let format = matches!(extension, "raw" | "qcow2" | "vmdk").then(|| extension.to_owned())?;
        Some(Self {
            storage: storage.to_owned(),
            kind: Kind::Images,
            owner: Some(owner.parse().ok()?),
            name: file.to_owned(),
            base,
            format,
        })
    }

    fn parse_file(storage: &str, kind: Kind, file: &str) -> Option<Self> {
        let lower = file.to_ascii_lowercase();
        let ends = |list: &[&'static str]| list.iter().find(|e| lower.ends_with(&format!(".{e}"))).copied();
        let format = match kind {
            Kind::Iso => ends(&["iso", "img"]).map(|_| "iso")?,
            Kind::Vztmpl => match ends(&["tar.gz", "tar.xz", "tar.zst"])? {
                "tar.gz" => "tgz",
                "tar.xz" => "txz",
                _ => "tzst",
            },
            Kind::Import => ends(&["qcow2", "raw", "vmdk", "ova", "ovf"])?,
            Kind::Snippets => "snippet",
            Kind::Backup => {
                ends(&["vma.zst", "vma.gz", "vma.lzo", "vma", "tar.zst", "tar.gz", "tar.lzo", "tar"])?
            }
            Kind::Images => return None,
        };
        // `vzdump-lxc-310-2026_11_21-06_26_23.tar.zst`
        let of_guest = || file.strip_prefix("vzdump-")?.split('-').nth(1)?.parse().ok();
        Some(Self {
            storage: storage.to_owned(),
            kind,
            owner: (kind == Kind::Backup).then(of_guest).flatten(),
            name: file.to_owned(),
            base: None,
            format: format.to_owned(),
        })
    }

    fn parse_lvm(storage: &str, name: &str) -> Option<Self> {
        let owner = name.strip_prefix("vm-").or_else(|| name.strip_prefix("base-"))?.split('-').next()?;
        Some(Self {
            storage: storage.to_owned(),
            kind: Kind::Images,
            owner: Some(owner.parse().ok()?),
            name: name.to_owned(),
            base: None,
            format: "raw".to_owned(),
        })
    }

    /// Path below the storage's directory.
    pub(crate) fn relative(&self, plugin: Plugin) -> String {
        match (plugin, self.kind, self.owner) {
            (Plugin::Dir, Kind::Images, Some(owner)) => format!("images/{owner}/{}", self.name),
            (Plugin::Dir, kind, _) => {
                let dir = DIRECTORIES.iter().find(|(k, _, _)| *k == kind).map_or("images", |(_, _, d)| *d);
                format!("{dir}/{}", self.name)
            }
            (Plugin::LvmThin, _, _) => self.name.clone(),
        }
    }

    /// The volume id.
    pub(crate) fn volid(&self, plugin: Plugin) -> String {
        let own = match (plugin, self.kind, self.owner) {
            (Plugin::Dir, Kind::Images, Some(owner)) => format!("{owner}/{}", self.name),
            (Plugin::Dir, kind, _) => {
                let content =
                    DIRECTORIES.iter().find(|(k, _, _)| *k == kind).map_or("images", |(_, c, _)| *c);
                format!("{content}/{}", self.name)
            }
            (Plugin::LvmThin, _, _) => self.name.clone(),
        };
        match &self.base {
            Some((owner, base)) => format!("{}:{owner}/{base}/{own}", self.storage),
            None => format!("{}:{own}", self.storage),
        }
    }

    /// Content type it belongs to.
    pub(crate) fn content(&self) -> &'static str {
        DIRECTORIES.iter().find(|(k, _, _)| *k == self.kind).map_or("images", |(_, c, _)| *c)
    }

    /// Part of a template, and so not to be written.
    pub(crate) fn is_base(&self) -> bool {
        self.name.starts_with("base-")
    }
}

impl Cluster {
    /// Finds the places of a volume on a node.
    pub(crate) fn locate(&self, node: &str, volid: &str) -> Outcome<Located> {
        let id = volid.split_once(':').map_or(volid, |(s, _)| s);
        let storage = self.state().storage_on(id, node)?;
        let volume = Volume::parse(volid, &storage)?;
        Ok(self.place(node, storage, volume))
    }

    /// The places of a volume.
    pub(crate) fn place(&self, node: &str, storage: Storage, volume: Volume) -> Located {
        let relative = volume.relative(storage.plugin);
        let real = self.storage_dir(node, &storage).join(&relative);
        let shown = format!("{}/{relative}", storage.path);
        Located { volume, storage, real, shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        let local = Storage::dir("local", "/var/lib/vz", &["images"]);
        for volid in [
            "local:200/vm-200-disk-0.raw",
            "local:300/base-300-disk-0.qcow2/303/vm-303-disk-0.qcow2",
            "local:iso/a.iso",
            "local:import/a.qcow2",
            "local:vztmpl/d.tar.zst",
        ] {
            let volume = Volume::parse(volid, &local).expect("parses");
            assert_eq!(volume.volid(Plugin::Dir), volid);
        }
        let thin = Storage::lvmthin("thin");
        assert_eq!(Volume::parse("thin:vm-1-disk-0", &thin).expect("parses").owner, Some(1));
        assert!(Volume::parse("local:nonsense", &local).is_err());
        assert!(Volume::parse("local:import/a.img", &local).is_err());
    }
}
