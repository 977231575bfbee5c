//! Taking over an add-on that a cluster has already.

use serde_json::Value;
use tf_framework::{Computed, Context, Diagnostics, ImportId, Result, WriteOnly};

use super::inventory::Inventory;
use super::manifests::ObjectId;
use super::model::{Chart, FailurePolicy, KubernetesAddon, OnDestroy};
use super::release::CHARTS;
use super::{at, target::Target};
use crate::api::{Object, kinds};
use crate::client::budget;
use crate::import::machine;
use crate::link::ClusterLink;

/// `<server>/<name>`, `file:<kubeconfig>/<name>`, or `<server as a JSON object>/<name>`. Reads only: a chart that no add-on
/// owns becomes this one's by the next apply, where `adopt` allows it.
pub(super) async fn import(cx: &mut Context<KubernetesAddon>, id: &ImportId) -> Result<KubernetesAddon> {
    let (way, name) = parse(id)?;
    let cluster = match way.strip_prefix("file:") {
        Some(file) => {
            ClusterLink { server: None, distribution: None, kubeconfig_path: Some(file.to_owned()) }
        }
        None => ClusterLink { server: Some(machine(&way)?), distribution: None, kubeconfig_path: None },
    };
    let budget = budget(cx);
    let link = cluster.open(&*cx.client()?, &at("cluster"), &budget).await?;
    let target =
        Target { kube: &link.kube, addon: &name, namespace: "default", budget: &budget, secrets: Vec::new() };
    let unread = |error| target.failed("it could not be read", &error);
    let known = Inventory::read(target.kube, &name, &budget).await.map_err(unread)?;
    let chart = target.kube.get(&kinds::HELM_CHART, Some(CHARTS), &name, &budget).await.map_err(unread)?;
    if known.is_none() && chart.is_none() {
        return Err(target.refused_at(
            "name",
            "the cluster has no such add-on",
            format!("There is neither an inventory of it nor a HelmChart {CHARTS}/{name}."),
        ));
    }
    let mut inventory = known.unwrap_or_default();
    if chart.is_some() {
        inventory.objects.insert(ObjectId::new("helm.cattle.io/v1", "HelmChart", Some(CHARTS), &name));
    }
    let namespace = chart.as_ref().map(|chart| chart.text("/spec/targetNamespace").to_owned());
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    let objects = inventory.objects.iter().map(ToString::to_string).collect();
    Ok(KubernetesAddon {
        id: Computed::Known(name.clone()),
        name,
        cluster,
        catalogue: None,
        namespace: Computed::Known(namespace.unwrap_or_else(|| "default".to_owned())),
        chart: chart.as_ref().map(chart_of),
        values_secret: WriteOnly::default(),
        values_secret_version: None,
        manifests: Vec::new(),
        secret_manifests: WriteOnly::default(),
        secret_manifests_version: None,
        force_conflicts: false,
        adopt: false,
        on_destroy: OnDestroy::Refuse,
        wait: true,
        objects: Computed::Known(objects),
        differences: Computed::Known(Default::default()),
        timeouts: None,
    })
}

fn parse(id: &ImportId) -> Result<(String, String)> {
    let text = match id {
        ImportId::Id(text) => Some(text.as_str()),
        ImportId::Identity(_) => None,
    };
    let parts =
        text.and_then(|text| text.rsplit_once('/')).filter(|(way, name)| !way.is_empty() && !name.is_empty());
    let Some((way, name)) = parts else {
        return Err(Diagnostics::error(
            "The add-on to import is not named",
            "Give `<server>/<name>`, such as `10.0.0.11/argo-cd` or `{\"host\": \"10.0.0.11\", \"host_keys\": [\"ssh-ed25519 AAAA…\"]}/argo-cd`, or \
             `file:<kubeconfig>/<name>`.",
        ));
    };
    Ok((way.to_owned(), name.to_owned()))
}

/// The chart as its object says it.
fn chart_of(chart: &Object) -> Chart {
    let text =
        |key: &str| Some(chart.text(&format!("/spec/{key}")).to_owned()).filter(|text| !text.is_empty());
    // What is not said is what the cluster does by itself; what we say when nothing is configured is not configured.
    let policy = text("failurePolicy").map_or(Some(FailurePolicy::Reinstall), |policy| policy.parse().ok());
    let retries = chart.0.pointer("/spec/backOffLimit").and_then(Value::as_u64);
    Chart {
        chart: text("chart"),
        repo: text("repo"),
        content: text("chartContent"),
        version: text("version"),
        values: text("valuesContent"),
        failure_policy: policy.filter(|policy| *policy != FailurePolicy::Abort),
        timeout: text("timeout"),
        retries: retries.and_then(|retries| retries.try_into().ok()).unwrap_or(1000),
        repo_ca: text("repoCA"),
        take_ownership: chart.flag("/spec/takeOwnership"),
    }
}
