//! A guest as the template it is.

use std::collections::BTreeSet;

use tf_framework::Computed;

use super::hardware;
use super::model::{Adopt, CloudInit, OnDestroy, Template, TemplateDisk};
use super::stamp::{self, Stamp};
use crate::api::{Guest, GuestConfig};
use crate::client::Proxmox;
use crate::guest::cost_tags::split;

/// A template's guest and all that was read of it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) guest: Guest,
    pub(super) config: GuestConfig,
    pub(super) stamp: Option<Stamp>,
    pub(super) text: Option<String>,
    /// The provider's cost tags.
    pub(super) cost_tags: BTreeSet<String>,
}

impl Seen {
    pub(super) fn new(guest: Guest, config: GuestConfig) -> Self {
        let (text, stamp) = stamp::split(config.description().unwrap_or_default());
        Self { guest, config, stamp, text, cost_tags: BTreeSet::new() }
    }

    /// The same, of a cluster whose guests carry these cost tags.
    pub(super) fn of(px: &Proxmox, guest: Guest, config: GuestConfig) -> Self {
        Self { cost_tags: px.known_cost_tags(), ..Self::new(guest, config) }
    }

    pub(super) fn uuid(&self) -> String {
        self.config.smbios_uuid().unwrap_or_default()
    }
}

/// The template in full. What the server does not tell comes from `before`, the state or the plan, and where
/// there is none, from the stamp.
pub(super) fn observe(seen: &Seen, before: Option<&Template>) -> Template {
    let config = &seen.config;
    let stamp = seen.stamp.as_ref();
    let (all_tags, tagged_version) = hardware::split_tags(config);
    let tagged_before = before.map(|before| (&before.tags, &before.cost_tags));
    let (tags, cost_tags) = split(all_tags, &seen.cost_tags, tagged_before);
    // Nobody knows what an unstamped template was made from: Terraform takes it over as it is.
    let adopted = stamp.map_or(before.is_none(), |stamp| stamp.adopted);
    let image = match before {
        Some(before) => before.image.clone(),
        None => stamp.and_then(|stamp| Some(stamp.image.as_ref()?.model())),
    };
    let adopt = match before {
        Some(before) => before.adopt.clone(),
        None => adopted.then_some(Adopt { vmid: seen.guest.vmid }),
    };
    let slot = slot(seen, before);
    let on_disk = slot.as_deref().and_then(|slot| hardware::disk_at(config, slot));
    let stamped = stamped_cloud_init(stamp);
    let before_cloud_init = before.map_or(stamped.as_ref(), |before| before.cloud_init.as_ref());
    let on_destroy = before.and_then(|before| before.on_destroy.known().copied());
    Template {
        id: Computed::Known(seen.guest.vmid.to_string()),
        name: name(seen, before),
        version: tagged_version.or_else(|| stamp.and_then(|stamp| stamp.version.clone())),
        node: before
            .map(|before| before.node.clone())
            .or_else(|| stamp.map(|stamp| stamp.node.clone()))
            .unwrap_or_else(|| seen.guest.node.clone()),
        vmid: Computed::Known(seen.guest.vmid),
        image,
        adopt,
        disk: disk(seen, before, on_disk.as_ref()),
        cpu: Computed::Known(hardware::cpu(config)),
        memory: Computed::Known(hardware::memory(config)),
        firmware: Computed::Known(hardware::firmware(config)),
        machine: Computed::Known(config.get("machine").map(str::to_owned)),
        scsi_controller: Computed::Known(hardware::scsi_controller(config)),
        os_type: Computed::Known(hardware::os_type(config)),
        agent: Computed::Known(hardware::agent(config)),
        serial_console: Computed::Known(hardware::serial_console(config)),
        network: Computed::Known(hardware::networks(config)),
        cloud_init: hardware::cloud_init(config, before_cloud_init),
        tags: Computed::Known(tags),
        cost_tags: Computed::Known(cost_tags),
        description: seen.text.clone(),
        retain: before.map_or(0, |before| before.retain),
        on_destroy: Computed::Known(on_destroy.unwrap_or(usual_on_destroy(adopted))),
        current_node: Computed::Known(seen.guest.node.clone()),
        uuid: Computed::Known(seen.uuid()),
        volume_id: Computed::Known(on_disk.map(|disk| disk.volume)),
        image_checksum: Computed::Known(image_checksum(stamp, before)),
        previous: Computed::Known(
            before.and_then(|before| before.previous.known().cloned()).unwrap_or_default(),
        ),
        timeouts: before.and_then(|before| before.timeouts.clone()),
    }
}

/// The name; a guest in the making has none yet, and the index then makes one up.
fn name(seen: &Seen, before: Option<&Template>) -> String {
    let before = || before.map(|before| before.name.clone());
    let own = seen.config.get("name").map(str::to_owned);
    own.or_else(before).unwrap_or_else(|| seen.guest.name.clone())
}

/// The checksum the stamp tells; notes rewritten by hand do not make it unknown.
fn image_checksum(stamp: Option<&Stamp>, before: Option<&Template>) -> Option<String> {
    let known = || before.and_then(|before| before.image_checksum.known().cloned().flatten());
    stamp.and_then(|stamp| stamp.sum.clone()).or_else(known)
}

/// What destroying does where the configuration does not say.
pub(super) fn usual_on_destroy(adopted: bool) -> OnDestroy {
    if adopted { OnDestroy::Keep } else { OnDestroy::Delete }
}

/// The slot of the template's disk: where it was put, else where the guest boots from.
fn slot(seen: &Seen, before: Option<&Template>) -> Option<String> {
    let put = before.and_then(|before| before.disk.as_ref()).map(|disk| disk.slot.clone());
    let stamped = || seen.stamp.as_ref().and_then(|stamp| stamp.disk.as_ref()).map(|disk| disk.slot.clone());
    put.or_else(stamped).or_else(|| hardware::boot_slot(&seen.config))
}

/// The disk as configured, with what drifted. A disk nobody declared stays undeclared.
fn disk(
    seen: &Seen,
    before: Option<&Template>,
    on_disk: Option<&hardware::SeenDisk>,
) -> Option<TemplateDisk> {
    let declared = match before {
        Some(before) => before.disk.clone()?,
        None => {
            let stamped = seen.stamp.as_ref()?.disk.as_ref()?;
            TemplateDisk {
                storage: stamped.storage.clone(),
                size: stamped.size.clone(),
                slot: stamped.slot.clone(),
                format: stamped.format.clone(),
                discard: on_disk.is_some_and(|disk| disk.discard),
                ssd: on_disk.is_some_and(|disk| disk.ssd),
            }
        }
    };
    let Some(on_disk) = on_disk else { return Some(declared) };
    let storage = on_disk.volume.split_once(':').map_or(declared.storage.as_str(), |(storage, _)| storage);
    let size = declared.size.as_ref().map(|size| match on_disk.size {
        Some(actual) if size.parse() != Ok(actual) => actual.to_string(),
        _ => size.clone(),
    });
    Some(TemplateDisk {
        storage: storage.to_owned(),
        size,
        slot: declared.slot.clone(),
        // allocation forgets it; the file's name would tell, but only where there is one
        format: declared.format.clone(),
        discard: on_disk.discard,
        // virtio disks cannot show it
        ssd: if declared.slot.starts_with("virtio") { declared.ssd } else { on_disk.ssd },
    })
}

fn stamped_cloud_init(stamp: Option<&Stamp>) -> Option<CloudInit> {
    let stamp = stamp?;
    Some(CloudInit {
        storage: stamp.cloud_init_storage.clone(),
        user: None,
        password: tf_framework::WriteOnly::default(),
        password_version: stamp.password_version,
        ssh_keys: None,
        search_domain: None,
        nameservers: None,
        upgrade: None,
    })
}

/// The plan with what was left open filled in from what was made. What the plan says stays word for word.
pub(super) fn settle(plan: &Template, seen: &Template) -> Template {
    fn fill<T: Clone>(plan: &Computed<T>, seen: &Computed<T>) -> Computed<T> {
        if plan.known().is_some() { plan.clone() } else { seen.clone() }
    }
    let cpu = match (plan.cpu.known(), seen.cpu.known()) {
        (Some(planned), Some(actual)) => Computed::Known(super::model::Cpu {
            cores: fill(&planned.cores, &actual.cores),
            sockets: fill(&planned.sockets, &actual.sockets),
            r#type: fill(&planned.r#type, &actual.r#type),
        }),
        _ => seen.cpu.clone(),
    };
    Template {
        id: seen.id.clone(),
        vmid: seen.vmid,
        cpu,
        memory: fill(&plan.memory, &seen.memory),
        firmware: fill(&plan.firmware, &seen.firmware),
        machine: fill(&plan.machine, &seen.machine),
        scsi_controller: fill(&plan.scsi_controller, &seen.scsi_controller),
        os_type: fill(&plan.os_type, &seen.os_type),
        agent: fill(&plan.agent, &seen.agent),
        serial_console: fill(&plan.serial_console, &seen.serial_console),
        network: fill(&plan.network, &seen.network),
        tags: fill(&plan.tags, &seen.tags),
        cost_tags: fill(&plan.cost_tags, &seen.cost_tags),
        on_destroy: fill(&plan.on_destroy, &seen.on_destroy),
        current_node: seen.current_node.clone(),
        uuid: seen.uuid.clone(),
        volume_id: seen.volume_id.clone(),
        image_checksum: fill(&plan.image_checksum, &seen.image_checksum),
        previous: fill(&plan.previous, &seen.previous),
        ..plan.clone()
    }
}
