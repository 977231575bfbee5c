//! File names: what Proxmox takes for each content, and the name an image gets.

use super::model::Content;
use crate::images::{ImageFormat, Packing, default_name, is_safe_name, target_extension};

/// Endings Proxmox takes, by content.
const ENDINGS: [(Content, &[&str]); 3] = [
    (Content::Import, &["qcow2", "raw", "vmdk", "ova"]),
    (Content::Iso, &["iso", "img"]),
    (Content::Vztmpl, &["tar.gz", "tar.xz", "tar.zst"]),
];

/// A file name that a storage will not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameError {
    /// It holds what a file name there must not.
    #[error(
        "{0:?} is no file name for a storage: letters, digits, `-`, `_` and `.` only, no path, not hidden, at most 200 characters"
    )]
    Unsafe(String),
    /// Its ending does not fit the content.
    #[error("{name:?} does not end in {endings}, which is how Proxmox tells {purpose}")]
    Ending {
        /// The name.
        name: String,
        /// The endings that would do.
        endings: String,
        /// What the content is to people.
        purpose: &'static str,
    },
}

fn endings(content: Content) -> &'static [&'static str] {
    ENDINGS.iter().find(|(known, _)| *known == content).map_or(&[], |(_, endings)| endings)
}

/// The ending of a name that Proxmox takes for the content.
fn ending_of(content: Content, name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    endings(content).iter().copied().find(|ending| {
        name.strip_suffix(ending).and_then(|stem| stem.strip_suffix('.')).is_some_and(|stem| !stem.is_empty())
    })
}

/// Whether a storage takes a file of this name for the content.
///
/// # Errors
/// [`NameError`].
pub(super) fn check(content: Content, name: &str) -> Result<(), NameError> {
    if !is_safe_name(name) {
        return Err(NameError::Unsafe(name.to_owned()));
    }
    if ending_of(content, name).is_none() {
        let endings =
            endings(content).iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(", ");
        return Err(NameError::Ending { name: name.to_owned(), endings, purpose: content.purpose() });
    }
    Ok(())
}

/// A published name without its packing, where that is taken off on the way.
fn unpacked(content: Content, url_name: &str) -> &str {
    match Packing::of_name(url_name) {
        Some(_) if content != Content::Vztmpl => url_name.rsplit_once('.').map_or(url_name, |(stem, _)| stem),
        _ => url_name,
    }
}

/// The name an image gets unless the user chooses one. `None` where neither the published name nor a look at the
/// file tells the format that the ending must say.
pub(super) fn derived(
    content: Content,
    url_name: &str,
    checksum: &str,
    seen: Option<ImageFormat>,
) -> Option<String> {
    let plain = unpacked(content, url_name);
    let told = ending_of(content, plain);
    match content {
        Content::Iso => Some(default_name(plain, checksum, told.unwrap_or("iso"))),
        Content::Vztmpl => {
            let ending = told?;
            let stem = plain.get(..plain.len().checked_sub(ending.len() + 1)?)?;
            Some(default_name(stem, checksum, ending))
        }
        Content::Import if told == Some("ova") => {
            Some(default_name(plain.strip_suffix(".ova").unwrap_or(plain), checksum, "ova"))
        }
        Content::Import => {
            let ending = seen.map(ImageFormat::extension).or_else(|| target_extension(url_name))?;
            Some(default_name(url_name, checksum, ending))
        }
    }
}

/// Whether an image is an archive that the node looks into itself.
pub(super) fn is_appliance(content: Content, name: &str) -> bool {
    content == Content::Import && ending_of(content, name) == Some("ova")
}

/// Whether a name says by itself that it is this image: it carries the beginning of the checksum.
pub(super) fn carries(name: &str, checksum: &str) -> bool {
    carried(name).is_some_and(|carried| digest(checksum).starts_with(carried))
}

/// Whether a name says by itself that it is another image: it carries the beginning of another checksum.
pub(super) fn contradicts(name: &str, checksum: &str) -> bool {
    carried(name).is_some_and(|carried| !digest(checksum).starts_with(carried))
}

fn digest(checksum: &str) -> &str {
    checksum.split_once(':').map_or(checksum, |(_, digest)| digest)
}

/// The beginning of a checksum, where derived names carry it.
fn carried(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(ending(name)).unwrap_or(name);
    let (_, carried) = stem.rsplit_once('-')?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (carried.len() == 12 && carried.bytes().all(hex)).then_some(carried)
}

/// The ending with its dot: `.tar.zst`, `.qcow2`.
fn ending(name: &str) -> &str {
    let last = name.rfind('.').unwrap_or(name.len());
    let tar = name.get(..last).and_then(|stem| stem.strip_suffix(".tar")).map(str::len);
    name.get(tar.unwrap_or(last)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUM: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn endings_fit_the_content() {
        for (content, good, bad) in [
            (Content::Import, "a.qcow2", "a.img"),
            (Content::Import, "a.OVA", "a.iso"),
            (Content::Iso, "a.img", "a.qcow2"),
            (Content::Vztmpl, "debian-12.tar.zst", "a.zip"),
            (Content::Vztmpl, "a.tar.xz", "a.tar"),
        ] {
            assert_eq!(check(content, good), Ok(()), "{good}");
            assert!(matches!(check(content, bad), Err(NameError::Ending { .. })), "{bad}");
        }
        for name in ["../a.iso", "a b.iso", ".iso", "", "a/b.iso"] {
            assert!(check(Content::Iso, name).is_err(), "{name}");
        }
        let text = check(Content::Import, "noble.img").unwrap_err().to_string();
        assert!(
            text.contains(".qcow2, .raw, .vmdk, .ova") && text.contains("disk images to import"),
            "{text}"
        );
    }

    #[test]
    fn derived_names_carry_the_checksum_and_the_right_ending() {
        let name = |content, url: &str, seen| derived(content, url, SUM, seen);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            name(Content::Import, "noble.img", Some(ImageFormat::Qcow2)),
            some("noble-0123456789ab.qcow2")
        );
        assert_eq!(name(Content::Import, "noble.img", None), None);
        assert_eq!(name(Content::Import, "a.raw.xz", None), some("a-0123456789ab.raw"));
        assert_eq!(name(Content::Import, "a.qcow2", None), some("a-0123456789ab.qcow2"));
        assert_eq!(name(Content::Import, "box.ova", None), some("box-0123456789ab.ova"));
        assert_eq!(name(Content::Iso, "debian-12.8.iso", None), some("debian-12.8-0123456789ab.iso"));
        assert_eq!(name(Content::Iso, "memtest.img.gz", None), some("memtest-0123456789ab.img"));
        assert_eq!(name(Content::Iso, "download", None), some("download-0123456789ab.iso"));
        let template = "debian-12-standard_12.7-1_amd64.tar.zst";
        assert_eq!(
            name(Content::Vztmpl, template, None),
            some("debian-12-standard_12.7-1_amd64-0123456789ab.tar.zst")
        );
        assert_eq!(name(Content::Vztmpl, "rootfs", None), None);
    }

    #[test]
    fn a_name_contradicts_only_with_another_checksum() {
        assert!(!contradicts("a-0123456789ab.qcow2", SUM));
        assert!(contradicts("a-ba9876543210.qcow2", SUM));
        assert!(contradicts("a-1.2-ba9876543210.tar.zst", SUM));
        for own in ["debian.qcow2", "debian-12.qcow2", "a-0123456789AB.iso", "a-ba98.iso", "ba9876543210.iso"]
        {
            assert!(!contradicts(own, SUM) && !carries(own, SUM), "{own}");
        }
    }

    proptest! {
        #[test]
        fn what_is_derived_is_taken(url_name in "\\PC{0,60}(\\.(iso|img|qcow2|raw|tar\\.zst|tar\\.gz|ova))?(\\.(xz|gz))?") {
            for content in [Content::Import, Content::Iso, Content::Vztmpl] {
                for seen in [None, Some(ImageFormat::Raw)] {
                    if let Some(name) = derived(content, &url_name, SUM, seen) {
                        prop_assert_eq!(check(content, &name), Ok(()));
                        prop_assert!(carries(&name, SUM) && !contradicts(&name, SUM));
                    }
                }
            }
        }
    }
}
