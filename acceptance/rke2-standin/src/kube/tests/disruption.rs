//! Evictions and budgets, nodes that fall silent.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::objects::{self, number, text};
use super::rig::{Rig, pod};

async fn evict(rig: &Rig, name: &str) -> (u16, Value) {
    let body = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name, "namespace": "default" } });
    let url = format!("{}/api/v1/namespaces/default/pods/{name}/eviction", rig.url);
    let answer = rig.admin().post(url).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_lets_go_what_it_can_spare_and_names_itself_when_it_refuses() {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.heartbeats(&["n1"]);
    for name in ["p1", "p2", "p3"] {
        rig.client.create("pods", "default", pod(name, &json!({ "app": "db" }), "n1")).await.unwrap();
    }
    let budget = json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "db" },
        "spec": { "minAvailable": 2, "selector": { "matchLabels": { "app": "db" } } } });
    rig.client.create("poddisruptionbudgets.policy", "default", budget).await.unwrap();
    rig.until("one allowed disruption", || async {
        let budget = rig.client.get("poddisruptionbudgets.policy", "default", "db").await.unwrap().unwrap();
        number(&budget, &["status", "disruptionsAllowed"]) == Some(1)
    })
    .await;
    assert_eq!(evict(&rig, "p1").await.0, 201);
    // Refused from the first moment on; the numbers in the sentence are those of the last look at the pods.
    assert_eq!(evict(&rig, "p2").await.0, 429);
    rig.until("the pods to be counted again", || async {
        let budget = rig.client.get("poddisruptionbudgets.policy", "default", "db").await.unwrap().unwrap();
        number(&budget, &["status", "currentHealthy"]) == Some(2)
    })
    .await;
    let (code, status) = evict(&rig, "p2").await;
    assert_eq!(code, 429, "{status}");
    assert_eq!(status["message"], "Cannot evict pod as it would violate the pod's disruption budget.");
    assert_eq!(status["reason"], "TooManyRequests");
    let cause = &status["details"]["causes"][0];
    assert_eq!(cause["reason"], "DisruptionBudget");
    assert_eq!(cause["message"], "The disruption budget db needs 2 healthy pods and has 2 currently");
    rig.until("the evicted pod to be gone", || async {
        rig.client.get("pods", "default", "p1").await.unwrap().is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_is_unknown_its_pods_hang_and_go_with_it() {
    let rig = Rig::start().await;
    rig.node("dead").await;
    rig.client.create("pods", "default", pod("p", &json!({}), "dead")).await.unwrap();
    rig.until("the pod to run", || async {
        let pod = rig.client.get("pods", "default", "p").await.unwrap().unwrap();
        objects::is_true(&pod, "Ready")
    })
    .await;
    rig.until("the node to be unknown", || async {
        let node = rig.client.get("nodes", "", "dead").await.unwrap().unwrap();
        let ready = objects::condition(&node, "Ready").unwrap().clone();
        ready["status"] == "Unknown"
            && ready["message"] == "Kubelet stopped posting node status."
            && objects::list(&node, &["spec", "taints"]).len() == 2
    })
    .await;
    // Evicted by the taint, but nobody is there to end it.
    rig.until("the pod to be marked", || async {
        rig.client.get("pods", "default", "p").await.unwrap().is_some_and(|pod| objects::is_deleting(&pod))
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(rig.client.get("pods", "default", "p").await.unwrap().is_some());
    rig.client.delete("nodes", "", "dead").await.unwrap();
    rig.until("the pod to go with its node", || async {
        rig.client.get("pods", "default", "p").await.unwrap().is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cordon_is_a_taint_too_and_a_finalizer_holds_a_node() {
    let rig = Rig::start().await;
    rig.node("n1").await;
    rig.heartbeats(&["n1"]);
    rig.client
        .merge_patch("nodes", "", "n1", "", &json!({ "spec": { "unschedulable": true } }))
        .await
        .unwrap();
    rig.until("the taint", || async {
        let node = rig.client.get("nodes", "", "n1").await.unwrap().unwrap();
        node["spec"]["taints"][0]["key"] == "node.kubernetes.io/unschedulable"
    })
    .await;
    rig.client
        .merge_patch("nodes", "", "n1", "", &json!({ "spec": { "unschedulable": null } }))
        .await
        .unwrap();
    rig.until("no taint", || async {
        rig.client.get("nodes", "", "n1").await.unwrap().unwrap()["spec"].get("taints").is_none()
    })
    .await;
    let held = json!({ "metadata": { "finalizers": ["wrangler.cattle.io/managed-etcd-controller"] } });
    rig.client.merge_patch("nodes", "", "n1", "", &held).await.unwrap();
    rig.client.delete("nodes", "", "n1").await.unwrap();
    let node = rig.client.get("nodes", "", "n1").await.unwrap().unwrap();
    assert!(!text(&node, &["metadata", "deletionTimestamp"]).is_empty());
    rig.client.finalize("nodes", "", "n1", "wrangler.cattle.io/managed-etcd-controller").await.unwrap();
    assert!(rig.client.get("nodes", "", "n1").await.unwrap().is_none());
}
