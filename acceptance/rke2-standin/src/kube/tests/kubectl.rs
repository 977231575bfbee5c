//! Stock kubectl as a client that was not written here.

use serde_json::json;

use super::rig::{Kubectl, Rig, kubectls, pod};

/// Every kubectl found runs through `scenario`; none found is said aloud.
macro_rules! with_kubectl {
    ($name:ident, $kubectl:ident, $rig:ident, $scenario:block) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            use std::io::Write as _;
            let programs = kubectls();
            if programs.is_empty() {
                writeln!(
                    std::io::stderr(),
                    "SKIPPED: {}: there is no kubectl on this machine",
                    stringify!($name)
                )
                .unwrap();
            }
            for program in programs {
                let $rig = Rig::start().await;
                let $kubectl = Kubectl::new(&$rig, program);
                $scenario
            }
        }
    };
}

with_kubectl!(objects_are_applied_shown_and_deleted, kubectl, rig, {
    rig.node("n1").await;
    let nodes = kubectl.ok(&["get", "nodes"]).await;
    assert!(nodes.contains("n1") && nodes.contains("Ready") && nodes.contains("v1.33.4+rke2r1"), "{nodes}");
    let resources = kubectl.ok(&["api-resources"]).await;
    for resource in ["helmcharts", "etcdsnapshotfiles", "poddisruptionbudgets", "deployments"] {
        assert!(resources.contains(resource), "{resources}");
    }
    let version = kubectl.ok(&["version"]).await;
    assert!(version.contains("v1.33.4+rke2r1"), "{version}");
    // Not `create namespace`: the newer kubectl sends protobuf there, which this API does not read.
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
    kubectl.ok_with(&["create", "-f", "-"], Some(namespace)).await;
    let manifest =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\ndata:\n  k: one\n";
    kubectl.ok_with(&["apply", "-f", "-"], Some(manifest)).await;
    kubectl.ok_with(&["apply", "-f", "-"], Some(&manifest.replace("one", "two"))).await;
    assert_eq!(kubectl.json(&["get", "cm", "a", "-n", "shop"]).await["data"]["k"], "two");
    kubectl
        .ok_with(
            &["apply", "--server-side", "--force-conflicts", "-f", "-"],
            Some(&manifest.replace("one", "three")),
        )
        .await;
    assert_eq!(kubectl.json(&["get", "cm", "a", "-n", "shop"]).await["data"]["k"], "three");
    kubectl.ok(&["label", "cm", "a", "-n", "shop", "team=x"]).await;
    kubectl.ok(&["describe", "node", "n1"]).await;
    let missing = kubectl.refused(&["get", "cm", "b", "-n", "shop"]).await;
    assert!(missing.contains("Error from server (NotFound): configmaps \"b\" not found"), "{missing}");
    kubectl.ok(&["delete", "namespace", "shop", "--timeout=20s"]).await;
    let gone = kubectl.refused(&["get", "namespace", "shop"]).await;
    assert!(gone.contains("NotFound"), "{gone}");
});

with_kubectl!(nodes_are_cordoned_and_drained, kubectl, rig, {
    rig.node("n1").await;
    rig.node("n2").await;
    rig.heartbeats(&["n1", "n2"]);
    rig.client.create("pods", "default", pod("lonely", &json!({ "app": "x" }), "n1")).await.unwrap();
    rig.client.create("pods", "default", pod("guarded", &json!({ "app": "db" }), "n1")).await.unwrap();
    let budget = json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "db" },
        "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "db" } } } });
    rig.client.create("poddisruptionbudgets.policy", "default", budget).await.unwrap();
    kubectl.ok(&["wait", "--for=condition=Ready", "pod/guarded", "--timeout=20s"]).await;
    let blocked = kubectl.refused(&["drain", "n1", "--force", "--timeout=3s"]).await;
    assert!(
        blocked.contains("Cannot evict pod as it would violate the pod's disruption budget."),
        "{blocked}"
    );
    assert!(kubectl.ok(&["get", "nodes"]).await.contains("SchedulingDisabled"));
    kubectl.ok(&["delete", "pdb", "db"]).await;
    kubectl.ok(&["drain", "n1", "--force", "--timeout=20s"]).await;
    let left = kubectl.json(&["get", "pods"]).await;
    assert_eq!(left["items"], json!([]));
    kubectl.ok(&["uncordon", "n1"]).await;
    assert!(!kubectl.ok(&["get", "nodes"]).await.contains("SchedulingDisabled"));
    let refused = kubectl.refused(&["logs", "lonely"]).await;
    assert!(refused.contains("not found"), "{refused}");
});

with_kubectl!(workloads_are_rolled_out_scaled_and_asked_about, kubectl, rig, {
    rig.node("n1").await;
    rig.heartbeats(&["n1"]);
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {app: web}\n  \
                    template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n      - {name: c, image: one}\n";
    kubectl.ok_with(&["apply", "-f", "-"], Some(manifest)).await;
    kubectl.ok(&["rollout", "status", "deployment/web", "--timeout=20s"]).await;
    kubectl.ok_with(&["apply", "-f", "-"], Some(&manifest.replace("one", "two"))).await;
    kubectl.ok(&["rollout", "status", "deployment/web", "--timeout=20s"]).await;
    kubectl.ok(&["scale", "deployment/web", "--replicas=3"]).await;
    kubectl.ok(&["rollout", "status", "deployment/web", "--timeout=20s"]).await;
    let pods = kubectl.json(&["get", "pods", "-l", "app=web", "--field-selector", "spec.nodeName=n1"]).await;
    assert_eq!(pods["items"].as_array().unwrap().len(), 3);
    kubectl.ok(&["describe", "deployment", "web"]).await;
    assert!(kubectl.ok(&["get", "all"]).await.contains("deployment.apps/web"));
    kubectl
        .ok(&[
            "patch",
            "deployment",
            "web",
            "--type=json",
            "-p",
            r#"[{"op":"replace","path":"/spec/replicas","value":1}]"#,
        ])
        .await;
    kubectl.ok(&["annotate", "node", "n1", "etcd.rke2.cattle.io/remove=true"]).await;
    kubectl.ok(&["taint", "node", "n1", "a=b:NoSchedule"]).await;
    kubectl.ok(&["taint", "node", "n1", "a-"]).await;
    let review = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
        "spec":{"resourceAttributes":{"verb":"delete","resource":"nodes"}}}"#;
    let review = kubectl.ok_with(&["create", "-o", "json", "-f", "-"], Some(review)).await;
    assert!(review.contains("\"allowed\": true"), "{review}");
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.lab.test\nspec:\n  group: lab.test\n  \
                      scope: Namespaced\n  names: {plural: things, kind: Thing, shortNames: [th]}\n  versions:\n  - {name: v1, served: true, storage: true}\n";
    kubectl.ok_with(&["apply", "-f", "-"], Some(definition)).await;
    kubectl.ok(&["wait", "--for=condition=Established", "crd/things.lab.test", "--timeout=10s"]).await;
    let thing = "apiVersion: lab.test/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 1}\n";
    kubectl.ok_with(&["apply", "-f", "-"], Some(thing)).await;
    assert_eq!(kubectl.json(&["get", "th", "a"]).await["spec"]["size"], 1);
    kubectl.ok(&["delete", "crd", "things.lab.test", "--timeout=20s"]).await;
    kubectl.ok_with(&["delete", "-f", "-", "--timeout=20s"], Some(manifest)).await;
});
