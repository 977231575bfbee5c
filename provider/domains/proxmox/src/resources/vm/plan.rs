//! The plan of a virtual machine: what stays, what changes and when it takes effect, and what cannot work.

mod keep;
mod validate;

use std::collections::BTreeMap;

use tf_framework::{Diagnostic, Diagnostics, Field, Model, PlanContext, PlannedAction, Result, Value};
use tf_value::Path;

use self::keep::{keep_documents, keep_inputs, keep_making, keep_maps};
pub(super) use self::validate::validate;
use super::changes::{changes, told};
use super::effect::Effect;
use super::model::*;
use super::slots::declared;
use crate::api::{DiskSize, GuestKind};
use crate::guest::{Stamp, cost_tags};

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<Vm>) -> Result<()> {
    register(cx)?;
    if cx.action() == PlannedAction::Destroy {
        return refuse_protected(cx, "destroyed");
    }
    let tags = cx.config().tags.clone();
    if cx.prior().is_none() {
        cost_tags::plan(cx, &tags)?;
        return creation(cx).await;
    }
    keep_making(cx)?;
    keep_documents(cx)?;
    keep_maps(cx)?;
    cost_tags::plan(cx, &tags)?;
    keep_inputs(cx)?;
    if !owed(cx).is_empty() {
        let told = owed(cx);
        cx.plan(&at("changes"), &told)?;
    }
    if !cx.has_changes() {
        return Ok(());
    }
    if cx.replaces() {
        return refuse_replacement(cx);
    }
    plan_place(cx)?;
    plan_volumes(cx)?;
    plan_managed(cx)?;
    refuse_shrinking(cx)?;
    plan_changes(cx)?;
    super::preflight::update(cx).await
}

/// Tells guests of one name apart.
fn register(cx: &mut PlanContext<Vm>) -> Result<()> {
    let Some(px) = cx.try_client() else { return Ok(()) };
    if let Some(prior) = cx.prior().cloned() {
        let Some(vmid) = prior.vmid.known().copied() else { return Ok(()) };
        cx.private.itself = Some(vmid);
        let chosen = prior.managed.known().is_some_and(|managed| managed.contains("vmid"));
        let key = Stamp::new(&px.owner, GuestKind::Qemu, &prior.name, chosen.then_some(vmid)).key;
        if !px.register.owns(vmid, &key) {
            return Ok(());
        }
        return Err(same_name(&prior.name, &format!("Guest {vmid} has it, and another is to be made.")));
    }
    let Some(name) = cx.config().name.known().cloned() else { return Ok(()) };
    if cx.config().vmid.is_unknown() {
        return Ok(());
    }
    let fixed = cx.config().vmid.known().copied();
    let key = Stamp::new(&px.owner, GuestKind::Qemu, &name, fixed).key;
    match px.register.wants(&key, cx.private.itself) {
        Some(vmid) => Err(same_name(&name, &format!("Guest {vmid} has it, and another is to be made."))),
        None if !px.register.first(&key) => Err(same_name(&name, "Both are to be made.")),
        None => Ok(()),
    }
}

fn same_name(name: &str, how: &str) -> Diagnostics {
    Diagnostics::error_at(
        at("name"),
        format!("Two virtual machines have the name {name:?}"),
        format!(
            "{how} Names tell what an interrupted run began: give each virtual machine of \
             a configuration its own, or fix different `vmid`s."
        ),
    )
}

async fn creation(cx: &mut PlanContext<Vm>) -> Result<()> {
    plan_managed(cx)?;
    cx.plan(&at("changes"), &BTreeMap::<String, String>::new())?;
    for (name, nothing) in
        [("clone", cx.config().clone.is_null()), ("restore", cx.config().restore.is_null())]
    {
        if nothing {
            let empty = if name == "clone" {
                super::create::no_clone().to_object()
            } else {
                super::create::no_restore().to_object()
            };
            cx.plan(&at(name), &empty)?;
        }
    }
    if let Field::Known(source) = cx.config().clone.clone() {
        for (name, open) in [
            ("vmid", source.vmid.is_null()),
            ("template", source.template.is_null()),
            ("full", source.full.is_null()),
            ("storage", source.storage.is_null()),
            ("format", source.format.is_null()),
            ("snapshot", source.snapshot.is_null()),
        ] {
            if open {
                cx.plan(&at("clone").attribute(name), &Value::Null)?;
            }
        }
    }
    if cx.config().wait_for.is_null() {
        let nothing = WaitFor { addresses: false, agent: false, timeout: None };
        cx.plan(&at("wait_for"), &nothing)?;
    }
    let waits = cx.config().wait_for.known().is_none_or(|wait| wait.addresses.known() != Some(&false));
    if cx.config().wait_for.is_null() || !waits {
        cx.plan(&at("addresses"), &Vec::<String>::new())?;
    }
    let (node, nodes) = (cx.config().node.is_null(), cx.config().nodes.is_null());
    for (name, open) in [("node", node), ("nodes", nodes), ("timeouts", cx.config().timeouts.is_null())] {
        if open {
            cx.plan(&at(name), &Value::Null)?;
        }
    }
    if let Field::Known(node) = cx.config().node.clone() {
        cx.plan(&at("current_node"), &node)?;
    }
    super::preflight::creation(cx).await
}

/// The value an attribute has in state.
fn before(cx: &PlanContext<Vm>, path: &Path) -> Value {
    let prior = cx.prior().map(Model::to_object).unwrap_or(Value::Null);
    prior.at(path).cloned().unwrap_or(Value::Null)
}

fn planned(cx: &PlanContext<Vm>, path: &Path) -> Value {
    cx.planned_value().at(path).cloned().unwrap_or(Value::Null)
}

/// Where the guest is after the change.
fn plan_place(cx: &mut PlanContext<Vm>) -> Result<()> {
    if cx.config().node.is_null() && !cx.config().nodes.is_null() {
        cx.plan(&at("node"), &Value::Null)?;
    }
    if cx.config().nodes.is_null() && !cx.config().node.is_null() {
        cx.plan(&at("nodes"), &Value::Null)?;
    }
    let now = cx.prior().and_then(|prior| prior.current_node.known().cloned()).unwrap_or_default();
    let declared = cx.config().node.known().cloned();
    if let Some(node) = declared.filter(|_| cx.changes(&at("node"))) {
        return cx.plan(&at("current_node"), &node);
    }
    let nodes = cx.config().nodes.known().cloned().unwrap_or_default();
    let outside = !nodes.is_empty() && !nodes.iter().any(|node| node.known().is_none_or(|node| *node == now));
    if outside {
        let there: Vec<&str> = nodes.iter().filter_map(Field::known).map(String::as_str).collect();
        cx.warn(
            Diagnostic::warning(
                format!("The guest is on {now}, where it may not be"),
                format!("It is moved to one of {}, unless high availability manages it.", there.join(", ")),
            )
            .at(at("nodes")),
        );
        return cx.plan_unknown(&at("current_node"));
    }
    Ok(())
}

/// A disk that moves, is converted or replaced has another volume afterwards.
fn plan_volumes(cx: &mut PlanContext<Vm>) -> Result<()> {
    let Some(disks) = cx.config().disks.known().cloned() else { return extra_volumes(cx) };
    for (slot, disk) in disks {
        let path = at("disks").key(&slot);
        let of = |name: &str| path.clone().attribute(name);
        if before(cx, &path).is_null() {
            continue;
        }
        let moves = cx.changes(&of("storage")) || cx.changes(&of("format"));
        let Some(disk) = disk.known() else { continue };
        if moves && disk.volume.is_null() {
            cx.plan_unknown(&of("volume"))?;
            if cx.changes(&of("storage")) && disk.format.is_null() {
                cx.plan_unknown(&of("format"))?;
            }
        }
        if cx.changes(&of("volume")) && !disk.volume.is_null() {
            for (name, open) in [
                ("size", disk.size.is_null()),
                ("format", disk.format.is_null()),
                ("storage", disk.storage.is_null()),
            ] {
                if open {
                    cx.plan_unknown(&of(name))?;
                }
            }
        }
    }
    extra_volumes(cx)
}

fn extra_volumes(cx: &mut PlanContext<Vm>) -> Result<()> {
    for name in ["efi_disk", "tpm_state"] {
        if !before(cx, &at(name)).is_null() && cx.changes(&at(name).attribute("storage")) {
            cx.plan_unknown(&at(name).attribute("volume"))?;
        }
    }
    Ok(())
}

fn plan_managed(cx: &mut PlanContext<Vm>) -> Result<()> {
    match declared(cx.config()) {
        Some(keys) => cx.plan(&at("managed"), &keys),
        None => cx.plan_unknown(&at("managed")),
    }
}

/// The plan as a whole, where all of it is known that can be.
fn whole(cx: &PlanContext<Vm>) -> Option<Vm> {
    Vm::from_object(cx.planned_value().clone()).ok()
}

fn refuse_shrinking(cx: &PlanContext<Vm>) -> Result<()> {
    let (Some(prior), Some(plan)) = (cx.prior(), whole(cx)) else { return Ok(()) };
    let size = |disk: &VmDisk| -> Option<DiskSize> { disk.size.known().cloned().flatten()?.parse().ok() };
    let mut problems = Diagnostics::new();
    for (slot, disk) in plan.disks.known().into_iter().flatten() {
        let had = prior.disks.known().and_then(|disks| disks.get(slot));
        let same = had.is_some_and(|had| had.volume == disk.volume || disk.volume.known().is_none());
        let (Some(had), Some(has)) = (had.and_then(size), size(disk)) else { continue };
        if same && has < had {
            problems.push(
                Diagnostic::error(
                    format!("Disk {slot} cannot shrink"),
                    format!(
                        "It has {had}, `size` is {has}. A disk can only grow: set `size` to at least {had}."
                    ),
                )
                .at(at("disks").key(slot).attribute("size")),
            );
        }
    }
    problems.into_result(())
}

/// Volumes that are still to be deleted with their disks, unless a running guest holds them back. A slot that is declared
/// lost its disk by somebody else's hand: what was in it is kept.
fn owed(cx: &PlanContext<Vm>) -> BTreeMap<String, String> {
    let waits = cx.prior().is_none_or(|prior| prior.reboot_required.known() != Some(&false));
    let disks = cx.config().disks.known();
    let declared = |slot: &String| disks.is_some_and(|disks| disks.contains_key(slot));
    let owed = cx.private.owed.iter().filter(|(_, slot)| !waits && !declared(slot));
    owed.map(|(volume, _)| (volume.clone(), "deleted".to_owned())).collect()
}

/// Says what changes and when it takes effect.
fn plan_changes(cx: &mut PlanContext<Vm>) -> Result<()> {
    let Some(prior) = cx.prior().cloned() else { return Ok(()) };
    let decided = |plan: &Vm| plan.managed.known().is_some() && plan.cost_tags.known().is_some();
    let Some(plan) = whole(cx).filter(decided) else {
        cx.plan_unknown(&at("reboot_required"))?;
        return cx.plan_unknown(&at("changes"));
    };
    let changed = changes(&prior, &plan);
    let running = prior.power.known() == Some(&Power::Running);
    let mut words = told(&changed, running, plan.apply_mode);
    words.extend(owed(cx));
    cx.plan(&at("changes"), &words)?;
    let keys = || -> Vec<&str> {
        changed
            .iter()
            .filter(|(_, effect)| **effect == Effect::Restart)
            .map(|(key, _)| key.as_str())
            .collect()
    };
    if running && plan.apply_mode == ApplyMode::Hotplug && !keys().is_empty() {
        return Err(Diagnostics::error_at(
            at("apply_mode"),
            format!("The change of {:?} needs a restart", prior.name),
            format!(
                "{} cannot change while the guest runs, and `apply_mode` is \"hotplug\". Set it to \"reboot\" to have the guest \
                 restarted, or to \"stage\" to let the change wait for its next start.",
                keys().join(", ")
            ),
        ));
    }
    let power = cx.changes(&at("power"));
    // Tags never wait for a start.
    let waits = running && changed.keys().any(|key| key != "tags");
    if waits || power || prior.reboot_required.known() == Some(&true) {
        cx.plan_unknown(&at("reboot_required"))?;
    }
    Ok(())
}

fn refuse_protected(cx: &PlanContext<Vm>, what: &str) -> Result<()> {
    let Some(prior) = cx.prior() else { return Ok(()) };
    let keeps = prior.on_destroy == VmOnDestroy::Keep && what == "destroyed";
    if keeps || prior.protection.known() != Some(&true) {
        return Ok(());
    }
    Err(Diagnostics::error_at(
        at("protection"),
        format!("Virtual machine {:?} is protected", prior.name),
        format!("It cannot be {what}. Set `protection = false` and apply that first."),
    ))
}

/// A replacement takes the data of the old guest with it: it must be wanted.
fn refuse_replacement(cx: &PlanContext<Vm>) -> Result<()> {
    refuse_protected(cx, "replaced")?;
    if cx.config().on_destroy.known() == Some(&VmOnDestroy::Delete) {
        return Ok(());
    }
    let Some(prior) = cx.prior() else { return Ok(()) };
    let number = prior.vmid.known().copied().unwrap_or_default();
    Err(Diagnostics::error(
        format!("Virtual machine {:?} would be replaced", prior.name),
        format!(
            "The change destroys guest {number} with everything on its disks and makes another. If that is meant, say \
             `on_destroy = \"delete\"` in the configuration."
        ),
    ))
}
