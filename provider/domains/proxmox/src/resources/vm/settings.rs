//! From the model to the keys of a guest's configuration.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Computed;

use super::model::*;
use super::want::{Pair, Want};
use crate::api::encode_ssh_keys;
use crate::guest::cost_tags::held;

/// What every key is to be, as far as the plan knows. Disks and drives that are not there yet are made elsewhere:
/// here stand their options.
pub(super) fn settings(vm: &Vm) -> BTreeMap<String, Want> {
    let mut keys = Keys::default();
    keys.text("name", Some(vm.name.clone()));
    processors(vm, &mut keys);
    keys.text("memory", number(&vm.memory));
    keys.text("balloon", vm.balloon.known().and_then(|value| value.map(|value| value.to_string())));
    keys.text("bios", vm.firmware.known().map(|firmware| firmware.as_str().to_owned()));
    keys.text("machine", given(&vm.machine));
    keys.text("scsihw", vm.scsi_controller.known().cloned());
    keys.text("ostype", vm.os_type.known().cloned());
    keys.property("agent", Some("enabled"), flag(&vm.agent, |agent| Pair::flag("enabled", agent)));
    keys.text("numa", switch(&vm.numa));
    keys.text("hotplug", vm.hotplug.known().and_then(Option::as_ref).map(features));
    keys.text("onboot", switch(&vm.on_boot));
    keys.text("protection", switch(&vm.protection));
    keys.text("hookscript", given(&vm.hookscript));
    keys.text("args", given(&vm.args));
    keys.0.extend(tags(vm).map(|want| ("tags".to_owned(), want)));
    let order = vm.boot_order.known().filter(|order| !order.is_empty());
    keys.text("boot", order.map(|order| format!("order={}", order.join(";"))));
    cards(vm, &mut keys);
    disks(vm, &mut keys);
    devices(vm, &mut keys);
    cloud_init(vm, &mut keys);
    keys.0
}

#[derive(Default)]
struct Keys(BTreeMap<String, Want>);

impl Keys {
    fn text(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), Want::Text(value));
        }
    }

    fn property(&mut self, key: &str, default_key: Option<&'static str>, pairs: Vec<Pair>) {
        if !pairs.is_empty() {
            self.0.insert(key.to_owned(), Want::Property { default_key, pairs });
        }
    }
}

fn number<T: ToString>(value: &Computed<T>) -> Option<String> {
    value.known().map(ToString::to_string)
}

fn switch(value: &Computed<bool>) -> Option<String> {
    value.known().map(|value| u8::from(*value).to_string())
}

fn given<T: Clone>(value: &Computed<Option<T>>) -> Option<T> {
    value.known().cloned().flatten()
}

fn flag(value: &Computed<bool>, pair: impl FnOnce(bool) -> Pair) -> Vec<Pair> {
    value.known().map(|value| pair(*value)).into_iter().collect()
}

fn optional<T: ToString>(key: &'static str, value: &Computed<Option<T>>) -> Option<Pair> {
    value.known().and_then(Option::as_ref).map(|value| Pair::text(key, value.to_string()))
}

/// The text of the option `hotplug`.
fn features(set: &BTreeSet<String>) -> String {
    if set.is_empty() { "0".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join(",") }
}

/// What begins the tag that carries the group of guests that are to be kept apart.
pub(super) const GROUP_TAG: &str = "anti-affinity-";

/// The group's tag, where there is a group.
pub(super) fn group_tag(vm: &Vm) -> Option<String> {
    let group = vm.placement.as_ref()?.anti_affinity.as_ref()?;
    Some(format!("{GROUP_TAG}{group}"))
}

/// The settings that take a guest from its state to its plan: with tags to take away that the provider had put beside
/// those that nobody declared.
pub(super) fn settings_after(prior: Option<&Vm>, vm: &Vm) -> BTreeMap<String, Want> {
    let mut keys = settings(vm);
    let had = prior.map(|prior| held(&prior.cost_tags)).unwrap_or_default();
    let gone: BTreeSet<String> = had.difference(&held(&vm.cost_tags)).cloned().collect();
    if !gone.is_empty() {
        let nothing = Want::Tags { add: BTreeSet::new(), drop: BTreeSet::new() };
        if let Want::Tags { drop, .. } = keys.entry("tags".to_owned()).or_insert(nothing) {
            drop.extend(gone);
        }
    }
    keys
}

/// All tags where the configuration says what the guest's own are, else those that are put beside them: of the group
/// and of the provider.
fn tags(vm: &Vm) -> Option<Want> {
    let put: BTreeSet<String> = group_tag(vm).into_iter().chain(held(&vm.cost_tags)).collect();
    let is_declared = vm.managed.known().is_none_or(|managed| managed.contains("tags"));
    match vm.tags.known().filter(|_| is_declared) {
        Some(own) => {
            let all: BTreeSet<String> = own.iter().map(|tag| tag.to_lowercase()).chain(put).collect();
            Some(Want::Text(all.into_iter().collect::<Vec<_>>().join(";")))
        }
        None if put.is_empty() => None,
        None if vm.remove.contains("tags") => Some(Want::OnlyTags(put)),
        None => Some(Want::Tags { add: put, drop: BTreeSet::new() }),
    }
}

fn processors(vm: &Vm, keys: &mut Keys) {
    let Some(cpu) = vm.cpu.known() else { return };
    keys.text("cores", number(&cpu.cores));
    keys.text("sockets", number(&cpu.sockets));
    keys.text("vcpus", given(&cpu.vcpus).map(|value| value.to_string()));
    keys.text("cpulimit", given(&cpu.limit).map(|value| value.to_string()));
    keys.text("cpuunits", given(&cpu.units).map(|value| value.to_string()));
    keys.text("affinity", given(&cpu.affinity));
    let mut pairs: Vec<Pair> = optional("cputype", &cpu.r#type).into_iter().collect();
    if let Some(flags) = cpu.flags.known() {
        let text = flags.iter().cloned().collect::<Vec<_>>().join(";");
        pairs.push(Pair { key: "flags", value: Some(text).filter(|text| !text.is_empty()), absent: None });
    }
    if pairs.iter().any(|pair| pair.value.is_some()) {
        keys.property("cpu", Some("cputype"), pairs);
    }
}

fn cards(vm: &Vm, keys: &mut Keys) {
    for (slot, card) in vm.network.known().into_iter().flatten() {
        let mut pairs: Vec<Pair> = optional("bridge", &card.bridge).into_iter().collect();
        if let Some(vlan) = card.vlan.known() {
            let value = Some(vlan).filter(|vlan| **vlan > 0).map(ToString::to_string);
            pairs.push(Pair { key: "tag", value, absent: None });
        }
        pairs.extend(optional("trunks", &card.trunks));
        pairs.extend(flag(&card.firewall, |value| Pair::flag("firewall", value)));
        pairs.extend(flag(&card.link_down, |value| Pair::flag("link_down", value)));
        pairs.extend(optional("mtu", &card.mtu));
        pairs.extend(optional("queues", &card.queues));
        pairs.extend(optional("rate", &card.rate));
        let (model, mac) = (card.model.known().cloned(), card.mac_address.known().cloned());
        keys.0.insert(slot.clone(), Want::Nic { model, mac, pairs });
    }
}

/// The options of a disk.
pub(super) fn disk_pairs(slot: &str, disk: &VmDisk) -> Vec<Pair> {
    let mut pairs = Vec::new();
    pairs.extend(optional("cache", &disk.cache).map(|pair| pair.or_absent("none")));
    pairs.extend(optional("aio", &disk.aio));
    let discard = |on| Pair::text("discard", if on { "on" } else { "ignore" }).or_absent("ignore");
    pairs.extend(flag(&disk.discard, discard));
    let family = slot.trim_end_matches(|c: char| c.is_ascii_digit());
    if matches!(family, "scsi" | "virtio") {
        pairs.extend(flag(&disk.iothread, |value| Pair::flag("iothread", value)));
        pairs.extend(flag(&disk.read_only, |value| Pair::flag("ro", value)));
    }
    if family != "virtio" {
        pairs.extend(flag(&disk.ssd, |value| Pair::flag("ssd", value)));
    }
    pairs.extend(flag(&disk.backup, |value| Pair::flag_on("backup", value)));
    pairs.extend(flag(&disk.replicate, |value| Pair::flag_on("replicate", value)));
    pairs.extend(optional("serial", &disk.serial));
    pairs
}

fn disks(vm: &Vm, keys: &mut Keys) {
    for (slot, disk) in vm.disks.known().into_iter().flatten() {
        keys.property(slot, Some("file"), disk_pairs(slot, disk));
    }
    for (slot, drive) in vm.cdrom.known().into_iter().flatten() {
        let pairs = vec![Pair::text("file", &drive.file), Pair::text("media", "cdrom")];
        keys.property(slot, Some("file"), pairs);
    }
}

fn devices(vm: &Vm, keys: &mut Keys) {
    for (slot, port) in vm.serial.known().into_iter().flatten() {
        keys.text(slot, Some(port.clone()));
    }
    for (slot, usb) in vm.usb.known().into_iter().flatten() {
        let mut pairs: Vec<Pair> = optional("mapping", &usb.mapping).into_iter().collect();
        pairs.extend(optional("host", &usb.host));
        pairs.extend(flag(&usb.usb3, |value| Pair::flag("usb3", value)));
        keys.property(slot, Some("host"), pairs);
    }
    for (slot, pci) in vm.pci.known().into_iter().flatten() {
        let mut pairs: Vec<Pair> = optional("mapping", &pci.mapping).into_iter().collect();
        pairs.extend(optional("host", &pci.host));
        pairs.extend(flag(&pci.pcie, |value| Pair::flag("pcie", value)));
        pairs.extend(flag(&pci.primary_gpu, |value| Pair::flag("x-vga", value)));
        pairs.extend(flag(&pci.rombar, |value| Pair::flag_on("rombar", value)));
        pairs.extend(optional("mdev", &pci.mediated_device));
        keys.property(slot, Some("host"), pairs);
    }
    if let Some(Some(vga)) = vm.vga.known() {
        let pairs = optional("type", &vga.r#type).into_iter().chain(optional("memory", &vga.memory));
        keys.property("vga", Some("type"), pairs.collect());
    }
    if let Some(Some(rng)) = vm.rng.known() {
        let source = rng.source.known().cloned().unwrap_or_else(|| "/dev/urandom".to_owned());
        let mut pairs = vec![Pair::text("source", source)];
        pairs.extend(optional("max_bytes", &rng.max_bytes));
        pairs.extend(optional("period", &rng.period));
        keys.property("rng0", Some("source"), pairs);
    }
    if let Some(Some(watchdog)) = vm.watchdog.known() {
        let model = watchdog.model.known().cloned().unwrap_or_else(|| "i6300esb".to_owned());
        let mut pairs = vec![Pair::text("model", model)];
        pairs.extend(optional("action", &watchdog.action));
        keys.property("watchdog", Some("model"), pairs);
    }
    if let Some(Some(startup)) = vm.startup.known() {
        let mut pairs: Vec<Pair> = optional("order", &startup.order).into_iter().collect();
        pairs.extend(optional("up", &startup.up_delay));
        pairs.extend(optional("down", &startup.down_delay));
        keys.property("startup", Some("order"), pairs);
    }
}

fn cloud_init(vm: &Vm, keys: &mut Keys) {
    let Some(Some(cloud_init)) = vm.cloud_init.known() else { return };
    keys.text("ciuser", given(&cloud_init.user));
    keys.text("searchdomain", given(&cloud_init.search_domain));
    keys.text("nameserver", cloud_init.nameservers.known().map(|servers| servers.join(" ")));
    keys.text("sshkeys", cloud_init.ssh_keys.known().map(encode_ssh_keys));
    keys.text("ciupgrade", given(&cloud_init.upgrade).map(|value| u8::from(value).to_string()));
    for (slot, addresses) in cloud_init.ip_config.known().into_iter().flatten() {
        let pair = |key, value: &Option<String>| Pair { key, value: value.clone(), absent: None };
        let pairs = vec![
            pair("ip", &addresses.ipv4),
            pair("gw", &addresses.gateway),
            pair("ip6", &addresses.ipv6),
            pair("gw6", &addresses.gateway6),
        ];
        keys.property(&ip_config_key(slot), None, pairs);
    }
}

/// `ipconfig0` of `net0`.
pub(super) fn ip_config_key(slot: &str) -> String {
    slot.replacen("net", "ipconfig", 1)
}
