//! The stamp: what a guest says of its own making, kept in its notes.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::notes::{join_notes, split_notes};
use crate::api::{GuestConfig, GuestKind, Vmid};

/// What the stamp holds. Additions are optional fields; readers ignore what they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Tells a guest's stamp from a template's.
    pub(crate) kind: Marker,
    /// Tells the guest among those of its owner.
    pub(crate) key: String,
    /// The configuration that made it.
    pub(crate) owner: String,
    /// What else the resource wants to remember with the guest: create-only inputs that an import restores.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub(crate) made: serde_json::Map<String, serde_json::Value>,
}

/// A text that is always `guest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Marker {
    #[serde(rename = "guest")]
    Guest,
}

impl Stamp {
    /// The stamp of a guest of this name. A number that the configuration fixes belongs to the key; one that the
    /// cluster chooses cannot.
    #[must_use]
    pub(crate) fn new(owner: &str, kind: GuestKind, name: &str, vmid: Option<Vmid>) -> Self {
        let vmid = vmid.map(|vmid| vmid.to_string()).unwrap_or_default();
        let digest = Sha256::digest(format!("{kind}\n{name}\n{vmid}"));
        let key = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { kind: Marker::Guest, key, owner: owner.to_owned(), made: serde_json::Map::new() }
    }

    /// The stamp of a guest, where it has one.
    #[must_use]
    pub(crate) fn of(config: &GuestConfig) -> Option<Self> {
        split_notes(config.description()?).1
    }

    /// The user's part of a guest's notes.
    #[must_use]
    pub(crate) fn text_of(config: &GuestConfig) -> Option<String> {
        config.description().and_then(|notes| split_notes::<Self>(notes).0)
    }

    /// Notes with this stamp below the user's text.
    #[must_use]
    pub(crate) fn notes(&self, text: Option<&str>) -> String {
        join_notes(text, self)
    }

    /// Whether both are of the same making.
    #[must_use]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.key == other.key && self.owner == other.owner
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stamp_is_found_in_notes() {
        let stamp = Stamp::new("owner", GuestKind::Qemu, "web", None);
        let config: GuestConfig =
            serde_json::from_value(json!({"description": format!("{}\n", stamp.notes(Some("by hand")))}))
                .unwrap();
        assert_eq!(Stamp::of(&config), Some(stamp.clone()));
        assert_eq!(Stamp::text_of(&config).as_deref(), Some("by hand"));
        assert!(stamp.notes(None).contains("\"kind\":\"guest\""));
    }

    #[test]
    fn keys_tell_kind_name_and_fixed_number() {
        let key = |kind, name, vmid| Stamp::new("o", kind, name, vmid).key;
        let web = key(GuestKind::Qemu, "web", None);
        assert_eq!(web, key(GuestKind::Qemu, "web", None));
        assert_ne!(web, key(GuestKind::Lxc, "web", None));
        assert_ne!(web, key(GuestKind::Qemu, "db", None));
        assert_ne!(web, key(GuestKind::Qemu, "web", Some(101)));
    }
}
