//! Between a specification and the model of `hybridops_proxmox_lxc`.

use std::collections::BTreeMap;

use hosts::containers::{
    ChangeMode, ContainerDns, ContainerFeatures, ContainerId, ContainerMount, ContainerNetwork,
    ContainerPlace, ContainerSpec, ContainerStartup, ContainerState, MountSource, PlacePolicy,
    RootDisk as WantedDisk,
};
use tf_framework::{Computed, Result};

use crate::guest::cost_tags::held;
use crate::resources::lxc::{
    ApplyMode, Dns, Features, Lxc, LxcNetwork, Mount, OnRemove, Placement, PlacementPolicy, Power, RootDisk,
    Startup, blank,
};

/// The slot of a container's interface.
const NIC: &str = "net0";

fn set<T: Clone>(value: &Option<T>) -> Computed<T> {
    value.clone().map_or(Computed::Unknown, Computed::Known)
}

fn wish<T: Clone>(value: &Option<T>) -> Computed<Option<T>> {
    value.clone().map_or(Computed::Unknown, |value| Computed::Known(Some(value)))
}

/// The plan of a specification. What it leaves open stays open, and what `prior` has beside it stays.
pub(super) fn plan_of(spec: &ContainerSpec, prior: Option<&Lxc>) -> Result<Lxc> {
    Ok(Lxc {
        id: Computed::Unknown,
        vmid: set(&spec.vmid),
        node: spec.place.node.clone(),
        nodes: spec.place.nodes.clone(),
        placement: placement(&spec.place),
        current_node: Computed::Unknown,
        template: spec.template.clone(),
        unprivileged: Computed::Known(true),
        root_disk: spec.root_disk.as_ref().map_or(Computed::Unknown, |disk| Computed::Known(root_disk(disk))),
        mounts: Computed::Known(mounts(spec, prior)),
        detached_volumes: Computed::Unknown,
        cores: wish(&spec.cores),
        cpu_limit: wish(&spec.cpu_limit),
        cpu_units: wish(&spec.cpu_units),
        memory: set(&spec.memory),
        swap: set(&spec.swap),
        network: networks(spec, prior),
        dns: wish(&spec.dns.as_ref().map(dns)),
        tags: set(&spec.tags),
        cost_tags: Computed::Known(Some(spec.cost_tags.clone()).filter(|tags| !tags.is_empty())),
        description: wish(&spec.description),
        pool: wish(&spec.pool),
        on_boot: set(&spec.on_boot),
        startup: wish(&spec.startup.as_ref().map(startup)),
        protection: set(&spec.protection),
        features: features(spec, prior),
        devices: Computed::Unknown,
        os_type: Computed::Unknown,
        arch: Computed::Unknown,
        console_mode: Computed::Unknown,
        console: Computed::Unknown,
        tty: Computed::Unknown,
        timezone: wish(&spec.timezone),
        hookscript: Computed::Unknown,
        environment: Computed::Unknown,
        entrypoint: Computed::Unknown,
        ssh_keys: Some(spec.ssh_keys.clone()).filter(|keys| !keys.is_empty()),
        ha: Computed::Unknown,
        power: spec.running.map_or(Computed::Unknown, |running| {
            Computed::Known(if running { Power::Running } else { Power::Stopped })
        }),
        addresses: Computed::Unknown,
        apply_mode: match spec.change {
            ChangeMode::Hotplug => ApplyMode::Hotplug,
            ChangeMode::Reboot => ApplyMode::Reboot,
            ChangeMode::Stage => ApplyMode::Stage,
        },
        reboot_required: Computed::Unknown,
        shutdown_timeout: spec.shutdown_timeout,
        ..blank(&spec.name)?
    })
}

/// A plan by which a container is built anew: its number and its volumes are others afterwards.
pub(super) fn anew(mut plan: Lxc, fixed: bool) -> Lxc {
    if !fixed {
        plan.vmid = Computed::Unknown;
    }
    plan.id = Computed::Unknown;
    plan.detached_volumes = Computed::Unknown;
    if let Computed::Known(root) = &mut plan.root_disk {
        root.volume = Computed::Unknown;
    }
    if let Computed::Known(mounts) = &mut plan.mounts {
        for mount in mounts.values_mut().filter(|mount| mount.bind.is_none() && mount.device.is_none()) {
            mount.volume = Computed::Unknown;
        }
    }
    plan
}

fn placement(place: &ContainerPlace) -> Option<Placement> {
    if place.policy == PlacePolicy::default() && place.anti_affinity.is_none() {
        return None;
    }
    let policy = match place.policy {
        PlacePolicy::Spread => PlacementPolicy::Spread,
        PlacePolicy::MostFreeMemory => PlacementPolicy::MostFreeMemory,
        PlacePolicy::First => PlacementPolicy::First,
    };
    Some(Placement { policy, anti_affinity: place.anti_affinity.clone() })
}

fn root_disk(disk: &WantedDisk) -> RootDisk {
    RootDisk {
        storage: Computed::Known(disk.storage.clone()),
        size: Computed::Known(disk.size.clone()),
        acl: None,
        quota: false,
        replicate: true,
        mount_options: Default::default(),
        volume: Computed::Unknown,
    }
}

/// The mounts of the specification, and those somebody else gave the container.
fn mounts(spec: &ContainerSpec, prior: Option<&Lxc>) -> BTreeMap<String, Mount> {
    let mut mounts = prior.and_then(|prior| prior.mounts.known().cloned()).unwrap_or_default();
    for (slot, wanted) in &spec.mounts {
        let mount = mount(wanted, mounts.get(slot));
        mounts.insert(slot.clone(), mount);
    }
    mounts
}

fn mount(wanted: &ContainerMount, own: Option<&Mount>) -> Mount {
    let (bind, shared, storage, size) = match &wanted.source {
        MountSource::Directory { path, shared } => {
            (Some(path.clone()), *shared, Computed::Known(None), Computed::Known(None))
        }
        MountSource::Volume { storage, size } => {
            (None, false, Computed::Known(Some(storage.clone())), Computed::Known(Some(size.clone())))
        }
    };
    let volume = if bind.is_some() { Computed::Known(None) } else { Computed::Unknown };
    Mount {
        path: wanted.path.clone(),
        storage,
        size,
        volume,
        bind,
        device: None,
        acl: own.and_then(|own| own.acl),
        backup: wanted.backup,
        quota: false,
        replicate: own.is_none_or(|own| own.replicate),
        read_only: false,
        shared,
        mount_options: wanted.options.clone(),
        idmap: own.and_then(|own| own.idmap.clone()),
        on_remove: OnRemove::Detach,
    }
}

fn networks(spec: &ContainerSpec, prior: Option<&Lxc>) -> Computed<BTreeMap<String, LxcNetwork>> {
    let Some(wanted) = &spec.network else { return Computed::Unknown };
    let mut networks = prior.and_then(|prior| prior.network.known().cloned()).unwrap_or_default();
    let before = networks.get(NIC).cloned();
    let own = before.as_ref();
    let network = LxcNetwork {
        bridge: wanted.bridge.clone(),
        name: own.map_or(Computed::Unknown, |own| own.name.clone()),
        address: wanted.address.clone(),
        gateway: wanted.gateway.clone(),
        address6: wanted.address6.clone(),
        gateway6: wanted.gateway6.clone(),
        mac_address: match &wanted.mac_address {
            Some(mac) => Computed::Known(mac.clone()),
            None => own.map_or(Computed::Unknown, |own| own.mac_address.clone()),
        },
        vlan: wanted.vlan,
        trunks: own.and_then(|own| own.trunks.clone()),
        firewall: wanted.firewall,
        rate: wanted.rate,
        mtu: wanted.mtu,
        link_down: own.is_some_and(|own| own.link_down),
    };
    networks.insert(NIC.to_owned(), network);
    Computed::Known(networks)
}

fn dns(dns: &ContainerDns) -> Dns {
    Dns { servers: dns.servers.clone(), search_domain: dns.search_domain.clone() }
}

fn startup(startup: &ContainerStartup) -> Startup {
    Startup {
        order: Computed::Known(startup.order),
        up_delay: Computed::Known(startup.up_delay),
        down_delay: Computed::Known(startup.down_delay),
    }
}

fn features(spec: &ContainerSpec, prior: Option<&Lxc>) -> Computed<Features> {
    let Some(wanted) = &spec.features else { return Computed::Unknown };
    let before = prior.and_then(|prior| prior.features.known());
    Computed::Known(Features {
        nesting: wanted.nesting,
        keyctl: wanted.keyctl,
        fuse: wanted.fuse,
        mknod: before.is_some_and(|before| before.mknod),
        force_rw_sys: before.is_some_and(|before| before.force_rw_sys),
        mount: wanted.mount.clone(),
    })
}

/// A container as other domains see it.
pub(super) fn state_of(id: ContainerId, is: &Lxc) -> ContainerState {
    let kept = |mounts: &BTreeMap<String, Mount>| {
        let volume = |(slot, mount): (&String, &Mount)| Some((slot.clone(), mount.volume.known().cloned()??));
        mounts.iter().filter_map(volume).collect()
    };
    let nic = is.network.known().and_then(|networks| networks.get(NIC));
    ContainerState {
        id,
        name: is.name.clone(),
        node: is.current_node.known().cloned().unwrap_or_default(),
        running: is.power.known() == Some(&Power::Running),
        is: spec_of(is),
        volumes: is.mounts.known().map(kept).unwrap_or_default(),
        detached: is.detached_volumes.known().cloned().unwrap_or_default(),
        mac_address: nic.and_then(|nic| nic.mac_address.known().cloned()),
        restart_required: is.reboot_required.known().copied().unwrap_or_default(),
    }
}

fn spec_of(is: &Lxc) -> ContainerSpec {
    fn told<T: Clone>(value: &Computed<Option<T>>) -> Option<T> {
        value.known().cloned().flatten()
    }
    let policy = match is.placement.as_ref().map(|placement| placement.policy) {
        None | Some(PlacementPolicy::Spread) => PlacePolicy::Spread,
        Some(PlacementPolicy::MostFreeMemory) => PlacePolicy::MostFreeMemory,
        Some(PlacementPolicy::First) => PlacePolicy::First,
    };
    ContainerSpec {
        name: is.name.clone(),
        vmid: is.vmid.known().copied(),
        place: ContainerPlace {
            node: is.node.clone(),
            nodes: is.nodes.clone(),
            policy,
            anti_affinity: is.placement.as_ref().and_then(|placement| placement.anti_affinity.clone()),
        },
        template: is.template.clone(),
        cores: told(&is.cores),
        cpu_limit: told(&is.cpu_limit),
        cpu_units: told(&is.cpu_units),
        memory: is.memory.known().copied(),
        swap: is.swap.known().copied(),
        root_disk: is.root_disk.known().and_then(|disk| {
            Some(WantedDisk { storage: disk.storage.known()?.clone(), size: disk.size.known()?.clone() })
        }),
        mounts: is.mounts.known().into_iter().flatten().filter_map(|(slot, m)| seen_mount(slot, m)).collect(),
        network: is.network.known().and_then(|networks| networks.get(NIC)).map(seen_network),
        dns: told(&is.dns).map(|dns| ContainerDns { servers: dns.servers, search_domain: dns.search_domain }),
        tags: is.tags.known().cloned(),
        cost_tags: held(&is.cost_tags),
        description: told(&is.description),
        pool: told(&is.pool),
        features: is.features.known().map(|features| ContainerFeatures {
            nesting: features.nesting,
            keyctl: features.keyctl,
            fuse: features.fuse,
            mount: features.mount.clone(),
        }),
        on_boot: is.on_boot.known().copied(),
        startup: told(&is.startup).map(|startup| ContainerStartup {
            order: told(&startup.order),
            up_delay: told(&startup.up_delay),
            down_delay: told(&startup.down_delay),
        }),
        protection: is.protection.known().copied(),
        timezone: told(&is.timezone),
        ssh_keys: is.ssh_keys.clone().unwrap_or_default(),
        running: is.power.known().map(|power| *power == Power::Running),
        change: match is.apply_mode {
            ApplyMode::Hotplug => ChangeMode::Hotplug,
            ApplyMode::Reboot => ChangeMode::Reboot,
            ApplyMode::Stage => ChangeMode::Stage,
        },
        shutdown_timeout: is.shutdown_timeout,
    }
}

fn seen_mount(slot: &str, mount: &Mount) -> Option<(String, ContainerMount)> {
    let source = match &mount.bind {
        Some(path) => MountSource::Directory { path: path.clone(), shared: mount.shared },
        None => MountSource::Volume {
            storage: mount.storage.known().cloned()??,
            size: mount.size.known().cloned()??,
        },
    };
    let mounted = ContainerMount {
        path: mount.path.clone(),
        source,
        backup: mount.backup,
        options: mount.mount_options.clone(),
    };
    Some((slot.to_owned(), mounted))
}

fn seen_network(network: &LxcNetwork) -> ContainerNetwork {
    ContainerNetwork {
        bridge: network.bridge.clone(),
        address: network.address.clone(),
        gateway: network.gateway.clone(),
        address6: network.address6.clone(),
        gateway6: network.gateway6.clone(),
        mac_address: network.mac_address.known().cloned(),
        vlan: network.vlan,
        mtu: network.mtu,
        rate: network.rate,
        firewall: network.firewall,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resources::lxc::settle;

    prop_compose! {
        fn specs()(
            numbers in (any::<Option<u16>>(), any::<Option<u16>>(), any::<Option<u16>>()),
            volume in any::<bool>(),
            flags in (any::<Option<bool>>(), any::<Option<bool>>(), any::<bool>()),
            words in prop::collection::btree_set("[a-z]{1,8}", 0..3),
            address in prop::option::of("10\\.0\\.0\\.[1-9]/24"),
            startup in any::<Option<(Option<u8>, Option<u8>)>>(),
        ) -> ContainerSpec {
            let source = match volume {
                true => MountSource::Volume { storage: "local".to_owned(), size: "8G".to_owned() },
                false => MountSource::Directory { path: "/srv/db".to_owned(), shared: false },
            };
            let options = Default::default();
            let mount = ContainerMount { path: "/var/lib/postgresql".to_owned(), source, backup: flags.2, options };
            ContainerSpec {
                name: "db-01".to_owned(),
                vmid: numbers.0.map(|n| 100 + u32::from(n)),
                place: ContainerPlace { node: Some("pve1".to_owned()), ..ContainerPlace::default() },
                template: Some("local:vztmpl/debian.tar.zst".to_owned()),
                cores: numbers.1.map(u32::from),
                cpu_limit: None,
                cpu_units: None,
                memory: numbers.2.map(u32::from),
                swap: None,
                root_disk: Some(WantedDisk { storage: "local".to_owned(), size: "8G".to_owned() }),
                mounts: [("mp0".to_owned(), mount)].into(),
                network: Some(ContainerNetwork { bridge: "vmbr0".to_owned(), address, ..Default::default() }),
                dns: None,
                tags: Some(words),
                cost_tags: Default::default(),
                description: None,
                pool: None,
                features: Some(ContainerFeatures { nesting: true, ..Default::default() }),
                on_boot: flags.0,
                startup: startup.map(|(order, up)| ContainerStartup {
                    order: order.map(u32::from), up_delay: up.map(u32::from), down_delay: None,
                }),
                protection: flags.1,
                timezone: None,
                ssh_keys: Vec::new(),
                running: Some(true),
                change: ChangeMode::Reboot,
                shutdown_timeout: 60,
            }
        }
    }

    proptest! {
        /// What is asked for is what is told of it, and asking for it again asks for nothing.
        #[test]
        fn a_specification_survives_the_model(spec in specs()) {
            let plan = plan_of(&spec, None).unwrap();
            let told = spec_of(&plan);
            prop_assert_eq!(&told.place, &spec.place);
            prop_assert_eq!(&told.mounts, &spec.mounts);
            prop_assert_eq!(&told.network, &spec.network);
            prop_assert_eq!((&told.tags, &told.cores, &told.memory), (&spec.tags, &spec.cores, &spec.memory));
            prop_assert_eq!((&told.on_boot, &told.startup), (&spec.on_boot, &spec.startup));
            let again = settle(&plan_of(&told, Some(&plan)).unwrap(), &plan).unwrap();
            prop_assert_eq!(
                crate::resources::lxc::forecast(&plan, &again, spec.vmid.is_some()).unwrap().rebuilds.len(), 0
            );
            prop_assert_eq!(spec_of(&again), told);
        }

        /// Mounts and interfaces that others gave the container stay.
        #[test]
        fn what_is_not_named_stays(spec in specs()) {
            let mut prior = plan_of(&spec, None).unwrap();
            let (mounts, nets) = (prior.mounts.known().cloned().unwrap(), prior.network.known().cloned().unwrap());
            let (mount, net) = (mounts["mp0"].clone(), nets["net0"].clone());
            prior.mounts = Computed::Known(mounts.into_iter().chain([("mp7".to_owned(), mount.clone())]).collect());
            prior.network = Computed::Known(nets.into_iter().chain([("net3".to_owned(), net.clone())]).collect());
            let plan = plan_of(&spec, Some(&prior)).unwrap();
            prop_assert_eq!(plan.mounts.known().unwrap().get("mp7"), Some(&mount));
            prop_assert_eq!(plan.network.known().unwrap().get("net3"), Some(&net));
        }
    }
}
