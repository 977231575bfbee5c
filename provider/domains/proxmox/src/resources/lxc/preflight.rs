//! What would make a plan fail, found at plan: node, template, storages, bridges, privileges, number, and who may do it.

use std::collections::BTreeSet;

use serde::Deserialize;
use tf_framework::{Diagnostic, Diagnostics, PlanContext, Result};
use transport_rest::Budget;

use super::create::chosen;
use super::model::*;
use super::plan::{at, changed_keys, whole};
use super::root_only;
use super::settings::{attribute, size};
use crate::api::{Availability, GuestKind, Inventory, Presence, Vmid, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::preflight::{Operation, Scope, StorageNeed, check_node, lacking, storage_problems};

/// The number a configuration asks for, and the one its container had before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbers {
    /// What the configuration fixes.
    pub(crate) asked: Option<Vmid>,
    /// The container's own number, so that it is not taken for somebody else's.
    pub(crate) own: Option<Vmid>,
}

impl Numbers {
    fn of(cx: &PlanContext<Lxc>) -> Self {
        Self { asked: cx.config().vmid.known().copied(), own: cx.private.itself }
    }
}

/// Where a container would go, and what is to be said of that.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The node.
    pub(crate) node: String,
    /// Warnings.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Refuses a container that cannot be made. What is not known yet is not judged.
pub(super) async fn creation(cx: &mut PlanContext<Lxc>) -> Result<()> {
    let (Some(px), Some(plan)) = (cx.try_client(), whole(cx)) else { return Ok(()) };
    let (numbers, budget) = (Numbers::of(cx), budget(cx));
    for warning in judge_creation(&px, &plan, numbers, &budget).await?.warnings {
        cx.warn(warning);
    }
    Ok(())
}

/// Refuses a change that cannot be made: only what changes is asked about.
pub(super) async fn update(cx: &mut PlanContext<Lxc>, prior: &Lxc, plan: &Lxc) -> Result<()> {
    let Some(px) = cx.try_client() else { return Ok(()) };
    let (numbers, budget) = (Numbers::of(cx), budget(cx));
    judge_update(&px, prior, plan, numbers, &budget).await
}

/// Where a container goes that is to be made.
///
/// # Errors
/// It cannot be made: every reason.
pub(crate) async fn judge_creation(
    px: &Proxmox,
    plan: &Lxc,
    numbers: Numbers,
    budget: &Budget,
) -> Result<Judged> {
    let inventory = px.api.inventory(budget).await;
    let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
    let placed = chosen(px, &inventory, plan)?;
    let node = placed.node;
    if let Some(problem) = check_node(&inventory, &node, "no container can be made on it") {
        return Err(problem.at(at("node")).into());
    }
    let mut warnings = Vec::new();
    if placed.companions > 0 {
        warnings.push(
            Diagnostic::warning(
                "Guests of one group share a node",
                format!(
                    "{:?} would go to {node}, where {} with the tag are already: there are more guests than nodes.",
                    plan.name, placed.companions
                ),
            )
            .at(at("placement")),
        );
    }
    let mut problems = Diagnostics::new();
    problems.extend(root_only::refusals(px.api.principal(), None, plan));
    problems.extend(template(px, &inventory, plan, &node, budget).await);
    problems.extend(source(&inventory, plan));
    problems.extend(storages(px, &inventory, None, plan, &node, budget).await);
    problems.extend(bridges(px, None, plan, &node, budget).await);
    problems.extend(privileges(px, None, plan, &node, budget).await?);
    problems.extend(number(px, numbers, plan, budget).await?);
    problems.into_result(Judged { node, warnings })
}

/// Whether a change can be made: only what changes is asked about.
///
/// # Errors
/// It cannot be made: every reason.
pub(crate) async fn judge_update(
    px: &Proxmox,
    prior: &Lxc,
    plan: &Lxc,
    numbers: Numbers,
    budget: &Budget,
) -> Result<()> {
    let inventory = px.api.inventory(budget).await;
    let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
    let now = prior.current_node.known().cloned().unwrap_or_default();
    let node = plan.node.clone().unwrap_or(now.clone());
    if node != now
        && let Some(problem) = check_node(&inventory, &node, "no container can be moved there")
    {
        return Err(problem.at(at("node")).into());
    }
    let rebuilds = super::rebuild::rebuilds(prior, plan);
    let mut problems = Diagnostics::new();
    problems.extend(root_only::refusals(px.api.principal(), Some(prior).filter(|_| !rebuilds), plan));
    if rebuilds {
        problems.extend(template(px, &inventory, plan, &now, budget).await);
        if plan.vmid.known() != prior.vmid.known() {
            problems.extend(number(px, numbers, plan, budget).await?);
        }
    }
    problems.extend(storages(px, &inventory, Some(prior), plan, &node, budget).await);
    problems.extend(bridges(px, Some(prior), plan, &node, budget).await);
    problems.extend(privileges(px, Some(prior).filter(|_| !rebuilds), plan, &node, budget).await?);
    problems.into_result(())
}

/// Says at plan what the destruction would refuse.
pub(super) async fn destruction(cx: &PlanContext<Lxc>) -> Result<()> {
    let Some(prior) = cx.prior().filter(|prior| prior.on_destroy != LxcOnDestroy::Keep) else {
        return Ok(());
    };
    let vmid = prior.vmid.known().copied().unwrap_or_default();
    let refuse = |detail: String| {
        let summary = format!("Container {:?} (VMID {vmid}) cannot be destroyed", prior.name);
        Err(Diagnostics::error(summary, detail))
    };
    if prior.protection.known() == Some(&true) {
        return refuse("It is protected. Set `protection = false` and apply that first.".to_owned());
    }
    let kept = prior.detached_volumes.known().into_iter().flatten();
    let own = |volume: &&String| volume.parse::<VolumeId>().is_ok_and(|volume| volume.vmid() == Some(vmid));
    let kept: Vec<&str> = kept.map(|(_, volume)| volume).filter(own).map(String::as_str).collect();
    if prior.on_destroy == LxcOnDestroy::Delete && !kept.is_empty() {
        return refuse(kept_with_it(&kept));
    }
    Ok(())
}

/// Why a container that keeps detached volumes is not destroyed.
pub(super) fn kept_with_it(kept: &[&str]) -> String {
    format!(
        "It keeps volumes that were detached from mount points: {}. They would be destroyed with it. Mount them again, remove them, or \
         set `on_destroy = \"delete_all\"` and apply that first.",
        kept.join(", ")
    )
}

async fn template(
    px: &Proxmox,
    inventory: &Inventory,
    plan: &Lxc,
    node: &str,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let volume = plan.template.as_ref().and_then(|text| text.parse::<VolumeId>().ok());
    let Some(volume) = volume else { return Vec::new() };
    let storage = volume.storage();
    let need = StorageNeed { node, storage, content: "vztmpl", purpose: "container templates", bytes: None };
    let problems = storage_problems(&px.api, inventory, &need, budget).await;
    if !problems.is_empty() {
        return problems.into_iter().map(|problem| problem.at(at("template"))).collect();
    }
    // What the account may not list is left to the server.
    let Ok(found) = px.api.shared_volumes(node, storage, "vztmpl", budget).await else { return Vec::new() };
    if found.iter().any(|entry| entry.volid == volume) {
        return Vec::new();
    }
    let names: Vec<&str> = found.iter().map(|entry| entry.volid.file_name()).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let detail = format!(
        "{volume} is not on {node}. Templates on {storage} there: {there}. Bring it with `hybridops_proxmox_image` or `pveam download`."
    );
    vec![Diagnostic::error("There is no such template", detail).at(at("template"))]
}

fn source(inventory: &Inventory, plan: &Lxc) -> Option<Diagnostic> {
    let clone = plan.clone.as_ref()?;
    let found = inventory.guest(clone.vmid);
    if found.is_some_and(|guest| guest.kind == GuestKind::Lxc) {
        return None;
    }
    let detail = match found {
        Some(guest) => format!("{:?} (VMID {}) is a virtual machine.", guest.name, clone.vmid),
        None => format!("There is no container {} that this account may see.", clone.vmid),
    };
    Some(
        Diagnostic::error("The source of the clone cannot be found", detail)
            .at(at("clone").attribute("vmid")),
    )
}

/// Storages that volumes are made on or moved to, with the room they need.
async fn storages(
    px: &Proxmox,
    inventory: &Inventory,
    prior: Option<&Lxc>,
    plan: &Lxc,
    node: &str,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let bytes = |text: Option<&String>| text.and_then(|text| size(text)).map_or(0, |size| size.0);
    let mut needs: Vec<(tf_value::Path, String, u64)> = Vec::new();
    if let Some(root) = plan.root_disk.known()
        && let Some(storage) = root.storage.known()
    {
        let had = prior.and_then(|prior| prior.root_disk.known());
        let size = bytes(root.size.known());
        match had {
            Some(had) if had.storage.known() == Some(storage) => {
                needs.push((
                    at("root_disk").attribute("size"),
                    storage.clone(),
                    size.saturating_sub(bytes(had.size.known())),
                ));
            }
            _ => needs.push((at("root_disk").attribute("storage"), storage.clone(), size)),
        }
    }
    for (slot, mount) in plan.mounts.known().into_iter().flatten() {
        let Some(Some(storage)) = mount.storage.known() else { continue };
        let had = prior.and_then(|prior| prior.mounts.known()?.get(slot));
        let size = bytes(mount.size.known().and_then(Option::as_ref));
        let path = at("mounts").key(slot);
        match had {
            Some(had) if had.storage.known().and_then(Option::as_ref) == Some(storage) => {
                let before = bytes(had.size.known().and_then(Option::as_ref));
                needs.push((path.attribute("size"), storage.clone(), size.saturating_sub(before)));
            }
            None if mount.volume.known().is_some_and(Option::is_some) => {}
            _ => needs.push((path.attribute("storage"), storage.clone(), size)),
        }
    }
    let mut problems: Vec<Diagnostic> = Vec::new();
    for (path, storage, bytes) in needs.into_iter().filter(|(_, _, bytes)| *bytes > 0) {
        let purpose = "volumes of containers";
        let need = StorageNeed { node, storage: &storage, content: "rootdir", purpose, bytes: Some(bytes) };
        for problem in storage_problems(&px.api, inventory, &need, budget).await {
            // One storage that is not there is one problem, whatever it is needed for.
            if !problems.iter().any(|told| told.summary == problem.summary) {
                problems.push(problem.at(path.clone()));
            }
        }
    }
    problems
}

#[derive(Deserialize)]
struct Vnet {
    vnet: String,
}

async fn bridges(
    px: &Proxmox,
    prior: Option<&Lxc>,
    plan: &Lxc,
    node: &str,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let moved = prior.is_some_and(|prior| prior.current_node.known().is_some_and(|now| now != node));
    let had = |slot: &str| prior.and_then(|prior| Some(prior.network.known()?.get(slot)?.bridge.clone()));
    let networks = plan.network.known().into_iter().flatten();
    let wanted: Vec<(&String, &String)> = networks
        .filter(|(slot, network)| moved || had(slot).as_ref() != Some(&network.bridge))
        .map(|(slot, network)| (slot, &network.bridge))
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    // What the account may not see is left to the server.
    let Ok(found) = px.api.network(node, budget).await else { return Vec::new() };
    let mut there: BTreeSet<String> =
        found.into_iter().filter(crate::api::NetworkInterface::is_bridge).map(|entry| entry.iface).collect();
    if wanted.iter().any(|(_, bridge)| !there.contains(*bridge)) {
        let vnets: Result<Vec<Vnet>, _> = px.api.read(["cluster", "sdn", "vnets"], budget).await;
        let Ok(vnets) = vnets else { return Vec::new() };
        there.extend(vnets.into_iter().map(|vnet| vnet.vnet));
    }
    let names = there.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let missing = wanted.into_iter().filter(|(_, bridge)| !there.contains(*bridge));
    missing
        .map(|(slot, bridge)| {
            let detail =
                format!("Interface {slot} is plugged into {bridge}. Bridges and vnets there are: {names}.");
            Diagnostic::error(format!("Node {node} has no bridge {bridge}"), detail)
                .at(at("network").key(slot).attribute("bridge"))
        })
        .collect()
}

async fn privileges(
    px: &Proxmox,
    prior: Option<&Lxc>,
    plan: &Lxc,
    node: &str,
    budget: &Budget,
) -> Result<Vec<Diagnostic>> {
    let permissions = px.api.shared_permissions(budget).await;
    let permissions =
        permissions.map_err(|error| failure("Reading the account's privileges failed", &error))?;
    let vmid = prior.unwrap_or(plan).vmid.known().map_or_else(|| "*".to_owned(), ToString::to_string);
    let guest = Scope { node, vmid: &vmid, ..Scope::default() };
    let mut needs = Vec::new();
    if prior.is_none() {
        needs.extend([(Operation::AllocateGuest, guest), (Operation::AuditGuest, guest)]);
    }
    let source = plan.clone.as_ref().filter(|_| prior.is_none()).map(|clone| clone.vmid.to_string());
    if let Some(source) = &source {
        needs.push((Operation::CloneGuest, Scope { vmid: source, ..guest }));
    }
    let keys = match prior {
        Some(prior) => changed_keys(prior, plan),
        None => super::settings::settings(plan).map(|keys| keys.into_keys().collect()).unwrap_or_default(),
    };
    needs.extend(keys.iter().map(|key| (operation(attribute(key)), guest)));
    let storages: BTreeSet<String> = new_storages(prior, plan);
    if !storages.is_empty() {
        needs.push((Operation::ConfigureDisks, guest));
    }
    needs.extend(storages.iter().map(|storage| (Operation::AllocateDisk, Scope { storage, ..guest })));
    let had = |slot: &str| prior.and_then(|prior| Some(prior.network.known()?.get(slot)?.bridge.clone()));
    for (slot, network) in plan.network.known().into_iter().flatten() {
        if had(slot).as_ref() != Some(&network.bridge) {
            needs.push((Operation::UseBridge, Scope { bridge: &network.bridge, ..guest }));
        }
    }
    let before = prior.and_then(|prior| prior.power.known());
    if plan.power.known().is_some_and(|power| Some(power) != before.or(Some(&Power::Stopped))) {
        needs.push((Operation::Power, guest));
    }
    Ok(lacking(&permissions, px.api.principal(), &needs))
}

fn new_storages(prior: Option<&Lxc>, plan: &Lxc) -> BTreeSet<String> {
    let root = |lxc: &Lxc| lxc.root_disk.known().and_then(|root| root.storage.known().cloned());
    let of = |lxc: &Lxc, slot: &str| lxc.mounts.known()?.get(slot)?.storage.known().cloned().flatten();
    let mut storages = BTreeSet::new();
    if prior.map(root) != Some(root(plan)) {
        storages.extend(root(plan));
    }
    for (slot, _) in plan.mounts.known().into_iter().flatten() {
        let new = of(plan, slot);
        if prior.map(|prior| of(prior, slot)) != Some(new.clone()) {
            storages.extend(new);
        }
    }
    storages
}

fn operation(attribute: &str) -> Operation {
    match attribute {
        "cores" | "cpu_limit" | "cpu_units" => Operation::ConfigureCpu,
        "memory" | "swap" => Operation::ConfigureMemory,
        "network" | "dns" | "name" => Operation::ConfigureNetwork,
        _ => Operation::ConfigureOptions,
    }
}

/// A number the user chose must be free, unless a run that was killed left it half made.
async fn number(px: &Proxmox, numbers: Numbers, plan: &Lxc, budget: &Budget) -> Result<Vec<Diagnostic>> {
    let Some(vmid) = numbers.asked.filter(|vmid| Some(*vmid) != numbers.own) else {
        return Ok(Vec::new());
    };
    let availability = px.api.vmid_availability(vmid, budget).await;
    let what = format!("Asking whether VMID {vmid} is free failed");
    if availability.map_err(|error| failure(what, &error))? == Availability::Free {
        return Ok(Vec::new());
    }
    let holder = match px.api.presence(vmid, budget).await {
        // What a killed run left has this name, once it is made; whether it is ours its stamp tells at apply.
        Ok(Presence::Present(guest)) if guest.name == plan.name || guest.lock.is_some() => {
            return Ok(Vec::new());
        }
        Ok(Presence::Present(guest)) => format!("{} {:?} on {}", guest.kind, guest.name, guest.node),
        _ => "a guest this account cannot see".to_owned(),
    };
    let detail = format!(
        "It belongs to {holder}. Leave `vmid` out to let the cluster choose, choose a free number, or import the guest."
    );
    Ok(vec![Diagnostic::error(format!("VMID {vmid} is taken"), detail).at(at("vmid"))])
}
