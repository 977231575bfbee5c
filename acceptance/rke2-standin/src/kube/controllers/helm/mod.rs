//! HelmChart (k3s-io/helm-controller, pkg/controllers/chart/chart.go): a Job for every change, whose pod does what
//! klipper-helm does. Jobs start at once: upstream makes them suspended and resumes them.

mod charts;
mod release;
mod run;

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::delete::DeleteOptions;
use super::super::objects::{
    self, annotation, at, finalizers, is_deleting, list, name, namespace, set, text,
};
use super::super::status::ApiResult;
use super::context::Context;

pub(super) use self::run::perform;

pub(crate) const WAKES: &[&str] = &["helm.cattle.io/", "jobs/", "secrets/"];
const CHARTS: &str = "helmcharts.helm.cattle.io";
const CONFIGS: &str = "helmchartconfigs.helm.cattle.io";
const JOBS: &str = "jobs.batch";
const FINALIZER: &str = "wrangler.cattle.io/on-helm-chart-remove";
const MANAGED_BY: &str = "helmcharts.cattle.io/managed-by";
const UNMANAGED: &str = "helmcharts.helm.cattle.io/unmanaged";
/// On the Job's template, and shortened on the release.
const HASH: &str = "helmcharts.helm.cattle.io/configHash";
/// On Jobs and their pods.
pub(super) const LABEL: &str = "helmcharts.helm.cattle.io/chart";
/// klipper-helm's image of that time; nothing is pulled.
const IMAGE: &str = "rancher/klipper-helm:v0.9.8-build20250709";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for chart in context.all(CHARTS) {
        let spec = &chart["spec"];
        if text(spec, &["chart"]).is_empty() && text(spec, &["chartContent"]).is_empty() {
            continue;
        }
        if !annotation(&chart, UNMANAGED).is_empty() {
            continue;
        }
        if is_deleting(&chart) {
            remove(&context, &chart).await?;
        } else if finalizers(&chart).contains(&FINALIZER) {
            change(&context, &chart).await?;
        } else {
            claim(&context, &chart).await?;
        }
    }
    Ok(None)
}

async fn claim(context: &Context, chart: &Value) -> ApiResult<()> {
    context
        .client
        .modify(CHARTS, namespace(chart), name(chart), "", |chart| {
            let mut all = list(chart, &["metadata", "finalizers"]).to_vec();
            all.push(json!(FINALIZER));
            set(chart, &["metadata", "finalizers"], Value::Array(all));
            set(chart, &["metadata", "annotations", MANAGED_BY], json!("helm-controller"));
        })
        .await?;
    Ok(())
}

/// The failure policy: the HelmChartConfig's word counts before the chart's.
fn failure_policy(chart: &Value, config: Option<&Value>) -> String {
    let of = |object: &Value| text(object, &["spec", "failurePolicy"]).to_owned();
    let policy = config.map(of).filter(|policy| !policy.is_empty()).unwrap_or_else(|| of(chart));
    if policy.is_empty() { "reinstall".to_owned() } else { policy }
}

/// The hash over all that a release is made of, `SHA256=` and upper case.
fn config_hash(context: &Context, chart: &Value, config: Option<&Value>) -> String {
    let mut hash = Sha256::new();
    hash.update(chart["spec"].to_string());
    if let Some(config) = config {
        hash.update(config["spec"].to_string());
    }
    let references = list(chart, &["spec", "valuesSecrets"])
        .iter()
        .chain(config.map_or(&[][..], |config| list(config, &["spec", "valuesSecrets"])));
    for reference in references.filter(|reference| reference["ignoreUpdates"] != true) {
        if let Some(secret) = context.one("secrets", namespace(chart), text(reference, &["name"])) {
            hash.update(secret["data"].to_string());
        }
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect();
    format!("SHA256={digest}")
}

/// The hash as a label of a release: at most 63 letters.
fn hash_label(hash: &str) -> String {
    hash.trim_start_matches("SHA256=").chars().take(63).collect()
}

async fn change(context: &Context, chart: &Value) -> ApiResult<()> {
    let config = context.one(CONFIGS, namespace(chart), name(chart));
    let hash = config_hash(context, chart, config.as_deref());
    let job_name = format!("helm-install-{}", name(chart));
    let job = context.one(JOBS, namespace(chart), &job_name);
    match job {
        None => {
            // A release at this hash whose Job was cleared away needs no other Job.
            let latest = release::latest(context, chart);
            let current = latest.is_some_and(|latest| {
                text(&latest, &["metadata", "labels", "status"]) == "deployed"
                    && text(&latest, &["metadata", "labels", HASH]) == hash_label(&hash)
            });
            if !current {
                create_job(context, chart, config.as_deref(), "install", &hash).await?;
            }
        }
        Some(job) if is_deleting(&job) => {}
        Some(job) if text(&job, &["spec", "template", "metadata", "annotations", HASH]) != hash => {
            replace_job(context, chart, &job_name).await?;
        }
        Some(job) => tell(context, chart, config.as_deref(), &job).await?,
    }
    Ok(())
}

async fn replace_job(context: &Context, chart: &Value, job: &str) -> ApiResult<()> {
    let foreground = DeleteOptions { propagation: "Foreground".to_owned(), ..DeleteOptions::default() };
    context.client.delete_with(JOBS, namespace(chart), job, &foreground).await
}

async fn create_job(
    context: &Context,
    chart: &Value,
    config: Option<&Value>,
    action: &str,
    hash: &str,
) -> ApiResult<()> {
    let job_name = format!("helm-{action}-{}", name(chart));
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": format!("helm-{}", name(chart)), "ownerReferences": [objects::owner_reference(chart)] } });
    context.client.ensure("serviceaccounts", namespace(chart), account).await?;
    let policy = failure_policy(chart, config);
    let limit =
        at(chart, &["spec", "backOffLimit"]).as_i64().unwrap_or(if policy == "abort" { 0 } else { 1000 });
    let env = |key: &str, value: &str| json!({ "name": key, "value": value });
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": job_name, "labels": { LABEL: name(chart) }, "ownerReferences": [objects::owner_reference(chart)],
        },
        "spec": {
            "backoffLimit": limit,
            "template": {
                "metadata": { "labels": { LABEL: name(chart) }, "annotations": { HASH: hash } },
                "spec": {
                    "restartPolicy": "OnFailure",
                    "serviceAccountName": format!("helm-{}", name(chart)),
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "tolerations": [{ "operator": "Exists" }],
                    "containers": [{
                        "name": "helm", "image": IMAGE, "args": [action],
                        "env": [
                            env("NAME", name(chart)), env("VERSION", text(chart, &["spec", "version"])),
                            env("REPO", text(chart, &["spec", "repo"])), env("CHART", text(chart, &["spec", "chart"])),
                            env("TARGET_NAMESPACE", release::target(chart)), env("FAILURE_POLICY", &policy),
                        ],
                    }],
                },
            },
        },
    });
    context.client.ensure(JOBS, namespace(chart), job).await?;
    let message = format!("Applying HelmChart using Job {}/{job_name}", namespace(chart));
    if action == "install" {
        context.client.event(chart, "Normal", "ApplyJob", &message).await;
    }
    context
        .client
        .modify(CHARTS, namespace(chart), name(chart), "status", |chart| {
            set(chart, &["status", "jobName"], json!(job_name));
            objects::set_condition(chart, "JobCreated", "True", "Job created", &message);
            objects::set_condition(chart, "Failed", "False", "", "");
        })
        .await?;
    Ok(())
}

/// `Failed` is said of charts that gave up, which only those with the policy `abort` (or a limit of their own) do.
async fn tell(context: &Context, chart: &Value, config: Option<&Value>, job: &Value) -> ApiResult<()> {
    let gave_up = objects::is_true(job, "Failed")
        || (failure_policy(chart, config) == "abort"
            && objects::number(job, &["status", "failed"]) > Some(0));
    if !gave_up || objects::is_true(chart, "Failed") {
        return Ok(());
    }
    let message = "Job has reached configured number of retries without succeeding";
    context.client.event(chart, "Warning", "JobFailed", message).await;
    context
        .client
        .modify(CHARTS, namespace(chart), name(chart), "status", |chart| {
            objects::set_condition(chart, "Failed", "True", "Job failed", message);
        })
        .await?;
    Ok(())
}

/// The chart goes when the Job that uninstalls it has succeeded.
async fn remove(context: &Context, chart: &Value) -> ApiResult<()> {
    if !finalizers(chart).contains(&FINALIZER) {
        return Ok(());
    }
    let install = format!("helm-install-{}", name(chart));
    if let Some(job) = context.one(JOBS, namespace(chart), &install) {
        if !is_deleting(&job) {
            replace_job(context, chart, &install).await?;
        }
        return Ok(());
    }
    let uninstall = format!("helm-delete-{}", name(chart));
    match context.one(JOBS, namespace(chart), &uninstall) {
        None => create_job(context, chart, None, "delete", "SHA256=").await?,
        Some(job) if objects::is_true(&job, "Complete") => {
            let message = format!(
                "Uninstalled HelmChart using Job {}/{uninstall}, removing resources",
                namespace(chart)
            );
            context.client.event(chart, "Normal", "RemoveJob", &message).await;
            context.client.finalize(CHARTS, namespace(chart), name(chart), FINALIZER).await?;
        }
        Some(_) => {}
    }
    Ok(())
}
