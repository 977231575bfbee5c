//! `rootfs` and `mpN` of a container: `local:100/vm-100-disk-1.raw,mp=/data,backup=1,size=1G`.

use std::collections::BTreeSet;
use std::fmt;

use super::property::{PropertyError, PropertyString};
use super::size::DiskSize;
use super::volume::VolumeId;

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A volume of a storage.
    Volume(VolumeId),
    /// A volume that the server is to allocate, of so many bytes. Never read back.
    New {
        /// The storage.
        storage: String,
        /// Its size.
        size: DiskSize,
    },
    /// A directory of the host.
    Bind(String),
    /// A block device of the host, below `/dev/`.
    Device(String),
}

impl MountSource {
    fn read(text: &str) -> Result<Self, PropertyError> {
        if text.starts_with("/dev/") {
            return Ok(Self::Device(text.to_owned()));
        }
        if text.starts_with('/') {
            return Ok(Self::Bind(text.to_owned()));
        }
        let fault = || PropertyError::Malformed(text.to_owned());
        // A staged allocation reads back as it was sent: a storage and a number of GiB.
        if let Some((storage, count)) = text.split_once(':')
            && count.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && let Ok(size) = format!("{count}G").parse()
        {
            return Ok(Self::New { storage: storage.to_owned(), size });
        }
        text.parse().map(Self::Volume).map_err(|_| fault())
    }

    /// The storage of a volume.
    pub fn storage(&self) -> Option<&str> {
        match self {
            Self::Volume(volume) => Some(volume.storage()),
            Self::New { storage, .. } => Some(storage),
            Self::Bind(_) | Self::Device(_) => None,
        }
    }

    /// The volume, once there is one.
    pub fn volume(&self) -> Option<&VolumeId> {
        match self {
            Self::Volume(volume) => Some(volume),
            _ => None,
        }
    }
}

impl fmt::Display for MountSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volume(volume) => volume.fmt(f),
            // The server reads GiB, with a fraction where it must be.
            Self::New { storage, size } if size.0.is_multiple_of(1 << 30) => {
                write!(f, "{storage}:{}", size.0 >> 30)
            }
            Self::New { storage, size } => {
                // Exact: a fraction of a GiB in steps of 2^-20 has at most 20 decimals, and MiB are enough here.
                let mib = size.0.div_ceil(1 << 20);
                let fraction = format!("{:010}", (u128::from(mib % 1024) * 10_000_000_000) / 1024);
                write!(f, "{storage}:{}.{}", mib / 1024, fraction.trim_end_matches('0'))
            }
            Self::Bind(path) | Self::Device(path) => f.write_str(path),
        }
    }
}

/// A mount point. What this client does not know stays in `other`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// What is mounted.
    pub source: MountSource,
    /// Where in the container; `/` for the root disk.
    pub path: String,
    /// The size of a volume as the server tells it.
    pub size: Option<DiskSize>,
    /// Access control lists; the host's default when absent.
    pub acl: Option<bool>,
    /// Whether backups include it; absent where the server's default counts.
    pub backup: Option<bool>,
    /// Quotas inside the container.
    pub quota: bool,
    /// Whether storage replication includes it.
    pub replicate: bool,
    /// Read-only.
    pub read_only: bool,
    /// Whether every node sees the same under this name.
    pub shared: bool,
    /// `noatime`, `discard` and so on.
    pub mount_options: BTreeSet<String>,
    /// Keys this client does not know, such as a mount's own `idmap`.
    pub other: PropertyString,
}

impl MountPoint {
    /// A mount with nothing but what it must have.
    pub fn new(source: MountSource, path: impl Into<String>) -> Self {
        Self {
            source,
            path: path.into(),
            size: None,
            acl: None,
            backup: None,
            quota: false,
            replicate: true,
            read_only: false,
            shared: false,
            mount_options: BTreeSet::new(),
            other: PropertyString::new(),
        }
    }

    /// Reads the wire text; without a path it is a root disk.
    ///
    /// # Errors
    /// [`PropertyError`].
    pub fn parse(text: &str) -> Result<Self, PropertyError> {
        let mut rest = PropertyString::parse(text, Some("volume"))?;
        let volume = rest.remove("volume").ok_or_else(|| PropertyError::Malformed(text.to_owned()))?;
        let mut point =
            Self::new(MountSource::read(&volume)?, rest.remove("mp").unwrap_or_else(|| "/".to_owned()));
        let mut flag = |key: &str| rest.remove(key).map(|value| is_on(&value));
        point.acl = flag("acl");
        point.backup = flag("backup");
        point.quota = flag("quota").unwrap_or_default();
        point.replicate = flag("replicate").unwrap_or(true);
        point.read_only = flag("ro").unwrap_or_default();
        point.shared = flag("shared").unwrap_or_default();
        point.size = rest.remove("size").and_then(|size| size.parse().ok());
        point.mount_options = rest.remove("mountoptions").map(|text| options(&text)).unwrap_or_default();
        point.other = PropertyString::new();
        rest.iter().for_each(|(key, value)| point.other.set(key, value));
        Ok(point)
    }

    /// The wire text.
    ///
    /// # Errors
    /// [`PropertyError`] for values the format cannot hold.
    pub fn format(&self) -> Result<String, PropertyError> {
        let mut string = PropertyString::with_default("volume");
        string.set("volume", self.source.to_string());
        if self.path != "/" {
            string.set("mp", &self.path);
        }
        let mut set = |key: &str, value: Option<bool>| value.map(|value| string.set_flag(key, value));
        set("acl", self.acl);
        set("backup", self.backup);
        set("quota", self.quota.then_some(true));
        set("replicate", (!self.replicate).then_some(false));
        set("ro", self.read_only.then_some(true));
        set("shared", self.shared.then_some(true));
        if !self.mount_options.is_empty() {
            string.set("mountoptions", self.mount_options.iter().cloned().collect::<Vec<_>>().join(";"));
        }
        self.other.iter().for_each(|(key, value)| string.set(key, value));
        if let Some(size) = self.size.filter(|_| self.source.volume().is_some()) {
            string.set("size", size.to_string());
        }
        string.format()
    }

    /// Whether two mounts differ in nothing but the place and the size of their volume.
    pub fn same_options(&self, other: &Self) -> bool {
        let backup = |point: &Self| point.backup.unwrap_or_default();
        self.path == other.path
            && self.acl == other.acl
            && backup(self) == backup(other)
            && self.quota == other.quota
            && self.replicate == other.replicate
            && self.read_only == other.read_only
            && self.shared == other.shared
            && self.mount_options == other.mount_options
    }
}

fn options(text: &str) -> BTreeSet<String> {
    text.split(';').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_on(text: &str) -> bool {
    super::lenient::truth(&serde_json::Value::from(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_recorded() {
        let data = MountPoint::parse("local:100/vm-100-disk-1.raw,mp=/data,backup=1,size=1G").unwrap();
        assert_eq!(
            data.source.volume().map(ToString::to_string).as_deref(),
            Some("local:100/vm-100-disk-1.raw")
        );
        assert_eq!((data.path.as_str(), data.backup, data.size), ("/data", Some(true), DiskSize::gib(1)));
        assert_eq!(data.format().unwrap(), "local:100/vm-100-disk-1.raw,mp=/data,backup=1,size=1G");
        let root = MountPoint::parse("local:100/vm-100-disk-0.raw,size=2560M").unwrap();
        assert_eq!((root.path.as_str(), root.size), ("/", Some(DiskSize(2560 << 20))));
        let bind = MountPoint::parse("/srv/host,mp=/host,ro=1,mountoptions=noatime;nodev").unwrap();
        assert_eq!(bind.source, MountSource::Bind("/srv/host".into()));
        assert!(bind.read_only && bind.mount_options.len() == 2);
        let device = MountPoint::parse("volume=/dev/sdb1,mp=/disk").unwrap();
        assert_eq!(device.source, MountSource::Device("/dev/sdb1".into()));
    }

    #[test]
    fn what_is_to_be_allocated() {
        let new = |text: &str| {
            MountSource::New { storage: "local".into(), size: text.parse().unwrap() }.to_string()
        };
        assert_eq!(new("8G"), "local:8");
        assert_eq!(new("512M"), "local:0.5");
        assert_eq!(new("1536M"), "local:1.5");
        let staged = MountPoint::parse("local:8,mp=/data").unwrap();
        assert_eq!(staged.source, MountSource::New { storage: "local".into(), size: DiskSize(8 << 30) });
    }

    #[test]
    fn what_is_not_known_is_kept() {
        let point = MountPoint::parse("local:8,mp=/data,idmap=passthrough").unwrap();
        assert!(point.format().unwrap().ends_with("idmap=passthrough"));
        assert!(MountPoint::parse("mp=/data").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            source in prop_oneof![
                "/srv/[a-z]{1,8}".prop_map(MountSource::Bind),
                "/dev/sd[a-z]1".prop_map(MountSource::Device),
                (100_u32..999, 0_u32..9).prop_map(|(vmid, index)| {
                    MountSource::Volume(format!("zfs:subvol-{vmid}-disk-{index}").parse().unwrap())
                }),
                (1_u64..4096).prop_map(|mib| MountSource::New {
                    storage: "local".into(), size: DiskSize(mib << 20),
                }),
            ],
            path in "/[a-z]{1,8}(/[a-z]{1,8})?",
            size in proptest::option::of(1_u64..100),
            acl: Option<bool>,
            backup: Option<bool>,
            flags in any::<(bool, bool, bool, bool)>(),
            mount_options in proptest::collection::btree_set("(discard|noatime|nodev)", 0..3),
        ) {
            let (quota, replicate, read_only, shared) = flags;
            let size = size.and_then(DiskSize::gib).filter(|_| source.volume().is_some());
            let point = MountPoint {
                source, path, size, acl, backup, quota, replicate, read_only, shared, mount_options,
                other: PropertyString::new(),
            };
            prop_assert_eq!(MountPoint::parse(&point.format().unwrap()), Ok(point));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = MountPoint::parse(&text);
        }
    }
}
