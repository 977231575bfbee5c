//! Volume names: `local:iso/debian.iso`, `local:100/vm-100-disk-0.qcow2`, `zfs:base-300-disk-0/vm-301-disk-0`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::api::Vmid;

/// A text that names no volume.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a volume: expected storage:name")]
pub struct VolumeError(String);

/// A storage and a name within it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VolumeId {
    storage: String,
    name: String,
}

/// Content kinds that stand in front of a file name.
const CONTENT: &[&str] = &["iso", "vztmpl", "import", "backup", "snippets", "images"];

impl VolumeId {
    /// A volume of a content kind: `storage:iso/name`.
    ///
    /// # Errors
    /// [`VolumeError`] when either part is empty or the storage is no identifier.
    pub fn file(storage: &str, content: &str, file_name: &str) -> Result<Self, VolumeError> {
        format!("{storage}:{content}/{file_name}").parse()
    }

    /// The storage.
    pub fn storage(&self) -> &str {
        &self.storage
    }

    /// The name within the storage, as the API wants it in paths together with the storage.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last part of the name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// `iso`, `vztmpl`, `import`, `backup` or `snippets`; `images` for guest disks.
    pub fn content(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        CONTENT.iter().find(|kind| self.name.contains('/') && **kind == first).unwrap_or(&"images")
    }

    /// The guest a disk belongs to: the one whose name stands last, not the base it is cloned from.
    pub fn vmid(&self) -> Option<Vmid> {
        if self.content() != "images" {
            return None;
        }
        let mut words = self.file_name().split('-');
        let prefix = words.next()?;
        let number = words.next().and_then(|word| word.parse().ok());
        if matches!(prefix, "vm" | "base" | "subvol" | "basevol") && number.is_some() {
            return number;
        }
        self.name.split('/').next()?.parse().ok()
    }

    /// The format by the name's ending; names without one are `subvol` or `raw` on block storages. `None` for
    /// an ending that says nothing.
    pub fn format(&self) -> Option<&'static str> {
        const ENDINGS: &[(&str, &str)] = &[
            (".qcow2", "qcow2"),
            (".raw", "raw"),
            (".img", "raw"),
            (".vmdk", "vmdk"),
            (".subvol", "subvol"),
            (".iso", "iso"),
            (".ova", "ova"),
            (".tar.zst", "tzst"),
            (".tar.gz", "tgz"),
            (".tar.xz", "txz"),
        ];
        let file = self.file_name();
        if let Some((_, format)) = ENDINGS.iter().find(|(ending, _)| file.ends_with(ending)) {
            return Some(format);
        }
        match self.content() {
            "images" if file.starts_with("subvol-") || file.starts_with("basevol-") => Some("subvol"),
            "images" if !file.contains('.') => Some("raw"),
            _ => None,
        }
    }

    /// Whether this disk is a linked clone of another.
    pub fn is_linked(&self) -> bool {
        self.content() == "images"
            && self
                .name
                .split('/')
                .rev()
                .skip(1)
                .any(|part| part.starts_with("base-") || part.starts_with("basevol-"))
    }
}

impl FromStr for VolumeId {
    type Err = VolumeError;

    fn from_str(text: &str) -> Result<Self, VolumeError> {
        let fault = || VolumeError(text.to_owned());
        let (storage, name) = text.split_once(':').ok_or_else(fault)?;
        let mut letters = storage.bytes();
        let good = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !good || name.is_empty() || name.contains(['\n', ',']) || name.split('/').any(|part| part == "..")
        {
            return Err(fault());
        }
        Ok(Self { storage: storage.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.storage, self.name)
    }
}

impl<'de> Deserialize<'de> for VolumeId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_name_tells() {
        let told = |text: &str| {
            let volume: VolumeId = text.parse().unwrap();
            assert_eq!(volume.to_string(), text);
            (volume.content().to_owned(), volume.vmid(), volume.format(), volume.is_linked())
        };
        let disk = |vmid, format, linked| ("images".to_owned(), Some(vmid), Some(format), linked);
        assert_eq!(told("local:iso/tiny.iso"), ("iso".into(), None, Some("iso"), false));
        assert_eq!(told("local:import/100-cloud.qcow2"), ("import".into(), None, Some("qcow2"), false));
        assert_eq!(told("local:100/vm-100-disk-0.qcow2"), disk(100, "qcow2", false));
        assert_eq!(told("local:300/base-300-disk-0.qcow2/303/vm-303-disk-0.qcow2"), disk(303, "qcow2", true));
        assert_eq!(told("local-lvm:vm-100-disk-0"), disk(100, "raw", false));
        assert_eq!(told("zfs:base-300-disk-0/vm-301-disk-0"), disk(301, "raw", true));
        assert_eq!(told("zfs:subvol-310-disk-0"), disk(310, "subvol", false));
        assert_eq!(told("local:400/bad.raw"), disk(400, "raw", false));
        let backup = "local:backup/vzdump-lxc-310-2026_11_21-06_26_23.tar.zst";
        assert_eq!(told(backup), ("backup".into(), None, Some("tzst"), false));
    }

    #[test]
    fn bad_names_are_refused() {
        for bad in ["", "local", ":x", "local:", "1x:y", "lo cal:x", "/etc/passwd", "local:../x", "a:b,c"] {
            assert!(bad.parse::<VolumeId>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            if let Ok(volume) = text.parse::<VolumeId>() {
                prop_assert_eq!(volume.to_string(), text);
                let _ = (volume.vmid(), volume.format(), volume.content().to_owned(), volume.is_linked());
            }
        }

        #[test]
        fn disks_name_their_guest(vmid in 100_u32..1_000_000, index in 0_u32..99) {
            let directory: VolumeId = format!("local:{vmid}/vm-{vmid}-disk-{index}.qcow2").parse().unwrap();
            let block: VolumeId = format!("lvm:vm-{vmid}-disk-{index}").parse().unwrap();
            prop_assert_eq!((directory.vmid(), block.vmid()), (Some(vmid), Some(vmid)));
        }
    }
}
