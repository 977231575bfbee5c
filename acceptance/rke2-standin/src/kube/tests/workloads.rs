//! Workloads: rollouts, scale, volumes, what owners take along.

use serde_json::{Value, json};

use super::super::objects::{self, list, number, text};
use super::rig::Rig;

fn deployment(image: &str, replicas: i64) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "c", "image": image }] } } } })
}

async fn rolled_out(rig: &Rig, resource: &str, name: &str, replicas: i64) -> bool {
    let found = rig.client.get(resource, "default", name).await.unwrap().unwrap();
    let status = |key: &str| number(&found, &["status", key]).unwrap_or(0);
    status("observedGeneration") == number(&found, &["metadata", "generation"]).unwrap()
        && status("replicas") == replicas
        && status("readyReplicas") == replicas
        && status("updatedReplicas") == replicas
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_rolls_keeps_enough_ready_and_takes_its_pods_along() {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.node("n2").await;
    rig.heartbeats(&["n1", "n2"]);
    rig.client.create("deployments.apps", "default", deployment("v1", 4)).await.unwrap();
    rig.until("four pods", || rolled_out(&rig, "deployments.apps", "web", 4)).await;
    let nodes: Vec<String> = rig
        .client
        .list("pods", Some("default"), "app=web")
        .await
        .unwrap()
        .iter()
        .map(|pod| text(pod, &["spec", "nodeName"]).to_owned())
        .collect();
    assert_eq!(nodes.iter().filter(|node| *node == "n1").count(), 2, "{nodes:?}");
    rig.client.apply("deployments.apps", "default", deployment("v2", 4)).await.unwrap();
    let mut least = 4;
    for _ in 0..200 {
        let found = rig.client.get("deployments.apps", "default", "web").await.unwrap().unwrap();
        least = least.min(number(&found, &["status", "availableReplicas"]).unwrap_or(0));
        if rolled_out(&rig, "deployments.apps", "web", 4).await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(rolled_out(&rig, "deployments.apps", "web", 4).await);
    assert!(least >= 3, "a quarter may be missing, {} were", 4 - least);
    let pods = rig.client.list("pods", Some("default"), "app=web").await.unwrap();
    let running: Vec<&str> = pods
        .iter()
        .filter(|pod| !objects::is_deleting(pod))
        .map(|pod| text(&list(pod, &["spec", "containers"])[0], &["image"]))
        .collect();
    assert_eq!(running, ["v2"; 4]);
    rig.client.delete("deployments.apps", "default", "web").await.unwrap();
    rig.until("no pods", || async { rig.client.list("pods", Some("default"), "").await.unwrap().is_empty() })
        .await;
    assert!(rig.client.list("replicasets.apps", Some("default"), "").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_that_never_gets_ready_says_so_after_its_deadline() {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.heartbeats(&["n1"]);
    let mut stuck = deployment("never-ready", 1);
    stuck["spec"]["progressDeadlineSeconds"] = json!(2);
    rig.client.create("deployments.apps", "default", stuck).await.unwrap();
    rig.until("the deadline", || async {
        let found = rig.client.get("deployments.apps", "default", "web").await.unwrap().unwrap();
        objects::condition(&found, "Progressing")
            .is_some_and(|progress| progress["reason"] == "ProgressDeadlineExceeded")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stateful_set_has_names_and_volumes_that_outlive_it() {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.heartbeats(&["n1"]);
    let class = json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "rancher.io/local-path",
        "metadata": { "name": "local-path", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
        "volumeBindingMode": "WaitForFirstConsumer" });
    rig.client.create("storageclasses.storage.k8s.io", "", class).await.unwrap();
    let set = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db" },
        "spec": { "replicas": 2, "serviceName": "db", "selector": { "matchLabels": { "app": "db" } },
            "template": { "metadata": { "labels": { "app": "db" } }, "spec": { "containers": [{ "name": "c", "image": "pg" }] } },
            "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": { "accessModes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": "1Gi" } } } }] } });
    rig.client.create("statefulsets.apps", "default", set).await.unwrap();
    rig.until("two pods", || rolled_out(&rig, "statefulsets.apps", "db", 2)).await;
    rig.until("both claims bound", || async {
        let claims = rig.client.list("persistentvolumeclaims", Some("default"), "").await.unwrap();
        claims.len() == 2 && claims.iter().all(|claim| text(claim, &["status", "phase"]) == "Bound")
    })
    .await;
    // In use: marked, not gone.
    rig.client.delete("persistentvolumeclaims", "default", "data-db-0").await.unwrap();
    assert!(rig.client.get("persistentvolumeclaims", "default", "data-db-0").await.unwrap().is_some());
    rig.client.delete("statefulsets.apps", "default", "db").await.unwrap();
    rig.until("the claim that was deleted to be gone", || async {
        rig.client.get("persistentvolumeclaims", "default", "data-db-0").await.unwrap().is_none()
    })
    .await;
    assert!(rig.client.get("persistentvolumeclaims", "default", "data-db-1").await.unwrap().is_some());
    rig.until("its volume to be gone", || async {
        rig.client.list("persistentvolumes", None, "").await.unwrap().len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_run_on_cordoned_nodes_too() {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.node("n2").await;
    rig.heartbeats(&["n1", "n2"]);
    rig.client
        .merge_patch("nodes", "", "n2", "", &json!({ "spec": { "unschedulable": true } }))
        .await
        .unwrap();
    let set = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": "agent" },
        "spec": { "selector": { "matchLabels": { "app": "agent" } },
            "template": { "metadata": { "labels": { "app": "agent" } }, "spec": { "containers": [{ "name": "c", "image": "a" }] } } } });
    rig.client.create("daemonsets.apps", "default", set).await.unwrap();
    rig.until("a pod on each node", || async {
        let set = rig.client.get("daemonsets.apps", "default", "agent").await.unwrap().unwrap();
        number(&set, &["status", "numberReady"]) == Some(2)
    })
    .await;
}
