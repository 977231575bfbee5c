//! What would make a plan fail, found at plan: node, source, storages, bridges, privileges, number, and who may do it.

mod account;
mod storages;

use std::collections::BTreeSet;

use tf_framework::{Diagnostic, Diagnostics, Field, Model as _, PlanContext, Result};
use tf_value::Path;
use transport_rest::Budget;

use self::account::{privileges, root_only};
use self::storages::{Before, storages, unmade};
use super::create::{chosen, never, normalised};
use super::model::*;
use super::source::{self, Route, is_clone};
use crate::api::{
    ApiError, Availability, ConfigView, Guest, GuestConfig, GuestRef, Inventory, Kind, Presence,
};
use crate::client::{Proxmox, budget};
use crate::errors::{failed, failure};
use crate::guest::check_ha_group;
use crate::preflight::check_node;

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// The plan as far as it is known; nothing while a required input is not.
fn whole(cx: &PlanContext<Vm>) -> Option<Vm> {
    Vm::from_object(cx.planned_value().clone()).ok()
}

/// Refuses a guest that cannot be made. What is not known yet is not judged.
pub(super) async fn creation(cx: &mut PlanContext<Vm>) -> Result<()> {
    let (Some(px), Some(plan)) = (cx.try_client(), whole(cx)) else { return Ok(()) };
    let budget = budget(cx);
    let plan = normalised(plan);
    let unplaced = cx.config().node.is_unknown() || cx.config().nodes.is_unknown();
    // A template that is made in the same run has no number yet, perhaps not even a name.
    let unfound = match &cx.config().clone {
        Field::Known(source) => source.vmid.is_unknown() || source.template.is_unknown(),
        source => source.is_unknown(),
    };
    if unplaced || unfound {
        return Ok(());
    }
    let inventory = px.api.inventory(&budget).await;
    let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
    let placed = chosen(&px, &inventory, &plan)?;
    if let Some(problem) = check_node(&inventory, &placed.node, "no guest can be made on it") {
        return Err(problem.at(at("node")).into());
    }
    if cx.config().nodes.known().is_some_and(|nodes| nodes.len() > 1) {
        tell_place(cx, &plan, &placed);
    }
    let mut problems = Diagnostics::new();
    let node = placed.node;
    let source = origin(cx, &px, &inventory, &plan, &node, &budget, &mut problems).await?;
    let inherited = source.as_ref().map(|(_, config)| config);
    problems.extend(unmade(&plan, inherited));
    problems.extend(storages(&px, &inventory, &plan, Before::Source(inherited), &node, &budget).await);
    problems.extend(bridges(&px, &plan, None, &node, &budget).await);
    problems.extend(root_only(&px, &plan, None));
    problems.extend(privileges(&px, &plan, None, &node, source.map(|(guest, _)| guest), &budget).await?);
    problems.extend(number(&px, cx, &plan, &budget).await?);
    problems.extend(check_ha_group(&px, ha_group(&plan), &budget).await);
    told(cx, problems)
}

/// Refuses a change that cannot be made: only what changes is asked about.
pub(super) async fn update(cx: &mut PlanContext<Vm>) -> Result<()> {
    let (Some(px), Some(plan), Some(prior)) = (cx.try_client(), whole(cx), cx.prior().cloned()) else {
        return Ok(());
    };
    let budget = budget(cx);
    let Some(node) = plan.current_node.known().or(prior.current_node.known()).cloned() else { return Ok(()) };
    let inventory = px.api.inventory(&budget).await;
    let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
    if plan.current_node != prior.current_node
        && let Some(problem) = check_node(&inventory, &node, "no guest can be moved there")
    {
        return Err(problem.at(at("node")).into());
    }
    let mut problems = Diagnostics::new();
    problems.extend(storages(&px, &inventory, &plan, Before::State(&prior), &node, &budget).await);
    problems.extend(bridges(&px, &plan, Some(&prior), &node, &budget).await);
    problems.extend(root_only(&px, &plan, Some(&prior)));
    problems.extend(privileges(&px, &plan, Some(&prior), &node, None, &budget).await?);
    let group = ha_group(&plan).filter(|group| ha_group(&prior) != Some(group));
    problems.extend(check_ha_group(&px, group, &budget).await);
    told(cx, problems)
}

/// Warnings stand in the plan, errors end it.
fn told(cx: &PlanContext<Vm>, problems: Diagnostics) -> Result<()> {
    if problems.has_errors() {
        return Err(problems);
    }
    problems.into_iter().for_each(|warning| cx.warn(warning));
    Ok(())
}

fn ha_group(vm: &Vm) -> Option<&str> {
    vm.ha.known()?.as_ref()?.group.as_deref()
}

/// Says where a guest would go: the choice is made again when it is made.
fn tell_place(cx: &PlanContext<Vm>, plan: &Vm, placed: &crate::guest::Placed) {
    let detail = "The node is chosen when the guest is made; until then the choice may change with what is on the nodes.";
    cx.warn(
        Diagnostic::warning(format!("Virtual machine {:?} would go to {}", plan.name, placed.node), detail)
            .at(at("nodes")),
    );
    if placed.companions > 0 {
        let detail = format!(
            "{:?} would go to {}, where {} of its anti-affinity group are already: there are more guests than nodes.",
            plan.name, placed.node, placed.companions
        );
        cx.warn(Diagnostic::warning("Guests of one group share a node", detail).at(at("placement")));
    }
}

/// The source of a clone and the way to the node, told in the plan.
async fn origin(
    cx: &PlanContext<Vm>,
    px: &Proxmox,
    inventory: &Inventory,
    plan: &Vm,
    node: &str,
    budget: &Budget,
    problems: &mut Diagnostics,
) -> Result<Option<(Guest, GuestConfig)>> {
    let Some(clone) = plan.clone.known().filter(|clone| is_clone(clone)) else { return Ok(None) };
    let guest = match source::find(inventory, clone, Some(node)) {
        Ok(guest) => guest,
        Err(error) => {
            let summary = "The source of the clone cannot be found";
            problems.push(Diagnostic::error(summary, format!("{error}.")).at(at("clone")));
            return Ok(None);
        }
    };
    let config = match px.api.guest_config(&GuestRef::from(&guest), ConfigView::Current, budget).await {
        Ok(config) => config,
        Err(error) => {
            let what =
                format!("The source of the clone, {:?} (VMID {}), cannot be read", guest.name, guest.vmid);
            problems.push(failed(what, &error).at(at("clone")));
            return Ok(None);
        }
    };
    match source::route(inventory, &guest, &config, clone, node) {
        Route::Here | Route::Direct => {}
        Route::Then => cx.warn(
            Diagnostic::warning(
                format!("The clone is made on {} and then moved to {node}", guest.node),
                format!(
                    "{:?} (VMID {}) has disks that {node} does not share: the clone is made beside it and moved afterwards, which \
                     copies the disks twice. A template on {node} avoids that.",
                    guest.name, guest.vmid
                ),
            )
            .at(at("clone")),
        ),
        Route::Never(storage) => problems.push(never(&guest, &storage, node)),
    }
    Ok(Some((guest, config)))
}

/// Bridges and vnets that cards are plugged into.
async fn bridges(
    px: &Proxmox,
    plan: &Vm,
    prior: Option<&Vm>,
    node: &str,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let moved = prior.is_some_and(|prior| prior.current_node != plan.current_node);
    let new = |slot: &str, card: &VmNetwork| {
        let had = prior.and_then(|prior| prior.network.known()?.get(slot));
        moved || had.is_none_or(|had| had.bridge != card.bridge)
    };
    let wanted: Vec<(&String, &String)> = plan
        .network
        .known()
        .into_iter()
        .flatten()
        .filter(|(slot, card)| new(slot, card))
        .filter_map(|(slot, card)| Some((slot, card.bridge.known()?.as_ref()?)))
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    // What the account may not see is left to the server.
    let Ok(found) = px.api.network(node, budget).await else { return Vec::new() };
    let there: BTreeSet<&str> =
        found.iter().filter(|entry| entry.is_bridge()).map(|entry| entry.iface.as_str()).collect();
    let missing: Vec<_> = wanted.into_iter().filter(|(_, bridge)| !there.contains(bridge.as_str())).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let Some(vnets) = vnets(px, budget).await else { return Vec::new() };
    let names = there.iter().copied().chain(vnets.iter().map(String::as_str)).collect::<Vec<_>>().join(", ");
    missing
        .into_iter()
        .filter(|(_, bridge)| !vnets.contains(*bridge))
        .map(|(slot, bridge)| {
            Diagnostic::error(
                format!("Node {node} has no bridge {bridge}"),
                format!("Card {slot} is plugged into {bridge}. Bridges and vnets there are: {names}."),
            )
            .at(at("network").key(slot).attribute("bridge"))
        })
        .collect()
}

/// Names of SDN vnets; nothing where they cannot be seen.
async fn vnets(px: &Proxmox, budget: &Budget) -> Option<BTreeSet<String>> {
    let read: Result<Vec<serde_json::Value>, ApiError> =
        px.api.read(["cluster", "sdn", "vnets"], budget).await;
    match read {
        Ok(vnets) => Some(vnets.iter().filter_map(|vnet| Some(vnet["vnet"].as_str()?.to_owned())).collect()),
        Err(error) if error.is(Kind::NotImplemented) => Some(BTreeSet::new()),
        Err(_) => None,
    }
}

/// A number the user chose must be free, unless an interrupted run left it.
async fn number(px: &Proxmox, cx: &PlanContext<Vm>, plan: &Vm, budget: &Budget) -> Result<Vec<Diagnostic>> {
    let Some(vmid) = cx.config().vmid.known().copied().filter(|vmid| Some(*vmid) != cx.private.itself) else {
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
