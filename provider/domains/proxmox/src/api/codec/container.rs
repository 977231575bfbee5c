//! Smaller strings of a container: `features`, `devN`, and of every guest: `startup`.

use std::collections::BTreeSet;

use super::property::{PropertyError, PropertyString};

/// `features`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LxcFeatures {
    /// Containers inside the container.
    pub nesting: bool,
    /// The keyctl system call.
    pub keyctl: bool,
    /// FUSE file systems.
    pub fuse: bool,
    /// Unprivileged mknod.
    pub mknod: bool,
    /// `/sys` writable in an unprivileged container.
    pub force_rw_sys: bool,
    /// File system types that may be mounted inside.
    pub mount: BTreeSet<String>,
}

const FLAGS: [&str; 5] = ["nesting", "keyctl", "fuse", "mknod", "force_rw_sys"];

impl LxcFeatures {
    /// Reads the wire text.
    ///
    /// # Errors
    /// [`PropertyError`].
    pub fn parse(text: &str) -> Result<Self, PropertyError> {
        let string = PropertyString::parse(text, None)?;
        let on = |key: &str| string.flag(key).unwrap_or_default();
        let types = string.get("mount").unwrap_or_default();
        Ok(Self {
            nesting: on("nesting"),
            keyctl: on("keyctl"),
            fuse: on("fuse"),
            mknod: on("mknod"),
            force_rw_sys: on("force_rw_sys"),
            mount: types.split([';', ' ']).filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// The wire text; `None` when nothing is switched on.
    ///
    /// # Errors
    /// [`PropertyError`] for values the format cannot hold.
    pub fn format(&self) -> Result<Option<String>, PropertyError> {
        let mut string = PropertyString::new();
        let flags = [self.nesting, self.keyctl, self.fuse, self.mknod, self.force_rw_sys];
        for (key, _) in FLAGS.iter().zip(flags).filter(|(_, on)| *on) {
            string.set_flag(*key, true);
        }
        if !self.mount.is_empty() {
            string.set("mount", self.mount.iter().cloned().collect::<Vec<_>>().join(";"));
        }
        if string.is_empty() { Ok(None) } else { string.format().map(Some) }
    }
}

/// `devN`: a device of the host inside the container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LxcDevice {
    /// Its path, `/dev/ttyUSB0`.
    pub path: String,
    /// Octal access mode, `0660`.
    pub mode: Option<String>,
    /// Owner inside.
    pub uid: Option<u32>,
    /// Group inside.
    pub gid: Option<u32>,
    /// Whether writing is denied.
    pub deny_write: bool,
}

impl LxcDevice {
    /// Reads the wire text.
    ///
    /// # Errors
    /// [`PropertyError`] for text that names no path.
    pub fn parse(text: &str) -> Result<Self, PropertyError> {
        let string = PropertyString::parse(text, Some("path"))?;
        let path = string.get("path").ok_or_else(|| PropertyError::Malformed(text.to_owned()))?;
        Ok(Self {
            path: path.to_owned(),
            mode: string.get("mode").map(str::to_owned),
            uid: string.get("uid").and_then(|uid| uid.parse().ok()),
            gid: string.get("gid").and_then(|gid| gid.parse().ok()),
            deny_write: string.flag("deny-write").unwrap_or_default(),
        })
    }

    /// The wire text.
    ///
    /// # Errors
    /// [`PropertyError`] for values the format cannot hold.
    pub fn format(&self) -> Result<String, PropertyError> {
        let mut string = PropertyString::with_default("path").with("path", &self.path);
        let mut set = |key: &str, value: Option<String>| value.map(|value| string.set(key, value));
        set("mode", self.mode.clone());
        set("uid", self.uid.map(|uid| uid.to_string()));
        set("gid", self.gid.map(|gid| gid.to_string()));
        set("deny-write", self.deny_write.then(|| "1".to_owned()));
        string.format()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings() {
        let features = LxcFeatures::parse("mount=nfs;cifs,nesting=1,keyctl=0").unwrap();
        assert!(features.nesting && !features.keyctl && features.mount.len() == 2);
        assert_eq!(features.format().unwrap().as_deref(), Some("nesting=1,mount=cifs;nfs"));
        assert_eq!(LxcFeatures::default().format(), Ok(None));
        let device = LxcDevice::parse("/dev/ttyUSB0,mode=0660,gid=20,deny-write=1").unwrap();
        assert_eq!((device.gid, device.deny_write), (Some(20), true));
        assert_eq!(device.format().unwrap(), "/dev/ttyUSB0,mode=0660,gid=20,deny-write=1");
        assert!(LxcDevice::parse("mode=0660").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            flags in any::<[bool; 5]>(),
            mount in proptest::collection::btree_set("[a-z0-9]{1,6}", 0..3),
            path in "/dev/[a-z0-9/]{1,12}",
            mode in proptest::option::of("0[0-7]{3}"),
            ids in any::<(Option<u32>, Option<u32>)>(),
        ) {
            let [nesting, keyctl, fuse, mknod, force_rw_sys] = flags;
            let features = LxcFeatures { nesting, keyctl, fuse, mknod, force_rw_sys, mount };
            let text = features.format().unwrap().unwrap_or_default();
            prop_assert_eq!(LxcFeatures::parse(&text), Ok(features));
            let device = LxcDevice { path, mode, uid: ids.0, gid: ids.1, deny_write: nesting };
            prop_assert_eq!(LxcDevice::parse(&device.format().unwrap()), Ok(device));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = (LxcFeatures::parse(&text), LxcDevice::parse(&text));
        }
    }
}
