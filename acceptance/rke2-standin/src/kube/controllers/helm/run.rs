//! What the pod of a Job does: klipper-helm's `entry` and Helm itself, on the charts known here.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::super::kinds::Kind;
use super::super::super::objects::{annotation, labels, list, name, namespace, set, text};
use super::super::super::patch::merge;
use super::super::super::status::{ApiResult, Status};
use super::super::super::yaml;
use super::super::context::Context;
use super::{CHARTS, CONFIGS, HASH, LABEL, charts, release};

/// Does the work of one pod; what went wrong, as the last line of its log.
pub(in super::super) async fn perform(context: &Context, pod: &Value) -> Result<(), String> {
    let Some(chart_name) = labels(pod).and_then(|labels| labels.get(LABEL)).and_then(Value::as_str) else {
        return Ok(());
    };
    let Some(chart) = context.one(CHARTS, namespace(pod), chart_name) else { return Ok(()) };
    let container = list(pod, &["spec", "containers"]).first();
    let action = container.and_then(|container| list(container, &["args"]).first()).and_then(Value::as_str);
    let env = |key: &str| {
        let env = container.map_or(&[][..], |container| list(container, &["env"]));
        env.iter()
            .find(|one| one["name"] == key)
            .map(|one| text(one, &["value"]).to_owned())
            .unwrap_or_default()
    };
    let told = |status: Status| status.message;
    if action == Some("delete") {
        return uninstall(context, &chart).await.map_err(told);
    }
    let hash = super::hash_label(annotation(pod, HASH));
    let latest = release::latest(context, &chart);
    let failed =
        latest.as_ref().is_some_and(|latest| text(latest, &["metadata", "labels", "status"]) == "failed");
    if failed {
        match env("FAILURE_POLICY").as_str() {
            // klipper-helm: a failed release is taken away with everything in it, then installed anew.
            "reinstall" => uninstall(context, &chart).await.map_err(told)?,
            "abort" if latest.as_ref().is_some_and(|l| text(l, &["metadata", "labels", HASH]) == hash) => {
                return Err("Release status is 'failed' and failure policy is 'abort'; waiting for operator intervention".to_owned());
            }
            _ => {}
        }
    }
    let rendered = values(context, &chart).and_then(|values| render(&chart, &values));
    let objects = match rendered {
        Ok(objects) => objects,
        Err(why) => {
            release::write(context, &chart, &[], false, &hash).await.map_err(told)?;
            return Err(format!("Error: INSTALLATION FAILED: {why}"));
        }
    };
    match install(context, &chart, &objects).await {
        Ok(()) => release::write(context, &chart, &objects, true, &hash).await.map_err(told),
        Err(status) => {
            release::write(context, &chart, &objects, false, &hash).await.map_err(told)?;
            Err(format!("Error: INSTALLATION FAILED: {}", status.message))
        }
    }
}

/// All values: the chart's, those of secrets, those of the HelmChartConfig, `set` last.
fn values(context: &Context, chart: &Value) -> Result<Value, String> {
    let mut merged = json!({});
    let mut add = |text: &str| -> Result<(), String> {
        let documents = yaml::documents(text).map_err(|status| status.message)?;
        for document in &documents {
            merge(&mut merged, document);
        }
        Ok(())
    };
    let of_secrets = |object: &Value| -> Vec<String> {
        list(object, &["spec", "valuesSecrets"])
            .iter()
            .filter_map(|reference| {
                Some((reference, context.one("secrets", namespace(chart), text(reference, &["name"]))?))
            })
            .flat_map(|(reference, secret)| {
                list(reference, &["keys"])
                    .iter()
                    .filter_map(Value::as_str)
                    .filter_map(|key| STANDARD.decode(text(&secret, &["data", key])).ok())
                    .filter_map(|bytes| String::from_utf8(bytes).ok())
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    add(text(chart, &["spec", "valuesContent"]))?;
    for content in of_secrets(chart) {
        add(&content)?;
    }
    if let Some(config) = context.one(CONFIGS, namespace(chart), name(chart)) {
        add(text(&config, &["spec", "valuesContent"]))?;
        for content in of_secrets(&config) {
            add(&content)?;
        }
    }
    if let Some(direct) = chart["spec"].get("values").filter(|values| values.is_object()) {
        merge(&mut merged, direct);
    }
    for (key, value) in chart["spec"]["set"].as_object().into_iter().flatten() {
        let path: Vec<&str> = key.split('.').collect();
        set(&mut merged, &path, value.clone());
    }
    Ok(merged)
}

/// Versions that contain `broken`, and values that ask for it (`standin: {fail: true}`), cannot be rendered.
fn render(chart: &Value, values: &Value) -> Result<Vec<Value>, String> {
    let (chart_name, version) = (text(chart, &["spec", "chart"]), text(chart, &["spec", "version"]));
    if version.contains("broken") || values["standin"]["fail"] == true {
        return Err(format!(
            "template: {chart_name}/templates/deployment.yaml:1:1: error calling fail: the chart is broken"
        ));
    }
    let mut objects = charts::render(chart_name, name(chart), release::target(chart), version, values);
    for object in &mut objects {
        set(object, &["metadata", "labels", "app.kubernetes.io/managed-by"], json!("Helm"));
        set(object, &["metadata", "annotations", "meta.helm.sh/release-name"], json!(name(chart)));
        set(
            object,
            &["metadata", "annotations", "meta.helm.sh/release-namespace"],
            json!(release::target(chart)),
        );
    }
    Ok(objects)
}

fn kind_of(context: &Context, object: &Value) -> ApiResult<Arc<Kind>> {
    let (version, kind) = (text(object, &["apiVersion"]), text(object, &["kind"]));
    context.kube.kinds.of(version, kind).ok_or_else(|| {
        Status::bad_request(format!(
            "unable to build kubernetes objects from release manifest: resource mapping not found for name: \"{}\" namespace: \"\" from \"\": no matches for kind \"{kind}\" in version \"{version}\"",
            name(object)
        ))
    })
}

async fn install(context: &Context, chart: &Value, objects: &[Value]) -> ApiResult<()> {
    let space = release::target(chart);
    if chart["spec"]["createNamespace"] == true {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": space } });
        context.client.ensure("namespaces", "", namespace).await?;
    }
    let kept: Vec<String> = objects.iter().map(identity).collect();
    for object in objects {
        let kind = kind_of(context, object)?;
        if let Some(found) = context.client.get(&kind.qualified(), space, name(object)).await? {
            let ours = annotation(&found, "meta.helm.sh/release-name") == name(chart);
            if !ours && chart["spec"]["takeOwnership"] != true {
                return Err(Status::bad_request(format!(
                    "Unable to continue with install: {} \"{}\" in namespace \"{space}\" exists and cannot be imported into the current release: invalid ownership metadata; annotation validation error: missing key \"meta.helm.sh/release-name\": must be set to \"{}\"",
                    kind.kind,
                    name(object),
                    name(chart)
                )));
            }
        }
        context
            .client
            .apply(&kind.qualified(), if kind.namespaced { space } else { "" }, object.clone())
            .await?;
    }
    // What the revision before had and this one has not.
    let before = release::history(context, chart);
    let deployed =
        before.iter().rev().find(|secret| text(secret, &["metadata", "labels", "status"]) == "deployed");
    if let Some(deployed) = deployed {
        for object in release::manifest(deployed).iter().filter(|object| !kept.contains(&identity(object))) {
            delete(context, chart, object).await?;
        }
    }
    for object in charts::afterwards(text(chart, &["spec", "chart"])) {
        let kind = kind_of(context, &object)?;
        context.client.ensure(&kind.qualified(), space, object).await?;
    }
    Ok(())
}

fn identity(object: &Value) -> String {
    format!("{}/{}", text(object, &["kind"]), name(object))
}

async fn delete(context: &Context, chart: &Value, object: &Value) -> ApiResult<()> {
    if annotation(object, "helm.sh/resource-policy") == "keep" {
        return Ok(());
    }
    let Ok(kind) = kind_of(context, object) else { return Ok(()) };
    let space = if kind.namespaced { release::target(chart) } else { "" };
    context.client.delete(&kind.qualified(), space, name(object)).await
}

/// Everything of all revisions; claims that a StatefulSet made stay, as with Helm.
async fn uninstall(context: &Context, chart: &Value) -> ApiResult<()> {
    charts::consents(context, chart).map_err(Status::bad_request)?;
    for secret in release::history(context, chart).iter().rev() {
        for object in release::manifest(secret).iter().rev() {
            delete(context, chart, object).await?;
        }
        context.client.delete("secrets", namespace(secret), name(secret)).await?;
    }
    Ok(())
}
