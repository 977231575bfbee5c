//! The stamp: what a template says of its own making, kept in the guest's notes.
//!
//! It lets a run find what a killed run made, an import restore what only the configuration knew, and a delete
//! tell its own guest from a stranger with the same number. It is an HTML comment: the web interface renders
//! notes as Markdown and does not show it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::guest::{join_notes, split_notes};

use super::model::{Template, TemplateDisk, TemplateImage, Transfer};

/// What the stamp holds. Additions are optional fields; readers ignore what they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) kind: Kind,
    /// Tells the making: the same name, version, image, disk and node have the same key.
    pub(super) key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) image: Option<StampImage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) disk: Option<StampDisk>,
    /// The checksum the image was verified with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) adopted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cloud_init_storage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password_version: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Template,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StampImage {
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checksum_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) storage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) transfer: Option<String>,
    #[serde(default)]
    pub(super) keep: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StampDisk {
    pub(super) storage: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<String>,
    pub(super) slot: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<String>,
}

impl Stamp {
    /// The stamp of what this plan makes from an image with this checksum.
    pub(super) fn of(plan: &Template, sum: Option<&str>) -> Self {
        let image = plan.image.as_ref().map(StampImage::of);
        let disk = plan.disk.as_ref().map(StampDisk::of);
        let vmid = plan.adopt.as_ref().map(|adopt| adopt.vmid);
        let making =
            (&plan.name, &plan.version, &plan.node, image.as_ref().map(|image| &image.url), &disk, sum, vmid);
        // A tuple of strings and numbers always serialises.
        let text = serde_json::to_string(&making).unwrap_or_default();
        let key = Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            kind: Kind::Template,
            key,
            version: plan.version.clone(),
            node: plan.node.clone(),
            image,
            disk,
            sum: sum.map(str::to_owned),
            adopted: plan.adopt.is_some(),
            cloud_init_storage: plan.cloud_init.as_ref().and_then(|cloud_init| cloud_init.storage.clone()),
            password_version: plan.cloud_init.as_ref().and_then(|cloud_init| cloud_init.password_version),
        }
    }
}

impl StampImage {
    fn of(image: &TemplateImage) -> Self {
        Self {
            url: image.url.clone(),
            checksum: image.checksum.clone(),
            checksum_url: image.checksum_url.clone(),
            storage: image.storage.clone(),
            transfer: image.transfer.map(|transfer| transfer.as_str().to_owned()),
            keep: image.keep,
        }
    }

    pub(super) fn model(&self) -> TemplateImage {
        TemplateImage {
            url: self.url.clone(),
            checksum: self.checksum.clone(),
            checksum_url: self.checksum_url.clone(),
            storage: self.storage.clone(),
            transfer: self.transfer.as_deref().and_then(|transfer| transfer.parse::<Transfer>().ok()),
            keep: self.keep,
        }
    }
}

impl StampDisk {
    fn of(disk: &TemplateDisk) -> Self {
        Self {
            storage: disk.storage.clone(),
            size: disk.size.clone(),
            slot: disk.slot.clone(),
            format: disk.format.clone(),
        }
    }
}

/// Notes of the user's text and the stamp.
pub(super) fn notes(text: Option<&str>, stamp: &Stamp) -> String {
    join_notes(text, stamp)
}

/// The user's text and the stamp of a guest's notes.
pub(super) fn split(notes: &str) -> (Option<String>, Option<Stamp>) {
    split_notes(notes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp(url: &str) -> Stamp {
        Stamp {
            kind: Kind::Template,
            key: "0123456789abcdef".to_owned(),
            version: Some("1.0".to_owned()),
            node: "pve1".to_owned(),
            image: Some(StampImage {
                url: url.to_owned(),
                checksum: None,
                checksum_url: Some("https://x/SHA256SUMS".to_owned()),
                storage: None,
                transfer: None,
                keep: false,
            }),
            disk: None,
            sum: None,
            adopted: false,
            cloud_init_storage: None,
            password_version: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_stamped_is_read_back(text in "[a-zA-Z0-9 \\n#>-]{0,80}", url in "https://[a-z>/-]{1,40}") {
            let stamp = stamp(&url);
            let (read, found) = split(&notes(Some(&text), &stamp));
            prop_assert_eq!(found, Some(stamp));
            let kept = text.trim_end();
            prop_assert_eq!(read.as_deref().unwrap_or_default(), kept);
        }
    }
}
