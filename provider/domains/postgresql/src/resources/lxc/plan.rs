//! The plan of the resource: what cannot work, what it would do to the container, and what is known after apply only.

use std::collections::BTreeSet;
use std::sync::Arc;

use tf_framework::{Diagnostic, Diagnostics, Field, Model as _, Path, PlanContext, PlannedAction, Result};

use super::inside::{self, node_machine};
use super::model::*;
use super::node::{Owner, Wish};
use super::{GONE, spec, state};
use crate::client::budget;
use crate::errors::{Error, failure};
use crate::instance::facts::{Facts, gather};
use crate::instance::{Run, Spec};
use crate::resources::face::{Face as _, plan_backup, plan_expired, plan_instance, plan_restore};

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &PostgresqlLxcPartial, diagnostics: &mut Diagnostics) {
    let mut wrong = |path: Path, summary: &str, detail: &str| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path));
    };
    let Some(data) = config.data.known() else { return };
    if data.host_path.is_null() && data.storage.is_null() {
        let detail = "Set `host_path` for a directory of the node, or `storage` and `size` for a volume of the container.";
        wrong(at("data"), "The data has no place", detail);
    }
    let container = config.container.known();
    let placed = container.is_some_and(|container| !container.node.is_null());
    let shared = data.shared.is_unknown() || data.shared.known() == Some(&true);
    if container.is_some() && data.host_path.known().is_some() && !placed && !shared {
        let detail = "A directory of a node is on one node. Set `container.node`, or `data.shared = true` where every node has the same \
                      directory under this name.";
        wrong(at("container").attribute("node"), "The container may not go where its data is not", detail);
    }
    let inside = config.inside.known();
    if inside.is_some_and(|inside| inside.via.known() == Some(&Via::Node) && inside.ssh.known().is_some()) {
        let detail = "With `via = \"node\"` the container is entered through its node. Leave `ssh` out, or set `via = \"ssh\"`.";
        wrong(at("inside").attribute("ssh"), "The container is not reached by SSH", detail);
    }
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<PostgresqlLxc>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy || cx.replaces() {
        protected(cx)?;
    }
    if cx.action() == PlannedAction::Destroy {
        return destruction(cx);
    }
    cx.private.fixed = cx.config().container.known().is_some_and(|c| c.vmid.known().is_some());
    cx.plan(&at("running"), &true)?;
    cost_tags(cx)?;
    let whole = PostgresqlLxc::from_object(cx.planned_value().clone()).ok();
    let Some(prior) = cx.prior().cloned() else {
        let Some(plan) = whole else { return Ok(()) };
        if let (None, Some(node)) = (plan.container.current_node.known(), &plan.container.node) {
            cx.plan(&at("container").attribute("current_node"), node)?;
        }
        plan_restore(cx, &plan, &plan.name, None).await?;
        return creation(cx, &plan).await;
    };
    if cx.private.amiss.is_some() {
        cx.plan_unknown(&at("container").attribute("reboot_required"))?;
    }
    let Some(plan) = whole else {
        // Nothing can be foreseen while an input is known after apply only.
        for path in [at("status"), at("effective_settings"), at("container").attribute("reboot_required")] {
            cx.plan_unknown(&path)?;
        }
        return Ok(());
    };
    plan_restore(cx, &plan, &plan.name, None).await?;
    if cx.has_changes() {
        cx.plan_unknown(&at("container").attribute("reboot_required"))?;
        immovable(&prior, &plan)?;
    }
    let same = if cx.has_changes() { change(cx, &prior, &plan).await? } else { true };
    instance(cx, &prior, &plan, same).await?;
    plan_expired(cx, &plan, None).await
}

/// Plans the tags that the provider puts on the container.
fn cost_tags(cx: &mut PlanContext<PostgresqlLxc>) -> Result<()> {
    let path = at("container").attribute("cost_tags");
    let containers = cx.try_client().and_then(|client| client.containers.clone().ok().flatten());
    // Nothing can be said while the provider is not known, and what does not change otherwise stays.
    if containers.is_none() && !cx.has_changes() {
        return Ok(());
    }
    let own: Option<BTreeSet<String>> = match cx.config().container.known().map(|container| &container.tags) {
        Some(Field::Known(tags)) => tags.iter().map(|tag| tag.known().cloned()).collect(),
        Some(Field::Null) => Some(BTreeSet::new()),
        Some(Field::Unknown) | None => None,
    };
    match containers.zip(own).and_then(|(containers, own)| containers.cost_tags(&own)) {
        Some(due) => cx.plan(&path, &Some(due).filter(|due| !due.is_empty())),
        None => cx.plan_unknown(&path),
    }
}

/// Plans the instance, while the container stays what it is.
async fn instance(
    cx: &mut PlanContext<PostgresqlLxc>,
    prior: &PostgresqlLxc,
    plan: &PostgresqlLxc,
    same: bool,
) -> Result<()> {
    plan_backup(cx, plan)?;
    let spec = plan.spec(Some(prior));
    let sized =
        prior.container.memory != plan.container.memory || prior.container.cores != plan.container.cores;
    // What is derived from memory and processors is known when the container has them.
    let facts = if same && !sized { facts(cx, prior, plan, &spec).await? } else { None };
    if cx.has_changes() && (!same || sized) {
        for name in ["memory", "processors"] {
            cx.plan_unknown(&at("status").attribute(name))?;
        }
    }
    plan_instance(cx, &spec, facts.as_ref())
}

/// What is true in the container: from the refresh before, else asked now, because plan and apply are walks of their own
/// with a provider each. A container that cannot be reached now is no fault of the plan.
async fn facts(
    cx: &PlanContext<PostgresqlLxc>,
    prior: &PostgresqlLxc,
    plan: &PostgresqlLxc,
    spec: &Spec,
) -> Result<Option<Arc<Facts>>> {
    let Some(client) = cx.try_client() else { return Ok(None) };
    if let Some(facts) = client.known(&plan.key()) {
        return Ok(Some(facts));
    }
    let (Some(id), Some(node), true) =
        (&cx.private.container, prior.container.current_node.known(), cx.has_changes())
    else {
        return Ok(None);
    };
    let Some(containers) = client.containers.clone()? else { return Ok(None) };
    let budget = budget(cx);
    let node = node_machine(&client, &*containers, plan, node, &budget).await?;
    let key = prior.host_key.known().cloned().flatten();
    let what = format!("Planning PostgreSQL {:?} failed", plan.name);
    let machine = inside::machine(&client, &node, plan, id.vmid, key.as_deref())
        .map_err(|error| failure(what.clone(), error))?;
    match gather(&Run::new(machine, budget, Arc::clone(&client)), spec).await {
        Ok(facts) => Ok(Some(Arc::new(facts))),
        Err(Error::Machine(error)) => {
            tracing::info!(instance = %plan.name, %error, "the container cannot be asked at plan");
            Ok(None)
        }
        Err(error) => Err(failure(what, error)),
    }
}

/// What stands in the way of destroying and replacing. What was never made to its end may go: it holds nothing yet.
fn protected(cx: &PlanContext<PostgresqlLxc>) -> Result<()> {
    cx.prior().map_or(Ok(()), refuse_protected)
}

/// Refuses the end of what is protected.
pub(super) fn refuse_protected(prior: &PostgresqlLxc) -> Result<()> {
    if !prior.deletion_protection || state::system_identifier(prior).is_none() {
        return Ok(());
    }
    Err(Diagnostics::error_at(
        at("deletion_protection"),
        format!("PostgreSQL {:?} is protected", prior.name),
        "It would be destroyed or replaced. Set `deletion_protection = false` and apply that first.",
    ))
}

fn destruction(cx: &PlanContext<PostgresqlLxc>) -> Result<()> {
    let Some(prior) = cx.prior() else { return Ok(()) };
    let guarded = prior.container.protection == Some(true) && prior.on_destroy != OnDestroy::Keep;
    if guarded && !(prior.on_destroy == OnDestroy::KeepData && state::is_volume(prior)) {
        return Err(Diagnostics::error_at(
            at("container").attribute("protection"),
            format!("The container of PostgreSQL {:?} cannot be destroyed", prior.name),
            "Proxmox VE guards it. Set `container.protection = false` and apply that first.",
        ));
    }
    if prior.on_destroy == OnDestroy::DestroyVolume && state::is_volume(prior) {
        cx.warn(
            Diagnostic::warning(
                format!("The data of PostgreSQL {:?} is destroyed", prior.name),
                "`on_destroy = \"destroy_volume\"`: the volume goes with its container. The archive stays.",
            )
            .at(at("on_destroy")),
        );
    }
    Ok(())
}

/// Refuses what would leave the data behind.
fn immovable(prior: &PostgresqlLxc, plan: &PostgresqlLxc) -> Result<()> {
    let refuse = |path: Path, detail: &str| {
        let summary = format!("PostgreSQL {:?} cannot be changed like this", prior.name);
        Err(Diagnostics::error_at(path, summary, detail))
    };
    if prior.name != plan.name {
        return refuse(
            at("name"),
            "The name stands in the marker of the data, in epochs and in slots. Make another member, and let it follow this one.",
        );
    }
    if prior.data.host_path != plan.data.host_path
        || prior.data.storage.is_some() != plan.data.storage.is_some()
    {
        return refuse(
            at("data"),
            "The data is not moved from one place to another by a change here. Make a standby at the new place and switch over, or \
             restore there.",
        );
    }
    let moves = plan.container.node.is_some() && plan.container.node != prior.container.node;
    if moves && plan.data.host_path.is_some() && !plan.data.shared {
        return refuse(
            at("container").attribute("node"),
            "Its data is a directory of the node it is on, which the other node does not have. Make a standby there and switch over; or \
             set `data.shared = true` if both have the same directory.",
        );
    }
    if prior.data.idmap_base != plan.data.idmap_base && plan.data.host_path.is_some() {
        return refuse(
            at("data").attribute("idmap_base"),
            "The data belongs to the users it was made with. Stop the container, give the directory away with `chown`, and import it.",
        );
    }
    Ok(())
}

async fn creation(cx: &mut PlanContext<PostgresqlLxc>, plan: &PostgresqlLxc) -> Result<()> {
    if plan.container.template.is_none() {
        return Err(Diagnostics::error_at(
            at("container").attribute("template"),
            "The container has no template",
            "Set `template`. None is needed only for a container that is imported.",
        ));
    }
    let Some(client) = cx.try_client() else { return Ok(()) };
    let Some(containers) = client.containers.clone()? else { return Ok(()) };
    let budget = budget(cx);
    let wish = spec::spec_of(plan, cx.private.fixed);
    let forecast = containers.preflight(&wish, None, &budget).await;
    let forecast = forecast.map_err(|told| spec::paths().relocate(told))?;
    for warning in forecast.warnings {
        cx.warn(spec::paths().relocated(warning));
    }
    let Some(node) = forecast.node else { return Ok(()) };
    let Some(wish) = Wish::of(plan, Owner::Named, None) else { return Ok(()) };
    let what = format!("Looking at the node for PostgreSQL {:?} failed", plan.name);
    let node = node_machine(&client, &*containers, plan, &node, &budget).await?;
    wish.check(&node, &budget).await.map(drop).map_err(|error| failure(what, error))
}

/// Plans what becomes of the container. Answers whether it is the same container afterwards, and runs.
async fn change(
    cx: &mut PlanContext<PostgresqlLxc>,
    prior: &PostgresqlLxc,
    plan: &PostgresqlLxc,
) -> Result<bool> {
    let gone = cx.private.amiss.as_deref() == Some(GONE);
    if gone && state::is_volume(prior) {
        return Err(Diagnostics::error_at(
            at("data"),
            format!("The data of PostgreSQL {:?} is gone", prior.name),
            format!(
                "Container {} does not exist any more, and its volume went with it. An empty cluster in its place would hide the loss. \
                 Restore the instance from its archive: `terraform state rm` this resource, and make it anew with `restore`.",
                prior.container.vmid.known().copied().unwrap_or_default()
            ),
        ));
    }
    if !gone && !container_differs(cx) {
        return Ok(true);
    }
    if gone {
        rebuilt(cx, plan)?;
        cx.warn(
            Diagnostic::warning(
                format!("The container of PostgreSQL {:?} is made anew", prior.name),
                "It does not exist any more. Its data is on the node, and is attached.",
            )
            .at(at("container")),
        );
    }
    let Some(client) = cx.try_client() else { return Ok(false) };
    let Some(containers) = client.containers.clone()? else { return Ok(false) };
    let budget = budget(cx);
    let wish = spec::spec_of(plan, cx.private.fixed);
    let id = cx.private.container.clone().filter(|_| !gone);
    let forecast = containers.preflight(&wish, id.as_ref(), &budget).await;
    let forecast = forecast.map_err(|told| spec::paths().relocate(told))?;
    for warning in forecast.warnings {
        cx.warn(spec::paths().relocated(warning));
    }
    if !forecast.rebuilds.is_empty() {
        rebuilt(cx, plan)?;
    }
    let moved = plan.container.current_node.known() != forecast.node.as_ref();
    if let Some(node) = forecast.node.as_ref().filter(|_| moved) {
        cx.plan(&at("container").attribute("current_node"), node)?;
    }
    let expected = state::system_identifier(prior);
    let looks = gone || !forecast.rebuilds.is_empty();
    let same = !looks && cx.private.amiss.is_none();
    let own = id.map_or(Owner::Named, |id| Owner::Container(id.vmid));
    let wish = Wish::of(plan, own, expected).filter(|_| looks);
    let (Some(wish), Some(node)) = (wish, forecast.node) else { return Ok(same) };
    let what = format!("Looking at the node for PostgreSQL {:?} failed", plan.name);
    let node = node_machine(&client, &*containers, plan, &node, &budget).await?;
    wish.check(&node, &budget).await.map_err(|error| failure(what, error))?;
    Ok(same)
}

/// Whether the container or its place changes, or is not as it was left.
fn container_differs(cx: &PlanContext<PostgresqlLxc>) -> bool {
    cx.private.amiss.is_some() || ["container", "data", "running"].iter().any(|name| cx.changes(&at(name)))
}

/// A container that is built anew has another number, and other keys.
fn rebuilt(cx: &mut PlanContext<PostgresqlLxc>, plan: &PostgresqlLxc) -> Result<()> {
    let mut unknown = vec![at("id"), at("host_key")];
    if !cx.private.fixed {
        unknown.push(at("container").attribute("vmid"));
    }
    // The new container gets what its repository has now: an older version may not be there any more.
    if cx.config().postgresql.known().is_some_and(|postgresql| postgresql.package_version.is_null()) {
        unknown.push(at("postgresql").attribute("package_version"));
    }
    if plan.container.network.mac_address.is_none() {
        unknown.push(at("container").attribute("mac_address"));
    }
    for path in unknown {
        cx.plan_unknown(&path)?;
    }
    Ok(())
}
