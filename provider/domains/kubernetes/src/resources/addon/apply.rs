//! Applying an add-on: refuse what must not be done, then apply, prune, and see it through.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tf_framework::Result;

use super::guards;
use super::inventory::Inventory;
use super::manifests::{LABEL, ObjectId, Wanted, own};
use super::model::OnDestroy;
use super::release::CHARTS;
use super::target::{PAUSE, Target, lines};
use super::wait;
use crate::api::{Apply, Kind, conflicts, kinds};

/// What an apply is to do.
pub(super) struct Order<'a> {
    pub(super) wanted: Vec<Wanted>,
    /// Whether the add-on is new to the state.
    pub(super) new: bool,
    pub(super) adopt: bool,
    pub(super) force: bool,
    pub(super) on_destroy: OnDestroy,
    pub(super) wait: bool,
    /// Objects of which the plan showed that others changed them.
    pub(super) shown: &'a BTreeSet<String>,
}

/// Up to here objects are applied before the release is waited for.
const CHART_RANK: u8 = 5;

/// How long an object is offered again to an API that does not take it now.
const PATIENCE: Duration = Duration::from_secs(120);

/// An object, and where it is.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) id: ObjectId,
    pub(super) body: Value,
    pub(super) secret: bool,
}

/// Everything up to the first write; what is refused is told at once.
pub(super) async fn check(target: &Target<'_>, order: &Order<'_>) -> Result<(Inventory, BTreeSet<ObjectId>)> {
    let known = Inventory::read(target.kube, target.addon, target.budget).await;
    let known = known.map_err(|error| target.failed("its inventory could not be read", &error))?;
    if order.new && known.as_ref().is_some_and(|known| !known.creating) {
        return Err(target.refused_at(
            "name",
            "the cluster has it already",
            "Another configuration made an add-on of this name, or its state was lost. Import it, or choose another name.",
        ));
    }
    let inventory = known.unwrap_or_default();
    let mut placed = BTreeSet::new();
    let mut strangers = Vec::new();
    for wanted in &order.wanted {
        // A kind that comes with this add-on has no objects yet.
        let Some(kind) = target.kind(&wanted.id).await? else { continue };
        let id = target.place(wanted, &kind);
        if !inventory.objects.iter().any(|known| known.same(&id)) {
            strangers.extend(owner(target, &id, order.adopt).await?);
        }
        placed.insert(id);
    }
    if !strangers.is_empty() {
        return Err(target.refused_at(
            "adopt",
            "objects exist already",
            format!(
                "They would be deleted with the add-on:{}\n\nTake them out of the configuration, or set `adopt = true` to \
                 make those that no add-on owns part of this one.",
                lines(strangers)
            ),
        ));
    }
    Ok((inventory, placed))
}

/// Who an object belongs to, where it is there and must not become ours.
async fn owner(target: &Target<'_>, id: &ObjectId, adopt: bool) -> Result<Option<String>> {
    let Some(object) = target.live(id).await? else { return Ok(None) };
    match object.labels().get(LABEL) {
        Some(other) if other == target.addon => Ok(None),
        Some(other) => Ok(Some(format!("{id}, of the add-on {other:?}"))),
        None => Ok((!adopt).then(|| id.to_string())),
    }
}

/// Applies all of it; answers what the add-on consists of now.
pub(super) async fn apply(target: &Target<'_>, order: &Order<'_>) -> Result<BTreeSet<ObjectId>> {
    let (inventory, placed) = check(target, order).await?;
    // Those of kinds that are not known yet are not in `placed`, and cannot be in the inventory either.
    let gone = left_over(&inventory.objects, order, &placed);
    if order.on_destroy == OnDestroy::Refuse {
        guards::refuse_loss(target, &gone).await?;
    }
    // The controller makes another job for each change of what is asked for, and for nothing else. Whoever comes after us,
    // should we not come to the end, must know which job is of before the change.
    let stale = match changes_release(target, order).await? {
        true => job_of_release(target).await?,
        false => inventory.job_before.clone(),
    };
    let mut begun = inventory.clone();
    begun.objects.extend(placed);
    begun.creating = order.new || inventory.creating;
    begun.job_before.clone_from(&stale);
    write(target, &begun).await?;
    if order.wanted.iter().any(|wanted| wanted.id.namespace.is_none() && wanted.id.rank() > 1) {
        target.make_namespace().await?;
    }
    let (first, later): (Vec<&Wanted>, Vec<&Wanted>) =
        order.wanted.iter().partition(|wanted| wanted.id.rank() <= CHART_RANK);
    let mut applied = put_all(target, order, &first, &mut begun).await?;
    if order.wanted.iter().any(is_chart) {
        wait::release(target, stale.as_deref()).await?;
    }
    // Kinds that the chart brings are there now.
    applied.extend(put_all(target, order, &later, &mut begun).await?);
    if order.on_destroy != OnDestroy::Keep {
        guards::delete_ours(target, &gone).await?;
    }
    if order.wait {
        wait::rollout(target, &applied).await?;
    }
    let objects: BTreeSet<ObjectId> = applied.iter().map(|placed| placed.id.clone()).collect();
    write(target, &Inventory { objects: objects.clone(), creating: false, job_before: None }).await?;
    Ok(objects)
}

async fn write(target: &Target<'_>, inventory: &Inventory) -> Result<()> {
    let written = inventory.write(target.kube, target.addon, target.budget).await;
    written.map_err(|error| target.failed("its inventory could not be written", &error))
}

/// What was applied once and is not wanted any more.
fn left_over(known: &BTreeSet<ObjectId>, order: &Order<'_>, placed: &BTreeSet<ObjectId>) -> Vec<ObjectId> {
    let wanted = |id: &&ObjectId| {
        let as_written = order.wanted.iter().map(|wanted| &wanted.id);
        !placed.iter().chain(as_written).any(|other| other.same(id))
    };
    known.iter().filter(wanted).cloned().collect()
}

fn is_chart(wanted: &Wanted) -> bool {
    wanted.id.kind == "HelmChart"
}

/// The job that installed the release last.
async fn job_of_release(target: &Target<'_>) -> Result<Option<String>> {
    let job = format!("helm-install-{}", target.addon);
    let job = target.kube.get(&kinds::JOB, Some(CHARTS), &job, target.budget).await;
    let job = job.map_err(|error| target.failed("its release could not be read", &error))?;
    Ok(job.map(|job| job.uid().to_owned()))
}

/// Whether what is asked of the release will be another than what is asked of it now.
async fn changes_release(target: &Target<'_>, order: &Order<'_>) -> Result<bool> {
    let Some(chart) = order.wanted.iter().find(|wanted| is_chart(wanted)) else { return Ok(false) };
    let Some(live) = target.live(&chart.id).await? else { return Ok(true) };
    let mut body = chart.body.clone();
    own(&mut body, target.addon, chart.id.namespace.as_deref());
    let how = Apply { force: true, dry_run: true };
    let kind = &kinds::HELM_CHART;
    let tried = target.kube.apply(kind, Some(CHARTS), &chart.id.name, &body, how, target.budget).await;
    // What cannot even be tried is told when it is applied.
    Ok(tried.map_or(true, |tried| tried.0.get("spec") != live.0.get("spec")))
}

async fn put_all(
    target: &Target<'_>,
    order: &Order<'_>,
    objects: &[&Wanted],
    inventory: &mut Inventory,
) -> Result<Vec<Placed>> {
    let mut applied: Vec<Placed> = Vec::new();
    for wanted in objects {
        let kind = target.new_kind(&wanted.id).await?;
        let id = target.place(wanted, &kind);
        if !inventory.objects.contains(&id) {
            // Of a kind that was not known before: written down before it is made, as all others were.
            inventory.objects.insert(id.clone());
            write(target, inventory).await?;
        }
        let mut body = wanted.body.clone();
        own(&mut body, target.addon, id.namespace.as_deref());
        let placed = Placed { id, body, secret: wanted.secret };
        put(target, order, &kind, &placed).await?;
        if placed.id.kind == "CustomResourceDefinition" {
            wait::established(target, &placed.id).await?;
        }
        applied.push(placed);
    }
    Ok(applied)
}

async fn put(target: &Target<'_>, order: &Order<'_>, kind: &Kind, placed: &Placed) -> Result<()> {
    let id = &placed.id;
    let shown = order.shown.iter().any(|line| line.starts_with(&format!("{id}: ")));
    let how = Apply { force: order.force || shown, dry_run: false };
    let patience = target.budget.shortened(PATIENCE);
    loop {
        let (kube, namespace) = (target.kube, id.namespace.as_deref());
        let answer = kube.apply(kind, namespace, &id.name, &placed.body, how, target.budget).await;
        let Err(error) = answer else { return Ok(()) };
        if let Some(status) = error.status().filter(|_| error.is_conflict()) {
            let fields = conflicts(status).into_iter().map(|(field, owner)| format!("{field}: of {owner}"));
            return Err(target.refused_at(
                "force_conflicts",
                "fields belong to others",
                format!(
                    "{id}:{}\n\nTake them out of the manifest to leave them to whoever set them, or set `force_conflicts = \
                     true` to take them.",
                    lines(fields)
                ),
            ));
        }
        // A webhook of an operator that has not come up yet, an API server that restarts.
        let passing = error.may_pass() && !matches!(&error, crate::api::ApiError::Interrupted { .. });
        let summary = format!("{id} could not be applied");
        if !passing || !patience.affords(PAUSE * 2) {
            if placed.secret {
                // What the API says may show a part of the object.
                let reason = error
                    .status()
                    .map_or_else(|| "the API failed".to_owned(), |status| status.reason.clone());
                return Err(
                    target.refused(&summary, format!("{reason}. More is not shown: the object is secret."))
                );
            }
            return Err(target.failed(&summary, &error));
        }
        tracing::info!(object = %id, %error, "not applied yet; trying again");
        let slept = patience.sleep(PAUSE, || format!("{id} to be accepted")).await;
        slept.map_err(|_| target.failed(&summary, &error))?;
    }
}
