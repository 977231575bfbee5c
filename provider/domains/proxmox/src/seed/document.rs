//! The documents a guest is seeded with, and the image made of them.

use std::fmt;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::iso::{File, IsoError, image};
use crate::api::{Vmid, VolumeError, VolumeId};

/// Volume name by which cloud-init finds the seed.
const VOLUME: &str = "cidata";
/// Letters of the content's hash in the image's name.
const HASH_LETTERS: usize = 12;

/// The documents a guest is seeded with. They may hold secrets: none of them is ever shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SeedDocuments {
    /// What tells cloud-init one life of a guest from the next: with another value, all that is done once per instance
    /// is done again (host keys, users, scripts). The guest's number decides where it is not given, so that edits of the
    /// documents alone do not.
    pub instance_id: Option<String>,
    /// The guest's host name.
    pub hostname: Option<String>,
    /// User data.
    pub user_data: Option<String>,
    /// Network configuration of version 1 or 2; cloud-init uses DHCP without it.
    pub network_config: Option<String>,
    /// Vendor data: defaults that user data overrides.
    pub vendor_data: Option<String>,
}

impl fmt::Debug for SeedDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedDocuments").field("instance_id", &self.instance_id).finish_non_exhaustive()
    }
}

impl SeedDocuments {
    /// Whether there is anything to seed a guest with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.user_data, &self.network_config, &self.vendor_data].iter().all(|document| document.is_none())
    }
}

/// SHA-256 of a document in hexadecimal: what a state keeps of it where the text itself may not be kept.
#[must_use]
pub fn document_digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}

/// The instance id of a guest where none is given: the same as long as it has its number.
#[must_use]
pub fn default_instance_id(vmid: Vmid) -> String {
    format!("hybridops-{vmid}")
}

/// A seed, ready to be uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct SeedPlan {
    vmid: Vmid,
    instance_id: String,
    bytes: Vec<u8>,
    digest: String,
}

impl fmt::Debug for SeedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedPlan")
            .field("file_name", &self.file_name())
            .field("instance_id", &self.instance_id)
            .finish_non_exhaustive()
    }
}

impl SeedPlan {
    /// The seed of a guest. The same documents give the same bytes.
    ///
    /// # Errors
    /// [`IsoError::Size`] for documents of more than 4 GiB.
    pub fn new(vmid: Vmid, documents: &SeedDocuments) -> Result<Self, IsoError> {
        let instance_id = documents.instance_id.clone().unwrap_or_else(|| default_instance_id(vmid));
        let mut meta = json!({ "instance-id": instance_id });
        if let (Some(hostname), Some(meta)) = (&documents.hostname, meta.as_object_mut()) {
            meta.insert("local-hostname".to_owned(), hostname.as_str().into());
        }
        // JSON is YAML, and quotes whatever a name may hold.
        let meta = format!("{meta}\n");
        // cloud-init wants meta data and user data, if empty.
        let mut files = vec![("meta-data", meta.as_str())];
        files.push(("user-data", documents.user_data.as_deref().unwrap_or_default()));
        files.extend(documents.network_config.as_deref().map(|text| ("network-config", text)));
        files.extend(documents.vendor_data.as_deref().map(|text| ("vendor-data", text)));
        let files: Vec<File<'_>> =
            files.iter().map(|(name, text)| File { name, content: text.as_bytes() }).collect();
        let bytes = image(VOLUME, &files)?;
        let digest = hexadecimal(&Sha256::digest(&bytes));
        Ok(Self { vmid, instance_id, bytes, digest })
    }

    /// The guest.
    #[must_use]
    pub fn vmid(&self) -> Vmid {
        self.vmid
    }

    /// The instance id in it.
    #[must_use]
    pub fn instance_id(&self) -> &str {
        &self.instance_id
    }

    /// The image.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The image's SHA-256 in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The image's name on a storage: by guest and content.
    #[must_use]
    pub fn file_name(&self) -> String {
        let letters: String = self.digest.chars().take(HASH_LETTERS).collect();
        format!("hybridops-{}-{letters}.iso", self.vmid)
    }

    /// The image's volume on a storage.
    ///
    /// # Errors
    /// [`VolumeError`] for what is no name of a storage.
    pub fn volume(&self, storage: &str) -> Result<VolumeId, VolumeError> {
        VolumeId::file(storage, "iso", &self.file_name())
    }
}

/// The guest a volume is a seed of, by its name.
#[must_use]
pub fn seed_owner(volume: &VolumeId) -> Option<Vmid> {
    if volume.content() != "iso" {
        return None;
    }
    let (vmid, hash) =
        volume.file_name().strip_prefix("hybridops-")?.strip_suffix(".iso")?.split_once('-')?;
    let ours = hash.len() == HASH_LETTERS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    ours.then(|| vmid.parse().ok()).flatten()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn documents(user_data: &str) -> SeedDocuments {
        SeedDocuments { user_data: Some(user_data.to_owned()), ..SeedDocuments::default() }
    }

    fn holds(seed: &SeedPlan, text: &str) -> bool {
        seed.bytes().windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[test]
    fn an_edit_is_another_file_of_the_same_instance() {
        let (one, other) =
            (SeedPlan::new(300, &documents("#!a")).unwrap(), SeedPlan::new(300, &documents("#!b")).unwrap());
        assert_ne!(one.file_name(), other.file_name());
        assert_eq!(one.instance_id(), other.instance_id());
        assert!(holds(&one, "{\"instance-id\":\"hybridops-300\"}\n"));
        let told = SeedDocuments {
            instance_id: Some("second".into()),
            hostname: Some("web".into()),
            ..documents("#!a")
        };
        assert!(holds(
            &SeedPlan::new(300, &told).unwrap(),
            r#"{"instance-id":"second","local-hostname":"web"}"#
        ));
    }

    #[test]
    fn a_seed_is_told_by_its_name() {
        let volume = SeedPlan::new(300, &documents("#!a")).unwrap().volume("local").unwrap();
        assert_eq!(seed_owner(&volume), Some(300));
        for other in [
            "local:iso/hybridops-300.iso",
            "local:iso/hybridops-x-0123456789ab.iso",
            "local:iso/hybridops-300-0123456789xy.iso",
            "local:iso/debian-300-0123456789ab.iso",
            "local:import/hybridops-300-0123456789ab.iso",
        ] {
            assert_eq!(seed_owner(&other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn nothing_shows_a_document() {
        let documents = documents("#!canary");
        assert!(!format!("{documents:?}").contains("canary"));
        assert!(!format!("{:?}", SeedPlan::new(300, &documents).unwrap()).contains("canary"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_same_documents_are_the_same_seed(vmid in 100_u32..1_000_000, user in "\\PC{0,300}", network in "\\PC{0,300}") {
            let documents = SeedDocuments { network_config: Some(network), ..documents(&user) };
            let (one, other) = (SeedPlan::new(vmid, &documents).unwrap(), SeedPlan::new(vmid, &documents).unwrap());
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(seed_owner(&one.volume("local").unwrap()), Some(vmid));
            prop_assert_eq!(one.bytes().len() % 2048, 0);
        }
    }
}
