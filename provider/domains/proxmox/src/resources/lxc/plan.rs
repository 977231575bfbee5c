//! The plan of a container: what it would do, when that takes effect, and what cannot work.

use std::collections::BTreeSet;

use tf_framework::{Diagnostic, Diagnostics, Field, Model as _, PlanContext, PlannedAction, Result, Value};
use tf_value::Path;

use super::apply::refused;
use super::disks::{ROOT, destroyed_with, remembered, wanted_mounts, wanted_root};
use super::model::*;
use super::mounts::{self, Effect, Observed, Step};
use super::rebuild;
use super::settings::{attribute, effect, same, settings, size};
use crate::api::{GuestKind, MountPoint, MountSource};
use crate::guest::{Stamp, cost_tags};

/// Notes longer than this leave no room for the stamp: Proxmox keeps 8 KiB.
const MAX_DESCRIPTION: usize = 4000;

pub(super) fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &LxcPartial, diagnostics: &mut Diagnostics) {
    let mut wrong = |path: Path, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path));
    };
    if config.description.known().is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        let detail = format!("It may have {MAX_DESCRIPTION} bytes; Proxmox keeps 8 KiB of notes.");
        wrong(at("description"), "The description is too long", detail);
    }
    if config.template.known().is_some() && config.root_disk.is_null() {
        let detail = "Set `root_disk = { storage = \"…\", size = \"8G\" }`: it says where the disk is kept."
            .to_owned();
        wrong(at("root_disk"), "A container made from a template needs a root disk", detail);
    }
    let mut volumes = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for (slot, mount) in
        config.mounts.known().into_iter().flatten().filter_map(|(slot, m)| Some((slot, m.known()?)))
    {
        let here = || at("mounts").key(slot);
        for (path, summary, detail) in mount_faults(mount) {
            let path = path.map_or_else(here, |name| here().attribute(name));
            wrong(path, summary, detail);
        }
        if let Some(volume) = mount.volume.known().filter(|volume| !volumes.insert((*volume).clone())) {
            wrong(
                here().attribute("volume"),
                "A volume is mounted once",
                format!("{volume} stands at another slot."),
            );
        }
        if let Some(path) = mount.path.known().filter(|path| !paths.insert((*path).clone())) {
            wrong(
                here().attribute("path"),
                "Two mounts have one path",
                format!("{path} stands at another slot."),
            );
        }
    }
    for name in config.remove.known().into_iter().flatten().filter_map(Field::known) {
        if is_set(config, name) {
            let detail =
                format!("`{name}` stands in `remove` and in the configuration. Leave it out of one of them.");
            wrong(at("remove"), "A setting is either wanted or not", detail);
        }
    }
    if config.wait_for.known().is_some_and(|wait| wait.addresses.known() == Some(&true))
        && config.power.known() != Some(&Power::Running)
        && !config.power.is_unknown()
    {
        let detail = "A container has addresses while it runs. Set `power = \"running\"`.".to_owned();
        wrong(at("wait_for"), "Nothing would start the container", detail);
    }
}

type Fault = (Option<&'static str>, &'static str, String);

fn mount_faults(mount: &MountPartial) -> Vec<Fault> {
    let mut faults = Vec::new();
    let set = |field: &Field<String>| !field.is_null();
    let volume = set(&mount.storage) || set(&mount.volume);
    let kinds = [volume, set(&mount.bind), set(&mount.device)].into_iter().filter(|kind| *kind).count();
    if kinds != 1 {
        let detail = "Set `storage` and `size` for a new volume, `volume` for one that exists, `bind` for a directory of the node, or \
                      `device` for a block device of it.";
        faults.push((None, "A mount point mounts one thing", detail.to_owned()));
    }
    if !volume && set(&mount.size) {
        faults.push((Some("size"), "Only a volume has a size", "Leave `size` out.".to_owned()));
    }
    if set(&mount.storage) && mount.volume.is_null() && mount.size.is_null() {
        let detail = "Set `size`, for example `\"8G\"`.".to_owned();
        faults.push((Some("size"), "A new volume needs a size", detail));
    }
    if let (Some(storage), Some(volume)) = (mount.storage.known(), mount.volume.known())
        && volume.split(':').next() != Some(storage)
    {
        let detail = format!(
            "{volume} is not on {storage}. Leave `volume` out to move the volume that is mounted, or `storage` to attach this one."
        );
        faults.push((Some("volume"), "Volume and storage contradict each other", detail));
    }
    faults
}

fn is_set(config: &LxcPartial, name: &str) -> bool {
    match name {
        "cores" => !config.cores.is_null(),
        "cpu_limit" => !config.cpu_limit.is_null(),
        "cpu_units" => !config.cpu_units.is_null(),
        "description" => !config.description.is_null(),
        "dns" => !config.dns.is_null(),
        "entrypoint" => !config.entrypoint.is_null(),
        "environment" => !config.environment.is_null(),
        "ha" => !config.ha.is_null(),
        "hookscript" => !config.hookscript.is_null(),
        "pool" => !config.pool.is_null(),
        "startup" => !config.startup.is_null(),
        "timezone" => !config.timezone.is_null(),
        _ => false,
    }
}

/// The plan as far as it is known; nothing while an input that decides is not.
pub(super) fn whole(cx: &PlanContext<Lxc>) -> Option<Lxc> {
    Lxc::from_object(cx.planned_value().clone()).ok()
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<Lxc>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy {
        return super::preflight::destruction(cx).await;
    }
    register(cx)?;
    for name in removed(cx) {
        cx.plan(&at(&name), &Value::Null)?;
    }
    let tags = cx.config().tags.clone();
    cost_tags::plan(cx, &tags)?;
    if cx.prior().is_none() {
        return creation(cx).await;
    }
    let prior = cx.prior().cloned();
    let (Some(prior), Some(plan)) = (prior, whole(cx)) else { return Ok(()) };
    let reasons = rebuild::reasons(&prior, &plan);
    if !reasons.is_empty() {
        return rebuilt(cx, &prior, &plan, &reasons).await;
    }
    if cx.private.building.is_some() {
        // A rebuild that is not wanted any more is taken back.
        cx.plan_unknown(&at("detached_volumes"))?;
        cx.warn(Diagnostic::warning(
            format!("The rebuild of container {:?} is taken back", prior.name),
            "It was begun and not ended, and the configuration does not ask for it any more: volumes that were handed over return, \
             and the new container is destroyed.",
        ));
    }
    if let Some(retired) = cx.private.retired {
        cx.plan_unknown(&at("detached_volumes"))?;
        cx.warn(Diagnostic::warning(
            format!("The predecessor of container {:?} is destroyed", prior.name),
            format!("Container {retired} was to be destroyed at the end of a rebuild, which failed."),
        ));
    }
    let waits = prior.reboot_required.known() == Some(&true) && plan.power.known() != Some(&Power::Stopped);
    if waits && plan.apply_mode == ApplyMode::Reboot {
        // Also what a run that was killed left to wait.
        cx.plan_unknown(&at("reboot_required"))?;
        cx.warn(Diagnostic::warning(
            format!("Container {:?} is restarted", prior.name),
            "Changes wait for its next start, and `apply_mode = \"reboot\"` has it restarted for them.",
        ));
    }
    if !cx.has_changes() {
        return Ok(());
    }
    source_note(cx, &prior, &plan);
    changed(cx, &prior, &plan)?;
    super::preflight::update(cx, &prior, &plan).await
}

fn removed(cx: &PlanContext<Lxc>) -> Vec<String> {
    let names = cx.config().remove.known().into_iter().flatten();
    names.filter_map(Field::known).cloned().collect()
}

/// Tells containers of one name apart.
fn register(cx: &mut PlanContext<Lxc>) -> Result<()> {
    cx.private.fixed = cx.config().vmid.known().is_some();
    if let Some(vmid) = cx.prior().and_then(|prior| prior.vmid.known().copied()) {
        cx.private.itself = Some(vmid);
        let (Some(px), Some(key)) = (cx.try_client(), cx.private.mark.clone()) else { return Ok(()) };
        let name = cx.prior().map(|prior| prior.name.clone()).unwrap_or_default();
        return if px.register.owns(vmid, &key) { Err(same_name(&name, vmid)) } else { Ok(()) };
    }
    let (Some(px), Some(name)) = (cx.try_client(), cx.config().name.known()) else { return Ok(()) };
    if cx.config().vmid.is_unknown() {
        return Ok(());
    }
    let key = Stamp::new(&px.owner, GuestKind::Lxc, name, cx.config().vmid.known().copied()).key;
    match px.register.wants(&key, cx.private.itself) {
        Some(vmid) => Err(same_name(name, vmid)),
        None if !px.register.first(&key) => Err(Diagnostics::error_at(
            at("name"),
            format!("Two containers have the name {name:?}"),
            "Both are to be made. Names tell what an interrupted run began: give each container of a configuration its own, \
             or fix different `vmid`s.",
        )),
        None => Ok(()),
    }
}

fn same_name(name: &str, vmid: crate::api::Vmid) -> Diagnostics {
    Diagnostics::error_at(
        at("name"),
        format!("There is a container {name:?} already"),
        format!(
            "Guest {vmid}, which is in this state, has the same name. Names tell what an interrupted run began: give each \
             container of a configuration its own, or fix different `vmid`s."
        ),
    )
}

async fn creation(cx: &mut PlanContext<Lxc>) -> Result<()> {
    let config = cx.config();
    let open = config.template.is_unknown() || config.clone.is_unknown() || config.restore.is_unknown();
    let none = config.template.is_null() && config.clone.is_null() && config.restore.is_null();
    if none && !open {
        return Err(Diagnostics::error_at(
            at("template"),
            "The container has no source",
            "Set `template`, `clone` or `restore`. None is needed only for a container that is imported.",
        ));
    }
    let (from_template, unset) = (!config.template.is_null(), config.unprivileged.is_null());
    let node = config.node.known().cloned();
    if from_template && unset {
        cx.plan(&at("unprivileged"), &true)?;
    }
    if let Some(node) = node {
        cx.plan(&at("current_node"), &node)?;
    }
    super::preflight::creation(cx).await
}

/// A changed source that changes nothing.
fn source_note(cx: &PlanContext<Lxc>, prior: &Lxc, plan: &Lxc) {
    let changes = [
        ("template", prior.template.is_some() && prior.template != plan.template),
        ("clone", prior.clone.is_some() && prior.clone != plan.clone),
        ("restore", prior.restore.is_some() && prior.restore != plan.restore),
        ("ssh_keys", prior.ssh_keys.is_some() && prior.ssh_keys != plan.ssh_keys),
    ];
    for (name, _) in changes.into_iter().filter(|(_, changed)| *changed) {
        cx.warn(
            Diagnostic::warning(
                format!("A changed `{name}` changes nothing in container {:?}", prior.name),
                "It is used when the container is made. It is noted, and counts for the next rebuild.",
            )
            .at(at(name)),
        );
    }
}

/// What is to be said of a rebuild.
///
/// # Errors
/// It is refused. `fixed` says whether the configuration names the number.
fn rebuild_note(prior: &Lxc, plan: &Lxc, reasons: &[&str], fixed: bool) -> Result<Diagnostic> {
    let because = reasons.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    let first = at(reasons.first().copied().unwrap_or("template"));
    let refuse = |path: Path, detail: String| {
        let summary = format!("Container {:?} cannot be rebuilt", prior.name);
        Err(Diagnostics::error_at(
            path,
            summary,
            format!("{because} can only be chosen when a container is made. {detail}"),
        ))
    };
    if prior.protection.known() == Some(&true) {
        return refuse(first, "It is protected: set `protection = false` and apply that first.".to_owned());
    }
    if plan.template.is_none() {
        return refuse(first, "A rebuild needs `template`: the new container is made from it.".to_owned());
    }
    if fixed && plan.vmid.known() == prior.vmid.known() {
        let detail = "The new container stands beside the old one until it has its volumes, and two cannot have one number: leave \
                      `vmid` out so that the cluster chooses, or change it too.";
        return refuse(at("vmid"), detail.to_owned());
    }
    let mounts = plan.mounts.known().map_or(0, std::collections::BTreeMap::len);
    let fate = match plan.preserve_volumes {
        true => "The volumes of its mount points and those that are kept are handed over.",
        false => {
            "`preserve_volumes = false`: the volumes of its mount points are DESTROYED, and the new ones are empty."
        }
    };
    let note = Diagnostic::warning(
        format!(
            "Container {:?} (VMID {}) is rebuilt",
            prior.name,
            prior.vmid.known().copied().unwrap_or_default()
        ),
        format!(
            "{because} can only be chosen when a container is made: a new one is built beside it, it is stopped, and destroyed \
             when the new one has taken over. What is on its root disk is lost. {fate} ({mounts} mount points)"
        ),
    );
    Ok(note.at(first))
}

async fn rebuilt(cx: &mut PlanContext<Lxc>, prior: &Lxc, plan: &Lxc, reasons: &[&str]) -> Result<()> {
    cx.warn(rebuild_note(prior, plan, reasons, cx.private.fixed)?);
    let mut unknown = vec!["id", "detached_volumes", "addresses", "reboot_required"];
    if !cx.private.fixed {
        unknown.push("vmid");
    }
    if cx.config().os_type.is_null() {
        unknown.push("os_type");
    }
    if cx.config().arch.is_null() {
        unknown.push("arch");
    }
    for name in unknown {
        cx.plan_unknown(&at(name))?;
    }
    cx.plan_unknown(&at("root_disk").attribute("volume"))?;
    for (slot, mount) in plan.mounts.known().into_iter().flatten() {
        let configured = cx
            .config()
            .mounts
            .known()
            .and_then(|mounts| mounts.get(slot)?.known().map(|m| !m.volume.is_null()));
        if mount.bind.is_none() && mount.device.is_none() && configured != Some(true) {
            cx.plan_unknown(&at("mounts").key(slot).attribute("volume"))?;
        }
    }
    super::preflight::update(cx, prior, plan).await
}

/// Plans what changes with a change, and says key by key when it takes effect.
fn changed(cx: &mut PlanContext<Lxc>, prior: &Lxc, plan: &Lxc) -> Result<()> {
    // Tags never wait for a start.
    if !cost_tags::alone(cx) {
        cx.plan_unknown(&at("reboot_required"))?;
    }
    if cx.changes(&at("network")) {
        cx.plan_unknown(&at("addresses"))?;
    }
    match (&plan.node, &plan.nodes, prior.current_node.known()) {
        (Some(node), _, Some(now)) if node != now => cx.plan(&at("current_node"), node)?,
        (None, Some(nodes), Some(now)) if !nodes.contains(now) => cx.plan_unknown(&at("current_node"))?,
        _ => {}
    }
    let (observed, steps) = steps(prior, plan)?;
    if !steps.is_empty() {
        cx.plan_unknown(&at("detached_volumes"))?;
    }
    for step in &steps {
        let moved = matches!(step, Step::Move { .. })
            || matches!(step, Step::Set { point, .. } if matches!(point.source, MountSource::New { .. }));
        match step.slot().filter(|_| moved) {
            Some(ROOT) => cx.plan_unknown(&at("root_disk").attribute("volume"))?,
            Some(slot) => cx.plan_unknown(&at("mounts").key(slot).attribute("volume"))?,
            None => {}
        }
    }
    let runs = prior.power.known() == Some(&Power::Running);
    let stays = plan.power.known() != Some(&Power::Stopped);
    tell_steps(&mut |warning| cx.warn(warning), &steps, &observed);
    if runs && stays {
        judge(&mut |warning| cx.warn(warning), prior, plan, &observed, &steps).map(drop)
    } else {
        Ok(())
    }
}

/// What a change of a container would do.
#[derive(Debug, Default)]
pub(crate) struct Forecast {
    /// Why it would be built anew.
    pub(crate) rebuilds: Vec<&'static str>,
    /// Whether it would be stopped or restarted.
    pub(crate) restarts: bool,
    /// What is to be said of it.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// What a change of a container would do, from what is known of it.
///
/// # Errors
/// It is refused.
pub(crate) fn forecast(prior: &Lxc, plan: &Lxc, fixed: bool) -> Result<Forecast> {
    let mut forecast = Forecast { rebuilds: rebuild::reasons(prior, plan), ..Forecast::default() };
    if !forecast.rebuilds.is_empty() {
        forecast.restarts = true;
        forecast.warnings.push(rebuild_note(prior, plan, &forecast.rebuilds, fixed)?);
        return Ok(forecast);
    }
    let (observed, steps) = steps(prior, plan)?;
    let mut warnings = Vec::new();
    tell_steps(&mut |warning| warnings.push(warning), &steps, &observed);
    if prior.power.known() == Some(&Power::Running) && plan.power.known() != Some(&Power::Stopped) {
        let waits = judge(&mut |warning| warnings.push(warning), prior, plan, &observed, &steps)?;
        forecast.restarts = waits && plan.apply_mode == ApplyMode::Reboot;
    }
    forecast.warnings = warnings;
    Ok(forecast)
}

/// Steps for disks, from the state alone.
fn steps(prior: &Lxc, plan: &Lxc) -> Result<(Observed, Vec<Step>)> {
    let mut observed = remembered(prior);
    let mut steps = Vec::new();
    if let Some(wanted) = wanted_mounts(plan) {
        let planned = mounts::plan(&observed, &wanted, &destroyed_with(prior));
        steps = planned.map_err(|problems| refused(problems, "mounts"))?;
    }
    if let (Some(root), Some(had)) = (plan.root_disk.known(), prior.root_disk.known())
        && let Some(volume) = had.volume.known().and_then(|volume| volume.parse().ok())
    {
        let point = MountPoint {
            size: had.size.known().and_then(|text| size(text)),
            acl: had.acl,
            quota: had.quota,
            replicate: had.replicate,
            mount_options: had.mount_options.clone(),
            ..MountPoint::new(MountSource::Volume(volume), "/")
        };
        let only = Observed { mounts: [(ROOT.to_owned(), point.clone())].into(), ..observed.clone() };
        let wanted = [(ROOT.to_owned(), wanted_root(root, &point))].into();
        let planned = mounts::plan(&only, &wanted, &BTreeSet::new());
        steps.extend(planned.map_err(|problems| refused(problems, "root_disk"))?);
        observed.mounts.insert(ROOT.to_owned(), point);
    }
    Ok((observed, steps))
}

/// Says what becomes of volumes.
fn tell_steps(warn: &mut dyn FnMut(Diagnostic), steps: &[Step], observed: &Observed) {
    for step in steps {
        match step {
            Step::Destroy { volume } => warn(
                Diagnostic::warning(
                    format!("Volume {volume} is destroyed"),
                    "Its mount was taken out of the configuration and said `on_remove = \"delete\"`. Everything on it is lost.",
                )
                .at(at("mounts")),
            ),
            Step::Mount { slot, point } if matches!(point.source, MountSource::New { .. }) && !observed.unused.is_empty() => {
                let kept: Vec<String> = observed.unused.values().map(ToString::to_string).collect();
                warn(
                    Diagnostic::warning(
                        format!("{slot} begins empty"),
                        format!(
                            "The container keeps detached volumes: {}. To mount one of them instead of a new one, set `volume`.",
                            kept.join(", ")
                        ),
                    )
                    .at(at("mounts").key(slot)),
                );
            }
            _ => {}
        }
    }
}

/// What a running container cannot take: refused, or told, as `apply_mode` wants it. Answers whether there is any.
fn judge(
    warn: &mut dyn FnMut(Diagnostic),
    prior: &Lxc,
    plan: &Lxc,
    observed: &Observed,
    steps: &[Step],
) -> Result<bool> {
    let mut waits: Vec<(Path, String)> = Vec::new();
    let mut stops: Vec<(Path, String)> = Vec::new();
    for step in steps {
        let path = match step.slot() {
            Some(ROOT) => at("root_disk"),
            Some(slot) => at("mounts").key(slot),
            None => at("mounts"),
        };
        let name = path.to_string();
        match step.effect(observed) {
            Effect::Now => {}
            Effect::NextStart => waits.push((path, name)),
            Effect::Stopped => stops.push((path, name)),
        }
    }
    for key in changed_keys(prior, plan) {
        if effect(&key) != Effect::Now {
            let name = attribute(&key).to_owned();
            let path = if name == "devices" { at(&name).key(&key) } else { at(&name) };
            waits.push((path.clone(), path.to_string()));
        }
    }
    let mut problems = Diagnostics::new();
    if plan.apply_mode != ApplyMode::Reboot {
        for (path, name) in &stops {
            problems.push(
                Diagnostic::error(
                    format!("{name} cannot be changed while the container runs"),
                    "Moving or destroying a volume takes a stop. Set `apply_mode = \"reboot\"` to have the container stopped and started \
                     again, or `power = \"stopped\"`.",
                )
                .at(path.clone()),
            );
        }
    }
    if plan.apply_mode == ApplyMode::Hotplug {
        for (path, name) in &waits {
            problems.push(
                Diagnostic::error(
                    format!("{name} takes a restart of container {:?}", prior.name),
                    "`apply_mode = \"hotplug\"` allows none. With `reboot` the container is restarted for it, with `stage` it waits for \
                     the next start.",
                )
                .at(path.clone()),
            );
        }
    }
    let told: Vec<&str> = stops.iter().chain(&waits).map(|(_, name)| name.as_str()).collect();
    if !problems.has_errors() && !told.is_empty() {
        let (summary, detail) = match plan.apply_mode {
            ApplyMode::Reboot => ("is restarted", "The container is restarted for"),
            _ => ("has changes that wait for its next start", "`reboot_required` will say so. These wait:"),
        };
        let once: BTreeSet<&str> = told.into_iter().collect();
        let names = once.into_iter().collect::<Vec<_>>().join(", ");
        warn(Diagnostic::warning(
            format!("Container {:?} {summary}", prior.name),
            format!("{detail} {names}."),
        ));
    }
    problems.into_result(!stops.is_empty() || !waits.is_empty())
}

/// Keys that differ between state and plan.
pub(super) fn changed_keys(prior: &Lxc, plan: &Lxc) -> Vec<String> {
    let (Ok(before), Ok(after)) = (settings(prior), settings(plan)) else { return Vec::new() };
    let known = |key: &String| is_open(plan, attribute(key));
    let set = after.iter().filter(|(key, value)| before.get(*key).is_none_or(|had| !same(key, had, value)));
    let gone = before.keys().filter(|key| !after.contains_key(*key) && !known(key));
    set.map(|(key, _)| key.clone()).chain(gone.cloned()).collect()
}

/// Whether the plan leaves an attribute open.
fn is_open(plan: &Lxc, name: &str) -> bool {
    plan.to_object().get(name).is_some_and(Value::is_unknown)
}
