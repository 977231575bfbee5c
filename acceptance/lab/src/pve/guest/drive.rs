//! Drives of a virtual machine.

use std::collections::BTreeMap;

use super::Config;
use crate::pve::schema::{self, Properties};

/// Options that take disks.
const DRIVE_FAMILIES: &[&str] = &["ide", "sata", "scsi", "virtio"];

/// A disk, CD or unused volume.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Drive {
    pub(crate) file: String,
    pub(crate) options: BTreeMap<String, String>,
}

impl Drive {
    /// Whether an option takes a drive.
    pub(crate) fn is_key(key: &str) -> bool {
        matches!(key, "efidisk0" | "tpmstate0")
            || schema::split_number(key).is_some_and(|(family, _)| DRIVE_FAMILIES.contains(&family))
    }

    /// Parses the property string of a drive option.
    pub(crate) fn parse(key: &str, text: &str) -> Option<Self> {
        if key.starts_with("unused") {
            return Some(Self { file: text.to_owned(), ..Self::default() });
        }
        let mut options: Properties =
            schema::parse_properties(key, text, schema::qemu_option(key)?.properties()?).ok()?;
        let file = options.remove("file").or_else(|| options.remove("volume"))?;
        Some(Self { file, options })
    }

    /// Text of the option: the volume, then the rest sorted.
    pub(crate) fn print(&self) -> String {
        let rest: String = self
            .options
            .iter()
            .filter(|(k, _)| !matches!(k.as_str(), "format" | "import-from"))
            .map(|(k, v)| format!(",{k}={v}"))
            .collect();
        format!("{}{rest}", self.file)
    }

    pub(crate) fn is_cdrom(&self) -> bool {
        self.options.get("media").is_some_and(|m| m == "cdrom")
    }

    /// Storage the volume is on, if it is a volume.
    pub(crate) fn storage(&self) -> Option<&str> {
        if matches!(self.file.as_str(), "none" | "cdrom") || self.file.starts_with('/') {
            return None;
        }
        self.file.split_once(':').map(|(s, _)| s)
    }

    /// `local:8`: allocate a new volume of so many GiB.
    pub(crate) fn new_volume(&self) -> Option<(&str, &str)> {
        let (storage, size) = self.file.split_once(':')?;
        (!size.is_empty() && size.parse::<f64>().is_ok()).then_some((storage, size))
    }

    /// `local:cloudinit`: make a cloud-init drive.
    pub(crate) fn new_cloudinit(&self) -> Option<&str> {
        self.file.split_once(':').filter(|(_, name)| *name == "cloudinit").map(|(s, _)| s)
    }

    /// A CD or cloud-init drive that is an existing volume of a guest's own.
    pub(crate) fn is_cloudinit(&self) -> bool {
        self.file.contains("-cloudinit")
    }
}

/// All drives of a configuration, unused volumes left out.
pub(crate) fn drives(config: &Config) -> Vec<(String, Drive)> {
    config
        .iter()
        .filter(|(k, _)| Drive::is_key(k))
        .filter_map(|(k, v)| Some((k.clone(), Drive::parse(k, v)?)))
        .collect()
}

/// Boot order where none is given: first disk, first CD, first network device.
pub(crate) fn default_boot(config: &Config) -> String {
    let of = |wanted: &dyn Fn(&Drive) -> bool| {
        drives(config)
            .into_iter()
            .filter(|(key, _)| !matches!(key.as_str(), "efidisk0" | "tpmstate0"))
            .find(|(_, d)| wanted(d))
            .map(|(key, _)| key)
    };
    let disk = of(&|d| !d.is_cdrom());
    let cd = of(&Drive::is_cdrom);
    let net = config.keys().find(|k| schema::split_number(k).is_some_and(|(f, _)| f == "net")).cloned();
    let order: Vec<String> = [disk, cd, net].into_iter().flatten().collect();
    format!("order={}", order.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drive_is_reordered() {
        let drive = Drive::parse("scsi0", "local:200/vm-200-disk-1.qcow2,ssd=1,format=qcow2,discard=on")
            .expect("valid");
        assert_eq!(drive.print(), "local:200/vm-200-disk-1.qcow2,discard=on,ssd=1");
    }

    #[test]
    fn boot_default_as_recorded() {
        let config = Config::from([
            ("scsi0".into(), "local:300/vm-300-disk-0.qcow2,size=1G".into()),
            ("ide2".into(), "local:300/vm-300-cloudinit.qcow2,media=cdrom".into()),
            ("net0".into(), "virtio=BC:24:11:00:00:01,bridge=vmbr0".into()),
        ]);
        assert_eq!(default_boot(&config), "order=scsi0;ide2;net0");
    }
}
