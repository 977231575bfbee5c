//! Hardware and cloud-init settings: from the plan to API parameters, and from a guest's configuration back.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Computed;
use transport_rest::{Form, Secret};

use super::model::{CloudInit, Cpu, Firmware, Network, Template, TemplateDisk};
use crate::api::{DiskSize, GuestConfig, Nic, PropertyString, VolumeId, encode_ssh_keys};
use crate::guest::cost_tags::held;

/// The drive cloud-init reads.
pub(super) const CLOUD_INIT_SLOT: &str = "ide2";

/// What begins the tag that carries the version.
pub(super) const VERSION_TAG: &str = "version-";

/// What a built template gets where the configuration says nothing.
mod usual {
    pub(super) const CORES: u32 = 2;
    pub(super) const SOCKETS: u32 = 1;
    pub(super) const CPU: &str = "x86-64-v2-AES";
    pub(super) const MEMORY: u32 = 2048;
    pub(super) const SCSI: &str = "virtio-scsi-single";
    pub(super) const OS: &str = "l26";
}

/// What Proxmox takes an absent key for.
mod absent {
    pub(super) const CORES: u64 = 1;
    pub(super) const SOCKETS: u64 = 1;
    pub(super) const MEMORY: u64 = 512;
    pub(super) const SCSI: &str = "lsi";
    pub(super) const OS: &str = "other";
}

/// Fills what the configuration left open with what a built template gets.
pub(super) fn with_usual(mut plan: Template) -> Template {
    let cpu = plan.cpu.into_known().unwrap_or(Cpu {
        cores: Computed::Unknown,
        sockets: Computed::Unknown,
        r#type: Computed::Unknown,
    });
    plan.cpu = Computed::Known(Cpu {
        cores: known_or(cpu.cores, usual::CORES),
        sockets: known_or(cpu.sockets, usual::SOCKETS),
        r#type: known_or(cpu.r#type, Some(usual::CPU.to_owned())),
    });
    plan.memory = known_or(plan.memory, usual::MEMORY);
    plan.firmware = known_or(plan.firmware, Firmware::Seabios);
    plan.machine = known_or(plan.machine, None);
    plan.scsi_controller = known_or(plan.scsi_controller, usual::SCSI.to_owned());
    plan.os_type = known_or(plan.os_type, usual::OS.to_owned());
    plan.agent = known_or(plan.agent, true);
    plan.serial_console = known_or(plan.serial_console, true);
    plan.network = known_or(plan.network, BTreeMap::new());
    plan.tags = known_or(plan.tags, BTreeSet::new());
    plan
}

fn known_or<T>(value: Computed<T>, other: T) -> Computed<T> {
    Computed::Known(value.into_known().unwrap_or(other))
}

/// The settings of a template that can be changed in place, as the API names them. Keys that are not known
/// are left out.
pub(super) fn settings(plan: &Template) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        keys.insert(key.to_owned(), value);
    };
    set("name", plan.name.clone());
    if let Some(cpu) = plan.cpu.known() {
        if let Some(cores) = cpu.cores.known() {
            set("cores", cores.to_string());
        }
        if let Some(sockets) = cpu.sockets.known() {
            set("sockets", sockets.to_string());
        }
        if let Some(Some(kind)) = cpu.r#type.known() {
            set("cpu", kind.clone());
        }
    }
    if let Some(memory) = plan.memory.known() {
        set("memory", memory.to_string());
    }
    if let Some(firmware) = plan.firmware.known() {
        set("bios", firmware.as_str().to_owned());
    }
    if let Some(Some(machine)) = plan.machine.known() {
        set("machine", machine.clone());
    }
    if let Some(controller) = plan.scsi_controller.known() {
        set("scsihw", controller.clone());
    }
    if let Some(os) = plan.os_type.known() {
        set("ostype", os.clone());
    }
    if let Some(agent) = plan.agent.known() {
        set("agent", format!("enabled={}", u8::from(*agent)));
    }
    if plan.serial_console.known() == Some(&true) {
        set("serial0", "socket".to_owned());
        set("vga", "serial0".to_owned());
    }
    if let Some(tags) = tags(plan) {
        set("tags", tags);
    }
    for (slot, network) in plan.network.known().into_iter().flatten() {
        set(slot, network_property(network));
    }
    keys.extend(cloud_init_settings(plan));
    keys
}

/// The user's tags, those of the provider and the one of the version; `None` while they are not known.
fn tags(plan: &Template) -> Option<String> {
    let cost_tags = held(&plan.cost_tags);
    let version = plan.version.as_ref().map(|version| format!("{VERSION_TAG}{version}"));
    let own = plan.tags.known()?.iter().map(|tag| tag.to_lowercase());
    let all: BTreeSet<String> = own.chain(cost_tags).chain(version).collect();
    (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(";"))
}

fn network_property(network: &Network) -> String {
    let mut text = format!("{},bridge={}", network.model, network.bridge);
    if let Some(vlan) = network.vlan {
        text.push_str(&format!(",tag={vlan}"));
    }
    if network.firewall {
        text.push_str(",firewall=1");
    }
    text
}

/// The same for a slot that has a card: its address stays, and what is not managed here too.
pub(super) fn network_onto(seen: &str, wanted: &str) -> Option<String> {
    let (seen, mut nic) = (Nic::parse(seen).ok()?, Nic::parse(wanted).ok()?);
    nic.mac = seen.mac;
    for (key, value) in seen.options.iter().filter(|(key, _)| !MANAGED.contains(key)) {
        nic.options.set(key, value);
    }
    nic.format().ok()
}

/// What of a card is managed here.
const MANAGED: [&str; 3] = ["bridge", "tag", "firewall"];

fn cloud_init_settings(plan: &Template) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let Some(cloud_init) = &plan.cloud_init else { return keys };
    let mut set = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            keys.insert(key.to_owned(), value);
        }
    };
    set("ciuser", cloud_init.user.clone());
    set("searchdomain", cloud_init.search_domain.clone());
    set("nameserver", cloud_init.nameservers.as_ref().map(|servers| servers.join(" ")));
    set("sshkeys", cloud_init.ssh_keys.as_ref().map(encode_ssh_keys));
    set("ciupgrade", cloud_init.upgrade.map(|upgrade| u8::from(upgrade).to_string()));
    keys
}

/// Where the cloud-init drive goes.
pub(super) fn cloud_init_drive(plan: &Template) -> Option<String> {
    let cloud_init = plan.cloud_init.as_ref()?;
    let storage = cloud_init.storage.as_ref().or(plan.disk.as_ref().map(|disk| &disk.storage))?;
    Some(format!("{storage}:cloudinit"))
}

/// The password to send, where there is one.
pub(super) fn password(plan: &Template) -> Option<Secret> {
    let password = plan.cloud_init.as_ref()?.password.get()?;
    Some(Secret::new(password.clone()))
}

/// Everything the creation of a guest is asked with.
pub(super) fn creation(plan: &Template, disk: &TemplateDisk, image: &VolumeId, notes: &str) -> Form {
    let mut form = Form::new();
    for (key, value) in settings(plan) {
        form = form.text(key, value);
    }
    let mut property = format!("{}:0,import-from={image}", disk.storage);
    property.push_str(&disk_options(disk));
    form = form
        .text(&disk.slot, property)
        .text("boot", format!("order={}", disk.slot))
        .text("description", notes);
    if plan.firmware.known() == Some(&Firmware::Ovmf) {
        form = form.text("efidisk0", format!("{}:1,efitype=4m,pre-enrolled-keys=0", disk.storage));
    }
    if let Some(drive) = cloud_init_drive(plan) {
        form = form.text(CLOUD_INIT_SLOT, drive);
    }
    match password(plan) {
        Some(password) => form.secret("cipassword", &password),
        None => form,
    }
}

fn disk_options(disk: &TemplateDisk) -> String {
    let mut options = disk.format.as_ref().map(|format| format!(",format={format}")).unwrap_or_default();
    if disk.discard {
        options.push_str(",discard=on");
    }
    // virtio disks have no such property: the guest sees them as they are
    if disk.ssd && !disk.slot.starts_with("virtio") {
        options.push_str(",ssd=1");
    }
    options
}

/// What is seen of a guest's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenDisk {
    pub(super) volume: String,
    pub(super) size: Option<DiskSize>,
    pub(super) discard: bool,
    pub(super) ssd: bool,
}

/// The disk at a slot.
pub(super) fn disk_at(config: &GuestConfig, slot: &str) -> Option<SeenDisk> {
    let property = PropertyString::parse(config.get(slot)?, Some("file")).ok()?;
    Some(SeenDisk {
        volume: property.get("file")?.to_owned(),
        size: property.get("size").and_then(|size| size.parse().ok()),
        discard: property.get("discard") == Some("on"),
        ssd: property.get("ssd") == Some("1"),
    })
}

/// The slot a guest boots from: the first of its boot order that holds a disk.
pub(super) fn boot_slot(config: &GuestConfig) -> Option<String> {
    let boot = PropertyString::parse(config.get("boot")?, Some("legacy")).ok()?;
    let order = boot.get("order")?.split(';').map(str::to_owned).collect::<Vec<_>>();
    order.into_iter().find(|slot| !slot.starts_with("net") && !is_cdrom(config, slot))
}

fn is_cdrom(config: &GuestConfig, slot: &str) -> bool {
    config.get(slot).is_some_and(|text| text.contains("media=cdrom"))
}

pub(super) fn cpu(config: &GuestConfig) -> Cpu {
    let number =
        |key: &str, absent: u64| u32::try_from(config.number(key).unwrap_or(absent)).unwrap_or(u32::MAX);
    Cpu {
        cores: Computed::Known(number("cores", absent::CORES)),
        sockets: Computed::Known(number("sockets", absent::SOCKETS)),
        r#type: Computed::Known(config.get("cpu").map(str::to_owned)),
    }
}

pub(super) fn memory(config: &GuestConfig) -> u32 {
    let text = config.get("memory").unwrap_or_default();
    let property = PropertyString::parse(text, Some("current")).ok();
    let stated = property.and_then(|property| property.get("current")?.parse::<u64>().ok());
    u32::try_from(stated.unwrap_or(absent::MEMORY)).unwrap_or(u32::MAX)
}

pub(super) fn firmware(config: &GuestConfig) -> Firmware {
    config.get("bios").and_then(|bios| bios.parse().ok()).unwrap_or(Firmware::Seabios)
}

pub(super) fn scsi_controller(config: &GuestConfig) -> String {
    config.get("scsihw").unwrap_or(absent::SCSI).to_owned()
}

pub(super) fn os_type(config: &GuestConfig) -> String {
    config.get("ostype").unwrap_or(absent::OS).to_owned()
}

pub(super) fn agent(config: &GuestConfig) -> bool {
    let property = config.get("agent").and_then(|text| PropertyString::parse(text, Some("enabled")).ok());
    property.is_some_and(|property| property.get("enabled") == Some("1"))
}

pub(super) fn serial_console(config: &GuestConfig) -> bool {
    config.get("serial0") == Some("socket") && config.get("vga").is_some_and(|vga| vga.starts_with("serial0"))
}

pub(super) fn networks(config: &GuestConfig) -> BTreeMap<String, Network> {
    let read = |(index, text): (u32, &str)| {
        let nic = Nic::parse(text).ok()?;
        let option = |key: &str| nic.options.get(key);
        let network = Network {
            bridge: option("bridge")?.to_owned(),
            model: nic.model.clone(),
            vlan: option("tag").and_then(|tag| tag.parse().ok()),
            firewall: option("firewall") == Some("1"),
        };
        Some((format!("net{index}"), network))
    };
    config.slots("net").filter_map(read).collect()
}

/// The tags beside ours, and the version that ours tells.
pub(super) fn split_tags(config: &GuestConfig) -> (BTreeSet<String>, Option<String>) {
    let mut version = None;
    let mut others = BTreeSet::new();
    for tag in config.tags() {
        match tag.strip_prefix(VERSION_TAG) {
            Some(stated) => version = Some(stated.to_owned()),
            None => {
                others.insert(tag);
            }
        }
    }
    (others, version)
}

/// Cloud-init settings as seen; what cannot be seen comes from `before`.
pub(super) fn cloud_init(config: &GuestConfig, before: Option<&CloudInit>) -> Option<CloudInit> {
    let drives = ["ide", "sata", "scsi"];
    let has_drive =
        drives.iter().any(|family| config.slots(family).any(|(_, text)| text.contains("cloudinit")));
    if !has_drive {
        return None;
    }
    let text = |key: &str| config.get(key).map(str::to_owned).filter(|text| !text.is_empty());
    let keys = config.ssh_keys();
    let servers: Vec<String> =
        text("nameserver").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    // An empty list and none at all look the same on the server.
    let list = |seen: Vec<String>, before: Option<&Vec<String>>| match before {
        Some(_) => Some(seen),
        None => Some(seen).filter(|seen| !seen.is_empty()),
    };
    Some(CloudInit {
        storage: before.and_then(|before| before.storage.clone()),
        user: text("ciuser"),
        password: tf_framework::WriteOnly::default(),
        password_version: before.and_then(|before| before.password_version),
        ssh_keys: list(keys, before.and_then(|before| before.ssh_keys.as_ref())),
        search_domain: text("searchdomain"),
        nameservers: list(servers, before.and_then(|before| before.nameservers.as_ref())),
        upgrade: config.flag("ciupgrade"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_card_keeps_its_address_and_what_is_not_managed() {
        let seen = "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,mtu=9000,tag=7";
        let merged = network_onto(seen, "e1000,bridge=vmbr1,tag=8").unwrap();
        let nic = Nic::parse(&merged).unwrap();
        assert_eq!((nic.model.as_str(), nic.mac.as_deref()), ("e1000", Some("BC:24:11:00:00:01")));
        let option = |key| nic.options.get(key);
        assert_eq!(
            [option("bridge"), option("tag"), option("mtu"), option("firewall")],
            [Some("vmbr1"), Some("8"), Some("9000"), None]
        );
        assert_eq!(network_onto("bridge=vmbr0", "virtio,bridge=vmbr0"), None);
    }
}
