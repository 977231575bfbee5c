//! A guest's configuration: flat keys and texts, as the server keeps it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::codec::{PropertyError, PropertyString, decode_ssh_keys, lenient};

/// Which of the two configurations is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfigView {
    /// With the changes that take effect at the next start.
    #[default]
    Pending,
    /// As it is now.
    Current,
}

/// A guest's configuration. Values are kept as texts: the server mixes numbers and texts freely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestConfig {
    values: BTreeMap<String, String>,
    digest: Option<String>,
}

impl GuestConfig {
    /// A value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// A value that is a number.
    pub fn number(&self, key: &str) -> Option<u64> {
        lenient::whole(&Value::from(self.get(key)?))
    }

    /// A value that is a switch.
    pub fn flag(&self, key: &str) -> Option<bool> {
        lenient::truth(&Value::from(self.get(key)?))
    }

    /// A value that is a property string.
    ///
    /// # Errors
    /// [`PropertyError`] when it is not.
    pub fn property(
        &self,
        key: &str,
        default: Option<&str>,
    ) -> Option<Result<PropertyString, PropertyError>> {
        Some(PropertyString::parse(self.get(key)?, default))
    }

    /// Keys and values in order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The numbered slots of a family, in order: `slots("net")` gives `net0`, `net1` …
    pub fn slots<'a>(&'a self, family: &'a str) -> impl Iterator<Item = (u32, &'a str)> {
        let mut slots: Vec<(u32, &str)> = self
            .iter()
            .filter_map(|(key, value)| {
                let number = key.strip_prefix(family)?;
                let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                Some((digits.then(|| number.parse().ok()).flatten()?, value))
            })
            .collect();
        slots.sort_unstable();
        slots.into_iter()
    }

    /// What an update must carry to be refused if the configuration changed meanwhile.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Who holds the guest: `create`, `backup`, `migrate` and so on.
    pub fn lock(&self) -> Option<&str> {
        self.get("lock")
    }

    /// Whether it is a template.
    pub fn is_template(&self) -> bool {
        self.flag("template").unwrap_or_default()
    }

    /// The description without the line break the server adds.
    pub fn description(&self) -> Option<&str> {
        self.get("description").map(|text| text.strip_suffix('\n').unwrap_or(text))
    }

    /// The tags, as stored.
    pub fn tags(&self) -> Vec<String> {
        self.get("tags").map(|tags| lenient::list(tags).map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The public keys given to cloud-init.
    pub fn ssh_keys(&self) -> Vec<String> {
        self.get("sshkeys").map(decode_ssh_keys).unwrap_or_default()
    }

    /// The SMBIOS UUID: drawn at creation and at cloning, so that it tells one guest from a later one of the
    /// same number. Containers have none.
    pub fn smbios_uuid(&self) -> Option<String> {
        let smbios = PropertyString::parse(self.get("smbios1")?, None).ok()?;
        Some(smbios.get("uuid")?.to_ascii_lowercase())
    }

    /// When it was created, in seconds since the epoch. A clone carries its source's time.
    pub fn created(&self) -> Option<u64> {
        PropertyString::parse(self.get("meta")?, None).ok()?.get("ctime")?.parse().ok()
    }
}

impl<'de> Deserialize<'de> for GuestConfig {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wire = BTreeMap::<String, Value>::deserialize(from)?;
        // Raw `lxc` lines come as pairs and are no settings of the API.
        let mut values: BTreeMap<String, String> =
            wire.into_iter().filter_map(|(key, value)| Some((key, lenient::scalar(&value)?))).collect();
        let digest = values.remove("digest");
        // Empty settings read back as one space.
        values.retain(|_, value| value != " ");
        Ok(Self { values, digest })
    }
}

/// One key with what waits for the next start.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct PendingEntry {
    /// The key.
    pub key: String,
    /// As it is now.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub value: Option<String>,
    /// As it will be.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub pending: Option<String>,
    /// 1: will be removed; 2: will be removed by force.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub delete: u64,
}

impl PendingEntry {
    /// Whether anything waits.
    pub fn is_pending(&self) -> bool {
        self.delete != 0 || self.pending.is_some()
    }
}

/// Both configurations in one answer. Raw `lxc` lines are left out by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    entries: Vec<PendingEntry>,
    digest: Option<String>,
}

impl Pending {
    /// Keys that wait for the next start.
    pub fn changes(&self) -> impl Iterator<Item = &PendingEntry> {
        self.entries.iter().filter(|entry| entry.is_pending())
    }

    /// Whether anything waits for the next start.
    pub fn is_waiting(&self) -> bool {
        self.changes().next().is_some()
    }

    /// One of the two configurations.
    pub fn view(&self, view: ConfigView) -> GuestConfig {
        let value = |entry: &PendingEntry| match view {
            ConfigView::Current => entry.value.clone(),
            ConfigView::Pending if entry.delete != 0 => None,
            ConfigView::Pending => entry.pending.clone().or_else(|| entry.value.clone()),
        };
        let values = self.entries.iter().filter_map(|entry| Some((entry.key.clone(), value(entry)?)));
        GuestConfig {
            values: values.filter(|(_, value)| value != " ").collect(),
            digest: self.digest.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Pending {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut entries = Vec::<PendingEntry>::deserialize(from)?;
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        let digest = entries.iter().find(|entry| entry.key == "digest").and_then(|entry| entry.value.clone());
        entries.retain(|entry| entry.key != "digest");
        Ok(Self { entries, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_configuration_reads_in_any_spelling() {
        let config: GuestConfig = serde_json::from_value(json!({
            "memory": "256", "cores": 2, "kvm": 0, "template": 1, "digest": "abc", "args": " ",
            "description": "line 1\nline 2\n", "tags": "tf;web", "net10": "b", "net2": "a", "netx": "c",
            "smbios1": "uuid=BC4F79A8-F8D2-42BC-B0C6-0339A2F4395B", "meta": "creation-qemu=7.2.22,ctime=1795242150",
            "lxc": [["lxc.idmap", "u 0 1 2"]], "scsi0": "local:200/vm-200-disk-1.qcow2,size=2G",
        }))
        .unwrap();
        assert_eq!(
            (config.number("memory"), config.number("cores"), config.flag("kvm")),
            (Some(256), Some(2), Some(false))
        );
        assert_eq!(
            (config.digest(), config.get("digest"), config.get("args"), config.get("lxc")),
            (Some("abc"), None, None, None)
        );
        assert_eq!(config.description(), Some("line 1\nline 2"));
        assert_eq!(config.slots("net").collect::<Vec<_>>(), [(2, "a"), (10, "b")]);
        assert_eq!(config.smbios_uuid().as_deref(), Some("bc4f79a8-f8d2-42bc-b0c6-0339a2f4395b"));
        assert_eq!(config.created(), Some(1_795_242_150));
        assert!(config.is_template() && config.lock().is_none() && config.tags() == ["tf", "web"]);
        assert_eq!(config.property("scsi0", Some("file")).unwrap().unwrap().get("size"), Some("2G"));
    }

    #[test]
    fn both_views_of_a_pending_change() {
        let pending: Pending = serde_json::from_value(json!([
            {"key": "memory", "value": "256", "pending": 512},
            {"key": "net1", "value": "x", "delete": 1},
            {"key": "searchdomain", "pending": "example.test"},
            {"key": "name", "value": "a"},
            {"key": "digest", "value": "d"},
        ]))
        .unwrap();
        let (now, next) = (pending.view(ConfigView::Current), pending.view(ConfigView::Pending));
        assert_eq!((now.get("memory"), next.get("memory")), (Some("256"), Some("512")));
        assert_eq!((now.get("net1"), next.get("net1")), (Some("x"), None));
        assert_eq!((now.get("searchdomain"), next.get("searchdomain")), (None, Some("example.test")));
        assert_eq!((now.digest(), next.get("name")), (Some("d"), Some("a")));
        assert_eq!(pending.changes().count(), 3);
    }
}
