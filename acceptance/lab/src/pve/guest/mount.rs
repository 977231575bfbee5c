//! Volumes of a container: its root file system, mount points and what was detached.

use std::collections::BTreeMap;

use super::Config;
use crate::pve::schema::{self, Properties};

/// A root file system, mount point or unused volume.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Mount {
    pub(crate) volume: String,
    pub(crate) options: BTreeMap<String, String>,
}

/// Where the bytes of a mount come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A volume of a storage.
    Volume,
    /// A directory of the host.
    Bind,
    /// A block device of the host.
    Device,
}

impl Source {
    /// As refusals name it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Bind => "bind",
            Self::Device => "device",
        }
    }
}

impl Mount {
    /// Whether an option takes a volume in use.
    pub(crate) fn is_key(key: &str) -> bool {
        key == "rootfs" || schema::split_number(key).is_some_and(|(family, _)| family == "mp")
    }

    /// Parses the property string of a mount.
    pub(crate) fn parse(key: &str, text: &str) -> Option<Self> {
        if key.starts_with("unused") {
            return Some(Self { volume: text.to_owned(), ..Self::default() });
        }
        let mut options: Properties =
            schema::parse_properties(key, text, schema::lxc_option(key)?.properties()?).ok()?;
        let volume = options.remove("volume")?;
        Some(Self { volume, options })
    }

    /// The volume, where it is mounted, then the rest sorted.
    pub(crate) fn print(&self) -> String {
        let mp = self.options.get("mp").map(|path| format!(",mp={path}")).unwrap_or_default();
        let rest: String =
            self.options.iter().filter(|(k, _)| *k != "mp").map(|(k, v)| format!(",{k}={v}")).collect();
        format!("{}{mp}{rest}", self.volume)
    }

    pub(crate) fn source(&self) -> Source {
        match &self.volume {
            volume if volume.starts_with("/dev/") => Source::Device,
            volume if volume.starts_with('/') => Source::Bind,
            _ => Source::Volume,
        }
    }

    /// Storage of the volume, where it is one.
    pub(crate) fn storage(&self) -> Option<&str> {
        (self.source() == Source::Volume).then(|| self.volume.split_once(':').map(|(s, _)| s)).flatten()
    }

    /// `local:8`: make a new volume of so many GiB.
    pub(crate) fn new_volume(&self) -> Option<(&str, &str)> {
        let (storage, size) = self.volume.split_once(':')?;
        (!size.is_empty() && size.parse::<f64>().is_ok()).then_some((storage, size))
    }
}

/// All mounts of a container, root file system included, unused volumes left out.
pub(crate) fn mounts(config: &Config) -> Vec<(String, Mount)> {
    let mut list: Vec<(String, Mount)> = config
        .iter()
        .filter(|(k, _)| Mount::is_key(k))
        .filter_map(|(k, v)| Some((k.clone(), Mount::parse(k, v)?)))
        .collect();
    list.sort_by_key(|(key, _)| (key != "rootfs", schema::split_number(key).map_or(0, |(_, n)| n)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_printed_as_recorded() {
        let mount =
            Mount::parse("mp0", "local:100/vm-100-disk-1.raw,size=1G,backup=1,mp=/data").expect("valid");
        assert_eq!(mount.print(), "local:100/vm-100-disk-1.raw,mp=/data,backup=1,size=1G");
    }

    #[test]
    fn sources_are_told_apart() {
        let source = |text: &str| Mount::parse("mp0", text).map(|m| m.source());
        assert_eq!(source("/srv/host,mp=/host"), Some(Source::Bind));
        assert_eq!(source("/dev/sdb1,mp=/host"), Some(Source::Device));
        assert_eq!(source("local:1,mp=/host"), Some(Source::Volume));
    }
}
