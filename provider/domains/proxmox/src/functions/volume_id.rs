//! `parse_volume_id`.

use tf_framework::{FunctionError, Model, function};

use crate::api::{Vmid, VolumeId};

/// The parts of a volume id.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct VolumeParts {
    /// The storage.
    pub storage: String,
    /// What it holds: `images` for a guest's disk, `iso`, `vztmpl`, `import`, `backup` or `snippets`.
    pub content: String,
    /// The name within the storage.
    pub name: String,
    /// The last part of the name.
    pub file_name: String,
    /// The guest a disk or a backup belongs to; null for others.
    pub vmid: Option<Vmid>,
    /// The format as the name tells it, `qcow2` or `raw` for example; null where it does not.
    pub format: Option<String>,
    /// Whether the disk is a linked clone of a template's.
    pub linked: bool,
}

/// Takes the id of a Proxmox VE volume apart.
///
/// `local-lvm:vm-101-disk-0` is a disk of guest 101 on storage `local-lvm`; `local:iso/debian.iso` an ISO image. The
/// name alone is read; nothing is asked of a server.
#[function(name = "parse_volume_id")]
pub(super) fn parse_volume_id(
    /// The volume id, such as `local:iso/debian-13.iso` or the beginning of a disk's setting.
    volume_id: String,
) -> Result<VolumeParts, FunctionError> {
    let volume: VolumeId = volume_id.trim().parse().map_err(|_| {
        FunctionError::argument(
            0,
            format!(
                "{volume_id:?} is no volume id. Expected storage:name, such as \"local:iso/debian.iso\" or \
                 \"local-lvm:vm-101-disk-0\"; options such as \",size=8G\" do not belong to it."
            ),
        )
    })?;
    Ok(VolumeParts {
        storage: volume.storage().to_owned(),
        content: volume.content().to_owned(),
        name: volume.name().to_owned(),
        file_name: volume.file_name().to_owned(),
        vmid: volume.vmid().or_else(|| backup_vmid(&volume)),
        format: volume.format().map(str::to_owned),
        linked: volume.is_linked(),
    })
}

/// The guest a backup is of: `backup/vzdump-qemu-101-2026_11_21-06_26_23.vma.zst` or `backup/vm/101/2026-11-21T06:26:23Z`.
pub(crate) fn backup_vmid(volume: &VolumeId) -> Option<Vmid> {
    if volume.content() != "backup" {
        return None;
    }
    let name = volume.name().strip_prefix("backup/")?;
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [_kind, vmid, _time] => vmid.parse().ok(),
        _ => volume.file_name().strip_prefix("vzdump-")?.split('-').nth(1)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_taken_apart() {
        let told = |text: &str| {
            let parts = parse_volume_id(text.to_owned()).unwrap();
            (parts.storage, parts.content, parts.vmid, parts.format)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            told("local-lvm:vm-101-disk-0"),
            ("local-lvm".into(), "images".into(), Some(101), some("raw"))
        );
        assert_eq!(told("local:iso/a.iso"), ("local".into(), "iso".into(), None, some("iso")));
        let backup = told("local:backup/vzdump-lxc-310-2026_11_21-06_26_23.tar.zst");
        assert_eq!(backup, ("local".into(), "backup".into(), Some(310), some("tzst")));
        assert_eq!(told("pbs:backup/vm/101/2026-11-21T06:26:23Z").2, Some(101));
        for bad in ["", "local", "local:", "local-lvm:vm-101-disk-0,size=8G", "/dev/sda"] {
            let error = parse_volume_id(bad.to_owned()).unwrap_err();
            assert_eq!(error.argument, Some(0), "{bad}");
            assert!(error.text.contains("storage:name"), "{}", error.text);
        }
    }
}
