//! Settings of a container: from the model to the server's keys, and from a configuration back.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Computed;

use super::model::*;
use super::mounts::Effect;
use crate::api::{
    DiskSize, GuestConfig, LxcDevice, LxcFeatures, LxcNet, MountPoint, MountSource, PropertyError,
    PropertyString,
};
use crate::guest::cost_tags::{held, split};

/// Memory and swap where the configuration does not say.
const USUAL_MEMORY: u64 = 512;

/// Keys a running container takes at once; the others wait for its next start.
const HOT: [&str; 12] = [
    "cores",
    "cpulimit",
    "cpuunits",
    "description",
    "hookscript",
    "hostname",
    "memory",
    "onboot",
    "protection",
    "startup",
    "swap",
    "tags",
];

/// When a change of a key takes effect.
pub(super) fn effect(key: &str) -> Effect {
    if HOT.contains(&key) || key.starts_with("net") { Effect::Now } else { Effect::NextStart }
}

/// The attribute behind a key.
pub(super) fn attribute(key: &str) -> &str {
    match key {
        "hostname" => "name",
        "cpulimit" => "cpu_limit",
        "cpuunits" => "cpu_units",
        "nameserver" | "searchdomain" => "dns",
        "onboot" => "on_boot",
        "ostype" => "os_type",
        "cmode" => "console_mode",
        "env" => "environment",
        key if key.starts_with("net") => "network",
        key if key.starts_with("dev") => "devices",
        key if key.starts_with("mp") => "mounts",
        "rootfs" => "root_disk",
        key => key,
    }
}

/// The settings as the server's keys, mount points apart. What is not known is left out.
pub(super) fn settings(lxc: &Lxc) -> Result<BTreeMap<String, String>, PropertyError> {
    let mut keys = BTreeMap::new();
    let mut set = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            keys.insert(key.to_owned(), value);
        }
    };
    fn text<T: ToString>(value: &Computed<Option<T>>) -> Option<String> {
        value.known()?.as_ref().map(ToString::to_string)
    }
    let flag = |value: &Computed<bool>| value.known().map(|on| u8::from(*on).to_string());
    set("hostname", Some(lxc.name.clone()));
    set("cores", text(&lxc.cores));
    set("cpulimit", text(&lxc.cpu_limit).filter(|limit| limit != "0"));
    set("cpuunits", text(&lxc.cpu_units));
    set("memory", lxc.memory.known().map(u32::to_string));
    set("swap", lxc.swap.known().map(u32::to_string));
    if let Some(Some(dns)) = lxc.dns.known() {
        set("nameserver", dns.servers.as_ref().map(|servers| servers.join(" ")));
        set("searchdomain", dns.search_domain.clone());
    }
    set("tags", tags(lxc).filter(|tags| !tags.is_empty()));
    set("onboot", flag(&lxc.on_boot));
    set("protection", flag(&lxc.protection));
    if let Some(Some(startup)) = lxc.startup.known() {
        set("startup", Some(startup_text(startup)).filter(|text| !text.is_empty()));
    }
    if let Some(features) = lxc.features.known() {
        set("features", wire_features(features).format()?);
    }
    set("ostype", lxc.os_type.known().cloned());
    set("arch", lxc.arch.known().cloned());
    set("cmode", lxc.console_mode.known().map(|mode| mode.as_str().to_owned()));
    set("console", flag(&lxc.console));
    set("tty", lxc.tty.known().map(u32::to_string));
    set("timezone", text(&lxc.timezone));
    set("hookscript", text(&lxc.hookscript));
    set("entrypoint", text(&lxc.entrypoint));
    if let Some(Some(environment)) = lxc.environment.known() {
        let pairs: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        set("env", Some(pairs.join("\0")).filter(|text| !text.is_empty()));
    }
    for (slot, network) in lxc.network.known().into_iter().flatten() {
        set(slot, Some(wire_network(slot, network).format()?));
    }
    for (slot, device) in lxc.devices.known().into_iter().flatten() {
        set(slot, Some(wire_device(device).format()?));
    }
    Ok(keys)
}

/// What begins the tag of a group of guests that keep apart, virtual machines and containers alike.
const GROUP_TAG: &str = "anti-affinity-";

/// The group's tag, where there is a group.
pub(super) fn group_tag(lxc: &Lxc) -> Option<String> {
    let group = lxc.placement.as_ref()?.anti_affinity.as_ref()?;
    Some(format!("{GROUP_TAG}{group}"))
}

/// The container's own tags with those of the group and of the provider; `None` while there is nothing to say.
fn tags(lxc: &Lxc) -> Option<String> {
    let put: BTreeSet<String> = group_tag(lxc).into_iter().chain(held(&lxc.cost_tags)).collect();
    let own = match lxc.tags.known() {
        Some(own) => own.clone(),
        None if !put.is_empty() => BTreeSet::new(),
        None => return None,
    };
    let all: BTreeSet<String> = own.iter().map(|tag| tag.to_lowercase()).chain(put).collect();
    Some(all.into_iter().collect::<Vec<_>>().join(";"))
}

fn startup_text(startup: &Startup) -> String {
    let part = |key: &str, value: &Computed<Option<u32>>| {
        value.known().copied().flatten().map(|value| format!("{key}={value}"))
    };
    let parts =
        [part("order", &startup.order), part("up", &startup.up_delay), part("down", &startup.down_delay)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(",")
}

fn wire_features(features: &Features) -> LxcFeatures {
    LxcFeatures {
        nesting: features.nesting,
        keyctl: features.keyctl,
        fuse: features.fuse,
        mknod: features.mknod,
        force_rw_sys: features.force_rw_sys,
        mount: features.mount.clone(),
    }
}

fn wire_device(device: &Device) -> LxcDevice {
    LxcDevice {
        path: device.path.clone(),
        mode: device.mode.clone(),
        uid: device.uid,
        gid: device.gid,
        deny_write: device.deny_write,
    }
}

/// The name an interface has where the configuration does not say.
pub(super) fn usual_interface(slot: &str) -> String {
    format!("eth{}", slot.trim_start_matches("net"))
}

fn wire_network(slot: &str, network: &LxcNetwork) -> LxcNet {
    LxcNet {
        name: network.name.known().cloned().unwrap_or_else(|| usual_interface(slot)),
        bridge: Some(network.bridge.clone()),
        mac: network.mac_address.known().map(|mac| mac.replace('-', ":").to_ascii_uppercase()),
        ip: network.address.clone(),
        gateway: network.gateway.clone(),
        ip6: network.address6.clone(),
        gateway6: network.gateway6.clone(),
        tag: network.vlan,
        trunks: network.trunks.clone().unwrap_or_default(),
        firewall: network.firewall,
        rate: network.rate,
        mtu: network.mtu,
        link_down: network.link_down,
        other: PropertyString::new(),
    }
}

/// An interface with what the server keeps and the model does not know.
pub(super) fn network_onto(seen: &str, wanted: &str) -> Option<String> {
    let (seen, mut net) = (LxcNet::parse(seen).ok()?, LxcNet::parse(wanted).ok()?);
    net.other = seen.other;
    net.mac = net.mac.or(seen.mac);
    net.format().ok()
}

/// Whether two texts of a key mean the same: property strings come back in another order.
pub(super) fn same(key: &str, one: &str, other: &str) -> bool {
    let read = |text| LxcNet::parse(text).ok().map(|net| LxcNet { other: PropertyString::new(), ..net });
    one == other || (key.starts_with("net") && read(one).is_some() && read(one) == read(other))
}

/// Fills in what a configuration tells.
pub(super) fn observe_settings(config: &GuestConfig, lxc: &mut Lxc) {
    let number = |key: &str| config.number(key).and_then(|number| u32::try_from(number).ok());
    let text = |key: &str| config.get(key).map(str::to_owned);
    let flag = |key: &str, absent: bool| Computed::Known(config.flag(key).unwrap_or(absent));
    let memory = |key: &str| {
        let usual = u32::try_from(USUAL_MEMORY).unwrap_or_default();
        Computed::Known(number(key).unwrap_or(usual))
    };
    lxc.unprivileged = flag("unprivileged", false);
    lxc.cores = Computed::Known(number("cores"));
    let limit = config.get("cpulimit").and_then(|limit| limit.trim().parse::<f64>().ok());
    lxc.cpu_limit = Computed::Known(limit.filter(|limit| *limit > 0.0));
    lxc.cpu_units = Computed::Known(number("cpuunits"));
    lxc.memory = memory("memory");
    lxc.swap = memory("swap");
    let servers = config.get("nameserver").map(|list| list.split_whitespace().map(str::to_owned).collect());
    let dns = Dns { servers, search_domain: text("searchdomain") };
    lxc.dns = Computed::Known(Some(dns).filter(|dns| dns.servers.is_some() || dns.search_domain.is_some()));
    lxc.on_boot = flag("onboot", false);
    lxc.protection = flag("protection", false);
    lxc.startup = Computed::Known(config.get("startup").and_then(startup));
    let features = config.get("features").and_then(|text| LxcFeatures::parse(text).ok()).unwrap_or_default();
    lxc.features = Computed::Known(Features {
        nesting: features.nesting,
        keyctl: features.keyctl,
        fuse: features.fuse,
        mknod: features.mknod,
        force_rw_sys: features.force_rw_sys,
        mount: features.mount,
    });
    lxc.os_type = Computed::Known(text("ostype").unwrap_or_else(|| "unmanaged".to_owned()));
    lxc.arch = Computed::Known(text("arch").unwrap_or_else(|| "amd64".to_owned()));
    let mode = config.get("cmode").and_then(|mode| mode.parse().ok());
    lxc.console_mode = Computed::Known(mode.unwrap_or(ConsoleMode::Tty));
    lxc.console = flag("console", true);
    lxc.tty = Computed::Known(number("tty").unwrap_or(2));
    lxc.timezone = Computed::Known(text("timezone"));
    lxc.hookscript = Computed::Known(text("hookscript"));
    lxc.entrypoint = Computed::Known(text("entrypoint"));
    lxc.environment = Computed::Known(config.get("env").map(environment));
    lxc.network = Computed::Known(slots(config, "net").filter_map(network).collect());
    lxc.devices = Computed::Known(slots(config, "dev").filter_map(device).collect());
}

/// Fills in the container's own tags and the provider's, without that of its group.
pub(super) fn observe_tags(
    config: &GuestConfig,
    provider: &BTreeSet<String>,
    before: Option<&Lxc>,
    lxc: &mut Lxc,
) {
    let group = group_tag(lxc);
    let all = config.tags().into_iter().filter(|tag| Some(tag) != group.as_ref());
    let (own, cost_tags) = split(all, provider, before.map(|before| (&before.tags, &before.cost_tags)));
    lxc.tags = Computed::Known(own);
    lxc.cost_tags = Computed::Known(cost_tags);
}

fn slots<'a>(config: &'a GuestConfig, family: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    config.slots(family).map(move |(number, text)| (format!("{family}{number}"), text))
}

fn startup(text: &str) -> Option<Startup> {
    let string = PropertyString::parse(text, Some("order")).ok()?;
    let number = |key: &str| Computed::Known(string.get(key).and_then(|number| number.parse().ok()));
    Some(Startup { order: number("order"), up_delay: number("up"), down_delay: number("down") })
}

fn environment(text: &str) -> BTreeMap<String, String> {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.split('\0').filter_map(pair).collect()
}

fn network((slot, text): (String, &str)) -> Option<(String, LxcNetwork)> {
    let net = LxcNet::parse(text).ok()?;
    let network = LxcNetwork {
        bridge: net.bridge.unwrap_or_default(),
        name: Computed::Known(net.name),
        address: net.ip,
        gateway: net.gateway,
        address6: net.ip6,
        gateway6: net.gateway6,
        mac_address: Computed::Known(net.mac.unwrap_or_default()),
        vlan: net.tag,
        trunks: Some(net.trunks).filter(|trunks| !trunks.is_empty()),
        firewall: net.firewall,
        rate: net.rate,
        mtu: net.mtu,
        link_down: net.link_down,
    };
    Some((slot, network))
}

fn device((slot, text): (String, &str)) -> Option<(String, Device)> {
    let LxcDevice { path, mode, uid, gid, deny_write } = LxcDevice::parse(text).ok()?;
    Some((slot, Device { path, mode, uid, gid, deny_write }))
}

/// The addresses the configuration of the network fixes.
pub(super) fn fixed_addresses(network: &BTreeMap<String, LxcNetwork>) -> Vec<String> {
    let of = |network: &LxcNetwork| [network.address.clone(), network.address6.clone()];
    let all = network.values().flat_map(of).flatten();
    all.filter_map(|text| Some(text.split_once('/')?.0.to_owned())).collect()
}

/// The size a text tells.
pub(super) fn size(text: &str) -> Option<DiskSize> {
    text.parse().ok()
}

/// The mount points a configuration tells, root disk apart.
pub(super) fn mount_points(config: &GuestConfig) -> BTreeMap<String, MountPoint> {
    slots(config, "mp").filter_map(|(slot, text)| Some((slot, MountPoint::parse(text).ok()?))).collect()
}

/// Volumes that are kept without being mounted.
pub(super) fn unused(config: &GuestConfig) -> BTreeMap<String, crate::api::VolumeId> {
    let volume = |(slot, text): (String, &str)| {
        let point = MountPoint::parse(text).ok()?;
        match point.source {
            MountSource::Volume(volume) => Some((slot, volume)),
            _ => None,
        }
    };
    slots(config, "unused").filter_map(volume).collect()
}
