//! A virtual machine: its configuration as the server keeps it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use serde_json::{Map, Value, json};

use super::cluster::State;
use super::reply::{Outcome, Refusal};
use super::schema::{self, Properties};
use super::storage::sha1_hex;

/// Options that take disks.
const DRIVE_FAMILIES: &[&str] = &["ide", "sata", "scsi", "virtio"];

/// Configuration as the file has it: text by option.
pub(crate) type Config = BTreeMap<String, String>;

/// A running machine.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) pid: u32,
    pub(crate) started: u64,
    pub(crate) paused: bool,
}

/// A snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) time: u64,
    pub(crate) description: String,
    pub(crate) parent: Option<String>,
    pub(crate) config: Config,
}

/// A virtual machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guest {
    pub(crate) node: String,
    pub(crate) config: Config,
    /// Changes that wait for the next start; `None` deletes.
    pub(crate) pending: BTreeMap<String, Option<String>>,
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    /// Snapshot the present state descends from.
    pub(crate) parent: Option<String>,
    pub(crate) run: Option<Run>,
}

impl Guest {
    pub(crate) fn is_template(&self) -> bool {
        self.config.get("template").is_some_and(|t| t == "1")
    }

    pub(crate) fn lock(&self) -> Option<&str> {
        self.config.get("lock").map(String::as_str)
    }

    /// Refuses while a long operation holds the guest.
    pub(crate) fn check_lock(&self) -> Outcome<()> {
        match self.lock() {
            Some(lock) => Err(Refusal::died(format!("VM is locked ({lock})"))),
            None => Ok(()),
        }
    }

    /// SHA-1 over the configuration file.
    pub(crate) fn digest(&self) -> String {
        sha1_hex(self.file().as_bytes())
    }

    /// The configuration file.
    pub(crate) fn file(&self) -> String {
        let mut text: String = self.config.iter().map(|(k, v)| format!("{k}: {v}\n")).collect();
        if !self.pending.is_empty() {
            text.push_str("\n[PENDING]\n");
            let deleted: Vec<&str> =
                self.pending.iter().filter(|(_, v)| v.is_none()).map(|(k, _)| k.as_str()).collect();
            if !deleted.is_empty() {
                text.push_str(&format!("delete: {}\n", deleted.join(",")));
            }
            for (key, value) in &self.pending {
                if let Some(value) = value {
                    text.push_str(&format!("{key}: {value}\n"));
                }
            }
        }
        for (name, snapshot) in &self.snapshots {
            text.push_str(&format!("\n[{name}]\nsnaptime: {}\n{:?}\n", snapshot.time, snapshot.config));
        }
        text
    }

    /// Guards against lost updates.
    pub(crate) fn check_digest(&self, expected: Option<&str>) -> Outcome<()> {
        match expected {
            Some(expected) if expected != self.digest() => {
                Err(Refusal::died("checksum mismatch (file change by other user?)"))
            }
            _ => Ok(()),
        }
    }

    /// Configuration with waiting changes merged in.
    pub(crate) fn future(&self) -> Config {
        let mut config = self.config.clone();
        for (key, value) in &self.pending {
            match value {
                Some(value) => {
                    config.insert(key.clone(), value.clone());
                }
                None => {
                    config.remove(key);
                }
            }
        }
        config
    }

    /// Configuration as the API shows it, with types and the digest.
    pub(crate) fn view(&self, config: &Config) -> Map<String, Value> {
        let mut view: Map<String, Value> = config.iter().map(|(k, v)| (k.clone(), shown(k, v))).collect();
        view.insert("digest".into(), json!(self.digest()));
        if let Some(parent) = &self.parent {
            view.insert("parent".into(), json!(parent));
        }
        view
    }

    /// Number of an integer option.
    pub(crate) fn number(&self, key: &str, default: u64) -> u64 {
        self.config.get(key).and_then(|v| v.parse().ok()).unwrap_or(default)
    }

    /// Memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let text = self.config.get("memory").map_or("512", String::as_str);
        text.trim_start_matches("current=").parse::<u64>().unwrap_or(512) << 20
    }

    pub(crate) fn vcpus(&self) -> u64 {
        self.number("cores", 1) * self.number("sockets", 1)
    }

    /// All drives, in the order the server walks them.
    pub(crate) fn drives(&self) -> Vec<(String, Drive)> {
        drives(&self.config)
    }

    /// Size of the disk it boots from, in bytes.
    pub(crate) fn boot_disk_size(&self) -> u64 {
        let order = self.config.get("boot").and_then(|b| b.split("order=").nth(1)).unwrap_or_default();
        order
            .split(';')
            .filter_map(|key| Drive::parse(key, self.config.get(key)?))
            .find(|d| !d.is_cdrom())
            .and_then(|d| super::storage::parse_size(d.options.get("size")?, 1))
            .unwrap_or_default()
    }
}

impl State {
    /// A guest on a node, else the text a missing configuration file gives.
    pub(crate) fn guest(&self, node: &str, vmid: u32) -> Outcome<&Guest> {
        self.guests.get(&vmid).filter(|g| g.node == node).ok_or_else(|| missing(node, vmid))
    }

    pub(crate) fn guest_mut(&mut self, node: &str, vmid: u32) -> Outcome<&mut Guest> {
        self.guests.get_mut(&vmid).filter(|g| g.node == node).ok_or_else(|| missing(node, vmid))
    }
}

fn missing(node: &str, vmid: u32) -> Refusal {
    Refusal::died(format!("Configuration file 'nodes/{node}/qemu-server/{vmid}.conf' does not exist"))
}

/// A value with the type the API gives it.
pub(crate) fn shown(key: &str, value: &str) -> Value {
    if key == "cipassword" {
        return json!("**********");
    }
    let kind = schema::qemu_option(key).map_or("string", |s| s.kind.as_str());
    match kind {
        "integer" | "boolean" => value.parse::<i64>().map_or_else(|_| json!(value), |n| json!(n)),
        "number" => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
        _ => json!(value),
    }
}

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

/// Rewrites a network device as the server does, giving it an address where it has none.
pub(crate) fn normalise_net(key: &str, text: &str, mac_prefix: &str) -> Option<String> {
    let mut options = schema::parse_properties(key, text, schema::qemu_option(key)?.properties()?).ok()?;
    let model = options.remove("model")?;
    let mac = options.remove("macaddr").unwrap_or_else(|| random_mac(mac_prefix)).to_ascii_uppercase();
    let rest: String = options.iter().map(|(k, v)| format!(",{k}={v}")).collect();
    Some(format!("{model}={mac}{rest}"))
}

/// Tags: lower-cased, sorted, each once.
pub(crate) fn normalise_tags(text: &str) -> String {
    let mut tags: Vec<String> =
        text.split([',', ';', ' ']).filter(|t| !t.is_empty()).map(str::to_ascii_lowercase).collect();
    tags.sort();
    tags.dedup();
    tags.join(";")
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

/// Random bits; good enough for names and addresses of a stand-in.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn random_mac(prefix: &str) -> String {
    let bytes = random().to_be_bytes();
    let mut mac = prefix.to_owned();
    for byte in bytes.iter().skip(prefix.split(':').count().min(6) + 2) {
        mac.push_str(&format!(":{byte:02X}"));
    }
    mac
}

/// A version 4 UUID.
pub(crate) fn random_uuid() -> String {
    let (a, b) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | ((b >> 48) & 0x3fff),
        b & 0xffff_ffff_ffff
    )
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
    fn net_gets_an_address_and_keeps_a_given_one() {
        let net = normalise_net("net0", "virtio,bridge=vmbr0", "BC:24:11").expect("valid");
        assert!(net.starts_with("virtio=BC:24:11:") && net.ends_with(",bridge=vmbr0"), "{net}");
        assert_eq!(net.split(',').next().map(str::len), Some("virtio=BC:24:11:00:00:00".len()));
        let kept = normalise_net("net0", "virtio=bc:24:11:00:00:01,firewall=1,bridge=vmbr0", "BC:24:11");
        assert_eq!(kept.as_deref(), Some("virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1"));
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

    #[test]
    fn tags_are_normalised() {
        assert_eq!(normalise_tags("Web,db;web"), "db;web");
    }
}
