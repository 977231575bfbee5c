//! From a guest to the state of the resource.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, Model as _, Result, Timeouts, Value};

use super::model::*;
use super::observe::hardware;
use super::settings::GROUP_TAG;
use super::slots::{family, is_slot};
use crate::api::{GuestConfig, HaResource};
use crate::guest::{Here, Stamp, cost_tags};

/// What was seen of a guest.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) here: Here,
    /// How high availability keeps it: asked only where somebody wants to know.
    pub(super) ha: Option<HaResource>,
    /// The provider's cost tags.
    pub(super) cost_tags: BTreeSet<String>,
}

fn known<T>(value: T) -> Computed<T> {
    Computed::Known(value)
}

/// The virtual machine in full. What no server tells comes from `before`, the state or the plan; an import has none.
pub(super) fn observe(seen: &Seen, before: Option<&Vm>) -> Vm {
    let here = &seen.here;
    let config = here.config();
    let mut vm = inputs(seen, before);
    hardware(&config, before, &mut vm);
    tags(&config, &seen.cost_tags, before, &mut vm);
    vm.id = known(here.guest.vmid.to_string());
    vm.vmid = known(here.guest.vmid);
    vm.name = config.get("name").map_or_else(
        // A guest in the making has none yet, and the index then makes one up.
        || before.map_or_else(|| here.guest.name.clone(), |before| before.name.clone()),
        str::to_owned,
    );
    vm.description = known(Stamp::text_of(&config));
    vm.pool = known(here.guest.pool.clone());
    vm.ha = known(seen.ha.as_ref().map(ha));
    vm.power = match here.guest.status.as_str() {
        "running" => known(Power::Running),
        "stopped" => known(Power::Stopped),
        _ => before.map(|before| before.power).unwrap_or(known(Power::Stopped)),
    };
    vm.reboot_required = known(vm.power.known() == Some(&Power::Running) && here.pending.is_waiting());
    vm.current_node = known(here.guest.node.clone());
    let own = vm.tags.known().is_some_and(|tags| !tags.is_empty());
    vm.remove.retain(|key| config.get(key).is_none() || (key == "tags" && !own));
    if let Some(before) = before {
        restrict(&mut vm, before);
    }
    vm
}

/// The guest's own tags and the provider's, without that of a group.
fn tags(config: &GuestConfig, provider: &BTreeSet<String>, before: Option<&Vm>, vm: &mut Vm) {
    let all = config.tags().into_iter().filter(|tag| !tag.starts_with(GROUP_TAG));
    let before = before.map(|before| (&before.tags, &before.cost_tags));
    let (own, cost_tags) = cost_tags::split(all, provider, before);
    vm.tags = known(own);
    vm.cost_tags = known(cost_tags);
}

/// Whether high availability decides where a guest is.
pub(super) fn is_ha_managed(here: &Here) -> bool {
    here.guest.hastate.as_deref().is_some_and(|state| !matches!(state, "" | "unmanaged" | "ignored"))
}

/// Inputs, and what an import takes for them.
fn inputs(seen: &Seen, before: Option<&Vm>) -> Vm {
    let node = seen.here.guest.node.clone();
    let Some(before) = before else { return imported(seen) };
    let mut vm = before.clone();
    // A guest that is not where the configuration puts it goes back, unless high availability moved it.
    if let Some(Some(wanted)) = before.node.known()
        && *wanted != node
        && !is_ha_managed(&seen.here)
    {
        vm.node = known(Some(node));
    }
    vm
}

/// A guest nobody declared yet. Inputs that no server tells are objects without content rather than null: a
/// configuration that tells them is then no difference.
fn imported(seen: &Seen) -> Vm {
    let made = Stamp::of(&seen.here.config()).map(|stamp| stamp.made).unwrap_or_default();
    let node = seen.here.guest.node.clone();
    Vm {
        id: Computed::Unknown,
        name: String::new(),
        nodes: known(Some([node.clone()].into())),
        node: known(Some(node)),
        placement: None,
        vmid: Computed::Unknown,
        clone: known(super::source::clone_from(&made)),
        restore: known(super::source::restore_from(&made)),
        cpu: Computed::Unknown,
        memory: Computed::Unknown,
        balloon: Computed::Unknown,
        firmware: Computed::Unknown,
        machine: Computed::Unknown,
        scsi_controller: Computed::Unknown,
        os_type: Computed::Unknown,
        agent: Computed::Unknown,
        numa: Computed::Unknown,
        hotplug: Computed::Unknown,
        network: Computed::Unknown,
        disks: Computed::Unknown,
        cdrom: Computed::Unknown,
        efi_disk: Computed::Unknown,
        tpm_state: Computed::Unknown,
        boot_order: Computed::Unknown,
        serial: Computed::Unknown,
        usb: Computed::Unknown,
        pci: Computed::Unknown,
        vga: Computed::Unknown,
        rng: Computed::Unknown,
        watchdog: Computed::Unknown,
        cloud_init: Computed::Unknown,
        on_boot: Computed::Unknown,
        startup: Computed::Unknown,
        protection: Computed::Unknown,
        hookscript: Computed::Unknown,
        args: Computed::Unknown,
        tags: Computed::Unknown,
        cost_tags: Computed::Unknown,
        description: Computed::Unknown,
        pool: Computed::Unknown,
        ha: Computed::Unknown,
        power: Computed::Unknown,
        apply_mode: ApplyMode::Stage,
        shutdown_timeout: 180,
        wait_for: known(WaitFor { addresses: false, agent: false, timeout: None }),
        remove: BTreeSet::new(),
        on_destroy: VmOnDestroy::Delete,
        managed: known(BTreeSet::new()),
        changes: known(BTreeMap::new()),
        reboot_required: Computed::Unknown,
        addresses: known(Vec::new()),
        current_node: Computed::Unknown,
        uuid: Computed::Unknown,
        timeouts: known(Some(Timeouts::default())),
    }
}

fn ha(resource: &HaResource) -> Ha {
    let tries = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
    let state = resource.state.as_deref().and_then(|state| state.parse().ok());
    Ha {
        state: state.unwrap_or(HaState::Started),
        group: resource.group.clone(),
        max_restart: tries(resource.max_restart),
        max_relocate: tries(resource.max_relocate),
    }
}

/// Leaves out the slots the configuration does not manage, where it manages others of the same sort.
fn restrict(vm: &mut Vm, before: &Vm) {
    let Some(managed) = before.managed.known() else { return };
    let is_managed =
        |families: &[&str]| managed.iter().any(|key| is_slot(key) && families.contains(&family(key)));
    fn keep<T>(map: &mut Computed<BTreeMap<String, T>>, keeps: impl Fn(&str) -> bool) {
        if let Computed::Known(map) = map {
            map.retain(|slot, _| keeps(slot));
        }
    }
    let held = |slot: &str| managed.contains(slot);
    let in_state = |slot: &str, map: Option<bool>| map.unwrap_or(false) || held(slot);
    if is_managed(&["net"]) {
        keep(&mut vm.network, held);
    }
    // Disks and CD drives share their slots' families: the state tells which of the two maps is managed.
    if before.disks.known().is_some_and(|disks| disks.keys().any(|slot| held(slot))) {
        keep(&mut vm.disks, |slot| in_state(slot, None));
    }
    if before.cdrom.known().is_some_and(|drives| drives.keys().any(|slot| held(slot))) {
        keep(&mut vm.cdrom, |slot| in_state(slot, None));
    }
    if is_managed(&["serial"]) {
        keep(&mut vm.serial, held);
    }
    if is_managed(&["usb"]) {
        keep(&mut vm.usb, held);
    }
    if is_managed(&["hostpci"]) {
        keep(&mut vm.pci, held);
    }
    if is_managed(&["ipconfig"])
        && let Computed::Known(Some(cloud_init)) = &mut vm.cloud_init
    {
        keep(&mut cloud_init.ip_config, |slot| held(&super::settings::ip_config_key(slot)));
    }
}

/// The plan with what was left open filled in from what was seen. What the plan says stays word for word.
///
/// # Errors
/// The result does not fit the model, which cannot happen to two of its own.
pub(super) fn settle(plan: &Vm, seen: &Vm) -> Result<Vm> {
    Ok(Vm::from_object(fill(plan.to_object(), &seen.to_object()))?)
}

fn fill(planned: Value, seen: &Value) -> Value {
    match planned {
        Value::Unknown(_) => seen.clone(),
        Value::Object(members) => Value::Object(fill_members(members, seen)),
        Value::Map(members) => Value::Map(fill_members(members, seen)),
        other => other,
    }
}

fn fill_members(members: BTreeMap<String, Value>, seen: &Value) -> BTreeMap<String, Value> {
    let of = |name: &str| seen.get(name).cloned().unwrap_or(Value::Null);
    members.into_iter().map(|(name, value)| (name.clone(), fill(value, &of(&name)))).collect()
}
