//! HelmCharts: installed, changed, broken, removed.

use serde_json::{Value, json};

use super::super::objects::{self, labels, number, text};
use super::rig::Rig;

const CHARTS: &str = "helmcharts.helm.cattle.io";

fn chart(name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": { "name": name }, "spec": spec })
}

async fn releases(rig: &Rig, namespace: &str) -> Vec<(String, String)> {
    let secrets = rig.client.list("secrets", Some(namespace), "owner=helm").await.unwrap();
    let label = |secret: &Value, key: &str| labels(secret).unwrap()[key].as_str().unwrap().to_owned();
    secrets.iter().map(|secret| (label(secret, "version"), label(secret, "status"))).collect()
}

fn pair(version: &str, status: &str) -> (String, String) {
    (version.to_owned(), status.to_owned())
}

async fn scene() -> Rig {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.heartbeats(&["n1"]);
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_installed_upgraded_and_uninstalled() {
    let rig = scene().await;
    let spec = json!({ "chart": "cert-manager", "version": "v1.17.2", "targetNamespace": "cm", "createNamespace": true,
        "valuesContent": "replicaCount: 2\n" });
    rig.client.create(CHARTS, "kube-system", chart("cm", &spec)).await.unwrap();
    rig.until("the first revision", || async { releases(&rig, "cm").await == [pair("1", "deployed")] }).await;
    let job = rig.client.get("jobs.batch", "kube-system", "helm-install-cm").await.unwrap().unwrap();
    let hash =
        text(&job, &["spec", "template", "metadata", "annotations", "helmcharts.helm.cattle.io/configHash"])
            .to_owned();
    let secret = rig.client.get("secrets", "cm", "sh.helm.release.v1.cm.v1").await.unwrap().unwrap();
    let label = text(&secret, &["metadata", "labels", "helmcharts.helm.cattle.io/configHash"]);
    assert_eq!(hash.strip_prefix("SHA256=").map(|hash| &hash[..63]), Some(label));
    let main = rig.client.get("deployments.apps", "cm", "cm").await.unwrap().unwrap();
    assert_eq!(number(&main, &["spec", "replicas"]), Some(2));
    assert_eq!(objects::annotation(&main, "meta.helm.sh/release-name"), "cm");
    let defined = rig.client.list("certificates.cert-manager.io", None, "").await.unwrap();
    assert!(defined.is_empty(), "the type is served");
    let patch = json!({ "spec": { "valuesContent": "replicaCount: 3\n" } });
    rig.client.merge_patch(CHARTS, "kube-system", "cm", "", &patch).await.unwrap();
    rig.until("the second revision", || async {
        releases(&rig, "cm").await == [pair("1", "superseded"), pair("2", "deployed")]
    })
    .await;
    rig.client.delete(CHARTS, "kube-system", "cm").await.unwrap();
    assert!(
        rig.client.get(CHARTS, "kube-system", "cm").await.unwrap().is_some(),
        "it waits for the uninstallation"
    );
    rig.until("the chart to be gone", || async {
        rig.client.get(CHARTS, "kube-system", "cm").await.unwrap().is_none()
    })
    .await;
    assert!(releases(&rig, "cm").await.is_empty());
    assert!(rig.client.list("deployments.apps", Some("cm"), "").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_upgrade_with_abort_keeps_what_runs_and_reinstall_takes_it_away() {
    for (policy, kept) in [("abort", true), ("reinstall", false)] {
        let rig = scene().await;
        let spec = json!({ "chart": "postgresql", "version": "1.0.0", "failurePolicy": policy });
        rig.client.create(CHARTS, "kube-system", chart("db", &spec)).await.unwrap();
        rig.until("the installation", || async {
            releases(&rig, "kube-system").await == [pair("1", "deployed")]
        })
        .await;
        rig.client
            .merge_patch(CHARTS, "kube-system", "db", "", &json!({ "spec": { "version": "0.0.0-broken" } }))
            .await
            .unwrap();
        rig.until("the failure", || async {
            releases(&rig, "kube-system").await.iter().any(|(_, status)| status == "failed")
        })
        .await;
        if kept {
            rig.until("the chart to say so", || async {
                let chart = rig.client.get(CHARTS, "kube-system", "db").await.unwrap().unwrap();
                objects::is_true(&chart, "Failed")
            })
            .await;
        } else {
            rig.until("everything to be taken away", || async {
                rig.client.get("statefulsets.apps", "kube-system", "db").await.unwrap().is_none()
            })
            .await;
        }
        let there = rig.client.get("statefulsets.apps", "kube-system", "db").await.unwrap().is_some();
        assert_eq!(there, kept, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn longhorn_is_not_uninstalled_without_consent() {
    let rig = scene().await;
    let spec = json!({ "chart": "longhorn", "version": "1.9.0", "targetNamespace": "longhorn-system", "createNamespace": true });
    rig.client.create(CHARTS, "kube-system", chart("longhorn", &spec)).await.unwrap();
    rig.until("the installation", || async {
        releases(&rig, "longhorn-system").await == [pair("1", "deployed")]
    })
    .await;
    rig.client.delete(CHARTS, "kube-system", "longhorn").await.unwrap();
    rig.until("the refusal", || async {
        let pods =
            rig.client.list("pods", Some("kube-system"), "job-name=helm-delete-longhorn").await.unwrap();
        pods.iter().any(|pod| {
            objects::list(pod, &["status", "containerStatuses"]).iter().any(|one| {
                text(one, &["lastState", "terminated", "message"]).contains("deleting-confirmation-flag")
            })
        })
    })
    .await;
    let yes = json!({ "value": "true" });
    rig.client
        .merge_patch("settings.longhorn.io", "longhorn-system", "deleting-confirmation-flag", "", &yes)
        .await
        .unwrap();
    rig.until("the chart to be gone", || async {
        rig.client.get(CHARTS, "kube-system", "longhorn").await.unwrap().is_none()
    })
    .await;
}
