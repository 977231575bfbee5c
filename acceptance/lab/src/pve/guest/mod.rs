//! A guest, virtual machine or container: its configuration as the server keeps it.

mod devices;
mod drive;
mod kind;
mod mount;
mod power;
mod real;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::cluster::State;
use super::reply::{Outcome, Refusal};
use super::schema;
use super::storage::{parse_size, sha1_hex};

pub(crate) use devices::{normalise_lxc_net, normalise_net, normalise_tags, property, random, random_uuid};
pub(crate) use drive::{Drive, default_boot, drives};
pub(crate) use kind::GuestKind;
pub(crate) use mount::{Mount, Source, mounts};
pub(crate) use real::Real;

/// Configuration as the file has it: text by option.
pub(crate) type Config = BTreeMap<String, String>;

/// A running guest.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) pid: u32,
    pub(crate) started: u64,
    pub(crate) paused: bool,
    /// When, on the host's clock: what follows a start takes its time.
    pub(crate) since: Instant,
    /// Commands its agent was asked to run.
    pub(crate) commands: Vec<u32>,
}

/// Whether an agent answers inside a machine, and what addresses it tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Agent {
    /// As the laboratory is set up: some time after the start, with addresses by configuration or lease.
    #[default]
    ByConfig,
    /// None, whatever the configuration says.
    Absent,
    /// One that tells these addresses, by interface.
    Tells(BTreeMap<String, Vec<String>>),
}

/// A snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) time: u64,
    pub(crate) description: String,
    pub(crate) parent: Option<String>,
    /// Holds the memory of the running guest, too.
    pub(crate) memory: bool,
    pub(crate) config: Config,
}

/// A guest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guest {
    pub(crate) kind: GuestKind,
    pub(crate) node: String,
    pub(crate) config: Config,
    /// Changes that wait for the next start; `None` deletes.
    pub(crate) pending: BTreeMap<String, Option<String>>,
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    /// Snapshot the present state descends from.
    pub(crate) parent: Option<String>,
    pub(crate) run: Option<Run>,
    pub(crate) agent: Agent,
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
            Some(lock) => Err(Refusal::died(format!("{} is locked ({lock})", self.kind.word()))),
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
            Some(expected) if expected != self.digest() => Err(Refusal::died(match self.kind {
                GuestKind::Qemu => "checksum mismatch (file change by other user?)",
                GuestKind::Lxc => "detected modified configuration - file changed by other user? Try again.",
            })),
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
        let mut view: Map<String, Value> =
            config.iter().map(|(k, v)| (k.clone(), self.shown(k, v))).collect();
        view.insert("digest".into(), json!(self.digest()));
        if let Some(parent) = &self.parent {
            view.insert("parent".into(), json!(parent));
        }
        view
    }

    /// A value with the type the API gives it.
    pub(crate) fn shown(&self, key: &str, value: &str) -> Value {
        match self.kind {
            GuestKind::Qemu => shown(key, value),
            // A container's notes end their line; its numbers with fractions stay text.
            GuestKind::Lxc if key == "description" => json!(format!("{}\n", value.trim_end_matches('\n'))),
            GuestKind::Lxc => match schema::lxc_option(key).map_or("string", |s| s.kind.as_str()) {
                "integer" | "boolean" => value.parse::<i64>().map_or_else(|_| json!(value), |n| json!(n)),
                _ => json!(value),
            },
        }
    }

    /// Its name, as listings show it.
    pub(crate) fn name(&self, vmid: u32) -> String {
        let made_up = || match self.kind {
            GuestKind::Qemu => format!("VM {vmid}"),
            GuestKind::Lxc => format!("CT{vmid}"),
        };
        self.config.get(self.kind.name_key()).cloned().unwrap_or_else(made_up)
    }

    /// Whether a flag is set.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.config.get(key).is_some_and(|v| v == "1")
    }

    /// Volumes it holds on to, those of its snapshots and its detached ones included.
    pub(crate) fn volumes(&self) -> Vec<String> {
        let waiting: Config =
            self.pending.iter().filter_map(|(k, v)| Some((k.clone(), v.clone()?))).collect();
        let kept = self.snapshots.values().map(|s| &s.config);
        let mut found: Vec<String> =
            kept.chain([&self.config, &waiting]).flat_map(|c| self.kind.volumes(c)).collect();
        found.sort();
        found.dedup();
        found
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
        if self.kind == GuestKind::Lxc {
            let root = self.config.get("rootfs").and_then(|text| Mount::parse("rootfs", text));
            return root.and_then(|m| parse_size(m.options.get("size")?, 1)).unwrap_or_default();
        }
        let order = self.config.get("boot").and_then(|b| b.split("order=").nth(1)).unwrap_or_default();
        order
            .split(';')
            .filter_map(|key| Drive::parse(key, self.config.get(key)?))
            .find(|d| !d.is_cdrom())
            .and_then(|d| parse_size(d.options.get("size")?, 1))
            .unwrap_or_default()
    }
}

impl State {
    /// A machine on a node, else the text a missing configuration file gives.
    pub(crate) fn guest(&self, node: &str, vmid: u32) -> Outcome<&Guest> {
        self.guest_of(GuestKind::Qemu, node, vmid)
    }

    pub(crate) fn guest_mut(&mut self, node: &str, vmid: u32) -> Outcome<&mut Guest> {
        self.guest_of_mut(GuestKind::Qemu, node, vmid)
    }

    /// A guest of a kind on a node.
    pub(crate) fn guest_of(&self, kind: GuestKind, node: &str, vmid: u32) -> Outcome<&Guest> {
        let found = self.guests.get(&vmid).filter(|g| g.node == node && g.kind == kind);
        found.ok_or_else(|| missing(kind, node, vmid))
    }

    pub(crate) fn guest_of_mut(&mut self, kind: GuestKind, node: &str, vmid: u32) -> Outcome<&mut Guest> {
        let found = self.guests.get_mut(&vmid).filter(|g| g.node == node && g.kind == kind);
        found.ok_or_else(|| missing(kind, node, vmid))
    }

    /// Refuses a number that a guest of either kind has.
    pub(crate) fn check_vmid_unused(&self, vmid: u32) -> Outcome<()> {
        match self.guests.get(&vmid) {
            Some(other) => Err(Refusal::died(format!(
                "{} {vmid} already exists on node '{}'",
                other.kind.word(),
                other.node
            ))),
            None => Ok(()),
        }
    }
}

fn missing(kind: GuestKind, node: &str, vmid: u32) -> Refusal {
    let directory = kind.directory();
    Refusal::died(format!("Configuration file 'nodes/{node}/{directory}/{vmid}.conf' does not exist"))
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
