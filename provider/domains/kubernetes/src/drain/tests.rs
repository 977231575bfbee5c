//! Draining against a small cluster: pods, budgets, evictions.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use transport_ssh::Budget;

use super::*;
use crate::api::test_server::{Answered, Asked, TestServer, status};

/// A cluster as far as draining sees it.
#[derive(Default)]
struct Cluster {
    pods: Vec<Value>,
    budgets: Vec<Value>,
    volumes: Vec<Value>,
    /// Evictions of this pod that are refused before one is granted.
    refusals: usize,
    cordoned: bool,
    marked: bool,
}

impl Cluster {
    fn answer(&mut self, asked: &Asked) -> Answered {
        let path = asked.path.split('?').next().unwrap_or_default();
        match (asked.method.as_str(), path) {
            ("GET", "/api/v1/pods") => (200, json!({"items": self.pods})),
            ("GET", path) if path.ends_with("poddisruptionbudgets") => (200, json!({"items": self.budgets})),
            ("GET", path) if path.ends_with("volumes") => {
                let volumes = std::mem::take(&mut self.volumes);
                (200, json!({"items": volumes}))
            }
            ("POST", path) if path.ends_with("/eviction") => self.evict(asked),
            ("GET" | "PATCH", "/api/v1/nodes/a") => {
                if let Some(unschedulable) = asked.body.pointer("/spec/unschedulable") {
                    self.cordoned = unschedulable == &json!(true);
                    self.marked = self.cordoned;
                }
                let mark = if self.marked { json!({"hybridops.studio/cordoned": "true"}) } else { json!({}) };
                (
                    200,
                    json!({"metadata": {"name": "a", "annotations": mark}, "spec": {"unschedulable": self.cordoned}}),
                )
            }
            _ => status(404, "NotFound", "not found"),
        }
    }

    fn evict(&mut self, asked: &Asked) -> Answered {
        let uid = asked.body.pointer("/deleteOptions/preconditions/uid").unwrap().clone();
        if self.refusals > 0 {
            self.refusals -= 1;
            return status(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
            );
        }
        self.pods.retain(|pod| pod.pointer("/metadata/uid") != Some(&uid));
        (201, json!({}))
    }
}

fn pod(name: &str, owner: Option<&str>) -> Value {
    let owners = owner.map(|kind| json!([{"kind": kind, "name": "x", "controller": true}]));
    json!({
        "metadata": {"name": name, "namespace": "web", "uid": format!("uid-{name}"), "labels": {"app": name},
            "ownerReferences": owners.unwrap_or(json!([]))},
        "spec": {"nodeName": "a"}, "status": {"phase": "Running"},
    })
}

async fn run(
    cluster: Cluster,
    policy: DrainPolicy,
) -> (Result<DrainReport, DrainError>, Arc<Mutex<Cluster>>, TestServer) {
    let cluster = Arc::new(Mutex::new(cluster));
    let shared = cluster.clone();
    let (server, kube) = TestServer::start(move |asked| shared.lock().unwrap().answer(asked)).await;
    let policy = DrainPolicy { pause: Duration::from_millis(20), ..policy };
    let report = drain(&kube, "a", &policy, &Budget::within(Duration::from_secs(20)), &|_| {}).await;
    (report, cluster, server)
}

fn evictions(server: &TestServer) -> usize {
    server.asked().iter().filter(|asked| asked.path.ends_with("/eviction")).count()
}

#[tokio::test]
async fn what_can_go_goes_and_the_rest_is_told() {
    let mut mirror = pod("etcd-a", Some("Node"));
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "hash"});
    let mut elsewhere = pod("elsewhere", None);
    elsewhere["spec"]["nodeName"] = json!("b");
    let mut done = pod("done", None);
    done["status"]["phase"] = json!("Succeeded");
    let pods =
        vec![pod("web-0", Some("StatefulSet")), pod("canal", Some("DaemonSet")), mirror, elsewhere, done];
    let volumes =
        vec![json!({"metadata": {"name": "pvc-1"}, "status": {"currentNodeID": "a", "state": "detaching"}})];
    let (report, cluster, server) =
        run(Cluster { pods, volumes, refusals: 2, ..Cluster::default() }, DrainPolicy::default()).await;
    let report = report.unwrap();
    let names: Vec<&str> = report.evicted.iter().map(|pod| pod.name.as_str()).collect();
    assert_eq!(names, ["web-0", "done"]);
    assert_eq!(report.skipped.len(), 2);
    assert_eq!(report.volumes, ["pvc-1"]);
    assert!(report.cordoned && cluster.lock().unwrap().cordoned);
    assert_eq!(evictions(&server), 4, "two refused, two granted");
}

#[tokio::test]
async fn a_budget_that_blocks_is_named_and_the_node_takes_pods_again() {
    let budgets = vec![
        json!({"metadata": {"name": "hold", "namespace": "web"}, "spec": {"selector": {"matchLabels": {"app": "web-0"}}},
            "status": {"currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0}}),
        json!({"metadata": {"name": "other", "namespace": "web"}, "spec": {"selector": {"matchLabels": {"app": "x"}}}}),
    ];
    let pods = vec![pod("web-0", Some("StatefulSet"))];
    let policy = DrainPolicy { timeout: Duration::from_millis(400), ..DrainPolicy::default() };
    let cluster = Cluster { pods, budgets, refusals: usize::MAX, ..Cluster::default() };
    let (report, cluster, _server) = run(cluster, policy).await;
    let error = report.unwrap_err().to_string();
    assert!(
        error.contains("web/web-0: held by the PodDisruptionBudget web/hold (1 healthy, 1 needed"),
        "{error}"
    );
    assert!(!error.contains("other"), "{error}");
    assert!(!cluster.lock().unwrap().cordoned);
}

#[tokio::test]
async fn pods_that_would_be_lost_forbid_it_before_anything_is_changed() {
    let mut data = pod("data", Some("ReplicaSet"));
    data["spec"]["volumes"] = json!([{"name": "scratch", "emptyDir": {}}]);
    let pods = vec![pod("bare", None), data];
    let policy = DrainPolicy { delete_empty_dir: false, ..DrainPolicy::default() };
    let (report, cluster, server) = run(Cluster { pods: pods.clone(), ..Cluster::default() }, policy).await;
    let error = report.unwrap_err().to_string();
    assert!(
        error.contains("web/bare: nothing owns it") && error.contains("web/data: data in its emptyDir"),
        "{error}"
    );
    assert!(!cluster.lock().unwrap().cordoned && evictions(&server) == 0);
    let policy = DrainPolicy { evict_unmanaged: true, ..DrainPolicy::default() };
    let (report, ..) = run(Cluster { pods, ..Cluster::default() }, policy).await;
    assert_eq!(report.unwrap().evicted.len(), 2);
}

#[tokio::test]
async fn a_pod_that_does_not_end_is_told_with_what_keeps_it() {
    let mut held = pod("held", Some("ReplicaSet"));
    held["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let policy = DrainPolicy { timeout: Duration::from_millis(300), ..DrainPolicy::default() };
    let (report, ..) = run(Cluster { pods: vec![held], ..Cluster::default() }, policy).await;
    let error = report.unwrap_err().to_string();
    assert!(
        error.contains("web/held: evicted, but still there: held by the finalizers example.com/hold"),
        "{error}"
    );
}

#[tokio::test]
async fn a_node_that_somebody_else_cordoned_stays_so() {
    let cluster = Cluster { cordoned: true, ..Cluster::default() };
    let (report, cluster, _server) = run(cluster, DrainPolicy::default()).await;
    let report = report.unwrap();
    assert!(!report.cordoned && report.to_string().contains("somebody else"));
    assert!(cluster.lock().unwrap().cordoned);
}
