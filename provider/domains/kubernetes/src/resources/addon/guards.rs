//! What would be lost with an add-on, and taking it away for real.

use std::collections::BTreeMap;

use tf_framework::Result;

use super::catalogue::{Entry, Guard};
use super::manifests::{LABEL, ObjectId};
use super::release::CHARTS;
use super::target::{PAUSE, Target, lines};
use crate::api::{Delete, Kind, Object, Selector, kinds};

/// Objects named in one line of a message.
const NAMED: usize = 5;

/// Refuses to delete objects where data would be lost.
pub(super) async fn refuse_loss(target: &Target<'_>, ids: &[ObjectId]) -> Result<()> {
    let mut losses = Vec::new();
    for id in ids {
        losses.extend(losses_of(target, id).await?);
    }
    refuse(target, &losses)
}

/// Refuses to remove a release where data would be lost.
pub(super) async fn refuse_release(target: &Target<'_>, entry: Option<&'static Entry>) -> Result<()> {
    let mut losses = Vec::new();
    for guard in entry.map(|entry| entry.guards).unwrap_or_default() {
        let objects = guarded(target, guard).await?;
        if !objects.is_empty() {
            losses.push(format!("{}: {}", named(guard.kind, &objects), guard.why));
        }
    }
    let claims = owned_by_release(target, &kinds::CLAIM, Some(target.namespace)).await?;
    if !claims.is_empty() {
        losses.push(format!("{}: the volumes of the release", named("PersistentVolumeClaim", &claims)));
    }
    // Of the catalogue it is known which kinds matter: most operators make objects of their kinds by themselves.
    if entry.is_none() {
        for definition in owned_by_release(target, &kinds::DEFINITION, None).await? {
            losses.extend(instances(target, &definition).await?);
        }
    }
    refuse(target, &losses)
}

fn refuse(target: &Target<'_>, losses: &[String]) -> Result<()> {
    if losses.is_empty() {
        return Ok(());
    }
    Err(target.refused_at(
        "on_destroy",
        "data would be lost",
        format!(
            "Nothing was deleted. In the way are:{}\n\nRemove them first, or set `on_destroy = \"delete\"` (and apply that) to \
             delete them as well, or `on_destroy = \"keep\"` to leave everything in the cluster.",
            lines(losses)
        ),
    ))
}

async fn losses_of(target: &Target<'_>, id: &ObjectId) -> Result<Vec<String>> {
    let Some(object) = target.live(id).await? else { return Ok(Vec::new()) };
    Ok(match id.kind.as_str() {
        "PersistentVolumeClaim" | "PersistentVolume" => vec![format!("{id}: its data")],
        "CustomResourceDefinition" => instances(target, &object).await?.into_iter().collect(),
        "Namespace" => {
            let claims = list(target, &kinds::CLAIM, Some(&id.name), &Selector::default()).await?;
            if claims.is_empty() {
                Vec::new()
            } else {
                vec![format!("{id}: holds {}", named("PersistentVolumeClaim", &claims))]
            }
        }
        _ => Vec::new(),
    })
}

/// The objects of a kind that a definition brought.
async fn instances(target: &Target<'_>, definition: &Object) -> Result<Option<String>> {
    let text = |pointer: &str| definition.text(pointer).to_owned();
    let versions = definition.list("/spec/versions").iter();
    let version = versions
        .filter(|version| version.get("served").and_then(serde_json::Value::as_bool) == Some(true))
        .find_map(|version| version.get("name")?.as_str());
    let kind = Kind {
        group: text("/spec/group").into(),
        version: version.unwrap_or("v1").to_owned().into(),
        kind: text("/spec/names/kind").into(),
        plural: text("/spec/names/plural").into(),
        namespaced: definition.text("/spec/scope") == "Namespaced",
    };
    let objects = list(target, &kind, None, &Selector::default()).await?;
    Ok((!objects.is_empty()).then(|| format!("{}: their kind goes with it", named(&kind.kind, &objects))))
}

async fn guarded(target: &Target<'_>, guard: &Guard) -> Result<Vec<Object>> {
    let id = ObjectId::new(guard.api_version, guard.kind, None, "");
    match target.kind(&id).await? {
        Some(kind) => list(target, &kind, None, &Selector::default()).await,
        None => Ok(Vec::new()),
    }
}

async fn list(
    target: &Target<'_>,
    kind: &Kind,
    namespace: Option<&str>,
    selector: &Selector,
) -> Result<Vec<Object>> {
    let listed = target.kube.list(kind, namespace, selector, target.budget).await;
    listed.map_err(|error| target.failed("what would be lost could not be looked at", &error))
}

/// Objects that Helm made, or that carry its labels, for the release of the add-on.
pub(super) async fn owned_by_release(
    target: &Target<'_>,
    kind: &Kind,
    namespace: Option<&str>,
) -> Result<Vec<Object>> {
    let objects = list(target, kind, namespace, &Selector::default()).await?;
    let ours = |object: &Object| {
        let noted = object.annotation("meta.helm.sh/release-name") == Some(target.addon)
            && object.annotation("meta.helm.sh/release-namespace") == Some(target.namespace);
        // Claims that a StatefulSet made carry its labels only.
        let labels = object.labels();
        let labelled = labels.get("app.kubernetes.io/instance").or_else(|| labels.get("release"));
        noted
            || (object.kind() == "PersistentVolumeClaim" && labelled.is_some_and(|name| name == target.addon))
    };
    Ok(objects.into_iter().filter(ours).collect())
}

fn named(kind: &str, objects: &[Object]) -> String {
    let names: Vec<String> = objects.iter().take(NAMED).map(place_of).collect();
    let more = objects.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {kind} ({}{more})", objects.len(), names.join(", "))
}

fn place_of(object: &Object) -> String {
    match object.namespace() {
        Some(namespace) => format!("{namespace}/{}", object.name()),
        None => object.name().to_owned(),
    }
}

/// Takes away what must go before a release does, while its controllers still work, and says what the release wants to hear.
pub(super) async fn clear_release(target: &Target<'_>, entry: Option<&'static Entry>) -> Result<()> {
    let Some(entry) = entry else { return Ok(()) };
    for guard in entry.guards {
        let objects = guarded(target, guard).await?;
        let ids: Vec<ObjectId> = objects
            .iter()
            .map(|object| ObjectId::new(guard.api_version, guard.kind, object.namespace(), object.name()))
            .collect();
        delete_all(target, &ids).await?;
    }
    if let Some(consent) = &entry.consent {
        let id = ObjectId::new(consent.api_version, consent.kind, Some(target.namespace), consent.name);
        target.put_field(&id, consent.set.0, consent.set.1).await?;
    }
    Ok(())
}

/// Deletes objects of the add-on. Those on which somebody else's name stands, or nobody's, were written down to become ours
/// and never did: they stay.
pub(super) async fn delete_ours(target: &Target<'_>, ids: &[ObjectId]) -> Result<()> {
    let mut ours = Vec::new();
    for id in ids {
        let Some(object) = target.live(id).await? else { continue };
        let is_ours = match object.labels().get(LABEL) {
            Some(owner) => owner == target.addon,
            // A chart that was imported has no name on it before its first apply.
            None => id.kind == "HelmChart",
        };
        if is_ours {
            ours.push(id.clone());
        } else {
            tracing::warn!(object = %id, addon = target.addon, "left alone: it never was of this add-on");
        }
    }
    delete_all(target, &ours).await
}

/// Deletes objects and waits until they are gone, those that others stand on last.
async fn delete_all(target: &Target<'_>, ids: &[ObjectId]) -> Result<()> {
    let mut ranks: BTreeMap<u8, Vec<&ObjectId>> = BTreeMap::new();
    for id in ids {
        ranks.entry(id.rank()).or_default().push(id);
    }
    for ids in ranks.into_values().rev() {
        for id in &ids {
            delete(target, id).await?;
        }
        gone(target, ids).await?;
    }
    Ok(())
}

async fn delete(target: &Target<'_>, id: &ObjectId) -> Result<()> {
    let Some(kind) = target.kind(id).await? else { return Ok(()) };
    let (namespace, how) = (id.namespace.as_deref(), Delete::default());
    let deleted = target.kube.delete(&kind, namespace, &id.name, &how, target.budget).await;
    deleted.map(drop).map_err(|error| target.failed(&format!("{id} could not be deleted"), &error))
}

/// Waits until objects are gone.
async fn gone(target: &Target<'_>, mut ids: Vec<&ObjectId>) -> Result<()> {
    loop {
        let mut left = Vec::new();
        for id in ids {
            if let Some(object) = target.live(id).await? {
                left.push((id, object));
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        tracing::info!(addon = target.addon, left = left.len(), "waiting for objects to go");
        if let Err(why) = target.budget.sleep(PAUSE, || "objects to go".to_owned()).await {
            return Err(stays(target, &left, &why.to_string()).await);
        }
        ids = left.into_iter().map(|(id, _)| id).collect();
    }
}

async fn stays(target: &Target<'_>, left: &[(&ObjectId, Object)], why: &str) -> tf_framework::Diagnostics {
    let mut told = Vec::new();
    for (id, object) in left {
        let finalizers = object.finalizers();
        let held = if finalizers.is_empty() {
            "the cluster has not taken it away yet".to_owned()
        } else {
            format!("held by the finalizers {}", finalizers.join(", "))
        };
        told.push(format!("{id}: {held}"));
        if id.kind == "HelmChart" {
            let job = format!("helm-delete-{}", id.name);
            told.extend(super::wait::job_trouble(target, CHARTS, &job).await);
        }
    }
    target.refused(
        "objects do not go",
        format!(
            "{why}. They were asked to:{}\n\nA finalizer is taken away by the controller that set it: see that it runs. Apply \
             again to wait on.",
            lines(told)
        ),
    )
}
