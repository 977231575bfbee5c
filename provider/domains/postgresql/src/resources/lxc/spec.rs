//! From the configuration to what is asked of the hypervisor's domain, and back.

use std::collections::BTreeMap;

use hosts::containers::{
    ChangeMode, ContainerDns, ContainerFeatures, ContainerMount, ContainerNetwork, ContainerPaths,
    ContainerPlace, ContainerSpec, ContainerStartup, ContainerState, MountSource, PlacePolicy,
    RootDisk as Disk,
};
use tf_framework::{Computed, Path};

use super::model::*;

/// Slot of the data.
pub(super) const DATA: &str = "mp0";
/// Slot of the configuration, where it is kept on the node.
pub(super) const CONFIG: &str = "mp1";

/// Where Debian's packages keep data, and configuration.
const DATA_HOME: &str = "/var/lib/postgresql";
const CONFIG_HOME: &str = "/etc/postgresql";

impl DataPlace {
    fn mounts(&self) -> BTreeMap<String, ContainerMount> {
        let mount = |path: &str, source| ContainerMount {
            path: path.to_owned(),
            source,
            backup: self.backup,
            options: self.mount_options.clone(),
        };
        let mut mounts = BTreeMap::new();
        match (&self.host_path, &self.storage, &self.size) {
            (Some(host), ..) => {
                for (slot, below, path) in [(DATA, "data", DATA_HOME), (CONFIG, "etc", CONFIG_HOME)] {
                    let source =
                        MountSource::Directory { path: format!("{host}/{below}"), shared: self.shared };
                    mounts.insert(slot.to_owned(), mount(path, source));
                }
            }
            (None, Some(storage), Some(size)) => {
                let source = MountSource::Volume { storage: storage.clone(), size: size.clone() };
                mounts.insert(DATA.to_owned(), mount(DATA_HOME, source));
            }
            _ => {}
        }
        mounts
    }
}

/// What the resource asks for. `fixed` says whether the configuration names the number.
pub(super) fn spec_of(lxc: &PostgresqlLxc, fixed: bool) -> ContainerSpec {
    let c = &lxc.container;
    ContainerSpec {
        name: lxc.name.clone(),
        vmid: c.vmid.known().copied().filter(|_| fixed),
        place: ContainerPlace {
            node: c.node.clone(),
            nodes: c.nodes.clone(),
            policy: c.placement.as_ref().map_or(PlacePolicy::Spread, |placement| match placement.policy {
                PlacementPolicy::Spread => PlacePolicy::Spread,
                PlacementPolicy::MostFreeMemory => PlacePolicy::MostFreeMemory,
                PlacementPolicy::First => PlacePolicy::First,
            }),
            anti_affinity: c.placement.as_ref().and_then(|placement| placement.anti_affinity.clone()),
        },
        template: c.template.clone(),
        cores: c.cores,
        cpu_limit: c.cpu_limit,
        cpu_units: c.cpu_units,
        memory: Some(c.memory),
        swap: Some(c.swap),
        root_disk: Some(Disk { storage: c.root_disk.storage.clone(), size: c.root_disk.size.clone() }),
        mounts: lxc.data.mounts(),
        network: Some(network(&c.network)),
        dns: c.dns.clone().map(|dns| ContainerDns { servers: dns.servers, search_domain: dns.search_domain }),
        tags: c.tags.clone(),
        cost_tags: c.cost_tags.known().cloned().flatten().unwrap_or_default(),
        description: c.description.clone(),
        pool: c.pool.clone(),
        features: Some(c.features.as_ref().map_or_else(usual_features, |features| ContainerFeatures {
            nesting: features.nesting,
            keyctl: features.keyctl,
            fuse: features.fuse,
            mount: features.mount.clone(),
        })),
        on_boot: Some(c.on_boot),
        startup: c.startup.as_ref().map(|startup| ContainerStartup {
            order: startup.order,
            up_delay: startup.up_delay,
            down_delay: startup.down_delay,
        }),
        protection: c.protection,
        timezone: c.timezone.clone(),
        ssh_keys: c.ssh_keys.clone(),
        running: Some(true),
        change: match c.apply_mode {
            ApplyMode::Hotplug => ChangeMode::Hotplug,
            ApplyMode::Reboot => ChangeMode::Reboot,
            ApplyMode::Stage => ChangeMode::Stage,
        },
        shutdown_timeout: c.shutdown_timeout,
    }
}

fn usual_features() -> ContainerFeatures {
    ContainerFeatures { nesting: true, ..ContainerFeatures::default() }
}

fn network(network: &Network) -> ContainerNetwork {
    ContainerNetwork {
        bridge: network.bridge.clone(),
        address: network.address.clone(),
        gateway: network.gateway.clone(),
        address6: network.address6.clone(),
        gateway6: network.gateway6.clone(),
        mac_address: network.mac_address.clone(),
        vlan: network.vlan,
        mtu: network.mtu,
        rate: network.rate,
        firewall: network.firewall,
    }
}

/// Where the parts of the container stand in the configuration.
pub(super) fn paths() -> ContainerPaths {
    let at = |name: &str| Path::root().attribute(name);
    ContainerPaths {
        block: at("container"),
        mounts: [(DATA.to_owned(), at("data")), (CONFIG.to_owned(), at("data"))].into(),
        parts: [("name".to_owned(), at("name"))].into(),
    }
}

/// Takes over what is computed of a container.
pub(super) fn settle(container: &mut Container, is: &ContainerState) {
    container.vmid = Computed::Known(is.id.vmid);
    container.current_node = Computed::Known(is.node.clone());
    container.mac_address = Computed::Known(is.mac_address.clone());
    container.reboot_required = Computed::Known(is.restart_required);
}

/// Takes over what was found of a container: where the configuration says something, what is instead.
pub(super) fn observe(lxc: &mut PostgresqlLxc, is: &ContainerState) {
    settle(&mut lxc.container, is);
    let (c, spec) = (&mut lxc.container, &is.is);
    // What is left alone is no difference.
    fn seen<T: Clone>(had: &mut Option<T>, is: Option<&T>) {
        if had.is_some() {
            *had = is.cloned();
        }
    }
    // One that is not where it must be goes back; a node chosen from several is no difference.
    if c.node.as_ref().is_some_and(|node| *node != is.node) {
        c.node = Some(is.node.clone());
    }
    // The stamp tells it; where there is none, the configuration is believed.
    if spec.template.is_some() {
        seen(&mut c.template, spec.template.as_ref());
    }
    seen(&mut c.cores, spec.cores.as_ref());
    seen(&mut c.cpu_limit, spec.cpu_limit.as_ref());
    seen(&mut c.cpu_units, spec.cpu_units.as_ref());
    c.memory = spec.memory.unwrap_or(c.memory);
    c.swap = spec.swap.unwrap_or(c.swap);
    if let Some(disk) = &spec.root_disk {
        c.root_disk = RootDisk { storage: disk.storage.clone(), size: disk.size.clone() };
    }
    if let Some(network) = &spec.network {
        observe_network(&mut c.network, network);
    }
    if let Some(dns) = &mut c.dns {
        let is = spec.dns.clone().unwrap_or_default();
        *dns = Dns { servers: is.servers, search_domain: is.search_domain };
    }
    seen(&mut c.tags, spec.tags.as_ref());
    c.cost_tags = Computed::Known(Some(spec.cost_tags.clone()).filter(|tags| !tags.is_empty()));
    seen(&mut c.description, spec.description.as_ref());
    seen(&mut c.pool, spec.pool.as_ref());
    let features = spec.features.clone().unwrap_or_default();
    let told = Features {
        nesting: features.nesting,
        keyctl: features.keyctl,
        fuse: features.fuse,
        mount: features.mount.clone(),
    };
    if c.features.is_some() || features != usual_features() {
        c.features = Some(told);
    }
    c.on_boot = spec.on_boot.unwrap_or(c.on_boot);
    if c.startup.is_some() {
        let is = spec.startup.unwrap_or_default();
        c.startup = Some(Startup { order: is.order, up_delay: is.up_delay, down_delay: is.down_delay });
    }
    seen(&mut c.protection, spec.protection.as_ref());
    seen(&mut c.timezone, spec.timezone.as_ref());
    observe_data(&mut lxc.data, spec);
    lxc.running = Computed::Known(is.running);
}

fn observe_network(network: &mut Network, is: &ContainerNetwork) {
    let mac_address = network.mac_address.as_ref().and(is.mac_address.clone());
    *network = Network {
        bridge: is.bridge.clone(),
        address: is.address.clone(),
        gateway: is.gateway.clone(),
        address6: is.address6.clone(),
        gateway6: is.gateway6.clone(),
        mac_address,
        vlan: is.vlan,
        mtu: is.mtu,
        rate: is.rate,
        firewall: is.firewall,
    };
}

/// A mount that is another one, or missing, is a difference the next apply ends.
fn observe_data(data: &mut DataPlace, spec: &ContainerSpec) {
    let Some(mount) = spec.mounts.get(DATA) else { return };
    data.backup = mount.backup;
    data.mount_options.clone_from(&mount.options);
    match &mount.source {
        MountSource::Volume { storage, size } if data.storage.is_some() => {
            data.storage = Some(storage.clone());
            data.size = Some(size.clone());
        }
        MountSource::Directory { shared, .. } if data.host_path.is_some() => data.shared = *shared,
        _ => {}
    }
}
