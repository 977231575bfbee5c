//! File names of images on a storage.

use super::sniff::Packing;

/// The name an image gets unless the user chooses one: it carries the checksum, so that a file of this name is
/// this image and no other.
#[must_use]
pub fn default_name(url_name: &str, checksum: &str, extension: &str) -> String {
    let digest = checksum.split_once(':').map_or(checksum, |(_, digest)| digest);
    let short: String = digest.chars().take(12).collect();
    let stem = stem(url_name);
    format!("{stem}-{short}.{extension}")
}

/// The published name without packing and format, in characters every storage takes.
fn stem(url_name: &str) -> String {
    let unpacked = match Packing::of_name(url_name) {
        Some(_) => url_name.rsplit_once('.').map_or(url_name, |(stem, _)| stem),
        None => url_name,
    };
    let bare = match unpacked.rsplit_once('.') {
        Some((stem, extension)) if FORMATS.contains(&extension.to_ascii_lowercase().as_str()) => stem,
        _ => unpacked,
    };
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = bare.chars().map(safe).take(100).collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    if name.is_empty() { "image".to_owned() } else { name }
}

/// Extensions publishers give to disk images; `img` says nothing about the format.
const FORMATS: [&str; 5] = ["qcow2", "raw", "img", "vmdk", "iso"];

/// The extension the file must have on the storage, where the published name tells it.
#[must_use]
pub fn target_extension(url_name: &str) -> Option<&'static str> {
    let unpacked = match Packing::of_name(url_name) {
        Some(_) => url_name.rsplit_once('.').map_or(url_name, |(stem, _)| stem),
        None => url_name,
    };
    match unpacked.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "qcow2" => Some("qcow2"),
        "raw" => Some("raw"),
        "vmdk" => Some("vmdk"),
        _ => None,
    }
}

/// Whether a name is one Proxmox takes for an uploaded file: no path, no blanks, not hidden.
#[must_use]
pub fn is_safe_name(name: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_checksum() {
        let sum = "sha256:0123456789abcdef";
        assert_eq!(default_name("debian-12.qcow2", sum, "qcow2"), "debian-12-0123456789ab.qcow2");
        assert_eq!(default_name("noble.img", sum, "qcow2"), "noble-0123456789ab.qcow2");
        assert_eq!(default_name("a b.raw.xz", sum, "raw"), "a-b-0123456789ab.raw");
        assert_eq!(default_name("...", sum, "raw"), "image-0123456789ab.raw");
        assert!(is_safe_name(&default_name("ä/../x.qcow2", sum, "qcow2")));
    }

    #[test]
    fn extensions() {
        assert_eq!(target_extension("a.raw.xz"), Some("raw"));
        assert_eq!(target_extension("a.img"), None);
        assert_eq!(target_extension("a.qcow2"), Some("qcow2"));
        assert!(!is_safe_name("../x") && !is_safe_name(".x") && !is_safe_name("a b") && is_safe_name("a.qcow2"));
    }
}
