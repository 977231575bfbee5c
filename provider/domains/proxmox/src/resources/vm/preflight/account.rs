//! What the account that plans may do: what is root's alone, and privileges by path.

use std::collections::BTreeSet;

use tf_framework::{Diagnostic, Result};
use tf_value::Path;
use transport_rest::Budget;

use super::at;
use crate::api::Guest;
use crate::client::Proxmox;
use crate::errors::failure;
use crate::preflight::{Operation, Scope, lacking};
use crate::resources::vm::changes::changes;
use crate::resources::vm::model::*;
use crate::resources::vm::slots::{family, slots};
use crate::resources::vm::source::is_clone;

/// What only root@pam with a password may set, told by attribute.
pub(super) fn root_only(px: &Proxmox, plan: &Vm, prior: Option<&Vm>) -> Vec<Diagnostic> {
    let account = px.api.principal();
    if account.is_root() {
        return Vec::new();
    }
    let mut found: Vec<(Path, &str)> = Vec::new();
    let set = |value: Option<&Option<String>>| value.cloned().flatten();
    if plan.args.known().is_some_and(Option::is_some)
        && set(plan.args.known()) != prior.and_then(|prior| set(prior.args.known()))
    {
        found.push((at("args"), "arguments of QEMU"));
    }
    if plan.hookscript.known().is_some_and(Option::is_some)
        && set(plan.hookscript.known()) != prior.and_then(|prior| set(prior.hookscript.known()))
    {
        found.push((at("hookscript"), "a hook script"));
    }
    for (slot, port) in plan.serial.known().into_iter().flatten() {
        let had = prior.and_then(|prior| prior.serial.known()?.get(slot));
        if port != "socket" && had != Some(port) {
            found.push((at("serial").key(slot), "a serial port of the host"));
        }
    }
    for (slot, usb) in plan.usb.known().into_iter().flatten() {
        let had = prior.and_then(|prior| prior.usb.known()?.get(slot));
        let host = usb.host.known().cloned().flatten().filter(|host| host != "spice");
        if host.is_some() && had.is_none_or(|had| had.host != usb.host) {
            found.push((at("usb").key(slot).attribute("host"), "a USB device of the host without a mapping"));
        }
    }
    for (slot, pci) in plan.pci.known().into_iter().flatten() {
        let had = prior.and_then(|prior| prior.pci.known()?.get(slot));
        let host = pci.host.known().cloned().flatten();
        if host.is_some() && had.is_none_or(|had| had.host != pci.host) {
            found.push((at("pci").key(slot).attribute("host"), "a PCI device of the host without a mapping"));
        }
    }
    let refusal = |(path, what): (Path, &str)| {
        Diagnostic::error(
            format!("{account} may not set {what}"),
            "Proxmox lets only root@pam logged in with a password do this; no API token may. Configure `username` and \
             `password` in the provider's `proxmox` section, or use a hardware mapping for devices.",
        )
        .at(path)
    };
    found.into_iter().map(refusal).collect()
}

/// Privileges, by path.
pub(super) async fn privileges(
    px: &Proxmox,
    plan: &Vm,
    prior: Option<&Vm>,
    node: &str,
    source: Option<Guest>,
    budget: &Budget,
) -> Result<Vec<Diagnostic>> {
    let permissions = px.api.shared_permissions(budget).await;
    let permissions =
        permissions.map_err(|error| failure("Reading the account's privileges failed", &error))?;
    let known = plan.vmid.known().or_else(|| prior.and_then(|prior| prior.vmid.known()));
    let vmid = known.map_or_else(|| "*".to_owned(), ToString::to_string);
    let from = source.as_ref().map(|guest| guest.vmid.to_string()).unwrap_or_default();
    let pool = plan.pool.known().cloned().flatten().unwrap_or_default();
    let scope = Scope { node, vmid: &vmid, pool: &pool, ..Scope::default() };
    let mut needs = vec![(Operation::AuditGuest, scope)];
    if prior.is_none() {
        needs.push((Operation::AllocateGuest, scope));
        if source.is_some() {
            needs.push((Operation::CloneGuest, Scope { vmid: &from, ..scope }));
        }
    }
    let changed = match prior {
        Some(prior) => changes(prior, plan).into_keys().collect(),
        None => plan.managed.known().cloned().unwrap_or_else(|| slots(plan)),
    };
    let mut add = |operation: Operation| {
        if !needs.contains(&(operation, scope)) {
            needs.push((operation, scope));
        }
    };
    changed.iter().filter_map(|key| operation(key)).for_each(&mut add);
    if prior.is_none() && plan.power.known() == Some(&Power::Running) {
        add(Operation::Power);
    }
    // A guest is made in its pool by the right to make it; one that is there already is put into another.
    let changes_pool = prior.is_some_and(|prior| plan.pool.known().is_some() && prior.pool != plan.pool);
    if changes_pool && !pool.is_empty() {
        add(Operation::ChangePool);
    }
    let storages: BTreeSet<&String> = plan
        .disks
        .known()
        .into_iter()
        .flatten()
        .filter(|(slot, disk)| {
            prior
                .and_then(|prior| prior.disks.known()?.get(*slot))
                .is_none_or(|had| had.storage != disk.storage)
        })
        .filter_map(|(_, disk)| disk.storage.known()?.as_ref())
        .collect();
    let cloned = plan.clone.known().filter(|clone| prior.is_none() && is_clone(clone));
    let copied = cloned.and_then(|clone| clone.storage.known()?.as_ref());
    let storages: BTreeSet<&String> = storages.into_iter().chain(copied).collect();
    let bridges: BTreeSet<&String> = plan
        .network
        .known()
        .into_iter()
        .flatten()
        .filter(|(slot, card)| {
            prior
                .and_then(|prior| prior.network.known()?.get(*slot))
                .is_none_or(|had| had.bridge != card.bridge)
        })
        .filter_map(|(_, card)| card.bridge.known()?.as_ref())
        .collect();
    needs.extend(storages.into_iter().map(|storage| (Operation::AllocateDisk, Scope { storage, ..scope })));
    needs.extend(bridges.into_iter().map(|bridge| (Operation::UseBridge, Scope { bridge, ..scope })));
    Ok(lacking(&permissions, px.api.principal(), &needs))
}

/// What setting a key takes.
fn operation(key: &str) -> Option<Operation> {
    Some(match family(key) {
        "cores" | "sockets" | "cpu" | "vcpus" | "cpulimit" | "cpuunits" | "affinity" | "numa" => {
            Operation::ConfigureCpu
        }
        "memory" | "balloon" => Operation::ConfigureMemory,
        "net" => Operation::ConfigureNetwork,
        "scsi" | "virtio" | "sata" | "ide" | "efidisk" | "tpmstate" => Operation::ConfigureDisks,
        "ciuser" | "cipassword" | "sshkeys" | "searchdomain" | "nameserver" | "ciupgrade" | "ipconfig" => {
            Operation::ConfigureCloudInit
        }
        "machine" | "scsihw" | "vga" | "watchdog" | "rng" | "serial" | "usb" | "hostpci" | "hotplug" => {
            Operation::ConfigureHardware
        }
        "power" => Operation::Power,
        "node" => Operation::Migrate,
        "ha" => Operation::ManageHa,
        "startup" => Operation::ConfigureStartup,
        "name" | "description" | "tags" | "onboot" | "protection" | "boot" | "agent" | "ostype" | "bios" => {
            Operation::ConfigureOptions
        }
        _ => return None,
    })
}
