//! What a file is, by its first bytes.

/// Bytes that suffice to tell: the boot signature of a raw disk ends the first sector.
pub(super) const HEAD_BYTES: usize = 512;

/// A disk image format Proxmox imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// QEMU's copy-on-write format.
    Qcow2,
    /// A disk block by block.
    Raw,
    /// VMware's format.
    Vmdk,
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip.
    Gz,
    /// xz.
    Xz,
    /// Zstandard.
    Zst,
    /// bzip2.
    Bz2,
}

/// The file is nothing a disk can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no qcow2, raw or vmdk disk image: it {0}")]
pub struct NotAnImage(&'static str);

const MAGIC: [(&[u8], ImageFormat); 2] = [(b"QFI\xfb", ImageFormat::Qcow2), (b"KDMV", ImageFormat::Vmdk)];

const PACKED: [(&[u8], Packing); 4] = [
    (b"\x1f\x8b", Packing::Gz),
    (b"\xfd7zXZ\0", Packing::Xz),
    (b"\x28\xb5\x2f\xfd", Packing::Zst),
    (b"BZh", Packing::Bz2),
];

/// What people give instead of a disk image, by how it begins.
const MISTAKES: [(&[u8], &str); 6] = [
    (b"<!", "looks like a web page"),
    (b"<h", "looks like a web page"),
    (b"<?xml", "looks like XML"),
    (b"PK\x03\x04", "is a zip archive"),
    (b"\x7fELF", "is a program"),
    (b"-----BEGIN", "is a PEM file"),
];

/// How a file is packed, if it is.
#[must_use]
pub fn sniff_packing(head: &[u8]) -> Option<Packing> {
    PACKED.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, packing)| *packing)
}

/// What a file is that can be no image of any kind: "looks like a web page". `None` where nothing speaks against it.
#[must_use]
pub fn sniff_mistake(head: &[u8]) -> Option<&'static str> {
    MISTAKES.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

/// The format of an unpacked image. A raw disk has no magic of its own: it is taken for one when it carries
/// the boot signature that every partition table (also a protective one) ends with, or begins with zeroes as a bare
/// filesystem does.
///
/// # Errors
/// It is none of them; says what it looks like.
pub fn sniff(head: &[u8]) -> Result<ImageFormat, NotAnImage> {
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Ok(*format);
    }
    if sniff_packing(head).is_some() {
        return Err(NotAnImage("is packed twice"));
    }
    if let Some(what) = sniff_mistake(head) {
        return Err(NotAnImage(what));
    }
    if head.len() < HEAD_BYTES {
        return Err(NotAnImage("is smaller than a disk sector"));
    }
    let boot_signature = head.get(510..512) == Some(&[0x55, 0xaa]);
    let zeroes = head.iter().take(HEAD_BYTES).all(|byte| *byte == 0);
    if boot_signature || zeroes {
        Ok(ImageFormat::Raw)
    } else {
        Err(NotAnImage("has neither a known header nor a boot sector"))
    }
}

/// The size of the disk in a qcow2 image, from its header.
#[must_use]
pub(super) fn disk_bytes(head: &[u8]) -> Option<u64> {
    let size = head.get(24..32).filter(|_| head.starts_with(b"QFI\xfb"))?;
    Some(u64::from_be_bytes(size.try_into().ok()?))
}

impl ImageFormat {
    /// The file name extension Proxmox knows it by.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
            Self::Vmdk => "vmdk",
        }
    }
}

impl Packing {
    /// The packing a file name tells.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "gz" => Some(Self::Gz),
            "xz" => Some(Self::Xz),
            "zst" | "zstd" => Some(Self::Zst),
            "bz2" => Some(Self::Bz2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(start: &[u8], boot: bool) -> Vec<u8> {
        let mut sector = vec![0; HEAD_BYTES];
        sector[..start.len()].copy_from_slice(start);
        if boot {
            sector[510..].copy_from_slice(&[0x55, 0xaa]);
        }
        sector
    }

    #[test]
    fn knows_images_from_mistakes() {
        assert_eq!(sniff(&sector(b"QFI\xfb", false)), Ok(ImageFormat::Qcow2));
        assert_eq!(sniff(&sector(b"KDMV", false)), Ok(ImageFormat::Vmdk));
        assert_eq!(sniff(&sector(b"\xeb\x63", true)), Ok(ImageFormat::Raw));
        assert_eq!(sniff(&sector(b"", false)), Ok(ImageFormat::Raw));
        for mistake in [&b"<!DOCTYPE html>"[..], b"<html>", b"PK\x03\x04", b"hello", b"\x1f\x8b"] {
            assert!(sniff(mistake).is_err(), "{mistake:?}");
            assert!(sniff(&sector(mistake, false)).is_err(), "{mistake:?}");
        }
    }

    #[test]
    fn a_qcow2_tells_its_disk() {
        let mut head = sector(b"QFI\xfb\0\0\0\x03", false);
        head[24..32].copy_from_slice(&(3_u64 << 30).to_be_bytes());
        assert_eq!(disk_bytes(&head), Some(3 << 30));
        assert_eq!(disk_bytes(&head[..20]), None);
        assert_eq!(disk_bytes(&sector(b"KDMV", false)), None);
    }

    #[test]
    fn knows_packings() {
        assert_eq!(sniff_packing(b"\xfd7zXZ\0rest"), Some(Packing::Xz));
        assert_eq!(sniff_packing(b"QFI\xfb"), None);
        assert_eq!(Packing::of_name("a.qcow2.xz"), Some(Packing::Xz));
        assert_eq!(Packing::of_name("a.qcow2"), None);
    }
}
