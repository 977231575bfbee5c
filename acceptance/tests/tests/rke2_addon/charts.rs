//! Charts: installed, upgraded, broken, repaired, removed.

use acceptance_tests::kubernetes::Distribution;
use anyhow::{Result, ensure};

use crate::{addon, scene};

const RKE2: Distribution = Distribution::Rke2;
const ADDRESS: &str = "hybridops_kubernetes_addon.it";
const CANARY: &str = "canary-values-0c83d2b4e1";

#[test]
fn a_chart_is_deployed_upgraded_and_removed_for_real() -> Result<()> {
    let test = "a_chart_is_deployed_upgraded_and_removed_for_real";
    let Some((mut scene, a)) = scene(test, RKE2)? else { return Ok(()) };
    scene.secrets.add(CANARY);
    scene.ws.set_env("TF_VAR_values_secret", format!("admin: {{password: {CANARY}}}\n"));
    scene.ws.write(
        "secret.tf",
        "variable \"values_secret\" {\n  type = string\n  ephemeral = true\n  sensitive = true\n}\n",
    )?;
    let chart = addon(&a, "podinfo")
        .text("namespace", "demo")
        .text("chart.chart", "podinfo")
        .text("chart.repo", "https://charts.example.net")
        .text("chart.version", "6.5.0")
        .set("chart.values", "yamlencode({ replicas = 2 })")
        .set("chart.retries", "0")
        .set("values_secret", "var.values_secret")
        .set("values_secret_version", "1");
    scene.converge(&[&chart])?;
    scene.tell("installed")?;
    let get = |what: &str| scene.kubectl(RKE2, &a, &format!("-n demo get {what}"));
    let job =
        || scene.kubectl(RKE2, &a, "-n kube-system get job helm-install-podinfo -o jsonpath={.metadata.uid}");
    ensure!(get("deployment podinfo -o jsonpath={.status.availableReplicas}")? == "2", "it was waited for");
    let policy = "-n kube-system get helmchart podinfo -o jsonpath={.spec.failurePolicy}";
    ensure!(scene.kubectl(RKE2, &a, policy)? == "abort", "never what the cluster does by itself");

    // Another version, and only then another job; other secret values count as a change.
    let installed = job()?;
    let second = chart.clone().text("chart.version", "6.6.0");
    scene.converge(&[&second])?;
    let upgraded = job()?;
    ensure!(installed != upgraded);
    ensure!(
        get("deployment podinfo -o jsonpath={.spec.template.spec.containers[0].image}")?.contains("6.6.0")
    );
    let third = second.set("values_secret_version", "2");
    scene.converge(&[&third])?;
    ensure!(job()? != upgraded, "the release was upgraded with the new values");
    scene.tell("upgraded")?;

    // One that cannot be installed: what it says is told, the release before still runs, and the next apply repairs it.
    let broken = third.clone().text("chart.version", "6.7.0-broken");
    scene.refused(&[&broken], &["its release was not deployed", "the chart is broken"])?;
    ensure!(get("deployment podinfo -o jsonpath={.status.availableReplicas}")? == "2");
    scene.converge(&[&third])?;
    scene.tell("repaired")?;

    // Changed by others.
    scene.kubectl(
        RKE2,
        &a,
        "-n kube-system patch helmchart podinfo --type merge -p '{\"spec\":{\"version\":\"6.4.0\"}}'",
    )?;
    let before = scene.ws.planned()?.change(ADDRESS)?.before("differences").to_string();
    ensure!(
        before.contains("spec.version is") && before.contains("6.4.0") && before.contains("kubectl"),
        "{before}"
    );
    scene.converge(&[&third])?;

    scene.expect_no_secret(&std::collections::BTreeSet::new(), &[], &[&a])?;
    scene.ws.destroy()?.ok()?;
    ensure!(get("deployment --ignore-not-found -o name")?.is_empty(), "the release is gone for real");
    let left = scene.kubectl(RKE2, &a, "-n kube-system get helmchart,secret,configmap -o name")?;
    ensure!(!left.contains("podinfo"), "{left}");
    scene.tell("gone")
}

/// The catalogue: an app-of-apps on Argo CD, in one add-on.
#[test]
fn an_add_on_of_the_catalogue() -> Result<()> {
    let Some((scene, a)) = scene("an_add_on_of_the_catalogue", Distribution::K3s)? else { return Ok(()) };
    let root = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root}\nspec: {project: default}\n";
    let argo = addon(&a, "argo-cd").text("catalogue", "argo-cd");
    scene.converge(&[&argo])?;
    scene.tell("Argo CD")?;
    ensure!(scene.ws.state()?.get(ADDRESS, "namespace")? == "argocd");
    let with_root = argo.clone().set("manifests", crate::manifests(&[root]));
    scene.converge(&[&with_root])?;
    let k3s = Distribution::K3s;
    let found = scene.kubectl(k3s, &a, "-n argocd get applications.argoproj.io -o name")?;
    ensure!(found.contains("root"), "{found}");

    // Its applications guard it.
    let refused = scene.ws.destroy()?.fails()?.says("data would be lost")?.says("argocd/root")?;
    drop(refused);
    scene.converge(&[&with_root.clone().text("on_destroy", "delete")])?;
    scene.ws.destroy()?.ok()?;
    let left = scene.kubectl(k3s, &a, "-n argocd get deployments --ignore-not-found -o name")?;
    ensure!(left.is_empty(), "{left}");
    Ok(())
}
