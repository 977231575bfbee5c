//! A guest as the virtual machine it is.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, WriteOnly};

use super::model::*;
use super::want::order;
use crate::api::{GuestConfig, Nic, PropertyString, VolumeId, lenient};

/// Families of slots that hold drives.
pub(super) const DRIVES: [&str; 4] = ["scsi", "virtio", "sata", "ide"];

/// What a slot of a drive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drive {
    /// A disk.
    Disk,
    /// A CD drive.
    Cdrom,
    /// The drive cloud-init reads.
    CloudInit,
}

/// What the drive with this text is.
pub(super) fn drive(text: &str) -> Drive {
    let property = PropertyString::parse(text, Some("file")).unwrap_or_default();
    let file = property.get("file").unwrap_or_default();
    if file.contains("cloudinit") || is_seed(file) {
        Drive::CloudInit
    } else if property.get("media") == Some("cdrom") || file == "none" || file == "cdrom" {
        Drive::Cdrom
    } else {
        Drive::Disk
    }
}

/// Whether a volume is a seed image of this provider's making.
fn is_seed(file: &str) -> bool {
    file.parse::<VolumeId>().is_ok_and(|volume| crate::seed::seed_owner(&volume).is_some())
}

/// Slots of drives of one sort, with their texts.
pub(super) fn drives(config: &GuestConfig, sort: Drive) -> Vec<(String, String)> {
    let all = DRIVES.iter().flat_map(|family| {
        config.slots(family).map(move |(number, text)| (format!("{family}{number}"), text.to_owned()))
    });
    all.filter(|(_, text)| drive(text) == sort).collect()
}

fn known<T>(value: T) -> Computed<T> {
    Computed::Known(value)
}

fn number(text: Option<&str>) -> Option<u32> {
    text.and_then(|text| text.parse().ok())
}

fn property(text: &str, default_key: Option<&str>) -> PropertyString {
    PropertyString::parse(text, default_key).unwrap_or_default()
}

/// The settings of a guest, whole. Inputs that no server tells come from `before`.
pub(super) fn hardware(config: &GuestConfig, before: Option<&Vm>, vm: &mut Vm) {
    let text = |key: &str| config.get(key).map(str::to_owned);
    vm.cpu = known(cpu(config));
    vm.memory = known(memory(config));
    vm.balloon = known(number(config.get("balloon")));
    vm.firmware = known(config.get("bios").and_then(|bios| bios.parse().ok()).unwrap_or(Firmware::Seabios));
    vm.machine = known(text("machine"));
    vm.scsi_controller = known(text("scsihw").unwrap_or_else(|| "lsi".to_owned()));
    vm.os_type = known(text("ostype").unwrap_or_else(|| "other".to_owned()));
    vm.agent = known(agent(config));
    vm.numa = known(config.flag("numa").unwrap_or_default());
    vm.hotplug = known(config.get("hotplug").map(hotplug));
    vm.on_boot = known(config.flag("onboot").unwrap_or_default());
    vm.protection = known(config.flag("protection").unwrap_or_default());
    vm.hookscript = known(text("hookscript"));
    vm.args = known(text("args"));
    vm.boot_order = known(config.get("boot").map(order).unwrap_or_default());
    vm.network = known(cards(config));
    vm.disks = known(disks(config, before));
    vm.cdrom = known(cdroms(config));
    vm.efi_disk = known(config.get("efidisk0").map(efi_disk));
    vm.tpm_state = known(config.get("tpmstate0").map(tpm_state));
    vm.serial = known(slots(config, "serial", str::to_owned));
    vm.usb = known(slots(config, "usb", usb));
    vm.pci = known(slots(config, "hostpci", pci));
    vm.vga = known(config.get("vga").map(vga));
    vm.rng = known(config.get("rng0").map(rng));
    vm.watchdog = known(config.get("watchdog").map(watchdog));
    vm.startup = known(config.get("startup").map(startup));
    vm.cloud_init = known(cloud_init(config, before));
    vm.uuid = known(config.smbios_uuid().unwrap_or_default());
}

fn slots<T>(config: &GuestConfig, family: &str, read: impl Fn(&str) -> T) -> BTreeMap<String, T> {
    config.slots(family).map(|(index, text)| (format!("{family}{index}"), read(text))).collect()
}

/// Memory in MiB.
pub(super) fn memory(config: &GuestConfig) -> u32 {
    let text = config.get("memory").unwrap_or_default();
    number(property(text, Some("current")).get("current")).unwrap_or(512)
}

/// Whether the agent is expected.
pub(super) fn agent(config: &GuestConfig) -> bool {
    config.get("agent").and_then(|text| property(text, Some("enabled")).flag("enabled")).unwrap_or_default()
}

/// The features of a text of the option `hotplug`.
pub(super) fn hotplug(text: &str) -> BTreeSet<String> {
    match text {
        "1" => lenient::split_list("network,disk,usb"),
        "0" => BTreeSet::new(),
        text => lenient::split_list(text),
    }
}

fn cpu(config: &GuestConfig) -> VmCpu {
    let of_key = |key: &str| number(config.get(key));
    let kind = property(config.get("cpu").unwrap_or_default(), Some("cputype"));
    let flags = kind.get("flags").unwrap_or_default();
    VmCpu {
        cores: known(of_key("cores").unwrap_or(1)),
        sockets: known(of_key("sockets").unwrap_or(1)),
        r#type: known(kind.get("cputype").map(str::to_owned)),
        flags: known(flags.split(';').filter(|flag| !flag.is_empty()).map(str::to_owned).collect()),
        vcpus: known(of_key("vcpus")),
        limit: known(config.get("cpulimit").and_then(|limit| limit.parse().ok())),
        units: known(of_key("cpuunits")),
        affinity: known(config.get("affinity").map(str::to_owned)),
    }
}

fn cards(config: &GuestConfig) -> BTreeMap<String, VmNetwork> {
    let read = |(index, text): (u32, &str)| {
        let nic = Nic::parse(text).ok()?;
        let option = |key: &str| nic.options.get(key);
        let card = VmNetwork {
            bridge: known(option("bridge").map(str::to_owned)),
            model: known(nic.model.clone()),
            mac_address: known(nic.mac.clone().unwrap_or_default()),
            vlan: known(number(option("tag")).unwrap_or_default()),
            trunks: known(option("trunks").map(str::to_owned)),
            firewall: known(nic.options.flag("firewall").unwrap_or_default()),
            link_down: known(nic.options.flag("link_down").unwrap_or_default()),
            mtu: known(number(option("mtu"))),
            queues: known(number(option("queues"))),
            rate: known(option("rate").and_then(|rate| rate.parse().ok())),
        };
        Some((format!("net{index}"), card))
    };
    config.slots("net").filter_map(read).collect()
}

fn storage_of(file: &str) -> Option<String> {
    file.parse::<VolumeId>().ok().map(|volume| volume.storage().to_owned())
}

fn disks(config: &GuestConfig, before: Option<&Vm>) -> BTreeMap<String, VmDisk> {
    let read = |(slot, text): (String, String)| {
        let before_all = before.and_then(|before| before.disks.known());
        let disk = disk(&text, before_all.and_then(|disks| disks.get(&slot)), before.is_none());
        (slot, disk)
    };
    drives(config, Drive::Disk).into_iter().map(read).collect()
}

fn disk(text: &str, before: Option<&VmDisk>, imported: bool) -> VmDisk {
    let seen = property(text, Some("file"));
    let file = seen.get("file").unwrap_or_default().to_owned();
    let option = |key: &str| seen.get(key).map(str::to_owned);
    let volume = file.parse::<VolumeId>().ok();
    // An empty text stands for "not known", so that a configuration that tells the source is no difference.
    let source = before
        .and_then(|before| before.import_from.known().cloned())
        .unwrap_or_else(|| imported.then(String::new));
    VmDisk {
        storage: known(volume.as_ref().map(|volume| volume.storage().to_owned())),
        size: known(option("size")),
        format: known(volume.as_ref().and_then(VolumeId::format).map(str::to_owned)),
        import_from: known(source),
        volume: known(Some(file).filter(|file| !file.is_empty())),
        cache: known(option("cache")),
        aio: known(option("aio")),
        discard: known(seen.get("discard") == Some("on")),
        iothread: known(seen.flag("iothread").unwrap_or_default()),
        ssd: known(seen.flag("ssd").unwrap_or_default()),
        backup: known(seen.flag("backup").unwrap_or(true)),
        replicate: known(seen.flag("replicate").unwrap_or(true)),
        read_only: known(seen.flag("ro").unwrap_or_default()),
        serial: known(option("serial")),
        on_detach: before.map_or(OnDetach::Keep, |before| before.on_detach),
    }
}

fn cdroms(config: &GuestConfig) -> BTreeMap<String, Cdrom> {
    let read = |(slot, text): (String, String)| {
        let file = property(&text, Some("file")).get("file").unwrap_or("none").to_owned();
        (slot, Cdrom { file })
    };
    drives(config, Drive::Cdrom).into_iter().map(read).collect()
}

fn efi_disk(text: &str) -> EfiDisk {
    let seen = property(text, Some("file"));
    let file = seen.get("file").unwrap_or_default();
    EfiDisk {
        storage: known(storage_of(file)),
        r#type: known(seen.get("efitype").map(str::to_owned)),
        pre_enrolled_keys: known(seen.flag("pre-enrolled-keys").unwrap_or_default()),
        volume: known(Some(file.to_owned())),
    }
}

fn tpm_state(text: &str) -> TpmState {
    let seen = property(text, Some("file"));
    let file = seen.get("file").unwrap_or_default();
    TpmState {
        storage: known(storage_of(file)),
        version: known(seen.get("version").map(str::to_owned)),
        volume: known(Some(file.to_owned())),
    }
}

fn usb(text: &str) -> Usb {
    let seen = property(text, Some("host"));
    Usb {
        mapping: known(seen.get("mapping").map(str::to_owned)),
        host: known(seen.get("host").map(str::to_owned)),
        usb3: known(seen.flag("usb3").unwrap_or_default()),
    }
}

fn pci(text: &str) -> Pci {
    let seen = property(text, Some("host"));
    Pci {
        mapping: known(seen.get("mapping").map(str::to_owned)),
        host: known(seen.get("host").map(str::to_owned)),
        pcie: known(seen.flag("pcie").unwrap_or_default()),
        primary_gpu: known(seen.flag("x-vga").unwrap_or_default()),
        rombar: known(seen.flag("rombar").unwrap_or(true)),
        mediated_device: known(seen.get("mdev").map(str::to_owned)),
    }
}

fn vga(text: &str) -> Vga {
    let seen = property(text, Some("type"));
    Vga { r#type: known(seen.get("type").map(str::to_owned)), memory: known(number(seen.get("memory"))) }
}

fn rng(text: &str) -> Rng {
    let seen = property(text, Some("source"));
    Rng {
        source: known(seen.get("source").unwrap_or_default().to_owned()),
        max_bytes: known(number(seen.get("max_bytes"))),
        period: known(number(seen.get("period"))),
    }
}

fn watchdog(text: &str) -> Watchdog {
    let seen = property(text, Some("model"));
    Watchdog {
        model: known(seen.get("model").unwrap_or("i6300esb").to_owned()),
        action: known(seen.get("action").map(str::to_owned)),
    }
}

fn startup(text: &str) -> Startup {
    let seen = property(text, Some("order"));
    Startup {
        order: known(number(seen.get("order"))),
        up_delay: known(number(seen.get("up"))),
        down_delay: known(number(seen.get("down"))),
    }
}

fn cloud_init(config: &GuestConfig, before: Option<&Vm>) -> Option<VmCloudInit> {
    let before_whole = before.and_then(|before| before.cloud_init.known()).and_then(Option::as_ref);
    let drive = drives(config, Drive::CloudInit).into_iter().next();
    if drive.is_none() && before_whole.is_none() {
        return None;
    }
    let text = |key: &str| config.get(key).map(str::to_owned).filter(|text| !text.is_empty());
    let servers = text("nameserver").unwrap_or_default();
    let file =
        drive.as_ref().and_then(|(_, text)| property(text, Some("file")).get("file").map(str::to_owned));
    let addresses = |(index, text): (u32, &str)| {
        let seen = property(text, None);
        let of = |key: &str| seen.get(key).map(str::to_owned);
        let config = IpConfig { ipv4: of("ip"), gateway: of("gw"), ipv6: of("ip6"), gateway6: of("gw6") };
        (format!("net{index}"), config)
    };
    // An empty text stands for "not known", so that a configuration that tells the document is no difference.
    let document = |of: fn(&VmCloudInit) -> &Computed<Option<String>>| match before_whole {
        Some(before) => known(of(before).known().cloned().flatten()),
        None => known(before.is_none().then(String::new)),
    };
    Some(VmCloudInit {
        storage: known(file.as_deref().and_then(storage_of)),
        slot: drive.map_or_else(|| "ide2".to_owned(), |(slot, _)| slot),
        user: known(text("ciuser")),
        password: WriteOnly::default(),
        password_version: before_whole.and_then(|before| before.password_version),
        ssh_keys: known(config.ssh_keys()),
        ip_config: known(config.slots("ipconfig").map(addresses).collect()),
        search_domain: known(text("searchdomain")),
        nameservers: known(servers.split_whitespace().map(str::to_owned).collect()),
        upgrade: known(config.flag("ciupgrade")),
        user_data: document(|cloud_init| &cloud_init.user_data),
        network_config: document(|cloud_init| &cloud_init.network_config),
        vendor_data: document(|cloud_init| &cloud_init.vendor_data),
        instance_id: document(|cloud_init| &cloud_init.instance_id),
        on_user_data_change: before_whole
            .map_or(OnUserDataChange::Ignore, |before| before.on_user_data_change),
    })
}
